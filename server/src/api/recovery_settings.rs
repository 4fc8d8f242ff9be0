//! What holds for recovery in the whole organisation.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_store::settings::Setting;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};

const ADDRESS: &str = "/recovery/api/v1/settings";

/// The settings, as they are stored and shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RecoverySettings {
    /// Whether no program may reset factors outside a recovery case, whatever its token was made with.
    pub forbids_reset_without_case: bool,
}

impl Setting for RecoverySettings {
    const NAME: &'static str = "recovery";
}

/// The settings.
///
/// # Errors
/// Of the database.
pub async fn settings(app: &App, by: &Caller) -> Result<RecoverySettings, ApiError> {
    let (settings, _) = app.store.read(by.org, |tx| tx.setting()).await?;
    Ok(settings)
}

/// Sets them.
///
/// # Errors
/// Of the database.
pub async fn set(app: &App, by: &Allowed<right::OrgManage>, new: RecoverySettings) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let event = by.success(EventType::OrgSettingUpdate).detail("setting", RecoverySettings::NAME);
        tx.record(&event.detail("to", serde_json::to_string(&new)?), &env)?;
        tx.put_setting(&new, env.now).map(drop)
    });
    Ok(done.await?)
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), get).put(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        put,
    )
}

async fn get(app: State<Arc<App>>, caller: Caller) -> Result<Json<RecoverySettings>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    settings(&app, &by).await.map(Json)
}

async fn put(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<RecoverySettings>, ApiError>,
) -> Result<Json<RecoverySettings>, ApiError> {
    let by = caller.require_everywhere::<right::OrgManage>(&app).await?;
    let Json(new) = body?;
    set(&app, &by, new).await?;
    Ok(Json(new))
}
