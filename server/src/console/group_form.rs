//! Making a group, changing what it is called, and deleting it with a look at what hangs on it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::group::{BadGroup, GroupProfile};
use postern_authn::permission::{Permission, right};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Link, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say};
use super::{group, rules};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, groups};

/// The form.
#[derive(Template)]
#[template(path = "console/group_form.html")]
pub struct GroupForm {
    /// The frame.
    pub shell: Shell,
    /// What is done.
    pub title: Text,
    /// Where the form goes.
    pub action: String,
    /// Where to go without saving.
    pub back: String,
    /// The word of the button.
    pub save: Text,
    /// Name and description.
    pub fields: Vec<Field>,
}

/// What a deletion takes along.
#[derive(Template)]
#[template(path = "console/group_delete.html")]
pub struct GroupDelete {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: String,
    /// Its page.
    pub back: String,
    /// Why it cannot go, if it cannot.
    pub notice: Option<Notice>,
    /// What has to go first.
    pub holders: Vec<Link>,
    /// What follows.
    pub effects: Vec<Text>,
}

/// `/admin/groups/new`, `/admin/groups/ID/edit`, `/admin/groups/ID/delete`.
pub fn routes() -> Routes {
    let (create, manage) = (Access::Permission(Permission::GroupsCreate), Access::Permission(Permission::GroupsManage));
    Routes::new()
        .get("/admin/groups/new", create, ask)
        .post("/admin/groups/new", create, make)
        .get("/admin/groups/{group}/delete", manage, ask_to_delete)
        .post("/admin/groups/{group}/delete", manage, delete)
        .get("/admin/groups/{group}/edit", manage, edit)
        .post("/admin/groups/{group}/edit", manage, save)
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::GroupsCreate>(&app).await?;
    Ok(page(new(&viewer, ("", ""))))
}

async fn make(app: Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::GroupsCreate>(&app).await?;
    let typed = (form.text("name"), form.text("description"));
    let made = match GroupProfile::new(typed.0, typed.1) {
        Ok(profile) => groups::create(&app, &by, &profile).await,
        Err(wrong) => return Ok(page_with(StatusCode::BAD_REQUEST, with_error(new(&viewer, typed), wrong))),
    };
    match made {
        Ok(group) => Ok(Redirect::to(&group::address(group.id)).into_response()),
        Err(error) => refused(new(&viewer, typed), error),
    }
}

async fn edit(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let group = app.store.read(by.org, |tx| groups::seen(tx, &by, &id)).await??;
    Ok(page(of(&viewer, &id, (&group.name, &group.description))))
}

async fn save(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let typed = (form.text("name"), form.text("description"));
    let saved = match GroupProfile::new(typed.0, typed.1) {
        Ok(profile) => groups::update(&app, &by, &id, &profile).await,
        Err(wrong) => return Ok(page_with(StatusCode::BAD_REQUEST, with_error(of(&viewer, &id, typed), wrong))),
    };
    match saved {
        Ok(group) => Ok(Redirect::to(&group::address(group.id)).into_response()),
        Err(error) => refused(of(&viewer, &id, typed), error),
    }
}

fn new(viewer: &Viewer, typed: (&str, &str)) -> GroupForm {
    GroupForm {
        shell: viewer.shell(Place::Groups),
        title: say("groups-new"),
        action: "/admin/groups/new".to_owned(),
        back: "/admin/groups".to_owned(),
        save: say("groups-create"),
        fields: fields(typed),
    }
}

fn of(viewer: &Viewer, id: &str, typed: (&str, &str)) -> GroupForm {
    GroupForm {
        title: say("group-edit"),
        action: format!("{}/edit", group::address(id)),
        back: group::address(id),
        save: say("part-save"),
        ..new(viewer, typed)
    }
}

fn fields((name, description): (&str, &str)) -> Vec<Field> {
    vec![
        Field::new("name", say("groups-group"), Kind::Text).holding(name).first(),
        Field::new("description", say("groups-for"), Kind::Text).holding(description).optional(),
    ]
}

fn with_error(mut view: GroupForm, wrong: BadGroup) -> GroupForm {
    let (name, why) = match wrong {
        BadGroup::Description => ("description", say("group-description-long")),
        BadGroup::Name => ("name", say("group-name-wrong")),
    };
    for field in view.fields.iter_mut().filter(|field| field.name == name) {
        *field = field.clone().refused(why.clone());
    }
    view
}

/// The form again where the name is taken; any other refusal has a page of its own.
fn refused(mut view: GroupForm, error: ApiError) -> Result<Response, ApiError> {
    if !error.causes.iter().any(|cause| cause.starts_with("name: ")) {
        return Err(error);
    }
    for field in view.fields.iter_mut().filter(|field| field.name == "name") {
        *field = field.clone().refused(say("group-name-taken"));
    }
    Ok(page_with(error.status, view))
}

async fn ask_to_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(deletion(&app, &viewer, &id).await?))
}

async fn deletion(app: &App, viewer: &Viewer, id: &str) -> Result<GroupDelete, ApiError> {
    let manage = viewer.require::<right::GroupsManage>(app).await?;
    let found = app.store.read(manage.org, |tx| groups::seen(tx, &manage, id)).await??;
    let hanging = groups::effects::hanging_on(app, &manage, &found).await?;
    let is_held = !hanging.rules.is_empty() || !hanging.policies.is_empty();
    let policies =
        hanging.policies.iter().map(|(name, kind)| Link::new(format!("{name} ({kind})"), "/admin/security/policies"));
    let fillers = hanging.rules.iter().map(|(id, name)| Link::new(name, rules::address(id)));
    let roles = hanging.grants.iter().map(|grant| say("group-delete-role").with("role", viewer::granted(grant)));
    let people = say("group-delete-people").with("count", hanging.people);
    Ok(GroupDelete {
        shell: viewer.shell(Place::Groups),
        name: found.name,
        back: group::address(id),
        notice: is_held.then(|| Notice::new(Tone::Warning, say("group-delete-held"), say("group-delete-held-next"))),
        holders: policies.chain(fillers).collect(),
        effects: std::iter::once(people).chain(roles).chain([say("group-delete-final")]).collect(),
    })
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    match groups::delete(&app, &by, &id).await {
        Ok(()) => Ok(Redirect::to("/admin/groups").into_response()),
        Err(error) if error.status == StatusCode::BAD_REQUEST => {
            Ok(page_with(error.status, deletion(&app, &viewer, &id).await?))
        }
        Err(error) => Err(error),
    }
}
