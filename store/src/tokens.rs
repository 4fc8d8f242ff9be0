//! API tokens: kept as SHA-256, shown once, alive while used. Who comes with one is in [`callers`](crate::callers).

use std::time::Duration;

use postern_authn::token::{Grant, Network, TokenName};
use postern_codes::id::{ApiToken as ApiTokenKind, Id, User};
use postern_codes::{Env, Secret, Timestamp, b64, mac};

use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "t.id, t.user_id, t.name, t.grants, t.created_at, t.last_used_at, t.expires_at, t.network, t.updated_at"
    };
}

crate::statements! {
    TOKENS = concat!("SELECT ", columns!(), " FROM api_tokens t \
              WHERE t.org_id = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND t.id > $3 ORDER BY t.id LIMIT $4");
    TOKEN = concat!("SELECT ", columns!(), " FROM api_tokens t \
             WHERE t.org_id = $1 AND t.id = $2 AND t.revoked_at IS NULL AND t.expires_at > $3");
    TOKEN_SET = "UPDATE api_tokens SET name = $3, network = $4, updated_at = $5 \
                 WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL";
    TOKEN_INSERT = "INSERT INTO api_tokens (org_id, id, user_id, name, token_hash, grants, created_at, expires_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    TOKENS_OF = "SELECT COUNT(*) AS tokens FROM api_tokens WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL \
                 AND expires_at > $3";
    TOKENS_REVOKE = "UPDATE api_tokens SET revoked_at = $3 WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL";
    TOKEN_REVOKE = "UPDATE api_tokens SET revoked_at = $3 WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL";
}

/// A token that is not used for so long is void.
pub const WINDOW: Duration = Duration::from_hours(30 * 24);

/// An API token, without the token.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// Its id.
    pub id: Id<ApiTokenKind>,
    /// As whom it acts.
    pub user: Id<User>,
    /// What it is for.
    pub name: String,
    /// What it was made for beyond its owner's ordinary rights.
    pub grants: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it is void if it is not used before.
    pub expires_at: Timestamp,
    /// From where it may be used.
    pub network: Network,
    /// When its name or network last changed.
    pub updated_at: Option<Timestamp>,
}

impl Tx<'_> {
    /// The first `limit` of the tokens that are alive, oldest first, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn tokens(&mut self, now: Timestamp, after: &str, limit: u32) -> Result<Vec<ApiToken>, Error> {
        self.rows(TOKENS, values![now, after, limit])?.iter().map(token).collect()
    }

    /// One token that is alive.
    ///
    /// # Errors
    /// Of the database.
    pub fn token(&mut self, id: Id<ApiTokenKind>, now: Timestamp) -> Result<Option<ApiToken>, Error> {
        self.row(TOKEN, values![id, now])?.as_ref().map(token).transpose()
    }

    /// How many tokens of a person are alive.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_tokens_of(&mut self, user: Id<User>, now: Timestamp) -> Result<u64, Error> {
        self.row(TOKENS_OF, values![user, now])?.map_or(Ok(0), |row| row.get("tokens"))
    }

    /// Makes a token: `00` and 40 characters of base64url. The answer is the only copy.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_token(
        &mut self,
        user: Id<User>,
        name: &TokenName,
        grants: &[Grant],
        env: &Env,
    ) -> Result<(Id<ApiTokenKind>, Secret<String>), Error> {
        let id = Id::new(env);
        let text = Secret::new(format!("00{}", b64::encode(&env.bytes::<30>())));
        let hash = mac::sha256(&[text.expose().as_bytes()]);
        let grants: Vec<&str> = grants.iter().map(|grant| grant.as_str()).collect();
        let (name, grants) = (name.as_str(), grants.join(" "));
        self.one(TOKEN_INSERT, values![id, user, name, hash, grants, env.now, env.now.plus(WINDOW)])?;
        Ok((id, text))
    }

    /// Gives a token another name and another network; `false` where it is revoked or unknown.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_token(
        &mut self,
        id: Id<ApiTokenKind>,
        name: &TokenName,
        network: &Network,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let network = serde_json::to_string(network)?;
        Ok(self.execute(TOKEN_SET, values![id, name.as_str(), network, now])? == 1)
    }

    /// Revokes a token; `false` where it is revoked or unknown.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_token(&mut self, id: Id<ApiTokenKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(TOKEN_REVOKE, values![id, now])? == 1)
    }

    /// Revokes every token of a person; gives how many there were.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_tokens_of(&mut self, user: Id<User>, now: Timestamp) -> Result<u64, Error> {
        self.execute(TOKENS_REVOKE, values![user, now])
    }
}

/// From where a token may be used: the column `network`, anywhere where it is null.
pub(crate) fn network(row: &Row) -> Result<Network, Error> {
    let document: Option<String> = row.get("network")?;
    Ok(document.map(|document| serde_json::from_str(&document)).transpose()?.unwrap_or_default())
}

fn token(row: &Row) -> Result<ApiToken, Error> {
    let grants: String = row.get("grants")?;
    Ok(ApiToken {
        id: row.get("id")?,
        user: row.get("user_id")?,
        name: row.get("name")?,
        grants: grants.split_whitespace().map(str::to_owned).collect(),
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        expires_at: row.get("expires_at")?,
        network: network(row)?,
        updated_at: row.get("updated_at")?,
    })
}
