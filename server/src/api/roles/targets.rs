//! The groups that a standard role is limited to.
//!
//! The first group limits a role that reached everything; from then on it stays limited: the last group is not taken out,
//! and a group that is deleted leaves a role that reaches less, never one that reaches all.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::Event;
use postern_authn::permission::{Permission, Resource, Role, right};
use postern_codes::id::{Group as GroupKind, RoleAssignment as AssignmentKind};
use postern_codes::{Secret, otp};
use postern_store::groups::Group;
use postern_store::roles::{Held, Holder, RoleAssignment};
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use super::held::{all_of, own, seen};
use super::holder::grant_event;
use super::{Found, To, holder};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::groups;
use crate::api::hal::Links;
use crate::api::iam;
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Most groups that a role is limited to.
pub const MOST: usize = 100;

/// Limits a role that somebody holds to a group, beside those that it is limited to.
///
/// # Errors
/// 404 for nobody, no such role and no such group; 400 for a role that cannot be limited, 403 where the holder is above
/// the caller, or it would give more than the caller holds.
pub async fn add(
    app: &App,
    by: &Allowed<right::RolesManage>,
    (of, which): (To<'_>, &str),
    group: &str,
) -> Result<(), ApiError> {
    let env = app.env();
    let added = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let (found, held, role) = match limited(tx, by, of, which, app)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let group = match groups::named(tx, group)? {
            Ok(group) => group,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let mut targets = tx.role_targets(held.id)?;
        if targets.contains(&group.id) {
            return Ok(Ok(()));
        }
        targets.push(group.id);
        if targets.len() > MOST {
            return Ok(Err(too_many()));
        }
        let grant = tx.limited_grant(role, &targets)?;
        if !by.authority().covers(&tx.granting(vec![grant])?) {
            tx.record(&event(by, &found, role, &group, Err("above")), &env)?;
            return Ok(Err(ApiError::forbidden().cause("this reaches further than you do")));
        }
        tx.add_role_target(held.id, group.id, env.now)?;
        tx.record(&event(by, &found, role, &group, Ok("TARGET_ADDED")), &env)?;
        Ok(Ok(()))
    });
    added.await?
}

/// Takes a group out of those that a role is limited to.
///
/// # Errors
/// 404 for nobody, no such role and a group that is not among them; 403 for the last one.
pub async fn remove(
    app: &App,
    by: &Allowed<right::RolesManage>,
    (of, which): (To<'_>, &str),
    group: &str,
) -> Result<(), ApiError> {
    let env = app.env();
    let removed = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let (found, held, role) = match limited(tx, by, of, which, app)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let targets = tx.role_targets(held.id)?;
        let group = match groups::named(tx, group)? {
            Ok(known) if targets.contains(&known.id) => known,
            Ok(_) => return Ok(Err(ApiError::not_found::<GroupKind>(group))),
            Err(unknown) => return Ok(Err(unknown)),
        };
        if targets.len() == 1 {
            tx.record(&event(by, &found, role, &group, Err("last_target")), &env)?;
            let why = "the last group of a role stays: take the role away, or limit it to another group first";
            let summary = "The entity is not in the expected state for the requested transition.";
            return Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000107", summary).cause(why)));
        }
        tx.remove_role_target(held.id, group.id, env.now)?;
        tx.record(&event(by, &found, role, &group, Ok("TARGET_REMOVED")), &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

/// A standard role that somebody holds and that can be limited to groups.
fn limited(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    of: To<'_>,
    which: &str,
    app: &App,
) -> Result<Result<(Found, RoleAssignment, Role), ApiError>, Error> {
    let found = match holder(tx, by, of, grant_event(of), &app.env())? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(own(tx, found.holder, which)?.and_then(|held| match held.held {
        Held::Standard(role) if role.takes_groups() => Ok((found, held, role)),
        Held::Custom { .. } | Held::Standard(_) => Err(takes_no_groups()),
    }))
}

/// Only some standard roles can be limited to groups.
pub fn takes_no_groups() -> ApiError {
    let summary = "The provided role type was not the same as required role type.";
    ApiError::new(StatusCode::BAD_REQUEST, "E0000091", summary)
}

/// A role is limited to so many groups and no more.
pub fn too_many() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "E0000093", "Target count limit exceeded")
}

/// What the record says of a group that a role is, or is not, limited to.
pub fn event(
    by: &Caller,
    found: &Found,
    role: Role,
    group: &Group,
    outcome: Result<&'static str, &'static str>,
) -> Event {
    let kind = found.event(true);
    let event = match outcome {
        Ok(change) => by.success(kind).detail("change", change),
        Err(code) => by.failure(kind, code),
    };
    event.target(found.target.clone()).target(groups::target(group)).detail("role", role.as_str())
}

/// The routes of what roles are limited to.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/users/{who}/roles/{role}/targets", read, get_targets)
        .get("/api/v1/users/{who}/roles/{role}/targets/groups", read, get_of_user)
        .put("/api/v1/users/{who}/roles/{role}/targets/groups/{group}", manage, put_of_user)
        .delete("/api/v1/users/{who}/roles/{role}/targets/groups/{group}", manage, delete_of_user)
        .get("/api/v1/groups/{group}/roles/{role}/targets/groups", read, get_of_group)
        .put("/api/v1/groups/{group}/roles/{role}/targets/groups/{target}", manage, put_of_group)
        .delete("/api/v1/groups/{group}/roles/{role}/targets/groups/{target}", manage, delete_of_group)
}

