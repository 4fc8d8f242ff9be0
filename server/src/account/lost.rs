//! The ways back of somebody who says a name and has proved nothing: to another password, and to the end of a lock. Who may
//! go one is their policy's to say; strangers are told alike whoever they name.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::factor::Channel;
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::password::{PasswordActions, RecoveryFactors, State};
use postern_authn::policy::sign_on::Access;
use postern_authn::policy::{PolicyType, Status as PolicyStatus};
use postern_authn::sign_in::Recovering;
use postern_authn::user::{Login, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Secret, Timestamp};
use postern_store::attempts::Browser;
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use super::{look, make, question, waiting};
use crate::App;
use crate::api::ApiError;
use crate::api::users::target;
use crate::notices::account as notices;
use crate::sign_in::recovery::{self, Answered};
use crate::sign_in::{charge, name_key};

/// The link by which somebody comes for this.
pub const fn link(recovering: Recovering) -> LinkPurpose {
    match recovering {
        Recovering::Activation => LinkPurpose::Activate,
        Recovering::Password => LinkPurpose::Reset,
        Recovering::Unlock => LinkPurpose::Unlock,
    }
}

/// The event of its beginning.
pub const fn begun(recovering: Recovering) -> EventType {
    match recovering {
        Recovering::Activation | Recovering::Password => EventType::UserPasswordReset,
        Recovering::Unlock => EventType::UserUnlockBegin,
    }
}

/// Whether any policy of the organisation lets anybody come back so. What none does is refused to every name alike.
///
/// # Errors
/// Of the database.
pub fn is_offered(tx: &mut Tx<'_>, recovering: Recovering, way: Channel) -> Result<bool, Error> {
    let policies = tx.policies(PolicyType::Password)?;
    Ok(policies.iter().filter(|policy| policy.status == PolicyStatus::Active).any(|policy| {
        let is_on = policy.settings.password().is_some_and(|settings| is_on(&settings.recovery.factors, way));
        let rules = policy.rules.iter().filter(|rule| rule.status == PolicyStatus::Active);
        let mut actions = rules.filter_map(|rule| rule.actions.password());
        is_on && actions.any(|actions| access(actions, recovering) == Access::Allow)
    }))
}

/// What the policy lets nobody do, or not this person.
pub fn refused(recovering: Recovering) -> ApiError {
    let (code, summary) = match recovering {
        Recovering::Activation | Recovering::Password => ("E0000034", "Forgot password not allowed on specified user."),
        Recovering::Unlock => ("E0000032", "Unlock is not allowed for this user."),
    };
    ApiError::new(StatusCode::FORBIDDEN, code, summary)
}

/// Whether somebody may come back so now: their account waits for it, and their policy lets them from this address. For
/// nobody the same statements run.
///
/// # Errors
/// Of the database.
pub fn may_begin(
    tx: &mut Tx<'_>,
    person: Option<&User>,
    (recovering, way): (Recovering, Channel),
    client: &Client,
    env: &Env,
) -> Result<bool, Error> {
    let id = person.map_or_else(|| Id::<UserKind>::new(env), |person| person.id);
    let is_allowed = access(&tx.password_actions(id, &client.ip)?, recovering) == Access::Allow;
    let is_on = is_on(&tx.password_policy(id)?.recovery.factors, way);
    let is_locked = tx.locked_until(id, Browser::Unknown, env.now)?.is_some();
    let waits = person.is_some_and(|person| match recovering {
        // Who is in recovery already has the link of whoever began it, and their mailbox may be why.
        Recovering::Activation | Recovering::Password => person.status.takes_password(),
        Recovering::Unlock => person.status.is_in_force() && is_locked,
    });
    Ok(is_allowed && is_on && waits)
}

const fn access(actions: &PasswordActions, recovering: Recovering) -> Access {
    match recovering {
        Recovering::Activation | Recovering::Password => actions.self_service_password_reset.access,
        Recovering::Unlock => actions.self_service_unlock.access,
    }
}

fn is_on(factors: &RecoveryFactors, way: Channel) -> bool {
    let status = match way {
        Channel::Call => factors.okta_call.unwrap_or_default().status,
        Channel::Email => factors.okta_email.status,
        Channel::Sms => factors.okta_sms.unwrap_or_default().status,
    };
    status == State::Active
}

