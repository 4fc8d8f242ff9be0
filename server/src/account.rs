//! One-time links by which a person chooses a password: the first one, another one, or one after the right one that is
//! expired. A link is made in the transaction that makes it necessary, works once, for one person and one purpose, and
//! only while their account waits for it. To look at it uses nothing up: mail programs open links by themselves.

pub mod lost;

use std::time::Duration;

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::password::{NewPassword, Owner};
use postern_authn::policy::password::Complexity;
use postern_authn::sign_in::Recovering;
use postern_authn::user::{Login, Profile, User};
use postern_codes::id::{Id, Org, User as UserKind};
use postern_codes::{Env, Secret};
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use crate::App;
use crate::api::ApiError;
use crate::api::users::{OneTimeLink, target};
use crate::config::Config;
use crate::console::part::Moment;
use crate::notices::account as notices;
use crate::sign_in::open_hash;
use crate::sign_in::recovery::{self, Answered};

/// How long somebody new has to choose a password.
const WELCOME_LIFE: Duration = Duration::from_hours(7 * 24);
/// How long a reset that an administrator began waits.
const RESET_LIFE: Duration = Duration::from_hours(24);
/// How long somebody who proved an expired password has to choose another.
const EXPIRED_LIFE: Duration = Duration::from_mins(10);

/// What came of a password that was chosen by a link.
#[must_use]
pub enum Chosen {
    /// It is theirs now.
    Done(User),
    /// The link is unknown, used or too old, or the account does not wait for it: one answer for all.
    LinkOver,
    /// It is the one they had.
    Same(User),
    /// It may not be set.
    Weak(User, Vec<String>),
    /// The recovery question was asked, and that is not the answer.
    WrongAnswer(User),
}

/// Who sets a password, which decides how much is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setter {
    /// An administrator, for somebody: earlier ones may come back.
    Administrator,
    /// Its owner, who knows the present one: not too soon after the last change.
    Owner,
    /// Its owner, by a link or an answer, who lost the present one.
    Recovery,
}

/// Judges a password that somebody is to have by the policy that holds for them; every rule that it breaks.
///
/// # Errors
/// Of the database or the hash function.
pub async fn judge(
    app: &App,
    org: Id<Org>,
    (password, owner): (&Secret<String>, &User),
    by: Setter,
) -> Result<Result<NewPassword, Vec<String>>, ApiError> {
    let now = app.env().now;
    let read = app.store.read(org, |tx| {
        let rules = tx.password_policy(owner.id)?.password;
        let count = if by == Setter::Administrator { 0 } else { rules.age.history_count };
        Ok((tx.last_passwords(owner.id, count)?, rules))
    });
    let (earlier, rules) = read.await?;
    let changeable_at = owner.password_changed_at.map(|at| rules.age.changeable_at(at)).filter(|at| now < *at);
    if let (Setter::Owner, Some(at)) = (by, changeable_at) {
        let at = Moment::new(at, now).exact().to_string();
        return Ok(Err(vec![format!("the password was changed only just now; it can be changed again after {at}")]));
    }
    let new = match judge_by(&rules.complexity, password, (&owner.login, &owner.profile)) {
        Ok(new) => new,
        Err(broken) => return Ok(Err(broken)),
    };
    for sealed in &earlier {
        let hash = open_hash(app, sealed)?;
        if app.passwords.check(password.clone(), Some(hash)).await?.is_right {
            let count = rules.age.history_count;
            return Ok(Err(vec![format!("the password must be none of your last {count}")]));
        }
    }
    Ok(Ok(new))
}

/// Fewest characters of a password that a person may choose.
///
/// # Errors
/// Of the database.
pub async fn fewest(app: &App, owner: &User) -> Result<u32, ApiError> {
    let org = app.org().await?;
    let policy = app.store.read(org, |tx| tx.password_policy(owner.id)).await?;
    Ok(policy.password.complexity.min_length)
}

/// The same of somebody who is to be made, by what their groups' policy asks for.
///
/// # Errors
/// Every rule that it breaks.
pub fn judge_by(
    wanted: &Complexity,
    password: &Secret<String>,
    (login, profile): (&Login, &Profile),
) -> Result<NewPassword, Vec<String>> {
    let owner = Owner { login: login.as_str(), first_name: &profile.first_name, last_name: &profile.last_name };
    let judged = NewPassword::judge(password.clone(), wanted, &owner);
    judged.map_err(|broken| broken.iter().map(ToString::to_string).collect())
}

