//! Whether a recovery PIN opens this computer: the rule of the device, step by step, as a story.
//!
//! An attempt is charged before it is judged, a success is written down before the door opens, and a last look at the
//! clock comes after that; so a power cut anywhere costs the person an attempt or a PIN, and never opens twice. That the
//! person sits at the computer and gave the right password is the caller's to know.
//!
//! | where | step of the protocol |
//! | --- | --- |
//! | [`Door::enter`] | the story itself |
//! | `slip` | 0: a mistyped entry is no attempt |
//! | `barred` | 1: locks |
//! | `judge` | 3 to 5: the PIN in use, then the server, then challenge and clock |
//! | `open` | 6 and 7: commit, look again |
//! | `challenge` | nine digits on the screen |
//! | `contact` | what else moves the state: time that passes, and the server |

mod challenge;
mod contact;
mod judge;

use std::time::Duration;

use postern_codes::clock::{Reading, TimeState, Trusted};
use postern_codes::drp1::{self, Pin};
use postern_codes::mac::{KeyFault, Mac};
use postern_codes::report::{Entry, Kind, Mode};
use postern_codes::{Env, Timestamp};
use postern_wire::recovery::{Binding, ConfirmRequest, VerdictClaims};
use postern_wire::settings::DeviceSettings;
use postern_wire::socket::{ChallengeReason, RefusalWord};

pub use self::challenge::{Challenges, Displayed};
use self::judge::{Judgement, LookAgain, Right, Wrong};
use crate::activation::{Activation, append, end, micros, not_before_1970};
use crate::clock::Clock;
use crate::state::{Generation, Person, Record, State};
use crate::vault::{Counter as _, Fault, Vault};

/// So many failures lock for a while, each time for twice as long.
const FAILURES_TO_LOCK: u64 = 5;
const FIRST_LOCK: Duration = Duration::from_mins(5);
const LONGEST_LOCK: Duration = Duration::from_hours(24);
/// So many failures end time PINs until a challenge or the server helps.
const HARD_LOCK: u64 = 20;
const SLIPS_AN_HOUR: u32 = 30;
/// Between judging and opening; a computer that slept in between must not open.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks the server about a PIN. Whoever implements it checks the answer's signature, and that it answers this request of
/// this computer.
pub trait Confirm {
    /// The server's word, or that there is none within the network timeout.
    fn confirm(&mut self, request: &ConfirmRequest) -> Confirmed;
}

/// What came of asking the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// It refuses this computer or person, in a word of the API.
    Refused(String),
    /// No answer that can be relied on.
    Unreachable,
    /// A signed verdict.
    Verdict(VerdictClaims),
}

/// What became of an entry. Only `Opened` opens.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The computer may be opened.
    Opened {
        /// When access ends, by the wall clock.
        until: Timestamp,
        /// Whether the PIN was in use already.
        again: bool,
    },
    /// It may not.
    Refused(Refused),
    /// No time PIN can be judged: a challenge must be shown.
    ShowChallenge(ChallengeReason),
}

/// Why the door stays shut, in the words of the agent's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub word: RefusalWord,
    /// When to try again, where waiting helps: by the high-water mark of time.
    pub until: Option<Timestamp>,
    /// A word of the server's, for the log.
    pub detail: Option<String>,
}

impl Refused {
    const fn of(word: RefusalWord) -> Self {
        Self { word, until: None, detail: None }
    }

    const fn locked(until: Timestamp) -> Self {
        Self { word: RefusalWord::Locked, until: Some(until), detail: None }
    }
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// How a person gets in here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By the answer to a challenge.
    Challenge(ChallengeReason),
    /// Not by a PIN.
    None(Refused),
    /// By a time PIN.
    Time,
}

/// The one who asks at the door.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Number of the OS account.
    pub os_uid: u32,
    /// The login that it stands for.
    pub login: &'a str,
    /// Whether a PIN may be used for the first time by whoever speaks for the account; a screen locker that runs as the
    /// user may only use one again.
    pub may_activate: bool,
}

