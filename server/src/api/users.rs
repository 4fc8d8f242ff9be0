//! People: made, found, changed, shut out and let in. Nobody acts on somebody who may do more than they themselves, or
//! who lies outside the scope in which they may do it.

mod http;
mod list;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::password::NewPassword;
use postern_authn::permission::{Permission, Right, right};
use postern_authn::user::{Lifecycle, Login, Profile, Status, User};
use postern_codes::Env;
use postern_codes::id::{Group, Id, User as UserKind};
use postern_store::people::{self, PeopleQuery};
use postern_store::search::Condition;
use postern_store::{Error, Tx};
use serde_json::{Map, Value};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::page::{Gathering, Listed};
use crate::api::{groups, profile};

pub use http::{routes, shown};

/// Somebody to be made.
pub struct NewPerson {
    /// What they sign in with.
    pub login: Login,
    /// What they are called and reached by.
    pub profile: Profile,
    /// Their first password, where they get one.
    pub password: Option<NewPassword>,
    /// Whether they may begin at once.
    pub activate: bool,
    /// Groups to put them into.
    pub groups: Vec<Id<Group>>,
}

/// Why somebody may not be acted on. Each is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They may do what the caller may not.
    Above,
    /// Their account has ended.
    Ended,
    /// They are the only super administrator who can sign in.
    LastSuper,
    /// There is no lock to end.
    NotLocked,
    /// They are the caller.
    Oneself,
    /// The caller may do this to others, not to them.
    OutOfScope,
    /// Their status does not allow this step.
    Status(Lifecycle),
}

/// Makes a person.
///
/// # Errors
/// 400 where the login is taken, 404 where a group is unknown.
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
    let env = app.env();
    let hash = match new.password {
        Some(password) => Some(app.passwords.hash(password.into_secret(), &env).await?),
        None => None,
    };
    let status = match (new.activate, &hash) {
        (true, Some(_)) => Status::Active,
        (true, None) => Status::Provisioned,
        (false, _) => Status::Staged,
    };
    let user = User::new(Id::new(&env), new.login, new.profile, status, env.now);
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
        if let Some(hash) = &hash {
            tx.set_password(user.id, hash.expose(), &env)?;
        }
        if status == Status::Active {
            tx.record(&by.success(EventType::UserActivate).target(target(&user)), &env)?;
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

/// Changes a person's login and profile. `change` is given the members as they are and says what they shall be.
///
/// # Errors
/// 404 for nobody, 400 where the profile is wrong or the login taken, 403 where the person is above the caller.
pub async fn update(
    app: &App,
    by: &Allowed<right::UsersProfileManage>,
    who: &str,
    change: impl Fn(Map<String, Value>) -> Map<String, Value>,
) -> Result<User, ApiError> {
    let env = app.env();
    let kind = EventType::UserProfileUpdate;
    let changed = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if person.status == Status::Deprovisioned {
            return refuse(tx, by, kind, &person, Refusal::Ended, &env);
        }
        let (login, profile) = match profile::read(&change(profile::shown(&person.login, &person.profile))) {
            Ok(read) => read,
            Err(wrong) => return Ok(Err(wrong)),
        };
        if tx.user_by_login(&login)?.is_some_and(|other| other.id != person.id) {
            return Ok(Err(login_taken()));
        }
        let (who_by, present) = (by.user(), (person.id, person.version));
        if !tx.set_profile(present, (&login, &profile), ("API", who_by.as_str()), &env)? {
            return Ok(Err(changed_meanwhile()));
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(person.id))
    });
    let id = changed.await??;
    found(app, by, id.as_str()).await
}

/// A right to one step in the life of an account.
pub trait Step: Right {
    /// The step.
    const STEP: Lifecycle;
}

impl Step for right::UsersActivate {
    const STEP: Lifecycle = Lifecycle::Activate;
}

impl Step for right::UsersDeactivate {
    const STEP: Lifecycle = Lifecycle::Deactivate;
}

impl Step for right::UsersSuspend {
    const STEP: Lifecycle = Lifecycle::Suspend;
}

