//! API tokens: made, seen, changed and revoked. One is made for oneself, in a session with a fresh second factor, or by an
//! operator at the machine ([`create`]): its text is worth as much as its owner's session, and is shown once. What it may do
//! is read with every request: never more than its owner may then.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::demand::{Class, Demand};
use postern_authn::permission::{Permission, right};
use postern_authn::token::{Connection, Grant, Network, TokenName};
use postern_authn::user::{User, fold};
use postern_codes::id::{ApiToken as ApiTokenKind, Id};
use postern_codes::{Env, Secret};
use postern_store::callers::Via;
use postern_store::tokens::ApiToken;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::demands;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Refusal};

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

/// Makes a token for the caller; its id, and the only copy of its text.
///
/// # Errors
/// 403 without a fresh second factor, or with a grant whose right the caller does not hold.
pub async fn make(
    app: &App,
    by: &Allowed<right::ApiTokensManage>,
    name: &TokenName,
    grants: &[Grant],
    network: &Network,
) -> Result<(Id<ApiTokenKind>, Secret<String>), ApiError> {
    let env = app.env();
    let beyond = grants.iter().any(|grant| !by.authority().has(grant.needs()));
    let refused = if !by.has_fresh_factor(env.now) {
        Some(demands::refusal(Class::Tokens, Demand::Fresh, by.session().is_none()))
    } else if beyond {
        Some(ApiError::forbidden().cause("grants: you do not hold what this grants"))
    } else {
        None
    };
    let made = app.store.write(by.org, |tx| {
        if let Some(refused) = &refused {
            tx.record(&by.failure(EventType::ApiTokenCreate, refused.code), &env)?;
            return Ok(Err(refused.clone()));
        }
        if let Some(wrong) = misnamed(tx, network)? {
            return Ok(Err(wrong));
        }
        let (id, text) = tx.insert_token(by.user(), name, grants, &env)?;
        tx.set_token(id, name, network, env.now)?;
        let words: Vec<&str> = grants.iter().map(|grant| grant.as_str()).collect();
        let event = by.success(EventType::ApiTokenCreate).target(target(id, name.as_str()));
        tx.record(&event.detail("grants", words.join(" ")), &env)?;
        Ok(Ok((id, text)))
    });
    made.await?
}

/// What of a token is to change.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<TokenName>,
    /// From where it may be used.
    pub network: Option<Network>,
}

/// Gives a token another name or another network.
///
/// # Errors
/// 404 for no token, 400 for a zone that is not there, 403 where its owner is above the caller.
pub async fn update(
    app: &App,
    by: &Allowed<right::ApiTokensManage>,
    which: &str,
    change: &Change,
) -> Result<ApiToken, ApiError> {
    let env = app.env();
    let kind = EventType::ApiTokenUpdate;
    let done = app.store.write(by.org, |tx| {
        let token = match reached(tx, by, which, kind, &env)? {
            Ok(token) => token,
            Err(refused) => return Ok(Err(refused)),
        };
        let name = match &change.name {
            Some(name) => name.clone(),
            None => token.name.parse().map_err(Error::fault)?,
        };
        let network = change.network.clone().unwrap_or_else(|| token.network.clone());
        if let Some(wrong) = misnamed(tx, &network)? {
            return Ok(Err(wrong));
        }
        if !tx.set_token(token.id, &name, &network, env.now)? {
            return Ok(Err(ApiError::not_found::<ApiTokenKind>(which)));
        }
        let words = serde_json::to_string(&network)?;
        tx.record(&by.success(kind).target(target(token.id, name.as_str())).detail("network", words), &env)?;
        Ok(tx.token(token.id, env.now)?.ok_or_else(|| ApiError::not_found::<ApiTokenKind>(which)))
    });
    done.await?
}

/// A token whose owner the caller may act on. A refusal is recorded.
fn reached(
    tx: &mut Tx<'_>,
    by: &Allowed<right::ApiTokensManage>,
    which: &str,
    kind: EventType,
    env: &Env,
) -> Result<Result<ApiToken, ApiError>, Error> {
    let found = match which.parse() {
        Ok(id) => tx.token(id, env.now)?,
        Err(_) => None,
    };
    let Some(token) = found else { return Ok(Err(ApiError::not_found::<ApiTokenKind>(which))) };
    // Whoever may make tokens may do with their own what they like.
    if token.user == by.user() {
        return Ok(Ok(token));
    }
    let Some(refusal) = users::hindrance(tx, by, Permission::ApiTokensManage, token.user)? else {
        return Ok(Ok(token));
    };
    tx.record(&by.failure(kind, refusal.code()).target(target(token.id, &token.name)), env)?;
    let is_hidden = refusal == Refusal::OutOfScope && !users::is_seen(tx, by, Permission::ApiTokensRead, token.user)?;
    Ok(Err(if is_hidden { ApiError::not_found::<ApiTokenKind>(which) } else { refusal.into() }))
}

