//! Policies and their rules: made, changed, moved, switched, deleted. Each change is judged over all policies of its type
//! before it is kept: one that would shut its author out is refused, and so is one that would shut every administrator out.

mod document;
mod guard;
mod http;
mod rules;
mod simulate;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::right;
use postern_authn::policy::{Conditions, MOST_POLICIES, Policy, PolicyType, Settings, Status, order};
use postern_codes::Env;
use postern_codes::id::{Group, Id, Policy as PolicyKind, User, Zone};
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::{ApiError, Reason};

pub use document::Document;
pub use guard::{Denial, ShutOut};
pub use http::{routes, shown, shown_rule};
pub use rules::{NewRule, create_rule, delete_rule, rule, set_rule_status, update_rule};
pub use simulate::{Question, WhatIf, ask, what_if};

/// A policy as it shall be.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Before which others it is asked; last, or where it is, where nothing is said.
    pub priority: Option<u32>,
    /// When it applies.
    pub conditions: Conditions,
    /// What it sets.
    pub settings: Settings,
}

impl NewPolicy {
    /// The policy as it is.
    pub fn of(policy: &Policy) -> Self {
        Self {
            name: policy.name.clone(),
            description: policy.description.clone(),
            priority: None,
            conditions: policy.conditions.clone(),
            settings: policy.settings.clone(),
        }
    }
}

fn too_many() -> ApiError {
    let cause = format!("type: there are {MOST_POLICIES} policies of it");
    ApiError::validation("type", [cause]).for_reason(Reason::TooMany(MOST_POLICIES))
}

/// The refusal of a change that was meant for what somebody else changed meanwhile.
pub fn changed_meanwhile() -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "E0000231", "ETag value doesn't match.")
}

/// The policies of a type, by priority.
///
/// # Errors
/// Of the database.
pub async fn list(app: &App, by: &Allowed<right::PoliciesRead>, kind: PolicyType) -> Result<Vec<Policy>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.policies(kind)).await?)
}

/// One policy and its type.
///
/// # Errors
/// 404 where there is none.
pub async fn policy(
    app: &App,
    by: &Allowed<right::PoliciesRead>,
    which: &str,
) -> Result<(PolicyType, Policy), ApiError> {
    let read = app.store.read(by.org, |tx| {
        let Some((kind, id)) = named(tx, which)? else { return Ok(None) };
        Ok(tx.policies(kind)?.into_iter().find(|policy| policy.id == id).map(|policy| (kind, policy)))
    });
    read.await?.ok_or_else(|| ApiError::not_found::<PolicyKind>(which))
}

/// Makes a policy.
///
/// # Errors
/// 400 where a group, person or zone is unknown, there are too many, or it would shut administrators out.
pub async fn create(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    kind: PolicyType,
    new: &NewPolicy,
    status: Status,
) -> Result<Policy, ApiError> {
    let env = app.env();
    let policy = Policy {
        id: Id::new(&env),
        name: new.name.clone(),
        description: new.description.clone(),
        priority: 0,
        status,
        is_system: false,
        conditions: new.conditions.clone(),
        settings: new.settings.clone(),
        rules: Vec::new(),
        created_at: env.now,
        updated_at: env.now,
    };
    let id = policy.id;
    let change = Change { kind, event: EventType::PolicyCreate, target: target(&policy) };
    let made = app.store.write(by.org, |tx| {
        commit(tx, by, &change, &env, |all| {
            if all.len() >= MOST_POLICIES {
                return Err(too_many());
            }
            order::put(all, policy.clone(), new.priority);
            Ok(())
        })
    });
    one(made.await??, id)
}

/// Replaces what a policy says. Its rules stay.
///
/// # Errors
/// 404 where there is none, 403 for what is fixed in a default policy, 400 as for [`create`].
pub async fn update(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    which: &str,
    wanted: impl Fn(PolicyType, &Policy) -> Result<NewPolicy, ApiError>,
) -> Result<(PolicyType, Policy), ApiError> {
    let env = app.env();
    changed(app, by, (which, EventType::PolicyUpdate), &env, |kind, all, at| {
        let new = wanted(kind, &all[at])?;
        let mut policy = all.remove(at);
        let is_fixed = new.name != policy.name || new.conditions != policy.conditions;
        if policy.is_system && is_fixed {
            return Err(read_only("default policy").cause("only its description and settings can be changed"));
        }
        let priority = new.priority.unwrap_or(policy.priority);
        policy.updated_at = env.now;
        policy.name = new.name;
        policy.description = new.description;
        policy.conditions = new.conditions;
        policy.settings = new.settings;
        order::put(all, policy, Some(priority));
        Ok(())
    })
    .await
}

