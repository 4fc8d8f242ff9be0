//! Steps 3 to 5: what an entry is worth. First the PIN in use, then the server's word, then challenge and clock.

use postern_codes::clock::{Reading, Trusted};
use postern_codes::drp1::{Judged, Pin};
use postern_codes::id::RecoveryEnrolment;
use postern_codes::mac::equal;
use postern_codes::report::Mode;
use postern_codes::{Id, Timestamp};
use postern_wire::Bytes;
use postern_wire::form::{Text, Whole};
use postern_wire::recovery::{Binding, ConfirmRequest, DenyReason, VerdictClaims};
use postern_wire::settings::RecoveryMode;
use postern_wire::socket::{ChallengeReason, RefusalWord};

use super::challenge::Shown;
use super::{Confirm, Confirmed, Door, HARD_LOCK, Outcome, Refused};
use crate::state::{Generation, Person, Record};
use crate::vault::Fault;

/// A PIN that was found right.
pub(super) struct Right {
    pub(super) eid: Id<RecoveryEnrolment>,
    pub(super) step: Option<u64>,
    pub(super) challenge_hash: Option<[u8; 32]>,
    pub(super) deadline: Option<Timestamp>,
    /// When it was found right.
    pub(super) judged: Reading,
    pub(super) look_again: LookAgain,
}

/// What must still hold when the door opens.
pub(super) enum LookAgain {
    /// The challenge is alive.
    Challenge(Shown),
    /// Nothing but that no time passed: the server vouches.
    Granted,
    /// The step's two minutes are not over.
    Time(u64),
}

pub(super) enum Judgement {
    Again,
    Right(Right),
    /// Nobody judged it, so it was no attempt.
    NotJudged(Outcome),
    Wrong(Wrong),
}

/// A PIN that was found wrong, and what is remembered of it.
pub(super) struct Wrong {
    pub(super) refused: Refused,
    pub(super) mode: Mode,
    pub(super) step: Option<u64>,
    pub(super) challenge_hash: Option<[u8; 32]>,
    /// The step that must never be accepted any more, where the server named one.
    pub(super) burn: Option<u64>,
}

impl Wrong {
    pub(super) const fn by_time(word: RefusalWord, step: Option<u64>) -> Self {
        Self { refused: Refused::of(word), mode: Mode::Time, step, challenge_hash: None, burn: None }
    }
}

impl Door<'_> {
    pub(super) fn judge(
        &mut self,
        person: &Person,
        pin: &Pin,
        record: Record,
        may_activate: bool,
        server: Option<&mut dyn Confirm>,
    ) -> Result<Judgement, Fault> {
        // The charge of this attempt does not count against itself.
        let before = Record { counter: record.counter - 1, ..record };
        if before.failures() < HARD_LOCK && self.is_last_used(person, pin)? {
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
        let refuses = |word| Refused { detail: Some(word), ..Refused::of(RefusalWord::ServerRefuses) };
        let mut unknown = None;
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
                Confirmed::Refused(word) if word == "enrolment_unknown" && !generation.done => {
                    unknown = Some(word);
                    continue;
                }
                Confirmed::Refused(word) => return Ok(Some(Judgement::NotJudged(refuses(word).into()))),
                Confirmed::Verdict(verdict) => verdict,
            };
            let ours = verdict.nonce == request.nonce && verdict.eid == request.eid;
            if !ours || verdict.generation != request.generation {
                return Ok(None);
            }
            return self.obey(person, generation, pin, record, &verdict).map(Some);
        }
        Ok(unknown.map(|word| Judgement::NotJudged(refuses(word).into())))
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
        if let Some(shown) = self.challenges.0.get_mut(&person.user).filter(|_| challenge_hash.is_some()) {
            shown.tries += 1;
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
            (None, Some(time)) => self.judged_step(person, pin, time)?,
            (step, _) => step,
        };
        let refused = Refused::of(word);
        Ok(Judgement::Wrong(match challenge_hash {
            Some(_) => Wrong { refused, mode: Mode::Challenge, step: None, challenge_hash, burn },
            None => Wrong { burn, ..Wrong::by_time(word, step.or(burn)) },
        }))
    }

    /// The newest step that an entry belongs to by this computer's own reckoning, of whichever generation.
    fn judged_step(&self, person: &Person, pin: &Pin, time: Trusted) -> Result<Option<u64>, Fault> {
        let mut newest = None;
        for generation in person.accepted() {
            match self.with(person, generation, |key| key.judge(pin, time.now, time.tolerance, 0))? {
                Judged::Fresh(step) | Judged::Spent(step) | Judged::TooOld(step) => newest = newest.max(Some(step)),
                Judged::NoMatch => {}
            }
        }
        Ok(newest)
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

    /// Why a time PIN cannot be judged now, if so.
    pub(super) fn challenge_reason(&self, record: Record, reading: &Reading) -> Option<ChallengeReason> {
        match (self.settings.recovery_mode, self.binding) {
            _ if record.failures() >= HARD_LOCK => return Some(ChallengeReason::HardLock),
            (RecoveryMode::Challenge, _) => return Some(ChallengeReason::Policy),
            (RecoveryMode::Auto, Binding::Soft) => return Some(ChallengeReason::SoftBinding),
            (RecoveryMode::Time, _) | (RecoveryMode::Auto, Binding::Se | Binding::Tpm) => {}
        }
        self.trusted(reading).is_none().then_some(ChallengeReason::Clock)
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
}
