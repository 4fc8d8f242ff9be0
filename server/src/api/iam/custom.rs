//! Roles that an organisation makes: a label and a set of permissions. What such a role reaches, a binding says.
//!
//! Nobody makes a role of what they do not hold, and nobody widens one beyond what they hold where it is bound.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Attributes, Conditions, Grant, Permission, right};
use postern_codes::Env;
use postern_codes::id::Role as RoleKind;
use postern_store::custom_roles::CustomRole;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Naming, PAGE, held, in_use, label_taken, or_not_found, page};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Makes a role.
///
/// # Errors
/// 400 where the label is taken, 403 where it holds what the caller does not.
pub async fn create(
    app: &App,
    by: &Allowed<right::RolesManage>,
    naming: &Naming,
    permissions: &[Permission],
) -> Result<CustomRole, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let missing = permissions.iter().find(|permission| !by.authority().has_with(**permission, &Attributes::all()));
        if let Some(permission) = missing {
            let event = by.failure(EventType::RoleCreate, "beyond").detail("permission", permission.as_str());
            tx.record(&event, &env)?;
            return Ok(Err(super::beyond()));
        }
        let Some(id) = tx.insert_custom_role(&naming.label, &naming.description, &env)? else {
            return Ok(Err(label_taken()));
        };
        for permission in permissions {
            tx.insert_role_permission(id, *permission, &Conditions::default(), env.now)?;
        }
        let role = tx.custom_role(id)?.ok_or_else(|| Error::fault("a role was not written"))?;
        let words: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
        tx.record(
            &by.success(EventType::RoleCreate).target(target(&role)).detail("permissions", words.join(" ")),
            &env,
        )?;
        Ok(Ok(role))
    });
    made.await?
}

/// Gives a role another label and description.
///
/// # Errors
/// 404 for no role, 400 where the label is taken.
pub async fn update(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    naming: &Naming,
) -> Result<CustomRole, ApiError> {
    change(app, by, (held(named), which), |tx, role, env| {
        if tx.custom_role_by_label(&naming.label)?.is_some_and(|other| other.id != role.id) {
            return Ok(Err(label_taken()));
        }
        tx.set_custom_role(role.id, &naming.label, &naming.description, env.now)?;
        tx.record(&by.success(EventType::RoleUpdate).target(target(role)), env)?;
        Ok(or_not_found::<RoleKind, _>(tx.custom_role(role.id)?, which))
    })
    .await
}

/// Makes of a role what `permissions` says, with another label and description, as its page showed it: `version` is when
/// it last changed then, in microseconds.
///
/// # Errors
/// 404 for no role, 412 where it was changed meanwhile, 400 where the label is taken, 403 where a permission comes or goes
/// that the caller does not hold wherever the role is bound.
pub async fn revise(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    naming: &Naming,
    (permissions, version): (&BTreeSet<Permission>, i64),
) -> Result<CustomRole, ApiError> {
    change(app, by, (held(named), which), |tx, role, env| {
        if role.updated_at.micros() != version {
            let summary = "The role was changed by somebody else meanwhile; nothing was done.";
            return Ok(Err(ApiError::new(StatusCode::PRECONDITION_FAILED, "E0000231", summary)));
        }
        if tx.custom_role_by_label(&naming.label)?.is_some_and(|other| other.id != role.id) {
            return Ok(Err(label_taken()));
        }
        let own = tx.role_permissions(role.id)?;
        let has = |permission: &Permission| own.iter().any(|own| own.permission == *permission);
        let gone = own.iter().filter(|own| !permissions.contains(&own.permission));
        let gone: Vec<_> = gone.map(|own| (own.permission, own.conditions.attributes())).collect();
        let come = permissions.iter().copied().filter(|permission| !has(permission));
        let come: Vec<_> = come.map(|permission| (permission, Attributes::all())).collect();
        // All are looked at before anything is written: a refusal leaves its line in the record alone.
        for (changes, kind) in [(&come, EventType::RolePermissionsAdd), (&gone, EventType::RolePermissionsDelete)] {
            for (permission, attributes) in changes {
                if !may_become(tx, by, role, (*permission, attributes))? {
                    return refuse(tx, by, kind, role, *permission, env);
                }
            }
        }
        for (permission, _) in &gone {
            tx.delete_role_permission(role.id, *permission)?;
            let event = by.success(EventType::RolePermissionsDelete).target(target(role));
            tx.record(&event.detail("permission", permission.as_str()), env)?;
        }
        for (permission, _) in &come {
            tx.insert_role_permission(role.id, *permission, &Conditions::default(), env.now)?;
            let event = by.success(EventType::RolePermissionsAdd).target(target(role));
            tx.record(&event.detail("permission", permission.as_str()), env)?;
        }
        tx.set_custom_role(role.id, &naming.label, &naming.description, env.now)?;
        if naming.label != role.label || naming.description != role.description {
            tx.record(&by.success(EventType::RoleUpdate).target(target(role)), env)?;
        }
        Ok(or_not_found::<RoleKind, _>(tx.custom_role(role.id)?, which))
    })
    .await
}

