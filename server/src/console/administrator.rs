//! A role that somebody holds: what it lets them do and over what; limited to groups; taken, after what follows is said.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, Role, right};
use postern_codes::id::{Id, RoleAssignment as AssignmentKind};
use postern_store::Error;
use postern_store::roles::{Held, Holder, Loss};

use super::administrators::{self, detail, holder, reach, role_words};
use super::form::Form;
use super::page::{page, page_with};
use super::part::{Act, Chooser, Facts, Field, Kind, Line, Link, Notice, Source, Tone};
use super::part_page::Taking;
use super::roles::{self, Allows};
use super::sets;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::roles::{self as acts, Shown, To, Who};
use crate::api::routes::{Access, Routes};

/// What the viewer may change about the groups that a role is limited to.
pub struct Targets {
    /// The groups, each with the way to take it out where one stays.
    pub groups: Vec<(String, Option<Act>)>,
    /// Where a further one is added, for those who may.
    pub add: Option<(String, Chooser)>,
}

/// The page of a role that somebody holds.
#[derive(Template)]
#[template(path = "console/administrator.html")]
pub struct Administrator {
    /// The frame.
    pub shell: Shell,
    /// Who holds it.
    pub holder: Link,
    /// Their sign-in name, or how many people are in the group.
    pub detail: Text,
    /// The role and its page.
    pub role: Link,
    /// The resource set, where it reaches one.
    pub set: Option<Link>,
    /// Name by name.
    pub facts: Facts,
    /// What it lets them do.
    pub allows: Vec<Allows>,
    /// The groups that it is limited to, where it can be.
    pub targets: Option<Targets>,
    /// Why it cannot be taken, where it could be otherwise.
    pub stays: Option<Notice>,
    /// Where it is taken, for those who may.
    pub take: Option<String>,
}

/// `/admin/administrators/ID`, `.../take`, `.../targets`.
pub fn routes() -> Routes {
    let (manage, read) = (Access::Permission(Permission::RolesManage), Access::Permission(Permission::RolesRead));
    Routes::new()
        .get("/admin/administrators/{assignment}", read, show)
        .get("/admin/administrators/{assignment}/take", manage, confirm)
        .post("/admin/administrators/{assignment}/take", manage, take)
        .post("/admin/administrators/{assignment}/targets", manage, add)
        .post("/admin/administrators/{assignment}/targets/{target}/remove", manage, remove)
}

/// The page of a role that somebody holds.
pub fn address(id: Id<AssignmentKind>) -> String {
    format!("{}/{id}", administrators::ADDRESS)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(view(&app, &viewer, &id, None).await?))
}

async fn view(app: &App, viewer: &Viewer, id: &str, refused: Option<(&Form, Text)>) -> Result<Administrator, ApiError> {
    let by = viewer.require::<right::RolesRead>(app).await?;
    let (shown, who) = acts::one(app, &by, id).await?;
    let own = shown.assignment.clone();
    let may_change = may_change(app, viewer, own.holder).await?;
    let read = app.store.read(by.org, |tx| {
        let mut groups = Vec::new();
        for target in tx.role_targets(own.id)? {
            groups.extend(tx.group(target)?);
        }
        let set = match own.held {
            Held::Custom { set, .. } => tx.resource_set(set)?,
            Held::Standard(_) => None,
        };
        let is_last = own.held == Held::Standard(Role::Super) && tx.would_leave_no_super(Loss::Assignment(own.id))?;
        Ok::<_, Error>((reach(tx, &shown)?, roles::allows_of(tx, own.held)?, groups, set, is_last))
    });
    let (reach, allows, groups, set, is_last) = read.await?;
    let role = Link::new(role_words(&shown), roles::address(own.held));
    let facts = vec![(say("administrators-reach"), reach), (say("administrators-since"), Text::exact(own.created_at))];
    let takes_groups = matches!(own.held, Held::Standard(role) if role.takes_groups());
    let may_remove = may_change && groups.len() > 1;
    let add = may_change.then(|| {
        let hint = if own.is_limited { say("administrators-limit-more") } else { say("administrators-limit-first") };
        let field = Field::new("group", say("administrators-limit-add"), Kind::Text).hint(hint);
        let field = match &refused {
            Some((typed, why)) => field.holding(typed.text("group")).refused(why.clone()),
            None => field,
        };
        (format!("{}/targets", address(own.id)), Chooser { field, source: Source::Groups })
    });
    let groups = groups.into_iter().map(|group| {
        let act = may_remove.then(|| Act {
            words: say("administrators-limit-remove").with("group", group.name.clone()),
            effect: say("administrators-limit-remove-effect"),
            address: format!("{}/targets/{}/remove", address(own.id), group.id),
            is_dangerous: true,
        });
        (group.name, act)
    });
    let stays = is_last.then(|| {
        Notice::new(Tone::Warning, say("administrators-last"), say("administrators-last-next"))
            .with_code("last_super_admin")
    });
    Ok(Administrator {
        shell: viewer.shell(Place::Administrators),
        holder: holder(&who),
        detail: detail(&who),
        role,
        set: set.map(|set| Link::new(&set.label, sets::address(set.id))),
        facts: Facts { facts },
        allows,
        targets: takes_groups.then(|| Targets { groups: groups.collect(), add }),
        stays,
        take: (may_change && !is_last).then(|| format!("{}/take", address(own.id))),
    })
}

