//! What codes have in common that were sent or handed over: they are found by their tag, each counts once, and only for
//! what it was made for.

use postern_codes::{Env, Secret, Timestamp, mac};

use super::{Answer, Category, Consume, Factor, Held, Proved, Traits, Verdict};

/// Digits of a code that is sent.
const DIGITS: usize = 6;

/// What is held by whoever gets a code on a way that others may listen in on.
pub(super) const SENT: Traits = Traits {
    category: Category::Possession,
    is_phishing_resistant: false,
    is_device_bound: false,
    works_offline: false,
    verifies_user: false,
};

/// A new code of six digits.
pub(super) fn new(env: &Env) -> Secret<String> {
    Secret::new((0..DIGITS).map(|_| char::from(b'0' + env.below(10))).collect())
}

/// Judges a code that was sent. Where none was, there is nothing to guess at.
pub(super) fn verify_sent(factor: &dyn Factor, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
    let Answer::Code(typed) = answer else { return Verdict::NotMine };
    let code: Secret<String> = Secret::new(typed.expose().chars().filter(|character| *character != ' ').collect());
    let is_code = code.expose().len() == DIGITS && code.expose().bytes().all(|byte| byte.is_ascii_digit());
    if !is_code || held.codes.is_empty() {
        return Verdict::NotMine;
    }
    find(factor, held, &code, now)
}

/// Finds a code by its tag. Every tag is compared whatever matches.
pub(super) fn find(factor: &dyn Factor, held: &Held<'_>, code: &Secret<String>, now: Timestamp) -> Verdict {
    let tag = (held.index)(code.expose());
    let mut verdict = Verdict::Refused;
    for sent in held.codes {
        if !mac::equal(&sent.mac, &tag) {
            continue;
        }
        verdict = if sent.used_at.is_some() {
            Verdict::Replayed
        } else if sent.expires_at.is_some_and(|until| until <= now) {
            Verdict::Stale
        } else {
            Verdict::Accepted(Proved { consumes: Consume::Code(tag), traits: factor.traits(), profile: None })
        };
    }
    verdict
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! A code that was sent, as the conformance suite drives it.

    use std::time::Duration;

    use postern_codes::{Secret, Timestamp};

    use crate::factor::suite::Specimen;
    use crate::factor::{Answer, Kind};

    /// One of this type.
    #[derive(Debug)]
    pub struct Sent(pub Kind);

    fn code(secret: &Secret<Vec<u8>>) -> Secret<String> {
        Secret::new(format!("{:06}", 424_242 + u32::from(secret.expose()[0])))
    }

    impl Specimen for Sent {
        fn kind(&self) -> Kind {
            self.0
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Secret::new(vec![seed])
        }

        fn sent(&self, secret: &Secret<Vec<u8>>) -> Option<Secret<String>> {
            Some(code(secret))
        }

        fn right(&self, secret: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            Answer::Code(code(secret))
        }

        fn wrong(&self, _: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            Answer::Code(Secret::new("000000".into()))
        }

        fn malformed(&self) -> Answer {
            Answer::Code(Secret::new("12345".into()))
        }

        fn life(&self) -> Option<Duration> {
            Some(Duration::from_mins(5))
        }

        fn skew(&self) -> Option<Duration> {
            None
        }
    }
}
