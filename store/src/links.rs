//! One-time links in messages. The link itself is not kept, only its hash.

use std::time::Duration;

use postern_authn::user::Status;
use postern_codes::{Env, Secret, Timestamp, mac};

use crate::sql::{Error, Tx, values};

crate::statements! {
    LINK_INSERT = "INSERT INTO links (org_id, token_hash, purpose, subject, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
    LINK_SUBJECT = "SELECT subject FROM links WHERE org_id = $1 AND token_hash = $2 AND purpose = $3 \
                    AND used_at IS NULL AND expires_at > $4";
    LINK_USE = "UPDATE links SET used_at = $4 WHERE org_id = $1 AND token_hash = $2 AND purpose = $3 \
                AND used_at IS NULL AND expires_at > $4 RETURNING subject";
    LINK_KNOWN = "SELECT subject FROM links WHERE org_id = $1 AND token_hash = $2 AND purpose = $3";
    LINKS_VOID = "UPDATE links SET used_at = $3 WHERE org_id = $1 AND subject = $2 AND used_at IS NULL";
}

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Chooses the first password of a person; the subject is their id.
    Activate,
    /// "This was not me": stops a recovery case, or shuts the account; the subject is the case's id.
    CaseNotMe,
    /// Chooses another password after the right one that is expired; the subject is the person's id.
    Expired,
    /// "This was not me": takes back a recovery PIN; the subject is its id.
    NotMe,
    /// Chooses another password of a person who lost theirs; the subject is their id.
    Reset,
    /// Ends the lock of an account; the subject is the person's id.
    Unlock,
}

impl LinkPurpose {
    /// Whether an account that stands so waits for what the link does.
    pub const fn is_open_to(self, status: Status) -> bool {
        use Status as S;
        match self {
            Self::Activate => matches!(status, S::Provisioned),
            Self::Expired => matches!(status, S::PasswordExpired),
            Self::CaseNotMe | Self::NotMe => false,
            Self::Reset => matches!(status, S::Active | S::PasswordExpired | S::Recovery),
            Self::Unlock => status.is_in_force(),
        }
    }

    /// Its name, in the table and in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "ACTIVATE",
            Self::CaseNotMe => "CASE_NOT_ME",
            Self::Expired => "EXPIRED",
            Self::NotMe => "NOT_ME",
            Self::Reset => "RESET",
            Self::Unlock => "UNLOCK",
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

    /// Whether a link was made that has this token, whatever became of it.
    ///
    /// # Errors
    /// Of the database.
    pub fn knows_link(&mut self, purpose: LinkPurpose, token: &Secret<String>) -> Result<bool, Error> {
        Ok(self.row(LINK_KNOWN, values![hash(token), purpose.as_str()])?.is_some())
    }

    /// Makes every link void that is about `subject`.
    ///
    /// # Errors
    /// Of the database.
    pub fn void_links(&mut self, subject: &str, now: Timestamp) -> Result<(), Error> {
        self.execute(LINKS_VOID, values![subject, now]).map(drop)
    }
}

fn hash(token: &Secret<String>) -> [u8; 32] {
    mac::sha256(&[token.expose().as_bytes()])
}
