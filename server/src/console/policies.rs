//! Security > Policies: the policies of each type in the order in which they are asked, each with its rules, and what can
//! be done to them. Their form is in `form.rs`.

mod draft;
mod fields;
mod form;
mod who;

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::effect::{Idle, idle};
use postern_authn::policy::sign_on::{Access as Entry, PromptMode};
use postern_authn::policy::{Actions, Policy, PolicyType, Rule, Situation, Status, settings_for};
use postern_codes::id::{Id, Policy as PolicyKind, PolicyRule};
use postern_store::{Error, Tx};
use serde_json::json;

pub use draft::Shown;
pub use fields::Fields;
pub use form::Sheet;
pub use who::Names;

use super::bulk;
use super::form::Form;
use super::page::{page, page_with};
use super::part::{Act, Confirmation, Heads, Line, Link, Moves, Notice, State, Tab, Tabs, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::policies::{self, NewPolicy, NewRule};
use crate::api::routes::{Access, Routes};

/// The list.
pub const ADDRESS: &str = "/admin/security/policies";
/// The types in the order of the tabs.
const TYPES: &[PolicyType] = &[PolicyType::OktaSignOn, PolicyType::Password, PolicyType::MfaEnroll];

/// A policy in the list, or a rule in that of its policy.
pub struct Row {
    /// When it is asked.
    pub priority: u32,
    /// Its name and page.
    pub name: Link,
    /// What it is for, or what it answers.
    pub about: Text,
    /// For whom and from where.
    pub applies: Text,
    /// Whether it takes part.
    pub state: State,
    /// That it came with the organisation, or never answers.
    pub note: Option<State>,
    /// Its buttons for up and down.
    pub moves: Option<Moves>,
}

/// The policies of a type.
#[derive(Template)]
#[template(path = "console/policies.html")]
pub struct Policies {
    /// The frame.
    pub shell: Shell,
    /// The types.
    pub tabs: Tabs,
    /// What policies of this type are.
    pub lead: Text,
    /// What was refused.
    pub notice: Option<Notice>,
    /// By priority.
    pub rows: Vec<Row>,
    /// Where another one is made.
    pub create: Option<String>,
}

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

impl Policies {
    /// The heads of a list of policies or rules.
    fn heads(has_moves: bool) -> Heads {
        let heads = Heads::new().number(say("policies-priority")).plain(say("policies-name"));
        let heads = heads.plain(say("policies-applies")).plain(say("policies-state"));
        if has_moves { heads.acts() } else { heads }
    }
}

/// `/admin/security/policies` and below.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::PoliciesManage);
    let read = Access::Permission(Permission::PoliciesRead);
    Routes::new()
        .get(ADDRESS, read, show)
        .get("/admin/security/policies/{policy}", read, show_one)
        .post("/admin/security/policies/{policy}/activate", manage, activate)
        .get("/admin/security/policies/{policy}/deactivate", manage, ask_deactivate)
        .post("/admin/security/policies/{policy}/deactivate", manage, deactivate)
        .get("/admin/security/policies/{policy}/delete", manage, ask_delete)
        .post("/admin/security/policies/{policy}/delete", manage, delete)
        .post("/admin/security/policies/{policy}/move", manage, shift)
        .post("/admin/security/policies/{policy}/rules/{rule}/activate", manage, activate_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/deactivate", manage, deactivate_rule)
        .get("/admin/security/policies/{policy}/rules/{rule}/delete", manage, ask_delete_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/delete", manage, delete_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/move", manage, shift_rule)
        .merge(form::routes())
}

/// The page of a policy.
pub fn address(id: Id<PolicyKind>) -> String {
    format!("{ADDRESS}/{id}")
}

/// The page of a rule.
pub fn rule_address(of: Id<PolicyKind>, id: Id<PolicyRule>) -> String {
    format!("{ADDRESS}/{of}/rules/{id}")
}

/// The list of a type.
pub fn list_address(kind: PolicyType) -> String {
    format!("{ADDRESS}?type={kind}")
}

fn wanted_type(query: &Query) -> Result<PolicyType, ApiError> {
    let asked = query.text("type").map(str::parse);
    let wrong = |()| ApiError::validation("type", ["type: there are no policies of this type"]);
    Ok(asked.transpose().map_err(wrong)?.unwrap_or(TYPES[0]))
}

/// What an act was refused for, above the page that it began on.
fn refusal(refused: &ApiError) -> Notice {
    let shuts_out = refused.causes.iter().any(|cause| cause.starts_with("this would shut administrators out"));
    if shuts_out {
        return Notice::new(Tone::Danger, say("policies-shuts-out"), say("policies-shuts-out-next"))
            .with_code(refused.code);
    }
    let happened = say_of("domain-error", refused.code).or(refused.summary.clone());
    Notice::new(Tone::Danger, happened, refused.causes.join(". ")).with_code(refused.code)
}

async fn show(app: Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    Ok(page(list(&app, &viewer, wanted_type(&query)?, None).await?))
}

async fn list(app: &App, viewer: &Viewer, kind: PolicyType, notice: Option<Notice>) -> Result<Policies, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    let all = policies::list(app, &by, kind).await?;
    let may_manage = viewer.may(Permission::PoliciesManage);
    let read = app.store.read(by.org, |tx| {
        let names = Names::of_few(tx, viewer, all.iter().map(|policy| &policy.conditions))?;
        Ok((names, tx.everyone()?.0))
    });
    let (names, everyone) = read.await?;
    let never = idle(&all, everyone);
    let own = all.iter().filter(|policy| !policy.is_system).count();
    let row = |policy: &Policy| {
        let is_idle = never.iter().find(|idle| idle.policy.id == policy.id && idle.rule.is_none());
        Row {
            priority: policy.priority,
            name: Link::new(&policy.name, address(policy.id)),
            about: (&policy.description).into(),
            applies: names.words(&policy.conditions),
            state: state(policy.status),
            note: note(policy.is_system, is_idle),
            moves: moves(may_manage, &address(policy.id), (&policy.name, policy.priority, policy.is_system), own),
        }
    };
    let tab = |one: &PolicyType| Tab {
        label: say_of("policies-type", one.as_str()),
        href: list_address(*one),
        is_current: *one == kind,
    };
    Ok(Policies {
        shell: viewer.shell(Place::Policies),
        tabs: Tabs { label: say("policies-types"), tabs: TYPES.iter().map(tab).collect() },
        lead: say_of("policies-lead", kind.as_str()),
        notice,
        rows: all.iter().map(row).collect(),
        create: may_manage.then(|| format!("{ADDRESS}/new?type={kind}")),
    })
}

