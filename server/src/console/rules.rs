//! Groups > Rules: what fills groups by itself. A rule is looked at, begun, stopped, and deleted with a choice of what
//! becomes of those whom it put into groups. Its form is in [`rule_form`](super::rule_form).

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_store::Error;
use postern_store::group_rules::{Ending, Rule as Found, RuleStatus};

use super::form::Form;
use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Act, Link, Notice, Pages, Record, State, Tab, Tabs, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{events, group, people};
use crate::App;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, group_rules};

/// The list.
pub const ADDRESS: &str = "/admin/groups/rules";

/// A rule in the list.
pub struct Row {
    /// Its name and page.
    pub rule: Link,
    /// Whom it means.
    pub expression: String,
    /// Whether it is carried out.
    pub state: State,
}

/// The list.
#[derive(Template)]
#[template(path = "console/rules.html")]
pub struct Rules {
    /// The frame.
    pub shell: Shell,
    /// Groups and their rules.
    pub tabs: Tabs,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make rules.
    pub may_manage: bool,
}

/// A rule's page.
#[derive(Template)]
#[template(path = "console/rule.html")]
pub struct Rule {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: String,
    /// Its page.
    pub address: String,
    /// Whether it is carried out.
    pub state: State,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// Whom it means.
    pub expression: String,
    /// The groups that it fills.
    pub targets: Vec<Link>,
    /// Whom it never means.
    pub excluded: Vec<Link>,
    /// Name by name.
    pub facts: Vec<(Text, Text)>,
    /// What the viewer may do.
    pub acts: Vec<Act>,
    /// Whether it can be changed as it is.
    pub may_edit: bool,
    /// Whether the viewer may delete it.
    pub may_delete: bool,
    /// The newest events about it.
    pub recent: Option<Record>,
}

/// What becomes of those whom a rule put into groups, when it goes.
#[derive(Template)]
#[template(path = "console/rule_delete.html")]
pub struct RuleDelete {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: String,
    /// Its page.
    pub back: String,
    /// The groups that it fills.
    pub targets: Vec<Link>,
}

/// `/admin/groups/rules`.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::GroupsRead), Access::Permission(Permission::GroupsManage));
    Routes::new()
        .get(ADDRESS, read, list)
        .get("/admin/groups/rules/{group_rule}", read, show)
        .post("/admin/groups/rules/{group_rule}/activate", manage, activate)
        .post("/admin/groups/rules/{group_rule}/deactivate", manage, deactivate)
        .get("/admin/groups/rules/{group_rule}/delete", manage, ask_to_delete)
        .post("/admin/groups/rules/{group_rule}/delete", manage, delete)
}

/// The page of a rule.
pub fn address(id: impl std::fmt::Display) -> String {
    format!("{ADDRESS}/{id}")
}

/// The lists of groups and of their rules, side by side.
pub fn tabs(is_rules: bool) -> Tabs {
    let tab = |label, href: &str, is_current| Tab { label, href: href.to_owned(), is_current };
    let tabs = vec![tab(say("groups-title"), "/admin/groups", !is_rules), tab(say("rules-title"), ADDRESS, is_rules)];
    Tabs { label: say("groups-title"), tabs }
}

fn state(status: RuleStatus) -> State {
    match status {
        RuleStatus::Active => State::new(Tone::Good, say("rules-active")),
        RuleStatus::Inactive => State::new(Tone::Plain, say("rules-inactive")),
        RuleStatus::Invalid => State::new(Tone::Danger, say("rules-invalid")),
    }
}

async fn list(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let mut found = group_rules::list(&app, &by, (query.get("after")?, "", PAGE)).await?;
    let pages = pages(&query, &mut found, |rule| rule.id.to_string());
    let row = |rule: &Found| Row {
        rule: Link::new(&rule.name, address(rule.id)),
        expression: rule.expression.clone(),
        state: state(rule.status),
    };
    Ok(page(Rules {
        shell: viewer.shell(Place::Groups),
        tabs: tabs(true),
        rows: found.iter().map(row).collect(),
        pages,
        may_manage: viewer.may(Permission::GroupsManage),
    }))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let rule = group_rules::rule(&app, &by, &id).await?;
    let (targets, excluded) = named(&app, &viewer, &rule).await?;
    let (is_active, may_manage) = (rule.status == RuleStatus::Active, viewer.may(Permission::GroupsManage));
    let act = |words: Text, effect: Text, step: &str, is_dangerous| Act {
        words,
        effect,
        address: format!("{}/{step}", address(rule.id)),
        is_dangerous,
    };
    let act = if is_active {
        act(say("rules-deactivate"), say("rules-deactivate-effect"), "deactivate", false)
    } else {
        act(say("rules-activate"), say("rules-activate-effect"), "activate", false)
    };
    let fault = rule.fault.as_ref().map(|fault| {
        Notice::new(Tone::Danger, say("rules-invalid-about"), say("rules-invalid-next").with("why", fault.clone()))
    });
    let walking = rule
        .walk
        .0
        .then(|| Notice::new(Tone::Busy, say("rules-walking"), say("rules-walking-next").with("count", rule.walk.1)));
    Ok(page(Rule {
        shell: viewer.shell(Place::Groups),
        address: address(rule.id),
        state: state(rule.status),
        notice: fault.or(walking),
        expression: rule.expression.clone(),
        targets,
        excluded,
        facts: vec![
            (say("person-created"), Text::exact(rule.created_at)),
            (say("group-changed"), Text::exact(rule.updated_at)),
            (say("person-id"), rule.id.to_string().into()),
        ],
        acts: may_manage.then_some(act).into_iter().collect(),
        may_edit: may_manage && !is_active,
        may_delete: may_manage,
        recent: events::latest(&app, &viewer, Some(rule.id.as_str())).await?,
        name: rule.name,
    }))
}

/// The groups that a rule fills and the people whom it leaves out, as links.
async fn named(app: &App, viewer: &Viewer, rule: &Found) -> Result<(Vec<Link>, Vec<Link>), ApiError> {
    let shows_people = viewer.caller.authority().has_everywhere(Permission::UsersRead);
    let read = app.store.read(viewer.caller.org, |tx| {
        let (mut targets, mut excluded) = (Vec::new(), Vec::new());
        for id in &rule.targets {
            targets.extend(tx.group(*id)?.map(|found| Link::new(found.name, group::address(found.id))));
        }
        for id in &rule.excluded {
            let person = if shows_people { tx.user(*id)? } else { None };
            let link = person.map(|person| Link::new(person.name(), people::address(&person)));
            excluded.push(link.unwrap_or_else(|| Link::new(id.to_string(), format!("/admin/people/{id}"))));
        }
        Ok::<_, Error>((targets, excluded))
    });
    Ok(read.await?)
}

async fn activate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    group_rules::set_active(&app, &by, &id, true).await?;
    Ok(Redirect::to(&address(id)).into_response())
}

async fn deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    group_rules::set_active(&app, &by, &id, false).await?;
    Ok(Redirect::to(&address(id)).into_response())
}

async fn ask_to_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require::<right::GroupsManage>(&app).await?;
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let rule = group_rules::rule(&app, &by, &id).await?;
    let (targets, _) = named(&app, &viewer, &rule).await?;
    Ok(page(RuleDelete { shell: viewer.shell(Place::Groups), back: address(rule.id), name: rule.name, targets }))
}

async fn delete(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let ending = match form.text("members") {
        "keep" => Ending::Keep,
        "remove" => Ending::Remove,
        _ => return Err(ApiError::validation("members", ["members: say whether they stay or go"])),
    };
    group_rules::delete(&app, &by, &id, ending).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}
