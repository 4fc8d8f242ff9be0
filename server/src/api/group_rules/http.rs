//! Rules of groups over the API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::permission::{Permission, right};
use postern_store::group_rules::{Ending, Rule, RuleDraft, RuleStatus};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{create, delete, draft, list, rule, set_active, update};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Listed, Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

const TYPE: &str = "group_rule";
const LANGUAGE: &str = "urn:okta:expression:1.0";

/// A rule as answers have it.
pub fn shown(app: &App, rule: &Rule) -> Value {
    let path = format!("/api/v1/groups/rules/{}", rule.id);
    let is_active = rule.status == RuleStatus::Active;
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to_if(!is_active, "activate", "POST", format!("{path}/lifecycle/activate"))
        .to_if(is_active, "deactivate", "POST", format!("{path}/lifecycle/deactivate"));
    json!({
        "type": TYPE,
        "id": rule.id,
        "status": rule.status.as_str(),
        "name": rule.name,
        "created": hal::time(rule.created_at),
        "lastUpdated": hal::time(rule.updated_at),
        "conditions": {
            "people": { "users": { "exclude": rule.excluded }, "groups": { "exclude": [] } },
            "expression": { "value": rule.expression, "type": LANGUAGE },
        },
        "actions": { "assignUserToGroups": { "groupIds": rule.targets } },
        "evaluation": { "running": rule.walk.0, "judged": rule.walk.1, "fault": rule.fault },
        "_links": Value::from(links),
    })
}

/// The routes of rules.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsManage);
    let read = Access::Permission(Permission::GroupsRead);
    Routes::new()
        .get("/api/v1/groups/rules", read, get_rules)
        .post("/api/v1/groups/rules", manage, post_rules)
        .get("/api/v1/groups/rules/{rule}", read, get_rule)
        .put("/api/v1/groups/rules/{rule}", manage, put_rule)
        .delete("/api/v1/groups/rules/{rule}", manage, delete_rule)
        .post("/api/v1/groups/rules/{rule}/lifecycle/activate", manage, activate)
        .post("/api/v1/groups/rules/{rule}/lifecycle/deactivate", manage, deactivate)
}

#[derive(Deserialize)]
struct RuleBody {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    conditions: Conditions,
    actions: Actions,
}

#[derive(Deserialize)]
struct Conditions {
    expression: ExpressionBody,
    people: Option<People>,
}

#[derive(Deserialize)]
struct ExpressionBody {
    value: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct People {
    users: Option<Excluded>,
    groups: Option<Excluded>,
}

#[derive(Deserialize, Default)]
struct Excluded {
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Actions {
    assign_user_to_groups: Assigned,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    group_ids: Vec<String>,
}

impl RuleBody {
    fn parse(self) -> Result<RuleDraft, ApiError> {
        if self.kind.is_some_and(|kind| kind != TYPE) {
            return Err(ApiError::validation("type", [format!("type: must be {TYPE}")]));
        }
        if self.conditions.expression.kind.is_some_and(|kind| kind != LANGUAGE) {
            return Err(ApiError::validation(
                "conditions",
                [format!("conditions.expression.type: must be {LANGUAGE}")],
            ));
        }
        let (users, groups) = self.conditions.people.map_or((None, None), |people| (people.users, people.groups));
        if groups.is_some_and(|groups| !groups.exclude.is_empty()) {
            return Err(ApiError::validation("conditions", ["conditions.people.groups: groups cannot be left out"]));
        }
        let (excluded, targets) = (users.unwrap_or_default().exclude, self.actions.assign_user_to_groups.group_ids);
        draft(&self.name, &self.conditions.expression.value, (&targets, &excluded))
    }
}

/// With `expand=groupIdToGroupNameMap`, the names of the groups, too.
async fn expanded(app: &App, by: &Caller, query: &Query, rules: &[Rule]) -> Result<Vec<Value>, ApiError> {
    let mut answers: Vec<Value> = rules.iter().map(|rule| shown(app, rule)).collect();
    if query.text("expand") != Some("groupIdToGroupNameMap") {
        return Ok(answers);
    }
    let names = app.store.read(by.org, |tx| {
        let mut names = Vec::new();
        for rule in rules {
            let mut of = Map::new();
            for id in &rule.targets {
                if let Some(group) = tx.group(*id)? {
                    of.insert(id.to_string(), group.name.into());
                }
            }
            names.push(of);
        }
        Ok(names)
    });
    for (answer, names) in answers.iter_mut().zip(names.await?) {
        answer["_embedded"] = json!({ "groupIdToGroupNameMap": names });
    }
    Ok(answers)
}

async fn get_rules(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let limit = query.page_size(50, 200)?;
    let words = query.text("search").unwrap_or_default();
    let found = list(&app, &by, (query.get("after")?, words, limit)).await?;
    let rules = Listed::cut(found, limit, |rule| rule.id.to_string());
    let answers = expanded(&app, &by, &query, &rules.rows).await?;
    Ok(Page::new(&app, &query, answers, rules.next))
}

async fn post_rules(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<RuleBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let rule = create(&app, &by, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &rule)))
}

async fn get_rule(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let rule = rule(&app, &by, &which.0).await?;
    let mut answers = expanded(&app, &by, &query?, std::slice::from_ref(&rule)).await?;
    Ok(Json(answers.remove(0)))
}

async fn put_rule(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<RuleBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let rule = update(&app, &by, &which.0, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &rule)))
}

async fn delete_rule(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let removes = query?.get("removeUsers")?.unwrap_or(false);
    delete(&app, &by, &which.0, if removes { Ending::Remove } else { Ending::Keep }).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn activate(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    set_active(&app, &by, &which.0, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deactivate(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    set_active(&app, &by, &which.0, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
