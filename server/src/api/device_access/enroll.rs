//! How a computer comes to the organisation: a one-time code for its first certificate, the present certificate for the
//! next one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client as AuditClient, Event, EventType, Target};
use postern_authn::device::{Device, Platform, Profile};
use postern_authn::limit::{Charge, Limit};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{EnrollmentCode, Id};
use postern_codes::strict::Malformed;
use postern_codes::{Env, Secret, Timestamp, mac, strict};
use postern_store::Tx;
use postern_store::enrollment_codes::NewCode;
use postern_wire::enroll::{self, EnrollAnswer, EnrollRequest, RenewAnswer, RenewRequest};
use postern_wire::error::DeviceError;
use postern_wire::proof::{Jwk, Jwks};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{DeviceCall, read_body};
use super::refusal::{Outcome, actor, malformed, refusal};
use crate::App;
use crate::api::client::Client;
use crate::api::hal::time;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, Caller, Json};
use crate::device_ca;
use crate::service_key::{ServiceKey, text};

/// Readable aloud: no letter that looks or sounds like another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 20 characters of 5 bits.
const CODE_CHARACTERS: usize = 20;
const DEFAULT_MINUTES: u32 = 60;
/// The longest life of a code: a week.
const MOST_MINUTES: u32 = 7 * 24 * 60;

/// A code that was made, shown once.
pub struct MadeCode {
    /// Its id.
    pub id: Id<EnrollmentCode>,
    /// The code, in groups of five.
    pub code: Secret<String>,
    /// Until when it serves.
    pub expires_at: Timestamp,
}

/// What a code is wanted for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CodeRequest {
    /// The only serial number it shall serve for.
    pub serial_number: Option<String>,
    /// How long it shall serve.
    pub expires_in_minutes: Option<u32>,
}

/// Makes a one-time code for enrolling a computer.
///
/// # Errors
/// 400 for a serial number or a life that cannot be.
pub async fn make_code(
    app: &App,
    caller: Allowed<right::DevicesManage>,
    request: CodeRequest,
) -> Result<MadeCode, ApiError> {
    let serial = request.serial_number.as_deref().map(str::trim).filter(|serial| !serial.is_empty());
    if serial.is_some_and(|serial| serial.chars().count() > 255) {
        return Err(ApiError::validation("serialNumber", ["serialNumber: at most 255 characters"]));
    }
    let minutes = request.expires_in_minutes.unwrap_or(DEFAULT_MINUTES);
    if !(1..=MOST_MINUTES).contains(&minutes) {
        return Err(ApiError::validation("expiresInMinutes", [format!("expiresInMinutes: 1 to {MOST_MINUTES}")]));
    }
    let env = app.env();
    let (id, code) = (Id::new(&env), new_code(&env));
    let expires_at = env.now.plus(Duration::from_secs(u64::from(minutes) * 60));
    let event = caller.success(EventType::DeviceEnrollmentCodeCreate).target(Target::new(
        "EnrollmentCode",
        id,
        serial.unwrap_or_default(),
        "",
    ));
    let created_by = caller.user();
    let hash = code_hash(code.expose());
    app.store
        .write(caller.org, |tx| {
            let created_by = created_by.as_str();
            tx.insert_enrollment_code(&NewCode { id, hash, serial, created_by, created_at: env.now, expires_at })?;
            tx.record(&event, &env)
        })
        .await?;
    Ok(MadeCode { id, code, expires_at })
}

fn new_code(env: &Env) -> Secret<String> {
    let mut code = String::with_capacity(CODE_CHARACTERS + 3);
    for at in 0..CODE_CHARACTERS {
        if at > 0 && at % 5 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(env.below(32))]));
    }
    Secret::new(code)
}

/// What a code is known by, however it was typed: case, blanks and hyphens do not count, and O, I and L are read as the
/// digits they look like.
fn code_hash(typed: &str) -> [u8; 32] {
    let plain: Vec<u8> = typed
        .bytes()
        .map(|byte| byte.to_ascii_uppercase())
        .filter(|byte| !matches!(byte, b'-' | b' '))
        .map(|byte| match byte {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        })
        .collect();
    mac::sha256(&[&plain])
}