/// Revokes a token.
///
/// # Errors
/// 404 for no token, 403 where its owner is above the caller.
pub async fn revoke(app: &App, by: &Allowed<right::ApiTokensManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let token = match reached(tx, by, which, EventType::ApiTokenRevoke, &env)? {
            Ok(token) => token,
            Err(refused) => return Ok(Err(refused)),
        };
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

/// Which tokens are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A part of the name, or of its owner's name or login.
    pub words: String,
    /// Whether zones say from where it may be used.
    pub has_zones: Option<bool>,
    /// Only those that follow this one.
    pub after: String,
}

/// So many tokens are looked at before those are left out that are not wanted.
const BATCH: u32 = 200;

/// The first `limit` of the tokens that are alive, wanted, and whose owners the caller may see tokens of, with their
/// owners; the caller's own are among them.
///
/// # Errors
/// Of the database.
pub async fn list(
    app: &App,
    by: &Allowed<right::ApiTokensRead>,
    wanted: &Wanted,
    limit: u32,
) -> Result<Vec<(ApiToken, User)>, ApiError> {
    let now = app.env().now;
    let words = fold(&wanted.words);
    let found = app.store.read(by.org, |tx| {
        let (mut found, mut after) = (Vec::new(), wanted.after.clone());
        loop {
            let batch = tx.tokens(now, &after, BATCH)?;
            let is_last = batch.len() < BATCH as usize;
            if let Some(last) = batch.last() {
                after = last.id.to_string();
            }
            for token in batch {
                if found.len() >= limit as usize {
                    return Ok(found);
                }
                let has_zones = token.network.connection == Connection::Zone;
                if wanted.has_zones.is_some_and(|wanted| wanted != has_zones) || !is_shown(tx, by, &token)? {
                    continue;
                }
                let Some(owner) = tx.user(token.user)? else { continue };
                if [&token.name, &owner.name(), owner.login.as_str()].iter().any(|text| fold(text).contains(&words)) {
                    found.push((token, owner));
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    });
    Ok(found.await?)
}

/// One token that the caller may see, with its owner.
///
/// # Errors
/// 404 for no token.
pub async fn token(app: &App, by: &Allowed<right::ApiTokensRead>, which: &str) -> Result<(ApiToken, User), ApiError> {
    let now = app.env().now;
    let found = app.store.read(by.org, |tx| {
        let found = match which.parse() {
            Ok(id) => tx.token(id, now)?,
            Err(_) => None,
        };
        let Some(token) = found else { return Ok(None) };
        if !is_shown(tx, by, &token)? {
            return Ok(None);
        }
        Ok(tx.user(token.user)?.map(|owner| (token, owner)))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<ApiTokenKind>(which))
}

/// Whether a caller sees a token: their own, or that of somebody within their reach.
///
/// # Errors
/// Of the database.
pub fn is_shown(tx: &mut Tx<'_>, by: &Allowed<right::ApiTokensRead>, token: &ApiToken) -> Result<bool, Error> {
    Ok(token.user == by.user() || users::is_seen(tx, by, Permission::ApiTokensRead, token.user)?)
}

/// Whether a caller who may change tokens may change this one: their own, or that of somebody who is not above them.
///
/// # Errors
/// Of the database.
pub fn may_change(tx: &mut Tx<'_>, by: &Caller, token: &ApiToken) -> Result<bool, Error> {
    Ok(token.user == by.user() || users::hindrance(tx, by, Permission::ApiTokensManage, token.user)?.is_none())
}

/// What is wrong with a network, if anything is.
fn misnamed(tx: &mut Tx<'_>, network: &Network) -> Result<Option<ApiError>, Error> {
    let named: Vec<&String> = network.include.iter().chain(&network.exclude).collect();
    let why = match network.connection {
        Connection::Anywhere if named.is_empty() => return Ok(None),
        Connection::Anywhere => "network: with ANYWHERE no zone is named",
        Connection::Zone if named.is_empty() => "network: with ZONE at least one zone is named",
        Connection::Zone => {
            // Until the commit no zone goes: whoever deletes one asks the tokens.
            tx.hold_roles()?;
            for zone in named {
                let is_there = match zone.parse() {
                    Ok(id) => tx.has_zone(id)?,
                    Err(_) => false,
                };
                if !is_there {
                    let zone: String = zone.chars().take(64).collect();
                    return Ok(Some(ApiError::validation("network", [format!("network: there is no zone `{zone}`")])));
                }
            }
            return Ok(None);
        }
    };
    Ok(Some(ApiError::validation("network", [why])))
}

/// Whether a token may be used from where a request comes; a use from elsewhere is recorded.
///
/// # Errors
/// 403 where it may not be used there.
pub async fn admit(app: &App, by: &Caller) -> Result<(), ApiError> {
    let Via::Token { id, name, network, .. } = &by.record.via else { return Ok(()) };
    if network.connection == Connection::Anywhere {
        return Ok(());
    }
    // An address that is not known lies in no zone, and is not let in by what names only zones to keep out.
    let zones = app.store.read(by.org, |tx| tx.zones_of_address(&by.client.0.ip)).await?;
    if zones.is_some_and(|zones| network.allows(&zones)) {
        return Ok(());
    }
    let event = by.failure(EventType::ApiTokenOutside, "network").target(target(*id, name));
    let env = app.env();
    app.store.write(by.org, |tx| tx.record(&event, &env)).await?;
    Err(ApiError::forbidden())
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
        "lastUpdated": hal::time(token.updated_at.max(token.last_used_at).unwrap_or(token.created_at)),
        "expiresAt": hal::time(token.expires_at),
        "tokenWindow": "P30D",
        "network": token.network,
        "grants": token.grants,
        "_link": Value::from(own),
    })
}

/// The routes of API tokens.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::ApiTokensManage);
    let read = Access::Permission(Permission::ApiTokensRead);
    Routes::new()
        .get("/api/v1/api-tokens", read, get_tokens)
        .post("/api/v1/api-tokens", manage, post_token)
        .delete("/api/v1/api-tokens/current", Access::SignedIn, delete_current)
        .get("/api/v1/api-tokens/{token}", read, get_token)
        .put("/api/v1/api-tokens/{token}", manage, put_token)
        .delete("/api/v1/api-tokens/{token}", manage, delete_token)
}

async fn get_tokens(app: State<Arc<App>>, caller: Caller) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::ApiTokensRead>(&app).await?;
    let found = list(&app, &by, &Wanted::default(), u32::MAX).await?;
    Ok(Json(found.iter().map(|(token, _)| shown(&app, token)).collect()))
}

