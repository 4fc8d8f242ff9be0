//! The conformance suite that every factor passes. A member brings a [`Specimen`]: how its secret is made and how a
//! person answers rightly and wrongly. [`conforms`] judges the rule alone; limits and races are judged on both databases
//! by the server's tests, which walk [`SPECIMENS`].

use std::time::Duration;

use postern_codes::env::TestWorld;
use postern_codes::{Secret, Timestamp};

use super::{Answer, Held, Kind, Verdict, totp, webauthn};

/// One of each type.
pub const SPECIMENS: &[&dyn Specimen] = &[&totp::specimen::App, &webauthn::specimen::SecurityKey];

/// A factor and its owner, as a test needs them.
pub trait Specimen: Sync {
    /// Its type.
    fn kind(&self) -> Kind;
    /// The secret of somebody; another `seed` is somebody else's.
    fn secret(&self, seed: u8) -> Secret<Vec<u8>>;
    /// What its owner answers at `now`.
    fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer;
    /// A guess: of the right form, and wrong.
    fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer;
    /// A slip: not of the form.
    fn malformed(&self) -> Answer;
    /// After how long a right answer is surely refused.
    fn life(&self) -> Duration;
    /// How far the owner's clock may be off; nothing, where the answer has no time.
    fn skew(&self) -> Option<Duration>;
}

/// Judges the rule of one type.
///
/// # Panics
/// Where it does not conform.
pub fn conforms(specimen: &dyn Specimen) {
    assert!(SPECIMENS.iter().any(|listed| listed.kind() == specimen.kind()), "the specimen is not in the list");
    let now = TestWorld::new().env().now;
    let mine = specimen.secret(1);
    let right = specimen.right(&mine, now);

    let counter = right_is_accepted(specimen, &mine, &right, now);
    is_refused(&judge(specimen, &mine, counter, &right, now), "a replay");
    is_refused(&judge(specimen, &mine, counter + 1, &right, now), "an answer from before the last");
    assert_eq!(judge(specimen, &mine, 0, &specimen.wrong(&mine, now), now), Verdict::Refused, "a wrong answer");
    assert_eq!(judge(specimen, &mine, 0, &specimen.malformed(), now), Verdict::NotMine, "a slip");
    let others = judge(specimen, &specimen.secret(2), 0, &right, now);
    assert!(matches!(others, Verdict::NotMine | Verdict::Refused), "another person's answer: {others:?}");
    assert_eq!(judge(specimen, &mine, 0, &right, now.plus(specimen.life())), Verdict::Refused, "an old answer");

    if let Some(skew) = specimen.skew() {
        for off in [now.plus(skew), now.minus(skew)] {
            let verdict = judge(specimen, &mine, 0, &specimen.right(&mine, off), now);
            assert!(matches!(verdict, Verdict::Accepted(_)), "a clock that is off by the skew");
        }
        let far = skew.saturating_mul(3);
        for off in [now.plus(far), now.minus(far)] {
            assert_eq!(
                judge(specimen, &mine, 0, &specimen.right(&mine, off), now),
                Verdict::Refused,
                "a clock far off"
            );
        }
    }
    prints_no_secret(&right);
}

fn right_is_accepted(specimen: &dyn Specimen, mine: &Secret<Vec<u8>>, right: &Answer, now: Timestamp) -> u64 {
    match judge(specimen, mine, 0, right, now) {
        Verdict::Accepted(proved) => {
            let counter = proved.counter.expect("a specimen counts");
            assert!(counter > 0, "a counter rises above that of a new factor");
            assert!(
                specimen.kind().factor().traits().covers(&proved.traits),
                "no answer proves more than its type can"
            );
            counter
        }
        Verdict::Ask(outside) => match outside {},
        other @ (Verdict::Cloned | Verdict::NotMine | Verdict::Refused) => panic!("a right answer is {other:?}"),
    }
}

fn is_refused(verdict: &Verdict, what: &str) {
    assert!(matches!(verdict, Verdict::Cloned | Verdict::Refused), "{what}: {verdict:?}");
}

fn prints_no_secret(right: &Answer) {
    let secret = match right {
        Answer::Assertion(assertion) => &assertion.response,
        Answer::Code(code) => code,
    };
    assert!(!format!("{right:?}").contains(secret.expose()), "an answer prints what was typed");
}

fn judge(specimen: &dyn Specimen, secret: &Secret<Vec<u8>>, counter: u64, answer: &Answer, now: Timestamp) -> Verdict {
    let held = Held { secret, counter, profile: &serde_json::Value::Null };
    specimen.kind().factor().verify(&held, answer, now)
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
