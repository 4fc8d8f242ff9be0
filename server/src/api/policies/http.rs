//! Policies over HTTP: what a request says, what an answer shows.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use postern_authn::permission::{Permission, right};
use postern_authn::policy::{Policy, PolicyType, Rule, Settings, Status};
use serde_json::{Map, Value, json};

use super::document::Document;
use super::simulate::{self, Expand};
use super::{clone, create, create_rule, delete, delete_rule, list, policy, rule, set_rule_status, set_status};
use super::{update, update_rule};
use crate::App;
use crate::api::body::{self, Json};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Types of Okta's API of which there are no policies here: a list of them is empty.
const ELSEWHERE: &[&str] = &[
    "ACCESS_POLICY",
    "CLIENT_UPDATE",
    "DEVICE_SIGNAL_COLLECTION",
    "ENTITY_RISK",
    "IDENTITY_CLAIM_SOURCING",
    "IDP_DISCOVERY",
    "POST_AUTH_SESSION",
    "PROFILE_ENROLLMENT",
    "SESSION_VIOLATION_DETECTION",
];

/// A policy as answers have it.
pub fn shown(app: &App, kind: PolicyType, policy: &Policy, with_rules: bool) -> Value {
    let path = format!("/api/v1/policies/{}", policy.id);
    let links = Links::new(app).to("self", "GET", &path).to("rules", "GET", format!("{path}/rules")).to(
        "mappings",
        "GET",
        format!("{path}/mappings"),
    );
    let mut shown = json!({
        "id": policy.id,
        "type": kind.as_str(),
        "name": policy.name,
        "description": policy.description,
        "priority": policy.priority,
        "status": policy.status.as_str(),
        "system": policy.is_system,
        "conditions": policy.conditions,
        "created": hal::time(policy.created_at),
        "lastUpdated": hal::time(policy.updated_at),
        "_links": Value::from(switch(links, policy.is_system, policy.status, &path)),
    });
    if policy.settings != Settings::OktaSignOn {
        shown["settings"] = json!(policy.settings);
    }
    if with_rules {
        let rules: Vec<Value> = policy.rules.iter().map(|rule| shown_rule(app, kind, policy, rule)).collect();
        shown["_embedded"] = json!({ "rules": rules });
    }
    shown
}

/// A rule as answers have it.
pub fn shown_rule(app: &App, kind: PolicyType, policy: &Policy, rule: &Rule) -> Value {
    let path = format!("/api/v1/policies/{}/rules/{}", policy.id, rule.id);
    let links = Links::new(app).to("self", "GET", &path);
    json!({
        "id": rule.id,
        "type": kind.rule_type(),
        "name": rule.name,
        "priority": rule.priority,
        "status": rule.status.as_str(),
        "system": rule.is_system,
        "conditions": rule.conditions,
        "actions": rule.actions,
        "created": hal::time(rule.created_at),
        "lastUpdated": hal::time(rule.updated_at),
        "_links": Value::from(switch(links, rule.is_system, rule.status, &path)),
    })
}

fn switch<'a>(links: Links<'a>, is_system: bool, status: Status, path: &str) -> Links<'a> {
    match status {
        _ if is_system => links,
        Status::Active => links.to("deactivate", "POST", format!("{path}/lifecycle/deactivate")),
        Status::Inactive => links.to("activate", "POST", format!("{path}/lifecycle/activate")),
    }
}

