//! Attempts at a sign-in, counted per person: apart for browsers that signed them in before, and for all others. A stranger
//! who guesses shuts strangers out, not the owner; a hundred wrong passwords in a row, from wherever, end the password (NIST
//! SP 800-63B-4, 3.2.2).
//!
//! As in [`users`](crate::users), what is counted is counted by one guarded statement that takes the person's row, so that
//! however many attempts run side by side, no more are answered than the lock allows.

use postern_authn::policy::password::Lockout;
use postern_authn::user::{Block, User};
use postern_codes::Timestamp;
use postern_codes::id::{Id, User as UserKind};

use crate::settings::Setting;
use crate::sql::{Error, Row, Tx, values};
use crate::users::Failure;

/// Wrong passwords in a row that end a password.
pub const MOST_IN_A_ROW: u32 = 100;
/// A browser that was not used for so long is forgotten: no cookie lives longer.
pub const BROWSERS_LIVE: std::time::Duration = std::time::Duration::from_hours(400 * 24);

crate::statements! {
    /// Changes nothing; takes the lock and judges the row as it is now.
    ADMIT_UNKNOWN = "UPDATE users SET failures = failures WHERE org_id = $1 AND id = $2 AND version = $3 \
                     AND status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY') AND (locked_until IS NULL OR locked_until <= $4) \
                     AND (unknown_locked_until IS NULL OR unknown_locked_until <= $4)";
    /// $4 failures that lock, $5 until when, $6 wrong passwords among them.
    FAILED_KNOWN = "UPDATE users SET failures = CASE WHEN failures + 1 >= $4 THEN 0 ELSE failures + 1 END, \
                    locked_until = CASE WHEN failures + 1 >= $4 THEN $5 ELSE locked_until END, \
                    password_failures = password_failures + $6 \
                    WHERE org_id = $1 AND id = $2 AND (locked_until IS NULL OR locked_until <= $3) \
                    RETURNING locked_until AS until";
    FAILED_UNKNOWN = "UPDATE users SET \
                      unknown_failures = CASE WHEN unknown_failures + 1 >= $4 THEN 0 ELSE unknown_failures + 1 END, \
                      unknown_locked_until = CASE WHEN unknown_failures + 1 >= $4 THEN $5 ELSE unknown_locked_until END, \
                      password_failures = password_failures + $6 \
                      WHERE org_id = $1 AND id = $2 AND (locked_until IS NULL OR locked_until <= $3) \
                      AND (unknown_locked_until IS NULL OR unknown_locked_until <= $3) \
                      RETURNING unknown_locked_until AS until";
    PASSWORD_END = "UPDATE users SET password_ended_at = $3 WHERE org_id = $1 AND id = $2 AND password_failures >= $4 \
                    AND password_ended_at IS NULL";
    PASSWORD_ENDED = "SELECT password_ended_at FROM users WHERE org_id = $1 AND id = $2";
    PASSWORD_RIGHT = "UPDATE users SET password_failures = 0 WHERE org_id = $1 AND id = $2 AND password_failures > 0 \
                      AND password_ended_at IS NULL";
    /// A sign-in from somewhere new leaves the counters of known browsers alone.
    SIGNED_IN_UNKNOWN = "UPDATE users SET unknown_failures = 0, last_login_at = $3 WHERE org_id = $1 AND id = $2";
    LOCKS = "SELECT locked_until, unknown_locked_until FROM users WHERE org_id = $1 AND id = $2";
    BROWSER = "SELECT factor_at FROM known_browsers WHERE org_id = $1 AND user_id = $2 AND token_hash = $3";
    BROWSER_NOTE = "INSERT INTO known_browsers (org_id, user_id, token_hash, created_at, last_used_at, factor_at) \
                    VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (org_id, user_id, token_hash) DO UPDATE SET \
                    last_used_at = excluded.last_used_at, \
                    factor_at = COALESCE(excluded.factor_at, known_browsers.factor_at)";
    BROWSERS_OF = "SELECT token_hash, created_at, last_used_at FROM known_browsers WHERE org_id = $1 AND user_id = $2 \
                   ORDER BY last_used_at DESC LIMIT 100";
    BROWSERS_SWEEP = "DELETE FROM known_browsers WHERE org_id = $1 AND user_id = $2 AND last_used_at < $3";
    BROWSERS_FORGET = "DELETE FROM known_browsers WHERE org_id = $1 AND user_id = $2";
}

