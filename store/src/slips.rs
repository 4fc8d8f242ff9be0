//! What somebody reads out who asks for help at the sign-in page: a number, and two words that their browser alone shows.
//! It is no case: an agent who types the number opens one with it.

use std::time::Duration;

use postern_authn::recovery::case::Words;
use postern_codes::Timestamp;
use postern_codes::id::{Id, User};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    SLIP_INSERT = "INSERT INTO recovery_slips (org_id, number, user_id, agent_word, person_word, browser, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SLIP_OF = "SELECT number, user_id, agent_word, person_word, expires_at FROM recovery_slips WHERE org_id = $1 AND browser = $2 \
               AND number = $3 AND expires_at > $4";
    /// Of agents side by side one gets it; of nobody's none.
    SLIP_USE = "UPDATE recovery_slips SET used_at = $3 WHERE org_id = $1 AND number = $2 AND expires_at > $3 AND used_at IS NULL \
                AND user_id IS NOT NULL RETURNING number, user_id, agent_word, person_word, expires_at";
    SLIP = "SELECT number, user_id, agent_word, person_word, expires_at FROM recovery_slips WHERE org_id = $1 AND number = $2 \
            AND expires_at > $3 AND used_at IS NULL";
    SLIPS_SWEEP = "DELETE FROM recovery_slips WHERE org_id = $1 AND expires_at < $2";
}

/// For how long a slip can be read out.
pub const LIFE: Duration = Duration::from_hours(1);

/// What somebody reads out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The number of the case that it opens.
    pub number: u64,
    /// Whose it is; nobody's, where nobody has the name.
    pub user: Option<Id<User>>,
    /// What person and agent read out to one another.
    pub words: Words,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Tx<'_> {
    /// Keeps a slip for one browser, by the hash of what it is known by.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_slip(&mut self, slip: &Slip, browser: [u8; 32], now: Timestamp) -> Result<(), Error> {
        let Slip { number, user, words, expires_at } = slip;
        self.one(SLIP_INSERT, values![*number, *user, &words.agent, &words.person, browser, now, *expires_at])
    }

    /// The slip of a number, for the browser that got it.
    ///
    /// # Errors
    /// Of the database.
    pub fn slip_of(&mut self, browser: [u8; 32], number: u64, now: Timestamp) -> Result<Option<Slip>, Error> {
        self.row(SLIP_OF, values![browser, number, now])?.map(|row| read(&row)).transpose()
    }

    /// The slip of a number that opened nothing yet.
    ///
    /// # Errors
    /// Of the database.
    pub fn slip(&mut self, number: u64, now: Timestamp) -> Result<Option<Slip>, Error> {
        self.row(SLIP, values![number, now])?.map(|row| read(&row)).transpose()
    }

    /// Uses a slip up; `false` where it is nobody's, over or used.
    ///
    /// # Errors
    /// Of the database.
    pub fn use_slip(&mut self, number: u64, now: Timestamp) -> Result<bool, Error> {
        Ok(self.row(SLIP_USE, values![number, now])?.is_some())
    }

    pub(crate) fn sweep_slips(&mut self, before: Timestamp) -> Result<u64, Error> {
        self.execute(SLIPS_SWEEP, values![before])
    }
}

fn read(row: &Row) -> Result<Slip, Error> {
    Ok(Slip {
        number: row.get("number")?,
        user: row.get("user_id")?,
        words: Words { agent: row.get("agent_word")?, person: row.get("person_word")? },
        expires_at: row.get("expires_at")?,
    })
}
