//! Codes on paper, for the day on which every device is gone: ten of 80 random bits, shown once, each for one use. Only
//! the tag of each is kept, under a key that lies outside the database (decision 14).

use postern_codes::{Env, Secret, Timestamp, otp};
use serde_json::json;

use super::{Answer, Draft, Factor, Held, NotEnrollable, Provider, Traits, Verdict, Wanted, code};

/// How many there are.
pub const COUNT: usize = 10;
/// Characters of base 32: 80 bits.
const LENGTH: usize = 16;

/// Codes on paper.
#[derive(Debug, Clone, Copy)]
pub struct BackupCodes;

/// A new code, as it is typed: sixteen characters.
pub fn new_code(env: &Env) -> Secret<String> {
    otp::base32(&Secret::new(env.bytes::<10>().to_vec()))
}

/// The code as people read it: four groups of four.
pub fn grouped(code: &Secret<String>) -> Secret<String> {
    let characters: Vec<char> = code.expose().chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    Secret::new(groups.join("-"))
}

/// What was typed as it is kept: without blanks and dashes, in capitals, and with the letters that 0, 1 and 8 are taken
/// for. Nothing, where it has not the form of a code.
pub(super) fn typed(text: &Secret<String>) -> Option<Secret<String>> {
    let read = |character: char| match character.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    };
    let plain = text.expose().chars().filter(|character| !" -\u{2013}".contains(*character)).map(read);
    let plain: Secret<String> = Secret::new(plain.collect());
    let is_code = plain.expose().len() == LENGTH && otp::from_base32(plain.expose()).is_some();
    is_code.then_some(plain)
}

impl Factor for BackupCodes {
    fn name(&self) -> &'static str {
        "backup_codes"
    }

    fn label(&self) -> &'static str {
        "backup codes"
    }

    fn id_prefix(&self) -> &'static str {
        "bkc"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::new("OKTA", "")] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("", "")
    }

    fn traits(&self) -> Traits {
        Traits { works_offline: false, ..code::SENT }
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
        typed(text).map_or(Verdict::NotMine, |typed| code::find(self, held, &typed, now))
    }
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! A sheet of paper as the conformance suite drives it.

    use std::time::Duration;

    use postern_codes::{Secret, Timestamp, otp};

    use super::grouped;
    use crate::factor::suite::Specimen;
    use crate::factor::{Answer, Kind};

    /// A sheet with one code.
    #[derive(Debug)]
    pub struct Paper;

    impl Specimen for Paper {
        fn kind(&self) -> Kind {
            Kind::BackupCodes
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Secret::new(vec![seed; 10])
        }

        fn sent(&self, secret: &Secret<Vec<u8>>) -> Option<Secret<String>> {
            Some(otp::base32(secret))
        }

        fn right(&self, secret: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            Answer::Code(grouped(&otp::base32(secret)))
        }

        fn wrong(&self, _: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            Answer::Code(otp::base32(&Secret::new(vec![0xff; 10])))
        }

        fn malformed(&self) -> Answer {
            Answer::Code(Secret::new("ABCD-EFGH-IJKL".into()))
        }

        fn life(&self) -> Option<Duration> {
            None
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
    use postern_codes::env::TestWorld;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&specimen::Paper);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = new_code(&TestWorld::new().env());
        let shown = grouped(&code);
        assert_eq!(shown.expose().len(), 19);
        for text in [shown.expose().clone(), shown.expose().to_lowercase(), shown.expose().replace('-', " ")] {
            assert_eq!(typed(&Secret::new(text)).unwrap().expose(), code.expose());
        }
        let read = typed(&Secret::new("0123-4567-8abc-def9".into()));
        assert!(read.is_none(), "9 is no digit of base 32, 1 and 8 stand for letters");
        assert_eq!(typed(&Secret::new("0188-aaaa-aaaa-aaaa".into())).unwrap().expose(), "OIBBAAAAAAAAAAAA");
        for slip in ["", "123456", "ABCD-EFGH-IJKL-MNO", "ABCD-EFGH-IJKL-MNO9", "\u{e4}BCD-EFGH-IJKL-MNO"] {
            assert!(typed(&Secret::new(slip.into())).is_none(), "{slip}");
        }
    }
}
