//! Administrator roles of people and of groups: seen, given and taken. Nobody gives what they do not hold, and somebody can
//! always give: the last super administrator stays one.

mod http;
mod targets;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Authority, Grant, Permission, Role, right};
use postern_authn::user::{Status, User, fold};
use postern_codes::Env;
use postern_codes::id::{Group as GroupKindId, Id, RoleAssignment as AssignmentKind, User as UserKind};
use postern_store::groups::Group;
use postern_store::roles::{Held, Holder, Loss, RoleAssignment};
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::groups;
use crate::api::iam::{custom, sets};
use crate::api::routes::Routes;
use crate::api::users::{self, Refusal};

pub use http::standard;
pub use targets::{MOST as MOST_TARGETS, add as add_target, remove as remove_target};

/// Most people in a group that holds a role.
pub const MOST_IN_GROUP: u64 = 5000;

/// Whom a role is given to or taken from.
#[derive(Debug, Clone, Copy)]
pub enum To<'t> {
    /// A group, by what a path has in its place.
    Group(&'t str),
    /// Somebody by id.
    Known(Holder),
    /// A person, by id, login or the beginning of one.
    User(&'t str),
}

/// Which role is wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// One that the organisation made, over a resource set; each by id or label.
    Custom {
        /// The role.
        role: String,
        /// The resource set.
        set: String,
    },
    /// A standard role over some groups and the people in them alone.
    Limited(Role, Vec<Id<GroupKindId>>),
    /// A standard role.
    Standard(Role),
}

/// Somebody who may be given or lose a role at the caller's hands.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who.
    pub holder: Holder,
    target: Target,
    people: u64,
}

/// A role that is held, with what people call it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The assignment.
    pub assignment: RoleAssignment,
    /// What people call the role.
    pub label: String,
}

/// Gives somebody a role.
///
/// # Errors
/// 404 for nobody and no role, 403 where the role holds what the caller does not, 409 where it is held, 400 for a group
/// that can hold none.
pub async fn assign(
    app: &App,
    by: &Allowed<right::RolesManage>,
    to: To<'_>,
    wanted: &Wanted,
) -> Result<Shown, ApiError> {
    let env = app.env();
    let given = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let found = match recipient(tx, by, to, grant_event(to), &env)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let grant = match wanted {
            Wanted::Custom { role, set } => match (custom::named(tx, role)?, sets::named(tx, set)?) {
                (Ok(role), Ok(set)) => tx.custom_grant(role.id, set.id)?,
                (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
            },
            Wanted::Limited(role, _) if !role.takes_groups() => return Ok(Err(targets::takes_no_groups())),
            Wanted::Limited(_, groups) if groups.len() > targets::MOST => return Ok(Err(targets::too_many())),
            Wanted::Limited(role, groups) => tx.limited_grant(*role, groups)?,
            Wanted::Standard(role) => Grant::everywhere(*role),
        };
        if !by.authority().covers(&tx.granting(vec![grant])?) {
            let event = by.failure(found.event(true), Refusal::Above.code()).target(found.target.clone());
            tx.record(&event, &env)?;
            return Ok(Err(Refusal::Above.into()));
        }
        let held = match wanted {
            Wanted::Custom { role, set } => match (custom::named(tx, role)?, sets::named(tx, set)?) {
                (Ok(role), Ok(set)) => {
                    let binding = tx.bind_role(set.id, role.id, &env)?;
                    Held::Custom { binding: binding.id, role: role.id, set: set.id }
                }
                (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
            },
            Wanted::Limited(role, _) | Wanted::Standard(role) => Held::Standard(*role),
        };
        // Found before anything is written: a refusal leaves its line in the record alone.
        let mut limits = Vec::new();
        if let Wanted::Limited(role, groups) = wanted {
            for group in groups {
                match groups::named(tx, group.as_str())? {
                    Ok(group) => limits.push((*role, group)),
                    Err(unknown) => return Ok(Err(unknown)),
                }
            }
        }
        let Some(assignment) = give(tx, by, &found, held, &env)? else { return Ok(Err(duplicate(found.holder))) };
        for (role, group) in &limits {
            tx.add_role_target(assignment.id, group.id, env.now)?;
            tx.record(&targets::event(by, &found, *role, group, Ok("TARGET_ADDED")), &env)?;
        }
        let is_limited = !limits.is_empty();
        shown(tx, RoleAssignment { is_limited, ..assignment }).map(Ok)
    });
    given.await?
}

