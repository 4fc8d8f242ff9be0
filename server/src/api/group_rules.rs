//! Rules that fill groups: made, changed, begun, stopped, deleted. Judging people is the job of `jobs/judge_rules.rs`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::expression::Expression;
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Group as GroupKindId, GroupRule, Id, User as UserKind};
use postern_store::group_rules::{Ending, Rule, RuleDraft, RuleStatus};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::profile;
use crate::api::routes::{Access, Routes};
use crate::jobs::judge_rules::Asked;

/// Most rules of an organisation: each is asked about everybody who changes.
const MOST_RULES: u64 = 500;
/// Most groups that a rule fills, and most people that it leaves out.
const MOST_NAMED: usize = 100;
const TYPE: &str = "group_rule";
const LANGUAGE: &str = "urn:okta:expression:1.0";

/// Makes a rule, which is not yet carried out.
///
/// # Errors
/// 409 where the name is taken, 400 or 404 where a group or person cannot be in it.
pub async fn create(app: &App, by: &Allowed<right::GroupsManage>, draft: &RuleDraft) -> Result<Rule, ApiError> {
    over_everybody(by)?;
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        if let Some(refused) = wrong_part(tx, draft)? {
            return Ok(Err(refused));
        }
        if tx.count_rules()? >= MOST_RULES {
            return Ok(Err(ApiError::validation("rule", [format!("there are {MOST_RULES} rules, which is the most")])));
        }
        let Some(id) = tx.insert_rule(draft, &env)? else { return Ok(Err(name_taken())) };
        let Some(rule) = tx.rule(id)? else { return Ok(Err(ApiError::not_found::<GroupRule>(id.as_str()))) };
        tx.record(&by.success(EventType::GroupRuleCreate).target(target(&rule)), &env)?;
        Ok(Ok(rule))
    });
    made.await?
}

/// Gives a rule that is not carried out another name, expression and exclusions. The groups that it fills stay.
///
/// # Errors
/// 404 for no rule, 400 while it is carried out, 409 where the name is taken.
pub async fn update(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    which: &str,
    draft: &RuleDraft,
) -> Result<Rule, ApiError> {
    over_everybody(by)?;
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.lock_rules()?;
        let rule = match named(tx, which)? {
            Ok(rule) => rule,
            Err(refused) => return Ok(Err(refused)),
        };
        if rule.status == RuleStatus::Active {
            return Ok(Err(ApiError::validation("status", ["status: deactivate the rule before changing it"])));
        }
        let mut targets = draft.targets.clone();
        targets.sort();
        targets.dedup();
        if targets != rule.targets {
            return Ok(Err(ApiError::validation("actions", ["actions: the groups of a rule cannot be changed"])));
        }
        if let Some(refused) = wrong_part(tx, draft)? {
            return Ok(Err(refused));
        }
        if !tx.set_rule(rule.id, draft, env.now)? {
            return Ok(Err(name_taken()));
        }
        tx.record(&by.success(EventType::GroupRuleUpdate).target(target(&rule)), &env)?;
        named(tx, which)
    });
    changed.await?
}

/// Has a rule carried out, or no longer. To repeat it changes nothing.
///
/// # Errors
/// 404 for no rule, 400 where its expression cannot be read or a group of it must not be filled.
pub async fn set_active(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    which: &str,
    wanted: bool,
) -> Result<(), ApiError> {
    over_everybody(by)?;
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        tx.lock_rules()?;
        let rule = match named(tx, which)? {
            Ok(rule) => rule,
            Err(refused) => return Ok(Err(refused)),
        };
        if wanted == (rule.status == RuleStatus::Active) {
            return Ok(Ok(()));
        }
        let kind = if wanted { EventType::GroupRuleActivate } else { EventType::GroupRuleDeactivate };
        if wanted {
            if let Err(refused) = read(&rule.expression) {
                return Ok(Err(refused));
            }
            if let Some(refused) = wrong_group(tx, &rule.targets)? {
                return Ok(Err(refused));
            }
            tx.begin_rule(rule.id, by.user().as_str(), env.now)?;
        } else {
            tx.stop_rule(rule.id, None, env.now)?;
        }
        tx.record(&by.success(kind).target(target(&rule)), &env)?;
        Ok(Ok(()))
    });
    done.await?
}

