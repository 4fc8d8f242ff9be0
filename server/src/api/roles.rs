//! Administrator roles of a person: seen, given and taken. Nobody gives what they do not hold, and somebody can always
//! give: the last super administrator stays one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Grant, Permission, Role, right};
use postern_codes::id::{RoleAssignment as RoleAssignmentKind, User as UserKind};
use postern_store::roles::RoleAssignment;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Refusal};

/// Gives a person a role.
///
/// # Errors
/// 404 for nobody, 403 where the role holds what the caller does not, 409 where it is held.
pub async fn assign(
    app: &App,
    by: &Allowed<right::RolesManage>,
    who: &str,
    role: Role,
) -> Result<RoleAssignment, ApiError> {
    let env = app.env();
    let kind = EventType::PrivilegeGrant;
    let given = app.store.write(by.org, |tx| {
        let person = match users::reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if !by.authority().covers(&by.authority().of(Grant::everywhere(role))) {
            return users::refuse(tx, by, kind, &person, Refusal::Above, &env);
        }
        let Some(assignment) = tx.assign_role(person.id, role, by.user().as_str(), &env)? else {
            let summary = "The role specified is already assigned to the user.";
            return Ok(Err(ApiError::new(StatusCode::CONFLICT, "E0000090", summary)));
        };
        tx.record(&by.success(kind).target(users::target(&person)).detail("role", role.as_str()), &env)?;
        Ok(Ok(assignment))
    });
    given.await?
}

/// Takes a role from a person.
///
/// # Errors
/// 404 for nobody or a role they do not hold, 403 for the last super administrator.
pub async fn take(app: &App, by: &Allowed<right::RolesManage>, who: &str, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::PrivilegeRevoke;
    let taken = app.store.write(by.org, |tx| {
        let person = match users::reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let held = tx.role_assignments(person.id)?.into_iter().find(|held| held.id.as_str() == which);
        let Some(held) = held else { return Ok(Err(ApiError::not_found::<RoleAssignmentKind>(which))) };
        if held.role == Role::Super && tx.is_last_super(person.id)? {
            return users::refuse(tx, by, kind, &person, Refusal::LastSuper, &env);
        }
        if !tx.take_role(held.id)? {
            return Ok(Err(ApiError::not_found::<RoleAssignmentKind>(which)));
        }
        tx.record(&by.success(kind).target(users::target(&person)).detail("role", held.role.as_str()), &env)?;
        Ok(Ok(()))
    });
    taken.await?
}

/// The roles that a person holds.
///
/// # Errors
/// 404 for nobody.
pub async fn held(app: &App, by: &Allowed<right::RolesRead>, who: &str) -> Result<Vec<RoleAssignment>, ApiError> {
    let held = app.store.read(by.org, |tx| match users::named(tx, by, who)? {
        Some(person) => tx.role_assignments(person.id).map(Some),
        None => Ok(None),
    });
    held.await?.ok_or_else(|| ApiError::not_found::<UserKind>(who))
}

fn shown(app: &App, held: &RoleAssignment) -> Value {
    let assignee = Links::new(app).to("assignee", "GET", format!("/api/v1/users/{}", held.user));
    json!({
        "id": held.id,
        "label": held.role.label(),
        "type": held.role.as_str(),
        "status": "ACTIVE",
        "created": hal::time(held.created_at),
        "lastUpdated": hal::time(held.created_at),
        "assignmentType": "USER",
        "_links": Value::from(assignee),
    })
}

/// The routes of roles.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/users/{who}/roles", read, get_roles)
        .post("/api/v1/users/{who}/roles", manage, post_role)
        .get("/api/v1/users/{who}/roles/{role}", read, get_role)
        .delete("/api/v1/users/{who}/roles/{role}", manage, delete_role)
}

#[derive(Deserialize)]
struct RoleBody {
    #[serde(rename = "type")]
    role: String,
}

async fn get_roles(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    Ok(Json(held(&app, &by, &who.0).await?.iter().map(|held| shown(&app, held)).collect()))
}

async fn get_role(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let held = held(&app, &by, &who).await?;
    let found = held.iter().find(|held| held.id.as_str() == which);
    found.map(|held| Json(shown(&app, held))).ok_or_else(|| ApiError::not_found::<RoleAssignmentKind>(&which))
}

async fn post_role(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    body: Result<Json<RoleBody>, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let role = body?.0.role.parse::<Role>();
    let role = role.map_err(|()| ApiError::validation("type", ["type: is not a role that can be assigned here"]))?;
    let given = assign(&app, &by, &who.0, role).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, &given))))
}

async fn delete_role(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    take(&app, &by, &who, &which).await?;
    Ok(StatusCode::NO_CONTENT)
}
