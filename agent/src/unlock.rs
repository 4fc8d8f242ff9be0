//! Whether a recovery PIN opens this computer: the rule of the device, step by step, as a story.
//!
//! An attempt is charged before it is judged, a success is written down before the door opens, and a last look at the
//! clock comes after that; so a power cut anywhere costs the person an attempt or a PIN, and never opens twice. That the
//! person sits at the computer and gave the right password is the caller's to know.
//!
//! | function | step of the protocol |
//! | --- | --- |
//! | [`Door::enter`] | the story itself |
//! | `slip` | 0: a mistyped entry is no attempt |
//! | `barred` | 1: locks |
//! | `judge` | 3 to 5: the PIN in use, then the server, then challenge and clock |
//! | `open` | 6 and 7: commit, look again |
//! | [`Door::challenge`], [`Door::tick`], [`Door::beacon`], [`Door::retire`] | what else moves the state |

use std::collections::HashMap;
use std::time::Duration;

use postern_codes::clock::{Reading, TimeState, TooSlow, Trusted};
use postern_codes::drp1::{self, Challenge, ISSUE_LIFE, Judged, Pin};
use postern_codes::id::{RecoveryEnrolment, User};
use postern_codes::mac::{KeyFault, Mac, equal};
use postern_codes::report::{Entry, Kind, Mode};
use postern_codes::{Env, Id, Timestamp};
use postern_wire::Bytes;
use postern_wire::form::{Text, Whole};
use postern_wire::recovery::{Binding, ConfirmRequest, DenyReason, VerdictClaims};
use postern_wire::settings::{DeviceSettings, RecoveryMode};
use postern_wire::socket::{ChallengeReason, RefusalWord};

use crate::clock::Clock;
use crate::state::{Activation, Generation, Person, Record, State, append};
use crate::vault::{Counter as _, Fault, Vault};

/// So many failures lock for a while, each time for twice as long.
const FAILURES_TO_LOCK: u64 = 5;
const FIRST_LOCK: Duration = Duration::from_mins(5);
const LONGEST_LOCK: Duration = Duration::from_hours(24);
/// So many failures end time PINs until a challenge or the server helps.
const HARD_LOCK: u64 = 20;
const SLIPS_AN_HOUR: u32 = 30;
const CHALLENGES_AN_HOUR: u32 = 10;
const TRIES_A_CHALLENGE: u8 = 3;
const WRONG_RESPONSES: u32 = 50;
/// Between judging and opening; a computer that slept in between must not open.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A wall clock this far before the activation was set back.
const WALL_SLACK: Duration = Duration::from_mins(1);

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

/// The challenges on screens: in memory alone, one a person, so that none outlives the agent.
#[derive(Debug, Default)]
pub struct Challenges(HashMap<Id<User>, Shown>);

#[derive(Debug, Clone)]
struct Shown {
    challenge: Challenge,
    at: Reading,
    tries: u8,
}

impl Shown {
    /// Whether it is still good, by a clock that counts sleep.
    fn is_alive(&self, now: &Reading) -> bool {
        self.tries < TRIES_A_CHALLENGE && passed(&self.at, now).is_some_and(|passed| passed <= ISSUE_LIFE)
    }
}

/// A challenge for the screen.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Displayed {
    /// These nine digits, for this long.
    Digits(Challenge, Duration),
    /// None can be shown.
    Refused(Refused),
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

/// A PIN that was found right.
struct Right {
    eid: Id<RecoveryEnrolment>,
    step: Option<u64>,
    challenge_hash: Option<[u8; 32]>,
    deadline: Option<Timestamp>,
    /// When it was found right.
    judged: Reading,
    look_again: LookAgain,
}

/// What must still hold when the door opens.
enum LookAgain {
    /// The challenge is alive.
    Challenge(Shown),
    /// Nothing but that no time passed: the server vouches.
    Granted,
    /// The step's two minutes are not over.
    Time(u64),
}

