//! Session tokens: the right to open one session, got by signing in over the API. Kept as SHA-256, for five minutes, and
//! used once.

use std::time::Duration;

use postern_codes::id::{Id, User};
use postern_codes::{Env, Secret, Timestamp, mac};

use crate::sql::{Error, Tx, values};

crate::statements! {
    TOKEN_INSERT = "INSERT INTO session_tokens (org_id, token_hash, user_id, factor_at, amr, created_at, expires_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Of two who show the same token at once, one is given the row.
    TOKEN_TAKE = "UPDATE session_tokens SET used_at = $3 WHERE org_id = $1 AND token_hash = $2 AND used_at IS NULL \
                  AND expires_at > $3 AND EXISTS (SELECT 1 FROM users u WHERE u.org_id = session_tokens.org_id \
                  AND u.id = session_tokens.user_id AND u.status = 'ACTIVE') RETURNING user_id, factor_at, amr";
    TOKENS_VOID = "UPDATE session_tokens SET used_at = $3 WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
}

/// How long a session token can be used.
pub const LIFE: Duration = Duration::from_mins(5);

/// Whose session may be opened, and what they proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionGrant {
    /// Who.
    pub user: Id<User>,
    /// When a second factor was proved, where one was.
    pub factor_at: Option<Timestamp>,
    /// How they proved who they are: RFC 8176 words, with blanks between.
    pub amr: String,
}

impl Tx<'_> {
    /// A new session token; the answer is the only copy.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_session_token(&mut self, grant: &SessionGrant, env: &Env) -> Result<Secret<String>, Error> {
        let token = env.token();
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        let values = values![hash, grant.user, grant.factor_at, &grant.amr, env.now, env.now.plus(LIFE)];
        self.one(TOKEN_INSERT, values)?;
        Ok(token)
    }

    /// Uses a session token up; `None` where it is unknown, used or too old, or its owner may not sign in any more.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_session_token(
        &mut self,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Result<Option<SessionGrant>, Error> {
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        let Some(row) = self.row(TOKEN_TAKE, values![hash, now])? else { return Ok(None) };
        Ok(Some(SessionGrant { user: row.get("user_id")?, factor_at: row.get("factor_at")?, amr: row.get("amr")? }))
    }

    /// Makes every session token of a person void.
    pub(crate) fn void_session_tokens(&mut self, user: Id<User>, now: Timestamp) -> Result<(), Error> {
        self.execute(TOKENS_VOID, values![user, now]).map(drop)
    }
}