async fn post_code(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<CodeRequest>, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let caller = caller.require_everywhere::<right::DevicesManage>(&app).await?;
    let Json(request) = body?;
    let made = make_code(&app, caller, request).await?;
    let shown = json!({ "id": made.id, "code": made.code.expose(), "expiresAt": time(made.expires_at) });
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn enroll(State(app): State<Arc<App>>, request: Request) -> Result<(StatusCode, Json<EnrollAnswer>), ApiError> {
    let (mut parts, body) = request.into_parts();
    let Client(client) = Client::from_request_parts(&mut parts, &app).await.unwrap_or_default();
    let body = read_body(Request::from_parts(parts, body), &app).await?;
    let request: EnrollRequest = strict::from_slice(&body).map_err(|fault| malformed(&fault))?;
    let csr = parse_csr(request.csr.as_bytes())?;
    let org = app.org().await?;
    let env = app.env();
    let answer = app.store.write(org, |tx| enrolled(tx, &request, &csr, &client, &env)).await??;
    Ok((StatusCode::CREATED, Json(answer)))
}

fn parse_csr(der: &[u8]) -> Result<device_ca::Request, ApiError> {
    device_ca::Request::parse(der).map_err(|_| malformed(&Malformed::at("csr")))
}

/// Uses up the code and keeps the certificate in one transaction: of two calls at once one wins.
fn enrolled(
    tx: &mut Tx<'_>,
    request: &EnrollRequest,
    csr: &device_ca::Request,
    client: &AuditClient,
    env: &Env,
) -> Outcome<EnrollAnswer> {
    let allowed = tx.allowance(Limit::Enrolments)?;
    if let Charge::RetryAt(at) = tx.charge(Limit::Enrolments, &client.ip, allowed, env.now)? {
        let refused = refusal(DeviceError::RateLimited).again_at(at);
        let code = DeviceError::RateLimited.word();
        tx.record(&Event::failure(EventType::DeviceEnroll, Actor::anonymous(), client.clone(), code), env)?;
        return Ok(Err(refused.cause(Limit::Enrolments.message())));
    }
    let device = Device::enrolled(profile(request), env);
    let serial = &device.profile.serial_number;
    if !tx.use_enrollment_code(code_hash(&request.enrollment_code), serial, device.id, env.now)? {
        let refused = DeviceError::EnrollmentCodeInvalid;
        let event = Event::failure(EventType::DeviceEnroll, Actor::anonymous(), client.clone(), refused.word());
        tx.record(&event.target(Target::new("Device", "unknown", serial, &device.profile.display_name)), env)?;
        return Ok(Err(refusal(refused)));
    }
    tx.insert_device(&device)?;
    let made = device_ca::certify(tx, csr, device.id, env)?;
    tx.insert_certificate(&made.certificate, &made.der)?;
    let event = Event::success(EventType::DeviceEnroll, actor(&device), client.clone());
    tx.record(&event.target(target(&device)), env)?;
    Ok(Ok(EnrollAnswer {
        device_id: text(device.id.as_str())?,
        org_id: text(tx.org().as_str())?,
        certificate: made.chain,
        service_keys: jwks(&ServiceKey::load(tx, env.now)?),
    }))
}

fn profile(request: &EnrollRequest) -> Profile {
    let told = &request.profile;
    Profile {
        display_name: told.display_name.to_string(),
        platform: match told.platform {
            enroll::Platform::Linux => Platform::Linux,
            enroll::Platform::Macos => Platform::Macos,
            enroll::Platform::Windows => Platform::Windows,
        },
        serial_number: told.serial_number.to_string(),
        manufacturer: told.manufacturer.to_string(),
        model: told.model.to_string(),
        os_version: told.os_version.to_string(),
        registered: true,
        udid: told.udid.as_ref().map(ToString::to_string),
        tpm_public_key_hash: told.tpm_public_key_hash.as_ref().map(ToString::to_string),
        secure_hardware_present: told.secure_hardware_present,
    }
}

/// A computer as a target in the record.
pub fn target(device: &Device) -> Target {
    Target::new("Device", device.id, &device.profile.serial_number, &device.profile.display_name)
}

/// The keys that computers pin, as the wire has them.
pub fn jwks(key: &ServiceKey) -> Jwks {
    let jwk = |point: &[u8; 65]| {
        let (mut x, mut y) = ([0; 32], [0; 32]);
        x.copy_from_slice(&point[1..33]);
        y.copy_from_slice(&point[33..]);
        Jwk::new(x, y)
    };
    Jwks { keys: key.trusted().keys.iter().map(|key| jwk(key.sec1())).collect() }
}

async fn renew(State(app): State<Arc<App>>, call: DeviceCall) -> Result<(StatusCode, Json<RenewAnswer>), ApiError> {
    let request: RenewRequest = call.read()?;
    let csr = parse_csr(request.csr.as_bytes())?;
    let answer = app.store.write(call.org, |tx| {
        let made = device_ca::certify(tx, &csr, call.device.id, &call.env)?;
        tx.insert_certificate(&made.certificate, &made.der)?;
        tx.record(&call.success(EventType::DeviceCertificateRenew).target(target(&call.device)), &call.env)?;
        Ok(RenewAnswer { certificate: made.chain })
    });
    Ok((StatusCode::CREATED, Json(answer.await?)))
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .post("/device-access/api/v1/enroll", Access::Anyone, enroll)
        .post("/device-access/api/v1/renew", Access::Device, renew)
        .post("/device-access/api/v1/enrollment-codes", Access::Permission(Permission::DevicesManage), post_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_was_typed() {
        assert_eq!(code_hash("0O1I-lab"), code_hash("00 11 1AB"));
        assert_ne!(code_hash("AB"), code_hash("BA"));
    }
}
