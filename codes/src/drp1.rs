//! DRP1, the offline device recovery PIN: every formula that the server and a computer must agree on to the bit.
//!
//! A [`Generation`] is one recovery secret of one (computer, person) pair, reached through a [`Mac`]: no formula here sees
//! the secret itself, only [`derive_seed`] makes it. Which PIN is accepted when is decided by [`Generation::judge`];
//! what an attempt costs and what is remembered is the agent's part. Labels and layout: decision record and
//! `docs/ARCHITECTURE.md`; the vectors in `tests/vectors` come from an independent reference.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::agree::hkdf_sha256;
use crate::damm;
use crate::env::{Env, Timestamp};
use crate::mac::{KeyFault, Mac, MacKey, equal, sha256};
use crate::secret::{Sealed, Secret};

/// A time PIN belongs to one step of this many seconds.
pub const STEP_SECONDS: u64 = 30;
/// The first use must come this long after the beginning of the PIN's step: two minutes for the person, and one step.
pub const FIRST_USE: Duration = Duration::from_secs(150);
/// The server's own limit on first use, from the issue, and the life of a challenge on the screen.
pub const ISSUE_LIFE: Duration = Duration::from_mins(2);
/// How many steps back a PIN is still recognised, to say "too old" and not "wrong"; it opens nothing.
const RECOGNISED_STEPS: u64 = 20;
const STEP_MICROS: i64 = 30_000_000;

/// The step of a moment: whole half minutes since 1970.
pub fn step(at: Timestamp) -> u64 {
    u64::try_from(at.micros().div_euclid(STEP_MICROS)).unwrap_or(0)
}

/// When a step begins.
pub fn step_start(step: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(STEP_MICROS))
}

/// The steps whose PIN may be used first at `now`, a time known to within `tolerance` either way.
pub fn window(now: Timestamp, tolerance: Duration) -> RangeInclusive<u64> {
    let newest = step(now.plus(tolerance));
    let latest_end = now.minus(FIRST_USE).minus(tolerance).micros();
    let oldest = latest_end.div_euclid(STEP_MICROS) + i64::from(latest_end.rem_euclid(STEP_MICROS) != 0);
    u64::try_from(oldest).unwrap_or(0)..=newest
}

/// Whether a PIN of `step` may still be used first at `now`: the second look, right before the computer opens.
pub fn is_in_time(step: u64, now: Timestamp, tolerance: Duration) -> bool {
    now <= step_start(step).plus(FIRST_USE).plus(tolerance)
}

/// Whom a secret belongs to: organisation, computer, person and generation, as every tag covers them.
#[derive(Clone, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// From identifiers of 1 to 255 ASCII characters.
    ///
    /// # Errors
    /// [`NotAContext`] for an identifier of another form.
    pub fn new(org: &str, device: &str, user: &str, generation: u32) -> Result<Self, NotAContext> {
        let mut bytes = Vec::new();
        for id in [org, device, user] {
            let length = u8::try_from(id.len()).ok().filter(|length| *length > 0 && id.is_ascii());
            bytes.push(length.ok_or(NotAContext)?);
            bytes.extend_from_slice(id.as_bytes());
        }
        bytes.extend_from_slice(&generation.to_be_bytes());
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({})", String::from_utf8_lossy(&self.0).escape_default())
    }
}

/// An identifier is empty, longer than 255 characters, or not ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is not 1 to 255 ASCII characters")]
pub struct NotAContext;

/// The hash that binds a registration: of the request's body as sent, then the offer as sent.
pub fn transcript_hash(begin_body: &[u8], offer: &str) -> [u8; 32] {
    sha256(&[begin_body, offer.as_bytes()])
}

/// The recovery secret that both sides reach from the shared ECDH secret. The caller seals it at once.
pub fn derive_seed(shared: &Secret<[u8; 32]>, transcript_hash: &[u8; 32], context: &Context) -> Secret<[u8; 32]> {
    hkdf_sha256(shared.expose(), transcript_hash, &[b"DRP1.seed\0", &context.0])
}

/// One recovery secret and whom it belongs to, behind the [`Mac`] that alone can read it.
#[derive(Clone, Copy)]
pub struct Generation<'a> {
    /// What computes tags: a keyring or a TPM.
    pub mac: &'a dyn Mac,
    /// The sealed secret.
    pub seed: &'a Sealed<MacKey>,
    /// Whom it belongs to.
    pub context: &'a Context,
}

