//! Recovery PINs over HTTP: what a request says, what an answer shows. The PIN is in one of them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::pin::{self, Issuance, IssuanceStatus};
use postern_codes::Timestamp;
use postern_codes::id::{Device as DeviceKind, Id, Issuance as IssuanceKind, RecoveryEnrolment, User as UserKind};
use postern_codes::report::Mode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Issued, Pair, issuance, issue, list, readiness, revoke, rotate, word};
use crate::App;
use crate::api::hal::{Links, time};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Caller, Json};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueBody {
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    challenge: Option<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    case_id: Option<String>,
    #[serde(default)]
    ticket: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RevokeBody {
    reason: String,
}

fn pair(device: &str, user: &str) -> Result<Pair, ApiError> {
    Ok(Pair {
        device: device.parse().map_err(|_| ApiError::not_found::<DeviceKind>(device))?,
        user: user.parse().map_err(|_| ApiError::not_found::<UserKind>(user))?,
    })
}

fn issuance_id(text: &str) -> Result<Id<IssuanceKind>, ApiError> {
    text.parse().map_err(|_| ApiError::not_found::<IssuanceKind>(text))
}

/// A PIN's record as the API shows it; never the PIN.
fn shown(app: &App, issuance: &Issuance, now: Timestamp) -> Value {
    let Issuance { id, device, user, .. } = issuance;
    let state = issuance.state(now);
    let path = format!("/device-access/api/v1/devices/{device}/users/{user}/recovery-pins/{id}");
    let may_revoke = matches!(state, IssuanceStatus::Issued | IssuanceStatus::Activated | IssuanceStatus::Expired);
    let links = Links::new(app).to("self", "GET", &path).to_if(may_revoke, "revoke", "POST", format!("{path}/revoke"));
    let mut body = json!({
        "id": id,
        "mode": word(issuance.mode()),
        "status": state,
        "issuedAt": time(issuance.issued_at),
        "expiresAt": time(issuance.expires_at),
        "durationMinutes": issuance.duration.as_secs() / 60,
        "reason": issuance.reason,
        "requestedBy": issuance.requested_by,
        "_links": Value::from(links),
    });
    let further = [
        ("source", issuance.source.map(|source| source.as_str().to_owned())),
        ("activatedAt", issuance.activated_at.map(time)),
        ("endsAt", issuance.deadline().map(time)),
        ("caseId", issuance.case.clone()),
        ("ticket", issuance.ticket.clone()),
    ];
    for (name, value) in further {
        if let Some(value) = value {
            body[name] = value.into();
        }
    }
    body
}

async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user)): Path<(String, String)>,
    body: Result<Json<IssueBody>, ApiError>,
) -> Result<Response, ApiError> {
    let caller = caller.require::<right::RecoveryPinGenerate>(&app).await?;
    let Json(body) = body?;
    let mode = body.mode.unwrap_or(if body.challenge.is_some() { Mode::Challenge } else { Mode::Time });
    let IssueBody { challenge, reason, case_id, ticket, .. } = body;
    let request = pin::Request { mode, challenge, reason, case: case_id, ticket };
    let Issued { issuance, pin, device, user } = issue(&app, caller, pair(&device, &user)?, request).await?;
    let mut body = shown(&app, &issuance, issuance.issued_at);
    body["pin"] = pin.digits().into();
    let profile = &device.profile;
    body["device"] = json!({
        "id": device.id,
        "displayName": profile.display_name,
        "serialNumber": profile.serial_number,
        "manufacturer": profile.manufacturer,
        "model": profile.model,
        "lastSeenAt": device.last_seen_at.map(time),
    });
    body["user"] = json!({ "id": user.id, "login": user.login.as_str(), "name": user.name() });
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn get_list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user)): Path<(String, String)>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let caller = caller.require::<right::RecoveryPinGenerate>(&app).await?;
    let now = app.env().now;
    let issued = list(&app, &caller, pair(&device, &user)?).await?;
    Ok(Json(issued.iter().map(|issuance| shown(&app, issuance, now)).collect()))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user, id)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::RecoveryPinGenerate>(&app).await?;
    let found = issuance(&app, &caller, pair(&device, &user)?, issuance_id(&id)?).await?;
    Ok(Json(shown(&app, &found, app.env().now)))
}

async fn post_revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user, id)): Path<(String, String, String)>,
    body: Result<Json<RevokeBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::RecoveryPinGenerate>(&app).await?;
    let Json(body) = body?;
    let (issuance, effect) = revoke(&app, caller, pair(&device, &user)?, issuance_id(&id)?, &body.reason).await?;
    let mut body = shown(&app, &issuance, app.env().now);
    body["effective"] = effect.as_str().into();
    Ok(Json(body))
}

async fn get_readiness(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    let now = app.env().now;
    let found = readiness(&app, &caller, pair(&device, &user)?).await?;
    let days = |age: std::time::Duration| age.as_secs() / 86_400;
    let own = found.enrolment.as_ref();
    Ok(Json(json!({
        "ready": found.is_ready,
        "checks": found.checks,
        "mode": word(found.mode),
        "lastSeenAt": found.device.last_seen_at.map(time),
        "eid": own.map(|own| own.id),
        "generation": own.map(|own| own.generation),
        "secretAgeDays": own.and_then(|own| own.age(now)).map(days),
        "certificateExpiresAt": found.certificate_expires_at.map(time),
        "binding": own.map(|own| own.binding),
        "bindingAttested": false,
        "link": found.link.map(|link| json!({ "proof": link.proof, "since": time(link.since) })),
        "durationMinutes": found.duration_minutes,
    })))
}

async fn post_rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((device, user, eid)): Path<(String, String, String)>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let caller = caller.require::<right::DevicesManage>(&app).await?;
    let eid = eid.parse().map_err(|_| ApiError::not_found::<RecoveryEnrolment>(&eid))?;
    rotate(&app, caller, pair(&device, &user)?, eid).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

/// The routes.
pub fn routes() -> Routes {
    let issue = Access::Permission(Permission::RecoveryPinGenerate);
    Routes::new()
        .get(
            "/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-readiness",
            Access::Permission(Permission::DevicesRead),
            get_readiness,
        )
        .post("/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-pins", issue, post)
        .get("/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-pins", issue, get_list)
        .get("/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-pins/{pinId}", issue, get)
        .post(
            "/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-pins/{pinId}/revoke",
            issue,
            post_revoke,
        )
        .post(
            "/device-access/api/v1/devices/{deviceId}/users/{userId}/recovery-enrolments/{eid}/rotate",
            Access::Permission(Permission::DevicesManage),
            post_rotate,
        )
}
