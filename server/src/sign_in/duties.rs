//! What a person must do on the way through a sign-in, beside proving who they are: enrol factors; where a program leads
//! through it, change a password.

use postern_authn::audit::Client;
use postern_authn::factor::{Category, Enrolled, Kind, Provider, Status as FactorStatus, org_factors};
use postern_authn::policy::enroll::{Enrolment, Moment};
use postern_authn::policy::password::PasswordSettings;
use postern_authn::sign_in::{Asking, Duties, Errand, Place, Purpose, SignIn, Wishes};
use postern_authn::user::{Status, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Timestamp};
use postern_store::factors::OrgFactors;
use postern_store::{Error, Tx};

use super::ruling::Ruling;
use crate::cases::tickets;

/// A factor that a person may enrol, or has.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Its type.
    pub kind: Kind,
    /// Who makes it.
    pub provider: &'static Provider,
    /// Whether it must be enrolled.
    pub is_required: bool,
    /// Whether they have it.
    pub is_held: bool,
}

/// Every factor that a person may enrol within a sign-in: not the tokens that are handed out.
///
/// # Errors
/// Of the database.
pub fn choices(tx: &mut Tx<'_>, user: Id<UserKind>, held: &[Enrolled]) -> Result<Vec<Choice>, Error> {
    let (allowed, _) = tx.setting::<OrgFactors>()?;
    let policy = tx.enrolment_policy(user)?;
    let of = |(kind, provider): (Kind, &'static Provider)| {
        let enrolment = if allowed.allows(provider) { policy.of(kind) } else { Enrolment::NotAllowed };
        let is_own = |factor: &&Enrolled| factor.kind == kind && factor.provider == provider.name;
        let is_held = held.iter().filter(is_own).any(|factor| factor.status == FactorStatus::Active);
        let choice = Choice { kind, provider, is_required: enrolment == Enrolment::Required, is_held };
        (kind != Kind::Hotp && enrolment != Enrolment::NotAllowed).then_some(choice)
    };
    Ok(org_factors().filter_map(of).collect())
}

/// Whether a factor is missing that must be there. A type that several make is there by any of them.
pub fn misses_required(choices: &[Choice]) -> bool {
    let has = |kind| choices.iter().any(|other| other.kind == kind && other.is_held);
    choices.iter().any(|choice| choice.is_required && !has(choice.kind))
}

/// What a password asks of its person beside being right.
pub fn errand(user: &User, policy: &PasswordSettings, wishes: &Wishes, now: Timestamp) -> Errand {
    let age = &policy.password.age;
    let changed_at = user.password_changed_at;
    if user.status == Status::PasswordExpired || changed_at.is_some_and(|at| age.is_expired(at, now)) {
        return Errand::Change;
    }
    let ends_soon = changed_at.is_some_and(|at| age.warning(at, now).is_some());
    if wishes.warns_of_expiry && ends_soon { Errand::Warning } else { Errand::Nothing }
}

/// Whether a sign-in that stands at enrolling may still do so: by something held that was proved in it, or where nothing is
/// held.
///
/// # Errors
/// Of the database.
pub(super) fn may_enrol(
    tx: &mut Tx<'_>,
    (user, own): (&User, &[Enrolled]),
    asking: &Asking,
    (client, ruling): (&Client, &Ruling),
    env: &Env,
) -> Result<bool, Error> {
    let waits = Waits::of(tx, user, own, env)?;
    let is_open = waits != Waits::No || tx.enrolment_moment(user.id, &client.ip)?.is_at_sign_in();
    let holds = own.iter().any(|factor| factor.traits().proves(Category::Possession));
    let by_password_alone = !asking.has_possession();
    Ok(match waits {
        Waits::ForTicket if asking.has_ticket() => true,
        Waits::ForTicket if !holds => false,
        Waits::TooLong => false,
        Waits::ForPassword | Waits::ForTicket | Waits::No => {
            is_open && !(by_password_alone && (holds || ruling.is_administrator()))
        }
    })
}

/// Whether a recovery case waits for somebody to enrol, and what leads them there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// The password does.
    ForPassword,
    /// The password and a ticket do.
    ForTicket,
    /// None waits.
    No,
    /// The password did, and does no more.
    TooLong,
}

impl Waits {
    fn of(tx: &mut Tx<'_>, user: &User, own: &[Enrolled], env: &Env) -> Result<Self, Error> {
        if own.iter().any(|factor| factor.traits().proves(Category::Vouched)) {
            return Ok(Self::ForTicket);
        }
        if own.iter().any(|factor| factor.traits().proves(Category::Possession)) {
            return Ok(Self::No);
        }
        Ok(match tickets::enrols_until(tx, user.id)? {
            Some(until) if until > env.now => Self::ForPassword,
            Some(_) => Self::TooLong,
            None => Self::No,
        })
    }
}

/// Puts in between what this person must do. Whoever administers enrols nothing by a password alone: who has learnt it
/// would be an administrator for good.
pub(super) fn lead(
    tx: &mut Tx<'_>,
    next: SignIn,
    (user, own): (&User, &[Enrolled]),
    (client, ruling): (&Client, &Ruling),
    env: &Env,
) -> Result<SignIn, Error> {
    let enrolled: Vec<_> = own.iter().map(Enrolled::traits).collect();
    let (purpose, wishes, place) = match &next {
        SignIn::Asking(asking) => (asking.purpose(), asking.wishes(), Some(asking.place())),
        SignIn::Complete(complete) => (complete.purpose(), complete.wishes(), None),
        SignIn::Denied(_) => return Ok(next),
    };
    let mut duties = Duties { enrolled: &enrolled, ..Duties::default() };
    match purpose {
        Purpose::Api => duties.password = errand(user, &tx.password_policy(user.id)?, wishes, env.now),
        // At our own page a password that is over is changed by a link, before anything else is asked.
        Purpose::Console => {}
        Purpose::Check | Purpose::StepUp(_) => return Ok(next.with(&duties)),
    }
    let moment = tx.enrolment_moment(user.id, &client.ip)?;
    let choices = choices(tx, user.id, own)?;
    let is_possible = choices.iter().any(|choice| choice.kind.factor().traits().proves(Category::Possession));
    let asks_factor = ruling.demands.wants_factor() || matches!(place, Some(Place::Proof(_)));
    let waits = Waits::of(tx, user, own, env)?;
    let holds = own.iter().any(|factor| factor.traits().proves(Category::Possession));
    let has_ticket = matches!(&next, SignIn::Asking(asking) if asking.has_ticket());
    duties.is_late = waits == Waits::TooLong;
    duties.may_enrol = is_possible
        && match waits {
            Waits::ForTicket if has_ticket || !holds => true,
            Waits::ForPassword => !ruling.is_administrator(),
            Waits::ForTicket | Waits::No | Waits::TooLong => moment.is_at_sign_in() && !ruling.is_administrator(),
        };
    let is_missing = misses_required(&choices)
        && match moment {
            Moment::Challenge => asks_factor,
            Moment::Login => true,
            Moment::Never | Moment::NeverIncludingRecovery => false,
        };
    duties.must_enrol = is_missing || (waits == Waits::ForPassword && duties.may_enrol);
    Ok(next.with(&duties))
}
