//! Making a person, and changing their profile. A change is meant for the person as the page showed them: whoever was
//! changed by somebody else meanwhile is shown again, with nothing saved and nothing lost.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::User as UserKind;
use serde_json::{Map, Value};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{meanwhile, people};
use crate::App;
use crate::account::Setter;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Change, Expected, NewPerson};
use crate::api::{Allowed, ApiError, profile};

const LATER: &str = "later";

/// The form.
#[derive(Template)]
#[template(path = "console/person_form.html")]
pub struct PersonForm {
    /// The frame.
    pub shell: Shell,
    /// What is done: a new person, or whose profile is changed.
    pub title: Text,
    /// What follows from it.
    pub lead: Text,
    /// Where the form goes.
    pub action: String,
    /// Where to go without saving.
    pub back: String,
    /// The word of the button.
    pub save: Text,
    /// Which state of the person the form shows; none for somebody new.
    pub version: Option<i64>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// The members of the profile.
    pub fields: Vec<Field>,
    /// What they held when the form was made: what is typed like that, nobody changed by hand.
    pub before: Vec<(String, String)>,
}

/// `/admin/people/new`, `/admin/people/ID/edit`.
pub fn routes() -> Routes {
    let (create, edit) =
        (Access::Permission(Permission::UsersCreate), Access::Permission(Permission::UsersProfileManage));
    Routes::new()
        .get("/admin/people/new", create, ask)
        .post("/admin/people/new", create, make)
        .get("/admin/people/{person}/edit", edit, show)
        .post("/admin/people/{person}/edit", edit, save)
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::UsersCreate>(&app).await?;
    Ok(page(new(&viewer, |_| String::new())))
}

async fn make(app: Shared<Arc<App>>, viewer: Viewer, form: Result<Form, ApiError>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersCreate>(&app).await?;
    let form = form?;
    let mut members = members(&form);
    if form.text("login").is_empty() {
        members.insert("login".to_owned(), form.text("email").into());
    }
    let made = match profile::read(&members) {
        Err(wrong) => Err(wrong),
        Ok((login, profile)) => {
            let activate = form.text("begin") != LATER;
            let groups = Vec::new();
            let person =
                NewPerson { login, profile, secret: None, question: None, activate, must_change: false, groups };
            users::create(&app, &by, person).await
        }
    };
    match made {
        Ok(person) => Ok(Redirect::to(&people::address(&person)).into_response()),
        Err(wrong) => refused(new(&viewer, |name| form.text(name).to_owned()), wrong),
    }
}

async fn show(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersProfileManage>(&app).await?;
    let (person, open) = editable(&app, &by, &id).await?;
    Ok(page(edit(&viewer, &person, &open)))
}

/// A person, and the members of their profile that the caller may change.
async fn editable(
    app: &App,
    by: &Allowed<right::UsersProfileManage>,
    id: &str,
) -> Result<(User, Vec<&'static str>), ApiError> {
    let read = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, by, id)? else { return Ok(None) };
        let allowed = users::veil::attributes(tx, by, Permission::UsersProfileManage, person.id)?;
        let names = fields(|_| String::new()).into_iter().map(|field| field.name);
        Ok(Some((person, names.filter(|name| allowed.has(name)).collect())))
    });
    read.await?.ok_or_else(|| ApiError::not_found::<UserKind>(id))
}

async fn save(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersProfileManage>(&app).await?;
    let (form, (before, open)) = (form?, editable(&app, &by, &id).await?);
    let mut typed = members(&form);
    typed.retain(|name, _| open.contains(&name.as_str()));
    // What the form does not show stays.
    let join = |mut present: Map<String, Value>| {
        present.extend(typed.clone());
        present
    };
    let expected = Expected::Versions(vec![form.text("version").parse().unwrap_or(-1)]);
    let setter = Setter::Administrator;
    let change = Change { expected, profile: Some(join), secret: None, setter, question: None };
    match users::update(&app, &by, &id, change).await {
        Ok(person) => Ok(Redirect::to(&people::address(&person)).into_response()),
        Err(wrong) if meanwhile::is_overtaken(&wrong) => {
            let person = users::found(&app, &by, &id).await?;
            let next = say("accounts-changed-meanwhile-next");
            let notice = Notice::new(Tone::Warning, say("accounts-changed-meanwhile"), next).with_code(wrong.code);
            let mut view = PersonForm { notice: Some(notice), ..edit(&viewer, &person, &open) };
            meanwhile::keep_typed(&mut view.fields, &form);
            Ok(page_with(StatusCode::PRECONDITION_FAILED, view))
        }
        Err(wrong) => {
            let mut view = edit(&viewer, &before, &open);
            view.version = form.text("version").parse().ok();
            meanwhile::keep_before(&mut view.before, &form);
            for field in &mut view.fields {
                form.text(field.name).clone_into(&mut field.value);
            }
            refused(view, wrong)
        }
    }
}

