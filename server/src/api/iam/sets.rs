//! Resource sets: what roles that an organisation makes reach.
//!
//! Nobody widens a set beyond what they hold themselves, for any role that is bound to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, Resource, Scope, right};
use postern_codes::id::{Id, Org, Resource as ResourceKind, ResourceSet as SetKind};
use postern_store::resource_sets::{ResourceSet, SetResource};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Naming, PAGE, in_use, label_taken, or_not_found, orn, page};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Most resources of a set.
pub const MOST: usize = 1000;

/// Makes a resource set.
///
/// # Errors
/// 400 where the label is taken or a resource is not there.
pub async fn create(
    app: &App,
    by: &Allowed<right::RolesManage>,
    naming: &Naming,
    resources: &[Resource],
) -> Result<ResourceSet, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        if let Some(missing) = missing(tx, resources)? {
            return Ok(Err(missing));
        }
        let Some(id) = tx.insert_resource_set(&naming.label, &naming.description, &env)? else {
            return Ok(Err(label_taken()));
        };
        for resource in resources {
            tx.insert_resource(id, *resource, &env)?;
        }
        let set = tx.resource_set(id)?.ok_or_else(|| Error::fault("a resource set was not written"))?;
        let event = by.success(EventType::ResourceSetCreate).target(target(&set));
        tx.record(&event.detail("resources", words(tx.org(), resources)), &env)?;
        Ok(Ok(set))
    });
    made.await?
}

/// Gives a resource set another label and description.
///
/// # Errors
/// 404 for no set, 400 where the label is taken.
pub async fn update(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    naming: &Naming,
) -> Result<ResourceSet, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let set = match named(tx, which)? {
            Ok(set) => set,
            Err(unknown) => return Ok(Err(unknown)),
        };
        if tx.resource_set_by_label(&naming.label)?.is_some_and(|other| other.id != set.id) {
            return Ok(Err(label_taken()));
        }
        tx.set_resource_set(set.id, &naming.label, &naming.description, env.now)?;
        tx.record(&by.success(EventType::ResourceSetUpdate).target(target(&set)), &env)?;
        Ok(or_not_found::<SetKind, _>(tx.resource_set(set.id)?, which))
    });
    changed.await?
}

/// Deletes a resource set to which no role is bound.
///
/// # Errors
/// 404 for no set, 403 where a role is bound to it.
pub async fn delete(app: &App, by: &Allowed<right::RolesManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let set = match named(tx, which)? {
            Ok(set) => set,
            Err(unknown) => return Ok(Err(unknown)),
        };
        if !tx.bindings_of_set(set.id, "", 1)?.is_empty() {
            tx.record(&by.failure(EventType::ResourceSetDelete, "in_use").target(target(&set)), &env)?;
            return Ok(Err(in_use("a role is bound to the resource set: end its bindings first")));
        }
        tx.delete_resource_set(set.id)?;
        tx.record(&by.success(EventType::ResourceSetDelete).target(target(&set)), &env)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// Puts resources into a set; those that are there stay.
///
/// # Errors
/// 404 for no set, 400 where a resource is not there or the set is full, 403 where a role would reach further than the
/// caller.
pub async fn add(
    app: &App,
    by: &Allowed<right::RolesManage>,
    which: &str,
    resources: &[Resource],
) -> Result<ResourceSet, ApiError> {
    let env = app.env();
    let kind = EventType::ResourceSetResourcesAdd;
    let added = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let set = match named(tx, which)? {
            Ok(set) => set,
            Err(unknown) => return Ok(Err(unknown)),
        };
        if let Some(missing) = missing(tx, resources)? {
            return Ok(Err(missing));
        }
        let mut all: BTreeSet<Resource> = tx.resources_of_set(set.id)?.into_iter().map(|own| own.resource).collect();
        all.extend(resources);
        if all.len() > MOST {
            return Ok(Err(too_many()));
        }
        if !may_reach(tx, by, &set, all)? {
            tx.record(&by.failure(kind, "beyond").target(target(&set)), &env)?;
            return Ok(Err(super::beyond()));
        }
        for resource in resources {
            tx.insert_resource(set.id, *resource, &env)?;
        }
        tx.touch_resource_set(set.id, env.now)?;
        tx.record(&by.success(kind).target(target(&set)).detail("resources", words(tx.org(), resources)), &env)?;
        Ok(or_not_found::<SetKind, _>(tx.resource_set(set.id)?, which))
    });
    added.await?
}

