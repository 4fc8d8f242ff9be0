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
use crate::console::part::{Field, Kind, Moment, Notice, Tone};
use crate::{App, account};

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
    Ok(page(&view(&app).await?))
}

async fn answer(State(app): State<Arc<App>>, Client(client): Client, form: Form) -> Result<Response, ApiError> {
    to_the_end(send(app, client, form)).await
}

async fn send(app: Arc<App>, client: audit::Client, form: Form) -> Result<Response, ApiError> {
    let name = form.text("username");
    let mut view = view(&app).await?;
    if name.is_empty() {
        view.field = view.field.refused("Type your name to sign in.");
        return Ok(page_with(StatusCode::BAD_REQUEST, &view));
    }
    match account::forgotten(&app, &client, name).await? {
        Ok(()) => Ok(page(&Forgot { is_sent: true, ..view })),
        Err((limit, at)) => {
            let next = format!(
                "There were {}. Until {} no further message is sent; one that was sent before still works.",
                limit.message(),
                Moment::new(at, app.env().now).exact
            );
            view.notice = Some(Notice::new(Tone::Danger, "Wait a little.", next).with_code("rate_limit"));
            Ok(page_with(StatusCode::TOO_MANY_REQUESTS, &view))
        }
    }
}

async fn view(app: &App) -> Result<Forgot, ApiError> {
    let field = Field::new("username", "Your name to sign in", Kind::Text).hint("Usually your work e-mail address.");
    Ok(Forgot { org: org_name(app).await?, is_sent: false, notice: None, field: field.first() })
}
