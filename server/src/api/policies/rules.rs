//! The rules of a policy.

use postern_authn::audit::{EventType, Target};
use postern_authn::permission::right;
use postern_authn::policy::{Actions, Conditions, MOST_RULES, Policy, PolicyType, Rule, Status, order};
use postern_codes::Env;
use postern_codes::id::{Id, PolicyRule};

use super::{Change, commit, named, policy, read_only};
use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;

/// A rule as it shall be.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// What people call it.
    pub name: String,
    /// Before which others it is asked; last, or where it is, where nothing is said.
    pub priority: Option<u32>,
    /// When it answers.
    pub conditions: Conditions,
    /// What it answers.
    pub actions: Actions,
}

impl NewRule {
    /// The rule as it is.
    pub fn of(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            priority: None,
            conditions: rule.conditions.clone(),
            actions: rule.actions.clone(),
        }
    }
}

/// One rule, and the type of its policy.
///
/// # Errors
/// 404 where there is none.
pub async fn rule(
    app: &App,
    by: &Allowed<right::PoliciesRead>,
    (of, which): (&str, &str),
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let (kind, policy) = policy(app, by, of).await?;
    let at = place(&policy, which)?;
    let rule = policy.rules[at].clone();
    Ok((kind, policy, rule))
}

/// Makes a rule. `wanted` reads it for the policy's type.
///
/// # Errors
/// 404 for no policy, 400 where what it speaks of is unknown, there are too many, or it would shut administrators out.
pub async fn create_rule(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    of: &str,
    wanted: impl Fn(PolicyType) -> Result<NewRule, ApiError>,
    status: Status,
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let env = app.env();
    let id = Id::new(&env);
    changed(app, by, (of, None, EventType::PolicyRuleAdd), &env, |kind, policy| {
        let new = wanted(kind)?;
        if policy.rules.len() >= MOST_RULES {
            return Err(ApiError::validation("policy", [format!("policy: it has {MOST_RULES} rules")]));
        }
        let rule = Rule {
            id,
            name: new.name,
            priority: 0,
            status,
            is_system: false,
            conditions: new.conditions,
            actions: new.actions,
            created_at: env.now,
            updated_at: env.now,
        };
        order::put(&mut policy.rules, rule, new.priority);
        Ok(id)
    })
    .await
}

/// Replaces what a rule says.
///
/// # Errors
/// 404 where there is none, 403 for what is fixed in a default rule, 400 as for [`create_rule`].
pub async fn update_rule(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    (of, which): (&str, &str),
    wanted: impl Fn(PolicyType, &Rule) -> Result<NewRule, ApiError>,
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let env = app.env();
    changed(app, by, (of, Some(which), EventType::PolicyRuleUpdate), &env, |kind, policy| {
        let at = place(policy, which)?;
        let new = wanted(kind, &policy.rules[at])?;
        let mut rule = policy.rules.remove(at);
        let is_fixed = new.name != rule.name || new.conditions != rule.conditions;
        if rule.is_system && is_fixed {
            return Err(read_only("default rule").cause("only its actions can be changed"));
        }
        let (id, priority) = (rule.id, new.priority.unwrap_or(rule.priority));
        rule.updated_at = env.now;
        rule.name = new.name;
        rule.conditions = new.conditions;
        rule.actions = new.actions;
        order::put(&mut policy.rules, rule, Some(priority));
        Ok(id)
    })
    .await
}

/// Switches a rule on or off. To repeat it changes nothing.
///
/// # Errors
/// 404 where there is none, 403 for a default rule, 400 where it would shut administrators out.
pub async fn set_rule_status(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    (of, which): (&str, &str),
    status: Status,
) -> Result<(), ApiError> {
    let env = app.env();
    let event = match status {
        Status::Active => EventType::PolicyRuleActivate,
        Status::Inactive => EventType::PolicyRuleDeactivate,
    };
    let done = changed(app, by, (of, Some(which), event), &env, |_, policy| {
        let at = place(policy, which)?;
        let rule = &mut policy.rules[at];
        if rule.is_system && status == Status::Inactive {
            return Err(read_only("default rule"));
        }
        if rule.status != status {
            rule.status = status;
            rule.updated_at = env.now;
        }
        Ok(rule.id)
    });
    done.await.map(drop)
}

/// Deletes a rule.
///
/// # Errors
/// 404 where there is none, 403 for a default rule, 400 where it would shut administrators out.
pub async fn delete_rule(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    (of, which): (&str, &str),
) -> Result<(), ApiError> {
    let env = app.env();
    let event = EventType::PolicyRuleDelete;
    let done = app.store.write(by.org, |tx| {
        let not_found = || ApiError::not_found::<postern_codes::id::Policy>(of);
        let Some((kind, id)) = named(tx, of)? else { return Ok(Err(not_found())) };
        let Some(policy) = tx.policies(kind)?.into_iter().find(|policy| policy.id == id) else {
            return Ok(Err(not_found()));
        };
        let at = match place(&policy, which) {
            Ok(at) => at,
            Err(refused) => return Ok(Err(refused)),
        };
        let change = Change { kind, event, target: target(&policy.rules[at]) };
        commit(tx, by, &change, &env, |all| {
            let policy = all.iter_mut().find(|policy| policy.id == id).ok_or_else(not_found)?;
            let at = place(policy, which)?;
            if policy.rules[at].is_system {
                return Err(read_only("default rule"));
            }
            policy.rules.remove(at);
            order::close(&mut policy.rules);
            policy.updated_at = env.now;
            Ok(())
        })
    });
    done.await?.map(drop)
}

/// Changes the rules of one policy; `edit` says which rule it was.
async fn changed(
    app: &App,
    by: &Caller,
    (of, which, event): (&str, Option<&str>, EventType),
    env: &Env,
    edit: impl Fn(PolicyType, &mut Policy) -> Result<Id<PolicyRule>, ApiError>,
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let done = app.store.write(by.org, |tx| {
        let not_found = || ApiError::not_found::<postern_codes::id::Policy>(of);
        let Some((kind, id)) = named(tx, of)? else { return Ok(Err(not_found())) };
        let Some(present) = tx.policies(kind)?.into_iter().find(|policy| policy.id == id) else {
            return Ok(Err(not_found()));
        };
        let target = match which.map(|which| place(&present, which)).transpose() {
            Ok(at) => at.map_or_else(|| super::target(&present), |at| target(&present.rules[at])),
            Err(refused) => return Ok(Err(refused)),
        };
        let touched = std::cell::Cell::new(None);
        let kept = commit(tx, by, &Change { kind, event, target }, env, |all| {
            let policy = all.iter_mut().find(|policy| policy.id == id).ok_or_else(not_found)?;
            touched.set(Some(edit(kind, policy)?));
            Ok(())
        })?;
        Ok(kept.and_then(|all| {
            let policy = super::one(all, id)?;
            let rule = policy.rules.iter().find(|rule| Some(rule.id) == touched.get()).cloned();
            rule.map(|rule| (kind, policy, rule)).ok_or_else(not_found)
        }))
    });
    done.await?
}

fn place(policy: &Policy, which: &str) -> Result<usize, ApiError> {
    let at = policy.rules.iter().position(|rule| rule.id.as_str() == which);
    at.ok_or_else(|| ApiError::not_found::<PolicyRule>(which))
}

fn target(rule: &Rule) -> Target {
    Target::new("PolicyRule", rule.id, "", &rule.name)
}
