//! The conformance suite that every factor passes. A member brings a [`Specimen`]: how its secret is made and how a
//! person answers rightly and wrongly. [`conforms`] judges the rule alone; limits and races are judged on both databases
//! by the server's tests, which walk [`SPECIMENS`].

use std::time::Duration;

use postern_codes::env::TestWorld;
use postern_codes::otp::Totp;
use postern_codes::{Secret, Timestamp, mac};
use serde_json::Value;

use super::{Answer, Consume, Held, Kind, Outside, SentCode, Verdict};
use super::{backup_codes, code, enrolment_ticket, hotp, question, totp, webauthn};

/// One of each type.
pub const SPECIMENS: &[&dyn Specimen] = &[
    &webauthn::specimen::SecurityKey,
    &totp::specimen::App,
    &hotp::specimen::ClockToken,
    &code::specimen::Sent(Kind::Email),
    &code::specimen::Sent(Kind::Sms),
    &code::specimen::Sent(Kind::Call),
    &question::specimen::Remembered,
    &backup_codes::specimen::Paper,
    &enrolment_ticket::specimen::Spoken,
];

/// A code that is none of those around `now`.
pub fn wrong_code(codes: &Totp, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
    let period = i64::try_from(codes.period).unwrap_or_default();
    let near = (-5..=5).map(|steps: i64| Timestamp::from_unix_seconds(now.unix_seconds() + period * steps));
    let near: Vec<String> = near.map(|at| codes.code(secret, at).expose().clone()).collect();
    let width = usize::from(codes.digits);
    let wrong = (0..12).map(|number| format!("{number:0width$}")).find(|code| !near.contains(code));
    Answer::Code(Secret::new(wrong.unwrap_or_default()))
}

/// A factor and its owner, as a test needs them.
pub trait Specimen: Sync {
    /// Its type.
    fn kind(&self) -> Kind;
    /// What is kept of it in the open.
    fn profile(&self) -> Value {
        Value::Null
    }
    /// The secret of somebody; another `seed` is somebody else's.
    fn secret(&self, seed: u8) -> Secret<Vec<u8>>;
    /// The code that was sent or handed over.
    fn sent(&self, _secret: &Secret<Vec<u8>>) -> Option<Secret<String>> {
        None
    }
    /// What its owner answers at `now`.
    fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer;
    /// A guess: of the right form, and wrong.
    fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer;
    /// A slip: not of the form.
    fn malformed(&self) -> Answer;
    /// After how long a right answer is surely refused; never, where there is none.
    fn life(&self) -> Option<Duration>;
    /// How far the owner's clock may be off; nothing, where the answer has no time.
    fn skew(&self) -> Option<Duration>;
    /// Whether an answer counts once alone.
    fn is_used_up(&self) -> bool {
        true
    }
}

/// What is kept of one factor.
struct Bench<'s> {
    specimen: &'s dyn Specimen,
    secret: Secret<Vec<u8>>,
    counter: u64,
    codes: Vec<SentCode>,
}

/// The tag of a code of this factor.
fn tag(secret: &Secret<Vec<u8>>, code: &str) -> [u8; 32] {
    mac::hmac_sha256(secret.expose(), &[code.as_bytes()])
}

impl<'s> Bench<'s> {
    fn new(specimen: &'s dyn Specimen, seed: u8, now: Timestamp) -> Self {
        let secret = specimen.secret(seed);
        let sent = specimen.sent(&secret).map(|code| SentCode {
            mac: tag(&secret, code.expose()),
            expires_at: specimen.life().map(|life| now.plus(life)),
            used_at: None,
        });
        Self { specimen, codes: sent.into_iter().collect(), secret, counter: 0 }
    }

