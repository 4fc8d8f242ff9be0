//! Judging a factor's answer, with the counters that hold everywhere: whatever the session, route or server, an answer
//! spends an attempt of its factor, and a wrong one counts against its person.
//!
//! [`judge`] looks outside any transaction. [`settle`] decides inside one: it takes the person's row, charges the factor,
//! and consumes the counter, each by one guarded statement. What was judged beyond the limit is thrown away unseen, so an
//! attacker who asks two hundred times at once learns as much as one who asks five times.

use postern_authn::audit::{self, Actor, Event, EventType, Target};
use postern_authn::factor::{Answer, Enrolled, Held, Kind, Verdict};
use postern_authn::limit::{Charge, Limit};
use postern_authn::sign_in::Proof;
use postern_authn::user::User;
use postern_codes::id::{Factor, Id, Org, User as UserKind};
use postern_codes::mac::{KeyFault, Keyring};
use postern_codes::{Env, Timestamp};
use postern_store::attempts::{Browser, Wrong};
use postern_store::users::Failure;
use postern_store::{Error, Tx};

use crate::App;
use crate::api::ApiError;
use crate::notices::account as notices;

/// What an answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Right, and used up.
    Accepted(Proof),
    /// Too many attempts: even a right answer is refused until then.
    Limited(Timestamp),
    /// The account is locked until then.
    Locked(Timestamp),
    /// Not of the form of such an answer: no attempt was spent.
    Slip,
    /// The person has no such factor, or may not sign in.
    Unavailable,
    /// Wrong, used before or too old.
    Wrong,
}

impl Outcome {
    /// The stable code of a refusal, for the record.
    const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Accepted(_) => None,
            Self::Limited(_) => Some("rate_limit"),
            Self::Locked(_) => Some("locked_out"),
            Self::Slip => Some("malformed"),
            Self::Unavailable => Some("no_factor"),
            Self::Wrong => Some("invalid_code"),
        }
    }
}

/// Where an answer was given, for the record.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Where the request came from.
    pub client: audit::Client,
    /// What else it was about, such as the computer.
    pub target: Option<Target>,
    /// Whether the person is known to be there: in a session of theirs, or at their computer after the password.
    pub is_known: bool,
}

/// An answer as one factor judged it, before anything was counted or consumed.
#[derive(Debug, Clone)]
pub struct Judged {
    id: Id<Factor>,
    kind: Kind,
    version: i64,
    verdict: Verdict,
}

/// Judges and settles an answer of a person by their factor of one type, as a computer asks for it. The caller has made
/// sure that the password was right: a stranger's guesses must not lock people out.
///
/// # Errors
/// Of the database.
pub async fn verify_factor(
    app: &App,
    org: Id<Org>,
    (user, kind): (Id<UserKind>, Kind),
    answer: &Answer,
    scene: &Scene,
) -> Result<Outcome, ApiError> {
    let env = app.env();
    let read = app.store.read(org, |tx| {
        let Some(person) = tx.user(user)? else { return Ok(None) };
        Ok(Some((person, tx.factors_of(user)?)))
    });
    let Some((user, enrolled)) = read.await? else { return Ok(Outcome::Unavailable) };
    let judged = judge(app.store.keyring(), &enrolled, |held| held == kind, answer, env.now)?;
    let settled = app.store.write(org, |tx| {
        let outcome = settle(tx, &user, &judged, scene, &env)?;
        if let Outcome::Accepted(_) = outcome {
            tx.user_proved(user.id)?;
        }
        Ok(outcome)
    });
    Ok(settled.await?)
}

