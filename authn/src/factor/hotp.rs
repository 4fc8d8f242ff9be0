//! Codes of a token that was given out (`token:hotp`): by the clock (RFC 6238) or by a counter (RFC 4226). What the tokens
//! of one make have in common is a [`Make`]; the counter is the time step, or the number of codes that are used up.

use std::fmt;
use std::str::FromStr;

use postern_codes::otp::{self, Algorithm, Found, Totp};
use postern_codes::{Env, Secret, Timestamp, b64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Answer, Category, Consume, Draft, Factor, Held, Kind, NotEnrollable, Proved, Provider, Traits, Verdict, Wanted,
    has_active,
};

/// Bytes of a shared secret: RFC 4226 section 4 wants 128 bits at least.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Codes of a token that was given out.
#[derive(Debug, Clone, Copy)]
pub struct Token;

/// What the tokens of one make have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Make {
    /// The hash under their codes.
    pub hmac_algorithm: Hash,
    /// The length of their codes: 6 to 8.
    pub pass_code_length: u8,
    /// How many seconds a step has: 15 to 300; 0 of tokens that count.
    pub time_step: u64,
    /// How their secrets are written.
    #[serde(default)]
    pub shared_secret_encoding: Encoding,
}

/// A hash under codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hash {
    /// HMAC-SHA-1.
    #[default]
    #[serde(rename = "HMacSHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "HMacSHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "HMacSHA512")]
    Sha512,
}

/// How a shared secret is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Base 32.
    #[default]
    Base32,
    /// Base 64, of either alphabet.
    Base64,
    /// Hexadecimal.
    Hexadecimal,
}

/// What a make is called: 1 to 100 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakeName(String);

impl MakeName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MakeName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(())
    }
}

impl fmt::Display for MakeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Make {
    /// What is wrong with it: each cause names its member.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(6..=8).contains(&self.pass_code_length) {
            faults.push("passCodeLength: must be 6, 7 or 8".to_owned());
        }
        if self.time_step != 0 && !(15..=300).contains(&self.time_step) {
            faults.push("timeStep: must be 15 to 300 seconds, or 0 for tokens that count".to_owned());
        }
        faults
    }

    const fn algorithm(&self) -> Algorithm {
        match self.hmac_algorithm {
            Hash::Sha1 => Algorithm::Sha1,
            Hash::Sha256 => Algorithm::Sha256,
            Hash::Sha512 => Algorithm::Sha512,
        }
    }

    fn find(&self, typed: &str, held: &Held<'_>, now: Timestamp) -> Found {
        let (algorithm, digits) = (self.algorithm(), self.pass_code_length);
        if self.time_step == 0 {
            let found = otp::Hotp { algorithm, digits }.find(typed, held.secret, held.counter);
            // Kept is how many codes are used up: one more than the counter of the last.
            return if let Found::Fresh(counter) = found { Found::Fresh(counter.saturating_add(1)) } else { found };
        }
        let last = (held.counter > 0).then_some(held.counter);
        Totp { algorithm, digits, drift: 1, period: self.time_step }.find(typed, held.secret, now, last)
    }

    fn is_code(&self, typed: &str) -> bool {
        let digits = typed.bytes().filter(|byte| *byte != b' ');
        typed.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit())
            && digits.count() == usize::from(self.pass_code_length)
    }

    /// The bytes of a shared secret as this make writes them.
    fn secret(&self, text: &str) -> Option<Secret<Vec<u8>>> {
        let bytes = match self.shared_secret_encoding {
            Encoding::Base32 => otp::from_base32(text.trim_end_matches('='))?,
            Encoding::Base64 => Secret::new(b64::decode_any(text)?),
            Encoding::Hexadecimal => hexadecimal(text)?,
        };
        SECRET_BYTES.contains(&bytes.expose().len()).then_some(bytes)
    }
}

fn hexadecimal(text: &str) -> Option<Secret<Vec<u8>>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = Secret::new(digits?);
    let pairs = digits.expose().chunks_exact(2);
    pairs.remainder().is_empty().then(|| Secret::new(pairs.map(|pair| pair[0] << 4 | pair[1]).collect()))
}

