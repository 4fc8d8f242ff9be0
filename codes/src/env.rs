//! Time and randomness: the only two impure inputs, handed to every rule as a value.
//!
//! Nothing else in the workspace reads a clock or an entropy source; `clippy.toml` bans it. [`System`] is the one
//! exception, [`TestWorld`] stands in for it in tests. No shipped binary can set the clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::b64;
use crate::secret::Secret;

/// An instant: microseconds since 1970 in UTC, as both databases store it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970, as JWS claims have them.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Later by `span`; stays at the end of time rather than wrap.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Earlier by `span`; stays at the beginning of time rather than wrap.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// What a rule may know of the world: the time, read once, and as much randomness as it asks for.
#[derive(Clone)]
pub struct Env {
    /// The moment of this request; it does not move while the request is served.
    pub now: Timestamp,
    world: Arc<dyn World>,
}

impl Env {
    /// The present of `world`.
    pub fn of(world: &Arc<dyn World>) -> Self {
        Self { now: world.now(), world: Arc::clone(world) }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.world.fill(&mut bytes);
        bytes
    }

    /// A uniform number below `limit`, by rejection, so that no value is likelier than another.
    ///
    /// # Panics
    /// If `limit` is zero.
    pub fn below(&self, limit: u8) -> u8 {
        let bound = u8::MAX - u8::MAX % limit;
        loop {
            let [byte] = self.bytes();
            if byte < bound {
                return byte % limit;
            }
        }
    }

    /// An opaque token of 256 random bits, 43 characters of base64url.
    pub fn token(&self) -> Secret<String> {
        Secret::new(b64::encode(&self.bytes::<32>()))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Where time and randomness come from.
pub trait World: Send + Sync {
    /// The time by the wall clock.
    fn now(&self) -> Timestamp;
    /// Fills `bytes` with randomness fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock and random number generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl World for System {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the system's random number generator failed: nothing safe can go on");
    }
}

/// A world for tests: a clock that moves when told to, and randomness that repeats.
#[derive(Debug)]
pub struct TestWorld {
    micros: AtomicI64,
    draws: AtomicU64,
}

impl TestWorld {
    /// At 22 November 2026, 12:00 UTC, with the first draw of randomness.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { micros: AtomicI64::new(1_795_348_800_000_000), draws: AtomicU64::new(0) })
    }

    /// An [`Env`] of this world at its present moment.
    pub fn env(self: &Arc<Self>) -> Env {
        let world: Arc<dyn World> = Arc::clone(self) as Arc<dyn World>;
        Env::of(&world)
    }

    /// Moves the clock; negative goes back.
    pub fn advance_seconds(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        Timestamp(self.micros.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let draw = self.draws.fetch_add(1, Ordering::SeqCst);
            let block = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &draw.to_be_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}