/// Has every factor of a fitting type judge an answer.
///
/// # Errors
/// Where a secret does not open.
pub fn judge(
    keyring: &Keyring,
    enrolled: &[Enrolled],
    fits: impl Fn(Kind) -> bool,
    answer: &Answer,
    now: Timestamp,
) -> Result<Vec<Judged>, KeyFault> {
    let fitting = enrolled.iter().filter(|factor| fits(factor.kind));
    fitting
        .map(|factor| {
            let secret = keyring.open(&factor.secret)?;
            let held = Held { secret: &secret, counter: factor.counter, profile: &factor.profile };
            let verdict = factor.kind.factor().verify(&held, answer, now);
            Ok(Judged { id: factor.id, kind: factor.kind, version: factor.version, verdict })
        })
        .collect()
}

/// Decides what an answer came to, counts and consumes it, and records it.
///
/// # Errors
/// Of the database.
pub fn settle(tx: &mut Tx<'_>, user: &User, judged: &[Judged], scene: &Scene, env: &Env) -> Result<Outcome, Error> {
    let outcome = decide(tx, user, judged, scene, env)?;
    let actor = Actor::user(user.id, user.login.as_str(), &user.name());
    let mut event = match outcome.code() {
        None => Event::success(EventType::UserAuthFactor, actor, scene.client.clone()),
        Some(code) => Event::failure(EventType::UserAuthFactor, actor, scene.client.clone(), code),
    };
    event = event.target(Target::new("User", user.id, user.login.as_str(), &user.name()));
    event.targets.extend(scene.target.clone());
    if let Some(first) = judged.first() {
        event = event.detail("factor", first.kind.as_str());
    }
    tx.record(&event, env)?;
    Ok(outcome)
}

fn decide(tx: &mut Tx<'_>, user: &User, judged: &[Judged], scene: &Scene, env: &Env) -> Result<Outcome, Error> {
    let from = place(tx, user, scene)?;
    if !tx.admit_attempt((user.id, user.version), from, env.now)? {
        let lock = tx.locked_until(user.id, from, env.now)?;
        return Ok(lock.map_or(Outcome::Unavailable, Outcome::Locked));
    }
    let guesses: Vec<&Judged> = judged.iter().filter(|judged| judged.verdict != Verdict::NotMine).collect();
    if guesses.is_empty() {
        return Ok(if judged.is_empty() { Outcome::Unavailable } else { Outcome::Slip });
    }
    // A guess is one at every factor that judged it: each spends an attempt, and one whose attempts are spent has no say.
    let (mut heard, mut free_at) = (Vec::new(), None);
    let allowance = tx.allowance(Limit::FactorFailures)?;
    for guess in guesses {
        match tx.charge(Limit::FactorFailures, guess.id.as_str(), allowance, env.now)? {
            Charge::Allowed => heard.push(guess),
            Charge::RetryAt(at) => free_at = free_at.max(Some(at)),
        }
    }
    if let (true, Some(at)) = (heard.is_empty(), free_at) {
        return Ok(Outcome::Limited(at));
    }
    for guess in &heard {
        let proved = match &guess.verdict {
            Verdict::Accepted(proved) => proved,
            Verdict::Ask(outside) => match *outside {},
            Verdict::Cloned => {
                note_clone(tx, user, guess, scene, env)?;
                continue;
            }
            Verdict::NotMine | Verdict::Refused => continue,
        };
        let held = (guess.id, guess.version);
        if tx.consume_answer(held, proved.counter, env.now)? {
            if let Some(profile) = &proved.profile {
                tx.save_factor_profile(held, profile, env.now)?;
            }
            for guess in &heard {
                tx.clear_limit(Limit::FactorFailures, guess.id.as_str())?;
            }
            let proof = Proof::factor(guess.kind, guess.id, env.now);
            return Ok(Outcome::Accepted(Proof { traits: proved.traits, ..proof }));
        }
    }
    count_failure(tx, user, scene, env)
}

