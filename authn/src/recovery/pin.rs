//! Who may issue a recovery PIN, when, and what becomes of it.
//!
//! [`decide`] looks at everything that was read and answers with the [`Terms`] of an issue or the first [`Refusal`], in the
//! documented order of groups. [`Issuance::state`] says what a row means now: expiry needs no job.

use std::time::Duration;

use postern_codes::Timestamp;
use postern_codes::drp1::{self, Challenge};
use postern_codes::id::{Device, Id, Issuance as IssuanceKind, RecoveryEnrolment, User};
use postern_codes::report::Mode;

use super::{CHALLENGE_OFFLINE, Enrolment, EnrolmentStatus, Rules};
use crate::device::{DeviceStatus, words};
use crate::limit::Limit;

/// The longest reason, case or ticket, in characters.
pub const LONGEST_TEXT: usize = 255;

words! {
    /// The life of an issued PIN.
    IssuanceStatus {
        /// Used for the first time.
        Activated "ACTIVATED",
        /// Typed in online when it was too late.
        Denied "DENIED",
        /// Used, and its time is over.
        Ended "ENDED",
        /// Not used in time, as far as is known.
        Expired "EXPIRED",
        /// Made, and not used yet.
        Issued "ISSUED",
        /// Taken back.
        Revoked "REVOKED",
        /// A newer one was made.
        Superseded "SUPERSEDED",
    }
}

words! {
    /// How the server learnt of the first use.
    Source {
        /// The computer asked before it opened.
        Online "ONLINE",
        /// The computer told of it later.
        Report "REPORT",
    }
}

/// What an administrator asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which kind of PIN.
    pub mode: Mode,
    /// The nine digits on the caller's screen, as typed.
    pub challenge: Option<String>,
    /// Why.
    pub reason: String,
    /// The case it belongs to.
    pub case: Option<String>,
    /// The ticket elsewhere.
    pub ticket: Option<String>,
}

/// What was read to decide.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The settings.
    pub rules: &'a Rules,
    /// Where the computer stands.
    pub device: DeviceStatus,
    /// When it last proved itself.
    pub last_seen_at: Option<Timestamp>,
    /// The end of its newest certificate that was not revoked.
    pub certificate_expires_at: Option<Timestamp>,
    /// Whether the person may sign in at all.
    pub user_is_active: bool,
    /// Whether the administrator is that person.
    pub is_self: bool,
    /// Whether the administrator proved a factor just now, or acts through a token that was granted this.
    pub is_stepped_up: bool,
    /// The newest acknowledged generation.
    pub enrolment: Option<&'a Enrolment>,
}

/// Why no PIN is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No reason was given.
    ReasonRequired,
    /// The organisation wants a case to be named.
    CaseRequired,
    /// The challenge is not nine digits with a fitting check digit.
    ChallengeMistyped,
    /// Recovery PINs are switched off.
    FeatureDisabled,
    /// The computer is suspended.
    DeviceSuspended,
    /// The computer is deactivated.
    DeviceDeactivated,
    /// The person is suspended or deactivated.
    UserSuspended,
    /// Nobody lets themselves in.
    SelfIssue,
    /// A fresh second factor is needed.
    StepUpRequired,
    /// The person has not registered at that computer.
    NotRegistered,
    /// The computer was last seen too long ago, or never.
    OfflineTooLong(Option<Timestamp>),
    /// The computer's certificate is over.
    CertificateExpired,
    /// The recovery secret is too old.
    SecretTooOld,
    /// A time PIN is not taken: policy, or a secret in a file.
    ChallengeRequired,
    /// This half minute's PIN was issued already.
    TooSoon(Timestamp),
    /// Too many PINs were issued.
    RateLimited(Limit, Timestamp),
}

