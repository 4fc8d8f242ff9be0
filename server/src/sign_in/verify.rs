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
use postern_store::deliveries::Message;
use postern_store::users::Failure;
use postern_store::{Error, Tx};

use crate::App;
use crate::api::ApiError;
use crate::console::part::Moment;

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
}

/// An answer as one factor judged it, before anything was counted or consumed.
#[derive(Debug, Clone, Copy)]
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
    if !tx.admit_user(user.id, user.version, env.now)? {
        let lock = tx.user(user.id)?.and_then(|user| user.lock(env.now));
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
        let Some(counter) = accepted(guess.verdict) else { continue };
        if tx.consume_answer((guess.id, guess.version), counter, env.now)? {
            for guess in &heard {
                tx.clear_limit(Limit::FactorFailures, guess.id.as_str())?;
            }
            return Ok(Outcome::Accepted(Proof::factor(guess.kind, guess.id, env.now)));
        }
    }
    count_failure(tx, user, scene, env)
}

const fn accepted(verdict: Verdict) -> Option<u64> {
    match verdict {
        Verdict::Accepted(counter) => Some(counter),
        Verdict::Ask(outside) => match outside {},
        Verdict::NotMine | Verdict::Refused => None,
    }
}

fn count_failure(tx: &mut Tx<'_>, user: &User, scene: &Scene, env: &Env) -> Result<Outcome, Error> {
    match tx.user_failed(user.id, env.now)? {
        // Not reached after `admit_user` in the same transaction; if it were, nothing was answered.
        Failure::AlreadyLocked => Ok(Outcome::Unavailable),
        Failure::Counted => Ok(Outcome::Wrong),
        Failure::Locks(until) => {
            note_lock(tx, user, until, &scene.client, env)?;
            Ok(Outcome::Locked(until))
        }
    }
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
    let org = tx.org_record()?.map(|org| org.name).unwrap_or_default();
    let until = Moment::new(until, env.now).exact;
    let message = Message {
        subject: format!("Your account at {org} is locked until {until}"),
        text: format!(
            "Hello {name},\n\na wrong password or code was given for your account ten times in a row. So the account is \
             locked until {until}; until then even the right password and code are refused.\n\nIf that was you: wait, or \
             call your help desk, who can unlock it.\nIf it was not you: tell your help desk. Your password may be \
             known to somebody.\n",
            name = user.name()
        ),
    };
    tx.enqueue(&user.profile.email, &message, env).map(drop)
}
