//! "This was not me": the page behind the link in a notice. It needs no sign-in: it can only take access away.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_codes::Secret;

use super::page::{page, page_with};
use super::part::Moment;
use super::recovery::{CONTACT, may_be_revoked};
use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::not_me;

/// What the page knows.
pub enum Stage {
    /// The link is good: one button.
    Asked,
    /// The PIN is revoked.
    Done {
        /// Whether the computer was in contact so lately that it hears of it within minutes.
        is_near: bool,
    },
    /// The PIN was over before.
    TooLate,
    /// The link is unknown or used.
    Unknown,
}

/// The page.
#[derive(Template)]
#[template(path = "console/not_me.html")]
pub struct NotMe {
    /// The organisation's name.
    pub org: String,
    /// Where the button goes: the link itself.
    pub action: String,
    /// What it is about, where the link is good: the computer and when.
    pub about: Option<(String, Moment)>,
    /// What the page knows.
    pub stage: Stage,
}

/// `/not-me/LINK`.
pub fn routes() -> Routes {
    Routes::new().get("/not-me/{token}", Access::Anyone, ask).post("/not-me/{token}", Access::Anyone, act)
}

async fn ask(State(app): State<Arc<App>>, Path(link): Path<String>) -> Result<Response, ApiError> {
    let now = app.env().now;
    let Some(subject) = not_me::look(&app, &Secret::new(link.clone())).await? else {
        return Ok(page_with(StatusCode::NOT_FOUND, view(&app, &link, Stage::Unknown).await?));
    };
    let about = (subject.device.profile.display_name, Moment::new(subject.issuance.issued_at, now));
    Ok(page(NotMe { about: Some(about), ..view(&app, &link, Stage::Asked).await? }))
}

async fn act(State(app): State<Arc<App>>, Path(link): Path<String>, client: Client) -> Result<Response, ApiError> {
    let now = app.env().now;
    let Some(subject) = not_me::act(&app, &Secret::new(link.clone()), &client).await? else {
        return Ok(page_with(StatusCode::NOT_FOUND, view(&app, &link, Stage::Unknown).await?));
    };
    let is_near = subject.device.last_seen_at.is_some_and(|seen| now.since(seen) <= CONTACT);
    let was_open = may_be_revoked(subject.issuance.state(now));
    let stage = if was_open { Stage::Done { is_near } } else { Stage::TooLate };
    Ok(page(view(&app, &link, stage).await?))
}

async fn view(app: &App, link: &str, stage: Stage) -> Result<NotMe, ApiError> {
    let org = app.org().await?;
    let record = app.store.read(org, |tx| tx.org_record()).await?;
    Ok(NotMe {
        org: record.map(|org| org.name).unwrap_or_default(),
        action: format!("/not-me/{link}"),
        about: None,
        stage,
    })
}
