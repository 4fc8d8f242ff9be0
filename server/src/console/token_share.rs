//! What part of a limit on requests one API token may use up: set, changed, taken back.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::limit::requests::SHARE;
use postern_authn::permission::{Permission, right};
use postern_store::principal_limits::Share;
use postern_store::tokens::ApiToken;

use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::page;
use super::part::{Field, Kind, Link};
use super::shell::Place;
use super::token::address;
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::rate_limits::principals;
use crate::api::routes::{Access, Routes};
use crate::api::tokens;

const REQUESTS: &str = "defaultPercentage";
const AT_ONCE: &str = "defaultConcurrencyPercentage";

/// `/admin/security/tokens/ID/share`.
pub fn routes() -> Routes {
    let (manage, place) = (Access::Permission(Permission::RateLimitsManage), "/admin/security/tokens/{token}/share");
    Routes::new().get(place, manage, ask).post(place, manage, save)
}

/// A part, in words.
pub fn words(share: Option<Share>) -> Text {
    match share {
        None => say("tokens-share-default").with("count", SHARE),
        Some(share) => say("tokens-share-of").with("requests", share.requests).with("once", share.at_once),
    }
}

/// The token, as far as the viewer sees it.
async fn token(app: &App, viewer: &Viewer, id: &str) -> Result<ApiToken, ApiError> {
    let reader = viewer.require::<right::ApiTokensRead>(app).await?;
    Ok(tokens::token(app, &reader, id).await?.0)
}

fn form(viewer: &Viewer, token: &ApiToken, requests: &str, at_once: &str) -> FormPage {
    let field =
        |name, label, value| Asked::Field(Field::new(name, label, Kind::Number(1, 100)).optional().holding(value));
    FormPage {
        shell: viewer.shell(Place::Tokens),
        list: Link::new(token.name.clone(), address(token.id)),
        title: say("tokens-share-title").with("token", token.name.clone()),
        lead: say("tokens-share-lead").with("count", SHARE),
        notice: None,
        action: format!("{}/share", address(token.id)),
        kept: Vec::new(),
        asked: vec![
            field(REQUESTS, say("tokens-share-requests"), requests),
            field(AT_ONCE, say("tokens-share-once"), at_once),
        ],
        save: say("part-save"),
        back: address(token.id),
    }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RateLimitsManage>(&app).await?;
    let token = token(&app, &viewer, &id).await?;
    let set = app.store.read(by.org, |tx| tx.principal_limit_of(token.id)).await?.map(|set| set.share);
    let typed = |count: fn(Share) -> u32| set.map_or_else(String::new, |share| count(share).to_string());
    Ok(page(form(&viewer, &token, &typed(|share| share.requests), &typed(|share| share.at_once))))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RateLimitsManage>(&app).await?;
    let token = token(&app, &viewer, &id).await?;
    let (mut wrong, mut counts) = (Vec::new(), [None; 2]);
    for (name, count) in [REQUESTS, AT_ONCE].into_iter().zip(&mut counts) {
        let text = typed.text(name);
        *count = text.parse::<u32>().ok().filter(|count| (1..=100).contains(count));
        if count.is_none() && !text.is_empty() {
            wrong.push((name, say("policies-out-of-range").with("least", 1_u32).with("most", 100_u32)));
        }
    }
    if !wrong.is_empty() {
        let form = form(&viewer, &token, typed.text(REQUESTS), typed.text(AT_ONCE));
        return Ok(form.refused(StatusCode::BAD_REQUEST, wrong));
    }
    let share = match counts {
        [None, None] => None,
        [requests, at_once] => Some(Share { requests: requests.unwrap_or(SHARE), at_once: at_once.unwrap_or(SHARE) }),
    };
    principals::set(&app, &by, token.id, share).await?;
    Ok(Redirect::to(&address(token.id)).into_response())
}