async fn may_change(app: &App, viewer: &Viewer, holder: Holder) -> Result<bool, ApiError> {
    if !viewer.may(Permission::RolesManage) {
        return Ok(false);
    }
    let by = viewer.require::<right::RolesManage>(app).await?;
    Ok(app.store.read(by.org, |tx| acts::may_change(tx, &by, holder)).await?)
}

async fn confirm(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let reader = viewer.require::<right::RolesRead>(&app).await?;
    let (shown, who) = acts::one(&app, &reader, &id).await?;
    let own = shown.assignment.clone();
    let read = app.store.read(by.org, |tx| {
        let is_last = own.held == Held::Standard(Role::Super) && tx.would_leave_no_super(Loss::Assignment(own.id))?;
        let (mut others, mut tokens) = (Vec::new(), 0);
        if let Holder::User(id) = own.holder {
            let mut held = tx.role_assignments(id)?;
            held.extend(tx.role_assignments_by_groups(id)?);
            for other in held.into_iter().filter(|other| other.id != own.id) {
                others.push(role_words(&acts::shown(tx, other)?));
            }
            tokens = tx.count_tokens_of(id, viewer.now)?;
        }
        Ok::<_, Error>((is_last, acts::may_change(tx, &by, own.holder)?, others, tokens, reach(tx, &shown)?))
    });
    let (is_last, may_change, others, tokens, reach) = read.await?;
    if is_last || !may_change {
        // The page of the role says why.
        return Ok(Redirect::to(&address(own.id)).into_response());
    }
    let (holder, role) = (holder(&who), role_words(&shown));
    let line = |who: &Link, effect| Line { who: who.clone(), effect, state: None };
    let mut lines = vec![match &who {
        Who::Group(_, people) => line(&holder, say("administrators-take-group").with("count", *people)),
        Who::User(_) => line(&holder, say("administrators-take-person")),
    }];
    lines.push(Line {
        who: Link::new(role.clone(), roles::address(own.held)),
        effect: say("administrators-take-reach").with("reach", reach),
        state: None,
    });
    if tokens > 0 {
        lines.push(line(&holder, say("administrators-take-tokens").with("count", tokens)));
    }
    if let Who::User(person) = &who {
        lines.push(line(
            &holder,
            match others.as_slice() {
                [] if person.id == by.user() => say("administrators-take-own"),
                [] => say("administrators-take-none"),
                _ => say("administrators-take-others").with("roles", Text::list(others)),
            },
        ));
    }
    let taking = Taking {
        place: Place::Administrators,
        list: administrators::list(),
        verb: say("administrators-take").with("role", role).with("holder", holder.text.clone()),
        about: say("administrators-take-about"),
        lines,
        action: format!("{}/take", address(own.id)),
        back: address(own.id),
    };
    Ok(taking.asked(&viewer))
}

async fn take(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let reader = viewer.require::<right::RolesRead>(&app).await?;
    let (shown, _) = acts::one(&app, &reader, &id).await?;
    acts::take(&app, &by, To::Known(shown.assignment.holder), &id).await?;
    Ok(Redirect::to(administrators::ADDRESS).into_response())
}

async fn add(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let (Shown { assignment, .. }, _) = acts::one(&app, &viewer.require::<right::RolesRead>(&app).await?, &id).await?;
    let named = app.store.read(by.org, |tx| tx.group_named(typed.text("group"))).await?;
    let Some(group) = named else {
        let view = view(&app, &viewer, &id, Some((&typed, say("administrators-no-group")))).await?;
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    };
    match acts::add_target(&app, &by, (To::Known(assignment.holder), &id), group.id.as_str()).await {
        Ok(()) => Ok(Redirect::to(&address(assignment.id)).into_response()),
        Err(wrong) if wrong.code == "E0000093" => {
            let why = say("administrators-limit-full").with("count", acts::MOST_TARGETS);
            Ok(page_with(wrong.status, view(&app, &viewer, &id, Some((&typed, why))).await?))
        }
        Err(wrong) => Err(wrong),
    }
}

async fn remove(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((id, group)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let (Shown { assignment, .. }, _) = acts::one(&app, &viewer.require::<right::RolesRead>(&app).await?, &id).await?;
    acts::remove_target(&app, &by, (To::Known(assignment.holder), &id), &group).await?;
    Ok(Redirect::to(&address(assignment.id)).into_response())
}