async fn get_token(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::ApiTokensRead>(&app).await?;
    let (token, _) = token(&app, &by, &which.0).await?;
    Ok(Json(shown(&app, &token)))
}

#[derive(Deserialize)]
struct TokenBody {
    name: Option<String>,
    network: Option<Network>,
}

#[derive(Deserialize)]
struct NewTokenBody {
    name: String,
    #[serde(default)]
    grants: Vec<String>,
    #[serde(default)]
    network: Network,
}

/// Okta's API has no such call: there a token is made in the console alone. Here it takes the console's session too.
async fn post_token(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<NewTokenBody>, ApiError>,
) -> Result<Response, ApiError> {
    let by = caller.require::<right::ApiTokensManage>(&app).await?;
    let NewTokenBody { name, grants, network } = body?.0;
    let name: TokenName = name.parse().map_err(|wrong| ApiError::validation("name", [format!("name: {wrong}")]))?;
    let grants: Result<Vec<Grant>, ()> = grants.iter().map(|grant| grant.parse()).collect();
    let grants = grants.map_err(|()| ApiError::validation("grants", ["grants: there is no such grant"]))?;
    let (id, text) = make(&app, &by, &name, &grants, &network).await?;
    let now = app.env().now;
    let token = app.store.read(by.org, |tx| tx.token(id, now)).await?;
    let token = token.ok_or_else(|| ApiError::not_found::<ApiTokenKind>(id.as_str()))?;
    let mut answer = shown(&app, &token);
    answer["token"] = text.expose().as_str().into();
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(answer)).into_response())
}

async fn put_token(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<TokenBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::ApiTokensManage>(&app).await?;
    let TokenBody { name, network } = body?.0;
    let name = name.map(|name| name.parse::<TokenName>()).transpose();
    let name = name.map_err(|wrong| ApiError::validation("name", [format!("name: {wrong}")]))?;
    let token = update(&app, &by, &which.0, &Change { name, network }).await?;
    Ok(Json(shown(&app, &token)))
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
