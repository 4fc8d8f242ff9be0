//! Messages to be sent. A transaction queues them; a job sends them after the commit and marks each sent.

use std::time::Duration;

use postern_authn::factor::Channel;
use postern_codes::id::{Delivery, Id, Org};
use postern_codes::{Env, Place, Sealed, Secret, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    ENQUEUE = "INSERT INTO deliveries (org_id, id, channel, recipient, message, created_at, next_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
    SENT = "UPDATE deliveries SET sent_at = $3, next_at = NULL, fault = NULL WHERE org_id = $1 AND id = $2";
    UNDELIVERED_COUNT = "SELECT COUNT(*) AS failed FROM deliveries WHERE org_id = $1 AND sent_at IS NULL \
                         AND next_at IS NULL AND created_at > $2";
    FAILED = "UPDATE deliveries SET next_at = $3, fault = $4 WHERE org_id = $1 AND id = $2";
}

/// A message as a person reads it. It may hold a one-time link, so it is sealed while it waits.
#[derive(Serialize, Deserialize)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// What carries messages: each is waited for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The mail server.
    Mail,
    /// The gateway to telephones.
    Telephone,
}

impl Carrier {
    /// What it carries; the last one again, where that is one alone.
    pub(crate) const fn channels(self) -> [Channel; 2] {
        match self {
            Self::Mail => [Channel::Email, Channel::Email],
            Self::Telephone => [Channel::Call, Channel::Sms],
        }
    }
}

/// A message that is due.
pub struct DueDelivery {
    /// Whose it is.
    pub org: Id<Org>,
    /// Its id.
    pub id: Id<Delivery>,
    /// By which way it leaves.
    pub channel: Channel,
    /// A mail address, or a telephone number; after it, behind a comma, the extension.
    pub recipient: String,
    /// The sealed [`Message`].
    pub message: Sealed<Message>,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Until when it is worth sending; for good, where nothing is said.
    pub expires_at: Option<Timestamp>,
}

impl Tx<'_> {
    /// How many messages since then were given up.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_undelivered(&mut self, since: Timestamp) -> Result<u64, Error> {
        self.row(UNDELIVERED_COUNT, values![since])?.map_or(Ok(0), |row| row.get("failed"))
    }

    /// Queues a message to a mail address; it leaves after the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn enqueue(&mut self, recipient: &str, message: &Message, env: &Env) -> Result<Id<Delivery>, Error> {
        self.enqueue_by((Channel::Email, recipient), message, None, env)
    }

    /// Queues a message by any way; it leaves after the commit, or not at all after `expires_at`.
    ///
    /// # Errors
    /// Of the database.
    pub fn enqueue_by(
        &mut self,
        (channel, recipient): (Channel, &str),
        message: &Message,
        expires_at: Option<Timestamp>,
        env: &Env,
    ) -> Result<Id<Delivery>, Error> {
        let id = Id::new(env);
        let plain = Secret::new(serde_json::to_vec(message)?);
        let sealed: Sealed<Message> = self.keyring().seal(place(id), plain.expose(), env);
        self.one(ENQUEUE, values![id, channel.as_str(), recipient, &sealed, env.now, expires_at])?;
        Ok(id)
    }

    /// Marks a message sent.
    ///
    /// # Errors
    /// Of the database.
    pub fn delivery_sent(&mut self, id: Id<Delivery>, now: Timestamp) -> Result<(), Error> {
        self.one(SENT, values![id, now])
    }

    /// Keeps why a message was not sent, and when it is tried again; never, where `next_at` is `None`.
    ///
    /// # Errors
    /// Of the database.
    pub fn delivery_failed(&mut self, id: Id<Delivery>, next_at: Option<Timestamp>, fault: &str) -> Result<(), Error> {
        self.one(FAILED, values![id, next_at, fault])
    }
}

/// How long to wait before the next try: a minute, doubling to an hour; none after twelve tries.
pub fn backoff(attempts: u32) -> Option<Duration> {
    (attempts < 12).then(|| Duration::from_secs((60 << attempts.saturating_sub(1).min(6)).min(3600)))
}

pub(crate) fn due(row: &Row) -> Result<DueDelivery, Error> {
    let id = row.get("id")?;
    Ok(DueDelivery {
        org: row.get("org_id")?,
        id,
        channel: row.parse("channel")?,
        recipient: row.get("recipient")?,
        message: row.sealed(place(id))?,
        attempts: row.get("attempts")?,
        expires_at: row.get("expires_at")?,
    })
}

fn place(id: Id<Delivery>) -> Place {
    Place::new("deliveries", id, "message")
}
