//! What time it is, as far as a computer can vouch for it, and when it cannot.
//!
//! A wall clock can be set. [`TimeState`] therefore keeps a high-water mark that only rises, carried by the time since
//! boot, and an anchor: the last moment that the server signed. While anchor and clocks agree, a time PIN may be judged;
//! else the computer asks for a challenge PIN and says why. Pure: readings are arguments, and the caller stores the state.
//!
//! This is the rule for a computer without a TPM: elapsed time is the boot clock while the boot id stays the same.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::env::Timestamp;

/// How old the server's last time may be.
const ANCHOR_LIFE: Duration = Duration::from_hours(7 * 24);
/// A forward jump of the wall clock by more than this is one that nobody has explained.
const JUMP: Duration = Duration::from_mins(5);
/// A beacon that took longer says too little about the present.
const SLOWEST_BEACON: Duration = Duration::from_secs(5);
const LEAST_TOLERANCE: Duration = Duration::from_secs(30);
const LARGEST_TOLERANCE: Duration = Duration::from_secs(90);
/// 100 parts in a million, as a divisor: how far a clock may drift from the anchor on.
const DRIFT: u32 = 10_000;

/// The computer's clocks, read together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The wall clock, which anybody may have set.
    pub wall: Timestamp,
    /// Time since the computer started, sleep included.
    pub boottime: Duration,
    /// Which start of the computer that counts from.
    pub boot_id: String,
}

/// What the computer remembers of time. Stored with the rest of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeState {
    /// Never falls, but by the server's word.
    high: Timestamp,
    /// When `high` was last raised.
    read: Reading,
    anchor: Option<Anchor>,
    doubt: Option<Untrusted>,
}

/// A moment that the server signed, and the boot clock at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Anchor {
    time: Timestamp,
    boottime: Duration,
    boot_id: String,
}

/// A time that a PIN may be judged by.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trusted {
    /// The present, `w` in the protocol.
    pub now: Timestamp,
    /// How far it may be off either way, `A` in the protocol: 30 to 90 seconds.
    pub tolerance: Duration,
}

/// Why no time PIN can be judged now. The text is for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Untrusted {
    /// No beacon yet.
    #[error("this computer has never had the time from the server")]
    NeverSynchronised,
    /// The last beacon is too old.
    #[error("this computer has not had the time from the server for more than 7 days")]
    NotSynchronisedLately,
    /// The wall clock was set forward while the computer ran.
    #[error("the clock of this computer was set forward")]
    SetForward,
    /// The wall clock is behind what it was before a restart.
    #[error("the clock of this computer was set back, or its battery is empty")]
    SetBack,
    /// The boot clock went backwards within one boot, or the anchor is ahead of every clock.
    #[error("the clocks of this computer contradict each other")]
    Contradictory,
}

/// A beacon that cannot be used: it took too long, or the computer restarted while it was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's time came too late to be used")]
pub struct TooSlow;

impl TimeState {
    /// The state of a computer that has never heard from its server.
    pub fn new(reading: Reading) -> Self {
        Self { high: reading.wall, read: reading, anchor: None, doubt: None }
    }

    /// Takes note of the clocks: every 30 seconds, at every start, at every wake, and before every judgement.
    pub fn tick(&mut self, reading: Reading) {
        let restarted = reading.boot_id != self.read.boot_id;
        let carried = match reading.boottime.checked_sub(self.read.boottime) {
            _ if restarted => self.high,
            Some(elapsed) => self.high.plus(elapsed),
            None => {
                self.doubt = Some(Untrusted::Contradictory);
                self.high
            }
        };
        if restarted && reading.wall < carried {
            self.doubt = Some(Untrusted::SetBack);
        }
        if !restarted && reading.wall.since(carried) > JUMP {
            self.doubt = Some(Untrusted::SetForward);
        }
        self.high = carried.max(reading.wall);
        self.read = reading;
    }

