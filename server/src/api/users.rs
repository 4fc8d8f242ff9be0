//! People: made, found, changed, shut out and let in, and what they sign in with. Nobody acts on somebody who may do more
//! than they themselves, or who lies outside the scope in which they may do it.

mod body;
mod create;
mod credentials;
mod enrolments;
mod http;
mod lifecycle;
mod list;
mod shown;
mod update;
pub mod veil;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, Right, right};
use postern_authn::user::{Lifecycle, Login, User};
use postern_codes::Env;
use postern_codes::id::{Id, User as UserKind};
use postern_store::people::{self, PeopleQuery};
use postern_store::search::Condition;
use postern_store::{Error, Tx};
use serde_json::Value;

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::page::{Gathering, Listed};

pub use create::{NewPerson, create};
pub use credentials::{
    ChangedPassword, NewQuestion, NewSecret, TemporaryPassword, change_password, change_question, expire,
    expire_with_temporary, forgot, forgot_with_answer, reset,
};
pub use enrolments::{reset_factors, with_plan};
pub use http::routes;
pub use lifecycle::{
    Removed, Step, StepRight, activate, reactivate, remove, sign_out, sign_out_oneself, step, unlock, unlock_link,
};
pub use shown::shown;
pub use update::{Change, Expected, update};

/// Why somebody may not be acted on. Each is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They may do what the caller may not.
    Above,
    /// Their status does not let credentials be changed.
    Credentials,
    /// Their account has ended.
    Ended,
    /// Their status does not let them say that they forgot their password.
    Forgotten,
    /// They are the only super administrator who can sign in.
    LastSuper,
    /// The account is locked: no answer is looked at.
    Locked,
    /// It is done in a recovery case.
    NeedsCase,
    /// There is no lock to end.
    NotLocked,
    /// They are the caller.
    Oneself,
    /// The caller may do this to others, not to them.
    OutOfScope,
    /// Their status does not allow this step.
    Status(Lifecycle),
    /// The present password is wrong.
    WrongPassword,
    /// The answer to the recovery question is wrong, or there is none.
    WrongAnswer,
}

/// How a one-time link reaches its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By mail, to the person alone.
    Mailed,
    /// In the answer, to the caller, who passes it on.
    Shown,
}

/// A one-time link that its caller passes on. No `Debug`: whoever has it chooses the password.
pub struct OneTimeLink {
    /// The page.
    pub url: String,
    /// The token in it.
    pub token: postern_codes::Secret<String>,
}

/// A page of the people that are wanted and that the caller may see.
///
/// # Errors
/// E0000031 where nobody is found among as many as one question may look at.
pub async fn listed(
    app: &App,
    by: &Allowed<right::UsersRead>,
    mut query: PeopleQuery,
    limit: u32,
) -> Result<Listed<User>, ApiError> {
    query.within = Some(by.authority().reach(Permission::UsersRead));
    let mut gathering = Gathering::new(limit, query.after.take());
    while let Some((after, missing)) = gathering.turn() {
        query.after = after;
        gathering.add(app.store.read(by.org, |tx| tx.some_people(&query, missing)).await?);
    }
    gathering.end()
}

/// The people that are wanted and that the caller may see, one more than `limit` where there are more.
///
/// # Errors
/// As [`listed`].
pub async fn list(
    app: &App,
    by: &Allowed<right::UsersRead>,
    query: PeopleQuery,
    limit: u32,
) -> Result<Vec<User>, ApiError> {
    Ok(listed(app, by, query, limit.saturating_add(1)).await?.rows)
}

