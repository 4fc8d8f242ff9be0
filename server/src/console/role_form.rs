//! Making a role of permissions, changing it, deleting it. A permission that the viewer does not hold is not offered; one
//! that the role has all the same stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Area, Attributes, Permission, right};
use postern_store::Error;
use postern_store::custom_roles::CustomRole;

use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::page;
use super::part::{Field, Kind, Line, Link, Notice, Tick, Ticks, Tone};
use super::part_page::Taking;
use super::roles::{self, page_of, sentence};
use super::shell::Place;
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::iam::{Naming, custom};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};

/// Where a role is made.
pub const NEW: &str = "/admin/administrators/roles/new";

/// `/admin/administrators/roles/new`, `.../roles/ID/edit`, `.../roles/ID/delete`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    Routes::new()
        .get(NEW, manage, ask)
        .post(NEW, manage, make)
        .get("/admin/administrators/roles/{role}/edit", manage, show)
        .post("/admin/administrators/roles/{role}/edit", manage, save)
        .get("/admin/administrators/roles/{role}/delete", manage, confirm)
        .post("/admin/administrators/roles/{role}/delete", manage, delete)
}

fn list() -> Link {
    Link::new(say("roles-title"), roles::ADDRESS)
}

/// The fields of a label and what it is for.
pub fn naming(label: &str, description: &str) -> [Asked; 2] {
    [
        Asked::Field(Field::new("label", say("roles-label"), Kind::Text).holding(label).first()),
        Asked::Field(
            Field::new("description", say("roles-description"), Kind::Long(255))
                .hint(say("roles-description-hint"))
                .holding(description)
                .optional(),
        ),
    ]
}