fn state(status: Status) -> State {
    match status {
        Status::Active => State::new(Tone::Good, say("policies-active")),
        Status::Inactive => State::new(Tone::Plain, say("policies-inactive")),
    }
}

/// What there is to know of one beside its state: that it never answers, or came with the organisation.
fn note(is_system: bool, idle: Option<&Idle<'_>>) -> Option<State> {
    let Some(idle) = idle else { return is_system.then(|| State::new(Tone::Plain, say("policies-default"))) };
    let words = match idle.behind {
        None => say("policies-no-rule"),
        Some(name) => say("policies-behind").with("name", name.to_owned()),
    };
    Some(State::new(Tone::Warning, words))
}

fn moves(
    may_manage: bool,
    address: &str,
    (name, priority, is_system): (&String, u32, bool),
    of: usize,
) -> Option<Moves> {
    let up = (priority > 1).then(|| priority - 1);
    let down = ((priority as usize) < of).then(|| priority + 1);
    (may_manage && !is_system && of > 1).then(|| Moves { of: name.into(), action: format!("{address}/move"), up, down })
}

async fn show_one(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(one(&app, &viewer, &id, None).await?))
}

async fn one(app: &App, viewer: &Viewer, id: &str, notice: Option<Notice>) -> Result<OnePolicy, ApiError> {
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
fn rule_acts(policy: &Policy, rule: &Rule) -> (Vec<Act>, Option<Link>) {
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

/// What a rule answers, in plain words.
pub fn answer(actions: &Actions) -> Text {
    match actions {
        Actions::MfaEnroll(enroll) => {
            let word = serde_json::to_value(enroll.enroll.by_oneself).ok();
            say_of("policies-choice", word.as_ref().and_then(|word| word.as_str()).unwrap_or_default())
        }
        Actions::OktaSignOn(actions) => {
            let rule = actions.signon;
            if rule.access == Entry::Deny {
                return say("policies-answer-deny");
            }
            let proof = match (rule.require_factor, rule.factor_prompt_mode) {
                (false, _) => say("policies-answer-password"),
                (true, Some(PromptMode::Device)) => say("policies-answer-device"),
                (true, Some(PromptMode::Session)) => {
                    say("policies-answer-session").with("minutes", rule.factor_lifetime.unwrap_or_default())
                }
                (true, Some(PromptMode::Always) | None) => say("policies-answer-always"),
            };
            let lasts = say("policies-answer-lasts").with("idle", rule.session.max_session_idle_minutes);
            Text::sentences([proof, lasts])
        }
        Actions::Password(actions) => {
            let may = [
                (actions.password_change.access, say("policies-setting-passwordchange")),
                (actions.self_service_password_reset.access, say("policies-setting-selfservicepasswordreset")),
                (actions.self_service_unlock.access, say("policies-setting-selfserviceunlock")),
            ];
            let may: Vec<_> = may.into_iter().filter(|(access, _)| *access == Entry::Allow).collect();
            if may.is_empty() {
                say("policies-answer-nothing")
            } else {
                Text::list(may.into_iter().map(|(_, text)| text))
            }
        }
    }
}

async fn activate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_status(&app, &by, &id, Status::Active).await;
    after(&app, &viewer, &id, done).await
}

async fn ask_deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    ask(&app, &viewer, &id, "deactivate").await
}

