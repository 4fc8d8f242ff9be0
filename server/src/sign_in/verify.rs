//! Judging a factor's answer, with the counters that hold everywhere: whatever the session, route or server, an answer
//! spends an attempt of its factor, and a wrong one counts against its person.
//!
//! The first answer of a factor that waits for one goes by [`activate`]: it has a limit of its own, and locks nobody out.
//!
//! [`judge`] looks outside any transaction. [`settle`] decides inside one: it takes the person's row, charges the factor,
//! and consumes the counter, each by one guarded statement. What was judged beyond the limit is thrown away unseen, so an
//! attacker who asks two hundred times at once learns as much as one who asks five times.

use postern_authn::audit::{self, Actor, Event, EventType, Target};
use postern_authn::factor::{Activated, Answer, Category, Consume, Enrolled, Held, Outside, Proved, Verdict, question};
use postern_authn::limit::{Charge, Limit};
use postern_authn::sign_in::Proof;
use postern_authn::user::User;
use postern_codes::id::{Id, Org, User as UserKind};
use postern_codes::{Env, Secret, Timestamp};
use postern_store::attempts::{Browser, Wrong};
use postern_store::factor_codes::{self, Bond};
use postern_store::factors::Candidate;
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
    /// Right, and used before.
    Replayed,
    /// Not of the form of such an answer: no attempt was spent.
    Slip,
    /// Right at another time.
    Stale,
    /// The person has no such factor, or may not sign in.
    Unavailable,
    /// Enrolled by a device that did not make sure of its owner, which is demanded.
    Unverified,
    /// Wrong.
    Wrong,
}

impl Outcome {
    /// The stable code of a refusal, for the record.
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Accepted(_) => None,
            Self::Limited(_) => Some("rate_limit"),
            Self::Locked(_) => Some("locked_out"),
            Self::Replayed => Some("code_replayed"),
            Self::Slip => Some("malformed"),
            Self::Stale => Some("code_stale"),
            Self::Unavailable => Some("no_factor"),
            Self::Unverified => Some("user_not_verified"),
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
    factor: Enrolled,
    bond: Bond,
    verdict: Verdict,
}

/// Judges and settles an answer of a person by whichever factors fit, for what `bond` says. Where it stands for a password
/// too, the caller has made sure that it was right: a stranger's guesses must not lock people out.
///
/// # Errors
/// Of the database.
pub async fn verify(
    app: &App,
    org: Id<Org>,
    (user, bond): (Id<UserKind>, &Bond),
    fits: impl Fn(&Enrolled) -> bool,
    answer: &Answer,
    scene: &Scene,
) -> Result<Outcome, ApiError> {
    let env = app.env();
    let read = app.store.read(org, |tx| {
        let Some(person) = tx.user(user)? else { return Ok(None) };
        Ok(Some((person, tx.candidates(user, bond)?)))
    });
    let Some((user, mut candidates)) = read.await? else { return Ok(Outcome::Unavailable) };
    candidates.retain(|candidate| fits(&candidate.factor));
    let judged = judge(app, org, (candidates, bond), answer, &env).await?;
    Ok(app.store.write(org, |tx| conclude(tx, &user, &judged, scene, &env)).await?)
}

/// Settles an answer that stands by itself: a right one ends the count of the wrong ones.
///
/// # Errors
/// Of the database.
pub fn conclude(tx: &mut Tx<'_>, user: &User, judged: &[Judged], scene: &Scene, env: &Env) -> Result<Outcome, Error> {
    let outcome = settle(tx, user, judged, scene, env)?;
    if let Outcome::Accepted(_) = outcome {
        tx.user_proved(user.id)?;
    }
    Ok(outcome)
}

/// Has factors judge an answer, and asks whoever they want asked.
///
/// # Errors
/// Where a secret does not open.
pub async fn judge(
    app: &App,
    org: Id<Org>,
    (candidates, bond): (Vec<Candidate>, &Bond),
    answer: &Answer,
    env: &Env,
) -> Result<Vec<Judged>, ApiError> {
    let mut judged = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let look = |held: &Held<'_>| candidate.factor.kind.factor().verify(held, answer, env.now);
        let mut verdict = with_held(app, &candidate, bond, look)?;
        if let Verdict::Ask(Outside::Hash) = verdict {
            verdict = compare(app, org, &candidate.factor, answer, env).await?;
        }
        judged.push(Judged { factor: candidate.factor, bond: bond.clone(), verdict });
    }
    Ok(judged)
}