fn new(viewer: &Viewer, value: impl Fn(&str) -> String) -> PersonForm {
    let mut fields = fields(value);
    let choices = vec![("now".to_owned(), say("accounts-begin-now")), (LATER.to_owned(), say("accounts-begin-later"))];
    fields.push(Field::new("begin", say("accounts-begin"), Kind::Choice(choices)));
    if let Some(login) = fields.iter_mut().find(|field| field.name == "login") {
        login.is_required = false;
    }
    PersonForm {
        shell: viewer.shell(Place::People),
        title: say("accounts-new"),
        lead: say("accounts-new-lead"),
        action: "/admin/people/new".to_owned(),
        back: "/admin/people".to_owned(),
        save: say("accounts-create"),
        version: None,
        notice: None,
        fields,
        before: Vec::new(),
    }
}

fn edit(viewer: &Viewer, person: &User, open: &[&str]) -> PersonForm {
    let shown = profile::shown(&person.login, &person.profile);
    let value = |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields: Vec<_> = fields(value).into_iter().filter(|field| open.contains(&field.name)).collect();
    PersonForm {
        before: meanwhile::before(&fields),
        shell: viewer.shell(Place::People),
        title: say("accounts-edit").with("person", person.name()),
        lead: say("accounts-edit-lead"),
        action: format!("{}/edit", people::address(person)),
        back: people::address(person),
        save: say("part-save"),
        version: Some(person.version),
        notice: None,
        fields,
    }
}

fn fields(value: impl Fn(&str) -> String) -> Vec<Field> {
    let field = |name: &'static str, label: Text, kind| {
        let held = value(name);
        Field::new(name, label, kind).holding(held)
    };
    vec![
        field("firstName", say("accounts-first-name"), Kind::Text).first(),
        field("lastName", say("accounts-last-name"), Kind::Text),
        field("email", say("accounts-email"), Kind::Email),
        field("login", say("accounts-login"), Kind::Text).hint(say("accounts-login-hint")),
        field("mobilePhone", say("accounts-mobile-phone"), Kind::Text).optional(),
        field("primaryPhone", say("accounts-primary-phone"), Kind::Text).optional(),
        field("secondEmail", say("accounts-second-email"), Kind::Email).optional(),
        field("department", say("accounts-department"), Kind::Text).optional(),
        field("title", say("accounts-title"), Kind::Text).optional(),
    ]
}

/// What was typed, by the members of the API's profile; an empty field takes its member away.
fn members(form: &Form) -> Map<String, Value> {
    let typed = |name: &str| form.some(name).map_or(Value::Null, Value::String);
    fields(|_| String::new()).iter().map(|field| (field.name.to_owned(), typed(field.name))).collect()
}

/// The form again, with what to mend at each field; what belongs to no field goes to the page of problems.
fn refused(mut view: PersonForm, wrong: ApiError) -> Result<Response, ApiError> {
    if wrong.status != StatusCode::BAD_REQUEST {
        return Err(wrong);
    }
    for cause in &wrong.causes {
        let Some((name, why)) = cause.split_once(": ") else { continue };
        let why = match why {
            why if why.contains("already exists") => say("accounts-taken"),
            why if why.contains("blank") => say("accounts-blank"),
            why if why.contains("at most") => say("accounts-too-long"),
            _ => say("accounts-wrong"),
        };
        for field in view.fields.iter_mut().filter(|field| field.name == name) {
            *field = field.clone().refused(why.clone());
        }
    }
    let notice = Notice::new(Tone::Danger, say("accounts-nothing-changed"), say("accounts-mend"));
    view.notice = Some(notice.with_code(wrong.code));
    Ok(page_with(StatusCode::BAD_REQUEST, view))
}