/// The routes of policies.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::PoliciesManage);
    let read = Access::Permission(Permission::PoliciesRead);
    Routes::new()
        .get("/api/v1/policies", read, get_policies)
        .post("/api/v1/policies", manage, post_policies)
        .post("/api/v1/policies/simulate", read, post_simulate)
        .get("/api/v1/policies/{policy}", read, get_policy)
        .put("/api/v1/policies/{policy}", manage, put_policy)
        .delete("/api/v1/policies/{policy}", manage, delete_policy)
        .get("/api/v1/policies/{policy}/app", read, get_mappings)
        .post("/api/v1/policies/{policy}/clone", manage, post_clone)
        .post("/api/v1/policies/{policy}/lifecycle/activate", manage, activate)
        .post("/api/v1/policies/{policy}/lifecycle/deactivate", manage, deactivate)
        .get("/api/v1/policies/{policy}/mappings", read, get_mappings)
        .post("/api/v1/policies/{policy}/mappings", manage, post_mappings)
        .get("/api/v1/policies/{policy}/mappings/{mapping}", read, get_mapping)
        .delete("/api/v1/policies/{policy}/mappings/{mapping}", manage, delete_mapping)
        .get("/api/v1/policies/{policy}/rules", read, get_rules)
        .post("/api/v1/policies/{policy}/rules", manage, post_rules)
        .get("/api/v1/policies/{policy}/rules/{rule}", read, get_rule)
        .put("/api/v1/policies/{policy}/rules/{rule}", manage, put_rule)
        .delete("/api/v1/policies/{policy}/rules/{rule}", manage, remove_rule)
        .post("/api/v1/policies/{policy}/rules/{rule}/lifecycle/activate", manage, activate_rule)
        .post("/api/v1/policies/{policy}/rules/{rule}/lifecycle/deactivate", manage, deactivate_rule)
}

type Members = Result<Json<Map<String, Value>>, ApiError>;

async fn get_policies(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let query = query?;
    let Some(asked) = query.text("type") else {
        let summary = "The request is missing a required parameter.";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000028", summary).cause("type: is needed"));
    };
    if ELSEWHERE.contains(&asked) {
        return Ok(Page::new(&app, &query, Vec::new(), None));
    }
    let kind: PolicyType =
        asked.parse().map_err(|()| ApiError::validation("type", ["type: there are no policies of this type"]))?;
    let status = query.get::<Status>("status")?;
    let words = query.text("q").map(str::to_lowercase);
    let limit = query.limit(200, 200)?;
    let mut found = list(&app, &by, kind).await?;
    match query.text("sortBy") {
        None => {}
        Some("name") => found.sort_by_key(|policy| (policy.name.to_lowercase(), policy.id)),
        Some(_) => return Err(ApiError::validation("sortBy", ["sortBy: only `name`"])),
    }
    if let Some(after) = query.text("after") {
        let at = found.iter().position(|policy| policy.id.as_str() == after);
        let at = at.ok_or_else(|| ApiError::validation("after", ["after: is not of its form"]))?;
        found.drain(..=at);
    }
    found.retain(|policy| {
        status.is_none_or(|status| policy.status == status)
            && words.as_ref().is_none_or(|words| policy.name.to_lowercase().starts_with(words))
    });
    let with_rules = query.text("expand") == Some("rules");
    let cursor = |policy: &Policy| policy.id.to_string();
    Ok(Page::of(&app, &query, (found, limit), cursor, |policy| shown(&app, kind, policy, with_rules)))
}

async fn post_policies(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
    body: Members,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    let status = wanted_status(&query?)?;
    let document = Document(body?.0);
    let kind = document.kind()?;
    let policy = create(&app, &by, kind, &document.policy(kind, None)?, status).await?;
    Ok(Json(shown(&app, kind, &policy, false)))
}

async fn get_policy(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let with_rules = query?.text("expand") == Some("rules");
    let (kind, policy) = policy(&app, &by, &which.0).await?;
    Ok(Json(shown(&app, kind, &policy, with_rules)))
}

async fn put_policy(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Members,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    let document = Document(body?.0);
    let wanted = |kind, present: &Policy| document.policy(kind, Some(present));
    let (kind, policy) = update(&app, &by, &which.0, wanted).await?;
    Ok(Json(shown(&app, kind, &policy, false)))
}

