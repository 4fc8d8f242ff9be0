//! One policy with its rules, and what can be done to it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::policy::effect::idle;
use postern_authn::policy::{Policy, Rule, Status};
use serde_json::json;

use super::list::{Row, moves, note, state};
use super::saying::answer;
use super::{Fields, Names, address, fields, list_address, rule_address};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, policies};
use crate::console::page::page;
use crate::console::part::{Act, Link, Notice, State, Tone};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// A policy with its rules.
#[derive(Template)]
#[template(path = "console/policy.html")]
pub struct OnePolicy {
    /// The frame.
    pub shell: Shell,
    /// Its type and the list.
    pub list: Link,
    /// Its name.
    pub name: String,
    /// Whether it takes part, and what else there is to know.
    pub states: Vec<State>,
    /// What is wrong with it, or was refused.
    pub notice: Option<Notice>,
    /// What it is for, for whom it is, since when.
    pub facts: Vec<(Text, Text)>,
    /// What it sets.
    pub blocks: Vec<Fields>,
    /// Its rules, by priority.
    pub rules: Vec<Row>,
    /// Where it is changed.
    pub edit: Option<String>,
    /// Where another rule is made.
    pub create: Option<String>,
    /// What else can be done to it.
    pub acts: Vec<Act>,
    /// What takes it from somebody: each asks first.
    pub asks: Vec<Link>,
}

/// `/admin/security/policies/ID`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/security/policies/{policy}", Access::Permission(Permission::PoliciesRead), show)
}

async fn show(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(one(&app, &viewer, &id, None).await?))
}

/// A policy, below what was refused.
///
/// # Errors
/// 404 where there is none.
pub async fn one(app: &App, viewer: &Viewer, id: &str, notice: Option<Notice>) -> Result<OnePolicy, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    let (kind, policy) = policies::policy(app, &by, id).await?;
    let all = policies::list(app, &by, kind).await?;
    let read = app.store.read(by.org, |tx| {
        let rules = policy.rules.iter().map(|rule| &rule.conditions);
        let names = Names::of_few(tx, viewer, rules.chain([&policy.conditions]))?;
        Ok((names, tx.everyone()?.0))
    });
    let (names, everyone) = read.await?;
    let never = idle(&all, everyone);
    let own = |rule: Option<&Rule>| {
        never
            .iter()
            .find(|idle| idle.policy.id == policy.id && idle.rule.map(|rule| rule.id) == rule.map(|rule| rule.id))
    };
    let may_manage = viewer.may(Permission::PoliciesManage);
    let movable = policy.rules.iter().filter(|rule| !rule.is_system).count();
    let row = |rule: &Rule| {
        let page = rule_address(policy.id, rule.id);
        Row {
            priority: rule.priority,
            name: Link::new(&rule.name, &page),
            about: answer(&rule.actions),
            applies: names.words(&rule.conditions),
            state: state(rule.status),
            note: note(rule.is_system, own(Some(rule))),
            moves: moves(may_manage, &page, (&rule.name, rule.priority, rule.is_system), movable),
        }
    };
    let is_idle = own(None);
    let states = [Some(state(policy.status)), note(policy.is_system, is_idle)];
    let notice = notice.or_else(|| {
        let has_no_rule = policy.rules.iter().all(|rule| rule.status == Status::Inactive);
        has_no_rule.then(|| Notice::new(Tone::Warning, say("policies-no-rule"), say("policies-no-rule-next")))
    });
    let document = json!(policy.settings);
    let (acts, asks) = if may_manage { policy_acts(&policy) } else { (Vec::new(), Vec::new()) };
    let mut facts = vec![
        (say("policies-applies"), names.words(&policy.conditions)),
        (say("policies-priority"), policy.priority.into()),
        (say("policies-changed"), Text::exact(policy.updated_at)),
    ];
    if !policy.description.is_empty() {
        facts.insert(0, (say("policies-description"), (&policy.description).into()));
    }
    Ok(OnePolicy {
        shell: viewer.shell(Place::Policies),
        list: Link::new(say_of("policies-type", kind.as_str()), list_address(kind)),
        name: policy.name.clone(),
        states: states.into_iter().flatten().collect(),
        notice,
        facts,
        blocks: fields::fields(fields::of_policy(kind), |setting| fields::held(&document, setting)),
        rules: policy.rules.iter().map(row).collect(),
        edit: may_manage.then(|| format!("{}/edit", address(policy.id))),
        create: may_manage.then(|| format!("{}/rules/new", address(policy.id))),
        acts,
        asks,
    })
}

/// What can be done to a policy: at once, and after a question. What came with the organisation stays.
fn policy_acts(policy: &Policy) -> (Vec<Act>, Vec<Link>) {
    if policy.is_system {
        return (Vec::new(), Vec::new());
    }
    let (name, page) = (|| policy.name.clone(), address(policy.id));
    let act = |words: Text, effect, step: &str| Act {
        words: words.with("name", name()),
        effect,
        address: format!("{page}/{step}"),
        is_dangerous: false,
    };
    let delete = Link::new(say("policies-delete").with("name", name()), format!("{page}/delete"));
    match policy.status {
        Status::Active => {
            let deactivate = Link::new(say("policies-deactivate").with("name", name()), format!("{page}/deactivate"));
            (Vec::new(), vec![deactivate, delete])
        }
        Status::Inactive => {
            (vec![act(say("policies-activate"), say("policies-activate-effect"), "activate")], vec![delete])
        }
    }
}

/// What can be done to a rule.
pub fn rule_acts(policy: &Policy, rule: &Rule) -> (Vec<Act>, Option<Link>) {
    if rule.is_system {
        return (Vec::new(), None);
    }
    let page = rule_address(policy.id, rule.id);
    let (words, effect, step) = match rule.status {
        Status::Active => (say("policies-deactivate"), say("policies-deactivate-rule-effect"), "deactivate"),
        Status::Inactive => (say("policies-activate"), say("policies-activate-rule-effect"), "activate"),
    };
    let act = Act {
        words: words.with("name", rule.name.clone()),
        effect,
        address: format!("{page}/{step}"),
        is_dangerous: rule.status == Status::Active,
    };
    let delete = Link::new(say("policies-delete").with("name", rule.name.clone()), format!("{page}/delete"));
    (vec![act], Some(delete))
}