impl Step for right::UsersUnsuspend {
    const STEP: Lifecycle = Lifecycle::Unsuspend;
}

/// Shuts a person out, lets them in again, ends or begins their account.
///
/// # Errors
/// 404 for nobody; what [`Refusal`] says.
pub async fn step<R: Step>(app: &App, by: &Allowed<R>, who: &str) -> Result<(), ApiError> {
    let env = app.env();
    let step = R::STEP;
    let kind = event(step);
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let refusal = match step {
            Lifecycle::Activate | Lifecycle::Unsuspend => None,
            Lifecycle::Deactivate | Lifecycle::Suspend if person.id == by.user() => Some(Refusal::Oneself),
            Lifecycle::Deactivate | Lifecycle::Suspend => tx.is_last_super(person.id)?.then_some(Refusal::LastSuper),
        };
        if let Some(refusal) = refusal {
            return refuse(tx, by, kind, &person, refusal, &env);
        }
        if tx.move_user(&person, step, env.now)?.is_none() {
            return refuse(tx, by, kind, &person, Refusal::Status(step), &env);
        }
        match step {
            Lifecycle::Activate | Lifecycle::Unsuspend => {}
            Lifecycle::Deactivate => {
                tx.end_sessions_of(person.id, env.now)?;
                tx.revoke_tokens_of(person.id, env.now)?;
            }
            Lifecycle::Suspend => {
                tx.end_sessions_of(person.id, env.now)?;
            }
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(()))
    });
    done.await?
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

/// Signs a person out everywhere.
///
/// # Errors
/// 404 for nobody, 403 where the person is above the caller.
pub async fn sign_out(app: &App, by: &Allowed<right::UsersClearSessions>, who: &str) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::SessionEnd;
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        tx.end_sessions_of(person.id, env.now)?;
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(()))
    });
    done.await?
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
            Self::NotLocked => "not_locked",
            Self::Oneself => "self",
            Self::OutOfScope => "out_of_scope",
            Self::Status(_) => "status",
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Above => Self::forbidden().cause("this person may do what you may not"),
            Refusal::LastSuper => Self::forbidden().cause("this is the last super administrator: make another first"),
            Refusal::NotLocked => Self::new(StatusCode::FORBIDDEN, "E0000032", "Unlock is not allowed for this user."),
            Refusal::Oneself => Self::forbidden().cause("you cannot do this to yourself"),
            Refusal::OutOfScope => Self::forbidden().cause("your role does not reach this person"),
            Refusal::Status(Lifecycle::Activate) => {
                Self::new(StatusCode::FORBIDDEN, "E0000016", "Activation failed because the user is already active")
            }
            Refusal::Ended | Refusal::Status(Lifecycle::Deactivate) => Self::new(
                StatusCode::FORBIDDEN,
                "E0000038",
                "This operation is not allowed in the user's current status.",
            ),
            Refusal::Status(Lifecycle::Suspend) => {
                Self::validation("Cannot suspend a user that is not active", [] as [String; 0])
            }
            Refusal::Status(Lifecycle::Unsuspend) => {
                Self::validation("Cannot unsuspend a user that is not suspended", [] as [String; 0])
            }
        }
    }
}

const fn event(step: Lifecycle) -> EventType {
    match step {
        Lifecycle::Activate => EventType::UserActivate,
        Lifecycle::Deactivate => EventType::UserDeactivate,
        Lifecycle::Suspend => EventType::UserSuspend,
        Lifecycle::Unsuspend => EventType::UserUnsuspend,
    }
}

fn login_taken() -> ApiError {
    ApiError::validation("login", ["login: An object with this field already exists in the current organization"])
}

fn changed_meanwhile() -> ApiError {
    let summary = "The person was changed by somebody else meanwhile; nothing was done. Look again and repeat it.";
    ApiError::new(StatusCode::CONFLICT, "E0000107", summary)
}

async fn found(app: &App, by: &Caller, who: &str) -> Result<User, ApiError> {
    let found = app.store.read(by.org, |tx| named(tx, by, who)).await?;
    found.ok_or_else(|| ApiError::not_found::<UserKind>(who))
}