impl Factor for Token {
    fn name(&self) -> &'static str {
        "token:hotp"
    }

    fn label(&self) -> &'static str {
        "code token"
    }

    fn id_prefix(&self) -> &'static str {
        "chf"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::new("CUSTOM", "custom_hotp")] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("custom_otp", "security_key")
    }

    /// Not device-bound: whoever gave it out had its secret in a file, and nobody knows that it is a thing.
    fn traits(&self) -> Traits {
        Traits {
            category: Category::Possession,
            is_phishing_resistant: false,
            is_device_bound: false,
            works_offline: true,
            verifies_user: false,
        }
    }

    fn amr(&self) -> &'static str {
        "otp"
    }

    fn may_be_vouched_for(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, _: &Env) -> Result<Draft, NotEnrollable> {
        if has_active(wanted.held, Kind::Hotp, wanted.provider.name) {
            return Err(NotEnrollable::AlreadySetUp);
        }
        let member = |name, cause: &str| NotEnrollable::Member(name, cause.to_owned());
        let make = wanted.make.ok_or_else(|| member("factorProfileId", "must name a factor profile"))?;
        let text =
            wanted.text("sharedSecret").ok_or_else(|| member("sharedSecret", "The field cannot be left blank"))?;
        let secret = make.secret(text);
        let secret = secret
            .ok_or_else(|| member("sharedSecret", "must have 16 to 64 bytes, written as its factor profile says"))?;
        let profile = serde_json::to_value(make).unwrap_or_default();
        Ok(Draft { profile, secret, is_hashed: false, activation: None })
    }

    fn shown(&self, _: &Value) -> Value {
        json!({})
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        let Ok(make) = serde_json::from_value::<Make>(held.profile.clone()) else { return Verdict::NotMine };
        let accepted = |counter| {
            Verdict::Accepted(Proved { consumes: Consume::Counter(counter), traits: self.traits(), profile: None })
        };
        match answer {
            Answer::Code(typed) if make.is_code(typed.expose()) => match make.find(typed.expose(), held, now) {
                Found::Fresh(counter) => accepted(counter),
                Found::Nowhere => Verdict::Refused,
                Found::Replayed => Verdict::Replayed,
                Found::Stale => Verdict::Stale,
            },
            Answer::Codes(pair) if make.time_step == 0 && pair.iter().all(|typed| make.is_code(typed.expose())) => {
                let device = otp::Hotp { algorithm: make.algorithm(), digits: make.pass_code_length };
                let typed = (pair[0].expose().as_str(), pair[1].expose().as_str());
                let counter = device.find_pair(typed, held.secret, held.counter);
                counter.map_or(Verdict::Refused, |counter| accepted(counter.saturating_add(1)))
            }
            Answer::Assertion(_) | Answer::Code(_) | Answer::Codes(_) => Verdict::NotMine,
        }
    }
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! A token as the conformance suite drives it: by the clock, of eight digits and a minute.

    use std::time::Duration;

    use postern_codes::otp::Totp;
    use postern_codes::{Secret, Timestamp};
    use serde_json::{Value, json};

    use super::{Algorithm, Encoding, Hash, Make};
    use crate::factor::suite::{self, Specimen};
    use crate::factor::{Answer, Kind};

    const CODES: Totp = Totp { algorithm: Algorithm::Sha256, digits: 8, drift: 1, period: 60 };

    /// A token.
    #[derive(Debug)]
    pub struct ClockToken;

    impl Specimen for ClockToken {
        fn kind(&self) -> Kind {
            Kind::Hotp
        }

        fn profile(&self) -> Value {
            let make = Make {
                hmac_algorithm: Hash::Sha256,
                pass_code_length: 8,
                time_step: 60,
                shared_secret_encoding: Encoding::Base32,
            };
            json!(make)
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Secret::new(vec![seed; 32])
        }

        fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            Answer::Code(CODES.code(secret, now))
        }

        fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            suite::wrong_code(&CODES, secret, now)
        }

        fn malformed(&self) -> Answer {
            Answer::Code(Secret::new("123456".into()))
        }

        fn life(&self) -> Option<Duration> {
            Some(Duration::from_mins(2))
        }

        fn skew(&self) -> Option<Duration> {
            Some(Duration::from_mins(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&specimen::ClockToken);
    }

    fn make(hmac_algorithm: Hash, pass_code_length: u8, time_step: u64) -> Make {
        Make { hmac_algorithm, pass_code_length, time_step, shared_secret_encoding: Encoding::Base32 }
    }

    fn judge(make: &Make, secret: &str, counter: u64, answer: &Answer, now: Timestamp) -> Verdict {
        let (secret, profile) = (Secret::new(secret.as_bytes().to_vec()), json!(make));
        let held = Held { secret: &secret, counter, profile: &profile, codes: &[], index: &|_| [0; 32] };
        Token.verify(&held, answer, now)
    }

    fn code(text: &str) -> Answer {
        Answer::Code(Secret::new(text.to_owned()))
    }

    #[test]
    fn tokens_that_count_take_the_vectors_of_rfc_4226_once_each_in_order() {
        let vectors = include_str!("../../../codes/tests/vectors/rfc4226.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let (make, now) = (make(Hash::Sha1, 6, 0), Timestamp::from_unix_seconds(0));
        let secret = vectors["secret"].as_str().unwrap();
        let codes: Vec<&str> = vectors["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        for (counter, right) in (0_u64..).zip(&codes) {
            let verdict = judge(&make, secret, counter, &code(right), now);
            let Verdict::Accepted(proved) = verdict else { panic!("{counter}: {verdict:?}") };
            assert_eq!(proved.consumes, Consume::Counter(counter + 1));
            assert_eq!(judge(&make, secret, counter + 1, &code(right), now), Verdict::Replayed);
        }
        let pair = |first: &str, second: &str| {
            Answer::Codes(Box::new([first, second].map(|text| Secret::new(text.to_owned()))))
        };
        let both = judge(&make, secret, 0, &pair(codes[4], codes[5]), now);
        assert!(matches!(both, Verdict::Accepted(Proved { consumes: Consume::Counter(6), .. })), "{both:?}");
        assert_eq!(judge(&make, secret, 0, &pair(codes[5], codes[4]), now), Verdict::Refused);
    }

    #[test]
    fn tokens_with_a_clock_take_the_vectors_of_rfc_6238() {
        let vectors = include_str!("../../../codes/tests/vectors/rfc6238.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        for case in vectors.as_array().unwrap() {
            let hash = match case["algorithm"].as_str().unwrap() {
                "SHA1" => Hash::Sha1,
                "SHA256" => Hash::Sha256,
                _ => Hash::Sha512,
            };
            let at = Timestamp::from_unix_seconds(case["unix"].as_i64().unwrap());
            let right = code(case["code"].as_str().unwrap());
            let verdict = judge(&make(hash, 8, 30), case["secret"].as_str().unwrap(), 0, &right, at);
            assert!(matches!(verdict, Verdict::Accepted(_)), "{case}: {verdict:?}");
        }
    }

    #[test]
    fn a_make_out_of_range_is_named() {
        assert!(make(Hash::Sha1, 6, 0).faults().is_empty() && make(Hash::Sha1, 8, 300).faults().is_empty());
        assert_eq!(make(Hash::Sha1, 5, 10).faults().len(), 2);
        assert_eq!(make(Hash::Sha1, 9, 301).faults().len(), 2);
    }

    #[test]
    fn secrets_are_read_as_their_make_writes_them() {
        let plain = b"12345678901234567890".to_vec();
        let of = |encoding| Make { shared_secret_encoding: encoding, ..make(Hash::Sha1, 6, 30) };
        let base32 = otp::base32(&Secret::new(plain.clone()));
        let hex = "3132333435363738393031323334353637383930";
        for (encoding, text) in [
            (Encoding::Base32, base32.expose().as_str()),
            (Encoding::Hexadecimal, hex),
            (Encoding::Base64, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="),
        ] {
            assert_eq!(of(encoding).secret(text).unwrap().expose(), &plain, "{encoding:?}");
        }
        for (encoding, text) in [
            (Encoding::Hexadecimal, "313"),
            (Encoding::Hexadecimal, "zz"),
            (Encoding::Base32, "MZXW6"),
            (Encoding::Base64, "***"),
        ] {
            assert!(of(encoding).secret(text).is_none(), "{text}");
        }
    }
}