/// The groups that a role is limited to.
async fn list(app: &App, caller: Caller, of: To<'_>, which: &str, query: &Query) -> Result<Page, ApiError> {
    let by = caller.require::<right::RolesRead>(app).await?;
    let limit = query.limit(200, 200)?.max(1);
    let after = query.text("after").unwrap_or_default().to_owned();
    let read = app.store.read(by.org, |tx| {
        let held = match seen(tx, &by, of)? {
            Ok(holder) => all_of(tx, holder)?.into_iter().find(|held| held.id.as_str() == which),
            Err(unknown) => return Ok(Err(unknown)),
        };
        let Some(held) = held else { return Ok(Err(ApiError::not_found::<AssignmentKind>(which))) };
        let mut found = Vec::new();
        for id in tx.role_targets(held.id)? {
            if id.as_str() > after.as_str() {
                found.extend(tx.group(id)?);
            }
        }
        Ok(Ok(found))
    });
    let found = read.await??;
    Ok(Page::of(app, query, (found, limit), |group| group.id.to_string(), |group| groups::shown(app, group)))
}

/// What a role of a person reaches, each by its ORN. The role is named by its assignment, by its id where the
/// organisation made it, or by the Base32 of its name, as the contract has it, or the name itself.
async fn get_targets(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
    query: Result<Query, ApiError>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let wanted = query.text("assignmentType").map(str::to_owned);
    let is_meant = |held: &RoleAssignment| match held.held {
        Held::Custom { role, .. } => held.id.as_str() == which || role.as_str() == which,
        Held::Standard(role) => {
            let encoded = otp::base32(&Secret::new(role.as_str().into()));
            held.id.as_str() == which || role.as_str() == which || *encoded.expose() == which
        }
    };
    let read = app.store.read(by.org, |tx| {
        let holder = match seen(tx, &by, To::User(&who))? {
            Ok(holder) => holder,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let held: Vec<_> = all_of(tx, holder)?.into_iter().filter(is_meant).collect();
        if held.is_empty() {
            return Ok(Err(ApiError::not_found::<AssignmentKind>(&which)));
        }
        let mut found = Vec::new();
        for one in held {
            let kind = match one.holder {
                Holder::Group(_) => "GROUP",
                Holder::User(_) => "USER",
            };
            if wanted.as_deref().is_some_and(|wanted| wanted != kind) {
                continue;
            }
            let resources: Vec<Resource> = match one.held {
                Held::Custom { set, .. } => tx.resources_of_set(set)?.into_iter().map(|own| own.resource).collect(),
                Held::Standard(_) => tx.role_targets(one.id)?.into_iter().map(Resource::Group).collect(),
            };
            found.extend(resources.into_iter().map(|resource| (kind, resource)));
        }
        Ok(Ok(found))
    });
    let found = read.await??;
    let one = |(kind, resource): &(&str, Resource)| {
        let links = Links::new(&app).to("self", "GET", iam::path(*resource));
        json!({ "assignmentType": kind, "orn": iam::orn(by.org, *resource), "_links": Value::from(links) })
    };
    Ok(Json(found.iter().map(one).collect()))
}

async fn get_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, role)): Path<(String, String)>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    list(&app, caller, To::User(&who), &role, &query?).await
}

async fn get_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, role)): Path<(String, String)>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    list(&app, caller, To::Group(&which), &role, &query?).await
}

async fn put(app: &App, caller: Caller, of: (To<'_>, &str), group: &str) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(app).await?;
    add(app, &by, of, group).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(app: &App, caller: Caller, of: (To<'_>, &str), group: &str) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(app).await?;
    remove(app, &by, of, group).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, role, group)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    put(&app, caller, (To::User(&who), &role), &group).await
}

async fn put_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, role, target)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    put(&app, caller, (To::Group(&which), &role), &target).await
}

async fn delete_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, role, group)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    delete(&app, caller, (To::User(&who), &role), &group).await
}

async fn delete_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, role, target)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    delete(&app, caller, (To::Group(&which), &role), &target).await
}
