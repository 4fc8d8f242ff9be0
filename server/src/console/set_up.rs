//! Set-up: the org and its first administrator, then that administrator's authenticator app.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_codes::secret::Secret;

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice};
use super::qr::Scan;
use super::words::say;
use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::sign_in::set_up::{self, Finished, FormField, Pairing, Prepared};

/// Step 1 of 2: the names and the password.
#[derive(Template)]
#[template(path = "console/set_up.html")]
pub struct SetUp {
    /// Where the form goes: the one-time link itself.
    pub action: String,
    /// A refusal that belongs to no field.
    pub notice: Option<Notice>,
    /// `orgName`.
    pub org: Field,
    /// `firstName`.
    pub first_name: Field,
    /// `lastName`.
    pub last_name: Field,
    /// `email`, also the sign-in name.
    pub email: Field,
    /// `password`.
    pub password: Field,
}

impl SetUp {
    /// The empty form.
    pub fn new(action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            notice: None,
            org: Field::new("orgName", say("set-up-org"), Kind::Text).hint(say("set-up-org-hint")).first(),
            first_name: Field::new("firstName", say("set-up-first-name"), Kind::Text),
            last_name: Field::new("lastName", say("set-up-last-name"), Kind::Text),
            email: Field::new("email", say("set-up-email"), Kind::Email).hint(say("set-up-email-hint")),
            password: Field::new("password", say("set-up-password"), Kind::PasswordNew)
                .hint(say("set-up-password-hint")),
        }
    }
}

/// Step 2 of 2: the app is paired by a QR code or its text, and proves it with a first code.
#[derive(Template)]
#[template(path = "console/set_up_factor.html")]
pub struct SetUpFactor {
    /// The organisation's name.
    pub org: String,
    /// Where the form goes.
    pub action: String,
    /// A refusal that belongs to no field.
    pub notice: Option<Notice>,
    /// What the app takes.
    pub scan: Scan,
    /// `passCode`.
    pub code: Field,
}

impl SetUpFactor {
    /// The field for the first code.
    pub fn code_field() -> Field {
        Field::new("passCode", say("set-up-code"), Kind::AppCode).first()
    }
}

/// The end: there is an org, and one person who may do everything.
#[derive(Template)]
#[template(path = "console/set_up_done.html")]
pub struct SetUpDone {
    /// The organisation's name.
    pub org: String,
}

/// `/setup/LINK`: the two pages behind the link that the first start prints.
pub fn routes() -> Routes {
    Routes::new()
        .get("/setup/{link}", Access::Anyone, ask)
        .post("/setup/{link}", Access::Anyone, answer)
        .get("/setup/{link}/app", Access::Anyone, pair)
        .post("/setup/{link}/app", Access::Anyone, finish)
}

async fn ask(State(app): State<Arc<App>>, Path(link): Path<String>) -> Result<Response, ApiError> {
    let is_alive = app.store.system().is_setup_link_alive(&Secret::new(link.clone()), app.env().now).await?;
    if is_alive { Ok(page(SetUp::new(address(&link)))) } else { Err(link_over()) }
}

async fn answer(State(app): State<Arc<App>>, Path(link): Path<String>, form: Form) -> Result<Response, ApiError> {
    let typed = set_up::Form {
        org_name: form.text("orgName").to_owned(),
        first_name: form.text("firstName").to_owned(),
        last_name: form.text("lastName").to_owned(),
        email: form.text("email").to_owned(),
        password: form.secret("password"),
    };
    match set_up::prepare(&app, &Secret::new(link.clone()), typed).await? {
        Prepared::LinkOver => Err(link_over()),
        Prepared::Ready => Ok(Redirect::to(&format!("{}/app", address(&link))).into_response()),
        Prepared::Wrong(wrong) => {
            let refused = |of: FormField, field: Field| {
                let field = if field.name == "password" {
                    field
                } else {
                    let typed = form.text(field.name).to_owned();
                    field.holding(typed)
                };
                let why = wrong.iter().find(|(wrong, _)| *wrong == of);
                why.map_or(field.clone(), |(_, why)| field.refused(sentence(why)))
            };
            let mut view = SetUp::new(address(&link));
            view.org.is_first = false;
            view.org = refused(FormField::OrgName, view.org);
            view.first_name = refused(FormField::FirstName, view.first_name);
            view.last_name = refused(FormField::LastName, view.last_name);
            view.email = refused(FormField::Email, view.email);
            view.password = refused(FormField::Password, view.password);
            Ok(page_with(StatusCode::BAD_REQUEST, view))
        }
    }
}

async fn pair(State(app): State<Arc<App>>, Path(link): Path<String>) -> Result<Response, ApiError> {
    let pairing = set_up::pairing(&app, &Secret::new(link.clone())).await?.ok_or_else(link_over)?;
    Ok(page(pairing_view(&link, pairing)))
}

async fn finish(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Client(client): Client,
    form: Form,
) -> Result<Response, ApiError> {
    let token = Secret::new(link.clone());
    let pairing = set_up::pairing(&app, &token).await?.ok_or_else(link_over)?;
    match set_up::finish(&app, &client, &token, &form.secret("passCode")).await? {
        Finished::Done => Ok(page(SetUpDone { org: pairing.org_name })),
        Finished::LinkOver => Err(link_over()),
        Finished::WrongCode => {
            let mut view = pairing_view(&link, pairing);
            view.code = view.code.refused(say("set-up-wrong-code"));
            Ok(page_with(StatusCode::BAD_REQUEST, view))
        }
    }
}

fn pairing_view(link: &str, pairing: Pairing) -> SetUpFactor {
    SetUpFactor {
        org: pairing.org_name,
        action: format!("{}/app", address(link)),
        notice: None,
        scan: Scan::new(&pairing.uri, &pairing.secret),
        code: SetUpFactor::code_field(),
    }
}

fn address(link: &str) -> String {
    format!("/setup/{link}")
}

fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

fn link_over() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "setup_link_over", "the set-up link is unknown, used or too old")
}
