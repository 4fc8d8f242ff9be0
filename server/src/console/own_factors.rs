//! The viewer's own factors: what they sign in with, a passkey more, one factor less.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::demand::Class;
use postern_authn::factor::{Enrolled, Kind as FactorType, webauthn};
use postern_codes::Secret;
use postern_codes::id::{Factor as FactorKind, Id};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Moment};
use super::people;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::ApiError;
use crate::api::demands;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::sign_in::passkey;

const ADDRESS: &str = "/admin/account/factors";

/// One factor of the viewer.
pub struct Own {
    /// Its type, and the name it was given.
    pub name: Text,
    /// What is worth knowing of it: whether it stays on one device.
    pub about: Text,
    /// Since when.
    pub since: Moment,
    /// When it was last proved.
    pub last_used: Option<Moment>,
    /// The page that removes it.
    pub remove: String,
}

/// All of them.
#[derive(Template)]
#[template(path = "console/own_factors.html")]
pub struct OwnFactors {
    /// The frame.
    pub shell: Shell,
    /// The factors, oldest first.
    pub factors: Vec<Own>,
    /// `name`: what the next passkey is to be called.
    pub name: Field,
}

/// The page whose button asks the device.
#[derive(Template)]
#[template(path = "console/passkey_new.html")]
pub struct NewPasskey {
    /// The frame.
    pub shell: Shell,
    /// What it is to be called.
    pub name: String,
    /// What the device is asked, as JSON.
    pub options: String,
    /// Names what was asked.
    pub token: Secret<String>,
}

/// What removing a factor will mean.
#[derive(Template)]
#[template(path = "console/factor_remove.html")]
pub struct Remove {
    /// The frame.
    pub shell: Shell,
    /// What is removed.
    pub name: Text,
    /// Where the form goes.
    pub action: String,
    /// Whether it is the last, which stays.
    pub is_last: bool,
}

/// `/admin/account/factors`.
pub fn routes() -> Routes {
    Routes::new()
        .get(ADDRESS, Access::SignedIn, show)
        .post("/admin/account/factors/new", Access::SignedIn, ask)
        .post(ADDRESS, Access::SignedIn, add)
        .get("/admin/account/factors/{factor}/remove", Access::SignedIn, confirm)
        .post("/admin/account/factors/{factor}/remove", Access::SignedIn, remove)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    Ok(page(account(&app, &viewer, name_field()).await?))
}

async fn account(app: &App, viewer: &Viewer, name: Field) -> Result<OwnFactors, ApiError> {
    let own = passkey::own(app, &viewer.caller).await?;
    let factors = own.iter().map(|factor| shown(viewer, factor)).collect();
    Ok(OwnFactors { shell: viewer.shell(Place::Nowhere), factors, name })
}

fn shown(viewer: &Viewer, factor: &Enrolled) -> Own {
    let about = match (factor.kind, factor.traits().is_device_bound) {
        (FactorType::Totp, _) => say("passkeys-about-app"),
        (FactorType::BackupCodes, _) => say("passkeys-about-paper"),
        (FactorType::Call | FactorType::Email | FactorType::Sms, _) => say("passkeys-about-sent"),
        (FactorType::Hotp, _) => say("passkeys-about-token"),
        (FactorType::Question, _) => say("passkeys-about-answer"),
        (FactorType::WebAuthn, true) => say("passkeys-about-bound"),
        (FactorType::WebAuthn, false) => say("passkeys-about-synced"),
    };
    Own {
        name: named(factor),
        about,
        since: viewer.moment(factor.created_at),
        last_used: factor.last_used_at.map(|at| viewer.moment(at)),
        remove: format!("{ADDRESS}/{}/remove", factor.id),
    }
}

/// What its owner knows a factor as.
pub fn named(factor: &Enrolled) -> Text {
    match factor.kind {
        FactorType::BackupCodes
        | FactorType::Call
        | FactorType::Email
        | FactorType::Hotp
        | FactorType::Question
        | FactorType::Sms => people::factor(factor.kind),
        FactorType::Totp => say("passkeys-app"),
        FactorType::WebAuthn => say("passkeys-passkey").with("name", webauthn::name(&factor.profile).to_owned()),
    }
}

fn name_field() -> Field {
    Field::new("name", say("passkeys-name"), Kind::Text).hint(say("passkeys-name-hint"))
}

/// The name is looked at, then who asks; then the page whose button asks the device.
async fn ask(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let Ok(name) = form.text("name").parse::<webauthn::PasskeyName>() else {
        let field = name_field().holding(form.text("name")).refused(say("passkeys-name-wrong"));
        return Ok(page_with(StatusCode::BAD_REQUEST, account(&app, &viewer, field).await?));
    };
    demands::require(&app, &viewer.caller, Class::OwnFactors).await?;
    let asked = passkey::ask_to_be_enrolled(&app, &viewer.caller, origin(&app, &headers)).await?;
    let (options, token) = (asked.options.to_string(), asked.token);
    Ok(page(NewPasskey { shell: viewer.shell(Place::Nowhere), name: name.to_string(), options, token }))
}

async fn add(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let name = form
        .text("name")
        .parse()
        .map_err(|wrong: webauthn::BadPasskeyName| ApiError::validation("name", [format!("name: {wrong}")]))?;
    demands::require(&app, &viewer.caller, Class::OwnFactors).await?;
    let reply = passkey::Reply { token: form.secret("passkeyToken"), response: form.secret("passkey") };
    passkey::enrol_own(&app, &viewer.caller, &name, reply).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}

async fn confirm(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let id = id(&which)?;
    let own = passkey::own(&app, &viewer.caller).await?;
    let factor = own.iter().find(|factor| factor.id == id);
    let factor = factor.ok_or_else(|| ApiError::not_found::<FactorKind>(&which))?;
    Ok(page(Remove {
        shell: viewer.shell(Place::Nowhere),
        name: named(factor),
        action: format!("{ADDRESS}/{id}/remove"),
        is_last: own.len() == 1,
    }))
}

async fn remove(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let id = id(&which)?;
    demands::require(&app, &viewer.caller, Class::OwnFactors).await?;
    passkey::remove_own(&app, &viewer.caller, id).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}

fn id(which: &str) -> Result<Id<FactorKind>, ApiError> {
    which.parse().map_err(|_| ApiError::not_found::<FactorKind>(which))
}

/// The address of the page that sent this: a browser says it with every form.
pub fn origin<'a>(app: &'a App, headers: &'a HeaderMap) -> &'a str {
    let said = headers.get(axum::http::header::ORIGIN).and_then(|value| value.to_str().ok());
    said.unwrap_or_else(|| app.config.public_url.first())
}