    /// Takes the server's signed time, asked for at `sent` and there at `received`: the only way that the mark may fall,
    /// and the only one that ends a doubt.
    ///
    /// # Errors
    /// [`TooSlow`] where more than 5 seconds or a restart lie between; the state is then as it was.
    pub fn beacon(&mut self, time: Timestamp, sent: &Reading, received: Reading) -> Result<(), TooSlow> {
        let took = received.boottime.checked_sub(sent.boottime).filter(|_| sent.boot_id == received.boot_id);
        took.filter(|took| *took <= SLOWEST_BEACON).ok_or(TooSlow)?;
        self.high = time;
        self.anchor = Some(Anchor { time, boottime: received.boottime, boot_id: received.boot_id.clone() });
        self.doubt = None;
        self.read = received;
        Ok(())
    }

    /// The present, if this computer can vouch for it. Changes nothing: a caller that keeps the state ticks it first.
    ///
    /// # Errors
    /// [`Untrusted`] says why it cannot: an outcome for the screen, no fault.
    pub fn trusted(&self, reading: &Reading) -> Result<Trusted, Untrusted> {
        let mut present = self.clone();
        present.tick(reading.clone());
        if let Some(doubt) = present.doubt {
            return Err(doubt);
        }
        let anchor = present.anchor.as_ref().ok_or(Untrusted::NeverSynchronised)?;
        let age = present.high.since(anchor.time);
        if age > ANCHOR_LIFE {
            return Err(Untrusted::NotSynchronisedLately);
        }
        let tolerance = LARGEST_TOLERANCE.min(LEAST_TOLERANCE + age / DRIFT);
        let elapsed = reading.boottime.checked_sub(anchor.boottime).filter(|_| anchor.boot_id == reading.boot_id);
        if present.high < anchor.time.plus(elapsed.unwrap_or_default()).minus(tolerance) {
            return Err(Untrusted::Contradictory);
        }
        Ok(Trusted { now: present.high, tolerance })
    }

    /// The high-water mark, `h` in the protocol: the least time that it can be, trusted or not.
    pub const fn high(&self) -> Timestamp {
        self.high
    }

    /// The last time that the server signed.
    pub fn synchronised_at(&self) -> Option<Timestamp> {
        self.anchor.as_ref().map(|anchor| anchor.time)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_763_780_400;

    fn reading(boot: u32, since_boot: u64, wall: i64) -> Reading {
        Reading {
            wall: Timestamp::from_unix_seconds(START + wall),
            boottime: Duration::from_secs(since_boot),
            boot_id: format!("boot {boot}"),
        }
    }

    /// A computer that had a beacon at time 0, 100 seconds after its first start.
    fn synchronised() -> TimeState {
        let mut state = TimeState::new(reading(1, 99, -1));
        state.beacon(Timestamp::from_unix_seconds(START), &reading(1, 100, 0), reading(1, 100, 0)).unwrap();
        state
    }

    fn now(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(START + seconds)
    }

    #[test]
    fn a_fresh_beacon_gives_a_narrow_time() {
        let trusted = synchronised().trusted(&reading(1, 160, 60));
        assert_eq!(trusted, Ok(Trusted { now: now(60), tolerance: Duration::from_millis(30_006) }));
    }

    #[test]
    fn without_a_beacon_no_time_is_trusted() {
        let state = TimeState::new(reading(1, 0, 0));
        assert_eq!(state.trusted(&reading(1, 1, 1)), Err(Untrusted::NeverSynchronised));
    }

    #[test]
    fn a_week_without_the_server_ends_trust() {
        let week = 7 * 24 * 3600;
        let at = |seconds: u64| synchronised().trusted(&reading(1, 100 + seconds, i64::try_from(seconds).unwrap()));
        assert_eq!(at(week).map(|time| time.tolerance), Ok(LARGEST_TOLERANCE));
        assert_eq!(at(week + 1), Err(Untrusted::NotSynchronisedLately));
    }

    #[test]
    fn a_clock_set_back_while_running_changes_nothing() {
        let trusted = synchronised().trusted(&reading(1, 400, -86_400));
        assert_eq!(trusted.map(|time| time.now), Ok(now(300)));
    }

    #[test]
    fn a_clock_set_forward_while_running_is_doubted_until_the_next_beacon() {
        let mut state = synchronised();
        assert!(state.trusted(&reading(1, 400, 600)).is_ok(), "five minutes are not yet a jump");
        state.tick(reading(1, 400, 601));
        assert_eq!(state.trusted(&reading(1, 430, 630)), Err(Untrusted::SetForward));
        state.tick(reading(1, 500, 400));
        assert_eq!(state.trusted(&reading(1, 530, 430)), Err(Untrusted::SetForward));
        state.beacon(now(431), &reading(1, 530, 430), reading(1, 531, 431)).unwrap();
        assert_eq!(state.trusted(&reading(1, 531, 431)).map(|time| time.now), Ok(now(431)));
    }

    #[test]
    fn a_restart_with_the_clock_set_back_is_doubted() {
        let mut state = synchronised();
        state.tick(reading(1, 400, 300));
        assert!(state.trusted(&reading(2, 5, 330)).is_ok());
        assert_eq!(state.trusted(&reading(2, 5, 299)), Err(Untrusted::SetBack));
        state.tick(reading(2, 5, 299));
        assert_eq!(state.trusted(&reading(2, 20, 314)), Err(Untrusted::SetBack), "the doubt outlives the moment");
    }

    #[test]
    fn a_slow_beacon_is_not_used() {
        let mut state = synchronised();
        let before = state.clone();
        assert_eq!(state.beacon(now(9), &reading(1, 103, 3), reading(1, 109, 9)), Err(TooSlow));
        assert_eq!(state.beacon(now(4), &reading(1, 103, 3), reading(2, 104, 4)), Err(TooSlow));
        assert_eq!(state.beacon(now(4), &reading(1, 105, 3), reading(1, 104, 4)), Err(TooSlow));
        assert_eq!(state, before);
    }

    /// What may happen to a computer; the seconds are those of true time.
    #[derive(Debug, Clone)]
    enum Happening {
        Beacon,
        Pass(u64),
        Restart(u64),
        SetClock(i64),
        Tick,
    }

    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        let one = prop_oneof![
            1 => Just(Happening::Beacon),
            4 => (0_u64..100_000).prop_map(Happening::Pass),
            1 => (0_u64..100_000).prop_map(Happening::Restart),
            2 => (-100_000_i64..100_000).prop_map(Happening::SetClock),
            4 => Just(Happening::Tick),
        ];
        proptest::collection::vec(one, 1..40)
    }

