//! "I can't use my factor": a number to tell the help desk, and the two words by which person and agent know that they speak
//! of the same. It answers every name alike, and shows a number's words to the browser that drew it alone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postern_codes::mac;
use postern_store::slips::Slip;

use super::org_name;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::cases::slips;
use crate::console::cookie;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind, Moment, Notice, Tone};
use crate::console::sign_in::limited;
use crate::{App, say};

const ADDRESS: &str = "/signin/help";

/// The page.
#[derive(Template)]
#[template(path = "portal/help.html")]
pub struct Help {
    /// The organisation's name.
    pub org: String,
    /// What was drawn.
    pub drawn: Option<Drawn>,
    /// Why nothing was.
    pub notice: Option<Notice>,
    /// `username`.
    pub field: Field,
}

/// What is read out.
pub struct Drawn {
    /// The number.
    pub number: u64,
    /// What the agent must say.
    pub agent: String,
    /// What the person answers.
    pub person: String,
    /// Until when.
    pub until: Moment,
}

/// `/signin/help`.
pub(super) fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Anyone, ask).post(ADDRESS, Access::Anyone, draw)
}

async fn ask(State(app): State<Arc<App>>, Client(client): Client, query: Query) -> Result<Response, ApiError> {
    let mut view = view(&app).await?;
    let number = query.text("number").and_then(|number| number.parse().ok());
    if let Some(number) = number
        && let Some(slip) = slips::of(&app, &client, number).await?
    {
        let Slip { number, words, expires_at, .. } = slip;
        let until = Moment::new(expires_at, app.env().now);
        view.drawn = Some(Drawn { number, agent: words.agent, person: words.person, until });
    }
    Ok(page(view))
}

async fn draw(State(app): State<Arc<App>>, Client(mut client): Client, form: Form) -> Result<Response, ApiError> {
    to_the_end(async move {
        let mut view = view(&app).await?;
        let name = form.text("username");
        if name.is_empty() {
            view.field = view.field.refused(say("forgot-name"));
            return Ok(page_with(StatusCode::BAD_REQUEST, view));
        }
        let fresh = client.browser.is_none().then(|| app.env().token());
        if let Some(token) = &fresh {
            client.browser = Some(mac::sha256(&[token.expose().as_bytes()]));
        }
        let browser = client.browser.unwrap_or_default();
        match slips::draw(&app, &client, (name, browser)).await? {
            Ok(number) => {
                let cookies: Vec<_> = fresh.as_ref().map(cookie::know).into_iter().collect();
                Ok((AppendHeaders(cookies), Redirect::to(&format!("{ADDRESS}?number={number}"))).into_response())
            }
            Err((limit, at)) => {
                let next = say("forgot-wait").with("limit", limited(limit)).with("until", at);
                view.notice = Some(Notice::new(Tone::Danger, say("sign-in-wait"), next).with_code("rate_limit"));
                Ok(page_with(StatusCode::TOO_MANY_REQUESTS, view))
            }
        }
    })
    .await
}

async fn view(app: &App) -> Result<Help, ApiError> {
    let field = Field::new("username", say("sign-in-name"), Kind::Text).hint(say("sign-in-name-hint")).first();
    Ok(Help { org: org_name(app).await?, drawn: None, notice: None, field })
}
