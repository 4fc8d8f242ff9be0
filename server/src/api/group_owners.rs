//! Who looks after a group. To own one is a note for people: it gives no right.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Group, User};
use postern_store::group_owners::Owner;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal;
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{groups, users};

/// Names an owner. To repeat it changes nothing.
///
/// # Errors
/// 404 for no group, nobody, or no group to be the owner.
pub async fn add(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    which: &str,
    (kind, id): (&str, &str),
) -> Result<Value, ApiError> {
    let env = app.env();
    let added = app.store.write(by.org, |tx| {
        let group = match groups::reached(tx, by, which, EventType::GroupOwnerAdd, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let owner = Owner { id: id.to_owned(), kind: kind.to_owned(), added_at: env.now };
        let is_seen = match id.parse() {
            Ok(person) if kind == "USER" => users::is_seen(tx, by, Permission::UsersRead, person)?,
            _ => true,
        };
        let Some(name) = name(tx, &owner)?.filter(|_| is_seen) else {
            let is_user = kind == "USER";
            return Ok(Err(if is_user { ApiError::not_found::<User>(id) } else { ApiError::not_found::<Group>(id) }));
        };
        if tx.add_owner(group.id, &owner)? {
            let event = by.success(EventType::GroupOwnerAdd).target(groups::target(&group));
            tx.record(&event.target(Target::new("GroupOwner", id, "", &name)), &env)?;
        }
        Ok(Ok(shown(&owner, &name)))
    });
    added.await?
}

/// Removes an owner.
///
/// # Errors
/// 404 for no group and for who is no owner of it.
pub async fn remove(app: &App, by: &Allowed<right::GroupsManage>, which: &str, owner: &str) -> Result<(), ApiError> {
    let env = app.env();
    let removed = app.store.write(by.org, |tx| {
        let group = match groups::reached(tx, by, which, EventType::GroupOwnerRemove, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        if !tx.remove_owner(group.id, owner)? {
            return Ok(Err(ApiError::not_found::<User>(owner)));
        }
        let event = by.success(EventType::GroupOwnerRemove).target(groups::target(&group));
        tx.record(&event.target(Target::new("GroupOwner", owner, "", "")), &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

/// The owners of a group behind `after`, each with what they are called; of one kind, where it is not empty.
///
/// # Errors
/// 404 for no group.
pub async fn list(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    which: &str,
    (kind, after, limit): (&str, &str, u32),
) -> Result<Vec<(String, Owner)>, ApiError> {
    let found = app.store.read(by.org, |tx| {
        let group = match groups::seen(tx, by, which)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let owners = tx.owners(group.id, after, (kind, limit))?;
        let named: Result<Vec<_>, Error> =
            owners.into_iter().map(|owner| Ok((name(tx, &owner)?.unwrap_or_default(), owner))).collect();
        named.map(Ok)
    });
    found.await?
}

/// What an owner is called, if there is such a person or group.
fn name(tx: &mut Tx<'_>, owner: &Owner) -> Result<Option<String>, Error> {
    if owner.kind == "USER" {
        let Ok(id) = owner.id.parse() else { return Ok(None) };
        return Ok(tx.user(id)?.map(|user| user.name()));
    }
    let Ok(id) = owner.id.parse() else { return Ok(None) };
    Ok(tx.group(id)?.map(|group| group.name))
}

fn shown(owner: &Owner, name: &str) -> Value {
    json!({
        "id": owner.id,
        "type": owner.kind,
        "displayName": name,
        "lastUpdated": hal::time(owner.added_at),
        "originType": "OKTA_DIRECTORY",
        "resolved": true,
    })
}

/// The routes of owners.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsManage);
    Routes::new()
        .get("/api/v1/groups/{group}/owners", Access::Permission(Permission::GroupsRead), get_owners)
        .post("/api/v1/groups/{group}/owners", manage, post_owners)
        .delete("/api/v1/groups/{group}/owners/{owner}", manage, delete_owner)
}

#[derive(Deserialize)]
struct OwnerBody {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

async fn get_owners(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let limit = query.page_size(1_000, 1_000)?;
    let after = query.text("after").unwrap_or_default().to_owned();
    let kind = match query.text("search").map(str::trim) {
        None => "",
        Some(search) if search.eq_ignore_ascii_case("type eq \"USER\"") => "USER",
        Some(search) if search.eq_ignore_ascii_case("type eq \"GROUP\"") => "GROUP",
        Some(_) => return Err(ApiError::bad_search("owners are searched by type eq \"USER\" or type eq \"GROUP\"")),
    };
    let found = list(&app, &by, &which.0, (kind, &after, limit + 1)).await?;
    Ok(Page::of(&app, &query, (found, limit), |(_, owner)| owner.id.clone(), |(name, owner)| shown(owner, name)))
}

async fn post_owners(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<OwnerBody>, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let OwnerBody { id, kind } = body?.0;
    if kind != "USER" && kind != "GROUP" {
        return Err(ApiError::validation("type", ["type: must be USER or GROUP"]));
    }
    Ok((StatusCode::CREATED, Json(add(&app, &by, &which.0, (&kind, &id)).await?)))
}

async fn delete_owner(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, owner)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    remove(&app, &by, &which, &owner).await?;
    Ok(StatusCode::NO_CONTENT)
}