impl Refusal {
    /// The stable word, for programs and the record.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReasonRequired => "reason_required",
            Self::CaseRequired => "case_required",
            Self::ChallengeMistyped => "challenge_mistyped",
            Self::FeatureDisabled => "feature_disabled",
            Self::DeviceSuspended => "device_suspended",
            Self::DeviceDeactivated => "device_deactivated",
            Self::UserSuspended => "user_suspended",
            Self::SelfIssue => "self_issue",
            Self::StepUpRequired => "step_up_required",
            Self::NotRegistered => "not_registered",
            Self::OfflineTooLong(_) => "offline_too_long",
            Self::CertificateExpired => "certificate_expired",
            Self::SecretTooOld => "secret_too_old",
            Self::ChallengeRequired => "challenge_required",
            Self::TooSoon(_) => "too_soon",
            Self::RateLimited(..) => "rate_limited",
        }
    }

    /// The HTTP status of its group.
    pub const fn status(&self) -> u16 {
        match self {
            Self::ReasonRequired | Self::CaseRequired | Self::ChallengeMistyped => 400,
            Self::FeatureDisabled
            | Self::DeviceSuspended
            | Self::DeviceDeactivated
            | Self::UserSuspended
            | Self::SelfIssue
            | Self::StepUpRequired => 403,
            Self::NotRegistered
            | Self::OfflineTooLong(_)
            | Self::CertificateExpired
            | Self::SecretTooOld
            | Self::ChallengeRequired
            | Self::TooSoon(_) => 409,
            Self::RateLimited(..) => 429,
        }
    }

    /// What stands in the way, in a sentence.
    pub const fn meaning(&self) -> &'static str {
        match self {
            Self::ReasonRequired => "a reason is needed",
            Self::CaseRequired => "the organisation wants a case to be named",
            Self::ChallengeMistyped => "those are not the nine digits of a screen: the check digit does not fit",
            Self::FeatureDisabled => "recovery PINs are switched off for the organisation",
            Self::DeviceSuspended => "the computer is suspended",
            Self::DeviceDeactivated => "the computer is deactivated",
            Self::UserSuspended => "the person is suspended or deactivated",
            Self::SelfIssue => "nobody makes a recovery PIN for themselves",
            Self::StepUpRequired => "a second factor must have been shown within the last five minutes",
            Self::NotRegistered => "the person has not signed in online at this computer since it was set up",
            Self::OfflineTooLong(_) => "the computer has not been seen for too long",
            Self::CertificateExpired => "the computer's certificate has expired or was revoked",
            Self::SecretTooOld => "the recovery secret of this computer is too old",
            Self::ChallengeRequired => "this computer takes only PINs that answer the digits on its screen",
            Self::TooSoon(_) => "a PIN was made for this person and computer within this half minute",
            Self::RateLimited(limit, _) => limit.message(),
        }
    }

    /// What can be done about it, in a sentence.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::ReasonRequired => "write why the person needs the PIN",
            Self::CaseRequired => "open a case and name it",
            Self::ChallengeMistyped => "ask the caller to read the nine digits again, three at a time",
            Self::FeatureDisabled => "a super administrator switches them on under Security > General",
            Self::DeviceSuspended => "unsuspend the computer first, if it is where it should be",
            Self::DeviceDeactivated => "activate the computer; the person must then sign in online there once",
            Self::UserSuspended => "find out why the account is suspended before anything else",
            Self::SelfIssue => "ask another administrator",
            Self::StepUpRequired => "show your second factor again",
            Self::NotRegistered => "connect the computer to the network and let the person sign in once with a factor",
            Self::OfflineTooLong(_) => "connect the computer to the network for a minute, then try again",
            Self::CertificateExpired => {
                "connect the computer to the network so that it renews its certificate, or enrol it with a new code"
            }
            Self::SecretTooOld => "connect the computer to the network: it replaces the secret by itself",
            Self::ChallengeRequired => "ask the caller for the nine digits on the screen",
            Self::TooSoon(_) => "wait for the next half minute",
            Self::RateLimited(..) => "wait, and find out why so many PINs are needed",
        }
    }

    /// When to try again, where waiting helps.
    pub const fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::TooSoon(at) | Self::RateLimited(_, at) => Some(*at),
            _ => None,
        }
    }
}

/// A PIN may be issued, like this.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terms {
    /// The answer to a challenge on the screen.
    Challenge(Challenge),
    /// The PIN of this time step.
    Time(u64),
}