    /// A true world: its time, the computer's clock error, and its start.
    struct Truth {
        time: u64,
        error: i64,
        boot: u32,
        booted: u64,
    }

    impl Truth {
        fn reading(&self) -> Reading {
            reading(self.boot, self.time - self.booted, i64::try_from(self.time).unwrap() + self.error)
        }
    }

    proptest! {
        /// I16, and the half of I4 that is the clock's: a trusted time lags the true one by its tolerance at most, unless
        /// somebody sets the clock while the computer is off.
        #[test]
        fn the_mark_only_rises_and_a_trusted_time_does_not_lag(happenings in happenings()) {
            let mut truth = Truth { time: 1000, error: 0, boot: 1, booted: 0 };
            let mut state = TimeState::new(truth.reading());
            for happening in happenings {
                let before = state.high();
                let mut by_beacon = false;
                match happening {
                    Happening::Beacon => {
                        by_beacon = true;
                        let true_time = now(i64::try_from(truth.time).unwrap());
                        state.beacon(true_time, &truth.reading(), truth.reading()).unwrap();
                    }
                    Happening::Pass(seconds) => truth.time += seconds,
                    Happening::Restart(off) => {
                        state.tick(truth.reading());
                        // A clock that is right again after a start: whoever sets it while the computer is off is
                        // beyond what a computer without a TPM can see.
                        truth.error = truth.error.max(0);
                        truth = Truth { time: truth.time + off, booted: truth.time + off, boot: truth.boot + 1, ..truth };
                        state.tick(truth.reading());
                    }
                    Happening::SetClock(by) => truth.error += by,
                    Happening::Tick => state.tick(truth.reading()),
                }
                prop_assert!(by_beacon || state.high() >= before);
                if let Ok(time) = state.trusted(&truth.reading()) {
                    let true_time = now(i64::try_from(truth.time).unwrap());
                    prop_assert!(true_time <= time.now.plus(time.tolerance), "lags: {time:?}");
                    prop_assert!(time.tolerance <= LARGEST_TOLERANCE);
                }
            }
        }
    }
}
