//! Administrator roles of people and of groups: seen, given and taken. Nobody gives what they do not hold, and somebody can
//! always give: the last super administrator stays one.

mod http;
mod targets;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Authority, Grant, Role, right};
use postern_authn::user::Status;
use postern_codes::Env;
use postern_codes::id::{RoleAssignment as AssignmentKind, User as UserKind};
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
pub use targets::{add as add_target, remove as remove_target};

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
            Wanted::Standard(role) => Held::Standard(*role),
        };
        match give(tx, by, &found, held, &env)? {
            Some(assignment) => shown(tx, assignment).map(Ok),
            None => Ok(Err(duplicate(found.holder))),
        }
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
