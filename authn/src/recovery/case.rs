//! The recovery case: what a help desk does for somebody who cannot come in, one step at a time.
//!
//! ```text
//!   OPEN --> VERIFYING --> VERIFIED --> ACTING --> AWAITING_ENROLMENT --> CLOSED
//!     |          |             |           |                 |              |
//!     +----------+-------------+-----------+-----------------+--------------+--> INCIDENT --> (restored) --> CLOSED
//!     +----------+-------------+---> REFUSED
//!     +----------+-------------+---> ESCALATED --(taken by somebody of that role)--> VERIFYING
//! ```
//!
//! A case keeps what was found and by whom; what may be done follows from that, every time anew, by [`Case::decide`].
//! There is no other way to an action: [`Case::act`] asks it, and whoever carries the action out needs the [`Done`] that
//! it gives back. What only takes access away needs no evidence, only an agent who may touch the person.
//!
//! Two people are two people: whoever approves is not the agent, not the person, and saw none of the evidence that they
//! approve. Whoever escalated a case is out of it, with the evidence that rests on their word.

use std::collections::BTreeSet;
use std::time::Duration;

use postern_codes::id::{RecoveryCase, User};
use postern_codes::{Env, Id, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::Action;
use super::evidence::{self, Kind, NotEvidence, Seen, Witness};
use super::rules::{AfterReset, Requirement, Rules, Weight};
use crate::device::words;

/// Most characters of a reason, ticket, note or report.
pub const LONGEST_TEXT: usize = 2_000;

words! {
    /// Where a case stands.
    Stage {
        /// Something was done that gives access.
        Acting "ACTING",
        /// The person must enrol again.
        AwaitingEnrolment "AWAITING_ENROLMENT",
        /// It is over.
        Closed "CLOSED",
        /// Somebody of a named role must take it.
        Escalated "ESCALATED",
        /// The wrong one was let in, or may have been.
        Incident "INCIDENT",
        /// Nothing was found yet.
        Open "OPEN",
        /// The agent, or the person, said no.
        Refused "REFUSED",
        /// There is evidence enough for something.
        Verified "VERIFIED",
        /// There is some evidence.
        Verifying "VERIFYING",
    }
}

impl Stage {
    /// Whether it is still being worked on.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Acting
            | Self::AwaitingEnrolment
            | Self::Escalated
            | Self::Incident
            | Self::Open
            | Self::Verified
            | Self::Verifying => true,
            Self::Closed | Self::Refused => false,
        }
    }
}

/// A recovery case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Its id.
    pub id: Id<RecoveryCase>,
    /// What it is called on the telephone: one more than the one before it in the organisation.
    pub number: u64,
    /// Rises with each change.
    pub version: u64,
    /// What person and agent read out to one another.
    pub words: Words,
    /// Whom it is about.
    pub person: Id<User>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Who opened it: the person, or an agent.
    pub opened_by: Id<User>,
    /// Where it stands.
    pub stage: Stage,
    /// Whose it is now; nobody's, where the person opened it or it was escalated.
    pub agent: Option<Id<User>>,
    /// Who may not act in it any more.
    pub barred: BTreeSet<Id<User>>,
    /// Whether an agent said that the caller presses them.
    pub is_pressed: bool,
    /// What was found.
    pub evidence: Vec<Found>,
    /// Who approved what.
    pub approvals: Vec<Approval>,
    /// What was done.
    pub done: Vec<Done>,
    /// Until when the person must have enrolled, where they need no ticket for it.
    pub enrol_until: Option<Timestamp>,
    /// Why it was refused or escalated, and what was written down.
    pub remarks: Vec<Remark>,
    /// Whose word is asked for, where a manager's is.
    #[serde(default)]
    pub manager_asked: Option<Id<User>>,
    /// Which role it was escalated to.
    pub escalated_to: Option<String>,
    /// What is known of a wrong one who was let in.
    pub incident: Option<Incident>,
}

/// What person and agent read out to one another from their own screens. It proves that both look at this case, and is no
/// evidence of who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What the agent says.
    pub agent: String,
    /// What the person answers.
    pub person: String,
}