impl Generation<'_> {
    /// The PIN of a time step.
    ///
    /// # Errors
    /// [`KeyFault`], as in every call below, where the sealed secret does not open.
    pub fn time_pin(&self, step: u64) -> Result<Pin, KeyFault> {
        Ok(Pin::of_tag(&self.tag("DRP1.pin", &[&step.to_be_bytes()])?))
    }

    /// The PIN that answers a challenge.
    pub fn challenge_pin(&self, challenge: &Challenge) -> Result<Pin, KeyFault> {
        Ok(Pin::of_tag(&self.tag("DRP1.chl", &[challenge.eight()])?))
    }

    /// What a computer keeps of an accepted PIN, to know it again: never the PIN itself. `step` is 0 for a challenge.
    pub fn activation_mac(&self, step: u64, pin: &Pin) -> Result<[u8; 32], KeyFault> {
        self.tag("DRP1.act", &[&step.to_be_bytes(), pin.digits().as_bytes()])
    }

    /// Shows the server that a PIN was typed, without sending it.
    pub fn confirm_mac(&self, nonce: &[u8], pin: &Pin) -> Result<[u8; 32], KeyFault> {
        self.tag("DRP1.cnf", &[nonce, pin.digits().as_bytes()])
    }

    /// Shows that a new secret arrived whole.
    pub fn ack_mac(&self, transcript_hash: &[u8; 32]) -> Result<[u8; 32], KeyFault> {
        self.tag("DRP1.ack", &[transcript_hash])
    }

    /// Shows that the one who asks for a new secret holds the present one.
    pub fn rotation_mac(&self, nonce: &[u8]) -> Result<[u8; 32], KeyFault> {
        self.tag("DRP1.rot", &[nonce])
    }

    /// Vouches for a report entry, given as canonical JSON without its `mac`.
    pub(crate) fn report_mac(&self, canonical: &[u8]) -> Result<[u8; 32], KeyFault> {
        self.tag("DRP1.rpt", &[canonical])
    }

    /// What a typed time PIN is worth at `now`, known to within `tolerance`, after `last_step` was used.
    ///
    /// Every step of the window and the recognised ones before it are computed whatever matches, so that the time taken
    /// tells nothing.
    pub fn judge(&self, typed: &Pin, now: Timestamp, tolerance: Duration, last_step: u64) -> Result<Judged, KeyFault> {
        let window = window(now, tolerance);
        let mut judged = Judged::NoMatch;
        for step in window.start().saturating_sub(RECOGNISED_STEPS)..=*window.end() {
            if self.time_pin(step)?.is(typed) {
                judged = match step {
                    _ if step <= last_step => Judged::Spent(step),
                    _ if window.contains(&step) => Judged::Fresh(step),
                    _ => Judged::TooOld(step),
                };
            }
        }
        Ok(judged)
    }

    fn tag(&self, label: &str, parts: &[&[u8]]) -> Result<[u8; 32], KeyFault> {
        let all: Vec<&[u8]> =
            [label.as_bytes(), b"\0", &self.context.0].into_iter().chain(parts.iter().copied()).collect();
        self.mac.mac(self.seed, &all)
    }
}

/// What a typed time PIN is worth.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Right, in time and newer than any used before: this step may be committed.
    Fresh(u64),
    /// Of no step that is near.
    NoMatch,
    /// Once right, but of the last used step or an older one.
    Spent(u64),
    /// Once right, but its two minutes are over.
    TooOld(u64),
}

/// Nine digits that open a computer: eight of a tag and their check digit. Not `Debug`, wiped on drop.
pub struct Pin(Secret<[u8; 9]>);

impl Pin {
    /// Reads what a person typed; spaces between groups do not count.
    ///
    /// # Errors
    /// [`Mistyped`] where it is not nine digits or the check digit does not fit: such an entry is no attempt.
    pub fn parse(typed: &str) -> Result<Self, Mistyped> {
        Ok(Self(Secret::new(nine_digits(typed)?)))
    }

    /// The nine digits.
    ///
    /// # Panics
    /// Never: every constructor makes ASCII digits.
    pub fn digits(&self) -> &str {
        std::str::from_utf8(self.0.expose()).expect("digits are ASCII")
    }

    /// The digits as they are read aloud: three groups of three.
    pub fn grouped(&self) -> Secret<String> {
        let digits = self.digits();
        Secret::new([&digits[..3], &digits[3..6], &digits[6..]].join(" "))
    }

    /// Whether two PINs are the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        equal(self.0.expose(), other.0.expose())
    }

    fn of_tag(tag: &[u8; 32]) -> Self {
        let mut head = [0; 8];
        head.copy_from_slice(&tag[..8]);
        Self(Secret::new(with_check_digit(u64::from_be_bytes(head))))
    }
}

/// Nine digits that a computer shows to be read out: eight random ones and their check digit. No secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge([u8; 9]);

impl Challenge {
    /// A new one, uniform among 10^8.
    pub fn new(env: &Env) -> Self {
        let number = (0..8).fold(0, |number, _| number * 10 + u64::from(env.below(10)));
        Self(with_check_digit(number))
    }

    /// Reads what the caller read out; spaces do not count.
    ///
    /// # Errors
    /// [`Mistyped`] where it is not nine digits or the check digit does not fit.
    pub fn parse(typed: &str) -> Result<Self, Mistyped> {
        Ok(Self(nine_digits(typed)?))
    }

    /// The nine digits.
    ///
    /// # Panics
    /// Never: every constructor makes ASCII digits.
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }

    /// What records keep of it: SHA-256 of the eight digits before the check digit.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&[self.eight()])
    }

    fn eight(&self) -> &[u8] {
        &self.0[..8]
    }
}

/// Not nine digits, or the check digit does not fit: a slip of the finger or the ear, not an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not nine digits with a fitting check digit")]
pub struct Mistyped;

fn nine_digits(typed: &str) -> Result<[u8; 9], Mistyped> {
    let mut digits = [0; 9];
    let mut typed = typed.bytes().filter(|byte| *byte != b' ');
    for slot in &mut digits {
        *slot = typed.next().filter(u8::is_ascii_digit).ok_or(Mistyped)?;
    }
    (typed.next().is_none() && damm::check_digit(&digits) == b'0').then_some(digits).ok_or(Mistyped)
}

fn with_check_digit(number: u64) -> [u8; 9] {
    let mut digits = [0; 9];
    let mut rest = number % 100_000_000;
    for slot in digits[..8].iter_mut().rev() {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    digits[8] = damm::check_digit(&digits[..8]);
    digits
}

#[cfg(test)]
mod tests;
