//! An authenticator app that never shows the same code twice: where the server took the present one, it waits for the
//! next.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use postern_codes::env::World;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Secret, Timestamp};

use super::facts::Person;
use super::wait;

const STEP: i64 = 30;

/// Somebody's phone.
pub struct Phone {
    secret: Secret<Vec<u8>>,
    next: Mutex<i64>,
}

impl Phone {
    /// The phone of `person`. Its present code counts as used: it may have proved the app just now.
    ///
    /// # Errors
    /// Where the secret is none.
    pub fn of(person: &Person, world: &dyn World) -> anyhow::Result<Self> {
        let secret = otp::from_base32(person.totp_secret.expose());
        let secret = secret.context("demo.json holds a secret of an app that is none: start over with --fresh")?;
        Ok(Self { secret, next: Mutex::new(world.now().unix_seconds() / STEP + 1) })
    }

    /// What it shows: a code that would be taken now, and for how many seconds.
    pub fn shown(&self, world: &dyn World) -> (Secret<String>, i64) {
        let step = (*self.lock()).max(world.now().unix_seconds() / STEP);
        let code = AUTHENTICATOR_APP.code(&self.secret, Timestamp::from_unix_seconds(step * STEP));
        (code, (step + 1) * STEP - world.now().unix_seconds())
    }

    /// A code that was not given before. One step ahead of the clock counts as now, as with any clock that is a little
    /// fast; beyond that it waits.
    pub fn fresh_code(&self, world: &dyn World) -> Secret<String> {
        let mut next = self.lock();
        let step = (*next).max(world.now().unix_seconds() / STEP);
        *next = step + 1;
        let at = Timestamp::from_unix_seconds(step * STEP);
        wait::until(at.minus(Duration::from_secs(STEP.unsigned_abs())), world);
        AUTHENTICATOR_APP.code(&self.secret, at)
    }

    /// The first step whose code was not given yet.
    fn lock(&self) -> MutexGuard<'_, i64> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