/// A person by id, login, the beginning of a login before its `@` where only one has it, or `me`.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, by: &Caller, who: &str) -> Result<Option<User>, Error> {
    if who == "me" {
        return tx.user(by.user());
    }
    if let Ok(id) = who.parse()
        && let Some(person) = tx.user(id)?
    {
        return Ok(Some(person));
    }
    let Ok(login) = who.parse::<Login>() else { return Ok(None) };
    if let Some(person) = tx.user_by_login(&login)? {
        return Ok(Some(person));
    }
    let beginning = format!("profile.login sw {}", Value::from(format!("{who}@")));
    let Ok(condition) = Condition::parse(&beginning, people::ATTRIBUTES) else { return Ok(None) };
    let mut found = tx.people(&PeopleQuery { condition: Some(condition), ..PeopleQuery::default() }, 2)?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// A person to act on: within the scope in which the caller holds `R`, and not above the caller. Whom the caller may
/// not see is not there; every other refusal is recorded.
///
/// # Errors
/// Of the database.
pub fn reached<R: Right>(
    tx: &mut Tx<'_>,
    by: &Allowed<R>,
    who: &str,
    kind: EventType,
    env: &Env,
) -> Result<Result<User, ApiError>, Error> {
    reached_with(tx, by, R::PERMISSION, who, kind, env)
}

/// The same for a permission that the act asks for beside its own.
///
/// # Errors
/// Of the database.
pub fn reached_with(
    tx: &mut Tx<'_>,
    by: &Caller,
    permission: Permission,
    who: &str,
    kind: EventType,
    env: &Env,
) -> Result<Result<User, ApiError>, Error> {
    let Some(person) = named(tx, by, who)? else { return Ok(Err(ApiError::not_found::<UserKind>(who))) };
    match hindrance(tx, by, permission, person.id)? {
        None => Ok(Ok(person)),
        Some(Refusal::OutOfScope) if !is_seen(tx, by, Permission::UsersRead, person.id)? => {
            tx.record(&by.failure(kind, Refusal::OutOfScope.code()).target(target(&person)), env)?;
            Ok(Err(ApiError::not_found::<UserKind>(who)))
        }
        Some(refusal) => refuse(tx, by, kind, &person, refusal, env),
    }
}

/// A person to look at: within the scope in which the caller holds `R`.
///
/// # Errors
/// Of the database.
pub fn seen<R: Right>(tx: &mut Tx<'_>, by: &Allowed<R>, who: &str) -> Result<Option<User>, Error> {
    match named(tx, by, who)? {
        Some(person) if is_seen(tx, by, R::PERMISSION, person.id)? => Ok(Some(person)),
        Some(_) | None => Ok(None),
    }
}

/// Whether a person lies within the scope in which the caller holds a permission.
///
/// # Errors
/// Of the database.
pub fn is_seen(tx: &mut Tx<'_>, by: &Caller, permission: Permission, person: Id<UserKind>) -> Result<bool, Error> {
    tx.reaches_user(&by.authority().reach(permission), person)
}

/// Why the caller may not do this to a person: they lie outside the scope in which the caller may, or above the caller.
///
/// # Errors
/// Of the database.
pub fn hindrance(
    tx: &mut Tx<'_>,
    by: &Caller,
    permission: Permission,
    person: Id<UserKind>,
) -> Result<Option<Refusal>, Error> {
    if !is_seen(tx, by, permission, person)? {
        return Ok(Some(Refusal::OutOfScope));
    }
    Ok(is_above(tx, by, permission, person)?.then_some(Refusal::Above))
}

/// Whether a person is an administrator out of the caller's reach: one who may do what the caller may not, or any where
/// the caller holds the permission by a role that does not act on administrators.
///
/// # Errors
/// Of the database.
pub fn is_above(tx: &mut Tx<'_>, by: &Caller, permission: Permission, person: Id<UserKind>) -> Result<bool, Error> {
    let (own, theirs) = (by.authority(), tx.authority(person)?);
    if !theirs.is_administrator() {
        return Ok(false);
    }
    Ok(!own.covers(&theirs) || !tx.reaches_user(&own.reach_of_administrators(permission), person)?)
}