/// Decides whether a PIN may be issued; how often is counted afterwards.
///
/// # Errors
/// The first [`Refusal`]: an outcome, no fault.
pub fn decide(request: &Request, facts: &Facts<'_>) -> Result<Terms, Refusal> {
    let challenge = check_form(request, facts.rules)?;
    check_right(facts)?;
    let enrolment = check_state(facts)?;
    if let Some(challenge) = challenge {
        check_seen(facts, CHALLENGE_OFFLINE)?;
        check_secret(facts, enrolment)?;
        return Ok(Terms::Challenge(challenge));
    }
    check_seen(facts, facts.rules.max_offline)?;
    check_secret(facts, enrolment)?;
    if !facts.rules.allow_time_pin(enrolment.binding) {
        return Err(Refusal::ChallengeRequired);
    }
    Ok(Terms::Time(drp1::step(facts.now)))
}

fn check_form(request: &Request, rules: &Rules) -> Result<Option<Challenge>, Refusal> {
    let is_given = |text: &str| !text.trim().is_empty();
    if !is_given(&request.reason) {
        return Err(Refusal::ReasonRequired);
    }
    if rules.needs_case && !request.case.as_deref().is_some_and(is_given) {
        return Err(Refusal::CaseRequired);
    }
    match request.mode {
        Mode::Time => Ok(None),
        Mode::Challenge => {
            let typed = request.challenge.as_deref().unwrap_or_default();
            Challenge::parse(typed).map(Some).map_err(|_| Refusal::ChallengeMistyped)
        }
    }
}

fn check_right(facts: &Facts<'_>) -> Result<(), Refusal> {
    let refusals = [
        (!facts.rules.is_enabled, Refusal::FeatureDisabled),
        (facts.device == DeviceStatus::Suspended, Refusal::DeviceSuspended),
        (facts.device != DeviceStatus::Active, Refusal::DeviceDeactivated),
        (!facts.user_is_active, Refusal::UserSuspended),
        (facts.is_self, Refusal::SelfIssue),
        (!facts.is_stepped_up, Refusal::StepUpRequired),
    ];
    refusals.into_iter().find_map(|(holds, refusal)| holds.then_some(refusal)).map_or(Ok(()), Err)
}

fn check_state<'a>(facts: &Facts<'a>) -> Result<&'a Enrolment, Refusal> {
    facts
        .enrolment
        .filter(|enrolment| enrolment.status == EnrolmentStatus::Active && enrolment.seed.is_some())
        .ok_or(Refusal::NotRegistered)
}

fn check_seen(facts: &Facts<'_>, within: Duration) -> Result<(), Refusal> {
    match facts.last_seen_at {
        Some(at) if facts.now.since(at) <= within => Ok(()),
        seen => Err(Refusal::OfflineTooLong(seen)),
    }
}

fn check_secret(facts: &Facts<'_>, enrolment: &Enrolment) -> Result<(), Refusal> {
    if facts.certificate_expires_at.is_none_or(|end| end <= facts.now) {
        return Err(Refusal::CertificateExpired);
    }
    if enrolment.age(facts.now).is_none_or(|age| age > facts.rules.validity) {
        return Err(Refusal::SecretTooOld);
    }
    Ok(())
}

/// An issued PIN, as the server keeps it: everything but the PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    /// Its id.
    pub id: Id<IssuanceKind>,
    /// The generation it comes from.
    pub enrolment: Id<RecoveryEnrolment>,
    /// The computer.
    pub device: Id<Device>,
    /// The person.
    pub user: Id<User>,
    /// Which PIN it is.
    pub terms: Terms,
    /// Where it stood when it was last written; see [`state`](Self::state).
    pub status: IssuanceStatus,
    /// How the server learnt of its first use.
    pub source: Option<Source>,
    /// Why it was made.
    pub reason: String,
    /// The case it belongs to.
    pub case: Option<String>,
    /// The ticket elsewhere.
    pub ticket: Option<String>,
    /// Who made it, by id.
    pub requested_by: String,
    /// How long it keeps working after its first use.
    pub duration: Duration,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when its first use must come, where the server is asked.
    pub expires_at: Timestamp,
    /// When it was first used.
    pub activated_at: Option<Timestamp>,
    /// When its access ended.
    pub ended_at: Option<Timestamp>,
    /// The number of the report that told of its first use.
    pub report_seq: Option<u64>,
}

