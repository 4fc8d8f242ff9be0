//! Members of bindings: people and groups who hold a role over a resource set.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_store::Error;
use postern_store::resource_sets::Binding;
use postern_store::roles::{Holder, RoleAssignment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bindings::{bound, changed, no_member, path, read};
use super::{PAGE, page};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::roles::{self, To};
use crate::api::routes::{Access, Routes};

/// Gives the role of a binding to more; those who hold it keep it.
///
/// # Errors
/// 404 for no binding or member, 403 where it gives more than the caller holds or somebody is above the caller.
pub async fn add(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: (&str, &str),
    members: &[Holder],
) -> Result<Binding, ApiError> {
    let env = app.env();
    let kind = EventType::BindingAdd;
    let added = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let bound = match bound(tx, which)? {
            Ok(bound) => bound,
            Err(unknown) => return Ok(Err(unknown)),
        };
        if !roles::may_give(tx, by, bound.held())? {
            let event = by.failure(kind, "beyond").target(super::custom::target(&bound.role));
            tx.record(&event.target(super::sets::target(&bound.set)), &env)?;
            return Ok(Err(super::beyond()));
        }
        let mut found = Vec::new();
        for member in members {
            match roles::recipient(tx, by, To::Known(*member), kind, &env)? {
                Ok(holder) => found.push(holder),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        for holder in found {
            roles::give(tx, by, &holder, bound.held(), &env)?;
        }
        Ok(Ok(bound.binding))
    });
    added.await?
}

/// Takes the role of a binding from one of its members.
///
/// # Errors
/// 404 for no binding or member, 403 where they are above the caller.
pub async fn remove(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: (&str, &str),
    id: &str,
) -> Result<(), ApiError> {
    let env = app.env();
    let removed = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let bound = match bound(tx, which)? {
            Ok(bound) => bound,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let found = match id.parse() {
            Ok(id) => tx.role_assignment(id)?.filter(|own| own.held == bound.held()),
            Err(_) => None,
        };
        let Some(member) = found else { return Ok(Err(no_member(id))) };
        let holder = match roles::holder(tx, by, To::Known(member.holder), EventType::BindingDelete, &env)? {
            Ok(holder) => holder,
            Err(refused) => return Ok(Err(refused)),
        };
        roles::withdraw(tx, by, &holder, &member, &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

fn shown(app: &App, member: &RoleAssignment) -> Value {
    let path = match member.holder {
        Holder::Group(id) => format!("/api/v1/groups/{id}"),
        Holder::User(id) => format!("/api/v1/users/{id}"),
    };
    json!({
        "id": member.id,
        "created": hal::time(member.created_at),
        "lastUpdated": hal::time(member.updated_at),
        "_links": Value::from(Links::new(app).to("self", "GET", path)),
    })
}

/// The routes of members of bindings.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/iam/resource-sets/{set}/bindings/{role}/members", read, get_members)
        .patch("/api/v1/iam/resource-sets/{set}/bindings/{role}/members", manage, patch_members)
        .get("/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}", read, get_member)
        .delete("/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}", manage, delete_member)
}

#[derive(Deserialize)]
struct AdditionsBody {
    additions: Vec<String>,
}

async fn get_members(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role)): Path<(String, String)>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let after = query.text("after").unwrap_or_default();
    let found = app.store.read(by.org, |tx| match bound(tx, (&set, &role))? {
        Ok(bound) => {
            let members = tx.members_of_binding(bound.binding.id, after, PAGE + 1)?;
            Ok(Ok((bound.binding, members)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    let (binding, found) = found.await??;
    let own = path(&binding);
    let own = Links::new(&app).to("self", "GET", format!("{own}/members")).to("binding", "GET", own);
    let Value::Object(links) = Value::from(own) else { unreachable!("links are an object") };
    let entry = (|member: &RoleAssignment| member.id.to_string(), |member: &RoleAssignment| shown(&app, member));
    Ok(Json(page(&app, &query, "members", found, PAGE, links, entry)))
}

async fn patch_members(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role)): Path<(String, String)>,
    body: Result<Json<AdditionsBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let members = read(&by, &body?.0.additions)?;
    let binding = add(&app, &by, (&set, &role), &members).await?;
    Ok(Json(changed(&app, &binding)))
}

async fn get_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role, id)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let found = app.store.read(by.org, |tx| {
        let bound = match bound(tx, (&set, &role))? {
            Ok(bound) => bound,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let found = id.parse().map_or(Ok(None), |id| tx.role_assignment(id))?;
        Ok::<_, Error>(found.filter(|own| own.held == bound.held()).ok_or_else(|| no_member(&id)))
    });
    Ok(Json(shown(&app, &found.await??)))
}

async fn delete_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role, id)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    remove(&app, &by, (&set, &role), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
