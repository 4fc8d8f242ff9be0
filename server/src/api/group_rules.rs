//! Rules that fill groups: made, changed, begun, stopped, deleted. Judging people is the job of `jobs/judge_rules.rs`.

mod http;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::expression::{BadExpression, Expression};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Status, User};
use postern_codes::id::{Group as GroupKindId, GroupRule, Id, User as UserKind};
use postern_store::group_rules::{Ending, Rule, RuleDraft, RuleStatus};
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::profile;
use crate::jobs::judge_rules::Asked;

pub use http::{routes, shown};

/// Most rules of an organisation: each is asked about everybody who changes.
const MOST_RULES: u64 = 500;
/// Most groups that a rule fills, and most people that it leaves out.
const MOST_NAMED: usize = 100;

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

/// Whom an expression means.
pub struct Meant {
    /// How many of those who were asked.
    pub people: u32,
    /// How many were asked, the first in the order in which they were made.
    pub asked: u32,
    /// Whether that is everybody.
    pub is_everybody: bool,
    /// Some of those whom it means.
    pub sample: Vec<User>,
}

/// Whom an expression means among the first people.
///
/// # Errors
/// 400 where it cannot be read.
pub async fn count(app: &App, by: &Allowed<right::GroupsManage>, expression: &str) -> Result<Meant, ApiError> {
    const ASKED: u32 = 10_000;
    const CHUNK: u32 = 500;
    const SAMPLE: usize = 10;
    over_everybody(by)?;
    let expression = read(expression)?;
    let (mut after, mut meant) =
        (String::new(), Meant { people: 0, asked: 0, is_everybody: false, sample: Vec::new() });
    loop {
        let chunk = app.store.read(by.org, |tx| {
            let people = tx.people_after(&after, CHUNK)?;
            let mut some = Vec::new();
            for person in &people {
                let asks = expression.asks_for_groups();
                let groups = if asks { tx.groups_by_hand(person.id)? } else { Vec::new() };
                let is_meant = expression.means(&Asked { person, groups: &groups });
                if is_meant && person.status != Status::Deprovisioned {
                    some.push(person.clone());
                }
            }
            Ok((people.len(), people.last().map(|person| person.id.to_string()), some))
        });
        let (found, last, some) = chunk.await?;
        meant.people += u32::try_from(some.len()).unwrap_or(u32::MAX);
        meant.asked += u32::try_from(found).unwrap_or(u32::MAX);
        meant.sample.extend(some.into_iter().take(SAMPLE - meant.sample.len()));
        match last {
            Some(last) if found == CHUNK as usize && meant.asked < ASKED => after = last,
            _ => {
                meant.is_everybody = found < CHUNK as usize;
                return Ok(meant);
            }
        }
    }
}

/// Rules behind `after` whose name contains `words`, oldest first, one more than `limit` where there are more.
///
/// # Errors
/// 403 where the caller does not see all groups.
pub async fn list(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    (after, words, limit): (Option<Id<GroupRule>>, &str, u32),
) -> Result<Vec<Rule>, ApiError> {
    over_all_groups(by)?;
    Ok(app.store.read(by.org, |tx| tx.rules(after, words, limit.saturating_add(1))).await?)
}

/// One rule.
///
/// # Errors
/// 403 where the caller does not see all groups, 404 for no rule.
pub async fn rule(app: &App, by: &Allowed<right::GroupsRead>, which: &str) -> Result<Rule, ApiError> {
    over_all_groups(by)?;
    app.store.read(by.org, |tx| named(tx, which)).await?
}

/// A rule as somebody wants it, with the ids of the groups that it fills and of the people whom it leaves out.
///
/// # Errors
/// 400 for a name or an expression that is none and where too many are named, 404 for what is no id.
pub fn draft(name: &str, expression: &str, (targets, excluded): (&[String], &[String])) -> Result<RuleDraft, ApiError> {
    let name = name.trim().to_owned();
    if !(1..=50).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(ApiError::validation("name", ["name: must have 1 to 50 characters on one line"]));
    }
    let uses_groups = read(expression)?.asks_for_groups();
    if targets.is_empty() || targets.len() > MOST_NAMED || excluded.len() > MOST_NAMED {
        let cause = format!("a rule fills 1 to {MOST_NAMED} groups and leaves out at most {MOST_NAMED} people");
        return Err(ApiError::validation("actions", [cause]));
    }
    let group = |id: &String| id.parse().map_err(|_| ApiError::not_found::<GroupKindId>(id));
    let person = |id: &String| id.parse().map_err(|_| ApiError::not_found::<UserKind>(id));
    Ok(RuleDraft {
        name,
        uses_groups,
        expression: expression.to_owned(),
        targets: targets.iter().map(group).collect::<Result<_, _>>()?,
        excluded: excluded.iter().map(person).collect::<Result<_, _>>()?,
    })
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
/// Where it stops making sense.
pub fn judge(expression: &str) -> Result<Expression, BadExpression> {
    Expression::parse(expression, profile::is_member)
}

/// The same, for an answer.
///
/// # Errors
/// E0000001 with where it stops making sense.
pub fn read(expression: &str) -> Result<Expression, ApiError> {
    judge(expression)
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
