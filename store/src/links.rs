//! One-time links in messages. The link itself is not kept, only its hash.

use std::time::Duration;

use postern_codes::{Env, Secret, Timestamp, mac};

use crate::sql::{Error, Tx, values};

crate::statements! {
    LINK_INSERT = "INSERT INTO links (org_id, token_hash, purpose, subject, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
    LINK_SUBJECT = "SELECT subject FROM links WHERE org_id = $1 AND token_hash = $2 AND purpose = $3 \
                    AND used_at IS NULL AND expires_at > $4";
    LINK_USE = "UPDATE links SET used_at = $4 WHERE org_id = $1 AND token_hash = $2 AND purpose = $3 \
                AND used_at IS NULL AND expires_at > $4 RETURNING subject";
}

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// "This was not me": takes back a recovery PIN; the subject is its id.
    NotMe,
}

impl LinkPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NotMe => "NOT_ME",
        }
    }
}

impl Tx<'_> {
    /// The token of a new link.
    ///
    /// # Errors
    /// Of the database.
    pub fn new_link(
        &mut self,
        purpose: LinkPurpose,
        subject: &str,
        life: Duration,
        env: &Env,
    ) -> Result<Secret<String>, Error> {
        let token = env.token();
        self.one(LINK_INSERT, values![hash(&token), purpose.as_str(), subject, env.now, env.now.plus(life)])?;
        Ok(token)
    }

    /// What a link is about, without using it: for the page that asks before it acts.
    ///
    /// # Errors
    /// Of the database.
    pub fn link_subject(
        &mut self,
        purpose: LinkPurpose,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        self.row(LINK_SUBJECT, values![hash(token), purpose.as_str(), now])?.map(|row| row.get("subject")).transpose()
    }

    /// Uses up a link; what it is about, or nothing where it is unknown, used or too old.
    ///
    /// # Errors
    /// Of the database.
    pub fn use_link(
        &mut self,
        purpose: LinkPurpose,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        self.row(LINK_USE, values![hash(token), purpose.as_str(), now])?.map(|row| row.get("subject")).transpose()
    }
}

fn hash(token: &Secret<String>) -> [u8; 32] {
    mac::sha256(&[token.expose().as_bytes()])
}
