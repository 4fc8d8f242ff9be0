//! Backup codes: a set for the day on which every device is gone. The codes are in the one answer that makes them; what is
//! kept can tell how many are left, and nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType, Target};
use postern_authn::factor::{Enrolled, Kind, NewFactor, Status, backup_codes};
use postern_authn::permission::right;
use postern_authn::user::User;
use postern_codes::id::{Factor, Id, Org, User as UserKind};
use postern_codes::{Env, Secret, Timestamp};
use postern_store::factor_codes::Bond;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use super::factors::{Meant, to_change, to_see};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::console::words::say;
use crate::factors::Doer;
use crate::notices;

const ADDRESS: &str = "/recovery/api/v1/users/{who}/backup-codes";

/// A set, as it can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set {
    /// How many codes are left.
    pub remaining: u64,
    /// Since when there is this set.
    pub created_at: Timestamp,
    /// When a code was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What is left of a person's set; nothing, where they have none.
///
/// # Errors
/// Of the database.
pub fn left(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<Option<Set>, Error> {
    let Some(held) = held(tx, user)? else { return Ok(None) };
    let remaining = tx.codes_left(held.id)?;
    Ok(Some(Set { remaining, created_at: held.created_at, last_used_at: held.last_used_at }))
}

/// Makes a set of ten; the one before is void. The codes are in the answer alone, in groups of four.
///
/// # Errors
/// 403 for somebody whose account has ended.
pub async fn generate(app: &App, org: Id<Org>, doer: &Doer, user: &User) -> Result<Vec<Secret<String>>, ApiError> {
    let env = app.env();
    app.store.write(org, |tx| make(tx, doer, user, &env)).await?
}

/// Makes a set in the caller's transaction.
///
/// # Errors
/// Of the database; in it 403 for somebody whose account has ended.
pub fn make(
    tx: &mut Tx<'_>,
    doer: &Doer,
    user: &User,
    env: &Env,
) -> Result<Result<Vec<Secret<String>>, ApiError>, Error> {
    if !user.status.is_in_force() {
        let summary = "This operation is not allowed in the user's current status.";
        return Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000038", summary)));
    }
    if !tx.hold_factors_of(user.id)? {
        return Ok(Err(ApiError::not_found::<UserKind>(user.id.as_str())));
    }
    if let Some(before) = held(tx, user.id)? {
        tx.retire_factor(before.id, env.now)?;
    }
    let (kind, status) = (Kind::BackupCodes, Status::Active);
    let (profile, secret) = (json!({}), Secret::new(Vec::new()));
    let new = NewFactor { user: user.id, kind, provider: "OKTA", status, profile, secret, counter: 0 };
    tx.insert_factor(&new, env)?;
    let held = held(tx, user.id)?.ok_or_else(|| Error::fault("a set of codes was not kept"))?;
    let codes: Vec<Secret<String>> = (0..backup_codes::COUNT).map(|_| backup_codes::new_code(env)).collect();
    for code in &codes {
        // Bound to nothing: such a code counts wherever one of an app does.
        tx.put_code((&held, &Bond::Api), code, None, env.now)?;
    }
    tx.record(&event(doer, EventType::FactorActivate, user, &held), env)?;
    notices::factors_changed(tx, user, say("mail-backup-codes-made"), env)?;
    Ok(Ok(codes.iter().map(backup_codes::grouped).collect()))
}

/// Codes as they are copied: a line each.
pub fn in_lines(codes: &[Secret<String>]) -> Secret<String> {
    let lines: Vec<&str> = codes.iter().map(|code| code.expose().as_str()).collect();
    Secret::new(lines.join("\n"))
}

/// Makes a person's set void.
///
/// # Errors
/// 404 where there is none.
pub async fn remove(app: &App, org: Id<Org>, doer: &Doer, user: &User) -> Result<(), ApiError> {
    let env = app.env();
    let removed = app.store.write(org, |tx| {
        tx.hold_factors_of(user.id)?;
        let Some(held) = held(tx, user.id)? else { return Ok(Err(missing())) };
        tx.retire_factor(held.id, env.now)?;
        tx.record(&event(doer, EventType::FactorDeactivate, user, &held), &env)?;
        notices::factors_changed(tx, user, say("mail-backup-codes-void"), &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

fn held(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<Option<Enrolled>, Error> {
    Ok(tx.factors_of(user)?.into_iter().find(|factor| factor.kind == Kind::BackupCodes))
}

fn event(doer: &Doer, kind: EventType, user: &User, held: &Enrolled) -> Event {
    let event = Event::success(kind, doer.actor.clone(), doer.client.clone());
    let event = event.target(Target::new("User", user.id, user.login.as_str(), &user.name()));
    event
        .target(Target::new("UserFactor", held.id, held.kind.as_str(), held.kind.factor().label()))
        .detail("factor", held.kind.as_str())
}

fn missing() -> ApiError {
    ApiError::not_found::<Factor>("backup-codes")
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::SignedIn, get).post(ADDRESS, Access::SignedIn, post).delete(
        ADDRESS,
        Access::SignedIn,
        delete,
    )
}

fn shown(app: &App, user: &User, set: Set) -> Value {
    let path = format!("/recovery/api/v1/users/{}/backup-codes", user.id);
    json!({
        "remaining": set.remaining,
        "total": backup_codes::COUNT,
        "created": hal::time(set.created_at),
        "lastUsed": set.last_used_at.map(hal::time),
        "_links": Value::from(Links::new(app).to("self", "GET", path)),
    })
}

async fn get(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Value>, ApiError> {
    let Meant { user, .. } = to_see(&app, &caller, &who.0).await?;
    let set = app.store.read(caller.org, |tx| left(tx, user.id)).await?;
    Ok(Json(shown(&app, &user, set.ok_or_else(missing)?)))
}

async fn post(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<(StatusCode, Json<Value>), ApiError> {
    let kind = EventType::FactorActivate;
    let Meant { user, .. } = to_change::<right::UsersCredentials>(&app, &caller, &who.0, kind).await?;
    let codes = generate(&app, caller.org, &Doer::of(&caller), &user).await?;
    let set = app.store.read(caller.org, |tx| left(tx, user.id)).await?;
    let mut body = shown(&app, &user, set.ok_or_else(missing)?);
    body["codes"] = codes.iter().map(|code| code.expose().as_str()).collect();
    Ok((StatusCode::CREATED, Json(body)))
}

async fn delete(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<StatusCode, ApiError> {
    let kind = EventType::FactorDeactivate;
    let Meant { user, .. } = to_change::<right::UsersResetFactors>(&app, &caller, &who.0, kind).await?;
    remove(&app, caller.org, &Doer::of(&caller), &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
