//! Console sessions. A token is kept as its SHA-256; whoever reads the database cannot become anybody.

use postern_authn::session::Session;
use postern_codes::Timestamp;
use postern_codes::id::{Id, Session as SessionKind, User};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    SESSION_INSERT = "INSERT INTO sessions (org_id, id, user_id, token_hash, created_at, last_seen_at, expires_at, factor_at, \
                      amr, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    IDLE_SET = "UPDATE sessions SET idle = $3 WHERE org_id = $1 AND id = $2";
    /// The old token is void from here on.
    SESSION_ROTATE = "UPDATE sessions SET token_hash = $3, factor_at = $4, last_seen_at = $4 \
                      WHERE org_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $4";
    SESSION = "SELECT s.id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, s.last_seen_at + s.idle AS idle_until, s.factor_at, s.amr, s.ip, s.user_agent, u.login \
               FROM sessions s JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id WHERE s.org_id = $1 AND s.id = $2 \
               AND s.ended_at IS NULL AND s.expires_at > $3 AND s.last_seen_at + s.idle > $3 \
               AND u.status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY')";
    /// Those that are alive, the one that was used last first.
    SESSIONS_OF = "SELECT s.id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, s.last_seen_at + s.idle AS idle_until, s.factor_at, s.amr, s.ip, s.user_agent \
                   FROM sessions s WHERE s.org_id = $1 AND s.user_id = $2 AND s.ended_at IS NULL \
                   AND s.expires_at > $3 AND s.last_seen_at + s.idle > $3 ORDER BY s.last_seen_at DESC, s.id LIMIT 100";
    SESSION_REFRESH = "UPDATE sessions SET last_seen_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3";
    SESSION_RESISTANT = "UPDATE sessions SET resistant_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL";
    SESSION_END = "UPDATE sessions SET ended_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL";
    SESSIONS_END = "UPDATE sessions SET ended_at = $3 WHERE org_id = $1 AND user_id = $2 AND ended_at IS NULL";
    SESSIONS_END_OTHERS = "UPDATE sessions SET ended_at = $4 WHERE org_id = $1 AND user_id = $2 AND id <> $3 \
                           AND ended_at IS NULL";
}

impl Tx<'_> {
    /// Keeps a new session under its token's hash.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_session(&mut self, session: &Session, token_hash: [u8; 32]) -> Result<(), Error> {
        self.one(
            SESSION_INSERT,
            values![
                session.id,
                session.user,
                token_hash,
                session.created_at,
                session.last_seen_at,
                session.expires_at,
                session.factor_at,
                &session.amr,
                &session.ip,
                &session.user_agent,
            ],
        )
    }

    /// Sets how long a session lives without a request.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_idle(&mut self, id: Id<SessionKind>, idle: std::time::Duration) -> Result<(), Error> {
        let micros = i64::try_from(idle.as_micros()).map_err(Error::fault)?;
        self.one(IDLE_SET, values![id, micros])
    }

    /// Notes a fresh second factor and gives the session another token; `false` where the session is over.
    ///
    /// # Errors
    /// Of the database.
    pub fn rotate_session(
        &mut self,
        id: Id<SessionKind>,
        token_hash: [u8; 32],
        factor_at: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(SESSION_ROTATE, values![id, token_hash, factor_at])? == 1)
    }

    /// A session that is alive, and its owner's login. It is said to expire when it does unless it is used again.
    ///
    /// # Errors
    /// Of the database.
    pub fn session(&mut self, id: Id<SessionKind>, now: Timestamp) -> Result<Option<(Session, String)>, Error> {
        let Some(row) = self.row(SESSION, values![id, now])? else { return Ok(None) };
        Ok(Some((session(&row)?, row.get("login")?)))
    }

    /// The sessions of a person that are alive, the one that was used last first; a hundred at most.
    ///
    /// # Errors
    /// Of the database.
    pub fn sessions_of(&mut self, user: Id<User>, now: Timestamp) -> Result<Vec<Session>, Error> {
        self.rows(SESSIONS_OF, values![user, now])?.iter().map(session).collect()
    }

    /// Has a session's idle time begin anew; `false` where it is over.
    ///
    /// # Errors
    /// Of the database.
    pub fn refresh_session(&mut self, id: Id<SessionKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(SESSION_REFRESH, values![id, now])? == 1)
    }

    /// Notes that a factor was proved in a session that a false page cannot pass on.
    ///
    /// # Errors
    /// Of the database.
    pub fn note_resistant(&mut self, id: Id<SessionKind>, at: Timestamp) -> Result<(), Error> {
        self.one(SESSION_RESISTANT, values![id, at])
    }

    /// Ends a session; `false` where it was over.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_session(&mut self, id: Id<SessionKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(SESSION_END, values![id, now])? == 1)
    }

    /// Ends every session of a person, with the rights to open one; gives how many.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_sessions_of(&mut self, user: Id<User>, now: Timestamp) -> Result<u64, Error> {
        self.void_session_tokens(user, now)?;
        self.execute(SESSIONS_END, values![user, now])
    }

    /// Ends every session of a person but `kept`, where there is one to keep; gives how many.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_other_sessions_of(
        &mut self,
        user: Id<User>,
        kept: Option<Id<SessionKind>>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        match kept {
            Some(kept) => {
                self.void_session_tokens(user, now)?;
                self.execute(SESSIONS_END_OTHERS, values![user, kept, now])
            }
            None => self.end_sessions_of(user, now),
        }
    }
}

fn session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user_id")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        expires_at: row.get::<Timestamp>("expires_at")?.min(row.get("idle_until")?),
        factor_at: row.get("factor_at")?,
        amr: row.get("amr")?,
        ip: row.get("ip")?,
        user_agent: row.get("user_agent")?,
    })
}