/// Deletes a role that is bound nowhere.
///
/// # Errors
/// 404 for no role, 403 where it is bound.
pub async fn delete(app: &App, by: &Allowed<right::RolesManage>, which: &str) -> Result<(), ApiError> {
    change(app, by, (held(named), which), |tx, role, env| {
        if !tx.bindings_of_role(role.id)?.is_empty() {
            tx.record(&by.failure(EventType::RoleDelete, "in_use").target(target(role)), env)?;
            return Ok(Err(in_use("the role is bound to a resource set: end its bindings first")));
        }
        tx.delete_custom_role(role.id)?;
        tx.record(&by.success(EventType::RoleDelete).target(target(role)), env)?;
        Ok(Ok(()))
    })
    .await
}

/// Whether the caller may turn a role into what `wanted` makes of its permissions: they hold all of it, before and after,
/// wherever the role is bound, and where it is bound nowhere, somewhere.
///
/// # Errors
/// Of the database.
pub fn may_become(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    role: &CustomRole,
    (permission, attributes): (Permission, &Attributes),
) -> Result<bool, Error> {
    if !by.authority().has_with(permission, attributes) {
        return Ok(false);
    }
    for binding in tx.bindings_of_role(role.id)? {
        let scope = tx.scope_of_set(binding.set)?;
        let added = Grant::custom(&role.label, [(permission, attributes.clone())], scope.clone());
        let held = tx.custom_grant_over(role.id, scope)?;
        if !by.authority().covers(&tx.granting(vec![added, held])?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The roles there are, oldest first, one more than a page where there are more.
///
/// # Errors
/// Of the database.
pub async fn list(app: &App, by: &Allowed<right::RolesRead>, after: &str) -> Result<Vec<CustomRole>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.custom_roles(after, PAGE + 1)).await?)
}

/// A role by id or label.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Outcome<CustomRole> {
    let by_id = match which.parse() {
        Ok(id) => tx.custom_role(id)?,
        Err(_) => None,
    };
    let found = match by_id {
        Some(role) => Some(role),
        None => tx.custom_role_by_label(which)?,
    };
    Ok(or_not_found::<RoleKind, _>(found, which))
}

/// A role as the record names it.
pub fn target(role: &CustomRole) -> Target {
    Target::new("CustomRole", role.id, "", &role.label)
}

/// Records a change of a role that was refused as beyond the caller.
///
/// # Errors
/// Of the database.
pub fn refuse<T>(
    tx: &mut Tx<'_>,
    by: &Caller,
    kind: EventType,
    role: &CustomRole,
    permission: Permission,
    env: &Env,
) -> Outcome<T> {
    let event = by.failure(kind, "beyond").target(target(role)).detail("permission", permission.as_str());
    tx.record(&event, env)?;
    Ok(Err(super::beyond()))
}

fn shown(app: &App, role: &CustomRole) -> Value {
    let path = format!("/api/v1/iam/roles/{}", role.id);
    let links = Links::new(app).to("self", "GET", &path).to("permissions", "GET", format!("{path}/permissions"));
    json!({
        "id": role.id,
        "label": role.label,
        "description": role.description,
        "created": hal::time(role.created_at),
        "lastUpdated": hal::time(role.updated_at),
        "_links": Value::from(links),
    })
}

/// The routes of roles that an organisation makes.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/iam/roles", read, get_roles)
        .post("/api/v1/iam/roles", manage, post_role)
        .get("/api/v1/iam/roles/{role}", read, get_role)
        .put("/api/v1/iam/roles/{role}", manage, put_role)
        .delete("/api/v1/iam/roles/{role}", manage, delete_role)
}

#[derive(Deserialize)]
struct RoleBody {
    #[serde(flatten)]
    naming: Naming,
    permissions: Vec<String>,
}

/// A permission by its name.
///
/// # Errors
/// 400 where it has none.
pub fn permission(name: &str) -> Result<Permission, ApiError> {
    let name: String = name.chars().take(64).collect();
    name.parse().map_err(|()| ApiError::validation("permissions", [format!("permissions: there is no `{name}`")]))
}

async fn get_roles(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let found = list(&app, &by, query.text("after").unwrap_or_default()).await?;
    let shown = (|role: &CustomRole| role.id.to_string(), |role: &CustomRole| shown(&app, role));
    Ok(Json(page(&app, &query, "roles", found, PAGE, Map::new(), shown)))
}

async fn post_role(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<RoleBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let RoleBody { naming, permissions } = body?.0;
    let permissions: Result<Vec<_>, _> = permissions.iter().map(|name| permission(name)).collect();
    let role = create(&app, &by, &naming.parse()?, &permissions?).await?;
    Ok(Json(shown(&app, &role)))
}

async fn get_role(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let role = app.store.read(by.org, |tx| named(tx, &which.0)).await??;
    Ok(Json(shown(&app, &role)))
}

async fn put_role(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<Naming>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let role = update(&app, &by, &which.0, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &role)))
}

async fn delete_role(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
