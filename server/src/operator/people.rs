//! People, as an operator makes, lists, shuts out and lets in.

use std::collections::BTreeMap;

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::user::{Login, Profile, Status, User};
use postern_codes::id::{Id, Org};
use postern_codes::{Env, Secret};
use postern_store::people::PeopleQuery;

use super::{Answer, NewUser};
use crate::App;
use crate::api::users::Step;

/// Most people that are listed.
const LISTED: u32 = 1000;

/// Makes a person with a first password, which is shown once.
///
/// # Errors
/// Of the database or the hash function.
pub async fn create(app: &App, org: Id<Org>, new: NewUser) -> anyhow::Result<Answer> {
    let NewUser { login, first_name, last_name, email } = new;
    let email = email.unwrap_or_else(|| login.clone());
    let login: Login = match login.parse() {
        Ok(login) => login,
        Err(wrong) => return Ok(Answer::Refused(format!("{login:?}: {wrong}"))),
    };
    if email.parse::<lettre::Address>().is_err() {
        return Ok(Answer::Refused(format!("{email:?} is no mail address: give one with --email")));
    }
    let env = app.env();
    let profile = Profile { first_name, last_name, email, further: BTreeMap::new() };
    let user = User::new(Id::new(&env), login, profile, Status::Active, env.now);
    let password = new_password(&env);
    let hash =
        app.passwords.hash(password.clone(), &env).await.map_err(|error| anyhow::anyhow!(error.summary.clone()))?;
    let made = app.store.write(org, |tx| {
        if !tx.insert_user(&user, "OPERATOR", "system", &env)? {
            return Ok(false);
        }
        tx.set_password(user.id, hash.expose(), &env)?;
        for kind in [EventType::UserCreate, EventType::UserActivate, EventType::UserPasswordUpdate] {
            tx.record(&success(kind, &user), &env)?;
        }
        Ok(true)
    });
    if !made.await? {
        return Ok(Answer::Refused(format!("somebody has the login {} already", user.login)));
    }
    Ok(Answer::Done(vec![
        format!("{}  {}", user.id, user.login),
        format!("first password, shown once: {}", password.expose()),
    ]))
}

/// Shuts a person out, lets them in again, or ends their account.
///
/// # Errors
/// Of the database.
pub async fn step(app: &App, org: Id<Org>, login: &str, step: Step) -> anyhow::Result<Answer> {
    let Ok(known) = login.parse::<Login>() else { return Ok(Answer::nobody(login)) };
    let env = app.env();
    let (kind, done) = match step {
        Step::Deactivate => (EventType::UserDeactivate, "deactivated"),
        Step::Suspend => (EventType::UserSuspend, "suspended"),
        Step::Unsuspend => (EventType::UserUnsuspend, "active again"),
    };
    let shuts_out = step != Step::Unsuspend;
    let stepped = app.store.write(org, |tx| {
        let Some(user) = tx.user_by_login(&known)? else { return Ok(Answer::nobody(login)) };
        if shuts_out && tx.is_last_super(user.id)? {
            let why = format!("{login} is the only super administrator: make another one first");
            tx.record(&failure(kind, &user, "last_super"), &env)?;
            return Ok(Answer::Refused(why));
        }
        if tx.move_user(&user, step.into(), env.now)?.is_none() {
            tx.record(&failure(kind, &user, "status"), &env)?;
            return Ok(Answer::Refused(format!("{login} is {}: that step does not apply", user.status.as_str())));
        }
        if shuts_out {
            tx.end_sessions_of(user.id, env.now)?;
            tx.void_links(user.id.as_str(), env.now)?;
        }
        if step == Step::Deactivate {
            tx.revoke_tokens_of(user.id, env.now)?;
        }
        tx.record(&success(kind, &user), &env)?;
        Ok(Answer::done(format!("{login} is {done}")))
    });
    Ok(stepped.await?)
}

/// Lists people: status, login, name, id.
///
/// # Errors
/// Of the database.
pub async fn list(app: &App, org: Id<Org>, words: Option<String>) -> anyhow::Result<Answer> {
    let (query, now) = (PeopleQuery { words, ..PeopleQuery::default() }, app.env().now);
    let people = app.store.read(org, |tx| tx.people(&query, LISTED)).await?;
    let line =
        |user: &User| format!("{:<14} {:<40} {:<30} {}", user.shown_status(now), user.login, user.name(), user.id);
    Ok(Answer::Done(people.iter().map(line).collect()))
}

/// A password that nobody has to invent: 120 random bits.
pub(super) fn new_password(env: &Env) -> Secret<String> {
    Secret::new(postern_codes::b64::encode(&env.bytes::<15>()))
}

/// Something that an operator did to a person.
pub(super) fn success(kind: EventType, user: &User) -> Event {
    Event::success(kind, Actor::system(), Client::default()).target(target(user))
}

fn failure(kind: EventType, user: &User, code: &str) -> Event {
    Event::failure(kind, Actor::system(), Client::default(), code).target(target(user))
}

fn target(user: &User) -> Target {
    Target::new("User", user.id, user.login.as_str(), &user.name())
}
