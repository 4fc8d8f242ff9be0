//! The policies of a type in the order in which they are asked.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::policy::effect::{Idle, idle};
use postern_authn::policy::{Policy, PolicyType, Status};

use super::{ADDRESS, Names, TYPES, address, list_address, wanted_type};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, policies};
use crate::console::page::page;
use crate::console::part::{Heads, Link, Moves, Notice, State, Tab, Tabs, Tone};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

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

impl Policies {
    /// The heads of a list of policies or rules.
    pub fn heads(has_moves: bool) -> Heads {
        let heads = Heads::new().number(say("policies-priority")).plain(say("policies-name"));
        let heads = heads.plain(say("policies-applies")).plain(say("policies-state"));
        if has_moves { heads.acts() } else { heads }
    }
}

/// `/admin/security/policies`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::PoliciesRead), show)
}

async fn show(app: Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    Ok(page(list(&app, &viewer, wanted_type(&query)?, None).await?))
}

/// The list of a type, below what was refused.
///
/// # Errors
/// 403 for whoever may not read policies.
pub async fn list(app: &App, viewer: &Viewer, kind: PolicyType, notice: Option<Notice>) -> Result<Policies, ApiError> {
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

/// Whether a policy or rule takes part.
pub fn state(status: Status) -> State {
    match status {
        Status::Active => State::new(Tone::Good, say("policies-active")),
        Status::Inactive => State::new(Tone::Plain, say("policies-inactive")),
    }
}

/// What there is to know of one beside its state: that it never answers, or came with the organisation.
pub fn note(is_system: bool, idle: Option<&Idle<'_>>) -> Option<State> {
    let Some(idle) = idle else { return is_system.then(|| State::new(Tone::Plain, say("policies-default"))) };
    let words = match idle.behind {
        None => say("policies-no-rule"),
        Some(name) => say("policies-behind").with("name", name.to_owned()),
    };
    Some(State::new(Tone::Warning, words))
}

/// The buttons that move a policy or rule among those that can be moved.
pub fn moves(
    may_manage: bool,
    address: &str,
    (name, priority, is_system): (&String, u32, bool),
    of: usize,
) -> Option<Moves> {
    let up = (priority > 1).then(|| priority - 1);
    let down = ((priority as usize) < of).then(|| priority + 1);
    (may_manage && !is_system && of > 1).then(|| Moves { of: name.into(), action: format!("{address}/move"), up, down })
}
