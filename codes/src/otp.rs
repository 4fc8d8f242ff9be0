//! One-time passwords of RFC 4226 (HOTP) and RFC 6238 (TOTP), as authenticator apps compute them.
//!
//! The secret is opened for one check and wiped. What was used last is the caller's to keep: [`Totp::verify`] answers with
//! a counter above it, and a caller that consumes it by one guarded write accepts no code twice.

use aws_lc_rs::hmac;

use crate::env::{Env, Timestamp};
use crate::mac::equal;
use crate::secret::Secret;

/// The secret of an authenticator app: kind of a [`Sealed`](crate::Sealed) value.
#[derive(Debug)]
pub enum OtpKey {}

/// The hash under the code. Apps agree on SHA-1 alone; HMAC is not weakened by its collisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1, what every app computes.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// The HOTP value of a counter, `digits` ASCII digits, at most 9 (RFC 4226 section 5.3).
///
/// # Panics
/// Never: dynamic truncation reads within the shortest tag, 20 bytes.
pub fn hotp(secret: &Secret<Vec<u8>>, counter: u64, digits: u8, algorithm: Algorithm) -> Secret<String> {
    let algorithm = match algorithm {
        Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha256 => hmac::HMAC_SHA256,
        Algorithm::Sha512 => hmac::HMAC_SHA512,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.expose()), &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let mut word = [0; 4];
    word.copy_from_slice(&tag[offset..offset + 4]);
    let number = u32::from_be_bytes(word) & 0x7fff_ffff;
    let width = usize::from(digits.min(9));
    Secret::new(format!("{:0width$}", number % 10_u32.pow(u32::from(digits.min(9)))))
}

/// What a time-based code looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totp {
    /// The hash under it.
    pub algorithm: Algorithm,
    /// Its length, 6 to 8.
    pub digits: u8,
    /// How many steps a clock may be off, either way.
    pub drift: u64,
    /// How many seconds a step has.
    pub period: u64,
}

/// What authenticator apps assume: SHA-1, 6 digits, 30 seconds, one step of drift.
pub const AUTHENTICATOR_APP: Totp = Totp { algorithm: Algorithm::Sha1, digits: 6, drift: 1, period: 30 };
/// How many steps of drift a code may be off so that it is called late or early, and not wrong.
const NEAR: u64 = 4;

/// What a code is found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// That of this counter, which was not used yet.
    Fresh(u64),
    /// Of no counter near.
    Nowhere,
    /// Of a counter that was used, or passed over, before.
    Replayed,
    /// Of a counter that is not yet, or no longer, accepted.
    Stale,
}

impl Totp {
    /// The counter that `typed` belongs to, if it is near `now` and above `last`, the one used last.
    pub fn verify(&self, typed: &str, secret: &Secret<Vec<u8>>, now: Timestamp, last: Option<u64>) -> Option<u64> {
        match self.find(typed, secret, now, last) {
            Found::Fresh(counter) => Some(counter),
            Found::Nowhere | Found::Replayed | Found::Stale => None,
        }
    }

    /// What `typed` is, where `last` is the counter used last.
    ///
    /// Every near counter is computed and compared in constant time whatever matches. Spaces do not count.
    pub fn find(&self, typed: &str, secret: &Secret<Vec<u8>>, now: Timestamp, last: Option<u64>) -> Found {
        let typed = digits(typed);
        let present = self.step(now);
        let mut found = Found::Nowhere;
        let far = self.drift.saturating_add(NEAR);
        for candidate in present.saturating_sub(far)..=present.saturating_add(far) {
            let code = hotp(secret, candidate, self.digits, self.algorithm);
            if !equal(code.expose().as_bytes(), typed.expose()) || matches!(found, Found::Fresh(_)) {
                continue;
            }
            found = if last.is_some_and(|last| candidate <= last) {
                Found::Replayed
            } else if candidate.abs_diff(present) > self.drift {
                Found::Stale
            } else {
                Found::Fresh(candidate)
            };
        }
        found
    }

