//! Roles of people and groups over HTTP: what a request says, what an answer shows.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::permission::{Permission, Role, right};
use postern_codes::id::RoleAssignment as AssignmentKind;
use postern_store::roles::{Held, Holder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shown, To, Wanted, assign, held, take};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::groups;
use crate::api::hal::{self, Links};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// A role that is held, as answers have it.
pub fn json(app: &App, shown: &Shown) -> Value {
    let own = &shown.assignment;
    let (kind, holder) = match own.holder {
        Holder::Group(id) => ("GROUP", format!("/api/v1/groups/{id}")),
        Holder::User(id) => ("USER", format!("/api/v1/users/{id}")),
    };
    let links = Links::new(app).to("assignee", "GET", &holder);
    let mut answer = json!({
        "id": own.id,
        "label": shown.label,
        "status": "ACTIVE",
        "created": hal::time(own.created_at),
        "lastUpdated": hal::time(own.updated_at),
        "assignmentType": kind,
    });
    let links = match own.held {
        Held::Custom { role, set, .. } => {
            answer["type"] = "CUSTOM".into();
            answer["role"] = role.as_str().into();
            answer["resource-set"] = set.as_str().into();
            let member = format!("/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{}", own.id);
            links
                .to("role", "GET", format!("/api/v1/iam/roles/{role}"))
                .to("permissions", "GET", format!("/api/v1/iam/roles/{role}/permissions"))
                .to("resource-set", "GET", format!("/api/v1/iam/resource-sets/{set}"))
                .to("member", "GET", member)
        }
        Held::Standard(role) => {
            answer["type"] = role.as_str().into();
            links
        }
    };
    answer["_links"] = links.into();
    answer
}

/// The routes of roles that are held.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/users/{who}/roles", read, get_of_user)
        .post("/api/v1/users/{who}/roles", manage, post_to_user)
        .get("/api/v1/users/{who}/roles/{role}", read, get_one_of_user)
        .delete("/api/v1/users/{who}/roles/{role}", manage, delete_of_user)
        .get("/api/v1/groups/{group}/roles", read, get_of_group)
        .post("/api/v1/groups/{group}/roles", manage, post_to_group)
        .get("/api/v1/groups/{group}/roles/{role}", read, get_one_of_group)
        .delete("/api/v1/groups/{group}/roles/{role}", manage, delete_of_group)
}

#[derive(Deserialize)]
struct RoleBody {
    #[serde(rename = "type")]
    kind: String,
    role: Option<String>,
    #[serde(rename = "resource-set")]
    set: Option<String>,
}

impl RoleBody {
    fn parse(self) -> Result<Wanted, ApiError> {
        let missing = |name: &str| ApiError::validation(name, [format!("{name}: must not be left out")]);
        if self.kind != "CUSTOM" {
            return standard(&self.kind).map(Wanted::Standard);
        }
        let role = self.role.ok_or_else(|| missing("role"))?;
        let set = self.set.ok_or_else(|| missing("resource-set"))?;
        Ok(Wanted::Custom { role, set })
    }
}

/// A standard role by its name.
///
/// # Errors
/// 400 where it is none that can be assigned here.
pub fn standard(name: &str) -> Result<Role, ApiError> {
    name.parse().map_err(|()| ApiError::validation("type", ["type: is not a role that can be assigned here"]))
}

async fn list(app: &App, caller: Caller, who: To<'_>, query: &Query) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::RolesRead>(app).await?;
    let found = held(app, &by, who).await?;
    let with_groups = query.text("expand") == Some("targets/groups");
    let mut answers = Vec::new();
    for shown in &found {
        let mut answer = json(app, shown);
        if with_groups && shown.assignment.is_limited {
            let targets = app.store.read(by.org, |tx| {
                let mut targets = Vec::new();
                for id in tx.role_targets(shown.assignment.id)? {
                    targets.extend(tx.group(id)?);
                }
                Ok(targets)
            });
            let targets: Vec<Value> = targets.await?.iter().map(|group| groups::shown(app, group)).collect();
            answer["_embedded"] = json!({ "targets": { "groups": targets } });
        }
        answers.push(answer);
    }
    Ok(Json(answers))
}

async fn one(app: &App, caller: Caller, who: To<'_>, which: &str) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(app).await?;
    let found = held(app, &by, who).await?;
    let found = found.iter().find(|shown| shown.assignment.id.as_str() == which);
    found.map(|shown| Json(json(app, shown))).ok_or_else(|| ApiError::not_found::<AssignmentKind>(which))
}

async fn post(
    app: &App,
    caller: Caller,
    to: To<'_>,
    body: Result<Json<RoleBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(app).await?;
    let wanted = body?.0.parse()?;
    let given = assign(app, &by, to, &wanted).await?;
    Ok(Json(json(app, &given)))
}

async fn delete(app: &App, caller: Caller, from: To<'_>, which: &str) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(app).await?;
    take(app, &by, from, which).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Vec<Value>>, ApiError> {
    list(&app, caller, To::User(&who.0), &query?).await
}

async fn get_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Vec<Value>>, ApiError> {
    list(&app, caller, To::Group(&which.0), &query?).await
}

async fn get_one_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, role)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    one(&app, caller, To::User(&who), &role).await
}

async fn get_one_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, role)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    one(&app, caller, To::Group(&which), &role).await
}

async fn post_to_user(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    body: Result<Json<RoleBody>, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, post(&app, caller, To::User(&who.0), body).await?))
}

/// A group is answered with 200, a person with 201: the contract has it so.
async fn post_to_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<RoleBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    post(&app, caller, To::Group(&which.0), body).await
}

async fn delete_of_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, role)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    delete(&app, caller, To::User(&who), &role).await
}

async fn delete_of_group(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, role)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    delete(&app, caller, To::Group(&which), &role).await
}
