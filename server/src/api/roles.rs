//! Administrator roles of people and of groups: seen, given and taken. Nobody gives what they do not hold, and somebody can
//! always give: the last super administrator stays one.

mod held;
mod holder;
mod http;
mod targets;

use axum::http::StatusCode;
use postern_authn::audit::Event;
use postern_authn::permission::{Authority, Grant, Role, right};
use postern_codes::Env;
use postern_codes::id::{Group as GroupKindId, Id};
use postern_store::roles::{Held, Holder, Loss, RoleAssignment};
use postern_store::{Error, Tx};

pub use held::{Shown, Sought, Who, all, held, one, shown};
pub use holder::{Found, To, holder, may_change, recipient};
pub use http::standard;
pub use targets::{MOST as MOST_TARGETS, add as add_target, remove as remove_target};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::groups;
use crate::api::iam::{custom, sets};
use crate::api::routes::Routes;
use crate::api::users::Refusal;

/// Most people in a group that holds a role.
pub const MOST_IN_GROUP: u64 = 5000;

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
        let found = match recipient(tx, by, to, holder::grant_event(to), &env)? {
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
        let found = match holder(tx, by, from, holder::revoke_event(from), &env)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let held = match held::own(tx, found.holder, which)? {
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

fn described(event: Event, assignment: &RoleAssignment) -> Event {
    match assignment.held {
        Held::Custom { role, set, .. } => event.detail("role", role.to_string()).detail("resourceSet", set.to_string()),
        Held::Standard(role) => event.detail("role", role.as_str()),
    }
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
