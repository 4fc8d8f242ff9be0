//! "Forgotten your password?": asks for a name and answers everybody alike.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::audit;

use super::org_name;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind, Notice, Tone};
use crate::console::sign_in::limited;
use crate::{App, account, say};

/// The page.
#[derive(Template)]
#[template(path = "portal/forgot.html")]
struct Forgot {
    /// The organisation's name.
    org: String,
    /// Whether the name was given, and a link is on its way if somebody has it.
    is_sent: bool,
    /// Why nothing was sent.
    notice: Option<Notice>,
    /// `username`.
    field: Field,
}

/// `/forgot`.
pub(super) fn routes() -> Routes {
    Routes::new().get("/forgot", Access::Anyone, ask).post("/forgot", Access::Anyone, answer)
}

async fn ask(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    Ok(page(view(&app).await?))
}

async fn answer(State(app): State<Arc<App>>, Client(client): Client, form: Form) -> Result<Response, ApiError> {
    to_the_end(send(app, client, form)).await
}

async fn send(app: Arc<App>, client: audit::Client, form: Form) -> Result<Response, ApiError> {
    let name = form.text("username");
    let mut view = view(&app).await?;
    if name.is_empty() {
        view.field = view.field.refused(say("forgot-name"));
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    }
    match account::forgotten(&app, &client, name).await? {
        Ok(()) => Ok(page(Forgot { is_sent: true, ..view })),
        Err((limit, at)) => {
            let next = say("forgot-wait").with("limit", limited(limit)).with("until", at);
            view.notice = Some(Notice::new(Tone::Danger, say("sign-in-wait"), next).with_code("rate_limit"));
            Ok(page_with(StatusCode::TOO_MANY_REQUESTS, view))
        }
    }
}

async fn view(app: &App) -> Result<Forgot, ApiError> {
    let field = Field::new("username", say("sign-in-name"), Kind::Text).hint(say("sign-in-name-hint"));
    Ok(Forgot { org: org_name(app).await?, is_sent: false, notice: None, field: field.first() })
}