/// Takes a role from somebody.
///
/// # Errors
/// 404 for nobody or a role they do not hold, 403 for the last super administrator and for what a person holds by a group.
pub async fn take(app: &App, by: &Allowed<right::RolesManage>, from: To<'_>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let taken = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let found = match holder(tx, by, from, revoke_event(from), &env)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let held = match own(tx, found.holder, which)? {
            Ok(held) => held,
            Err(unknown) => return Ok(Err(unknown)),
        };
        if held.held == Held::Standard(Role::Super) && tx.leaves_no_super(Loss::Assignment(held.id))? {
            let event = by.failure(found.event(false), Refusal::LastSuper.code()).target(found.target);
            tx.record(&event, &env)?;
            return Ok(Err(Refusal::LastSuper.into()));
        }
        withdraw(tx, by, &found, &held, &env)?;
        Ok(Ok(()))
    });
    taken.await?
}

/// The roles that somebody holds; of a person, those of their groups too.
///
/// # Errors
/// 404 for nobody.
pub async fn held(app: &App, by: &Allowed<right::RolesRead>, who: To<'_>) -> Result<Vec<Shown>, ApiError> {
    let held = app.store.read(by.org, |tx| {
        let found = match seen(tx, by, who)? {
            Ok(holder) => holder,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let all = all_of(tx, found)?;
        all.into_iter().map(|one| shown(tx, one)).collect::<Result<Vec<_>, Error>>().map(Ok)
    });
    held.await?
}

/// Who holds a role, with what they are called.
#[derive(Debug, Clone)]
pub enum Who {
    /// A group, with how many people are in it.
    Group(Group, u64),
    /// A person.
    User(User),
}

/// Which of the roles that are held are wanted.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// A part of the holder's name or login.
    pub words: String,
    /// Whether groups hold them, or people themselves.
    pub by_groups: Option<bool>,
    /// Which role: a standard one by its name, one that the organisation made by its id.
    pub role: Option<String>,
    /// Only those that follow this one.
    pub after: String,
}

/// So many are looked at before those are left out that are not wanted.
const BATCH: u32 = 200;

