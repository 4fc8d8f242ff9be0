//! Features that an organisation switches on and off for itself, as Okta's API lists them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_store::settings::Setting;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::App;
use crate::api::device_access::settings::setting;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, Caller, Json};

/// The id of the one feature of this version.
pub const RECOVERY: &str = "ftrDesktopMfaRecover";

/// Which features are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Features {
    /// Desktop MFA Admin Recovery: whether recovery PINs can be switched on at all.
    pub recovery: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { recovery: true }
    }
}

impl Setting for Features {
    const NAME: &'static str = "features";
}

impl Features {
    /// The refusal of what belongs to a feature that is off.
    pub fn unavailable() -> ApiError {
        let summary = "You do not have permission to access the feature you are requesting";
        ApiError::new(StatusCode::UNAUTHORIZED, "E0000015", summary)
            .cause("switch on Desktop MFA Admin Recovery under Settings > Features")
    }

    fn json(self) -> Value {
        let status = if self.recovery { "ENABLED" } else { "DISABLED" };
        json!({
            "id": RECOVERY,
            "type": "self-service",
            "name": "Desktop MFA Admin Recovery",
            "description": "Help desk administrators make a time-limited PIN for somebody locked out of a computer.",
            "status": status,
            "stage": { "state": "OPEN", "value": "EA" },
            "_links": { "self": { "href": format!("/api/v1/features/{RECOVERY}") } },
        })
    }
}

/// Switches the feature of recovery PINs.
///
/// # Errors
/// 403 for anybody but a super administrator.
pub async fn set_recovery(app: &App, caller: Allowed<right::OrgManage>, is_on: bool) -> Result<Features, ApiError> {
    let env = app.env();
    let features = Features { recovery: is_on };
    let event = caller
        .success(EventType::ConfigurationUpdate)
        .detail("setting", Features::NAME)
        .detail("to", is_on.to_string());
    let done = app.store.write(caller.org, |tx| {
        tx.record(&event, &env)?;
        tx.put_setting(&features, env.now).map(drop)
    });
    done.await?;
    Ok(features)
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (features, _) = setting::<Features>(&app, caller.org).await?;
    Ok(Json(json!([features.json()])))
}

async fn get(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    known(&id)?;
    let (features, _) = setting::<Features>(&app, caller.org).await?;
    Ok(Json(features.json()))
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, lifecycle)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    known(&id)?;
    let is_on = match lifecycle.to_ascii_uppercase().as_str() {
        "ENABLE" => true,
        "DISABLE" => false,
        _ => return Err(ApiError::no_such_path()),
    };
    Ok(Json(set_recovery(&app, caller, is_on).await?.json()))
}

fn known(id: &str) -> Result<(), ApiError> {
    let shown: String = id.chars().take(64).collect();
    let summary = format!("Not found: Resource not found: {shown} (Feature)");
    (id == RECOVERY).then_some(()).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "E0000007", summary))
}

/// The routes.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::OrgRead);
    let write = Access::Permission(Permission::OrgManage);
    Routes::new().get("/api/v1/features", read, list).get("/api/v1/features/{featureId}", read, get).post(
        "/api/v1/features/{featureId}/{lifecycle}",
        write,
        change,
    )
}
