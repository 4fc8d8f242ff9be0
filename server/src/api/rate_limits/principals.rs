//! What part of a limit one API token may use up.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit::{EventType, Target};
use postern_authn::limit::requests::SHARE;
use postern_authn::permission::{Permission, right};
use postern_codes::id::{ApiToken as ApiTokenKind, Id, PrincipalRateLimit as PrincipalRateLimitKind};
use postern_store::principal_limits::{self, PrincipalLimit, Share};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;
use crate::api::hal;
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Sets a token's part.
///
/// # Errors
/// 404 for no token, 400 where its part is set.
pub async fn create(
    app: &App,
    by: &Allowed<right::RateLimitsManage>,
    token: &str,
    share: Share,
) -> Result<PrincipalLimit, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let found = token.parse().ok().map(|id| tx.token(id, env.now)).transpose()?.flatten();
        let Some(found) = found else { return Ok(Err(ApiError::not_found::<ApiTokenKind>(token))) };
        let Some(id) = tx.insert_principal_limit(found.id, share, by.user().as_str(), &env)? else {
            let cause = "principalId: An object with this field already exists in the current organization";
            return Ok(Err(ApiError::validation("principalId", [cause])));
        };
        record(tx, by, id, found.id, share, &env)?;
        named(tx, id.as_str())
    });
    app.perimeter.changed(made).await?
}

/// Sets another part; of which token stays.
///
/// # Errors
/// 404 where there is none, 400 for another token.
pub async fn replace(
    app: &App,
    by: &Allowed<right::RateLimitsManage>,
    which: &str,
    token: &str,
    share: Share,
) -> Result<PrincipalLimit, ApiError> {
    let changed = change(app, by, (named, which), |tx, found, env| {
        if found.token.as_str() != token {
            return Ok(Err(ApiError::validation("principalId", ["principalId: cannot be changed"])));
        }
        tx.set_principal_limit(found.id, share, by.user().as_str(), env.now)?;
        record(tx, by, found.id, found.token, share, env)?;
        named(tx, which)
    });
    app.perimeter.changed(changed).await
}

/// Sets a token's part, whether one is set or not; with `None` what holds for every token holds for it again.
///
/// # Errors
/// 404 for no token.
pub async fn set(
    app: &App,
    by: &Allowed<right::RateLimitsManage>,
    token: Id<ApiTokenKind>,
    share: Option<Share>,
) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        if tx.token(token, env.now)?.is_none() {
            return Ok(Err(ApiError::not_found::<ApiTokenKind>(token.as_str())));
        }
        match (tx.principal_limit_of(token)?, share) {
            (None, None) => {}
            (None, Some(share)) => {
                if let Some(id) = tx.insert_principal_limit(token, share, by.user().as_str(), &env)? {
                    record(tx, by, id, token, share, &env)?;
                }
            }
            (Some(set), Some(share)) if set.share == share => {}
            (Some(set), Some(share)) => {
                tx.set_principal_limit(set.id, share, by.user().as_str(), env.now)?;
                record(tx, by, set.id, token, share, &env)?;
            }
            (Some(set), None) => {
                tx.delete_principal_limit(set.id, env.now)?;
                record(tx, by, set.id, token, Share { requests: SHARE, at_once: SHARE }, &env)?;
            }
        }
        Ok(Ok(()))
    });
    app.perimeter.changed(done).await?
}

fn named(tx: &mut Tx<'_>, which: &str) -> Outcome<PrincipalLimit> {
    let found = match which.parse::<Id<PrincipalRateLimitKind>>() {
        Ok(id) => tx.principal_limit(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<PrincipalRateLimitKind>(which)))
}