/// Switches a policy on or off. To repeat it changes nothing.
///
/// # Errors
/// 404 where there is none, 403 for a default policy, 400 as for [`create`].
pub async fn set_status(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    which: &str,
    status: Status,
) -> Result<(), ApiError> {
    let env = app.env();
    let event = match status {
        Status::Active => EventType::PolicyActivate,
        Status::Inactive => EventType::PolicyDeactivate,
    };
    let done = changed(app, by, (which, event), &env, |_, all, at| {
        let policy = &mut all[at];
        if policy.is_system && status == Status::Inactive {
            return Err(read_only("default policy"));
        }
        if policy.status != status {
            policy.status = status;
            policy.updated_at = env.now;
        }
        Ok(())
    });
    done.await.map(drop)
}

/// Makes another policy that says the same, with the same rules. It comes last and takes no part until it is activated.
///
/// # Errors
/// 404 where there is none, 400 where there are too many.
pub async fn clone(
    app: &App,
    by: &Allowed<right::PoliciesManage>,
    which: &str,
) -> Result<(PolicyType, Policy), ApiError> {
    let env = app.env();
    let id = Id::new(&env);
    let (kind, found) = app
        .store
        .read(by.org, |tx| {
            let Some((kind, id)) = named(tx, which)? else { return Ok(None) };
            Ok(tx.policies(kind)?.into_iter().find(|policy| policy.id == id).map(|policy| (kind, policy)))
        })
        .await?
        .ok_or_else(|| ApiError::not_found::<PolicyKind>(which))?;
    let mut copy = found;
    copy.id = id;
    copy.name = format!("Copy of {}", copy.name).chars().take(postern_authn::policy::LONGEST_NAME).collect();
    (copy.is_system, copy.status) = (false, Status::Inactive);
    (copy.created_at, copy.updated_at) = (env.now, env.now);
    for rule in &mut copy.rules {
        rule.id = Id::new(&env);
        rule.is_system = false;
        (rule.created_at, rule.updated_at) = (env.now, env.now);
    }
    let change = Change { kind, event: EventType::PolicyCreate, target: target(&copy) };
    let made = app.store.write(by.org, |tx| {
        commit(tx, by, &change, &env, |all| {
            if all.len() >= MOST_POLICIES {
                return Err(too_many());
            }
            order::put(all, copy.clone(), None);
            Ok(())
        })
    });
    Ok((kind, one(made.await??, id)?))
}

/// Deletes a policy and its rules.
///
/// # Errors
/// 404 where there is none, 403 for a default policy, 400 where it would shut administrators out.
pub async fn delete(app: &App, by: &Allowed<right::PoliciesManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let Some((kind, id)) = named(tx, which)? else { return Ok(Err(ApiError::not_found::<PolicyKind>(which))) };
        let all = tx.policies(kind)?;
        let Some(policy) = all.iter().find(|policy| policy.id == id) else {
            return Ok(Err(ApiError::not_found::<PolicyKind>(which)));
        };
        let change = Change { kind, event: EventType::PolicyDelete, target: target(policy) };
        let is_system = policy.is_system;
        commit(tx, by, &change, &env, |all| {
            if is_system {
                return Err(read_only("default policy"));
            }
            all.retain(|policy| policy.id != id);
            order::close(all);
            Ok(())
        })
    });
    done.await?.map(drop)
}

/// Says that a group, person or zone cannot go, where a policy speaks of it.
///
/// # Errors
/// Of the database.
pub fn refuse_if_used(tx: &mut Tx<'_>, target: &str, name: &str) -> Result<Result<(), ApiError>, Error> {
    let used = tx.policies_about(target)?;
    if used.is_empty() {
        return Ok(Ok(()));
    }
    let names: Vec<String> = used.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
    let causes = [format!("it is used by these policies: {}; change them first", names.join(", "))];
    if used.iter().any(|(_, kind)| *kind == PolicyType::MfaEnroll) {
        let summary = format!(
            "{name} cannot be modified/deleted because it is currently being used in an Enroll Policy. Please make changes \
             to the Enroll Policy before modifying/deleting the group."
        );
        let mut refused = ApiError::new(StatusCode::BAD_REQUEST, "E0000209", summary);
        refused.causes.extend(causes);
        return Ok(Err(refused));
    }
    Ok(Err(ApiError::validation(name, causes)))
}

