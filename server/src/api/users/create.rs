//! Making a person: with a password, with one that must be changed, with one that another program hashed, or with a link
//! by which they choose their own.

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Lifecycle, Login, Profile, Status, User};
use postern_codes::id::{Group, Id};

use super::{NewQuestion, NewSecret, found, login_taken, target};
use crate::App;
use crate::account;
use crate::api::caller::Allowed;
use crate::api::error::ApiError;
use crate::api::groups;

/// Somebody to be made.
pub struct NewPerson {
    /// What they sign in with.
    pub login: Login,
    /// What they are called and reached by.
    pub profile: Profile,
    /// Their first password, where they get one.
    pub secret: Option<NewSecret>,
    /// What they are asked where they forgot it.
    pub question: Option<NewQuestion>,
    /// Whether they may begin at once.
    pub activate: bool,
    /// Whether the password must be changed at the first sign-in.
    pub must_change: bool,
    /// Groups to put them into.
    pub groups: Vec<Id<Group>>,
}

/// Makes a person. Who is activated and has no password is mailed a link to choose one.
///
/// # Errors
/// 400 where the login is taken, or a password is to be changed that is not there; 404 where a group is unknown.
pub async fn create(app: &App, by: &Allowed<right::UsersCreate>, new: NewPerson) -> Result<User, ApiError> {
    let into = if new.groups.is_empty() {
        None
    } else {
        Some(by.caller().clone().require::<right::GroupsMembersManage>(app).await?)
    };
    // Whoever may make people of some groups only makes them in one of those.
    let reach = by.authority().reach(Permission::UsersCreate);
    if !reach.everybody && !new.groups.iter().any(|group| reach.members.contains(group)) {
        return Err(
            ApiError::forbidden().cause("groupIds: you may create people in some groups only; name one of them")
        );
    }
    if new.must_change {
        must_be_changeable(&new)?;
    }
    let env = app.env();
    let read = app.store.read(by.org, |tx| {
        let wanted = tx.password_policy_of_groups(&new.groups)?.password.complexity;
        Ok((wanted, tx.needs_password_in(&new.groups)?))
    });
    let (wanted, needs_password) = read.await?;
    let secret = match new.secret {
        Some(secret) => {
            let owner = (&new.login, &new.profile);
            let judge = async |typed: &_| Ok(account::judge_by(&wanted, typed, owner));
            Some(secret.hash(app, judge, &env).await?)
        }
        None => None,
    };
    let question = match new.question {
        Some(question) => Some(question.hash(app, &env).await?),
        None => None,
    };
    let mut user = User::new(Id::new(&env), new.login, new.profile, Status::Staged, env.now);
    user.password_changed_at = secret.as_ref().map(|_| env.now);
    let readiness = user.readiness(needs_password);
    if new.activate
        && let Some(status) = Lifecycle::Activate(readiness).apply(Status::Staged)
    {
        user.status = status;
        user.activated_at = (status == Status::Active).then_some(env.now);
    }
    if new.must_change
        && let Some(status) = Lifecycle::ExpirePassword.apply(user.status)
    {
        user.status = status;
    }
    let made = app.store.write(by.org, |tx| {
        if let Some(into) = &into {
            for group in &new.groups {
                if let Err(refused) = groups::reached(tx, into, group.as_str(), EventType::GroupUserAdd, &env)? {
                    return Ok(Err(refused));
                }
            }
        }
        if !tx.insert_user(&user, "API", by.user().as_str(), &env)? {
            return Ok(Err(login_taken()));
        }
        tx.record(&by.success(EventType::UserCreate).target(target(&user)), &env)?;
        if let Some(secret) = &secret {
            let hash = secret.hash(tx, &env)?;
            tx.set_password(user.id, hash.expose(), &env)?;
        }
        if let Some((question, hash)) = &question {
            tx.set_recovery_question(user.id, (question, hash.expose()), &env)?;
        }
        if new.activate {
            tx.record(&by.success(EventType::UserActivate).target(target(&user)), &env)?;
        }
        if user.status == Status::Provisioned {
            account::mail_welcome(tx, &app.config, &user, &env)?;
        }
        for group in &new.groups {
            tx.add_member(*group, user.id, env.now)?;
            let joined = by.success(EventType::GroupUserAdd).target(target(&user));
            tx.record(&joined.target(Target::new("UserGroup", group, "", "")), &env)?;
        }
        Ok(Ok(()))
    });
    made.await??;
    found(app, by, user.id.as_str()).await
}

fn must_be_changeable(new: &NewPerson) -> Result<(), ApiError> {
    let what = "Could not create user. To create a user and expire their password immediately,";
    if new.secret.is_none() {
        let summary = format!("{what} a password must be specified");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000124", summary));
    }
    if !new.activate {
        let summary = format!("{what} \"activate\" must be true");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000125", summary));
    }
    Ok(())
}