fn record(
    tx: &mut Tx<'_>,
    by: &Caller,
    id: Id<PrincipalRateLimitKind>,
    token: Id<ApiTokenKind>,
    share: Share,
    env: &postern_codes::Env,
) -> Result<(), Error> {
    let event =
        by.success(EventType::RateLimitConfigurationUpdate).target(Target::new("PrincipalRateLimit", id, "", ""));
    let event = event.target(Target::new("Token", token, "", ""));
    tx.record(&event.detail("to", format!("{} %, {} % at once", share.requests, share.at_once)), env)
}

fn shown(by: &Caller, limit: &PrincipalLimit) -> Value {
    json!({
        "id": limit.id,
        "orgId": by.org,
        "principalId": limit.token,
        "principalType": "SSWS_TOKEN",
        "defaultPercentage": limit.share.requests,
        "defaultConcurrencyPercentage": limit.share.at_once,
        "createdDate": hal::time(limit.created_at),
        "createdBy": limit.created_by,
        "lastUpdate": hal::time(limit.updated_at),
        "lastUpdatedBy": limit.updated_by,
    })
}

/// The routes.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RateLimitsManage);
    let read = Access::Permission(Permission::RateLimitsRead);
    Routes::new()
        .get("/api/v1/principal-rate-limits", read, get_all)
        .post("/api/v1/principal-rate-limits", manage, post_one)
        .get("/api/v1/principal-rate-limits/{limit}", read, get_one)
        .put("/api/v1/principal-rate-limits/{limit}", manage, put_one)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrincipalBody {
    principal_id: Option<String>,
    principal_type: Option<String>,
    default_percentage: Option<u32>,
    default_concurrency_percentage: Option<u32>,
}

impl PrincipalBody {
    fn parse(self) -> Result<(String, Share), ApiError> {
        let refused = |member: &str, why: &str| ApiError::validation(member, [format!("{member}: {why}")]);
        match self.principal_type.as_deref() {
            Some("SSWS_TOKEN") => {}
            Some("OAUTH_CLIENT") => {
                return Err(refused("principalType", "there are no OAuth clients here: must be SSWS_TOKEN"));
            }
            Some(_) => return Err(refused("principalType", "must be SSWS_TOKEN")),
            None => return Err(refused("principalType", "The field cannot be left blank")),
        }
        let token = self.principal_id.ok_or_else(|| refused("principalId", "The field cannot be left blank"))?;
        let percent = |member: &str, value: Option<u32>| {
            let value = value.unwrap_or(SHARE);
            if (1..=100).contains(&value) { Ok(value) } else { Err(refused(member, "must be from 1 to 100")) }
        };
        let requests = percent("defaultPercentage", self.default_percentage)?;
        let at_once = percent("defaultConcurrencyPercentage", self.default_concurrency_percentage)?;
        Ok((token, Share { requests, at_once }))
    }
}

async fn get_all(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::RateLimitsRead>(&app).await?;
    let query = query?;
    let limit = query.limit(20, 50)?;
    let (condition, after) = (query.condition(principal_limits::ATTRIBUTES)?, query.get("after")?);
    let found =
        app.store.read(by.org, |tx| tx.principal_limits_page(condition.clone(), after, limit.saturating_add(1)));
    let found = found.await?;
    Ok(Page::of(&app, &query, (found, limit), |one| one.id.to_string(), |one| shown(&by, one)))
}

async fn post_one(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<PrincipalBody>, ApiError>,
) -> Result<Response, ApiError> {
    let by = caller.require::<right::RateLimitsManage>(&app).await?;
    let (token, share) = body?.0.parse()?;
    let made = create(&app, &by, &token, share).await?;
    Ok((StatusCode::CREATED, Json(shown(&by, &made))).into_response())
}

async fn get_one(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RateLimitsRead>(&app).await?;
    let found = app.store.read(by.org, |tx| named(tx, &which.0)).await??;
    Ok(Json(shown(&by, &found)))
}

async fn put_one(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<PrincipalBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RateLimitsManage>(&app).await?;
    let (token, share) = body?.0.parse()?;
    Ok(Json(shown(&by, &replace(&app, &by, &which.0, &token, share).await?)))
}