async fn deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_status(&app, &by, &id, Status::Inactive).await;
    after(&app, &viewer, &id, done).await
}

async fn ask_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    ask(&app, &viewer, &id, "delete").await
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (kind, _) = form::found(&app, &viewer, &id).await?;
    match policies::delete(&app, &by, &id).await {
        Ok(()) => Ok(Redirect::to(&list_address(kind)).into_response()),
        refused => after(&app, &viewer, &id, refused).await,
    }
}

async fn shift(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let to = wanted_place(&form)?;
    let wanted = |_, present: &Policy| Ok(NewPolicy { priority: Some(to), ..NewPolicy::of(present) });
    match policies::update(&app, &by, &id, wanted).await {
        Ok((kind, _)) => Ok(Redirect::to(&list_address(kind)).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            let (kind, _) = form::found(&app, &viewer, &id).await?;
            Ok(page_with(refused.status, list(&app, &viewer, kind, Some(refusal(&refused))).await?))
        }
        Err(refused) => Err(refused),
    }
}

fn wanted_place(form: &Form) -> Result<u32, ApiError> {
    let wrong = || ApiError::validation("to", ["to: is a whole number from 1"]);
    form.text("to").parse().ok().filter(|to| *to > 0).ok_or_else(wrong)
}

async fn activate_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_rule_status(&app, &by, (&of, &which), Status::Active).await;
    after(&app, &viewer, &of, done).await
}

async fn deactivate_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_rule_status(&app, &by, (&of, &which), Status::Inactive).await;
    after(&app, &viewer, &of, done).await
}

async fn ask_delete_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (_, policy, rule) = of_rule(&app, &viewer, (&of, &which)).await?;
    if rule.is_system {
        return Ok(Redirect::to(&address(policy.id)).into_response());
    }
    let names = app.store.read(viewer.caller.org, |tx| Names::of_few(tx, &viewer, [&rule.conditions])).await?;
    let next = policy.rules.iter().find(|next| next.status == Status::Active && next.priority > rule.priority);
    let effect = match next {
        _ if rule.status == Status::Inactive => say("policies-falls-unchanged"),
        Some(next) => say("policies-falls-to-rule").with("name", next.name.clone()),
        None => say("policies-falls-onward"),
    };
    let page_of_rule = rule_address(policy.id, rule.id);
    let who = Link::new(names.words(&rule.conditions), &page_of_rule);
    let verb = say("policies-delete").with("name", rule.name.clone());
    Ok(page(bulk::Page {
        shell: viewer.shell(Place::Policies),
        title: verb.clone(),
        list: Link::new(&policy.name, address(policy.id)),
        part: Confirmation {
            title: verb.clone(),
            about: say("policies-delete-rule-about"),
            lines: vec![Line { who, effect, state: None }],
            sent: Vec::new(),
            action: format!("{page_of_rule}/delete"),
            verb,
            is_dangerous: true,
            back: page_of_rule,
        },
    }))
}