impl Words {
    /// Another pair: four digits each, never the same.
    pub fn new(env: &Env) -> Self {
        let digits = || (0..4).map(|_| char::from(b'0' + env.below(10))).collect::<String>();
        let agent = digits();
        let person = std::iter::repeat_with(digits).find(|person| *person != agent).unwrap_or_default();
        Self { agent, person }
    }
}

/// Evidence that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Which type.
    pub kind: Kind,
    /// What is kept of it.
    pub finding: Value,
    /// On whose word; nobody's, where the system saw it.
    pub by: Option<Id<User>>,
    /// When.
    pub at: Timestamp,
}

/// Somebody else agrees that something be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What.
    pub action: Action,
    /// Who.
    pub by: Id<User>,
    /// When.
    pub at: Timestamp,
}

/// Something was done. It is made where everything that it needs was there; whoever carries an action out needs it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// What.
    pub action: Action,
    /// Who.
    pub by: Id<User>,
    /// Who approved it.
    pub approved_by: Vec<Id<User>>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The ticket elsewhere.
    pub ticket: String,
}

/// Something that was written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// Who wrote it.
    pub by: Id<User>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// The wrong one was let in, or may have been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Who reported it.
    pub by: Id<User>,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub happened: String,
    /// How it was discovered.
    pub discovered: String,
    /// When the account was given back to its owner.
    pub restored_at: Option<Timestamp>,
    /// What is to be learnt for the process.
    pub review: Option<String>,
}

/// Somebody who does something in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub id: Id<User>,
    /// Whether the person of the case is one whom they may touch: within their scope, and not above them.
    pub reaches: bool,
    /// Whether they signed in by something that no false page can pass on.
    pub resists_phishing: bool,
    /// Whether they hold the role that the case was escalated to.
    pub is_escalated_to: bool,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What.
    pub action: Action,
    /// Why.
    pub reason: &'a str,
    /// The ticket elsewhere.
    pub ticket: &'a str,
    /// How many backup codes the person has left.
    pub codes_left: u64,
    /// Why these do not help, where there are some.
    pub why_not_codes: &'a str,
}

/// By what a case is judged.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The moment.
    pub now: Timestamp,
    /// What policy says for this person.
    pub rules: &'a Rules,
    /// Whether the person has administrator roles.
    pub is_privileged: bool,
}

/// What an action needs, and what is missing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What it needs in this case.
    pub needed: Option<Requirement>,
    /// What is missing; where nothing is, it may be done.
    pub missing: Vec<Missing>,
}

/// Something is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Approvals: how many there are, and how many there must be.
    Approvals(usize, u8),
    /// Evidence: how many types there are, how many there must be, and of which types another would count.
    Evidence(usize, u8, Vec<Kind>),
    /// A case in this stage gives no access.
    Stage(Stage),
    /// Time, in which the person may stop it: until when.
    Wait(Timestamp),
}

impl Missing {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Approvals(..) => "approvals",
            Self::Evidence(..) => "evidence",
            Self::Stage(_) => "stage",
            Self::Wait(_) => "wait",
        }
    }

    /// What is missing, in a sentence.
    pub fn meaning(&self) -> String {
        match self {
            Self::Approvals(have, need) => format!("{have} of {need} approvals by somebody else are there"),
            Self::Evidence(have, need, further) => {
                let further: Vec<_> = further.iter().map(|kind| kind.evidence().label()).collect();
                format!("{have} of {need} types of evidence are there; what counts: {}", further.join(", "))
            }
            Self::Stage(stage) => format!("the case is {stage}"),
            Self::Wait(_) => "the person has time to stop it".to_owned(),
        }
    }
}

/// Why somebody may not do something in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// They approved it already, or gathered what they would approve.
    AlreadyOneOfThem,
    /// They escalated it.
    Barred,
    /// Backup codes are left, and nobody said why they do not help.
    CodesLeft(u64),
    /// A text is missing: which.
    Empty(&'static str),
    /// What the action needs is not there.
    Missing(Vec<Missing>),
    /// Another agent has it.
    NotTheirs,
    /// It is no evidence.
    NotEvidence(NotEvidence),
    /// The account is their own.
    Oneself,
    /// The person is out of their reach.
    OutOfReach,
    /// They signed in by something that a false page could have passed on.
    Phishable,
    /// The case does not stand where this can be done.
    Stage(Stage),
}

