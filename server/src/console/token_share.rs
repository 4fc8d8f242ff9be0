//! What part of a limit on requests one API token may use up: set, changed, taken back.

use std::ops::RangeInclusive;
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
use super::meanwhile;
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
const PER_CENT: RangeInclusive<u32> = 1..=100;

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

fn form(viewer: &Viewer, token: &ApiToken, set: Option<Share>) -> FormPage {
    let field = |name, label, count: fn(Share) -> u32| {
        let held = set.map_or_else(String::new, |share| count(share).to_string());
        Field::new(name, label, Kind::Number(*PER_CENT.start(), *PER_CENT.end())).optional().holding(held)
    };
    let fields = [
        field(REQUESTS, say("tokens-share-requests"), |share| share.requests),
        field(AT_ONCE, say("tokens-share-once"), |share| share.at_once),
    ];
    FormPage {
        shell: viewer.shell(Place::Tokens),
        list: Link::new(token.name.clone(), address(token.id)),
        title: say("tokens-share-title").with("token", token.name.clone()),
        lead: say("tokens-share-lead").with("count", SHARE),
        notice: None,
        action: format!("{}/share", address(token.id)),
        kept: meanwhile::shown(&fields, mark(set)),
        asked: fields.into_iter().map(Asked::Field).collect(),
        save: say("part-save"),
        back: address(token.id),
    }
}

fn mark(set: Option<Share>) -> String {
    meanwhile::mark(&set.map(|share| (share.requests, share.at_once)))
}

/// The token, and its own part where it has one.
async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<(ApiToken, Option<Share>), ApiError> {
    let token = token(app, viewer, id).await?;
    let set = app.store.read(viewer.caller.org, |tx| tx.principal_limit_of(token.id)).await?;
    Ok((token, set.map(|set| set.share)))
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require::<right::RateLimitsManage>(&app).await?;
    let (token, set) = found(&app, &viewer, &id).await?;
    Ok(page(form(&viewer, &token, set)))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RateLimitsManage>(&app).await?;
    let (token, set) = found(&app, &viewer, &id).await?;
    let mut form = form(&viewer, &token, set);
    if meanwhile::is_stale(&typed, &mark(set)) {
        meanwhile::keep_typed(form.fields(), &typed);
        return Ok(form.noticed(StatusCode::PRECONDITION_FAILED, meanwhile::notice()));
    }
    let (mut wrong, mut counts) =
        (Vec::new(), set.map_or([None; 2], |share| [Some(share.requests), Some(share.at_once)]));
    for (name, count) in [REQUESTS, AT_ONCE].into_iter().zip(&mut counts).filter(|(name, _)| typed.has(name)) {
        match typed.number(name, &PER_CENT) {
            Ok(number) => *count = number,
            Err(why) => wrong.push((name, why)),
        }
    }
    if !wrong.is_empty() {
        meanwhile::mend(form.fields(), &typed, &[]);
        return Ok(form.refused(StatusCode::BAD_REQUEST, wrong));
    }
    let share = match counts {
        [None, None] => None,
        [requests, at_once] => Some(Share { requests: requests.unwrap_or(SHARE), at_once: at_once.unwrap_or(SHARE) }),
    };
    principals::set(&app, &by, token.id, share).await?;
    Ok(Redirect::to(&address(token.id)).into_response())
}
