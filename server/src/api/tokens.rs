//! API tokens: seen and revoked. They are made by an operator at the machine alone ([`create`]), because the text of one
//! is worth as much as its owner's session, and is shown once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::permission::{Permission, right};
use postern_authn::token::{Grant, TokenName};
use postern_authn::user::User;
use postern_codes::id::{ApiToken as ApiTokenKind, Id};
use postern_codes::{Env, Secret};
use postern_store::callers::Via;
use postern_store::tokens::ApiToken;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users;

/// Makes a token that acts as `owner`; its id, and the only copy of its text.
///
/// # Errors
/// Of the database.
pub fn create(
    tx: &mut Tx<'_>,
    owner: &User,
    name: &TokenName,
    grants: &[Grant],
    env: &Env,
) -> Result<(Id<ApiTokenKind>, Secret<String>), Error> {
    let (id, text) = tx.insert_token(owner.id, name, grants, env)?;
    let words: Vec<&str> = grants.iter().map(|grant| grant.as_str()).collect();
    let event = Event::success(EventType::ApiTokenCreate, Actor::system(), Client::default())
        .target(Target::new("Token", id, "", name.as_str()))
        .target(users::target(owner))
        .detail("grants", words.join(" "));
    tx.record(&event, env)?;
    Ok((id, text))
}

/// Revokes a token.
///
/// # Errors
/// 404 for no token, 403 where its owner is above the caller.
pub async fn revoke(app: &App, by: &Allowed<right::ApiTokensManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let found = match which.parse() {
            Ok(id) => tx.token(id, env.now)?,
            Err(_) => None,
        };
        let Some(token) = found else { return Ok(Err(ApiError::not_found::<ApiTokenKind>(which))) };
        if let Some(refusal) = users::hindrance(tx, by, Permission::ApiTokensManage, token.user)? {
            let event = by.failure(EventType::ApiTokenRevoke, refusal.code());
            tx.record(&event.target(target(token.id, &token.name)), &env)?;
            return Ok(Err(refusal.into()));
        }
        end(tx, by, &token, &env).map(Ok)
    });
    done.await?
}

/// Revokes the token that the caller came with.
///
/// # Errors
/// 400 where they came by a session.
pub async fn revoke_own(app: &App, by: &Caller) -> Result<(), ApiError> {
    let Via::Token { id, .. } = by.record.via else {
        return Err(ApiError::validation("token", ["token: this request was made with a session, not with a token"]));
    };
    let env = app.env();
    let done = app.store.write(by.org, |tx| match tx.token(id, env.now)? {
        Some(token) => end(tx, by, &token, &env),
        None => Ok(()),
    });
    Ok(done.await?)
}

/// The tokens that are alive.
///
/// # Errors
/// Of the database.
pub async fn list(app: &App, by: &Allowed<right::ApiTokensManage>) -> Result<Vec<ApiToken>, ApiError> {
    let now = app.env().now;
    Ok(app.store.read(by.org, |tx| tx.tokens(now)).await?)
}

fn end(tx: &mut Tx<'_>, by: &Caller, token: &ApiToken, env: &Env) -> Result<(), Error> {
    if tx.revoke_token(token.id, env.now)? {
        tx.record(&by.success(EventType::ApiTokenRevoke).target(target(token.id, &token.name)), env)?;
    }
    Ok(())
}

fn target(id: Id<ApiTokenKind>, name: &str) -> Target {
    Target::new("Token", id, "", name)
}

fn shown(app: &App, token: &ApiToken) -> Value {
    let own = Links::new(app).to("self", "GET", format!("/api/v1/api-tokens/{}", token.id));
    json!({
        "id": token.id,
        "name": token.name,
        "userId": token.user,
        "clientName": "Postern API",
        "created": hal::time(token.created_at),
        "lastUpdated": hal::time(token.last_used_at.unwrap_or(token.created_at)),
        "expiresAt": hal::time(token.expires_at),
        "tokenWindow": "P30D",
        "network": { "connection": "ANYWHERE" },
        "grants": token.grants,
        "_link": Value::from(own),
    })
}

/// The routes of API tokens.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::ApiTokensManage);
    Routes::new()
        .get("/api/v1/api-tokens", manage, get_tokens)
        .delete("/api/v1/api-tokens/current", Access::SignedIn, delete_current)
        .get("/api/v1/api-tokens/{token}", manage, get_token)
        .delete("/api/v1/api-tokens/{token}", manage, delete_token)
}

async fn get_tokens(app: State<Arc<App>>, caller: Caller) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::ApiTokensManage>(&app).await?;
    Ok(Json(list(&app, &by).await?.iter().map(|token| shown(&app, token)).collect()))
}

async fn get_token(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::ApiTokensManage>(&app).await?;
    let tokens = list(&app, &by).await?;
    let found = tokens.iter().find(|token| token.id.as_str() == which.0);
    found.map(|token| Json(shown(&app, token))).ok_or_else(|| ApiError::not_found::<ApiTokenKind>(&which.0))
}

async fn delete_token(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::ApiTokensManage>(&app).await?;
    revoke(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_current(app: State<Arc<App>>, caller: Caller) -> Result<StatusCode, ApiError> {
    revoke_own(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
