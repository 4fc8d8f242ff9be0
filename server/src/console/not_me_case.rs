//! "This was not me", of a recovery case: the page behind the link in its notices. It needs no sign-in: it can only take
//! access away. The page asks first, since mail programs open links by themselves; only its form acts.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_codes::Secret;

use super::page::{page, page_with};
use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::cases::objection::{self, Effect};

/// The page.
#[derive(Template)]
#[template(path = "console/not_me_case.html")]
pub struct NotMeCase {
    /// The organisation's name.
    pub org: String,
    /// Where the button goes: the link itself.
    pub action: String,
    /// The case's number, and what the link does or did; nothing, where it is unknown or used.
    pub about: Option<(u64, Effect)>,
    /// Whether it was done.
    pub is_done: bool,
}

/// `/not-me/case/LINK`.
pub fn routes() -> Routes {
    Routes::new().get("/not-me/case/{token}", Access::Anyone, ask).post("/not-me/case/{token}", Access::Anyone, act)
}

async fn ask(State(app): State<Arc<App>>, Path(link): Path<String>) -> Result<Response, ApiError> {
    let about = objection::look(&app, &Secret::new(link.clone())).await?;
    shown(&app, &link, (about, false)).await
}

async fn act(State(app): State<Arc<App>>, Path(link): Path<String>, client: Client) -> Result<Response, ApiError> {
    to_the_end(async move {
        let about = objection::act(&app, &Secret::new(link.clone()), &client).await?;
        shown(&app, &link, (about, true)).await
    })
    .await
}

async fn shown(app: &App, link: &str, (about, is_done): (Option<(u64, Effect)>, bool)) -> Result<Response, ApiError> {
    let org = app.org().await?;
    let record = app.store.read(org, |tx| tx.org_record()).await?;
    let org = record.map(|org| org.name).unwrap_or_default();
    let view = NotMeCase { org, action: format!("/not-me/case/{link}"), about, is_done };
    Ok(if view.about.is_some() { page(view) } else { page_with(StatusCode::NOT_FOUND, view) })
}
