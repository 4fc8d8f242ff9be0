//! What a role that an organisation made may do, one by one, and the conditions that limit it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Conditions, Permission, right};
use postern_codes::id::Id;
use postern_store::custom_roles::RolePermission;
use serde::Deserialize;
use serde_json::{Value, json};

use super::custom::{may_become, named, permission, refuse, target};
use super::held;
use crate::App;
use crate::api::body::{self, Json};
use crate::api::caller::{Allowed, Caller};
use crate::api::change::change;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::veil::ALWAYS;

/// Most attributes that a condition names, and the longest name of one.
const MOST_ATTRIBUTES: usize = 100;

/// Gives a role a permission.
///
/// # Errors
/// 404 for no role, 400 where it has the permission, 403 where the caller does not hold it wherever the role is bound.
pub async fn add(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    (permission, conditions): (Permission, &Conditions),
) -> Result<(), ApiError> {
    let kind = EventType::RolePermissionsAdd;
    change(app, by, (held(named), which), |tx, role, env| {
        if !may_become(tx, by, role, (permission, &conditions.attributes()))? {
            return refuse(tx, by, kind, role, permission, env);
        }
        if !tx.insert_role_permission(role.id, permission, conditions, env.now)? {
            return Ok(Err(ApiError::validation("permissions", ["permissions: the role has this permission already"])));
        }
        tx.touch_custom_role(role.id, env.now)?;
        let event = |kind| by.success(kind).target(target(role)).detail("permission", permission.as_str());
        tx.record(&event(kind), env)?;
        if !conditions.is_empty() {
            let words = serde_json::to_string(conditions).unwrap_or_default();
            tx.record(&event(EventType::RoleConditionsAdd).detail("conditions", words), env)?;
        }
        Ok(Ok(()))
    })
    .await
}

/// Gives a permission of a role other conditions.
///
/// # Errors
/// 404 for no role or permission, 403 where the caller does not hold what it becomes wherever the role is bound.
pub async fn limit(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    (permission, conditions): (Permission, &Conditions),
) -> Result<(Id<postern_codes::id::Role>, RolePermission), ApiError> {
    change(app, by, (held(named), which), |tx, role, env| {
        let kind = if conditions.is_empty() { EventType::RoleConditionsDelete } else { EventType::RoleConditionsAdd };
        if !may_become(tx, by, role, (permission, &conditions.attributes()))? {
            return refuse(tx, by, kind, role, permission, env);
        }
        if !tx.set_role_permission(role.id, permission, conditions, env.now)? {
            return Ok(Err(no_such_permission(permission.as_str())));
        }
        tx.touch_custom_role(role.id, env.now)?;
        let words = serde_json::to_string(conditions).unwrap_or_default();
        let event = by.success(kind).target(target(role)).detail("permission", permission.as_str());
        tx.record(&event.detail("conditions", words), env)?;
        let own = tx.role_permissions(role.id)?.into_iter().find(|own| own.permission == permission);
        Ok(own.map(|own| (role.id, own)).ok_or_else(|| no_such_permission(permission.as_str())))
    })
    .await
}

/// Takes a permission from a role.
///
/// # Errors
/// 404 for no role or permission, 403 where the role reaches further than the caller.
pub async fn remove(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    permission: Permission,
) -> Result<(), ApiError> {
    let kind = EventType::RolePermissionsDelete;
    change(app, by, (held(named), which), |tx, role, env| {
        let own = tx.role_permissions(role.id)?.into_iter().find(|own| own.permission == permission);
        let Some(own) = own else { return Ok(Err(no_such_permission(permission.as_str()))) };
        if !may_become(tx, by, role, (permission, &own.conditions.attributes()))? {
            return refuse(tx, by, kind, role, permission, env);
        }
        tx.delete_role_permission(role.id, permission)?;
        tx.touch_custom_role(role.id, env.now)?;
        tx.record(&by.success(kind).target(target(role)).detail("permission", permission.as_str()), env)?;
        Ok(Ok(()))
    })
    .await
}

fn no_such_permission(name: &str) -> ApiError {
    let name: String = name.chars().take(64).collect();
    let summary = format!("Not found: Resource not found: {name} (Permission)");
    ApiError::new(StatusCode::NOT_FOUND, "E0000007", summary)
}