enum Judgement {
    Again,
    Right(Right),
    /// Nobody judged it, so it was no attempt.
    NotJudged(Outcome),
    Wrong(Wrong),
}

/// A PIN that was found wrong, and what is remembered of it.
struct Wrong {
    refused: Refused,
    mode: Mode,
    step: Option<u64>,
    challenge_hash: Option<[u8; 32]>,
    /// The step that must never be accepted any more, where the server named one.
    burn: Option<u64>,
}

impl Wrong {
    const fn by_time(word: RefusalWord, step: Option<u64>) -> Self {
        Self { refused: Refused::of(word), mode: Mode::Time, step, challenge_hash: None, burn: None }
    }
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
            Judgement::Right(right) => self.open(&person, &pin, record, right),
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

    /// Nine new digits for the screen; those that were there are over.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn challenge(&mut self, who: Who<'_>) -> Result<Displayed, Fault> {
        let now = self.take_time()?;
        let Some(person) = self.vault.state().person(who.os_uid, who.login) else {
            return Ok(Displayed::Refused(Refused::of(RefusalWord::NotRegistered)));
        };
        let (user, wrong) = (person.user, person.generations.first().map_or(0, |newest| newest.wrong_responses));
        let record = self.vault.record(user)?;
        if now < record.locked_until {
            return Ok(Displayed::Refused(Refused::locked(record.locked_until)));
        }
        if wrong >= WRONG_RESPONSES {
            return Ok(Displayed::Refused(Refused::of(RefusalWord::HardLocked)));
        }
        let counted = self.vault.change(|state, _| {
            let person = state.person_mut(user).ok_or(Fault::Corrupt("state"))?;
            Ok(person.displays.count(now, CHALLENGES_AN_HOUR))
        })?;
        if let Err(until) = counted {
            return Ok(Displayed::Refused(Refused::locked(until)));
        }
        let challenge = Challenge::new(self.env);
        let shown = Shown { challenge: challenge.clone(), at: self.clock.read(), tries: 0 };
        self.challenges.0.insert(user, shown);
        Ok(Displayed::Digits(challenge, ISSUE_LIFE))
    }

    /// Takes note of the clocks and ends what is over: every 30 seconds, at every start and wake. Answers with the OS
    /// accounts whose access ended now.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn tick(&mut self) -> Result<Vec<u32>, Fault> {
        self.take_time()?;
        let (reading, minutes) = (self.clock.read(), self.settings.recovery_pin_minutes.get());
        self.vault.change(|state, mac| {
            let mut over = Vec::new();
            let high = state.time.as_ref().map_or(reading.wall, TimeState::high);
            for person in state.people.clone() {
                let Some(mut activation) = person.live().cloned() else { continue };
                activation.count(&reading);
                let ended = activation.remaining(&reading, high, minutes).is_none();
                if let Some(person) = state.person_mut(person.user) {
                    person.activation = Some(activation);
                }
                if ended {
                    end(state, mac, person.user, &reading)?;
                    over.push(person.os_uid);
                }
            }
            Ok(over)
        })
    }

    /// Until when a person's access by a PIN lasts, if there is any.
    pub fn access(&self, os_uid: u32, login: &str) -> Option<Timestamp> {
        self.access_at(&self.clock.read(), os_uid, login)
    }

    /// Takes the server's signed time, asked for at `sent`.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written; a beacon that came too late is the value [`TooSlow`].
    pub fn beacon(&mut self, time: Timestamp, sent: &Reading) -> Result<Result<(), TooSlow>, Fault> {
        let before = self.take_time()?;
        let received = self.clock.read();
        let taken = self.vault.change(|state, _| {
            state.last_contact = Some(time);
            let known = state.time.as_mut().ok_or(Fault::Corrupt("state"))?;
            Ok(known.beacon(time, sent, received))
        })?;
        // A mark that falls takes the locks that were reckoned by it along.
        let fell = before.since(time);
        if taken.is_ok() && !fell.is_zero() {
            let people: Vec<_> = self.vault.state().people.iter().map(|person| person.user).collect();
            for user in people {
                let record = self.vault.record(user)?;
                self.vault.commit(user, Record { locked_until: record.locked_until.minus(fell), ..record })?;
            }
        }
        Ok(taken)
    }

    /// Forgets a generation that the server retired, and ends its access now. Answers with the OS account whose access
    /// ended.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn retire(&mut self, eid: Id<RecoveryEnrolment>) -> Result<Option<u32>, Fault> {
        self.take_time()?;
        let reading = self.clock.read();
        self.vault.change(|state, mac| {
            let Some((user, os_uid)) = state.generation(eid).map(|(person, _)| (person.user, person.os_uid)) else {
                return Ok(None);
            };
            let live = state.person_mut(user).and_then(|person| person.live()).is_some_and(|live| live.eid == eid);
            if live {
                end(state, mac, user, &reading)?;
            }
            let State { people, farewells, .. } = state;
            for person in people.iter_mut() {
                farewells.extend(person.generations.extract_if(.., |g| g.eid == eid).map(|g| g.outbox));
                person.activation = person.activation.take().filter(|activation| activation.eid != eid);
            }
            people.retain(|person| !person.generations.is_empty());
            farewells.retain(|outbox| !outbox.unsent.is_empty());
            Ok(live.then_some(os_uid))
        })
    }

    fn access_at(&self, reading: &Reading, os_uid: u32, login: &str) -> Option<Timestamp> {
        let mut activation = self.vault.state().person(os_uid, login)?.live()?.clone();
        activation.count(reading);
        let minutes = self.settings.recovery_pin_minutes.get();
        let left = activation.remaining(reading, self.present(reading), minutes)?;
        Some(reading.wall.plus(left))
    }

    /// Carries the mark of time, and answers with it.
    fn take_time(&mut self) -> Result<Timestamp, Fault> {
        let reading = self.clock.read();
        self.vault.change(|state, _| Ok(carry(state, reading)))
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

    fn judge(
        &mut self,
        person: &Person,
        pin: &Pin,
        record: Record,
        may_activate: bool,
        server: Option<&mut dyn Confirm>,
    ) -> Result<Judgement, Fault> {
        let known = self.is_last_used(person, pin)?;
        if known {
            let over = Wrong::by_time(RefusalWord::AccessEnded, person.activation.as_ref().map(|used| used.step));
            return Ok(if self.access(person.os_uid, &person.login).is_some() {
                Judgement::Again
            } else {
                Judgement::Wrong(over)
            });
        }
        if !may_activate {
            return Ok(Judgement::Wrong(Wrong::by_time(RefusalWord::NotHere, None)));
        }
        if let Some(judgement) = self.ask(person, pin, record, server)? {
            return Ok(judgement);
        }
        if !self.settings.offline_login {
            return Ok(Judgement::NotJudged(Refused::of(RefusalWord::Offline).into()));
        }
        if let Some(shown) = self.shown(person) {
            return self.judge_response(person, pin, shown);
        }
        // The charge of this attempt does not count against itself.
        let before = Record { counter: record.counter - 1, ..record };
        let reading = self.clock.read();
        match self.challenge_reason(before, &reading) {
            Some(reason) => Ok(Judgement::NotJudged(Outcome::ShowChallenge(reason))),
            None => self.judge_time(person, pin, record, reading),
        }
    }

    /// The server's verdict, if it has one: of the newest generation, or of the one before while a rotation is under way.
    fn ask(
        &mut self,
        person: &Person,
        pin: &Pin,
        record: Record,
        server: Option<&mut dyn Confirm>,
    ) -> Result<Option<Judgement>, Fault> {
        let Some(server) = server else { return Ok(None) };
        for generation in person.accepted() {
            let nonce: [u8; 16] = self.env.bytes();
            let tag = self.with(person, generation, |key| key.confirm_mac(&nonce, pin))?;
            let request = ConfirmRequest {
                eid: Text::new(generation.eid.as_str()).ok_or(Fault::Corrupt("state"))?,
                generation: Whole::from(generation.number),
                nonce: Bytes(nonce),
                mac: Bytes(tag),
            };
            let verdict = match server.confirm(&request) {
                Confirmed::Unreachable => return Ok(None),
                Confirmed::Refused(word) if word == "enrolment_unknown" && !generation.done => continue,
                Confirmed::Refused(word) => {
                    let refused = Refused { detail: Some(word), ..Refused::of(RefusalWord::ServerRefuses) };
                    return Ok(Some(Judgement::NotJudged(refused.into())));
                }
                Confirmed::Verdict(verdict) => verdict,
            };
            let ours = verdict.nonce == request.nonce && verdict.eid == request.eid;
            if !ours || verdict.generation != request.generation {
                return Ok(None);
            }
            return self.obey(person, generation, pin, record, &verdict).map(Some);
        }
        Ok(None)
    }

    /// A grant opens, unless this computer knows the step as used; a denial is final for its step.
    fn obey(
        &mut self,
        person: &Person,
        generation: &Generation,
        pin: &Pin,
        record: Record,
        verdict: &VerdictClaims,
    ) -> Result<Judgement, Fault> {
        let judged = self.clock.read();
        let step = verdict.step.map(Whole::get);
        let shown = self.shown(person);
        let challenge_hash = shown.filter(|_| step.is_none()).map(|shown| shown.challenge.hash());
        if verdict.granted && step.is_none_or(|step| step > record.last_step) {
            let deadline = verdict.deadline.map(|deadline| Timestamp::from_micros(deadline.signed()));
            let right =
                Right { eid: generation.eid, step, challenge_hash, deadline, judged, look_again: LookAgain::Granted };
            return Ok(Judgement::Right(right));
        }
        let word = match verdict.reason {
            _ if verdict.granted => RefusalWord::AlreadyUsed,
            Some(DenyReason::AlreadyUsed) => RefusalWord::AlreadyUsed,
            Some(DenyReason::Expired) => RefusalWord::Expired,
            Some(DenyReason::Revoked) => RefusalWord::Revoked,
            Some(DenyReason::Superseded) => RefusalWord::Superseded,
            Some(DenyReason::NoMatch) | None => RefusalWord::Wrong,
        };
        let burn = match (step, self.trusted(&judged)) {
            (None, Some(time)) => self.judged_step(person, generation, pin, time)?,
            (step, _) => step,
        };
        Ok(Judgement::Wrong(Wrong { burn, challenge_hash, ..Wrong::by_time(word, step.or(burn)) }))
    }

    /// The step that an entry belongs to by this computer's own reckoning.
    fn judged_step(
        &self,
        person: &Person,
        generation: &Generation,
        pin: &Pin,
        time: Trusted,
    ) -> Result<Option<u64>, Fault> {
        Ok(match self.with(person, generation, |key| key.judge(pin, time.now, time.tolerance, 0))? {
            Judged::Fresh(step) | Judged::Spent(step) | Judged::TooOld(step) => Some(step),
            Judged::NoMatch => None,
        })
    }

    fn judge_response(&mut self, person: &Person, pin: &Pin, shown: Shown) -> Result<Judgement, Fault> {
        if let Some(shown) = self.challenges.0.get_mut(&person.user) {
            shown.tries += 1;
        }
        let (judged, challenge_hash) = (self.clock.read(), Some(shown.challenge.hash()));
        for generation in person.accepted() {
            if self.with(person, generation, |key| key.challenge_pin(&shown.challenge))?.is(pin) {
                self.challenges.0.remove(&person.user);
                let look_again = LookAgain::Challenge(shown);
                let right =
                    Right { eid: generation.eid, step: None, challenge_hash, deadline: None, judged, look_again };
                return Ok(Judgement::Right(right));
            }
        }
        let refused = Refused::of(RefusalWord::Wrong);
        Ok(Judgement::Wrong(Wrong { refused, mode: Mode::Challenge, step: None, challenge_hash, burn: None }))
    }

    fn judge_time(&mut self, person: &Person, pin: &Pin, record: Record, judged: Reading) -> Result<Judgement, Fault> {
        let Some(time) = self.trusted(&judged) else {
            return Ok(Judgement::NotJudged(Outcome::ShowChallenge(ChallengeReason::Clock)));
        };
        let mut best = Wrong::by_time(RefusalWord::Wrong, None);
        for generation in person.accepted() {
            match self.with(person, generation, |key| key.judge(pin, time.now, time.tolerance, record.last_step))? {
                Judged::Fresh(step) => {
                    let (step, look_again) = (Some(step), LookAgain::Time(step));
                    let right =
                        Right { eid: generation.eid, step, challenge_hash: None, deadline: None, judged, look_again };
                    return Ok(Judgement::Right(right));
                }
                Judged::NoMatch => {}
                Judged::Spent(step) => best = Wrong::by_time(RefusalWord::AlreadyUsed, Some(step)),
                Judged::TooOld(step) => best = Wrong::by_time(RefusalWord::Expired, Some(step)),
            }
        }
        Ok(Judgement::Wrong(best))
    }

    /// Writes down that the PIN is used, looks again, and only then opens.
    fn open(&mut self, person: &Person, pin: &Pin, record: Record, right: Right) -> Result<Outcome, Fault> {
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
            end(state, mac, user, &now)?;
            append(state, mac, activation.eid, &activation.entry(Kind::Activated, record.counter, &now))?;
            let person = state.person_mut(user).ok_or(Fault::Corrupt("state"))?;
            (person.activation, person.rotate) = (Some(activation), true);
            Ok(())
        })?;
        let look = self.clock.read();
        if let Some(until) =
            self.access_at(&look, person.os_uid, &person.login).filter(|_| self.still_holds(&right, &look))
        {
            return Ok(Outcome::Opened { until, again: false });
        }
        self.vault.change(|state, mac| end(state, mac, user, &look))?;
        Ok(Refused::of(RefusalWord::Expired).into())
    }

    fn open_again(&mut self, person: &Person, record: Record) -> Result<Outcome, Fault> {
        let judged = self.clock.read();
        let record = Record { base: record.counter, ..record };
        let user = person.user;
        self.vault.commit_with(user, record, |state, mac| {
            let used =
                state.person_mut(user).and_then(|person| person.live().cloned()).ok_or(Fault::Corrupt("state"))?;
            append(state, mac, used.eid, &used.entry(Kind::Reused, record.counter, &judged))
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

    /// Why a time PIN cannot be judged now, if so.
    fn challenge_reason(&self, record: Record, reading: &Reading) -> Option<ChallengeReason> {
        match (self.settings.recovery_mode, self.binding) {
            _ if record.failures() >= HARD_LOCK => return Some(ChallengeReason::HardLock),
            (RecoveryMode::Challenge, _) => return Some(ChallengeReason::Policy),
            (RecoveryMode::Auto, Binding::Soft) => return Some(ChallengeReason::SoftBinding),
            (RecoveryMode::Time, _) | (RecoveryMode::Auto, Binding::Se | Binding::Tpm) => {}
        }
        self.trusted(reading).is_none().then_some(ChallengeReason::Clock)
    }

    fn trusted(&self, reading: &Reading) -> Option<Trusted> {
        self.vault.state().time.as_ref().and_then(|time| time.trusted(reading).ok())
    }

    fn shown(&self, person: &Person) -> Option<Shown> {
        let now = self.clock.read();
        self.challenges.0.get(&person.user).filter(|shown| shown.is_alive(&now)).cloned()
    }

    /// Whether the entry is the PIN that was accepted last, in use or over.
    fn is_last_used(&self, person: &Person, pin: &Pin) -> Result<bool, Fault> {
        let Some(used) = &person.activation else { return Ok(false) };
        let Some(generation) = person.accepted().find(|generation| generation.eid == used.eid) else {
            return Ok(false);
        };
        let tag = self.with(person, generation, |key| key.activation_mac(used.step, pin))?;
        Ok(equal(&tag, &used.tag))
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

impl Activation {
    /// How long it still lasts, unless one of its limits is reached: wall clock, time since boot, powered-on time, and the
    /// server's deadline.
    fn remaining(&self, now: &Reading, high: Timestamp, minutes: u32) -> Option<Duration> {
        if now.wall < self.wall.minus(WALL_SLACK) {
            return None;
        }
        let duration = Duration::from_mins(u64::from(minutes));
        let since_boot =
            if now.boot_id == self.boot_id { micros(now.boottime).saturating_sub(self.boottime) } else { 0 };
        let elapsed = [now.wall.since(self.wall), Duration::from_micros(since_boot), Duration::from_micros(self.used)];
        let left = elapsed.into_iter().map(|elapsed| duration.saturating_sub(elapsed)).min()?;
        let granted = self.deadline.map_or(left, |deadline| deadline.since(high));
        Some(left.min(granted)).filter(|left| !left.is_zero())
    }

    /// Adds the powered-on time since it was last counted; after a restart, all of it since the start.
    fn count(&mut self, now: &Reading) {
        let boottime = micros(now.boottime);
        let (counted, boot_id) = &self.counted;
        self.used += if *boot_id == now.boot_id { boottime.saturating_sub(*counted) } else { boottime };
        self.counted = (boottime, now.boot_id.clone());
    }

    fn entry(&self, kind: Kind, counter: u64, now: &Reading) -> Entry {
        Entry {
            kind,
            mode: self.mode,
            step: (self.mode == Mode::Time).then_some(self.step),
            challenge_hash: self.challenge_hash,
            wall: not_before_1970(now.wall),
            boottime: micros(now.boottime),
            boot_id: now.boot_id.clone(),
            counter,
        }
    }
}

/// Carries the mark of time to a reading.
fn carry(state: &mut State, reading: Reading) -> Timestamp {
    let time = state.time.get_or_insert_with(|| TimeState::new(reading.clone()));
    time.tick(reading);
    time.high()
}

/// Ends a person's access by a PIN, if there is any, and reports it.
fn end(state: &mut State, mac: &dyn Mac, user: Id<User>, now: &Reading) -> Result<(), Fault> {
    let counter = state.records.get(user.as_str()).map_or(0, |record| record.counter);
    let Some(live) = state.person_mut(user).and_then(|person| person.activation.as_mut()).filter(|used| !used.ended)
    else {
        return Ok(());
    };
    live.ended = true;
    let (eid, entry) = (live.eid, live.entry(Kind::Ended, counter, now));
    append(state, mac, eid, &entry)
}

/// How long nobody may try after so many failures.
fn lock(failures: u64) -> Duration {
    let doublings = u32::try_from(failures / FAILURES_TO_LOCK).unwrap_or(u32::MAX).saturating_sub(1).min(16);
    (FIRST_LOCK * 2_u32.pow(doublings)).min(LONGEST_LOCK)
}

/// The time between two readings by a clock that counts sleep; nothing where they are of two boots.
fn passed(from: &Reading, to: &Reading) -> Option<Duration> {
    to.boottime.checked_sub(from.boottime).filter(|_| from.boot_id == to.boot_id)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// A report holds no negative number; a wall clock before 1970 is told as 1970.
fn not_before_1970(wall: Timestamp) -> Timestamp {
    wall.max(Timestamp::default())
}

#[cfg(test)]
pub(crate) mod tests;