/// What is wrong, by field.
pub type Wrong = Vec<(&'static str, Text)>;

/// What is wrong with a label or a description, at its field; anything else is for the page of problems.
///
/// # Errors
/// The error itself where it is no such thing.
pub fn misnamed(wrong: ApiError) -> Result<(StatusCode, Wrong), ApiError> {
    if wrong.status != StatusCode::BAD_REQUEST {
        return Err(wrong);
    }
    let about = |cause: &String| match cause.as_str() {
        cause if cause.starts_with("description") => Some(("description", say("roles-description-wrong"))),
        cause if cause.contains("already exists") => Some(("label", say("roles-label-taken"))),
        cause if cause.starts_with("label") => Some(("label", say("roles-label-wrong"))),
        _ => None,
    };
    let found: Vec<_> = wrong.causes.iter().filter_map(about).collect();
    if found.is_empty() { Err(wrong) } else { Ok((wrong.status, found)) }
}

/// The name and the words that a form holds.
pub fn named(typed: &Form) -> Naming {
    Naming { label: typed.text("label").to_owned(), description: typed.text("description").to_owned() }
}

fn offered(by: &Allowed<right::RolesManage>) -> Vec<Permission> {
    let holds = |permission: &Permission| by.authority().has_with(*permission, &Attributes::all());
    Permission::ALL.iter().copied().filter(holds).collect()
}

fn ticked(typed: &Form, offered: &[Permission]) -> BTreeSet<Permission> {
    typed.all("permission").filter_map(|name| name.parse().ok()).filter(|one| offered.contains(one)).collect()
}

/// The permissions that are offered, by area.
fn checklist(offered: &[Permission], chosen: &BTreeSet<Permission>) -> Vec<Asked> {
    let of_area = |area: &Area| {
        let own = offered.iter().filter(|permission| permission.area() == *area);
        let ticks: Vec<Tick> = own
            .map(|permission| Tick {
                value: permission.as_str().to_owned(),
                label: sentence(*permission),
                about: Some(permission.as_str().to_owned().into()),
                is_on: chosen.contains(permission),
            })
            .collect();
        (!ticks.is_empty()).then(|| Asked::Ticks(Ticks::new("permission", roles::area(*area), ticks)))
    };
    Area::ALL.iter().filter_map(of_area).collect()
}

fn new(viewer: &Viewer, offered: &[Permission], typed: &Form) -> FormPage {
    let mut asked: Vec<Asked> = naming(typed.text("label"), typed.text("description")).into();
    asked.extend(checklist(offered, &ticked(typed, offered)));
    FormPage {
        shell: viewer.shell(Place::Administrators),
        list: list(),
        title: say("roles-new"),
        lead: say("roles-new-lead"),
        notice: None,
        action: NEW.to_owned(),
        kept: Vec::new(),
        asked,
        save: say("roles-make"),
        back: roles::ADDRESS.to_owned(),
    }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    Ok(page(new(&viewer, &offered(&by), &Form::default())))
}

async fn make(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let (typed, offered) = (typed?, offered(&by));
    let form = new(&viewer, &offered, &typed);
    let permissions: Vec<Permission> = ticked(&typed, &offered).into_iter().collect();
    if permissions.is_empty() {
        return Ok(form.refused(StatusCode::BAD_REQUEST, vec![("permission", say("roles-none-ticked"))]));
    }
    let made = match named(&typed).parse() {
        Ok(naming) => custom::create(&app, &by, &naming, &permissions).await,
        Err(wrong) => Err(wrong),
    };
    match made {
        Ok(role) => Ok(Redirect::to(&page_of(role.id)).into_response()),
        Err(wrong) => misnamed(wrong).map(|(status, wrong)| form.refused(status, wrong)),
    }
}

/// A role and what it may do.
async fn present(
    app: &App,
    by: &Allowed<right::RolesManage>,
    id: &str,
) -> Result<(CustomRole, BTreeSet<Permission>), ApiError> {
    let read = app.store.read(by.org, |tx| match custom::named(tx, id)? {
        Ok(role) => {
            let own = tx.role_permissions(role.id)?.into_iter().map(|own| own.permission).collect();
            Ok(Ok((role, own)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    read.await?
}

fn edit(
    viewer: &Viewer,
    role: &CustomRole,
    (label, description): (&str, &str),
    offered: &[Permission],
    (held, chosen): (&BTreeSet<Permission>, &BTreeSet<Permission>),
) -> FormPage {
    let mut asked: Vec<Asked> = naming(label, description).into();
    asked.extend(checklist(offered, chosen));
    let beyond: Vec<Text> = held.iter().filter(|one| !offered.contains(one)).map(|one| sentence(*one)).collect();
    let notice = (!beyond.is_empty())
        .then(|| Notice::new(Tone::Plain, say("roles-beyond"), Text::sentences(beyond)).with_code("E0000006"));
    FormPage {
        shell: viewer.shell(Place::Administrators),
        list: list(),
        title: say("roles-edit").with("role", role.label.clone()),
        lead: say("roles-edit-lead"),
        notice,
        action: format!("{}/edit", page_of(role.id)),
        kept: vec![("version".to_owned(), role.updated_at.micros().to_string())],
        asked,
        save: say("part-save"),
        back: page_of(role.id),
    }
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let (role, own) = present(&app, &by, &id).await?;
    Ok(page(edit(&viewer, &role, (&role.label, &role.description), &offered(&by), (&own, &own))))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let (typed, offered) = (typed?, offered(&by));
    let (role, own) = present(&app, &by, &id).await?;
    let chosen = ticked(&typed, &offered);
    let words = (typed.text("label"), typed.text("description"));
    let form = edit(&viewer, &role, words, &offered, (&own, &chosen));
    let version = typed.text("version").parse().unwrap_or(-1);
    let kept = own.iter().filter(|one| !offered.contains(one)).copied();
    let wanted: BTreeSet<Permission> = chosen.iter().copied().chain(kept).collect();
    if wanted.is_empty() {
        return Ok(form.refused(StatusCode::BAD_REQUEST, vec![("permission", say("roles-none-ticked"))]));
    }
    let saved = match named(&typed).parse() {
        Ok(naming) => custom::revise(&app, &by, &id, &naming, (&wanted, version)).await,
        Err(wrong) => Err(wrong),
    };
    match saved {
        Ok(role) => Ok(Redirect::to(&page_of(role.id)).into_response()),
        Err(wrong) if wrong.status == StatusCode::PRECONDITION_FAILED => {
            let notice =
                Notice::new(Tone::Warning, say("roles-changed-meanwhile"), say("roles-changed-meanwhile-next"));
            let form = edit(&viewer, &role, (&role.label, &role.description), &offered, (&own, &own));
            Ok(form.noticed(wrong.status, notice.with_code(wrong.code)))
        }
        Err(wrong) => misnamed(wrong).map(|(status, wrong)| form.refused(status, wrong)),
    }
}

async fn confirm(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let (role, _) = present(&app, &by, &id).await?;
    let bound = app.store.read(by.org, |tx| Ok::<_, Error>(!tx.bindings_of_role(role.id)?.is_empty())).await?;
    if bound {
        // The role's page says why it stays.
        return Ok(Redirect::to(&page_of(role.id)).into_response());
    }
    let own = Link::new(&role.label, page_of(role.id));
    let taking = Taking {
        place: Place::Administrators,
        list: list(),
        verb: say("roles-delete").with("role", role.label.clone()),
        about: say("roles-delete-about"),
        lines: vec![Line { who: own, effect: say("roles-delete-effect"), state: None }],
        action: format!("{}/delete", page_of(role.id)),
        back: page_of(role.id),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    custom::delete(&app, &by, &id).await?;
    Ok(Redirect::to(roles::ADDRESS).into_response())
}