async fn delete_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::delete_rule(&app, &by, (&of, &which)).await;
    after(&app, &viewer, &of, done).await
}

async fn shift_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let to = wanted_place(&form)?;
    let wanted = |_, present: &Rule| Ok(NewRule { priority: Some(to), ..NewRule::of(present) });
    let done = policies::update_rule(&app, &by, (&of, &which), wanted).await;
    after(&app, &viewer, &of, done.map(drop)).await
}

/// A rule with its policy.
async fn of_rule(
    app: &App,
    viewer: &Viewer,
    (of, which): (&str, &str),
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    policies::rule(app, &by, (of, which)).await
}

/// The page of the policy after an act: as it is now, or with what was refused above it.
async fn after(app: &App, viewer: &Viewer, of: &str, done: Result<(), ApiError>) -> Result<Response, ApiError> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{ADDRESS}/{of}")).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            Ok(page_with(refused.status, one(app, viewer, of, Some(refusal(&refused))).await?))
        }
        Err(refused) => Err(refused),
    }
}

/// Asks before a policy is deleted or switched off, and says who falls to which policy then.
async fn ask(app: &App, viewer: &Viewer, id: &str, step: &'static str) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(app).await?;
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    let (kind, policy) = policies::policy(app, &by, id).await?;
    if policy.is_system {
        return Ok(Redirect::to(&address(policy.id)).into_response());
    }
    let rest: Vec<Policy> = policies::list(app, &by, kind).await?;
    let rest: Vec<Policy> = rest.into_iter().filter(|other| other.id != policy.id).collect();
    let lines = app.store.read(by.org, |tx| heirs(tx, viewer, &policy, &rest)).await?;
    let verb = match step {
        "delete" => say("policies-delete"),
        _ => say("policies-deactivate"),
    };
    let verb = verb.with("name", policy.name.clone());
    Ok(page(bulk::Page {
        shell: viewer.shell(Place::Policies),
        title: verb.clone(),
        list: Link::new(say_of("policies-type", kind.as_str()), list_address(kind)),
        part: Confirmation {
            title: verb.clone(),
            about: if step == "delete" { say("policies-delete-about") } else { say("policies-deactivate-about") },
            lines,
            sent: Vec::new(),
            action: format!("{}/{step}", address(policy.id)),
            verb,
            is_dangerous: true,
            back: address(policy.id),
        },
    }))
}

/// By each group and person that a policy is for: which policy they fall to without it.
fn heirs(tx: &mut Tx<'_>, viewer: &Viewer, policy: &Policy, rest: &[Policy]) -> Result<Vec<Line>, Error> {
    const MOST: usize = 50;
    let names = Names::of_few(tx, viewer, [&policy.conditions])?;
    let takes_part = policy.status == Status::Active && policy.rules.iter().any(|rule| rule.status == Status::Active);
    let page = address(policy.id);
    if !takes_part {
        let who = Link::new(names.words(&policy.conditions), page);
        return Ok(vec![Line { who, effect: say("policies-falls-unchanged"), state: None }]);
    }
    let falls = |situation: &Situation| match settings_for(rest, situation) {
        Some(heir) => say("policies-falls-to").with("name", heir.name.clone()),
        None => say("policies-falls-to-none"),
    };
    let people = policy.conditions.people.clone().unwrap_or_default();
    let (groups, users) = people.included();
    let everyone = tx.everyone()?.0;
    let mut lines = Vec::new();
    let names = Names::of_all(tx, viewer, &policy.conditions)?;
    for group in groups.iter().take(MOST) {
        let situation = Situation { groups: vec![*group, everyone], ..Situation::default() };
        let who = Link::new(names.of(group.as_str()), &page);
        lines.push(Line { who, effect: falls(&situation), state: None });
    }
    for user in users.iter().take(MOST) {
        let situation = tx.situation_of(*user, "")?;
        let who = Link::new(names.of(user.as_str()), format!("/admin/people/{user}"));
        lines.push(Line { who, effect: falls(&situation), state: None });
    }
    if lines.is_empty() {
        let situation = Situation { groups: vec![everyone], ..Situation::default() };
        lines.push(Line { who: Link::new(say("policies-everybody"), page), effect: falls(&situation), state: None });
    }
    Ok(lines)
}
