//! A ticket that a recovery case gives: 80 random bits, spoken once, good for a quarter of an hour. It proves nobody and
//! stands for no factor; with the password it leads to enrolment, and there it ends.
//!
//! While somebody has one and holds nothing else, their password alone enrols nothing, also once the ticket is over.

use std::time::Duration;

use postern_codes::id::RecoveryCase;
use postern_codes::{Env, Id, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Answer, Category, Draft, Factor, Held, NotEnrollable, Provider, Traits, Verdict, Wanted, backup_codes, code,
};

/// How long it counts.
pub const LIFE: Duration = Duration::from_mins(15);

/// A ticket that leads to enrolment.
#[derive(Debug, Clone, Copy)]
pub struct EnrolmentTicket;

/// What a ticket was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// In which case.
    pub case: Id<RecoveryCase>,
    /// Whether its person may have backup codes made by it.
    pub codes: bool,
}

impl Factor for EnrolmentTicket {
    fn name(&self) -> &'static str {
        "enrolment_ticket"
    }

    fn label(&self) -> &'static str {
        "enrolment ticket"
    }

    fn id_prefix(&self) -> &'static str {
        "etk"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::new("OKTA", "")] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("", "")
    }

    fn traits(&self) -> Traits {
        Traits { category: Category::Vouched, works_offline: false, ..code::SENT }
    }

    fn amr(&self) -> &'static str {
        "otp"
    }

    fn has_standing_codes(&self) -> bool {
        true
    }

    fn is_listed(&self) -> bool {
        false
    }

    fn is_active_at_once(&self) -> bool {
        true
    }

    fn begin(&self, _: &Wanted<'_>, _: &Env) -> Result<Draft, NotEnrollable> {
        Ok(Draft { profile: json!({}), secret: Secret::new(Vec::new()), is_hashed: false, activation: None })
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        let Answer::Code(text) = answer else { return Verdict::NotMine };
        backup_codes::typed(text).map_or(Verdict::NotMine, |typed| code::find(self, held, &typed, now))
    }
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! A ticket as the conformance suite drives it.

    use std::time::Duration;

    use postern_codes::{Secret, Timestamp};

    use super::LIFE;
    use crate::factor::backup_codes::specimen::Paper;
    use crate::factor::suite::Specimen;
    use crate::factor::{Answer, Kind};

    /// One that was spoken.
    #[derive(Debug)]
    pub struct Spoken;

    impl Specimen for Spoken {
        fn kind(&self) -> Kind {
            Kind::EnrolmentTicket
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Paper.secret(seed)
        }

        fn sent(&self, secret: &Secret<Vec<u8>>) -> Option<Secret<String>> {
            Paper.sent(secret)
        }

        fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            Paper.right(secret, now)
        }

        fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            Paper.wrong(secret, now)
        }

        fn malformed(&self) -> Answer {
            Paper.malformed()
        }

        fn life(&self) -> Option<Duration> {
            Some(LIFE)
        }

        fn skew(&self) -> Option<Duration> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;
    use crate::sign_in::Want;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&specimen::Spoken);
    }

    #[test]
    fn it_proves_nothing_that_anybody_asks_for() {
        for category in [Category::Inherence, Category::Knowledge, Category::Possession] {
            assert!(!Want::any(category).is_met_by(&EnrolmentTicket.traits()), "{category:?}");
        }
    }
}
