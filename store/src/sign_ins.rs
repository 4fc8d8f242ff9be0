//! Sign-ins under way, real and decoy: a document under the hash of its token. Its version makes a stale step unable to
//! save, whichever server it comes from.

use postern_authn::sign_in::{Asking, PATIENCE};
use postern_codes::Timestamp;

use crate::sql::{Error, Tx, values};

crate::statements! {
    SIGN_IN_INSERT = "INSERT INTO sign_ins (org_id, token_hash, name_key, user_id, state, created_at, expires_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SIGN_IN = "SELECT name_key, state, version FROM sign_ins WHERE org_id = $1 AND token_hash = $2 AND expires_at > $3";
    SIGN_IN_SAVE = "UPDATE sign_ins SET state = $4, expires_at = $5, user_id = $6, version = version + 1 \
                    WHERE org_id = $1 AND token_hash = $2 AND version = $3";
    SIGN_IN_TOUCH = "UPDATE sign_ins SET expires_at = $3 WHERE org_id = $1 AND token_hash = $2 AND expires_at > $4";
    SIGN_IN_HOLD = "UPDATE sign_ins SET version = version WHERE org_id = $1 AND token_hash = $2 AND version = $3";
    SIGN_IN_END = "DELETE FROM sign_ins WHERE org_id = $1 AND token_hash = $2 AND version = $3";
    SIGN_INS_SWEEP = "DELETE FROM sign_ins WHERE org_id = $1 AND expires_at <= $2";
}

/// Names one version of a stored sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// Under what the attempts for its name are counted, whether anybody has that name or not.
    pub name_key: String,
    /// Rises with each step.
    pub version: i64,
}

impl Tx<'_> {
    /// Keeps a sign-in that has begun; sweeps out those whose time is over.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_sign_in(
        &mut self,
        asking: &Asking,
        (token_hash, name_key): ([u8; 32], &str),
        now: Timestamp,
    ) -> Result<(), Error> {
        self.execute(SIGN_INS_SWEEP, values![now])?;
        let state = serde_json::to_string(asking)?;
        self.one(SIGN_IN_INSERT, values![token_hash, name_key, asking.user(), state, now, now.plus(PATIENCE)])
    }

    /// A sign-in that still waits for an answer.
    ///
    /// # Errors
    /// Of the database.
    pub fn sign_in(&mut self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<(SignInRow, Asking)>, Error> {
        let Some(row) = self.row(SIGN_IN, values![token_hash, now])? else { return Ok(None) };
        let found = SignInRow { token_hash, name_key: row.get("name_key")?, version: row.get("version")? };
        let asking: Asking = row.json("state")?;
        Ok((!asking.is_over(now)).then_some((found, asking)))
    }

    /// Has a sign-in wait as long again; `false` where it waits no more.
    ///
    /// # Errors
    /// Of the database.
    pub fn touch_sign_in(&mut self, token_hash: [u8; 32], now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(SIGN_IN_TOUCH, values![token_hash, now.plus(PATIENCE), now])? == 1)
    }

    /// Holds a sign-in until the commit, so that no other step comes between; `false` where one came first.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_sign_in(&mut self, row: &SignInRow) -> Result<bool, Error> {
        Ok(self.execute(SIGN_IN_HOLD, values![row.token_hash, row.version])? == 1)
    }

    /// Keeps the next stage; `false` where another step came first.
    ///
    /// # Errors
    /// Of the database.
    pub fn save_sign_in(&mut self, row: &SignInRow, asking: &Asking, now: Timestamp) -> Result<bool, Error> {
        let state = serde_json::to_string(asking)?;
        let values = values![row.token_hash, row.version, state, now.plus(PATIENCE), asking.user()];
        Ok(self.execute(SIGN_IN_SAVE, values)? == 1)
    }

    /// Ends a sign-in: nothing can be answered to it any more. `false` where another step came first.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_sign_in(&mut self, row: &SignInRow) -> Result<bool, Error> {
        Ok(self.execute(SIGN_IN_END, values![row.token_hash, row.version])? == 1)
    }
}