impl Refusal {
    /// The stable word, for programs and the record.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOneOfThem => "already_one_of_them",
            Self::Barred => "barred",
            Self::CodesLeft(_) => "backup_codes_left",
            Self::Empty(_) => "text_required",
            Self::Missing(_) => "missing",
            Self::NotTheirs => "not_theirs",
            Self::NotEvidence(_) => "not_evidence",
            Self::Oneself => "oneself",
            Self::OutOfReach => "out_of_reach",
            Self::Phishable => "phishable_sign_in",
            Self::Stage(_) => "wrong_stage",
        }
    }

    /// What stands in the way, and what can be done, in a sentence.
    pub fn meaning(&self) -> String {
        match self {
            Self::AlreadyOneOfThem => {
                "whoever approves is a second person: not the agent, and nobody whose word the evidence rests on"
            }
            Self::Barred => "you handed this case on, or let somebody in by it: others go on with it",
            Self::CodesLeft(_) => {
                "the person has backup codes left: walk them through one, or say in whyNotCodes why that does not help"
            }
            Self::Empty(member) => return format!("{member}: must be 1 to {LONGEST_TEXT} characters"),
            Self::Missing(missing) => {
                let missing: Vec<_> = missing.iter().map(Missing::meaning).collect();
                return missing.join("; ");
            }
            Self::NotTheirs => "another agent has this case: take it over, or leave it to them",
            Self::NotEvidence(why) => return why.meaning(),
            Self::Oneself => "the account is your own: somebody else does this for you",
            Self::OutOfReach => "your role does not reach this person, or is not the one that the case was handed to",
            Self::Phishable => {
                "sign in by a passkey or security key, just before: what approves must not be passed on by a false page"
            }
            Self::Stage(stage) => return format!("the case is {stage}: this is not done in it any more, or not yet"),
        }
        .to_owned()
    }
}

impl Case {
    /// Opens a case for somebody: by an agent, whose it is then, or by the person.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`].
    pub fn open(number: u64, person: Id<User>, by: &Actor, env: &Env) -> Result<Self, Refusal> {
        let agent = (by.id != person).then_some(by.id);
        if agent.is_some() && !by.reaches {
            return Err(Refusal::OutOfReach);
        }
        Ok(Self {
            id: Id::new(env),
            number,
            version: 1,
            words: Words::new(env),
            person,
            opened_at: env.now,
            opened_by: by.id,
            stage: Stage::Open,
            agent,
            barred: BTreeSet::new(),
            is_pressed: false,
            evidence: Vec::new(),
            approvals: Vec::new(),
            done: Vec::new(),
            enrol_until: None,
            remarks: Vec::new(),
            manager_asked: None,
            escalated_to: None,
            incident: None,
        })
    }