/// Counts what is sent to whoever has this name, before it is known whether anybody has.
///
/// # Errors
/// Of the database; the value says until when nothing more is sent for this name or address.
pub fn charge_name(
    tx: &mut Tx<'_>,
    name_key: &str,
    client: &Client,
    env: &Env,
) -> Result<Result<(), (Limit, Timestamp)>, Error> {
    for (limit, subject) in [(Limit::ForgottenOfAddress, client.ip.as_str()), (Limit::ForgottenOfName, name_key)] {
        if let Charge::RetryAt(at) = charge(tx, limit, subject, client, env)? {
            return Ok(Err((limit, at)));
        }
    }
    Ok(Ok(()))
}

/// Mails a link to whoever has this name, if anybody has and may come back by it. What is answered depends on nothing but
/// how often it was asked. Nobody is mailed that there is no lock to end: a page can say what silence means, and strangers
/// have nothing sent by asking.
///
/// # Errors
/// Of the database; the value says until when nothing more is sent for this name or address.
pub async fn mail(
    app: &App,
    client: &Client,
    (recovering, name): (Recovering, &str),
) -> Result<Result<(), (Limit, Timestamp)>, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let login: Option<Login> = name.trim().parse().ok();
    let key = name_key(name);
    let asked = app.store.write(org, |tx| {
        if let Err(refused) = charge_name(tx, &key, client, &env)? {
            return Ok(Err(refused));
        }
        let known = login.as_ref().map(|login| tx.user_by_login(login)).transpose()?.flatten();
        let may = may_begin(tx, known.as_ref(), (recovering, Channel::Email), client, &env)?;
        let id = known.as_ref().map_or_else(|| Id::<UserKind>::new(&env), |person| person.id);
        let life = tx.password_policy(id)?.recovery_lifetime();
        let (kind, purpose) = (begun(recovering), link(recovering));
        let Some(person) = known.filter(|_| may) else {
            // The same work for nobody: a link that leads nowhere.
            tx.new_link(purpose, "nobody", life, &env)?;
            tx.record(&Event::failure(kind, Actor::anonymous(), client.clone(), "not_admitted"), &env)?;
            return Ok(Ok(()));
        };
        let link = make(tx, &app.config, &person, (purpose, life), &env)?;
        match recovering {
            Recovering::Activation | Recovering::Password => notices::reset(tx, &person, (&link.url, life), &env)?,
            Recovering::Unlock => notices::unlock(tx, &person, (&link.url, life), &env)?,
        }
        let event = Event::success(kind, Actor::anonymous(), client.clone()).target(target(&person));
        tx.record(&event.detail("begun", "forgotten_page"), &env)?;
        Ok(Ok(()))
    });
    Ok(asked.await?)
}

/// What came of a link that ends a lock.
#[must_use]
pub enum Unlocked {
    /// The lock is over.
    Done(User),
    /// The link is unknown, used or too old, or the account has ended: one answer for all.
    LinkOver,
    /// The recovery question is asked, and was answered wrongly.
    WrongAnswer(User),
}

/// Uses a link up and ends the lock of its person, who answers the recovery question where their policy has it asked.
///
/// # Errors
/// 429 after too many answers; of the database or the hash function. The link is not used up then.
pub async fn unlock(
    app: &App,
    client: &Client,
    token: &Secret<String>,
    answer: &Secret<String>,
) -> Result<Unlocked, ApiError> {
    let purpose = LinkPurpose::Unlock;
    let Some(person) = look(app, purpose, token).await? else { return Ok(Unlocked::LinkOver) };
    let (org, env) = (app.org().await?, app.env());
    if question(app, &person, purpose).await?.is_some() {
        match recovery::answer(app, org, (Recovering::Unlock, &person, answer), client, &env).await? {
            Answered::Locked => return Err(recovery::locked()),
            Answered::Right => {}
            Answered::Wrong => return Ok(Unlocked::WrongAnswer(person)),
        }
    }
    let done = app.store.write(org, |tx| {
        let subject = tx.use_link(purpose, token, env.now)?;
        let Some(person) = waiting(tx, purpose, subject.as_deref())? else { return Ok(Unlocked::LinkOver) };
        let by = Actor::user(person.id, person.login.as_str(), &person.name());
        let event = Event::success(EventType::UserTokenUse, by, client.clone()).target(target(&person));
        tx.record(&event.detail("purpose", purpose.as_str()), &env)?;
        tx.clear_limit(Limit::CredentialChecks, person.id.as_str())?;
        recovery::unlock(tx, app, &person, client, &env)?;
        Ok(Unlocked::Done(person))
    });
    Ok(done.await?)
}