/// Records that the caller may not act on a person, and says so.
///
/// # Errors
/// Of the database.
pub fn refuse<T>(
    tx: &mut Tx<'_>,
    by: &Caller,
    kind: EventType,
    person: &User,
    refusal: Refusal,
    env: &Env,
) -> Result<Result<T, ApiError>, Error> {
    tx.record(&by.failure(kind, refusal.code()).target(target(person)), env)?;
    Ok(Err(refusal.into()))
}

/// A person as the record names them.
pub fn target(person: &User) -> Target {
    Target::new("User", person.id, person.login.as_str(), &person.name())
}

impl Refusal {
    /// Its stable word in the record.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Ended => "ended",
            Self::LastSuper => "last_super_admin",
            Self::Locked => "locked_out",
            Self::NeedsCase => "case_required",
            Self::NotLocked => "not_locked",
            Self::Oneself => "self",
            Self::OutOfScope => "out_of_scope",
            Self::Credentials | Self::Forgotten | Self::Status(_) => "status",
            Self::WrongAnswer => "invalid_answer",
            Self::WrongPassword => "invalid_credentials",
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let forbidden = |code, summary| Self::new(StatusCode::FORBIDDEN, code, summary);
        let status = || forbidden("E0000038", "This operation is not allowed in the user's current status.");
        match refusal {
            Refusal::Above => Self::forbidden().cause("this person may do what you may not"),
            Refusal::Credentials => forbidden("E0000035", "Change password not allowed on specified user."),
            Refusal::Forgotten => forbidden("E0000034", "Forgot password not allowed on specified user."),
            Refusal::LastSuper => Self::forbidden().cause("this is the last super administrator: make another first"),
            Refusal::Locked => forbidden("E0000069", "User Locked"),
            Refusal::NeedsCase => Self::forbidden()
                .cause("a reset needs a recovery case: open one for this person and name it as caseId")
                .cause("or, where your organisation allows it, a token with the grant reset_without_case"),
            Refusal::NotLocked => forbidden("E0000032", "Unlock is not allowed for this user."),
            Refusal::Oneself => Self::forbidden().cause("you cannot do this to yourself"),
            Refusal::OutOfScope => Self::forbidden().cause("your role does not reach this person"),
            Refusal::WrongAnswer => forbidden("E0000087", "The recovery question answer did not match our records."),
            Refusal::WrongPassword => {
                forbidden("E0000014", "Update of credentials failed").cause("oldPassword: The password is incorrect")
            }
            Refusal::Status(Lifecycle::Activate(_)) => {
                forbidden("E0000016", "Activation failed because the user is already active")
            }
            Refusal::Status(Lifecycle::ResetPassword) => forbidden("E0000017", "Password reset failed"),
            Refusal::Status(Lifecycle::Suspend) => {
                Self::validation("Cannot suspend a user that is not active", [] as [String; 0])
            }
            Refusal::Status(Lifecycle::Unsuspend) => {
                Self::validation("Cannot unsuspend a user that is not suspended", [] as [String; 0])
            }
            Refusal::Ended
            | Refusal::Status(
                Lifecycle::Deactivate | Lifecycle::ExpirePassword | Lifecycle::Reactivate(_) | Lifecycle::SetPassword,
            ) => status(),
        }
    }
}

fn login_taken() -> ApiError {
    ApiError::validation("login", ["login: An object with this field already exists in the current organization"])
}

fn changed_meanwhile() -> ApiError {
    let summary = "The person was changed by somebody else meanwhile; nothing was done. Look again and repeat it.";
    ApiError::new(StatusCode::CONFLICT, "E0000107", summary)
}

/// A person who is there.
///
/// # Errors
/// 404 for nobody.
pub async fn found(app: &App, by: &Caller, who: &str) -> Result<User, ApiError> {
    let found = app.store.read(by.org, |tx| named(tx, by, who)).await?;
    found.ok_or_else(|| ApiError::not_found::<UserKind>(who))
}