impl Issuance {
    /// Where it stands now.
    pub fn state(&self, now: Timestamp) -> IssuanceStatus {
        match self.status {
            IssuanceStatus::Issued if now >= self.expires_at => IssuanceStatus::Expired,
            IssuanceStatus::Activated if self.deadline().is_some_and(|end| now >= end) => IssuanceStatus::Ended,
            status => status,
        }
    }

    /// Which kind of PIN it is.
    pub const fn mode(&self) -> Mode {
        match self.terms {
            Terms::Challenge(_) => Mode::Challenge,
            Terms::Time(_) => Mode::Time,
        }
    }

    /// The step of a time PIN.
    pub const fn step(&self) -> Option<u64> {
        match self.terms {
            Terms::Challenge(_) => None,
            Terms::Time(step) => Some(step),
        }
    }

    /// The end of its access, once it was used.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.activated_at.map(|at| at.plus(self.duration))
    }

    /// Whether it lets the person in right now, as far as is known.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state(now) == IssuanceStatus::Activated
    }

    /// Whether its time step must not be accepted any more: the computer is told to burn it.
    pub fn is_spoilt(&self, now: Timestamp) -> bool {
        matches!(
            self.state(now),
            IssuanceStatus::Denied | IssuanceStatus::Expired | IssuanceStatus::Revoked | IssuanceStatus::Superseded
        )
    }
}

/// What taking a PIN back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It was never used and can no longer be used online; a computer without network refuses it at the next contact, or
    /// when its two minutes are over.
    AtNextContact,
    /// Nothing was left to take back.
    Nothing,
    /// The computer was seen so lately that it hears of it within minutes.
    Now,
}

impl Effect {
    /// The word in the answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtNextContact => "AT_NEXT_CONTACT",
            Self::Nothing => "NOTHING",
            Self::Now => "NOW",
        }
    }
}

#[cfg(test)]
mod tests {
    use postern_codes::env::TestWorld;
    use postern_codes::report::Chain;
    use postern_codes::{Env, Place, Sealed};

    use super::*;
    use crate::recovery::{Binding, LinkProof, ModeRule};

    const DAY: Duration = Duration::from_hours(24);

    fn rules() -> Rules {
        Rules {
            is_enabled: true,
            needs_case: false,
            mode: ModeRule::Auto,
            max_offline: 7 * DAY,
            validity: 30 * DAY,
            duration: Duration::from_hours(1),
        }
    }

    fn enrolment(env: &Env, binding: Binding) -> Enrolment {
        Enrolment {
            id: Id::new(env),
            device: Id::new(env),
            user: Id::new(env),
            os_uid: 1000,
            generation: 1,
            status: EnrolmentStatus::Active,
            seed: Some(Sealed::from_storage(Place::new("recovery_enrolments", 1, "seed"), Vec::new())),
            transcript: [0; 32],
            binding,
            proof: LinkProof::Factor,
            last_issued_step: 0,
            last_step: 0,
            failures: 0,
            is_locked: false,
            chain: Chain::default(),
            rotate_wanted: None,
            created_at: env.now,
            acknowledged_at: Some(env.now),
            retired_at: None,
        }
    }

    fn request() -> Request {
        Request { mode: Mode::Time, challenge: None, reason: "phone lost".into(), case: None, ticket: None }
    }