    /// Takes the case over: from nobody, from another agent, or because it was escalated to one's role.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn take(&mut self, by: &Actor) -> Result<(), Refusal> {
        self.admit(by)?;
        match self.stage {
            Stage::Escalated if !by.is_escalated_to => return Err(Refusal::OutOfReach),
            Stage::Escalated => self.stage = Stage::Verifying,
            stage if !stage.is_under_way() => return Err(Refusal::Stage(stage)),
            _ => {}
        }
        self.agent = Some(by.id);
        Ok(())
    }

    /// Takes evidence that an agent writes down.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn record(
        &mut self,
        (kind, finding): (Kind, &Value),
        by: &Actor,
        facts: &evidence::Facts<'_>,
        terms: &Terms<'_>,
    ) -> Result<(), Refusal> {
        self.own(by)?;
        if kind.evidence().witness() != Witness::Agent || facts.seen.is_some() {
            return Err(Refusal::NotEvidence(NotEvidence::NotByWord));
        }
        self.keep((kind, finding), Some(by.id), facts, terms)
    }

    /// Takes evidence that the system or the manager saw.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn witness(&mut self, kind: Kind, facts: &evidence::Facts<'_>, terms: &Terms<'_>) -> Result<(), Refusal> {
        let by = match facts.seen {
            // Only who was asked, and for this case.
            Some(Seen::Manager(who)) if self.manager_asked != Some(who) => return Err(Refusal::OutOfReach),
            Some(Seen::Manager(who)) if self.agent == Some(who) => return Err(Refusal::AlreadyOneOfThem),
            Some(Seen::Manager(who)) => Some(who),
            Some(Seen::Factor(..) | Seen::Federated(..)) | None => None,
        };
        if kind.evidence().witness() == Witness::Agent {
            return Err(Refusal::NotEvidence(NotEvidence::NotByWord));
        }
        self.keep((kind, &Value::Null), by, facts, terms)?;
        if by.is_some() {
            self.manager_asked = None;
        }
        Ok(())
    }

    fn keep(
        &mut self,
        (kind, finding): (Kind, &Value),
        by: Option<Id<User>>,
        facts: &evidence::Facts<'_>,
        terms: &Terms<'_>,
    ) -> Result<(), Refusal> {
        if !self.stage.is_under_way() || self.stage == Stage::Escalated {
            return Err(Refusal::Stage(self.stage));
        }
        let finding = kind.evidence().judge(finding, facts).map_err(Refusal::NotEvidence)?;
        self.evidence.push(Found { kind, finding, by, at: terms.now });
        if self.stage == Stage::Open {
            self.stage = Stage::Verifying;
        }
        let is_enough = |action: &&Action| {
            let (needed, have) =
                (terms.rules.needed(**action, self.weight(**action, terms)), self.counted(terms, None));
            count(&needed, &have) >= usize::from(needed.evidence)
        };
        if self.stage == Stage::Verifying
            && Action::ALL.iter().filter(|action| action.gives_access()).any(|action| is_enough(&action))
        {
            self.stage = Stage::Verified;
        }
        Ok(())
    }

    /// Asks the person's manager for their word.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn ask_manager(&mut self, manager: Option<Id<User>>, by: &Actor) -> Result<(), Refusal> {
        self.own(by)?;
        let manager = manager.filter(|manager| *manager != self.person && *manager != by.id);
        self.manager_asked = Some(manager.ok_or(Refusal::NotEvidence(NotEvidence::NotTheManager))?);
        Ok(())
    }

    /// The manager who was asked says no: that is written down, and nothing else.
    ///
    /// # Errors
    /// [`Refusal`], for anybody else.
    pub fn denied_by_manager(&mut self, manager: Id<User>, now: Timestamp) -> Result<(), Refusal> {
        if self.manager_asked != Some(manager) {
            return Err(Refusal::OutOfReach);
        }
        self.manager_asked = None;
        let text = "the manager says: this is not them".to_owned();
        self.remarks.push(Remark { by: manager, at: now, text });
        Ok(())
    }

    /// Says that the caller presses: from now on two must agree. It cannot be taken back.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn press(&mut self, by: &Actor) -> Result<(), Refusal> {
        self.own(by)?;
        self.is_pressed = true;
        Ok(())
    }

    /// Approves an action, for which the evidence is there.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn approve(&mut self, action: Action, by: &Actor, terms: &Terms<'_>) -> Result<(), Refusal> {
        self.admit(by)?;
        if !by.resists_phishing {
            return Err(Refusal::Phishable);
        }
        let is_involved = self.agent == Some(by.id)
            || self.evidence.iter().any(|found| found.by == Some(by.id))
            || self.approvals.iter().any(|approval| approval.by == by.id && approval.action == action);
        if is_involved {
            return Err(Refusal::AlreadyOneOfThem);
        }
        let missing = self.decide(action, terms).missing;
        let others = missing.into_iter().filter(|missing| matches!(missing, Missing::Evidence(..) | Missing::Stage(_)));
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            return Err(Refusal::Missing(others));
        }
        self.approvals.push(Approval { action, by: by.id, at: terms.now });
        Ok(())
    }

    /// What an action needs in this case, and what is missing.
    pub fn decide(&self, action: Action, terms: &Terms<'_>) -> Decision {
        if !action.gives_access() {
            let ends = (!self.stage.is_under_way()).then_some(Missing::Stage(self.stage));
            return Decision { needed: None, missing: ends.into_iter().collect() };
        }
        let needed = terms.rules.needed(action, self.weight(action, terms));
        let mut missing = Vec::new();
        match self.stage {
            Stage::Acting | Stage::AwaitingEnrolment | Stage::Open | Stage::Verified | Stage::Verifying => {}
            Stage::Closed | Stage::Escalated | Stage::Incident | Stage::Refused => {
                missing.push(Missing::Stage(self.stage));
            }
        }
        let counted = self.counted(terms, Some(&needed));
        let types = count(&needed, &counted);
        let found_at = found_at(&needed, &counted);
        if types < usize::from(needed.evidence) {
            let have: BTreeSet<_> = counted.iter().map(|found| found.kind).collect();
            let further = needed.from.difference(&have).copied().collect();
            missing.push(Missing::Evidence(types, needed.evidence, further));
        }
        let approvals = self.approved(action, terms, &needed);
        if approvals.len() < usize::from(needed.approvals) {
            missing.push(Missing::Approvals(approvals.len(), needed.approvals));
        }
        let approved_at = match usize::from(needed.approvals).checked_sub(1) {
            Some(last) => approvals.get(last).map(|approval| approval.at),
            None => found_at,
        };
        let complete_at = found_at.zip(approved_at).map(|(found, approved)| found.max(approved));
        if let Some(until) = complete_at.map(|at| at.plus(needed.wait())).filter(|until| *until > terms.now) {
            missing.push(Missing::Wait(until));
        }
        Decision { needed: Some(needed), missing }
    }

    /// Does something, where everything that it needs is there.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn act(&mut self, wanted: &Wanted<'_>, by: &Actor, terms: &Terms<'_>) -> Result<Done, Refusal> {
        let action = wanted.action;
        self.own(by)?;
        let decision = self.decide(action, terms);
        if !decision.missing.is_empty() {
            return Err(Refusal::Missing(decision.missing));
        }
        let reason = text("reason", wanted.reason)?;
        let ticket = if action == Action::Note { String::new() } else { text("ticket", wanted.ticket)? };
        if action == Action::ResetFactors && wanted.codes_left > 0 && text("whyNotCodes", wanted.why_not_codes).is_err()
        {
            return Err(Refusal::CodesLeft(wanted.codes_left));
        }
        let approved = decision.needed.map(|needed| self.approved(action, terms, &needed));
        let approved_by = approved.into_iter().flatten().map(|approval| approval.by).collect();
        self.approvals.retain(|approval| approval.action != action);
        let done = Done { action, by: by.id, approved_by, at: terms.now, reason, ticket };
        self.done.push(done.clone());
        if action.awaits_enrolment() {
            self.stage = Stage::AwaitingEnrolment;
            let deadline = Duration::from_hours(u64::from(terms.rules.enrolment_deadline_hours));
            // By a password alone nobody enrols who administers.
            let is_open = terms.rules.after_reset == AfterReset::PasswordOnly && !terms.is_privileged;
            self.enrol_until = is_open.then(|| terms.now.plus(deadline));
        } else if action.gives_access() && self.stage != Stage::AwaitingEnrolment {
            self.stage = Stage::Acting;
        }
        Ok(done)
    }

    /// Gives the person another ticket, after something that left them one.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn give_ticket(&mut self, by: &Actor) -> Result<(), Refusal> {
        self.own(by)?;
        match self.stage {
            Stage::Acting | Stage::AwaitingEnrolment if self.enrol_until.is_none() => {}
            stage => return Err(Refusal::Stage(stage)),
        }
        if self.done.iter().any(|done| done.action.awaits_enrolment()) {
            self.stage = Stage::AwaitingEnrolment;
        }
        Ok(())
    }

    /// The time is over in which the person had to enrol by their password: it is the agent's turn again. `false` where it
    /// is not over, or nothing is waited for.
    pub fn lapse(&mut self, now: Timestamp) -> bool {
        let is_over = self.stage == Stage::AwaitingEnrolment && self.enrol_until.is_some_and(|until| until <= now);
        if is_over {
            self.stage = Stage::Acting;
            self.enrol_until = None;
        }
        is_over
    }

    /// Refuses: nothing that gives access is done in it any more.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn refuse(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Result<(), Refusal> {
        self.own(by)?;
        self.end_with(reason, by.id, now)
    }

    /// The person says that it was not them who asked.
    ///
    /// # Errors
    /// [`Refusal`], where it is over.
    pub fn stop(&mut self, now: Timestamp) -> Result<(), Refusal> {
        // What was handed on before anything was done has given nobody access either.
        if self.stage == Stage::Escalated && !self.gave_access() {
            self.stage = Stage::Verifying;
        }
        self.end_with("stopped by the person", self.person, now)
    }

    fn end_with(&mut self, reason: &str, by: Id<User>, now: Timestamp) -> Result<(), Refusal> {
        match self.stage {
            Stage::Open | Stage::Verified | Stage::Verifying => {}
            stage => return Err(Refusal::Stage(stage)),
        }
        self.remarks.push(Remark { by, at: now, text: text("reason", reason)? });
        self.stage = Stage::Refused;
        Ok(())
    }

    /// Hands the case to whoever has a role; the agent is out of it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn escalate(&mut self, role: &str, reason: &str, by: &Actor, now: Timestamp) -> Result<(), Refusal> {
        self.own(by)?;
        match self.stage {
            Stage::Acting | Stage::AwaitingEnrolment | Stage::Open | Stage::Verified | Stage::Verifying => {}
            stage => return Err(Refusal::Stage(stage)),
        }
        self.remarks.push(Remark { by: by.id, at: now, text: text("reason", reason)? });
        self.escalated_to = Some(text("role", role)?);
        self.barred.insert(by.id);
        self.agent = None;
        self.stage = Stage::Escalated;
        Ok(())
    }

    /// The person has a new factor: the case is over.
    pub fn enrolled(&mut self) -> bool {
        let is_waiting = self.stage == Stage::AwaitingEnrolment;
        if is_waiting {
            self.stage = Stage::Closed;
            self.enrol_until = None;
        }
        is_waiting
    }

    /// Closes it: nothing is left to do. An incident is closed by what is to be learnt from it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn close(&mut self, review: &str, by: &Actor) -> Result<(), Refusal> {
        self.own(by)?;
        match (self.stage, &mut self.incident) {
            (Stage::AwaitingEnrolment | Stage::Incident, _) => return Err(Refusal::Stage(self.stage)),
            (_, Some(incident)) => incident.review = Some(text("review", review)?),
            (_, None) => {}
        }
        self.stage = Stage::Closed;
        Ok(())
    }

    /// Reports that the wrong one was let in, or may have been. The person themselves may, whatever the stage.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn report(&mut self, happened: &str, discovered: &str, by: &Actor, now: Timestamp) -> Result<(), Refusal> {
        if by.id != self.person {
            self.admit(by)?;
        }
        if self.stage == Stage::Incident {
            return Err(Refusal::Stage(self.stage));
        }
        let (happened, discovered) = (text("happened", happened)?, text("discovered", discovered)?);
        // Whoever let the wrong one in does not judge who the right one is.
        self.barred.extend(self.done.iter().filter(|done| done.action.gives_access()).map(|done| done.by));
        self.agent = self.agent.filter(|agent| !self.barred.contains(agent));
        self.approvals.clear();
        self.enrol_until = None;
        self.incident = Some(Incident { by: by.id, at: now, happened, discovered, restored_at: None, review: None });
        self.stage = Stage::Incident;
        Ok(())
    }

    /// Gives the account back after an incident: the person stood there, or two people vouch by evidence since then.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn restore(&mut self, by: &Actor, terms: &Terms<'_>) -> Result<(), Refusal> {
        self.own(by)?;
        if self.stage != Stage::Incident {
            return Err(Refusal::Stage(self.stage));
        }
        let counted = self.counted(terms, None);
        let stood_there = counted.iter().any(|found| found.kind == Kind::InPerson);
        let witnesses: BTreeSet<_> = counted.iter().filter_map(|found| found.by).collect();
        if !stood_there && witnesses.len() < 2 {
            return Err(Refusal::Missing(vec![Missing::Evidence(witnesses.len(), 2, vec![Kind::InPerson])]));
        }
        if let Some(incident) = &mut self.incident {
            incident.restored_at = Some(terms.now);
        }
        self.stage = Stage::Verified;
        Ok(())
    }

    /// Whether anything was done in it that gives access.
    pub fn gave_access(&self) -> bool {
        self.done.iter().any(|done| done.action.gives_access())
    }

    /// What this case adds to what an action needs.
    fn weight(&self, action: Action, terms: &Terms<'_>) -> Weight {
        let (passwords, factors): (Vec<_>, Vec<_>) = (
            self.done.iter().filter(|done| done.action.replaces_password()).collect(),
            self.done.iter().filter(|done| done.action.replaces_factors()).collect(),
        );
        let takes_both =
            (action.replaces_password() && !factors.is_empty()) || (action.replaces_factors() && !passwords.is_empty());
        Weight { is_privileged: terms.is_privileged, is_pressed: self.is_pressed, takes_both }
    }

    /// Whether a piece of its evidence counts now for anything.
    pub fn still_counts(&self, found: &Found, terms: &Terms<'_>) -> bool {
        self.counted(terms, None).contains(&found)
    }

    /// The evidence that counts now: young enough, since the last incident, by nobody who is out of the case.
    fn counted(&self, terms: &Terms<'_>, needed: Option<&Requirement>) -> Vec<&Found> {
        let life = evidence::LIFE + needed.map_or(Duration::ZERO, Requirement::wait);
        let since = self.incident.as_ref().map(|incident| incident.at);
        let counts = |found: &&Found| {
            found.at.plus(life) > terms.now
                && since.is_none_or(|since| found.at >= since)
                && found.by.is_none_or(|by| !self.barred.contains(&by))
                && needed.is_none_or(|needed| needed.from.contains(&found.kind))
        };
        self.evidence.iter().filter(counts).collect()
    }

    /// The approvals of an action that count now, oldest first: of the evidence that counts now, and by somebody else.
    fn approved(&self, action: Action, terms: &Terms<'_>, needed: &Requirement) -> Vec<&Approval> {
        let Some(found_at) = found_at(needed, &self.counted(terms, Some(needed))) else { return Vec::new() };
        let counts = |approval: &&Approval| {
            approval.action == action
                && approval.at >= found_at
                && self.agent != Some(approval.by)
                && approval.by != self.person
                && !self.barred.contains(&approval.by)
                && !self.evidence.iter().any(|found| found.by == Some(approval.by))
        };
        self.approvals.iter().filter(counts).collect()
    }

    /// Whether somebody may touch this case at all.
    fn admit(&self, by: &Actor) -> Result<(), Refusal> {
        if by.id == self.person {
            return Err(Refusal::Oneself);
        }
        if !by.reaches {
            return Err(Refusal::OutOfReach);
        }
        if self.barred.contains(&by.id) {
            return Err(Refusal::Barred);
        }
        Ok(())
    }

    /// Whether it is theirs to work on.
    fn own(&self, by: &Actor) -> Result<(), Refusal> {
        self.admit(by)?;
        if !self.stage.is_under_way() {
            return Err(Refusal::Stage(self.stage));
        }
        if self.agent != Some(by.id) {
            return Err(Refusal::NotTheirs);
        }
        Ok(())
    }
}

/// How many types of evidence there are that an action counts.
fn count(needed: &Requirement, counted: &[&Found]) -> usize {
    let types: BTreeSet<_> = counted.iter().map(|found| found.kind).filter(|kind| needed.from.contains(kind)).collect();
    types.len()
}

/// When there was evidence enough for an action; none, where there is not.
fn found_at(needed: &Requirement, counted: &[&Found]) -> Option<Timestamp> {
    let first = |kind: &Kind| counted.iter().filter(|found| found.kind == *kind).map(|found| found.at).min();
    let mut times: Vec<_> = needed.from.iter().filter_map(first).collect();
    times.sort_unstable();
    times.get(usize::from(needed.evidence).checked_sub(1)?).copied()
}

fn text(member: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=LONGEST_TEXT).contains(&text.chars().count());
    fits.then(|| text.to_owned()).ok_or(Refusal::Empty(member))
}

#[cfg(test)]
mod tests;
