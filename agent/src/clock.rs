//! The computer's clocks, read together. What they are worth is decided by [`postern_codes::clock`].

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use postern_codes::clock::Reading;
use postern_codes::env::{System, World as _};

/// What shows the time.
pub trait Clock: Send + Sync {
    /// All clocks at this moment.
    fn read(&self) -> Reading;
}

/// The clocks of the kernel: time since boot counts sleep.
#[derive(Debug, Clone)]
pub struct Kernel {
    boot_id: String,
}

impl Kernel {
    /// The clocks of this start of the computer.
    ///
    /// # Errors
    /// Where the kernel does not tell which start this is: without that no elapsed time can be trusted.
    pub fn new() -> std::io::Result<Self> {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        Ok(Self { boot_id })
    }
}

impl Clock for Kernel {
    fn read(&self) -> Reading {
        // A kernel without this clock shows none that moves: every PIN is then too late, and none opens.
        let boottime = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
        Reading { wall: System.now(), boottime, boot_id: self.boot_id.clone() }
    }
}

/// Clocks that move when a test moves them.
#[cfg(test)]
pub(crate) mod hand {
    use std::sync::{Arc, Mutex};

    use postern_codes::Timestamp;

    use super::{Clock, Duration, Reading};

    #[derive(Clone)]
    pub(crate) struct HandClock(Arc<Mutex<Reading>>, Arc<Mutex<Option<(u32, u64)>>>);

    impl HandClock {
        pub(crate) fn new() -> Self {
            let wall = Timestamp::from_unix_seconds(1_795_348_800);
            Self(
                Arc::new(Mutex::new(Reading {
                    wall,
                    boottime: Duration::from_secs(100),
                    boot_id: "boot 1".to_owned(),
                })),
                Arc::default(),
            )
        }

        pub(crate) fn pass(&self, seconds: u64) {
            let mut reading = self.0.lock().unwrap();
            reading.wall = reading.wall.plus(Duration::from_secs(seconds));
            reading.boottime += Duration::from_secs(seconds);
        }

        /// After so many more readings the computer sleeps for so many seconds.
        pub(crate) fn sleep_after(&self, readings: u32, seconds: u64) {
            *self.1.lock().unwrap() = Some((readings, seconds));
        }

        pub(crate) fn set_wall_back(&self, seconds: u64) {
            let mut reading = self.0.lock().unwrap();
            reading.wall = reading.wall.minus(Duration::from_secs(seconds));
        }

        pub(crate) fn restart(&self) {
            let mut reading = self.0.lock().unwrap();
            reading.boottime = Duration::from_secs(5);
            reading.boot_id.push('\'');
        }
    }

    impl Clock for HandClock {
        fn read(&self) -> Reading {
            let planned = *self.1.lock().unwrap();
            match planned {
                Some((0, seconds)) => {
                    *self.1.lock().unwrap() = None;
                    self.pass(seconds);
                }
                Some((readings, seconds)) => self.sleep_after(readings - 1, seconds),
                None => {}
            }
            self.0.lock().unwrap().clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_shows_a_boot_clock_that_moves() {
        let clock = Kernel::new().unwrap();
        let (first, second) = (clock.read(), clock.read());
        assert!(first.boottime > Duration::ZERO && second.boottime >= first.boottime);
        assert_eq!(first.boot_id, second.boot_id);
    }
}
