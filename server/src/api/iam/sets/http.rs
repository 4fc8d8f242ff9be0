//! Resource sets over HTTP: shapes, handlers, routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Id, Org, Resource as ResourceKind, ResourceSet as SetKind};
use postern_store::resource_sets::{ResourceSet, SetResource};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{add, create, delete, list, named, read, remove, resources, update};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::iam::{Naming, PAGE, orn, page, path};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

fn shown(app: &App, set: &ResourceSet) -> Value {
    let path = format!("/api/v1/iam/resource-sets/{}", set.id);
    let links = Links::new(app).to("self", "GET", &path).to("resources", "GET", format!("{path}/resources"));
    json!({
        "id": set.id,
        "label": set.label,
        "description": set.description,
        "created": hal::time(set.created_at),
        "lastUpdated": hal::time(set.updated_at),
        "_links": Value::from(links.to("bindings", "GET", format!("{path}/bindings"))),
    })
}

fn resource_shown(app: &App, org: Id<Org>, set: Id<SetKind>, own: &SetResource) -> Value {
    let links = Links::new(app).to("self", "GET", path(own.resource));
    let links = links.to("resource", "GET", format!("/api/v1/iam/resource-sets/{set}/resources/{}", own.id));
    json!({
        "id": own.id,
        "orn": orn(org, own.resource),
        "created": hal::time(own.created_at),
        "lastUpdated": hal::time(own.updated_at),
        "_links": Value::from(links),
    })
}

/// The routes of resource sets.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/iam/resource-sets", read, get_sets)
        .post("/api/v1/iam/resource-sets", manage, post_set)
        .get("/api/v1/iam/resource-sets/{set}", read, get_set)
        .put("/api/v1/iam/resource-sets/{set}", manage, put_set)
        .delete("/api/v1/iam/resource-sets/{set}", manage, delete_set)
        .get("/api/v1/iam/resource-sets/{set}/resources", read, get_resources)
        .post("/api/v1/iam/resource-sets/{set}/resources", manage, post_resource)
        .patch("/api/v1/iam/resource-sets/{set}/resources", manage, patch_resources)
        .get("/api/v1/iam/resource-sets/{set}/resources/{resource}", read, get_resource)
        .put("/api/v1/iam/resource-sets/{set}/resources/{resource}", manage, put_resource)
        .delete("/api/v1/iam/resource-sets/{set}/resources/{resource}", manage, delete_resource)
}

#[derive(Deserialize)]
struct SetBody {
    #[serde(flatten)]
    naming: Naming,
    resources: Vec<String>,
}

#[derive(Deserialize)]
struct AdditionsBody {
    additions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceBody {
    resource_orn_or_url: String,
    conditions: Value,
}

#[derive(Deserialize)]
struct ConditionsBody {
    conditions: Option<Value>,
}

/// Conditions leave out single applications; nothing else can be left out of a resource.
fn no_conditions(conditions: &Value) -> Result<(), ApiError> {
    let excluded = conditions.get("Exclude").and_then(|exclude| exclude.get("okta:ORN")).and_then(Value::as_array);
    let is_empty = match conditions {
        Value::Null => true,
        Value::Object(members) => members.is_empty() || members.len() == 1 && excluded.is_some_and(Vec::is_empty),
        _ => false,
    };
    let why = "conditions: nothing can be left out of this resource; name what it shall hold instead";
    if is_empty { Ok(()) } else { Err(ApiError::validation("conditions", [why])) }
}

async fn get_sets(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let found = list(&app, &by, query.text("after").unwrap_or_default()).await?;
    let shown = (|set: &ResourceSet| set.id.to_string(), |set: &ResourceSet| shown(&app, set));
    Ok(Json(page(&app, &query, "resource-sets", found, PAGE, Map::new(), shown)))
}

async fn post_set(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<SetBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let SetBody { naming, resources } = body?.0;
    let set = create(&app, &by, &naming.parse()?, &read(by.org, &resources)?).await?;
    Ok(Json(shown(&app, &set)))
}

async fn get_set(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let set = app.store.read(by.org, |tx| named(tx, &which.0)).await??;
    Ok(Json(shown(&app, &set)))
}

async fn put_set(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<Naming>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let set = update(&app, &by, &which.0, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &set)))
}

async fn delete_set(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_resources(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let limit = query.limit(PAGE, PAGE)?.max(1);
    let after = query.text("after").unwrap_or_default();
    let (set, mut found) = resources(&app, &by, &which.0).await?;
    found.retain(|own| own.id.as_str() > after);
    let set_link = Links::new(&app).to("resource-set", "GET", format!("/api/v1/iam/resource-sets/{}", set.id));
    let Value::Object(links) = Value::from(set_link) else { unreachable!("links are an object") };
    let one = |own: &SetResource| resource_shown(&app, by.org, set.id, own);
    Ok(Json(page(&app, &query, "resources", found, limit, links, (|own: &SetResource| own.id.to_string(), one))))
}

async fn post_resource(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<ResourceBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let Json(body) = body?;
    no_conditions(&body.conditions)?;
    let resources = read(by.org, &[body.resource_orn_or_url])?;
    let set = add(&app, &by, &which.0, &resources).await?;
    let found = app.store.read(by.org, |tx| tx.resources_of_set(set.id)).await?;
    let own = found.iter().find(|own| resources.contains(&own.resource));
    let own = own.ok_or_else(|| ApiError::not_found::<ResourceKind>(&which.0))?;
    Ok(Json(resource_shown(&app, by.org, set.id, own)))
}

async fn patch_resources(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<AdditionsBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let resources = read(by.org, &body?.0.additions)?;
    let set = add(&app, &by, &which.0, &resources).await?;
    Ok(Json(shown(&app, &set)))
}

async fn get_resource(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let (set, found) = resources(&app, &by, &which).await?;
    let own = found.iter().find(|own| own.id.as_str() == id);
    let own = own.ok_or_else(|| ApiError::not_found::<ResourceKind>(&id))?;
    Ok(Json(resource_shown(&app, by.org, set.id, own)))
}

async fn put_resource(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, id)): Path<(String, String)>,
    body: Result<Json<ConditionsBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    no_conditions(&body?.0.conditions.unwrap_or_default())?;
    let read = app.store.read(by.org, |tx| match named(tx, &which)? {
        Ok(set) => {
            let own = tx.resources_of_set(set.id)?.into_iter().find(|own| own.id.as_str() == id);
            Ok(own.map(|own| (set.id, own)).ok_or_else(|| ApiError::not_found::<ResourceKind>(&id)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    let (set, own) = read.await??;
    Ok(Json(resource_shown(&app, by.org, set, &own)))
}

async fn delete_resource(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    remove(&app, &by, &which, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
