//! "Forgotten your password?" and "Locked out?": each asks for a name and answers everybody alike.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::audit;
use postern_authn::factor::Channel;
use postern_authn::sign_in::Recovering;
use postern_store::Tx;

use super::org_name;
use crate::account::lost;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind, Notice, Tone};
use crate::console::sign_in::limited;
use crate::{App, say};

/// The page.
#[derive(Template)]
#[template(path = "portal/forgot.html")]
pub struct Forgot {
    /// The organisation's name.
    pub org: String,
    /// Whether it is the lock that is to end, and not the password that is lost.
    pub is_lock: bool,
    /// Whether people can end their lock by themselves here.
    pub ends_locks: bool,
    /// Whether the name was given, and a link is on its way if somebody has it.
    pub is_sent: bool,
    /// Why nothing was sent.
    pub notice: Option<Notice>,
    /// `username`.
    pub field: Field,
}

/// `/forgot`, `/unlock`.
pub(super) fn routes() -> Routes {
    let (password, lock) = (Recovering::Password, Recovering::Unlock);
    Routes::new()
        .get("/forgot", Access::Anyone, async move |State(app)| ask(app, password).await)
        .post("/forgot", Access::Anyone, async move |State(app), Client(client), form| {
            to_the_end(send(app, client, form, password)).await
        })
        .get("/unlock", Access::Anyone, async move |State(app)| ask(app, lock).await)
        .post("/unlock", Access::Anyone, async move |State(app), Client(client), form| {
            to_the_end(send(app, client, form, lock)).await
        })
}

async fn ask(app: Arc<App>, recovering: Recovering) -> Result<Response, ApiError> {
    Ok(page(view(&app, recovering).await?))
}

async fn send(app: Arc<App>, client: audit::Client, form: Form, recovering: Recovering) -> Result<Response, ApiError> {
    let name = form.text("username");
    let mut view = view(&app, recovering).await?;
    if view.is_lock && !view.ends_locks {
        return Ok(page_with(StatusCode::CONFLICT, view));
    }
    if name.is_empty() {
        view.field = view.field.refused(say("forgot-name"));
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    }
    match lost::mail(&app, &client, (recovering, name)).await? {
        Ok(()) => Ok(page(Forgot { is_sent: true, ..view })),
        Err((limit, at)) => {
            let next = say("forgot-wait").with("limit", limited(limit)).with("until", at);
            view.notice = Some(Notice::new(Tone::Danger, say("sign-in-wait"), next).with_code("rate_limit"));
            Ok(page_with(StatusCode::TOO_MANY_REQUESTS, view))
        }
    }
}

async fn view(app: &App, recovering: Recovering) -> Result<Forgot, ApiError> {
    let org = app.org().await?;
    let offered = |tx: &mut Tx<'_>| lost::is_offered(tx, Recovering::Unlock, Channel::Email);
    let ends_locks = app.store.read(org, offered).await?;
    let field = Field::new("username", say("sign-in-name"), Kind::Text).hint(say("sign-in-name-hint")).first();
    let is_lock = recovering == Recovering::Unlock;
    Ok(Forgot { org: org_name(app).await?, is_lock, ends_locks, is_sent: false, notice: None, field })
}