/// Everything that a decision needs, for as long as it takes.
pub struct Door<'a> {
    /// The sealed state.
    pub vault: &'a mut Vault,
    /// The challenges on screens.
    pub challenges: &'a mut Challenges,
    /// The computer's clocks.
    pub clock: &'a dyn Clock,
    /// Randomness for nonces and challenges.
    pub env: &'a Env,
    /// The settings in force.
    pub settings: &'a DeviceSettings,
    /// Where recovery secrets are kept.
    pub binding: Binding,
}

impl Door<'_> {
    /// An entry at the computer, from the keystrokes to the door.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be trusted or written: the door stays shut.
    pub fn enter(&mut self, who: Who<'_>, typed: &str, server: Option<&mut dyn Confirm>) -> Result<Outcome, Fault> {
        let now = self.present(&self.clock.read());
        let Some(person) = self.vault.state().person(who.os_uid, who.login).cloned() else {
            return Ok(Refused::of(RefusalWord::NotRegistered).into());
        };
        let Ok(pin) = Pin::parse(typed) else { return self.slip(&person, now) };
        if let Some(refused) = self.barred(&person, now, server.is_some())? {
            return Ok(refused.into());
        }
        if !who.may_activate && person.live().is_none() {
            return Ok(Refused::of(RefusalWord::NotHere).into());
        }
        let reading = self.clock.read();
        let record = self.vault.charge_with(person.user, |state| {
            carry(state, reading);
            Ok(())
        })?;
        match self.judge(&person, &pin, record, who.may_activate, server)? {
            Judgement::Again => self.open_again(&person, record),
            Judgement::Right(right) => self.open(&person, &pin, record, &right),
            Judgement::NotJudged(outcome) if person.live().is_some() && record.failures() <= HARD_LOCK => {
                // It was held against the PIN in use, so it was an attempt all the same.
                Ok(match self.count_failure(&person, record, Wrong::by_time(RefusalWord::Wrong, None))? {
                    Outcome::Refused(locked) if locked.word != RefusalWord::Wrong => locked.into(),
                    _ => outcome,
                })
            }
            Judgement::NotJudged(outcome) => {
                self.vault.commit(person.user, Record { base: record.base + 1, ..record })?;
                Ok(outcome)
            }
            Judgement::Wrong(wrong) => self.count_failure(&person, record, wrong),
        }
    }

    /// How this person would get in now. Changes nothing.
    pub fn way(&self, os_uid: u32, login: &str) -> Result<Way, Fault> {
        let Some(person) = self.vault.state().person(os_uid, login).filter(|person| person.accepted().next().is_some())
        else {
            return Ok(Way::None(Refused::of(RefusalWord::NotRegistered)));
        };
        let record = self.vault.record(person.user)?;
        let reading = self.clock.read();
        let now = self.present(&reading);
        if now < record.locked_until {
            return Ok(Way::None(Refused::locked(record.locked_until)));
        }
        Ok(self.challenge_reason(record, &reading).map_or(Way::Time, Way::Challenge))
    }

    /// Until when a person's access by a PIN lasts, if there is any.
    pub fn access(&self, os_uid: u32, login: &str) -> Option<Timestamp> {
        self.access_at(&self.clock.read(), os_uid, login)
    }

    fn access_at(&self, reading: &Reading, os_uid: u32, login: &str) -> Option<Timestamp> {
        let mut activation = self.vault.state().person(os_uid, login)?.live()?.clone();
        activation.count(reading);
        let minutes = self.settings.recovery_pin_minutes.get();
        let left = activation.remaining(reading, self.present(reading), minutes)?;
        Some(reading.wall.plus(left))
    }

    /// Where the mark of time stands at a reading, without writing it down.
    fn present(&self, reading: &Reading) -> Timestamp {
        let mut time = self.vault.state().time.clone().unwrap_or_else(|| TimeState::new(reading.clone()));
        time.tick(reading.clone());
        time.high()
    }

    /// A slip of the finger: no attempt, but not without end.
    fn slip(&mut self, person: &Person, now: Timestamp) -> Result<Outcome, Fault> {
        let counted = self.vault.change(|state, _| {
            let person = state.person_mut(person.user).ok_or(Fault::Corrupt("state"))?;
            Ok(person.slips.count(now, SLIPS_AN_HOUR))
        })?;
        Ok(match counted {
            Ok(()) => Refused::of(RefusalWord::Mistyped).into(),
            Err(until) => Refused::locked(until).into(),
        })
    }

    fn barred(&self, person: &Person, now: Timestamp, online: bool) -> Result<Option<Refused>, Fault> {
        let record = self.vault.record(person.user)?;
        if now < record.locked_until {
            return Ok(Some(Refused::locked(record.locked_until)));
        }
        let helped = online || self.shown(person).is_some();
        Ok((record.failures() >= HARD_LOCK && !helped).then_some(Refused::of(RefusalWord::HardLocked)))
    }

    /// Writes down that the PIN is used, looks again, and only then opens.
    fn open(&mut self, person: &Person, pin: &Pin, record: Record, right: &Right) -> Result<Outcome, Fault> {
        let Some(generation) = person.accepted().find(|generation| generation.eid == right.eid) else {
            return Err(Fault::Corrupt("state"));
        };
        let step = right.step.unwrap_or(0);
        let tag = self.with(person, generation, |key| key.activation_mac(step, pin))?;
        let now = self.clock.read();
        let activation = Activation {
            eid: right.eid,
            step,
            mode: if right.step.is_some() { Mode::Time } else { Mode::Challenge },
            challenge_hash: right.challenge_hash,
            tag,
            wall: now.wall,
            boottime: micros(now.boottime),
            boot_id: now.boot_id.clone(),
            used: 0,
            counted: (micros(now.boottime), now.boot_id.clone()),
            deadline: right.deadline,
            ended: false,
        };
        let record = Record { base: record.counter, last_step: record.last_step.max(step), ..record };
        let user = person.user;
        self.challenges.0.remove(&user);
        self.vault.commit_with(user, record, |state, mac| {
            end(state, mac, user, record.counter, &now)?;
            append(state, mac, activation.eid, &activation.entry(Kind::Activated, record.counter, &now))?;
            let person = state.person_mut(user).ok_or(Fault::Corrupt("state"))?;
            (person.activation, person.rotate) = (Some(activation), true);
            Ok(())
        })?;
        let look = self.clock.read();
        if let Some(until) =
            self.access_at(&look, person.os_uid, &person.login).filter(|_| self.still_holds(right, &look))
        {
            return Ok(Outcome::Opened { until, again: false });
        }
        self.vault.change(|state, mac| end(state, mac, user, record.counter, &look))?;
        Ok(Refused::of(RefusalWord::Expired).into())
    }

    fn open_again(&mut self, person: &Person, record: Record) -> Result<Outcome, Fault> {
        let judged = self.clock.read();
        let record = Record { base: record.counter, ..record };
        let user = person.user;
        self.vault.commit_with(user, record, |state, mac| {
            let live =
                state.person_mut(user).and_then(|person| person.live().cloned()).ok_or(Fault::Corrupt("state"))?;
            append(state, mac, live.eid, &live.entry(Kind::Reused, record.counter, &judged))
        })?;
        let look = self.clock.read();
        let prompt = passed(&judged, &look).is_some_and(|passed| passed <= LONGEST_PAUSE);
        Ok(match self.access_at(&look, person.os_uid, &person.login).filter(|_| prompt) {
            Some(until) => Outcome::Opened { until, again: true },
            None => Refused::of(RefusalWord::AccessEnded).into(),
        })
    }

    /// The last look: little time passed since the PIN was found right, and it would still be.
    fn still_holds(&self, right: &Right, now: &Reading) -> bool {
        let prompt = passed(&right.judged, now).is_some_and(|passed| passed <= LONGEST_PAUSE);
        prompt
            && match &right.look_again {
                LookAgain::Challenge(shown) => shown.is_alive(now),
                LookAgain::Granted => true,
                LookAgain::Time(step) => {
                    self.trusted(now).is_some_and(|time| drp1::is_in_time(*step, time.now, time.tolerance))
                }
            }
    }

    /// Remembers and reports a failure, and locks after too many.
    fn count_failure(&mut self, person: &Person, record: Record, wrong: Wrong) -> Result<Outcome, Fault> {
        let (user, failures) = (person.user, record.failures());
        let now = self.clock.read();
        let high = self.present(&now);
        let lock =
            (failures.is_multiple_of(FAILURES_TO_LOCK) && failures != HARD_LOCK).then(|| high.plus(lock(failures)));
        let last_step = record.last_step.max(wrong.burn.unwrap_or(0));
        let record = Record { last_step, locked_until: lock.unwrap_or(record.locked_until), ..record };
        let Some(eid) = person.accepted().next().map(|newest| newest.eid) else {
            return Ok(Refused::of(RefusalWord::NotRegistered).into());
        };
        self.vault.commit_with(user, record, |state, mac| {
            let newest = state.person_mut(user).and_then(|person| person.generations.first_mut());
            if let Some(newest) = newest.filter(|_| wrong.mode == Mode::Challenge) {
                newest.wrong_responses += 1;
            }
            let entry = |kind| Entry {
                kind,
                mode: wrong.mode,
                step: wrong.step,
                challenge_hash: wrong.challenge_hash,
                wall: not_before_1970(now.wall),
                boottime: micros(now.boottime),
                boot_id: now.boot_id.clone(),
                counter: record.counter,
            };
            append(state, mac, eid, &entry(Kind::Failed))?;
            if lock.is_some() || failures == HARD_LOCK {
                append(state, mac, eid, &entry(Kind::Locked))?;
            }
            Ok(())
        })?;
        Ok(match lock {
            Some(until) => Refused::locked(until).into(),
            None if failures == HARD_LOCK => Refused::of(RefusalWord::HardLocked).into(),
            None => wrong.refused.into(),
        })
    }

    fn trusted(&self, reading: &Reading) -> Option<Trusted> {
        self.vault.state().time.as_ref().and_then(|time| time.trusted(reading).ok())
    }

    fn with<T>(
        &self,
        person: &Person,
        generation: &Generation,
        compute: impl FnOnce(&drp1::Generation<'_>) -> Result<T, KeyFault>,
    ) -> Result<T, Fault> {
        let identity = self.vault.state().device.as_ref().ok_or(Fault::NotEnrolled)?;
        let (seed, context) = (generation.seed(), generation.context(identity, person.user)?);
        let mac: &dyn Mac = self.vault.mac();
        Ok(compute(&drp1::Generation { mac, seed: &seed, context: &context })?)
    }
}

/// How long nobody may try after so many failures.
fn lock(failures: u64) -> Duration {
    let doublings = u32::try_from(failures / FAILURES_TO_LOCK).unwrap_or(u32::MAX).saturating_sub(1).min(16);
    (FIRST_LOCK * 2_u32.pow(doublings)).min(LONGEST_LOCK)
}

/// Carries the mark of time to a reading.
fn carry(state: &mut State, reading: Reading) -> Timestamp {
    let time = state.time.get_or_insert_with(|| TimeState::new(reading.clone()));
    time.tick(reading);
    time.high()
}

/// The time between two readings by a clock that counts sleep; nothing where they are of two boots.
fn passed(from: &Reading, to: &Reading) -> Option<Duration> {
    to.boottime.checked_sub(from.boottime).filter(|_| from.boot_id == to.boot_id)
}

#[cfg(test)]
pub(crate) mod tests;