/// Records that a device signed rightly and counted backwards: it, or what was copied from it, is in other hands.
fn note_clone(tx: &mut Tx<'_>, user: &User, guess: &Judged, scene: &Scene, env: &Env) -> Result<(), Error> {
    let actor = Actor::user(user.id, user.login.as_str(), &user.name());
    let event = Event::failure(EventType::FactorCloneSuspect, actor, scene.client.clone(), "sign_count")
        .target(Target::new("User", user.id, user.login.as_str(), &user.name()))
        .target(Target::new("UserFactor", guess.id, guess.kind.as_str(), guess.kind.factor().label()));
    tx.record(&event, env)
}

fn count_failure(tx: &mut Tx<'_>, user: &User, scene: &Scene, env: &Env) -> Result<Outcome, Error> {
    let from = place(tx, user, scene)?;
    let lockout = tx.password_policy(user.id)?.password.lockout;
    match tx.attempt_failed(user.id, (Wrong::Code, from), &lockout, env.now)? {
        // Not reached after `admit_user` in the same transaction; if it were, nothing was answered.
        Failure::AlreadyLocked => Ok(Outcome::Unavailable),
        Failure::Counted => Ok(Outcome::Wrong),
        Failure::Locks(until) => {
            note_lock_from(tx, user, (until, from), &scene.client, env)?;
            Ok(Outcome::Locked(until))
        }
    }
}

/// As what an attempt counts.
fn place(tx: &mut Tx<'_>, user: &User, scene: &Scene) -> Result<Browser, Error> {
    if scene.is_known { Ok(Browser::Known) } else { tx.browser(user.id, scene.client.browser) }
}

/// Records that a password has ended, since it was guessed at too often, and tells its person.
pub(super) fn note_password_end(tx: &mut Tx<'_>, user: &User, client: &audit::Client, env: &Env) -> Result<(), Error> {
    let target = Target::new("User", user.id, user.login.as_str(), &user.name());
    let actor = Actor::user(user.id, user.login.as_str(), &user.name());
    let event = Event::success(EventType::UserPasswordExpire, actor, client.clone()).target(target);
    tx.record(&event.detail("reason", "guessed_at"), env)?;
    notices::password_ended(tx, user, env)
}

/// Records that an account was locked for browsers like this one, and tells its person.
pub(super) fn note_lock_from(
    tx: &mut Tx<'_>,
    user: &User,
    (until, from): (Timestamp, Browser),
    client: &audit::Client,
    env: &Env,
) -> Result<(), Error> {
    match from {
        Browser::Known => note_lock(tx, user, until, client, env),
        Browser::Unknown => note_strangers(tx, user, until, client, env),
    }
}

fn note_strangers(
    tx: &mut Tx<'_>,
    user: &User,
    until: Timestamp,
    client: &audit::Client,
    env: &Env,
) -> Result<(), Error> {
    let target = Target::new("User", user.id, user.login.as_str(), &user.name());
    let event = Event::success(EventType::UserAccountLock, Actor::anonymous(), client.clone()).target(target);
    tx.record(&event.detail("appliesTo", "UNKNOWN_DEVICES"), env)?;
    if is_told_of_locks(tx, user)? { notices::strangers_locked(tx, user, until, env) } else { Ok(()) }
}

/// Whether the person's policy wants mails of a lock.
fn is_told_of_locks(tx: &mut Tx<'_>, user: &User) -> Result<bool, Error> {
    Ok(!tx.password_policy(user.id)?.password.lockout.user_lockout_notification_channels.is_empty())
}

/// Records that an account was locked and tells its person, by mail, whoever it was.
pub(crate) fn note_lock(
    tx: &mut Tx<'_>,
    user: &User,
    until: Timestamp,
    client: &audit::Client,
    env: &Env,
) -> Result<(), Error> {
    let target = Target::new("User", user.id, user.login.as_str(), &user.name());
    let actor = Actor::user(user.id, user.login.as_str(), &user.name());
    tx.record(&Event::success(EventType::UserAccountLock, actor, client.clone()).target(target), env)?;
    if is_told_of_locks(tx, user)? { notices::locked(tx, user, until, env) } else { Ok(()) }
}
