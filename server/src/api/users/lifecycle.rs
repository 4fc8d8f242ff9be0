//! An account's life: activated, shut out, let in again, ended, deleted; and its sessions.

use postern_authn::audit::EventType;
use postern_authn::factor::Channel;
use postern_authn::permission::{Permission, Right, right};
use postern_authn::sign_in::Recovering;
use postern_authn::user::{Lifecycle, Status, User};
use postern_codes::Env;
use postern_codes::id::User as UserKind;
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use super::{Delivery, OneTimeLink, Refusal, hindrance, named, reached, refuse, target};
use crate::App;
use crate::account::{self, lost};
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::notices::account as notices;

/// A step that an account goes without anything else to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ends the account.
    Deactivate,
    /// Shuts out for a while.
    Suspend,
    /// Lets in again.
    Unsuspend,
}

impl From<Step> for Lifecycle {
    fn from(step: Step) -> Self {
        match step {
            Step::Deactivate => Self::Deactivate,
            Step::Suspend => Self::Suspend,
            Step::Unsuspend => Self::Unsuspend,
        }
    }
}

/// A right to one step.
pub trait StepRight: Right {
    /// The step.
    const STEP: Step;
    /// Its word in addresses.
    const WORD: &'static str;
}

impl StepRight for right::UsersDeactivate {
    const STEP: Step = Step::Deactivate;
    const WORD: &'static str = "deactivate";
}

impl StepRight for right::UsersSuspend {
    const STEP: Step = Step::Suspend;
    const WORD: &'static str = "suspend";
}

impl StepRight for right::UsersUnsuspend {
    const STEP: Step = Step::Unsuspend;
    const WORD: &'static str = "unsuspend";
}

/// What became of somebody who was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// The account has ended; once more, and it is deleted.
    Deactivated,
    /// There is nothing left of it but what the record holds.
    Deleted,
}

/// Lets a new or deactivated person in. Whoever must choose a password first gets a link for it; it is given back where
/// the caller passes it on.
///
/// # Errors
/// 404 for nobody, 403 where they are active already or above the caller.
pub async fn activate(
    app: &App,
    by: &Allowed<right::UsersActivate>,
    who: &str,
    delivery: Delivery,
) -> Result<Option<OneTimeLink>, ApiError> {
    begin(app, by, (who, EventType::UserActivate), delivery).await
}

/// Begins an activation or a recovery again that was not completed; links before it are void.
///
/// # Errors
/// 404 for nobody, 403 where nothing was begun or the person is above the caller.
pub async fn reactivate(
    app: &App,
    by: &Allowed<right::UsersActivate>,
    who: &str,
    delivery: Delivery,
) -> Result<Option<OneTimeLink>, ApiError> {
    begin(app, by, (who, EventType::UserReactivate), delivery).await
}

async fn begin(
    app: &App,
    by: &Allowed<right::UsersActivate>,
    (who, kind): (&str, EventType),
    delivery: Delivery,
) -> Result<Option<OneTimeLink>, ApiError> {
    let env = app.env();
    let begun = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let readiness = person.readiness(tx.needs_password(person.id)?);
        let step = if kind == EventType::UserActivate {
            Lifecycle::Activate(readiness)
        } else {
            Lifecycle::Reactivate(readiness)
        };
        let Some(status) = tx.move_user(&person, step, env.now)? else {
            return refuse(tx, by, kind, &person, Refusal::Status(step), &env);
        };
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        let is_recovery = match status {
            Status::Provisioned => false,
            Status::Recovery => true,
            // Ready: they sign in with what they have.
            Status::Active | Status::Deprovisioned | Status::PasswordExpired | Status::Staged | Status::Suspended => {
                return Ok(Ok(None));
            }
        };
        match (delivery, is_recovery) {
            (Delivery::Mailed, false) => account::mail_welcome(tx, &app.config, &person, &env)?,
            (Delivery::Mailed, true) => account::mail_reset(tx, &app.config, &person, &env)?,
            (Delivery::Shown, false) => return Ok(Ok(Some(account::welcome(tx, &app.config, &person, &env)?))),
            (Delivery::Shown, true) => return Ok(Ok(Some(account::reset(tx, &app.config, &person, &env)?))),
        }
        Ok(Ok(None))
    });
    begun.await?
}

/// Shuts a person out, lets them in again or ends their account. Where `tell` is set, the caller is mailed that an account
/// ended.
///
/// # Errors
/// 404 for nobody; what [`Refusal`] says.
pub async fn step<R: StepRight>(app: &App, by: &Allowed<R>, who: &str, tell: bool) -> Result<(), ApiError> {
    let env = app.env();
    let (step, kind) = (R::STEP, event(R::STEP));
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        take(tx, by, &person, (step, tell), &env)
    });
    done.await?
}

