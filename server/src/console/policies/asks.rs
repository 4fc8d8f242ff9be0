//! Before a policy or a rule is switched off or deleted: who falls to what then.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::{Policy, Situation, Status, settings_for};
use postern_store::{Error, Tx};

use super::{Names, address, found_rule, list_address, rule_address};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, policies};
use crate::console::part::{Line, Link};
use crate::console::part_page::Taking;
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::{say, say_of};

/// The questions before `deactivate` and `delete`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::PoliciesManage);
    Routes::new()
        .get("/admin/security/policies/{policy}/deactivate", manage, ask_deactivate)
        .get("/admin/security/policies/{policy}/delete", manage, ask_delete)
        .get("/admin/security/policies/{policy}/rules/{rule}/delete", manage, ask_delete_rule)
}

async fn ask_deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    ask(&app, &viewer, &id, "deactivate").await
}

async fn ask_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    ask(&app, &viewer, &id, "delete").await
}

async fn ask_delete_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (_, policy, rule) = found_rule(&app, &viewer, (&of, &which)).await?;
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
    let taking = Taking {
        place: Place::Policies,
        list: Link::new(&policy.name, address(policy.id)),
        verb: say("policies-delete").with("name", rule.name.clone()),
        about: say("policies-delete-rule-about"),
        lines: vec![Line { who, effect, state: None }],
        action: format!("{page_of_rule}/delete"),
        back: page_of_rule,
    };
    Ok(taking.asked(&viewer))
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
    let (verb, about) = match step {
        "delete" => (say("policies-delete"), say("policies-delete-about")),
        _ => (say("policies-deactivate"), say("policies-deactivate-about")),
    };
    let taking = Taking {
        place: Place::Policies,
        list: Link::new(say_of("policies-type", kind.as_str()), list_address(kind)),
        verb: verb.with("name", policy.name.clone()),
        about,
        lines,
        action: format!("{}/{step}", address(policy.id)),
        back: address(policy.id),
    };
    Ok(taking.asked(viewer))
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