async fn delete_policy(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn post_clone(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (kind, policy) = clone(&app, &by, &which.0).await?;
    Ok(Json(shown(&app, kind, &policy, false)))
}

async fn activate(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    set_status(&app, &by, &which.0, Status::Active).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deactivate(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    set_status(&app, &by, &which.0, Status::Inactive).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Policies of these types hold for people and not for applications: nothing is ever mapped to one.
async fn get_mappings(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let query = query?;
    policy(&app, &by, &which.0).await?;
    Ok(Page::new(&app, &query, Vec::new(), None))
}

async fn post_mappings(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Members,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    body?;
    let read = by.caller().clone().require_everywhere::<right::PoliciesRead>(&app).await?;
    policy(&app, &read, &which.0).await?;
    Err(simulate::no_applications())
}

async fn get_mapping(
    app: State<Arc<App>>,
    caller: Caller,
    Path((_, mapping)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    Err(no_mapping(&mapping))
}

async fn delete_mapping(
    app: State<Arc<App>>,
    caller: Caller,
    Path((_, mapping)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    Err(no_mapping(&mapping))
}

fn no_mapping(id: &str) -> ApiError {
    let id: String = id.chars().take(64).collect();
    let summary = format!("Not found: Resource not found: {id} (PolicyMapping)");
    ApiError::new(StatusCode::NOT_FOUND, "E0000007", summary)
}

async fn get_rules(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let query = query?;
    let limit = query.limit(100, 100)?;
    let (kind, policy) = policy(&app, &by, &which.0).await?;
    let mut found = policy.rules.clone();
    if let Some(after) = query.text("after") {
        let at = found.iter().position(|rule| rule.id.as_str() == after);
        let at = at.ok_or_else(|| ApiError::validation("after", ["after: is not of its form"]))?;
        found.drain(..=at);
    }
    let cursor = |rule: &Rule| rule.id.to_string();
    Ok(Page::of(&app, &query, (found, limit), cursor, |rule| shown_rule(&app, kind, &policy, rule)))
}

async fn post_rules(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
    body: Members,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    let status = wanted_status(&query?)?;
    let document = Document(body?.0);
    let wanted = |kind| document.rule(kind, None);
    let (kind, policy, rule) = create_rule(&app, &by, &which.0, wanted, status).await?;
    Ok(Json(shown_rule(&app, kind, &policy, &rule)))
}

async fn get_rule(
    app: State<Arc<App>>,
    caller: Caller,
    Path((of, which)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let (kind, policy, rule) = rule(&app, &by, (&of, &which)).await?;
    Ok(Json(shown_rule(&app, kind, &policy, &rule)))
}

async fn put_rule(
    app: State<Arc<App>>,
    caller: Caller,
    Path((of, which)): Path<(String, String)>,
    body: Members,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    let document = Document(body?.0);
    let wanted = |kind, present: &Rule| document.rule(kind, Some(present));
    let (kind, policy, rule) = update_rule(&app, &by, (&of, &which), wanted).await?;
    Ok(Json(shown_rule(&app, kind, &policy, &rule)))
}

async fn remove_rule(
    app: State<Arc<App>>,
    caller: Caller,
    Path((of, which)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    delete_rule(&app, &by, (&of, &which)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn activate_rule(
    app: State<Arc<App>>,
    caller: Caller,
    Path((of, which)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    set_rule_status(&app, &by, (&of, &which), Status::Active).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deactivate_rule(
    app: State<Arc<App>>,
    caller: Caller,
    Path((of, which)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesManage>(&app).await?;
    set_rule_status(&app, &by, (&of, &which), Status::Inactive).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn post_simulate(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::PoliciesRead>(&app).await?;
    let query = query?;
    let named = |word: &str| {
        let names = query.text("expand").unwrap_or_default().split(',');
        names.map(str::trim).any(|name| name.eq_ignore_ascii_case(word))
    };
    let expand = Expand { evaluated: named("EVALUATED"), rules: named("RULE") };
    let bytes = body::bytes(request, &()).await?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|_| ApiError::malformed())?;
    let mut evaluations = Vec::new();
    for (question, types) in simulate::read(&document)? {
        for (name, kind) in types {
            evaluations.push(match kind {
                Some(kind) => simulate::shown(&simulate::what_if(&app, &by, kind, &question).await?, expand),
                None => simulate::undefined(name),
            });
        }
    }
    Ok(Json(Value::Array(evaluations)))
}

fn wanted_status(query: &Query) -> Result<Status, ApiError> {
    let is_active = query.get("activate")?.unwrap_or(true);
    Ok(if is_active { Status::Active } else { Status::Inactive })
}
