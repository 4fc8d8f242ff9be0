//! Groups over the API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::group::GroupProfile;
use postern_authn::permission::{Permission, right};
use postern_codes::id::User as UserKind;
use postern_store::groups::{ATTRIBUTES, Group, GroupQuery, ORDERS};
use postern_store::people::PeopleQuery;
use postern_store::reach;
use postern_store::walk::Sorting;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Membership, create, delete, group, listed, set_member, size, update};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users;
use crate::api::users::veil::Veil;

/// A group as answers have it.
pub fn shown(app: &App, group: &Group) -> Value {
    let path = format!("/api/v1/groups/{}", group.id);
    let links = Links::new(app).to("self", "GET", &path).to("apps", "GET", format!("{path}/apps")).to(
        "users",
        "GET",
        format!("{path}/users"),
    );
    json!({
        "id": group.id,
        "created": hal::time(group.created_at),
        "lastUpdated": hal::time(group.updated_at),
        "lastMembershipUpdated": hal::time(group.members_changed_at),
        "objectClass": ["okta:user_group"],
        "type": group.kind.as_str(),
        "profile": { "name": group.name, "description": group.description },
        "_links": Value::from(links),
    })
}

/// Groups as answers have them, each with its statistics where `expand=stats` asks for them.
async fn with_stats(app: &App, by: &Caller, query: &Query, groups: &[Group]) -> Result<Vec<Value>, ApiError> {
    let mut answers: Vec<Value> = groups.iter().map(|group| shown(app, group)).collect();
    if !asks_for_stats(query) {
        return Ok(answers);
    }
    let counted = app.store.read(by.org, |tx| {
        let mut counted = Vec::new();
        for group in groups {
            counted.push((size(tx, group)?, tx.authority_of_group(group.id)?.is_administrator()));
        }
        Ok(counted)
    });
    for (answer, (people, is_admin)) in answers.iter_mut().zip(counted.await?) {
        // The API's description misspells the last member; clients made from it read that one.
        answer["_embedded"] = json!({ "stats": {
            "usersCount": people,
            "appsCount": 0,
            "groupPushMappingsCount": 0,
            "hasAdminPrivilege": is_admin,
            "hasAdminPrivlege": is_admin,
        } });
    }
    Ok(answers)
}

fn asks_for_stats(query: &Query) -> bool {
    query.text("expand").is_some_and(|expand| expand.split(',').any(|word| word.trim() == "stats"))
}

/// The routes of groups.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsManage);
    let members = Access::Permission(Permission::GroupsMembersManage);
    let read = Access::Permission(Permission::GroupsRead);
    Routes::new()
        .get("/api/v1/groups", read, get_groups)
        .post("/api/v1/groups", Access::Permission(Permission::GroupsCreate), post_groups)
        .get("/api/v1/groups/{group}", read, get_group)
        .put("/api/v1/groups/{group}", manage, put_group)
        .delete("/api/v1/groups/{group}", manage, delete_group)
        .get("/api/v1/groups/{group}/apps", read, get_apps)
        .get("/api/v1/groups/{group}/users", read, get_members)
        .put("/api/v1/groups/{group}/users/{who}", members, put_member)
        .delete("/api/v1/groups/{group}/users/{who}", members, delete_member)
        .get("/api/v1/users/{who}/groups", read, get_groups_of)
}

#[derive(Deserialize)]
struct GroupBody {
    profile: ProfileBody,
}

#[derive(Deserialize)]
struct ProfileBody {
    name: String,
    description: Option<String>,
}

impl GroupBody {
    fn parse(self) -> Result<GroupProfile, ApiError> {
        let profile = GroupProfile::new(&self.profile.name, &self.profile.description.unwrap_or_default());
        profile.map_err(|wrong| ApiError::validation("profile", [wrong.to_string()]))
    }
}

async fn get_groups(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let name = query.text("q").map(str::to_owned);
    let most = if asks_for_stats(&query) { 1_000 } else { 10_000 };
    let limit = query.page_size(if name.is_some() { 300 } else { most }, most)?;
    let condition = query.demanded(ATTRIBUTES, app.env().now)?;
    let sorting = query.sorting(ORDERS)?;
    let wanted = GroupQuery { name, condition, sorting, after: query.after(sorting)?, within: None };
    let found = listed(&app, &by, wanted, limit).await?;
    let answers = with_stats(&app, &by, &query, &found.rows).await?;
    Ok(Page::new(&app, &query, answers, found.next))
}

async fn post_groups(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<GroupBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::GroupsCreate>(&app).await?;
    let group = create(&app, &by, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &group)))
}

async fn get_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let group = group(&app, &by, &which.0).await?;
    Ok(Json(with_stats(&app, &by, &query?, &[group]).await?.remove(0)))
}

/// No application is assigned to groups here.
async fn get_apps(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    group(&app, &by, &which.0).await?;
    Ok(Page::new(&app, &query?, Vec::new(), None))
}

async fn put_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<GroupBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let group = update(&app, &by, &which.0, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &group)))
}

async fn delete_group(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_members(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    // Who is in a group is about people.
    let people = by.caller().clone().require::<right::UsersRead>(&app).await?;
    let query = query?;
    let group = group(&app, &by, &which.0).await?;
    let limit = query.page_size(1_000, 1_000)?;
    let after = query.after(Sorting::default())?;
    let wanted = PeopleQuery { group: Some(group.id), without_ended: true, after, ..PeopleQuery::default() };
    let found = users::listed(&app, &people, wanted, limit).await?;
    let now = app.env().now;
    let veil = Veil::of(&app, &people, &found.rows).await?;
    Ok(Page::listed(&app, &query, found, |person| veil.over(person.id, users::shown(&app, person, now))))
}

async fn put_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, who)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsMembersManage>(&app).await?;
    set_member(&app, &by, (&which, &who), Membership::Member).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, who)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsMembersManage>(&app).await?;
    set_member(&app, &by, (&which, &who), Membership::Stranger).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_groups_of(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let reach = by.authority().reach(Permission::GroupsRead);
    let found = app.store.read(by.org, |tx| {
        let Some(person) = users::named(tx, &by, &who)? else { return Ok(None) };
        if person.id != by.user() && !users::is_seen(tx, &by, Permission::UsersRead, person.id)? {
            return Ok(None);
        }
        let groups = tx.groups_of(person.id)?;
        Ok(Some(groups.into_iter().filter(|group| reach::reaches_group(&reach, group.id)).collect::<Vec<_>>()))
    });
    let found = found.await?.ok_or_else(|| ApiError::not_found::<UserKind>(&who))?;
    Ok(Page::new(&app, &query, found.iter().map(|group| shown(&app, group)).collect(), None))
}
