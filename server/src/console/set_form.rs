//! Making a resource set, renaming it, putting things in and taking them out, ending what is bound to it, deleting it.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Area, Permission, Resource, right};
use postern_store::roles::Holder;
use postern_store::{Error, Tx};

use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::{page, page_with};
use super::part::{Line, Link};
use super::part_page::Taking;
use super::role_form::{Wrong, misnamed, named, naming};
use super::sets::{self, address, asked, view};
use super::shell::Place;
use super::viewer::Viewer;
use super::words::say;
use super::{administrator, roles};
use crate::App;
use crate::api::iam::{bindings, sets as acts};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, users};

/// Where a set is made.
pub const NEW: &str = "/admin/administrators/sets/new";

/// `/admin/administrators/sets/new`, and what is done to a set.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    Routes::new()
        .get(NEW, manage, ask)
        .post(NEW, manage, make)
        .get("/admin/administrators/sets/{set}/edit", manage, show)
        .post("/admin/administrators/sets/{set}/edit", manage, save)
        .post("/admin/administrators/sets/{set}/resources", manage, add)
        .post("/admin/administrators/sets/{set}/resources/{resource}/remove", manage, remove)
        .get("/admin/administrators/sets/{set}/bindings/{role}/end", manage, confirm_end)
        .post("/admin/administrators/sets/{set}/bindings/{role}/end", manage, end)
        .get("/admin/administrators/sets/{set}/delete", manage, confirm)
        .post("/admin/administrators/sets/{set}/delete", manage, delete)
}

fn list() -> Link {
    Link::new(say("sets-title"), sets::ADDRESS)
}

/// The resources that a form names.
fn meant(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    typed: &Form,
) -> Result<Result<Vec<Resource>, Wrong>, Error> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    match (typed.text("area"), Area::ALL.iter().find(|area| area.as_str() == typed.text("area"))) {
        ("", _) => {}
        (_, Some(area)) => found.push(Resource::All(*area)),
        (_, None) => wrong.push(("area", say("sets-nothing-chosen"))),
    }
    for name in ["members", "group"] {
        let Some(words) = typed.some(name) else { continue };
        match tx.group_named(&words)? {
            Some(group) if name == "group" => found.push(Resource::Group(group.id)),
            Some(group) => found.push(Resource::Members(group.id)),
            None => wrong.push((name, say("administrators-no-group"))),
        }
    }
    if let Some(words) = typed.some("person") {
        match users::seen(tx, by, &words)? {
            Some(person) => found.push(Resource::User(person.id)),
            None => wrong.push(("person", say("administrators-no-person"))),
        }
    }
    if let Some(words) = typed.some("device") {
        let known = match words.parse() {
            Ok(id) => tx.device(id)?,
            Err(_) => None,
        };
        match known {
            Some(device) => found.push(Resource::Device(device.id)),
            None => wrong.push(("device", say("sets-no-device"))),
        }
    }
    Ok(if wrong.is_empty() { Ok(found) } else { Err(wrong) })
}

fn new(viewer: &Viewer, typed: &Form) -> FormPage {
    let (all, choosers) = asked(|name| typed.text(name).to_owned());
    let mut fields: Vec<Asked> = naming(typed.text("label"), typed.text("description")).into();
    fields.push(Asked::Field(all));
    fields.extend(choosers.into_iter().map(Asked::Chooser));
    FormPage {
        shell: viewer.shell(Place::Administrators),
        list: list(),
        title: say("sets-new"),
        lead: say("sets-new-lead"),
        notice: None,
        action: NEW.to_owned(),
        kept: Vec::new(),
        asked: fields,
        save: say("sets-make"),
        back: sets::ADDRESS.to_owned(),
    }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::RolesManage>(&app).await?;
    Ok(page(new(&viewer, &Form::default())))
}

async fn make(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let form = new(&viewer, &typed);
    let resources = match app.store.read(by.org, |tx| meant(tx, &by, &typed)).await? {
        Ok(resources) => resources,
        Err(wrong) => return Ok(form.refused(StatusCode::BAD_REQUEST, wrong)),
    };
    let made = match named(&typed).parse() {
        Ok(naming) => acts::create(&app, &by, &naming, &resources).await,
        Err(wrong) => Err(wrong),
    };
    match made {
        Ok(set) => Ok(Redirect::to(&address(set.id)).into_response()),
        Err(wrong) => misnamed(wrong).map(|(status, wrong)| form.refused(status, wrong)),
    }
}

