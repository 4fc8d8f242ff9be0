//! Changing a person's profile and credentials, as an administrator does.

use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Lifecycle, Login, Profile, Status, User};
use postern_codes::Env;
use postern_store::{Error, Tx};
use serde_json::{Map, Value};

use super::{
    NewQuestion, NewSecret, Refusal, changed_meanwhile, found, hindrance, login_taken, reached, refuse, target, veil,
};
use crate::App;
use crate::account::{self, Setter};
use crate::api::caller::Allowed;
use crate::api::error::ApiError;
use crate::api::profile;
use crate::console::words::say;
use crate::notices::account as notices;

/// What is to be changed of a person.
pub struct Change<F> {
    /// Which state of the person is to be changed.
    pub expected: Expected,
    /// Given the members of the profile as they are, says what they shall be; `None` leaves it.
    pub profile: Option<F>,
    /// Their new password.
    pub secret: Option<NewSecret>,
    /// Who sets it.
    pub setter: Setter,
    /// Their new recovery question.
    pub question: Option<NewQuestion>,
}

/// Which state of a person a change is meant for, by `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
}

impl Expected {
    fn fits(&self, user: &User) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&user.version),
        }
    }
}

/// Changes a person.
///
/// # Errors
/// 404 for nobody, 412 where they are not as expected, 400 where the profile is wrong or the login taken, 403 where the
/// person is above the caller or their account has ended.
pub async fn update<F>(
    app: &App,
    by: &Allowed<right::UsersProfileManage>,
    who: &str,
    change: Change<F>,
) -> Result<User, ApiError>
where
    F: Fn(Map<String, Value>) -> Map<String, Value>,
{
    let env = app.env();
    let Change { expected, profile, secret, setter, question } = change;
    // An imported hash takes the place of no password that somebody uses.
    let is_import = matches!(secret, Some(NewSecret::Imported(_)));
    let secret = match secret {
        Some(secret) => {
            let owner = found(app, by, who).await?;
            let judge = async |typed: &_| account::judge(app, by.org, (typed, &owner), setter).await;
            Some(secret.hash(app, judge, &env).await?)
        }
        None => None,
    };
    let question = match question {
        Some(question) => Some(question.hash(app, &env).await?),
        None => None,
    };
    let kind = EventType::UserProfileUpdate;
    let changed = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if !expected.fits(&person) {
            return Ok(Err(not_as_expected()));
        }
        // To change a password is a right of its own, with a scope of its own.
        if (secret.is_some() || question.is_some())
            && let Some(refusal) = hindrance(tx, by, Permission::UsersCredentials, person.id)?
        {
            return refuse(tx, by, EventType::UserPasswordUpdate, &person, refusal, &env);
        }
        if person.status == Status::Deprovisioned {
            return refuse(tx, by, kind, &person, Refusal::Ended, &env);
        }
        if is_import && person.status != Status::Staged {
            return refuse(tx, by, kind, &person, Refusal::Status(Lifecycle::SetPassword), &env);
        }
        if let Some(change) = &profile
            && let Err(refused) = set_profile(tx, by, &person, change, &env)?
        {
            let is_stale = refused.status == StatusCode::CONFLICT && expected != Expected::Any;
            return Ok(Err(if is_stale { not_as_expected() } else { refused }));
        }
        if let Some(secret) = &secret {
            let hash = secret.hash(tx, &env)?;
            if tx.give_password(&person, (hash.expose(), false), &env)?.is_none() {
                return Ok(Err(changed_meanwhile()));
            }
            tx.record(&by.success(EventType::UserPasswordUpdate).target(target(&person)), &env)?;
            if person.has_password() {
                notices::password_set_for(tx, &app.config, &person, &env)?;
            }
        }
        if let Some((question, hash)) = &question {
            tx.set_recovery_question(person.id, (question, hash.expose()), &env)?;
            tx.record(&by.success(EventType::UserRecoveryQuestionUpdate).target(target(&person)), &env)?;
        }
        Ok(Ok(person.id))
    });
    let id = changed.await??;
    found(app, by, id.as_str()).await
}

fn set_profile(
    tx: &mut Tx<'_>,
    by: &Allowed<right::UsersProfileManage>,
    person: &User,
    change: &impl Fn(Map<String, Value>) -> Map<String, Value>,
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    let before = profile::shown(&person.login, &person.profile);
    let allowed = veil::attributes(tx, by, Permission::UsersProfileManage, person.id)?;
    let after = match veil::kept(&allowed, &before, change(before.clone())) {
        Ok(after) => after,
        Err(refused) => {
            tx.record(&by.failure(EventType::UserProfileUpdate, "attribute").target(target(person)), env)?;
            return Ok(Err(refused));
        }
    };
    let (login, profile) = match profile::read(&after) {
        Ok(read) => read,
        Err(wrong) => return Ok(Err(wrong)),
    };
    if (&login, &profile) == (&person.login, &person.profile) {
        return Ok(Ok(()));
    }
    if tx.user_by_login(&login)?.is_some_and(|other| other.id != person.id) {
        return Ok(Err(login_taken()));
    }
    tell(tx, person, (&login, &profile), env)?;
    if !tx.set_profile((person.id, person.version), (&login, &profile), ("API", by.user().as_str()), env)? {
        return Ok(Err(changed_meanwhile()));
    }
    tx.record(&by.success(EventType::UserProfileUpdate).target(target(person)), env)?;
    Ok(Ok(()))
}

/// What decides over the account is told to its person, on the addresses that stood before: an impostor who has them
/// changed is seen. A link that was mailed to another address is void.
fn tell(tx: &mut Tx<'_>, person: &User, (login, profile): (&Login, &Profile), env: &Env) -> Result<(), Error> {
    let mut changed = Vec::new();
    if *login != person.login {
        changed.push(say("mail-changed-login"));
    }
    if profile.email != person.profile.email {
        changed.push(say("mail-changed-email"));
        tx.void_links(person.id.as_str(), env.now)?;
    }
    let second = |profile: &Profile| profile.further.get("secondEmail").cloned();
    if second(profile) != second(&person.profile) {
        changed.push(say("mail-changed-second-email"));
    }
    if changed.is_empty() {
        return Ok(());
    }
    notices::account_changed(tx, person, changed, env)
}

fn not_as_expected() -> ApiError {
    let summary = "ETag value doesn't match.";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "E0000231", summary)
        .cause("somebody changed this person meanwhile: read them again, then repeat the change")
}