    /// Decides after `change` spoiled good facts.
    fn decided(
        change: impl FnOnce(&mut Request, &mut Rules, &mut Facts<'_>, &mut Enrolment),
    ) -> Result<Terms, Refusal> {
        let env = TestWorld::new().env();
        let (mut request, mut rules) = (request(), rules());
        let mut enrolment = enrolment(&env, Binding::Tpm);
        let still = self::rules();
        let mut facts = Facts {
            now: env.now,
            rules: &still,
            device: DeviceStatus::Active,
            last_seen_at: Some(env.now),
            certificate_expires_at: Some(env.now.plus(DAY)),
            user_is_active: true,
            is_self: false,
            is_stepped_up: true,
            enrolment: None,
        };
        change(&mut request, &mut rules, &mut facts, &mut enrolment);
        let facts = Facts { rules: &rules, enrolment: Some(&enrolment), ..facts };
        decide(&request, &facts)
    }

    #[test]
    fn a_good_request_gets_the_pin_of_this_half_minute() {
        let now = TestWorld::new().env().now;
        assert_eq!(decided(|_, _, _, _| {}), Ok(Terms::Time(drp1::step(now))));
    }

    #[test]
    fn the_first_thing_wrong_is_said() {
        let all_wrong = decided(|request, rules, facts, _| {
            request.reason = " ".into();
            rules.is_enabled = false;
            facts.is_self = true;
        });
        assert_eq!(all_wrong, Err(Refusal::ReasonRequired));
        let no_right = decided(|_, rules, facts, enrolment| {
            rules.is_enabled = false;
            facts.device = DeviceStatus::Suspended;
            enrolment.status = EnrolmentStatus::Revoked;
        });
        assert_eq!(no_right, Err(Refusal::FeatureDisabled));
    }

    #[test]
    fn each_fact_that_stands_in_the_way_has_its_word() {
        type Change = fn(&mut Request, &mut Rules, &mut Facts<'_>, &mut Enrolment);
        let cases: [(Change, &str); 14] = [
            (|request, _, _, _| request.reason.clear(), "reason_required"),
            (|_, rules, _, _| rules.needs_case = true, "case_required"),
            (|request, _, _, _| request.mode = Mode::Challenge, "challenge_mistyped"),
            (|_, rules, _, _| rules.is_enabled = false, "feature_disabled"),
            (|_, _, facts, _| facts.device = DeviceStatus::Suspended, "device_suspended"),
            (|_, _, facts, _| facts.device = DeviceStatus::Deactivated, "device_deactivated"),
            (|_, _, facts, _| facts.user_is_active = false, "user_suspended"),
            (|_, _, facts, _| facts.is_self = true, "self_issue"),
            (|_, _, facts, _| facts.is_stepped_up = false, "step_up_required"),
            (|_, _, _, enrolment| enrolment.status = EnrolmentStatus::Revoked, "not_registered"),
            (|_, _, facts, _| facts.last_seen_at = Some(facts.now.minus(8 * DAY)), "offline_too_long"),
            (|_, _, facts, _| facts.certificate_expires_at = Some(facts.now), "certificate_expired"),
            (|_, rules, facts, _| (facts.now, rules.validity) = (facts.now.plus(DAY / 2), DAY / 4), "secret_too_old"),
            (|_, _, _, enrolment| enrolment.binding = Binding::Soft, "challenge_required"),
        ];
        for (change, code) in cases {
            assert_eq!(decided(change).map_err(|refusal| refusal.code()), Err(code));
        }
    }

    #[test]
    fn a_secret_in_a_file_gives_time_pins_only_where_the_organisation_says_so() {
        let soft = |mode| {
            decided(move |_, rules, _, enrolment| {
                rules.mode = mode;
                enrolment.binding = Binding::Soft;
            })
        };
        assert_eq!(soft(ModeRule::Auto), Err(Refusal::ChallengeRequired));
        assert_eq!(soft(ModeRule::Challenge), Err(Refusal::ChallengeRequired));
        assert!(soft(ModeRule::Time).is_ok());
        assert_eq!(decided(|_, rules, _, _| rules.mode = ModeRule::Challenge), Err(Refusal::ChallengeRequired));
    }

    #[test]
    fn a_challenge_pin_is_issued_for_a_computer_that_was_away_for_weeks() {
        let challenge = Challenge::new(&TestWorld::new().env());
        let digits = challenge.digits().to_owned();
        let away = |days: u32| {
            let digits = digits.clone();
            decided(move |request, _, facts, _| {
                (request.mode, request.challenge) = (Mode::Challenge, Some(digits));
                facts.last_seen_at = Some(facts.now.minus(days * DAY));
            })
        };
        assert_eq!(away(30), Ok(Terms::Challenge(challenge)));
        assert!(matches!(away(31), Err(Refusal::OfflineTooLong(Some(_)))));
    }
}