/// The first `limit` of the roles that anybody holds and that are wanted, oldest first, with their holders.
///
/// # Errors
/// Of the database.
pub async fn all(
    app: &App,
    by: &Allowed<right::RolesRead>,
    sought: &Sought,
    limit: u32,
) -> Result<Vec<(Shown, Who)>, ApiError> {
    let words = fold(&sought.words);
    let is_meant = |own: &RoleAssignment| {
        let role = match own.held {
            Held::Custom { role, .. } => role.to_string(),
            Held::Standard(role) => role.as_str().to_owned(),
        };
        let is_group = matches!(own.holder, Holder::Group(_));
        sought.by_groups.is_none_or(|wanted| wanted == is_group) && sought.role.as_ref().is_none_or(|own| *own == role)
    };
    let found = app.store.read(by.org, |tx| {
        let (mut found, mut after) = (Vec::new(), sought.after.clone());
        loop {
            let batch = tx.all_role_assignments(&after, BATCH)?;
            let is_last = batch.len() < BATCH as usize;
            if let Some(last) = batch.last() {
                after = last.id.to_string();
            }
            for own in batch.into_iter().filter(is_meant) {
                if found.len() >= limit as usize {
                    return Ok(found);
                }
                let Some(who) = who(tx, own.holder)? else { continue };
                let is_called = match &who {
                    Who::Group(group, _) => fold(&group.name).contains(&words),
                    Who::User(person) => {
                        [&person.name(), person.login.as_str()].iter().any(|own| fold(own).contains(&words))
                    }
                };
                if is_called {
                    found.push((shown(tx, own)?, who));
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    });
    Ok(found.await?)
}

/// One role that somebody holds.
///
/// # Errors
/// 404 where nobody holds it.
pub async fn one(app: &App, by: &Allowed<right::RolesRead>, which: &str) -> Result<(Shown, Who), ApiError> {
    let found = app.store.read(by.org, |tx| {
        let found = match which.parse() {
            Ok(id) => tx.role_assignment(id)?,
            Err(_) => None,
        };
        let Some(own) = found else { return Ok(None) };
        let Some(who) = who(tx, own.holder)? else { return Ok(None) };
        Ok(Some((shown(tx, own)?, who)))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<AssignmentKind>(which))
}

fn who(tx: &mut Tx<'_>, holder: Holder) -> Result<Option<Who>, Error> {
    Ok(match holder {
        Holder::Group(id) => match tx.group(id)? {
            Some(group) => Some(Who::Group(group, tx.count_members(id)?)),
            None => None,
        },
        // Whose account has ended does nothing by it.
        Holder::User(id) => tx.user(id)?.filter(|own| own.status != Status::Deprovisioned).map(Who::User),
    })
}

/// Whether a caller who may give roles may change what somebody holds: nobody above them.
///
/// # Errors
/// Of the database.
pub fn may_change(tx: &mut Tx<'_>, by: &Allowed<right::RolesManage>, holder: Holder) -> Result<bool, Error> {
    Ok(match holder {
        Holder::Group(id) => by.authority().covers(&tx.authority_of_group(id)?),
        Holder::User(id) => users::hindrance(tx, by, Permission::RolesManage, id)?.is_none(),
    })
}

/// Everything that somebody holds; of a person, what their groups hold too.
fn all_of(tx: &mut Tx<'_>, holder: Holder) -> Result<Vec<RoleAssignment>, Error> {
    match holder {
        Holder::Group(id) => tx.role_assignments_of_group(id),
        Holder::User(id) => {
            let mut all = tx.role_assignments(id)?;
            all.extend(tx.role_assignments_by_groups(id)?);
            Ok(all)
        }
    }
}

/// The role that `which` names among those that somebody holds themselves.
fn own(tx: &mut Tx<'_>, holder: Holder, which: &str) -> Result<Result<RoleAssignment, ApiError>, Error> {
    let found = all_of(tx, holder)?.into_iter().find(|held| held.id.as_str() == which);
    Ok(match found {
        Some(held) if held.holder == holder => Ok(held),
        Some(_) => Err(ApiError::forbidden().cause("a group holds this role: take it from the group")),
        None => Err(ApiError::not_found::<AssignmentKind>(which)),
    })
}

/// Somebody to look at.
fn seen(tx: &mut Tx<'_>, by: &Allowed<right::RolesRead>, who: To<'_>) -> Result<Result<Holder, ApiError>, Error> {
    Ok(match who {
        To::Group(which) => groups::seen(tx, by, which)?.map(|group| Holder::Group(group.id)),
        To::Known(holder) => Ok(holder),
        To::User(who) => {
            let person = users::seen(tx, by, who)?;
            person.map(|person| Holder::User(person.id)).ok_or_else(|| ApiError::not_found::<UserKind>(who))
        }
    })
}

/// Somebody whose roles the caller may change: nobody above them. A refusal is recorded as `kind`. A group is held until
/// the commit, so that nobody comes into it unseen.
///
/// # Errors
/// Of the database.
pub fn holder(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    to: To<'_>,
    kind: EventType,
    env: &Env,
) -> Result<Result<Found, ApiError>, Error> {
    let group = |tx: &mut Tx<'_>, which: &str| {
        match groups::named(tx, which)? {
            Ok(group) if group.kind == GroupKind::BuiltIn => return Ok(Err(built_in())),
            Ok(group) => tx.hold_group(group.id)?,
            Err(unknown) => return Ok(Err(unknown)),
        }
        let group = match groups::reached(tx, by, which, kind, env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let gives = matches!(kind, EventType::BindingAdd | EventType::GroupPrivilegeGrant | EventType::PrivilegeGrant);
        if gives && tx.is_filled_by_rule(group.id)? {
            let summary = "Roles cannot be granted to groups with group membership rules.";
            return Ok(Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000192", summary)));
        }
        let people = tx.count_members(group.id)?;
        Ok(Ok(Found { holder: Holder::Group(group.id), target: groups::target(&group), people }))
    };
    let user = |tx: &mut Tx<'_>, who: &str| {
        Ok(match users::reached(tx, by, who, kind, env)? {
            Ok(person) if person.status == Status::Deprovisioned => Err(Refusal::Ended.into()),
            Ok(person) => Ok(Found { holder: Holder::User(person.id), target: users::target(&person), people: 1 }),
            Err(refused) => Err(refused),
        })
    };
    match to {
        To::Group(which) => group(tx, which),
        To::Known(Holder::Group(id)) => group(tx, id.as_str()),
        To::Known(Holder::User(id)) => user(tx, id.as_str()),
        To::User(who) => user(tx, who),
    }
}

/// The same of somebody who can be given a role at all: no group of more people than one looks at, and none that fills
/// itself by rules, since whoever changes profiles would give the role.
///
/// # Errors
/// Of the database.
pub fn recipient(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    to: To<'_>,
    kind: EventType,
    env: &Env,
) -> Result<Result<Found, ApiError>, Error> {
    let found = match holder(tx, by, to, kind, env)? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let Holder::Group(group) = found.holder else { return Ok(Ok(found)) };
    if tx.is_filled_by_rule(group)? {
        let summary = "Roles cannot be granted to groups with group membership rules.";
        return Ok(Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000192", summary)));
    }
    if found.people > MOST_IN_GROUP {
        let summary = "Roles can only be granted to groups with 5000 or less users.";
        return Ok(Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000193", summary)));
    }
    Ok(Ok(found))
}

/// Whether the caller holds what they are about to give.
///
/// # Errors
/// Of the database.
pub fn may_give(tx: &mut Tx<'_>, by: &Caller, held: Held) -> Result<bool, Error> {
    let grant = match held {
        Held::Custom { role, set, .. } => tx.custom_grant(role, set)?,
        Held::Standard(role) => Grant::everywhere(role),
    };
    let given: Authority = tx.granting(vec![grant])?;
    Ok(by.authority().covers(&given))
}

/// Writes that somebody holds a role, with its line in the record; `None` where they hold it already.
///
/// # Errors
/// Of the database.
pub fn give(tx: &mut Tx<'_>, by: &Caller, to: &Found, held: Held, env: &Env) -> Result<Option<RoleAssignment>, Error> {
    let Some(assignment) = tx.assign(to.holder, held, by.user().as_str(), env)? else { return Ok(None) };
    let event = by.success(to.event(true)).target(to.target.clone());
    tx.record(&described(event, &assignment), env)?;
    Ok(Some(assignment))
}

/// Takes a role away, with its line in the record.
///
/// # Errors
/// Of the database.
pub fn withdraw(
    tx: &mut Tx<'_>,
    by: &Caller,
    from: &Found,
    assignment: &RoleAssignment,
    env: &Env,
) -> Result<(), Error> {
    if tx.take_role(assignment.id)? {
        let event = by.success(from.event(false)).target(from.target.clone());
        tx.record(&described(event, assignment), env)?;
    }
    Ok(())
}

fn described(event: postern_authn::audit::Event, assignment: &RoleAssignment) -> postern_authn::audit::Event {
    match assignment.held {
        Held::Custom { role, set, .. } => event.detail("role", role.to_string()).detail("resourceSet", set.to_string()),
        Held::Standard(role) => event.detail("role", role.as_str()),
    }
}

/// A role that is held, with what people call it.
///
/// # Errors
/// Of the database.
pub fn shown(tx: &mut Tx<'_>, assignment: RoleAssignment) -> Result<Shown, Error> {
    let label = match assignment.held {
        Held::Custom { role, .. } => tx.custom_role(role)?.map_or_else(String::new, |role| role.label),
        Held::Standard(role) => role.label().to_owned(),
    };
    Ok(Shown { assignment, label })
}

impl Found {
    const fn event(&self, is_given: bool) -> EventType {
        match (self.holder, is_given) {
            (Holder::Group(_), true) => EventType::GroupPrivilegeGrant,
            (Holder::Group(_), false) => EventType::GroupPrivilegeRevoke,
            (Holder::User(_), true) => EventType::PrivilegeGrant,
            (Holder::User(_), false) => EventType::PrivilegeRevoke,
        }
    }
}

const fn grant_event(to: To<'_>) -> EventType {
    match to {
        To::Group(_) | To::Known(Holder::Group(_)) => EventType::GroupPrivilegeGrant,
        To::User(_) | To::Known(Holder::User(_)) => EventType::PrivilegeGrant,
    }
}

const fn revoke_event(from: To<'_>) -> EventType {
    match from {
        To::Group(_) | To::Known(Holder::Group(_)) => EventType::GroupPrivilegeRevoke,
        To::User(_) | To::Known(Holder::User(_)) => EventType::PrivilegeRevoke,
    }
}

fn built_in() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "E0000211", "Roles cannot be granted to built-in groups.")
}

fn duplicate(holder: Holder) -> ApiError {
    match holder {
        Holder::Group(_) => {
            let summary = "Attempted to assign a duplicate standard role assignment to an admin";
            ApiError::new(StatusCode::CONFLICT, "E0000263", summary)
        }
        Holder::User(_) => {
            let summary = "The role specified is already assigned to the user.";
            ApiError::new(StatusCode::CONFLICT, "E0000090", summary)
        }
    }
}

/// The routes of roles.
pub fn routes() -> Routes {
    http::routes().merge(targets::routes())
}
