//! Resource sets: what roles that an organisation makes reach.
//!
//! Nobody widens a set beyond what they hold themselves, for any role that is bound to it.

mod http;

use std::collections::BTreeSet;

use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Resource, Scope, right};
use postern_codes::id::{Id, Org, Resource as ResourceKind, ResourceSet as SetKind};
use postern_store::resource_sets::{ResourceSet, SetResource};
use postern_store::{Error, Tx};

pub use http::routes;

use super::{Naming, PAGE, held, in_use, label_taken, or_not_found, orn};
use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;

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
    change(app, by, (held(named), which), |tx, set, env| {
        if tx.resource_set_by_label(&naming.label)?.is_some_and(|other| other.id != set.id) {
            return Ok(Err(label_taken()));
        }
        tx.set_resource_set(set.id, &naming.label, &naming.description, env.now)?;
        tx.record(&by.success(EventType::ResourceSetUpdate).target(target(set)), env)?;
        Ok(or_not_found::<SetKind, _>(tx.resource_set(set.id)?, which))
    })
    .await
}

/// Deletes a resource set to which no role is bound.
///
/// # Errors
/// 404 for no set, 403 where a role is bound to it.
pub async fn delete(app: &App, by: &Allowed<right::RolesManage>, which: &str) -> Result<(), ApiError> {
    change(app, by, (held(named), which), |tx, set, env| {
        if !tx.bindings_of_set(set.id, "", 1)?.is_empty() {
            tx.record(&by.failure(EventType::ResourceSetDelete, "in_use").target(target(set)), env)?;
            return Ok(Err(in_use("a role is bound to the resource set: end its bindings first")));
        }
        tx.delete_resource_set(set.id)?;
        tx.record(&by.success(EventType::ResourceSetDelete).target(target(set)), env)?;
        Ok(Ok(()))
    })
    .await
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
    let kind = EventType::ResourceSetResourcesAdd;
    change(app, by, (held(named), which), |tx, set, env| {
        if let Some(missing) = missing(tx, resources)? {
            return Ok(Err(missing));
        }
        let mut all: BTreeSet<Resource> = tx.resources_of_set(set.id)?.into_iter().map(|own| own.resource).collect();
        all.extend(resources);
        if all.len() > MOST {
            return Ok(Err(too_many()));
        }
        if !may_reach(tx, by, set, all)? {
            tx.record(&by.failure(kind, "beyond").target(target(set)), env)?;
            return Ok(Err(super::beyond()));
        }
        for resource in resources {
            tx.insert_resource(set.id, *resource, env)?;
        }
        tx.touch_resource_set(set.id, env.now)?;
        tx.record(&by.success(kind).target(target(set)).detail("resources", words(tx.org(), resources)), env)?;
        Ok(or_not_found::<SetKind, _>(tx.resource_set(set.id)?, which))
    })
    .await
}

/// Takes a resource out of a set.
///
/// # Errors
/// 404 for no set or resource, 403 where a role reaches further than the caller.
pub async fn remove(app: &App, by: &Allowed<right::RolesManage>, which: &str, id: &str) -> Result<(), ApiError> {
    let kind = EventType::ResourceSetResourcesDelete;
    change(app, by, (held(named), which), |tx, set, env| {
        let own = tx.resources_of_set(set.id)?;
        let Some(gone) = own.iter().find(|own| own.id.as_str() == id) else {
            return Ok(Err(ApiError::not_found::<ResourceKind>(id)));
        };
        if !may_reach(tx, by, set, own.iter().map(|own| own.resource).collect())? {
            tx.record(&by.failure(kind, "beyond").target(target(set)), env)?;
            return Ok(Err(super::beyond()));
        }
        tx.delete_resource(set.id, gone.id)?;
        tx.touch_resource_set(set.id, env.now)?;
        let event = by.success(kind).target(target(set));
        tx.record(&event.detail("resources", words(tx.org(), &[gone.resource])), env)?;
        Ok(Ok(()))
    })
    .await
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
pub fn named(tx: &mut Tx<'_>, which: &str) -> Outcome<ResourceSet> {
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