    /// The verdict, after whoever must be asked was asked.
    fn judge(&self, answer: &Answer, now: Timestamp) -> Verdict {
        let profile = self.specimen.profile();
        let index = |code: &str| tag(&self.secret, code);
        let held =
            Held { secret: &self.secret, counter: self.counter, profile: &profile, codes: &self.codes, index: &index };
        let factor = self.specimen.kind().factor();
        match (factor.verify(&held, answer, now), answer) {
            (Verdict::Ask(Outside::Hash), Answer::Code(typed)) => {
                let is_right = question::folded(typed).expose().as_bytes() == self.secret.expose();
                let proved = super::Proved { consumes: Consume::Nothing, traits: factor.traits(), profile: None };
                if is_right { Verdict::Accepted(proved) } else { Verdict::Refused }
            }
            (verdict, _) => verdict,
        }
    }

    fn consume(&mut self, consumes: Consume, now: Timestamp) {
        match consumes {
            Consume::Code(mac) => {
                let used = self.codes.iter_mut().find(|code| code.mac == mac).expect("a code that was sent");
                used.used_at = Some(now);
            }
            Consume::Counter(counter) => {
                assert!(counter > self.counter, "a counter rises above that of a new factor");
                self.counter = counter;
            }
            Consume::Nothing => assert!(!self.specimen.is_used_up(), "an answer is used up"),
        }
    }
}

/// Judges the rule of one type.
///
/// # Panics
/// Where it does not conform.
pub fn conforms(specimen: &dyn Specimen) {
    assert!(SPECIMENS.iter().any(|listed| listed.kind() == specimen.kind()), "the specimen is not in the list");
    let now = TestWorld::new().env().now;
    let mut mine = Bench::new(specimen, 1, now);
    let right = specimen.right(&mine.secret, now);

    is_refused(&mine.judge(&specimen.wrong(&mine.secret, now), now), "a wrong answer");
    assert_eq!(mine.judge(&specimen.malformed(), now), Verdict::NotMine, "a slip");
    let others = Bench::new(specimen, 2, now).judge(&right, now);
    assert!(matches!(others, Verdict::NotMine | Verdict::Refused), "another person's answer: {others:?}");
    if let Some(life) = specimen.life() {
        is_refused(&mine.judge(&right, now.plus(life)), "an old answer");
    }
    if let Some(skew) = specimen.skew() {
        for off in [now.plus(skew), now.minus(skew)] {
            let verdict = mine.judge(&specimen.right(&mine.secret, off), now);
            assert!(matches!(verdict, Verdict::Accepted(_)), "a clock that is off by the skew");
        }
        for (far, name) in [(skew.saturating_mul(3), "off"), (skew.saturating_mul(100), "far off")] {
            for off in [now.plus(far), now.minus(far)] {
                is_refused(&mine.judge(&specimen.right(&mine.secret, off), now), &format!("a clock {name}"));
            }
        }
    }

    let proved = match mine.judge(&right, now) {
        Verdict::Accepted(proved) => proved,
        other => panic!("a right answer is {other:?}"),
    };
    assert!(specimen.kind().factor().traits().covers(&proved.traits), "no answer proves more than its type can");
    mine.consume(proved.consumes, now);
    if specimen.is_used_up() {
        let replay = mine.judge(&right, now);
        is_refused(&replay, "a replay");
        assert!(matches!(replay, Verdict::Cloned | Verdict::Replayed), "a replay is called one: {replay:?}");
        mine.counter += 1;
        is_refused(&mine.judge(&right, now), "an answer from before the last");
    }
    prints_no_secret(&right);
}

fn is_refused(verdict: &Verdict, what: &str) {
    let refused = matches!(verdict, Verdict::Cloned | Verdict::Refused | Verdict::Replayed | Verdict::Stale);
    assert!(refused, "{what}: {verdict:?}");
}

fn prints_no_secret(right: &Answer) {
    let secrets = match right {
        Answer::Assertion(assertion) => vec![&assertion.response],
        Answer::Code(code) => vec![code],
        Answer::Codes(codes) => codes.iter().collect(),
    };
    for secret in secrets {
        assert!(!format!("{right:?}").contains(secret.expose()), "an answer prints what was typed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_specimen() {
        for kind in Kind::ALL {
            assert!(SPECIMENS.iter().any(|specimen| specimen.kind() == *kind), "{kind} has no specimen");
        }
    }
}
