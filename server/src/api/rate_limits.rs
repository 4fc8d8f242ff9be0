//! Request limits as Okta's API sets them: warnings, the limit on clients, mails to administrators. The counts themselves
//! are among all other limits at `/device-access/api/v1/limits`.

pub mod principals;

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::limit::requests::{ClientMode, RequestSettings, UseCase};
use postern_authn::permission::{Permission, right};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};

/// What is set.
///
/// # Errors
/// Of the database.
pub async fn settings(app: &App, by: &Allowed<right::RateLimitsRead>) -> Result<RequestSettings, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.setting::<RequestSettings>()).await?.0)
}

/// Changes what is set.
///
/// # Errors
/// Of the database.
pub async fn change(
    app: &App,
    by: &Allowed<right::RateLimitsManage>,
    change: impl Fn(&mut RequestSettings),
) -> Result<RequestSettings, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let (mut settings, _) = tx.setting::<RequestSettings>()?;
        change(&mut settings);
        tx.put_setting(&settings, env.now)?;
        tx.note_perimeter(env.now)?;
        let to = serde_json::to_string(&settings)?;
        tx.record(&by.success(EventType::RateLimitConfigurationUpdate).detail("to", to), &env)?;
        Ok(settings)
    });
    Ok(app.perimeter.changed(changed).await?)
}

/// The routes.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RateLimitsManage);
    let read = Access::Permission(Permission::RateLimitsRead);
    let base = ["/api/v1/rate-limit-settings/admin-notifications", "/api/v1/rate-limit-settings/per-client"];
    let threshold = "/api/v1/rate-limit-settings/warning-threshold";
    Routes::new()
        .get(base[0], read, get_notifications)
        .put(base[0], manage, put_notifications)
        .get(base[1], read, get_per_client)
        .put(base[1], manage, put_per_client)
        .get(threshold, read, get_threshold)
        .put(threshold, manage, put_threshold)
        .merge(principals::routes())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notifications {
    notifications_enabled: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PerClient {
    default_mode: ClientMode,
    #[serde(default)]
    use_case_mode_overrides: BTreeMap<UseCase, ClientMode>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Threshold {
    warning_threshold: u32,
}

async fn get_notifications(app: State<Arc<App>>, caller: Caller) -> Result<Json<Notifications>, ApiError> {
    let by = caller.require::<right::RateLimitsRead>(&app).await?;
    Ok(Json(Notifications { notifications_enabled: settings(&app, &by).await?.notifications_enabled }))
}

async fn put_notifications(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Notifications>, ApiError>,
) -> Result<Json<Notifications>, ApiError> {
    let by = caller.require::<right::RateLimitsManage>(&app).await?;
    let body = body?;
    change(&app, &by, |settings| settings.notifications_enabled = body.0.notifications_enabled).await?;
    Ok(body)
}

async fn get_per_client(app: State<Arc<App>>, caller: Caller) -> Result<Json<PerClient>, ApiError> {
    let by = caller.require::<right::RateLimitsRead>(&app).await?;
    let RequestSettings { default_mode, use_case_mode_overrides, .. } = settings(&app, &by).await?;
    Ok(Json(PerClient { default_mode, use_case_mode_overrides }))
}

async fn put_per_client(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<PerClient>, ApiError>,
) -> Result<Json<PerClient>, ApiError> {
    let by = caller.require::<right::RateLimitsManage>(&app).await?;
    let body = body?;
    change(&app, &by, |settings| {
        settings.default_mode = body.0.default_mode;
        settings.use_case_mode_overrides.clone_from(&body.0.use_case_mode_overrides);
    })
    .await?;
    Ok(body)
}

async fn get_threshold(app: State<Arc<App>>, caller: Caller) -> Result<Json<Threshold>, ApiError> {
    let by = caller.require::<right::RateLimitsRead>(&app).await?;
    Ok(Json(Threshold { warning_threshold: settings(&app, &by).await?.warning_threshold }))
}

async fn put_threshold(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Threshold>, ApiError>,
) -> Result<Json<Threshold>, ApiError> {
    let by = caller.require::<right::RateLimitsManage>(&app).await?;
    let body = body?;
    if !(30..=90).contains(&body.0.warning_threshold) {
        return Err(ApiError::validation("warningThreshold", ["warningThreshold: must be from 30 to 90"]));
    }
    change(&app, &by, |settings| settings.warning_threshold = body.0.warning_threshold).await?;
    Ok(body)
}