/// Opens a factor for one look.
fn with_held<T>(
    app: &App,
    candidate: &Candidate,
    bond: &Bond,
    look: impl FnOnce(&Held<'_>) -> T,
) -> Result<T, ApiError> {
    let (keyring, factor) = (app.store.keyring(), &candidate.factor);
    let secret = keyring.open(&factor.secret)?;
    let index = |code: &str| factor_codes::tag(keyring, factor, bond, code);
    let held = Held {
        secret: &secret,
        counter: factor.counter,
        profile: &factor.profile,
        codes: &candidate.codes,
        index: &index,
    };
    Ok(look(&held))
}

/// Compares an answer with the slow hash that is kept of it; not where its attempts are spent, since hashing is what an
/// attacker would have us do.
async fn compare(app: &App, org: Id<Org>, factor: &Enrolled, answer: &Answer, env: &Env) -> Result<Verdict, ApiError> {
    let Answer::Code(typed) = answer else { return Ok(Verdict::NotMine) };
    let limit = Limit::FactorFailures;
    let state = app.store.read(org, |tx| {
        let allowance = tx.allowance(limit)?;
        tx.limit_state(limit, factor.id.as_str(), allowance, env.now)
    });
    if let Charge::RetryAt(_) = state.await? {
        return Ok(Verdict::Refused);
    }
    let hash = app.store.keyring().open(&factor.secret)?;
    let hash = String::from_utf8(hash.expose().clone()).map(Secret::new).map_err(ApiError::fault)?;
    let checked = app.passwords.check(question::folded(typed), Some(hash)).await?;
    let proved = Proved { consumes: Consume::Nothing, traits: factor.traits(), profile: None };
    Ok(if checked.is_right { Verdict::Accepted(proved) } else { Verdict::Refused })
}

/// Has a factor that waits for its first answer judge one. Nothing is counted or consumed yet: the caller charges it with
/// [`charge_activation`] first, in the transaction that keeps what was made.
///
/// # Errors
/// Where a secret does not open.
pub fn activate(
    app: &App,
    candidate: &Candidate,
    owner: &User,
    answer: &Answer,
    env: &Env,
) -> Result<Result<Activated, Outcome>, ApiError> {
    let judged = with_held(app, candidate, &Bond::Enrolment, |held| {
        candidate.factor.kind.factor().activate(held, answer, owner, env.now)
    });
    Ok(judged?.map_err(|verdict| match verdict {
        Verdict::Replayed | Verdict::Cloned => Outcome::Replayed,
        Verdict::Stale => Outcome::Stale,
        Verdict::NotMine => Outcome::Slip,
        Verdict::Unverified => Outcome::Unverified,
        Verdict::Accepted(_) | Verdict::Ask(_) | Verdict::Refused => Outcome::Wrong,
    }))
}

/// Counts a first answer, right or wrong.
///
/// # Errors
/// Of the database.
pub fn charge_activation(tx: &mut Tx<'_>, factor: &Enrolled, env: &Env) -> Result<Charge, Error> {
    let limit = Limit::FactorActivations;
    let allowance = tx.allowance(limit)?;
    tx.charge(limit, &first_answers_of(factor), allowance, env.now)
}

/// Under what first answers are counted: of a person and a type, since one could begin anew.
pub fn first_answers_of(factor: &Enrolled) -> String {
    format!("{} {}", factor.user, factor.kind.as_str())
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
        event = event.detail("factor", first.factor.kind.as_str());
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
        match tx.charge(Limit::FactorFailures, guess.factor.id.as_str(), allowance, env.now)? {
            Charge::Allowed => heard.push(guess),
            Charge::RetryAt(at) => free_at = free_at.max(Some(at)),
        }
    }
    if let (true, Some(at)) = (heard.is_empty(), free_at) {
        return Ok(Outcome::Limited(at));
    }
    let mut why = Outcome::Wrong;
    for guess in &heard {
        let proved = match &guess.verdict {
            Verdict::Accepted(proved) => proved,
            Verdict::Cloned => {
                note_clone(tx, user, guess, scene, env)?;
                continue;
            }
            Verdict::Replayed => {
                why = Outcome::Replayed;
                continue;
            }
            Verdict::Stale => {
                why = Outcome::Stale;
                continue;
            }
            Verdict::Ask(_) | Verdict::NotMine | Verdict::Refused | Verdict::Unverified => continue,
        };
        if tx.consume_answer(&guess.factor, proved.consumes, &guess.bond, env.now)? {
            let held = (guess.factor.id, guess.factor.version);
            if let Some(profile) = &proved.profile {
                tx.save_factor_profile(held, profile, env.now)?;
            }
            if user.password_by_phone
                && !guess.factor.kind.is_telephoned()
                && proved.traits.proves(Category::Possession)
            {
                tx.back_password(user.id)?;
            }
            for guess in &heard {
                tx.clear_limit(Limit::FactorFailures, guess.factor.id.as_str())?;
            }
            let proof = Proof::factor(guess.factor.kind, guess.factor.id, env.now);
            return Ok(Outcome::Accepted(Proof { traits: proved.traits, ..proof }));
        }
        // Another request used it up first.
        why = Outcome::Replayed;
    }
    match count_failure(tx, user, scene, env)? {
        Outcome::Wrong => Ok(why),
        other => Ok(other),
    }
}

/// Records that a device signed rightly and counted backwards: it, or what was copied from it, is in other hands.
fn note_clone(tx: &mut Tx<'_>, user: &User, guess: &Judged, scene: &Scene, env: &Env) -> Result<(), Error> {
    let actor = Actor::user(user.id, user.login.as_str(), &user.name());
    let event = Event::failure(EventType::FactorCloneSuspect, actor, scene.client.clone(), "sign_count")
        .target(Target::new("User", user.id, user.login.as_str(), &user.name()))
        .target(Target::new(
            "UserFactor",
            guess.factor.id,
            guess.factor.kind.as_str(),
            guess.factor.kind.factor().label(),
        ));
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