/// Takes a resource out of a set.
///
/// # Errors
/// 404 for no set or resource, 403 where a role reaches further than the caller.
pub async fn remove(app: &App, by: &Allowed<right::RolesManage>, which: &str, id: &str) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::ResourceSetResourcesDelete;
    let removed = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let set = match named(tx, which)? {
            Ok(set) => set,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let own = tx.resources_of_set(set.id)?;
        let Some(gone) = own.iter().find(|own| own.id.as_str() == id) else {
            return Ok(Err(ApiError::not_found::<ResourceKind>(id)));
        };
        if !may_reach(tx, by, &set, own.iter().map(|own| own.resource).collect())? {
            tx.record(&by.failure(kind, "beyond").target(target(&set)), &env)?;
            return Ok(Err(super::beyond()));
        }
        tx.delete_resource(set.id, gone.id)?;
        tx.touch_resource_set(set.id, env.now)?;
        let event = by.success(kind).target(target(&set));
        tx.record(&event.detail("resources", words(tx.org(), &[gone.resource])), &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

/// Whether the caller holds every role that is bound to a set over `resources`.
fn may_reach(tx: &mut Tx<'_>, by: &Caller, set: &ResourceSet, resources: BTreeSet<Resource>) -> Result<bool, Error> {
    let scope = tx.with_everybody(Scope::Only(resources))?;
    let mut grants = Vec::new();
    for binding in tx.bindings_of_set(set.id, "", u32::MAX)? {
        grants.push(tx.custom_grant_over(binding.role, scope.clone())?);
    }
    Ok(by.authority().covers(&tx.granting(grants)?))
}

/// What is said of the first of `resources` that is not in this organisation.
fn missing(tx: &mut Tx<'_>, resources: &[Resource]) -> Result<Option<ApiError>, Error> {
    for resource in resources {
        let is_there = match *resource {
            Resource::All(_) => true,
            Resource::Device(id) => tx.device(id)?.is_some(),
            Resource::Group(id) | Resource::Members(id) => tx.group(id)?.is_some(),
            Resource::User(id) => tx.user(id)?.is_some(),
        };
        if !is_there {
            return Ok(Some(not_there(&super::path(*resource))));
        }
    }
    Ok(None)
}

fn not_there(text: &str) -> ApiError {
    let text: String = text.chars().take(128).collect();
    ApiError::validation("resources", [format!("resources: `{text}` names nothing in this organisation")])
}

fn too_many() -> ApiError {
    ApiError::validation("resources", [format!("resources: at most {MOST} in a set")])
}

fn words(org: Id<Org>, resources: &[Resource]) -> String {
    resources.iter().map(|resource| orn(org, *resource)).collect::<Vec<_>>().join(" ")
}

/// A resource set by id or label.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<ResourceSet, ApiError>, Error> {
    let by_id = match which.parse() {
        Ok(id) => tx.resource_set(id)?,
        Err(_) => None,
    };
    let found = match by_id {
        Some(set) => Some(set),
        None => tx.resource_set_by_label(which)?,
    };
    Ok(or_not_found::<SetKind, _>(found, which))
}

/// A resource set as the record names it.
pub fn target(set: &ResourceSet) -> Target {
    Target::new("ResourceSet", set.id, "", &set.label)
}

/// The resource sets there are, oldest first, one more than a page where there are more.
///
/// # Errors
/// Of the database.
pub async fn list(app: &App, by: &Allowed<right::RolesRead>, after: &str) -> Result<Vec<ResourceSet>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.resource_sets(after, PAGE + 1)).await?)
}

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
    let links = Links::new(app).to("self", "GET", super::path(own.resource));
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

/// The resources that texts name.
///
/// # Errors
/// 400 where one names nothing, or there are too many.
pub fn read(org: Id<Org>, texts: &[String]) -> Result<Vec<Resource>, ApiError> {
    if texts.len() > MOST {
        return Err(too_many());
    }
    texts.iter().map(|text| super::orn::parse(text, org).ok_or_else(|| not_there(text))).collect()
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

/// What is in a set, oldest first.
///
/// # Errors
/// 404 for no set.
pub async fn resources(
    app: &App,
    by: &Allowed<right::RolesRead>,
    which: &str,
) -> Result<(ResourceSet, Vec<SetResource>), ApiError> {
    let read = app.store.read(by.org, |tx| match named(tx, which)? {
        Ok(set) => {
            let found = tx.resources_of_set(set.id)?;
            Ok(Ok((set, found)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    read.await?
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
