//! Makes of tokens: what the tokens that an organisation gives out have in common. A make is not changed, since tokens go
//! by it; another one is made.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::factor::hotp::{Make, MakeName};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{FactorProfile as FactorProfileKind, Id};
use postern_store::factor_profiles::FactorProfile;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Most makes of an organisation.
const MOST: usize = 100;
const ADDRESS: &str = "/api/v1/org/factors/hotp/profiles";

/// Makes a make.
///
/// # Errors
/// 400 for one out of range, and where the name is taken.
pub async fn create(
    app: &App,
    by: &Allowed<right::OrgManage>,
    name: &MakeName,
    make: &Make,
) -> Result<FactorProfile, ApiError> {
    let env = app.env();
    let faults = make.faults();
    if !faults.is_empty() {
        return Err(ApiError::validation("settings", faults));
    }
    let kept = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        if tx.factor_profiles()?.len() >= MOST {
            return Ok(Err(ApiError::validation("factorProfile", [format!("there may be {MOST} factor profiles")])));
        }
        let Some(id) = tx.insert_factor_profile(name, make, &env)? else {
            let cause = "name: An object with this field already exists in the current organization";
            return Ok(Err(ApiError::validation("name", [cause])));
        };
        let event = by.success(EventType::FactorProfileCreate);
        tx.record(&event.target(Target::new("FactorProfile", id, "", name.as_str())), &env)?;
        Ok(tx.factor_profile(id)?.ok_or_else(|| missing(id.as_str())))
    });
    kept.await?
}

/// Forgets a make. Tokens that are enrolled keep what they need of it.
///
/// # Errors
/// 404 for none.
pub async fn delete(app: &App, by: &Allowed<right::OrgManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        let found = match which.parse::<Id<FactorProfileKind>>() {
            Ok(id) => tx.factor_profile(id)?,
            Err(_) => None,
        };
        let Some(found) = found else { return Ok(Err(missing(which))) };
        tx.delete_factor_profile(found.id)?;
        let event = by.success(EventType::FactorProfileDelete);
        tx.record(&event.target(Target::new("FactorProfile", found.id, "", &found.name)), &env)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// The routes.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::OrgRead), Access::Permission(Permission::OrgManage));
    Routes::new()
        .get(ADDRESS, read, list)
        .post(ADDRESS, manage, post)
        .get("/api/v1/org/factors/hotp/profiles/{profile}", read, one)
        .delete("/api/v1/org/factors/hotp/profiles/{profile}", manage, remove)
}

fn missing(which: &str) -> ApiError {
    ApiError::not_found::<FactorProfileKind>(which)
}

fn shown(app: &App, profile: &FactorProfile) -> Value {
    let links = Links::new(app).to("self", "GET", format!("{ADDRESS}/{}", profile.id));
    json!({
        "id": profile.id,
        "name": profile.name,
        "settings": profile.make,
        "created": hal::time(profile.created_at),
        "_links": Value::from(links),
    })
}

#[derive(Deserialize)]
struct ProfileBody {
    name: Option<String>,
    settings: Option<Make>,
}

async fn list(app: State<Arc<App>>, caller: Caller) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    let all = app.store.read(by.org, |tx| tx.factor_profiles()).await?;
    Ok(Json(all.iter().map(|profile| shown(&app, profile)).collect()))
}

async fn one(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    let Ok(id) = which.0.parse() else { return Err(missing(&which.0)) };
    let found = app.store.read(by.org, |tx| tx.factor_profile(id)).await?;
    found.map(|found| Json(shown(&app, &found))).ok_or_else(|| missing(&which.0))
}

async fn post(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<ProfileBody>, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let ProfileBody { name, settings } = body?.0;
    let name = name.and_then(|name| name.parse().ok());
    let name = name.ok_or_else(|| ApiError::validation("name", ["name: must have 1 to 100 characters on one line"]))?;
    let blank = || ApiError::validation("settings", ["settings: The field cannot be left blank"]);
    let made = create(&app, &by, &name, &settings.ok_or_else(blank)?).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, &made))))
}

async fn remove(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