/// Deletes a rule; those whom it put into groups stay there, or go little by little.
///
/// # Errors
/// 404 for no rule.
pub async fn delete(app: &App, by: &Allowed<right::GroupsManage>, which: &str, ending: Ending) -> Result<(), ApiError> {
    over_everybody(by)?;
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        tx.lock_rules()?;
        let rule = match named(tx, which)? {
            Ok(rule) => rule,
            Err(refused) => return Ok(Err(refused)),
        };
        tx.end_rule(rule.id, ending, env.now)?;
        tx.record(&by.success(EventType::GroupRuleDelete).target(target(&rule)), &env)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// How many people an expression means among the first of them, how many were asked, and whether that is everybody.
///
/// # Errors
/// 400 where it cannot be read.
pub async fn count(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    expression: &str,
) -> Result<(u32, u32, bool), ApiError> {
    const ASKED: u32 = 10_000;
    const CHUNK: u32 = 500;
    over_everybody(by)?;
    let expression = read(expression)?;
    let (mut after, mut meant, mut asked) = (String::new(), 0, 0);
    loop {
        let people = app.store.read(by.org, |tx| {
            let people = tx.people_after(&after, CHUNK)?;
            let mut meant = 0;
            for person in &people {
                let asks = expression.asks_for_groups();
                let groups = if asks { tx.groups_by_hand(person.id)? } else { Vec::new() };
                meant += u32::from(expression.means(&Asked { person, groups: &groups }));
            }
            Ok((people.len(), people.last().map(|person| person.id.to_string()), meant))
        });
        let (found, last, some) = people.await?;
        meant += some;
        asked += u32::try_from(found).unwrap_or(u32::MAX);
        match last {
            Some(last) if found == CHUNK as usize && asked < ASKED => after = last,
            _ => return Ok((meant, asked, found < CHUNK as usize)),
        }
    }
}

/// A rule moves people into groups whoever and wherever they are: it takes a right that reaches all of them.
fn over_everybody(by: &Caller) -> Result<(), ApiError> {
    let needed = [
        Permission::GroupsManage,
        Permission::GroupsMembersManage,
        Permission::UsersGroupMembership,
        Permission::UsersRead,
    ];
    if needed.into_iter().all(|permission| by.authority().has_everywhere(permission)) {
        return Ok(());
    }
    Err(ApiError::forbidden().cause("a rule is about everybody: your role must reach all groups and all people"))
}

/// A rule may name any group.
fn over_all_groups(by: &Caller) -> Result<(), ApiError> {
    let is_wide = by.authority().has_everywhere(Permission::GroupsRead);
    if is_wide { Ok(()) } else { Err(ApiError::forbidden().cause("rules are for those to see who see all groups")) }
}

/// What an expression means.
///
/// # Errors
/// E0000001 with where it stops making sense.
pub fn read(expression: &str) -> Result<Expression, ApiError> {
    Expression::parse(expression, profile::is_member)
        .map_err(|wrong| ApiError::validation("conditions.expression", [format!("conditions.expression: {wrong}")]))
}

fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<Rule, ApiError>, Error> {
    let found = match which.parse() {
        Ok(id) => tx.rule(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<GroupRule>(which)))
}

/// Why a draft cannot be: a group or person that is not there, or a group that no rule may fill.
fn wrong_part(tx: &mut Tx<'_>, draft: &RuleDraft) -> Result<Option<ApiError>, Error> {
    for person in &draft.excluded {
        if tx.user(*person)?.is_none() {
            return Ok(Some(ApiError::not_found::<UserKind>(person.as_str())));
        }
    }
    wrong_group(tx, &draft.targets)
}

fn wrong_group(tx: &mut Tx<'_>, targets: &[Id<GroupKindId>]) -> Result<Option<ApiError>, Error> {
    for id in targets {
        match tx.group(*id)? {
            None => return Ok(Some(ApiError::not_found::<GroupKindId>(id.as_str()))),
            Some(group) if group.kind == GroupKind::BuiltIn => {
                let cause = "actions: everybody is in the built-in group; no rule fills it";
                return Ok(Some(ApiError::validation("actions", [cause])));
            }
            Some(group) => {
                // A role that is given meanwhile waits for this, and then sees the rule.
                tx.hold_group(group.id)?;
                if tx.authority_of_group(group.id)?.is_administrator() {
                    let summary = "Roles cannot be granted to groups with group membership rules.";
                    return Ok(Some(ApiError::new(StatusCode::BAD_REQUEST, "E0000192", summary)));
                }
            }
        }
    }
    Ok(None)
}

fn target(rule: &Rule) -> Target {
    Target::new("GroupRule", rule.id, "", &rule.name)
}

fn name_taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "E0000055", "Duplicate group.")
        .cause("name: another rule has this name already")
}

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
        let name = self.name.trim().to_owned();
        if !(1..=50).contains(&name.chars().count()) || name.contains(char::is_control) {
            return Err(ApiError::validation("name", ["name: must have 1 to 50 characters on one line"]));
        }
        if self.kind.is_some_and(|kind| kind != TYPE) {
            return Err(ApiError::validation("type", [format!("type: must be {TYPE}")]));
        }
        if self.conditions.expression.kind.is_some_and(|kind| kind != LANGUAGE) {
            return Err(ApiError::validation(
                "conditions",
                [format!("conditions.expression.type: must be {LANGUAGE}")],
            ));
        }
        let expression = read(&self.conditions.expression.value)?;
        let (users, groups) = self.conditions.people.map_or((None, None), |people| (people.users, people.groups));
        if groups.is_some_and(|groups| !groups.exclude.is_empty()) {
            return Err(ApiError::validation("conditions", ["conditions.people.groups: groups cannot be left out"]));
        }
        let (excluded, targets) = (users.unwrap_or_default().exclude, self.actions.assign_user_to_groups.group_ids);
        if targets.is_empty() || targets.len() > MOST_NAMED || excluded.len() > MOST_NAMED {
            let cause = format!("a rule fills 1 to {MOST_NAMED} groups and leaves out at most {MOST_NAMED} people");
            return Err(ApiError::validation("actions", [cause]));
        }
        let group = |id: &String| id.parse().map_err(|_| ApiError::not_found::<GroupKindId>(id));
        let person = |id: &String| id.parse().map_err(|_| ApiError::not_found::<UserKind>(id));
        Ok(RuleDraft {
            name,
            uses_groups: expression.asks_for_groups(),
            expression: self.conditions.expression.value,
            targets: targets.iter().map(group).collect::<Result<_, _>>()?,
            excluded: excluded.iter().map(person).collect::<Result<_, _>>()?,
        })
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
    over_all_groups(&by)?;
    let query = query?;
    let limit = query.page_size(50, 200)?;
    let (after, words) = (query.get("after")?, query.text("search").unwrap_or_default().to_owned());
    let mut rules = app.store.read(by.org, |tx| tx.rules(after, &words, limit + 1)).await?;
    let more = rules.len() > limit as usize;
    rules.truncate(limit as usize);
    let next = rules.last().filter(|_| more).map(|rule| rule.id.to_string());
    let answers = expanded(&app, &by, &query, &rules).await?;
    Ok(Page::new(&app, &query, answers, next))
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
    over_all_groups(&by)?;
    let rule = app.store.read(by.org, |tx| named(tx, &which.0)).await??;
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
