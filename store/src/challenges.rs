//! What was asked of a device: a document under the hash of its token, bound to person, flow and purpose. The answer takes
//! it away by one statement, so that of two answers one is looked at.

use postern_authn::factor::webauthn::{Ceremony, PATIENCE};
use postern_codes::Timestamp;
use postern_codes::id::{Id, User};

use crate::sql::{Error, Tx, values};

crate::statements! {
    CHALLENGE_INSERT = "INSERT INTO challenges (org_id, token_hash, user_id, purpose, bound_to, document, created_at, \
                        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (org_id, token_hash) DO UPDATE SET \
                        user_id = excluded.user_id, purpose = excluded.purpose, bound_to = excluded.bound_to, \
                        document = excluded.document, created_at = excluded.created_at, expires_at = excluded.expires_at";
    CHALLENGE_TAKE = "DELETE FROM challenges WHERE org_id = $1 AND token_hash = $2 AND user_id IS NOT DISTINCT FROM $3 \
                      AND purpose = $4 AND bound_to = $5 AND expires_at > $6 RETURNING document";
    CHALLENGES_SWEEP = "DELETE FROM challenges WHERE org_id = $1 AND expires_at <= $2";
}

/// What for a device is asked. An answer to one purpose is none to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// To answer a program of the organisation's own.
    Check,
    /// To be enrolled.
    Enrolment,
    /// To sign somebody in.
    SignIn,
    /// To do something weighty in a session.
    StepUp,
}

impl Asking {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "CHECK",
            Self::Enrolment => "ENROLMENT",
            Self::SignIn => "SIGN_IN",
            Self::StepUp => "STEP_UP",
        }
    }
}

/// Whom and what a challenge is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bond {
    /// Who is to answer; nobody yet, where a sign-in asks whoever is there.
    pub user: Option<Id<User>>,
    /// What for.
    pub asking: Asking,
    /// The session or sign-in that asks.
    pub flow: String,
}

impl Tx<'_> {
    /// Keeps what was asked; what was asked under the same hash before is over. Sweeps out what is over by its time.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_challenge(
        &mut self,
        ceremony: &Ceremony,
        bond: &Bond,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<(), Error> {
        self.execute(CHALLENGES_SWEEP, values![now])?;
        let document = serde_json::to_string(ceremony)?;
        let (purpose, flow) = (bond.asking.as_str(), &bond.flow);
        let until = now.plus(PATIENCE);
        self.one(CHALLENGE_INSERT, values![token_hash, bond.user, purpose, flow, document, now, until])
    }

    /// Takes away what was asked; nothing, where it was answered before, is over, or was asked of somebody else, elsewhere
    /// or for something else.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_challenge(
        &mut self,
        token_hash: [u8; 32],
        bond: &Bond,
        now: Timestamp,
    ) -> Result<Option<Ceremony>, Error> {
        let (purpose, flow) = (bond.asking.as_str(), &bond.flow);
        let row = self.row(CHALLENGE_TAKE, values![token_hash, bond.user, purpose, flow, now])?;
        row.map(|row| row.json("document")).transpose()
    }
}