    /// The code of a moment, for tests and the demo's stand-in for a phone.
    pub fn code(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Secret<String> {
        hotp(secret, self.step(now), self.digits, self.algorithm)
    }

    /// The step of a moment: RFC 6238 section 4.2.
    fn step(&self, now: Timestamp) -> u64 {
        now.unix_seconds().max(0).unsigned_abs() / self.period.max(1)
    }
}

/// What a counter-based code looks like: RFC 4226.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hotp {
    /// The hash under it.
    pub algorithm: Algorithm,
    /// Its length, 6 to 8.
    pub digits: u8,
}

impl Hotp {
    /// How many codes a device may be ahead: each was made and not used (RFC 4226 section 7.4).
    pub const AHEAD: u64 = 10;
    /// How many codes it may be ahead where two in a row are shown.
    pub const FAR_AHEAD: u64 = 100;

    /// What `typed` is, where codes below the counter `next` were used or passed over.
    pub fn find(&self, typed: &str, secret: &Secret<Vec<u8>>, next: u64) -> Found {
        let typed = digits(typed);
        let mut found = Found::Nowhere;
        for candidate in next.saturating_sub(Self::AHEAD)..=next.saturating_add(Self::AHEAD) {
            let fits = equal(hotp(secret, candidate, self.digits, self.algorithm).expose().as_bytes(), typed.expose());
            if fits && !matches!(found, Found::Fresh(_)) {
                found = if candidate < next { Found::Replayed } else { Found::Fresh(candidate) };
            }
        }
        found
    }

    /// The counter of the second of two codes in a row, for a device that is far ahead.
    pub fn find_pair(&self, (first, second): (&str, &str), secret: &Secret<Vec<u8>>, next: u64) -> Option<u64> {
        let (first, second) = (digits(first), digits(second));
        let is = |counter, typed: &Secret<Vec<u8>>| {
            equal(hotp(secret, counter, self.digits, self.algorithm).expose().as_bytes(), typed.expose())
        };
        (next..=next.saturating_add(Self::FAR_AHEAD))
            .filter(|counter| is(*counter, &first) & is(counter.saturating_add(1), &second))
            .map(|counter| counter.saturating_add(1))
            .next()
    }
}

/// What was typed, without its blanks.
fn digits(typed: &str) -> Secret<Vec<u8>> {
    Secret::new(typed.bytes().filter(|byte| *byte != b' ').collect())
}

/// A new secret: 160 bits, as RFC 4226 section 4 recommends.
pub fn new_secret(env: &Env) -> Secret<Vec<u8>> {
    Secret::new(env.bytes::<20>().to_vec())
}

/// The secret as people type it into an app: base 32 (RFC 4648), no padding.
pub fn base32(secret: &Secret<Vec<u8>>) -> Secret<String> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = secret.expose().chunks(5).flat_map(|chunk| {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let characters = (chunk.len() * 8).div_ceil(5);
        (0..characters).map(move |at| char::from(ALPHABET[usize::from((bits >> (35 - 5 * at)).to_le_bytes()[0] & 31)]))
    });
    Secret::new(text.collect())
}

/// The secret that [`base32`] wrote; lower case and spaces are read too. Nothing for other text.
pub fn from_base32(text: &str) -> Option<Secret<Vec<u8>>> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u8, Secret::new(Vec::new()));
    for character in text.bytes().filter(|byte| *byte != b' ') {
        let value = match character.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            let mut grown = bytes.expose().clone();
            grown.push((bits >> held).to_le_bytes()[0]);
            bytes = Secret::new(grown);
        }
    }
    Some(bytes)
}