/// Ends an account; once it has ended, deletes it.
///
/// # Errors
/// 404 for nobody; what [`Refusal`] says.
pub async fn remove(app: &App, by: &Allowed<right::UsersDelete>, who: &str, tell: bool) -> Result<Removed, ApiError> {
    let env = app.env();
    let kind = EventType::UserDelete;
    let removed = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if person.status != Status::Deprovisioned {
            if let Some(refusal) = hindrance(tx, by, Permission::UsersDeactivate, person.id)? {
                return refuse(tx, by, EventType::UserDeactivate, &person, refusal, &env);
            }
            let ended = take(tx, by, &person, (Step::Deactivate, tell), &env)?;
            return Ok(ended.map(|()| Removed::Deactivated));
        }
        if !tx.erase_user(person.id, env.now)? {
            return Ok(Err(ApiError::not_found::<UserKind>(who)));
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(Removed::Deleted))
    });
    removed.await?
}

fn take(
    tx: &mut Tx<'_>,
    by: &Caller,
    person: &User,
    (step, tell): (Step, bool),
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    let kind = event(step);
    let shuts_out = match step {
        Step::Deactivate | Step::Suspend => true,
        Step::Unsuspend => false,
    };
    if shuts_out && person.id == by.user() {
        return refuse(tx, by, kind, person, Refusal::Oneself, env);
    }
    if shuts_out && tx.is_last_super(person.id)? {
        return refuse(tx, by, kind, person, Refusal::LastSuper, env);
    }
    if tx.move_user(person, step.into(), env.now)?.is_none() {
        return refuse(tx, by, kind, person, Refusal::Status(step.into()), env);
    }
    if shuts_out {
        tx.end_sessions_of(person.id, env.now)?;
        tx.void_links(person.id.as_str(), env.now)?;
    }
    if step == Step::Deactivate {
        tx.revoke_tokens_of(person.id, env.now)?;
        if tell && let Some(caller) = tx.user(by.user())? {
            notices::deactivated(tx, &caller, person, env)?;
        }
    }
    tx.record(&by.success(kind).target(target(person)), env)?;
    Ok(Ok(()))
}

/// Ends a lock before its time.
///
/// # Errors
/// 404 for nobody, 403 where there is no lock or the person is above the caller.
pub async fn unlock(app: &App, by: &Allowed<right::UsersUnlock>, who: &str) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::UserUnlock;
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if !tx.unlock_user(person.id, env.now)? {
            return refuse(tx, by, kind, &person, Refusal::NotLocked, &env);
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(()))
    });
    done.await?
}

/// A link by which a person who is locked out ends that by themselves, for a program that hands it on.
///
/// # Errors
/// 404 for nobody; 403 where they are above the caller, or not locked, or their policy does not let them.
pub async fn unlock_link(app: &App, by: &Allowed<right::UsersUnlock>, who: &str) -> Result<OneTimeLink, ApiError> {
    let (env, kind) = (app.env(), lost::begun(Recovering::Unlock));
    let made = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let way = (Recovering::Unlock, Channel::Email);
        if !lost::may_begin(tx, Some(&person), way, &by.client.0, &env)? {
            return refuse(tx, by, kind, &person, Refusal::NotLocked, &env);
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        let life = tx.password_policy(person.id)?.recovery_lifetime();
        account::make(tx, &app.config, &person, (LinkPurpose::Unlock, life), &env).map(Ok)
    });
    made.await?
}

/// Signs a person out everywhere; their browsers count as strangers' from then on, where that is wanted.
///
/// # Errors
/// 404 for nobody, 403 where the person is above the caller.
pub async fn sign_out(
    app: &App,
    by: &Allowed<right::UsersClearSessions>,
    who: &str,
    forgets_browsers: bool,
) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::SessionsClear;
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        tx.end_sessions_of(person.id, env.now)?;
        if forgets_browsers {
            tx.forget_browsers(person.id)?;
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(()))
    });
    done.await?
}

/// Signs the caller out everywhere; here too, unless this session is kept.
///
/// # Errors
/// Of the database.
pub async fn sign_out_oneself(app: &App, by: &Caller, keep_current: bool) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let Some(person) = named(tx, by, "me")? else { return Ok(Err(ApiError::not_found::<UserKind>("me"))) };
        tx.end_other_sessions_of(person.id, by.session().filter(|_| keep_current), env.now)?;
        tx.record(&by.success(EventType::SessionsClear).target(target(&person)), &env)?;
        Ok(Ok(()))
    });
    done.await?
}

const fn event(step: Step) -> EventType {
    match step {
        Step::Deactivate => EventType::UserDeactivate,
        Step::Suspend => EventType::UserSuspend,
        Step::Unsuspend => EventType::UserUnsuspend,
    }
}