/// A link by which somebody new chooses their first password; those before it are void.
///
/// # Errors
/// Of the database.
pub fn welcome(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<OneTimeLink, Error> {
    tx.void_links(user.id.as_str(), env.now)?;
    make(tx, config, user, (LinkPurpose::Activate, WELCOME_LIFE), env)
}

/// The same, mailed.
///
/// # Errors
/// Of the database.
pub fn mail_welcome(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let link = welcome(tx, config, user, env)?;
    notices::welcome(tx, user, (&link.url, WELCOME_LIFE), env)
}

/// A link by which somebody chooses another password; those before it are void.
///
/// # Errors
/// Of the database.
pub fn reset(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<OneTimeLink, Error> {
    tx.void_links(user.id.as_str(), env.now)?;
    make(tx, config, user, (LinkPurpose::Reset, RESET_LIFE), env)
}

/// The same, mailed.
///
/// # Errors
/// Of the database.
pub fn mail_reset(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let link = reset(tx, config, user, env)?;
    notices::reset(tx, user, (&link.url, RESET_LIFE), env)
}

/// A link for somebody who just proved a password that is expired.
///
/// # Errors
/// Of the database.
pub fn expired(tx: &mut Tx<'_>, user: &User, env: &Env) -> Result<Secret<String>, Error> {
    tx.new_link(LinkPurpose::Expired, user.id.as_str(), EXPIRED_LIFE, env)
}

/// Whom a link is for, without using it up; nothing where it does not work.
///
/// # Errors
/// Of the database.
pub async fn look(app: &App, purpose: LinkPurpose, token: &Secret<String>) -> Result<Option<User>, ApiError> {
    let (org, now) = (app.org().await?, app.env().now);
    let found = app.store.read(org, |tx| {
        let subject = tx.link_subject(purpose, token, now)?;
        waiting(tx, purpose, subject.as_deref())
    });
    Ok(found.await?)
}

/// The recovery question of somebody who comes by a link, where their policy has it asked.
///
/// # Errors
/// Of the database.
pub async fn question(app: &App, person: &User, purpose: LinkPurpose) -> Result<Option<String>, ApiError> {
    let recovering = match purpose {
        LinkPurpose::Reset => Recovering::Password,
        LinkPurpose::Unlock => Recovering::Unlock,
        LinkPurpose::Activate | LinkPurpose::CaseNotMe | LinkPurpose::Expired | LinkPurpose::NotMe => return Ok(None),
    };
    let org = app.org().await?;
    let asks = app.store.read(org, |tx| recovery::asks_question(tx, person, recovering)).await?;
    Ok(person.recovery_question.clone().filter(|_| asks))
}

/// Uses a link up and sets the password that its person chose. Every session before it ends.
///
/// # Errors
/// 403 while the account is locked, where the recovery question is asked; 429 after too many answers; of the database or
/// the hash function. The link is not used up then.
pub async fn choose(
    app: &App,
    client: &Client,
    (purpose, token): (LinkPurpose, &Secret<String>),
    (password, answer): (Secret<String>, &Secret<String>),
) -> Result<Chosen, ApiError> {
    let Some(person) = look(app, purpose, token).await? else { return Ok(Chosen::LinkOver) };
    let (org, env) = (app.org().await?, app.env());
    // First of all: whether a password is the present one is told to nobody who owes an answer.
    if question(app, &person, purpose).await?.is_some() {
        match recovery::answer(app, org, (Recovering::Password, &person, answer), client, &env).await? {
            Answered::Locked => return Err(recovery::locked()),
            Answered::Right => {}
            Answered::Wrong => return Ok(Chosen::WrongAnswer(person)),
        }
    }
    let new = match judge(app, org, (&password, &person), Setter::Recovery).await? {
        Ok(new) => new,
        Err(broken) => return Ok(Chosen::Weak(person, broken)),
    };
    if let Some(sealed) = app.store.read(org, |tx| tx.user_password(person.id)).await? {
        let present = open_hash(app, &sealed)?;
        if app.passwords.check(password, Some(present)).await?.is_right {
            return Ok(Chosen::Same(person));
        }
    }
    let hash = app.passwords.hash(new.into_secret(), &env).await?;
    let chosen = app.store.write(org, |tx| {
        let subject = tx.use_link(purpose, token, env.now)?;
        let Some(person) = waiting(tx, purpose, subject.as_deref())? else { return Ok(Chosen::LinkOver) };
        // Of an expired one nothing was proved but itself.
        let by_phone = purpose == LinkPurpose::Expired && person.password_by_phone;
        if tx.give_password(&person, (hash.expose(), by_phone), &env)?.is_none() {
            return Ok(Chosen::LinkOver);
        }
        tx.end_sessions_of(person.id, env.now)?;
        let by = Actor::user(person.id, person.login.as_str(), &person.name());
        for kind in [EventType::UserTokenUse, EventType::UserPasswordUpdate] {
            let event = Event::success(kind, by.clone(), client.clone()).target(target(&person));
            tx.record(&event.detail("purpose", purpose.as_str()), &env)?;
        }
        notices::password_changed(tx, &app.config, &person, &env)?;
        Ok(Chosen::Done(person))
    });
    Ok(chosen.await?)
}

/// The page of a link.
pub const fn page(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activate => "/welcome",
        LinkPurpose::Expired => "/expired",
        LinkPurpose::CaseNotMe => "/not-me/case",
        LinkPurpose::NotMe => "/not-me",
        LinkPurpose::Reset => "/reset",
        LinkPurpose::Unlock => "/unlock",
    }
}

pub(crate) fn make(
    tx: &mut Tx<'_>,
    config: &Config,
    user: &User,
    (purpose, life): (LinkPurpose, Duration),
    env: &Env,
) -> Result<OneTimeLink, Error> {
    let token = tx.new_link(purpose, user.id.as_str(), life, env)?;
    let url = format!("{}{}/{}", config.public_url.first(), page(purpose), token.expose());
    Ok(OneTimeLink { url, token })
}

/// The person of a link, where their account waits for what it does.
pub(crate) fn waiting(tx: &mut Tx<'_>, purpose: LinkPurpose, subject: Option<&str>) -> Result<Option<User>, Error> {
    let Some(id) = subject.and_then(|subject| subject.parse::<Id<UserKind>>().ok()) else { return Ok(None) };
    Ok(tx.user(id)?.filter(|person| purpose.is_open_to(person.status)))
}
