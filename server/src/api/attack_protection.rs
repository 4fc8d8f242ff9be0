//! How attacks on passwords are met, as an organisation sets it.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_store::attempts::AttackProtection;
use postern_store::settings::Setting as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::device_access::settings::setting;
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};

const LOCKOUT: &str = "preventBruteForceLockoutFromUnknownDevices";
const ORDER: &str = "verifyKnowledgeSecondWhen2faRequired";

/// Changes how attacks are met; gives what holds from then on.
///
/// # Errors
/// Of the database.
pub async fn change(
    app: &App,
    by: &Allowed<right::OrgManage>,
    edit: impl Fn(&mut AttackProtection),
) -> Result<AttackProtection, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let (mut settings, _) = tx.setting::<AttackProtection>()?;
        let before = settings;
        edit(&mut settings);
        if settings != before {
            tx.put_setting(&settings, env.now)?;
            let event = by.success(EventType::OrgSettingUpdate).detail("setting", AttackProtection::NAME);
            let event = event.detail(LOCKOUT, settings.prevent_brute_force_lockout_from_unknown_devices.to_string());
            tx.record(&event.detail(ORDER, settings.verify_knowledge_second_when_2fa_required.to_string()), &env)?;
        }
        Ok(settings)
    });
    Ok(changed.await?)
}

/// The routes.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::OrgRead);
    let manage = Access::Permission(Permission::OrgManage);
    Routes::new()
        .get("/attack-protection/api/v1/user-lockout-settings", read, get_lockout)
        .put("/attack-protection/api/v1/user-lockout-settings", manage, put_lockout)
        .get("/attack-protection/api/v1/authenticator-settings", read, get_order)
        .put("/attack-protection/api/v1/authenticator-settings", manage, put_order)
}

fn lockout(settings: AttackProtection) -> Json<Value> {
    Json(json!({ LOCKOUT: settings.prevent_brute_force_lockout_from_unknown_devices }))
}

fn order(settings: AttackProtection) -> Json<Value> {
    Json(json!({ ORDER: settings.verify_knowledge_second_when_2fa_required }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockoutBody {
    #[serde(rename = "preventBruteForceLockoutFromUnknownDevices")]
    prevent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    #[serde(rename = "verifyKnowledgeSecondWhen2faRequired")]
    knowledge_second: bool,
}

async fn get_lockout(app: State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    Ok(lockout(setting::<AttackProtection>(&app, by.org).await?.0))
}

async fn put_lockout(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<LockoutBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let prevent = body?.0.prevent;
    let edit = |settings: &mut AttackProtection| settings.prevent_brute_force_lockout_from_unknown_devices = prevent;
    Ok(lockout(change(&app, &by, edit).await?))
}

async fn get_order(app: State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    Ok(order(setting::<AttackProtection>(&app, by.org).await?.0))
}

async fn put_order(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<OrderBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let second = body?.0.knowledge_second;
    let edit = |settings: &mut AttackProtection| settings.verify_knowledge_second_when_2fa_required = second;
    Ok(order(change(&app, &by, edit).await?))
}