/// How attacks on passwords are met, as an organisation sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttackProtection {
    /// Whether failures from browsers that never signed the person in lock out such browsers alone.
    pub prevent_brute_force_lockout_from_unknown_devices: bool,
    /// Whether something held is asked for before the password.
    pub verify_knowledge_second_when_2fa_required: bool,
}

impl Default for AttackProtection {
    fn default() -> Self {
        Self {
            prevent_brute_force_lockout_from_unknown_devices: true,
            verify_knowledge_second_when_2fa_required: false,
        }
    }
}

impl Setting for AttackProtection {
    const NAME: &'static str = "attack_protection";
}

/// What an attempt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// A browser that signed this person in before, a session of theirs, or the login window of a computer.
    Known,
    /// Any other.
    Unknown,
}

/// A browser that signed a person in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownBrowser {
    /// The hash of its cookie.
    pub token_hash: [u8; 32],
    /// Since when it is known.
    pub created_at: Timestamp,
    /// When it last signed the person in.
    pub last_used_at: Timestamp,
}

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A factor's answer.
    Code,
    /// The password.
    Password,
}

impl Tx<'_> {
    /// Whether the browser with this token's hash signed a person in before. Asked for no token and for nobody too, so that
    /// it costs the same.
    ///
    /// # Errors
    /// Of the database.
    pub fn knows_browser(&mut self, user: Id<UserKind>, token_hash: Option<[u8; 32]>) -> Result<bool, Error> {
        Ok(self.row(BROWSER, values![user, token_hash.unwrap_or_default()])?.is_some() && token_hash.is_some())
    }

    /// As what the attempts of a browser count. Where the organisation counts all alike, every one is known.
    ///
    /// # Errors
    /// Of the database.
    pub fn browser(&mut self, user: Id<UserKind>, token_hash: Option<[u8; 32]>) -> Result<Browser, Error> {
        let (settings, _) = self.setting::<AttackProtection>()?;
        let is_known = self.knows_browser(user, token_hash)?;
        let counts_apart = settings.prevent_brute_force_lockout_from_unknown_devices;
        Ok(if is_known || !counts_apart { Browser::Known } else { Browser::Unknown })
    }

    /// Remembers a browser that signed a person in; and when a factor was proved there, where it need not be again for a
    /// while.
    ///
    /// # Errors
    /// Of the database.
    pub fn note_browser(
        &mut self,
        user: Id<UserKind>,
        (token_hash, factor_at): ([u8; 32], Option<Timestamp>),
        now: Timestamp,
    ) -> Result<(), Error> {
        self.execute(BROWSERS_SWEEP, values![user, now.minus(BROWSERS_LIVE)])?;
        self.one(BROWSER_NOTE, values![user, token_hash, now, factor_at])
    }

    /// When a factor was last proved in a browser, where that is remembered there.
    ///
    /// # Errors
    /// Of the database.
    pub fn remembered_factor(
        &mut self,
        user: Id<UserKind>,
        token_hash: Option<[u8; 32]>,
    ) -> Result<Option<Timestamp>, Error> {
        let Some(hash) = token_hash else { return Ok(None) };
        self.row(BROWSER, values![user, hash])?.map_or(Ok(None), |row| row.get("factor_at"))
    }

    /// The browsers that signed a person in, the one that did last first; a hundred at most.
    ///
    /// # Errors
    /// Of the database.
    pub fn browsers_of(&mut self, user: Id<UserKind>) -> Result<Vec<KnownBrowser>, Error> {
        let browser = |row: &Row| {
            let token_hash: Vec<u8> = row.get("token_hash")?;
            Ok(KnownBrowser {
                token_hash: token_hash.try_into().map_err(|_| Error::fault("a browser's hash is no SHA-256"))?,
                created_at: row.get("created_at")?,
                last_used_at: row.get("last_used_at")?,
            })
        };
        self.rows(BROWSERS_OF, values![user])?.iter().map(browser).collect()
    }

    /// Forgets every browser of a person: the next sign-in counts as one from somewhere new.
    ///
    /// # Errors
    /// Of the database.
    pub fn forget_browsers(&mut self, user: Id<UserKind>) -> Result<u64, Error> {
        self.execute(BROWSERS_FORGET, values![user])
    }

    /// Whether an attempt from such a browser may be answered now. Holds the row until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn admit_attempt(
        &mut self,
        (id, version): (Id<UserKind>, i64),
        from: Browser,
        now: Timestamp,
    ) -> Result<bool, Error> {
        match from {
            Browser::Known => self.admit_user(id, version, now),
            Browser::Unknown => Ok(self.execute(ADMIT_UNKNOWN, values![id, version, now])? == 1),
        }
    }

    /// Counts a failed attempt, unless such browsers are locked out; the last one locks them out.
    ///
    /// # Errors
    /// Of the database.
    pub fn attempt_failed(
        &mut self,
        id: Id<UserKind>,
        (wrong, from): (Wrong, Browser),
        lockout: &Lockout,
        now: Timestamp,
    ) -> Result<Failure, Error> {
        let statement = match from {
            Browser::Known => FAILED_KNOWN,
            Browser::Unknown => FAILED_UNKNOWN,
        };
        let passwords = u32::from(wrong == Wrong::Password);
        let row = self.row(statement, values![id, now, lockout.attempts(), lockout.until(now), passwords])?;
        let Some(row) = row else { return Ok(Failure::AlreadyLocked) };
        let until: Option<Timestamp> = row.get("until")?;
        Ok(until.filter(|until| *until > now).map_or(Failure::Counted, Failure::Locks))
    }

    /// Ends a password that was guessed at too often in a row; `true` where it did just now.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_password(&mut self, id: Id<UserKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(PASSWORD_END, values![id, now, MOST_IN_A_ROW])? == 1)
    }

    /// Whether a person's password was guessed at too often, and must be replaced.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_password_ended(&mut self, id: Id<UserKind>) -> Result<bool, Error> {
        let Some(row) = self.row(PASSWORD_ENDED, values![id])? else { return Ok(false) };
        Ok(row.get::<Option<Timestamp>>("password_ended_at")?.is_some())
    }

    /// Forgets the wrong passwords before a right one.
    ///
    /// # Errors
    /// Of the database.
    pub fn password_was_right(&mut self, id: Id<UserKind>) -> Result<(), Error> {
        self.execute(PASSWORD_RIGHT, values![id]).map(drop)
    }

    /// Notes a sign-in and forgets the failures before it, of such browsers.
    ///
    /// # Errors
    /// Of the database.
    pub fn signed_in_from(&mut self, id: Id<UserKind>, from: Browser, now: Timestamp) -> Result<(), Error> {
        match from {
            Browser::Known => self.user_signed_in(id, now),
            Browser::Unknown => self.one(SIGNED_IN_UNKNOWN, values![id, now]),
        }
    }

    /// Until when attempts from such a browser are refused, where they are.
    ///
    /// # Errors
    /// Of the database.
    pub fn locked_until(
        &mut self,
        id: Id<UserKind>,
        from: Browser,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let Some(row) = self.row(LOCKS, values![id])? else { return Ok(None) };
        let known: Option<Timestamp> = row.get("locked_until")?;
        let unknown: Option<Timestamp> = row.get("unknown_locked_until")?;
        let until = match from {
            Browser::Known => known,
            Browser::Unknown => known.max(unknown),
        };
        Ok(until.filter(|until| *until > now))
    }

    /// How an account is closed to its owner now.
    ///
    /// # Errors
    /// Of the database.
    pub fn blocks_of(&mut self, user: &User, now: Timestamp) -> Result<Vec<Block>, Error> {
        if user.is_locked_out(now) {
            return Ok(vec![Block::AnyDevice]);
        }
        let strangers = self.locked_until(user.id, Browser::Unknown, now)?;
        Ok(strangers.map(|_| Block::UnknownDevice).into_iter().collect())
    }
}