/// A change of policies, for the record.
struct Change {
    kind: PolicyType,
    event: EventType,
    target: Target,
}

/// Changes the policies of a type in one go: locks them, applies `edit`, refuses what speaks of nothing or shuts people
/// out, keeps the difference and records it. A refusal keeps nothing but its event.
fn commit(
    tx: &mut Tx<'_>,
    by: &Caller,
    change: &Change,
    env: &Env,
    edit: impl Fn(&mut Vec<Policy>) -> Result<(), ApiError>,
) -> Result<Result<Vec<Policy>, ApiError>, Error> {
    let before = tx.policies_to_change(change.kind)?;
    let mut after = before.clone();
    let judged = match edit(&mut after) {
        Ok(()) => guard::judge(tx, by, change.kind, (&before, &after))?,
        Err(refused) => Err(guard::plain(refused)),
    };
    if let Err((refused, word)) = judged {
        let event = by.failure(change.event, word).target(change.target.clone());
        tx.record(&event, env)?;
        return Ok(Err(refused));
    }
    if before != after {
        tx.keep_policies(change.kind, &before, &after)?;
        let event = by.success(change.event).target(change.target.clone());
        tx.record(&event.detail("type", change.kind.as_str()), env)?;
    }
    Ok(Ok(after))
}

/// Changes one policy by its id; `edit` is given all of its type and where it is among them.
async fn changed(
    app: &App,
    by: &Caller,
    (which, event): (&str, EventType),
    env: &Env,
    edit: impl Fn(PolicyType, &mut Vec<Policy>, usize) -> Result<(), ApiError>,
) -> Result<(PolicyType, Policy), ApiError> {
    let done = app.store.write(by.org, |tx| {
        let not_found = || ApiError::not_found::<PolicyKind>(which);
        let Some((kind, id)) = named(tx, which)? else { return Ok(Err(not_found())) };
        let Some(policy) = tx.policies(kind)?.into_iter().find(|policy| policy.id == id) else {
            return Ok(Err(not_found()));
        };
        let change = Change { kind, event, target: target(&policy) };
        let kept = commit(tx, by, &change, env, |all| {
            let at = all.iter().position(|policy| policy.id == id).ok_or_else(not_found)?;
            edit(kind, all, at)
        })?;
        Ok(kept.and_then(|all| Ok((kind, one(all, id)?))))
    });
    done.await?
}

fn one(all: Vec<Policy>, id: Id<PolicyKind>) -> Result<Policy, ApiError> {
    all.into_iter().find(|policy| policy.id == id).ok_or_else(|| ApiError::not_found::<PolicyKind>(id.as_str()))
}

/// The type and id of what a path names.
fn named(tx: &mut Tx<'_>, which: &str) -> Result<Option<(PolicyType, Id<PolicyKind>)>, Error> {
    let Ok(id) = which.parse() else { return Ok(None) };
    Ok(tx.policy_type(id)?.map(|kind| (kind, id)))
}

fn target(policy: &Policy) -> Target {
    Target::new("PolicyEntity", policy.id, "", &policy.name)
}

fn read_only(what: &str) -> ApiError {
    let summary = format!("Cannot modify the {what} object because it is read-only.");
    ApiError::new(StatusCode::FORBIDDEN, "E0000111", summary)
}

/// Says which of what conditions speak of does not exist.
fn missing(tx: &mut Tx<'_>, conditions: &Conditions) -> Result<Option<String>, Error> {
    for id in conditions.references() {
        let is_there = if let Ok(group) = id.parse::<Id<Group>>() {
            tx.group(group)?.is_some()
        } else if let Ok(user) = id.parse::<Id<User>>() {
            tx.user(user)?.is_some()
        } else if let Ok(zone) = id.parse::<Id<Zone>>() {
            tx.has_zone(zone)?
        } else {
            false
        };
        if !is_there {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