fn shown(app: &App, role: Id<postern_codes::id::Role>, own: &RolePermission) -> Value {
    let path = format!("/api/v1/iam/roles/{role}");
    let links =
        Links::new(app).to("self", "GET", format!("{path}/permissions/{}", own.permission)).to("role", "GET", path);
    json!({
        "label": own.permission.as_str(),
        "conditions": (!own.conditions.is_empty()).then_some(&own.conditions),
        "created": hal::time(own.created_at),
        "lastUpdated": hal::time(own.updated_at),
        "_links": Value::from(links),
    })
}

/// The routes of the permissions of roles.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/iam/roles/{role}/permissions", read, get_permissions)
        .get("/api/v1/iam/roles/{role}/permissions/{permission}", read, get_permission)
        .post("/api/v1/iam/roles/{role}/permissions/{permission}", manage, post_permission)
        .put("/api/v1/iam/roles/{role}/permissions/{permission}", manage, put_permission)
        .delete("/api/v1/iam/roles/{role}/permissions/{permission}", manage, delete_permission)
}

#[derive(Default, Deserialize)]
struct ConditionsBody {
    conditions: Option<Value>,
}

/// The conditions of a request whose body may be missing.
async fn conditions(app: &App, permission: Permission, request: Request) -> Result<Conditions, ApiError> {
    let bytes = body::bytes(request, app).await?;
    let body: ConditionsBody = if bytes.is_empty() { ConditionsBody::default() } else { body::parse(&bytes)? };
    let wrong = |why: &str| ApiError::validation("conditions", [format!("conditions: {why}")]);
    let form = "include or exclude, each with `okta:ResourceAttribute/User/Profile` and names of attributes";
    let read = body.conditions.map_or_else(|| Ok(Conditions::default()), serde_json::from_value::<Conditions>);
    let conditions = read.map_err(|_| wrong(form))?;
    if conditions.is_empty() {
        return Ok(conditions);
    }
    if !permission.has_attributes() {
        return Err(wrong("this permission has none; okta.users.read and okta.users.userprofile.manage have"));
    }
    let sets = [&conditions.include, &conditions.exclude];
    let fits = sets.into_iter().flatten().all(|named| {
        let names = &named.profile;
        let is_name = |name: &String| (1..=MOST_ATTRIBUTES).contains(&name.chars().count());
        (1..=MOST_ATTRIBUTES).contains(&names.len()) && names.iter().all(is_name)
    });
    if !fits {
        return Err(wrong("1 to 100 names of attributes, each of 1 to 100 characters"));
    }
    let leaves_out = |name: &&str| conditions.exclude.as_ref().is_some_and(|named| named.profile.contains(*name));
    if permission == Permission::UsersRead && ALWAYS.iter().any(leaves_out) {
        return Err(wrong("login, firstName and lastName are what people are told apart by; they cannot be left out"));
    }
    Ok(conditions)
}

async fn get_permissions(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let read = app.store.read(by.org, |tx| match named(tx, &which.0)? {
        Ok(role) => Ok(Ok((role.id, tx.role_permissions(role.id)?))),
        Err(unknown) => Ok(Err(unknown)),
    });
    let (role, found) = read.await??;
    let shown: Vec<Value> = found.iter().map(|own| shown(&app, role, own)).collect();
    Ok(Json(json!({ "permissions": shown })))
}

async fn get_permission(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, name)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let read = app.store.read(by.org, |tx| match named(tx, &which)? {
        Ok(role) => Ok(Ok((role.id, tx.role_permissions(role.id)?))),
        Err(unknown) => Ok(Err(unknown)),
    });
    let (role, found) = read.await??;
    let own = found.iter().find(|own| own.permission.as_str() == name);
    own.map(|own| Json(shown(&app, role, own))).ok_or_else(|| no_such_permission(&name))
}

async fn post_permission(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, name)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let wanted = permission(&name)?;
    let conditions = conditions(&app, wanted, request).await?;
    add(&app, &by, &which, (wanted, &conditions)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_permission(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, name)): Path<(String, String)>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let wanted = permission(&name).map_err(|_| no_such_permission(&name))?;
    let conditions = conditions(&app, wanted, request).await?;
    let (role, own) = limit(&app, &by, &which, (wanted, &conditions)).await?;
    Ok(Json(shown(&app, role, &own)))
}

async fn delete_permission(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let wanted = permission(&name).map_err(|_| no_such_permission(&name))?;
    remove(&app, &by, &which, wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}
