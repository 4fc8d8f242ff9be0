use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::env::TestWorld;
use crate::mac::Keyring;
use crate::secret::Place;

/// The case's identifiers and, where it has one, the seed in hex.
#[derive(Deserialize)]
struct Case {
    org: String,
    device: String,
    user: String,
    generation: u32,
    seed: String,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl Case {
    fn text(&self, member: &str) -> &str {
        self.rest[member].as_str().unwrap()
    }

    fn number(&self, member: &str) -> u64 {
        self.rest[member].as_u64().unwrap()
    }

    fn pin(&self) -> Pin {
        Pin::parse(self.text("pin")).unwrap()
    }

    fn context(&self) -> Context {
        Context::new(&self.org, &self.device, &self.user, self.generation).unwrap()
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex32(text: &str) -> [u8; 32] {
    hex(text).try_into().unwrap()
}

fn family(name: &str) -> Vec<serde_json::Value> {
    let all: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/drp1-vectors.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn sealed(seed: &[u8], keyring: &Keyring) -> Sealed<MacKey> {
    keyring.seal(Place::new("recovery_enrolment", "test", "seed"), seed, &TestWorld::new().env())
}

/// Runs `check` on every case of a family, with its generation behind a keyring.
fn each(name: &str, check: impl Fn(&Case, Generation<'_>)) {
    let keyring = Keyring::new(&Secret::new([7; 32]));
    for case in family(name) {
        let case: Case = serde_json::from_value(case).unwrap();
        let (seed, context) = (sealed(&hex(&case.seed), &keyring), case.context());
        check(&case, Generation { mac: &keyring, seed: &seed, context: &context });
    }
}

#[test]
fn check_digits_are_those_of_the_reference() {
    for case in family("damm") {
        let check = damm::check_digit(case["digits"].as_str().unwrap().as_bytes());
        assert_eq!(char::from(check).to_string(), case["check"].as_str().unwrap());
    }
}

#[test]
fn seeds_are_those_of_the_reference() {
    each("seed", |case, _| {
        let shared = Secret::new(hex32(case.text("shared_secret")));
        let seed = derive_seed(&shared, &hex32(case.text("transcript_hash")), &case.context());
        assert_eq!(seed.expose().as_slice(), hex(&case.seed));
    });
}

#[test]
fn transcripts_are_those_of_the_reference() {
    for case in family("transcript") {
        let hash = transcript_hash(case["begin_body"].as_str().unwrap().as_bytes(), case["offer"].as_str().unwrap());
        assert_eq!(hash, hex32(case["transcript_hash"].as_str().unwrap()));
    }
}

#[test]
fn time_pins_are_those_of_the_reference() {
    each("time_pin", |case, generation| {
        let at = Timestamp::from_unix_seconds(i64::try_from(case.number("unix")).unwrap());
        assert_eq!(step(at), case.number("step"));
        assert!(generation.time_pin(step(at)).unwrap().is(&case.pin()));
    });
}

#[test]
fn responses_are_those_of_the_reference() {
    each("challenge", |case, generation| {
        let challenge = Challenge::parse(case.text("challenge")).unwrap();
        assert_eq!(generation.challenge_pin(&challenge).unwrap().digits(), case.text("response"));
    });
}

#[test]
fn tags_are_those_of_the_reference() {
    each("ack", |case, generation| {
        let tag = generation.ack_mac(&hex32(case.text("transcript_hash"))).unwrap();
        assert_eq!(tag, hex32(case.text("mac")));
    });
    each("confirm", |case, generation| {
        let tag = generation.confirm_mac(&hex(case.text("nonce")), &case.pin()).unwrap();
        assert_eq!(tag, hex32(case.text("mac")));
    });
    each("rotation", |case, generation| {
        assert_eq!(generation.rotation_mac(&hex(case.text("nonce"))).unwrap(), hex32(case.text("mac")));
    });
    each("activation", |case, generation| {
        assert_eq!(generation.activation_mac(case.number("step"), &case.pin()).unwrap(), hex32(case.text("mac")));
    });
}

#[test]
fn report_chains_are_those_of_the_reference() {
    each("report", |case, generation| {
        let mut chain = crate::report::Chain::default();
        for entry in case.rest["entries"].as_array().unwrap() {
            let read = generation.read_report(entry.clone(), &chain).unwrap().unwrap();
            let written = generation.write_report(&read.entry, &chain).unwrap();
            assert_eq!(&written.json, entry);
            chain = read.chain;
        }
        assert_eq!(chain.hash, hex32(case.text("last_hash")));
    });
}

#[test]
fn an_entry_that_is_not_nine_fitting_digits_is_mistyped() {
    assert_eq!(Pin::parse(" 483 104 206 ").unwrap().grouped().expose(), "483 104 206");
    for wrong in ["", "483104207", "48310420", "4831042060", "438104206", "48310420x", "483-104-206", "\u{664}83104206"]
    {
        assert!(Pin::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_identifier_of_another_form_makes_no_context() {
    assert_eq!(Context::new("", "d", "u", 1), Err(NotAContext));
    assert_eq!(Context::new("o", "d", "\u{eb}", 1), Err(NotAContext));
    assert_eq!(Context::new("o", &"d".repeat(256), "u", 1), Err(NotAContext));
    assert!(Context::new("o", &"d".repeat(255), "u", 1).is_ok());
}

#[test]
fn a_challenge_is_well_formed_and_hashes_its_eight_digits() {
    let challenge = Challenge::new(&TestWorld::new().env());
    assert_eq!(Challenge::parse(challenge.digits()), Ok(challenge.clone()));
    assert_eq!(challenge.hash(), sha256(&[&challenge.digits().as_bytes()[..8]]));
}

/// `judge` at `now` for the PIN of `typed`, after `last` was used.
fn judged(typed: u64, now: i64, tolerance: u64, last: u64) -> Judged {
    let keyring = Keyring::new(&Secret::new([7; 32]));
    let (seed, context) = (sealed(&[1; 32], &keyring), Context::new("o", "d", "u", 1).unwrap());
    let generation = Generation { mac: &keyring, seed: &seed, context: &context };
    let typed = generation.time_pin(typed).unwrap();
    generation.judge(&typed, Timestamp::from_unix_seconds(now), Duration::from_secs(tolerance), last).unwrap()
}

#[test]
fn a_pin_is_fresh_to_the_second_and_then_too_old() {
    let begins = 1000 * 30;
    assert_eq!(judged(1000, begins + 150 + 30, 30, 0), Judged::Fresh(1000));
    assert_eq!(judged(1000, begins + 150 + 31, 30, 0), Judged::TooOld(1000));
    assert_eq!(judged(1000, begins - 30, 30, 0), Judged::Fresh(1000));
    assert_eq!(judged(1000, begins - 31, 30, 0), Judged::NoMatch);
    assert_eq!(judged(1000, begins + 3600, 30, 0), Judged::NoMatch);
}

#[test]
fn a_used_pin_and_every_older_one_are_spent() {
    assert_eq!(judged(1000, 30_000, 30, 999), Judged::Fresh(1000));
    assert_eq!(judged(1000, 30_000, 30, 1000), Judged::Spent(1000));
    assert_eq!(judged(1000, 30_000, 30, 1001), Judged::Spent(1000));
}

#[test]
fn at_most_twelve_steps_are_acceptable_at_once() {
    let at = |tolerance| {
        (0..30)
            .map(|second| {
                window(Timestamp::from_unix_seconds(900_000 + second), Duration::from_secs(tolerance)).count()
            })
            .max()
    };
    assert_eq!(at(30), Some(8));
    assert_eq!(at(60), Some(10));
    assert_eq!(at(90), Some(12));
}

proptest! {
    /// Two limits that are computed apart say the same of every step.
    #[test]
    fn the_window_and_the_second_look_agree(now in 0_i64..4_000_000_000_000_000, tolerance in 0_u64..=90, step in 0_u64..300) {
        let (now, tolerance) = (Timestamp::from_micros(now), Duration::from_secs(tolerance));
        let candidate = (super::step(now) + 20).saturating_sub(step % 40);
        let begun = step_start(candidate).minus(tolerance) <= now;
        prop_assert_eq!(window(now, tolerance).contains(&candidate), begun && is_in_time(candidate, now, tolerance));
    }

    /// I5: a PIN of one tuple is right for another only by chance, which 256 cases do not meet.
    #[test]
    fn a_pin_of_one_pair_is_none_of_another(generation in 1_u32..1000, step in 1_u64..100_000_000, other in 0_usize..4) {
        let keyring = Keyring::new(&Secret::new([7; 32]));
        let seed = sealed(&[1; 32], &keyring);
        let context = Context::new("org", "guo", "00u", generation).unwrap();
        let changed = match other {
            0 => Context::new("orh", "guo", "00u", generation),
            1 => Context::new("org", "gup", "00u", generation),
            2 => Context::new("org", "guo", "00v", generation),
            _ => Context::new("org", "guo", "00u", generation + 1),
        };
        let changed = changed.unwrap();
        let ours = Generation { mac: &keyring, seed: &seed, context: &context };
        let theirs = Generation { context: &changed, ..ours };
        prop_assert!(!ours.time_pin(step).unwrap().is(&theirs.time_pin(step).unwrap()));
    }
}
