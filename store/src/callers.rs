//! Who is behind a request: by session cookie or by API token, with what they may do, read in one go.

use postern_authn::permission::Authority;
use postern_authn::token::Network;
use postern_codes::Timestamp;
use postern_codes::id::{ApiToken, Id, Session, User};

use crate::sql::{Error, Row, Tx, values};
use crate::tokens;

crate::statements! {
    BY_SESSION = "SELECT s.id AS session_id, s.amr, s.created_at, s.factor_at, s.resistant_at, s.last_seen_at, u.id AS user_id, u.login, u.first_name, u.last_name \
                  FROM sessions s JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id \
                  WHERE s.org_id = $1 AND s.token_hash = $2 AND s.ended_at IS NULL AND s.expires_at > $3 \
                  AND s.last_seen_at + s.idle > $3 AND u.status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY')";
    BY_TOKEN = "SELECT t.id AS token_id, t.name, t.grants, t.network, t.last_used_at, u.id AS user_id, u.login, u.first_name, u.last_name \
                FROM api_tokens t JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id \
                WHERE t.org_id = $1 AND t.token_hash = $2 AND t.revoked_at IS NULL AND t.expires_at > $3 \
                AND u.status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY')";
    SESSION_SEEN = "UPDATE sessions SET last_seen_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL";
    TOKEN_USED = "UPDATE api_tokens SET last_used_at = $3, expires_at = $4 WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL";
}

/// Somebody who showed a valid session or token.
#[derive(Debug, Clone)]
pub struct CallerRecord {
    /// The person.
    pub user: Id<User>,
    /// Their login.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub authority: Authority,
    /// How they came.
    pub via: Via,
    /// When this was last noted; it is noted again once a minute.
    pub seen_at: Option<Timestamp>,
}

/// How somebody came.
#[derive(Debug, Clone)]
pub enum Via {
    /// By a console session.
    Session {
        /// The session.
        id: Id<Session>,
        /// When they signed in.
        begun_at: Timestamp,
        /// When a second factor was last proved in it.
        factor_at: Option<Timestamp>,
        /// When one was last proved in it that a false page cannot pass on.
        resistant_at: Option<Timestamp>,
    },
    /// By an API token.
    Token {
        /// The token.
        id: Id<ApiToken>,
        /// What it was made for beyond its owner's ordinary rights.
        grants: Vec<String>,
        /// What it is called.
        name: String,
        /// From where it may be used.
        network: Network,
    },
}

impl Tx<'_> {
    /// The caller of a session that is alive: not ended, not expired, not idle for too long. One that began with a single
    /// factor administers nothing, whatever its person may.
    ///
    /// # Errors
    /// Of the database.
    pub fn caller_by_session(&mut self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<CallerRecord>, Error> {
        let Some(row) = self.row(BY_SESSION, values![token_hash, now])? else { return Ok(None) };
        let via = Via::Session {
            id: row.get("session_id")?,
            begun_at: row.get("created_at")?,
            factor_at: row.get("factor_at")?,
            resistant_at: row.get("resistant_at")?,
        };
        let mut record = self.caller(&row, via, row.get("last_seen_at")?)?;
        let amr: String = row.get("amr")?;
        if !amr.split_whitespace().any(|word| word == "mfa") {
            record.authority = Authority::default();
        }
        Ok(Some(record))
    }

    /// The caller of an API token that is alive.
    ///
    /// # Errors
    /// Of the database.
    pub fn caller_by_token(&mut self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<CallerRecord>, Error> {
        let Some(row) = self.row(BY_TOKEN, values![token_hash, now])? else { return Ok(None) };
        let grants: String = row.get("grants")?;
        let grants = grants.split_whitespace().map(str::to_owned).collect();
        let (name, network) = (row.get("name")?, tokens::network(&row)?);
        let via = Via::Token { id: row.get("token_id")?, grants, name, network };
        self.caller(&row, via, row.get("last_used_at")?).map(Some)
    }

    /// Notes that a session or token was used; a token lives on until `token_expires_at`.
    ///
    /// # Errors
    /// Of the database.
    pub fn note_caller(&mut self, via: &Via, now: Timestamp, token_expires_at: Timestamp) -> Result<(), Error> {
        match via {
            Via::Session { id, .. } => self.execute(SESSION_SEEN, values![*id, now]),
            Via::Token { id, .. } => self.execute(TOKEN_USED, values![*id, now, token_expires_at]),
        }
        .map(drop)
    }

    fn caller(&mut self, row: &Row, via: Via, seen_at: Option<Timestamp>) -> Result<CallerRecord, Error> {
        let user = row.get("user_id")?;
        let name = format!("{} {}", row.get::<String>("first_name")?, row.get::<String>("last_name")?);
        Ok(CallerRecord { user, login: row.get("login")?, name, authority: self.authority(user)?, via, seen_at })
    }
}