/// The text of the QR code that an authenticator app scans, for the account `login` at `issuer`.
pub fn otpauth_uri(secret: &Secret<Vec<u8>>, issuer: &str, login: &str) -> Secret<String> {
    let (issuer, login) = (percent_encoded(issuer), percent_encoded(login));
    let secret = base32(secret);
    Secret::new(format!(
        "otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        secret.expose()
    ))
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Secret<Vec<u8>> {
        Secret::new(b"12345678901234567890".to_vec())
    }

    #[test]
    fn hotp_is_that_of_rfc_4226() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/rfc4226.json")).unwrap();
        let secret = Secret::new(vectors["secret"].as_str().unwrap().as_bytes().to_vec());
        for (counter, code) in (0..).zip(vectors["codes"].as_array().unwrap()) {
            assert_eq!(hotp(&secret, counter, 6, Algorithm::Sha1).expose(), code.as_str().unwrap());
        }
    }

    #[test]
    fn totp_is_that_of_rfc_6238() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/rfc6238.json")).unwrap();
        for case in vectors.as_array().unwrap() {
            let algorithm = match case["algorithm"].as_str().unwrap() {
                "SHA1" => Algorithm::Sha1,
                "SHA256" => Algorithm::Sha256,
                "SHA512" => Algorithm::Sha512,
                other => panic!("{other}"),
            };
            let secret = Secret::new(case["secret"].as_str().unwrap().as_bytes().to_vec());
            let at = Timestamp::from_unix_seconds(case["unix"].as_i64().unwrap());
            let code = Totp { algorithm, digits: 8, drift: 1, period: 30 }.code(&secret, at);
            assert_eq!(code.expose(), case["code"].as_str().unwrap());
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_off_and_never_twice() {
        let at = |step: i64| Timestamp::from_unix_seconds(step * 30 + 7);
        let code = AUTHENTICATOR_APP.code(&key(), at(1000));
        let verify = |now, last| AUTHENTICATOR_APP.verify(code.expose(), &key(), at(now), last);
        for now in [999, 1000, 1001] {
            assert_eq!(verify(now, None), Some(1000));
            assert_eq!(verify(now, Some(999)), Some(1000));
            assert_eq!(verify(now, Some(1000)), None);
            assert_eq!(verify(now, Some(1001)), None);
        }
        assert_eq!(verify(998, None), None);
        assert_eq!(verify(1002, None), None);
        let find = |now, last| AUTHENTICATOR_APP.find(code.expose(), &key(), at(now), last);
        assert_eq!((find(1000, None), find(1001, Some(1000))), (Found::Fresh(1000), Found::Replayed));
        assert_eq!(
            (find(998, None), find(1005, None), find(1003, Some(1001))),
            (Found::Stale, Found::Stale, Found::Replayed)
        );
        assert_eq!(find(2000, None), Found::Nowhere);
    }

    #[test]
    fn a_device_that_counts_may_be_ahead_and_never_goes_back() {
        let device = Hotp { algorithm: Algorithm::Sha1, digits: 6 };
        let code = |counter| hotp(&key(), counter, 6, Algorithm::Sha1);
        let find = |counter, next| device.find(code(counter).expose(), &key(), next);
        assert_eq!((find(0, 0), find(10, 0), find(11, 0)), (Found::Fresh(0), Found::Fresh(10), Found::Nowhere));
        assert_eq!((find(7, 8), find(0, 8), find(0, 20)), (Found::Replayed, Found::Replayed, Found::Nowhere));
        let pair = |first, second| device.find_pair((code(first).expose(), code(second).expose()), &key(), 5);
        assert_eq!((pair(5, 6), pair(60, 61), pair(105, 106)), (Some(6), Some(61), Some(106)));
        assert_eq!((pair(60, 62), pair(61, 60), pair(4, 5), pair(106, 107)), (None, None, None, None));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let now = Timestamp::from_unix_seconds(30_000);
        let code = AUTHENTICATOR_APP.code(&key(), now);
        let spaced = format!("{} {}", &code.expose()[..3], &code.expose()[3..]);
        assert_eq!(AUTHENTICATOR_APP.verify(&spaced, &key(), now, None), Some(1000));
        for wrong in ["", "00000", "0000000", "abcdef", "\u{660}\u{660}\u{660}\u{660}\u{660}\u{660}"] {
            assert_eq!(AUTHENTICATOR_APP.verify(wrong, &key(), now, None), None);
        }
    }

    #[test]
    fn the_uri_escapes_what_it_is_given() {
        let uri = otpauth_uri(&key(), "Acme & Co", "gr\u{e4}ce@example.test");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Acme%20%26%20Co:gr%C3%A4ce%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    /// RFC 4648 section 10.
    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(&Secret::new(plain.as_bytes().to_vec())).expose(), text);
        }
        assert!(from_base32("MZ1").is_none());
    }

    proptest! {
        #[test]
        fn base32_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = base32(&Secret::new(bytes.clone()));
            let lower = text.expose().to_lowercase();
            let read = from_base32(&lower).unwrap();
            prop_assert_eq!(read.expose(), &bytes);
        }
    }
}