fn edit(viewer: &Viewer, own: (&str, &str), (label, description): (&str, &str)) -> FormPage {
    let (id, present) = own;
    let page = format!("{}/{id}", sets::ADDRESS);
    FormPage {
        shell: viewer.shell(Place::Administrators),
        list: list(),
        title: say("sets-edit").with("set", present.to_owned()),
        lead: say("sets-edit-lead"),
        notice: None,
        action: format!("{page}/edit"),
        kept: Vec::new(),
        asked: naming(label, description).into(),
        save: say("part-save"),
        back: page,
    }
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let set = app.store.read(by.org, |tx| acts::named(tx, &id)).await??;
    Ok(page(edit(&viewer, (set.id.as_str(), &set.label), (&set.label, &set.description))))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let set = app.store.read(by.org, |tx| acts::named(tx, &id)).await??;
    let saved = match named(&typed).parse() {
        Ok(naming) => acts::update(&app, &by, &id, &naming).await,
        Err(wrong) => Err(wrong),
    };
    match saved {
        Ok(set) => Ok(Redirect::to(&address(set.id)).into_response()),
        Err(wrong) => {
            let words = (typed.text("label"), typed.text("description"));
            let form = edit(&viewer, (set.id.as_str(), &set.label), words);
            misnamed(wrong).map(|(status, wrong)| form.refused(status, wrong))
        }
    }
}

async fn add(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let wrong = match app.store.read(by.org, |tx| meant(tx, &by, &typed)).await? {
        Ok(resources) if resources.is_empty() => vec![("area", say("sets-nothing-chosen"))],
        Ok(resources) => match acts::add(&app, &by, &id, &resources).await {
            Ok(set) => return Ok(Redirect::to(&address(set.id)).into_response()),
            Err(wrong) if wrong.status == StatusCode::BAD_REQUEST => {
                vec![("area", say("sets-full").with("count", acts::MOST))]
            }
            Err(wrong) => return Err(wrong),
        },
        Err(wrong) => wrong,
    };
    let view = view(&app, &viewer, &id, |name| typed.text(name).to_owned(), wrong).await?;
    Ok(page_with(StatusCode::BAD_REQUEST, view))
}

async fn remove(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((id, resource)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    acts::remove(&app, &by, &id, &resource).await?;
    Ok(Redirect::to(&format!("{}/{id}", sets::ADDRESS)).into_response())
}

async fn confirm_end(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((set, role)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let read = app.store.read(by.org, |tx| {
        let bound = match bindings::bound(tx, (&set, &role))? {
            Ok(bound) => bound,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let mut lines = Vec::new();
        for member in tx.members_of_binding(bound.binding.id, "", u32::MAX)? {
            let (name, effect) = match member.holder {
                Holder::Group(id) => {
                    let effect = say("administrators-take-group").with("count", tx.count_members(id)?);
                    (tx.group(id)?.map(|group| group.name), effect)
                }
                Holder::User(id) => (tx.user(id)?.map(|person| person.name()), say("administrators-take-person")),
            };
            let who = Link::new(name.unwrap_or_else(|| member.id.to_string()), administrator::address(member.id));
            lines.push(Line { who, effect, state: None });
        }
        if lines.is_empty() {
            let who = Link::new(&bound.role.label, roles::page_of(bound.role.id));
            lines.push(Line { who, effect: say("sets-end-nobody"), state: None });
        }
        Ok(Ok((bound, lines)))
    });
    let (bound, lines) = read.await??;
    let taking = Taking {
        place: Place::Administrators,
        list: list(),
        verb: say("sets-end").with("role", bound.role.label.clone()).with("set", bound.set.label.clone()),
        about: say("sets-end-about"),
        lines,
        action: format!("{}/bindings/{}/end", address(bound.set.id), bound.role.id),
        back: address(bound.set.id),
    };
    Ok(taking.asked(&viewer))
}

async fn end(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((set, role)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    bindings::delete(&app, &by, (&set, &role)).await?;
    Ok(Redirect::to(&format!("{}/{set}", sets::ADDRESS)).into_response())
}

async fn confirm(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let read = app.store.read(by.org, |tx| match acts::named(tx, &id)? {
        Ok(set) => {
            let is_bound = !tx.bindings_of_set(set.id, "", 1)?.is_empty();
            let resources = tx.resources_of_set(set.id)?.len();
            Ok(Ok((set, is_bound, resources)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    let (set, is_bound, resources) = read.await??;
    if is_bound {
        // The set's page says why it stays.
        return Ok(Redirect::to(&address(set.id)).into_response());
    }
    let effect = say("sets-delete-effect").with("count", resources);
    let taking = Taking {
        place: Place::Administrators,
        list: list(),
        verb: say("sets-delete").with("set", set.label.clone()),
        about: say("sets-delete-about"),
        lines: vec![Line { who: Link::new(&set.label, address(set.id)), effect, state: None }],
        action: format!("{}/delete", address(set.id)),
        back: address(set.id),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    acts::delete(&app, &by, &id).await?;
    Ok(Redirect::to(sets::ADDRESS).into_response())
}
