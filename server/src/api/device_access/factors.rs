//! A second factor at a computer, checked online. The signed answer alone opens the computer; it also proves, once and for
//! ten minutes, a registration for recovery.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::factor::{Answer, Kind};
use postern_authn::limit::Limit;
use postern_codes::id::Challenge;
use postern_codes::strict::Malformed;
use postern_codes::{Secret, mac};
use postern_store::Tx;
use postern_wire::error::DeviceError;
use postern_wire::factors::{FactorClaims, TOTP, VerifyAnswer, VerifyRequest};

use super::call::DeviceCall;
use super::enroll::target;
use super::refusal::malformed;
use super::register::person;
use super::settings::DeviceDocument;
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::service_key::{ServiceKey, text};
use crate::sign_in::verify::{Outcome, Scene, verify_factor};

async fn verify(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<VerifyAnswer>, ApiError> {
    let request: VerifyRequest = call.read()?;
    let Some(kind) = kind(&request.factor) else { return Err(malformed(&Malformed::at("factor"))) };
    let Some(code) = &request.pass_code else { return Err(malformed(&Malformed::at("passCode"))) };
    let found = app.store.write(call.org, |tx| {
        let (DeviceDocument(settings), _) = tx.setting()?;
        if !settings.online_login || !settings.allows(&request.factor) {
            tx.record(
                &call.failure(EventType::UserAuthFactor, "factor_not_allowed").target(target(&call.device)),
                &call.env,
            )?;
            return Ok(Err(not_allowed()));
        }
        match person(tx, &request.login)? {
            Ok(user) => Ok(Ok(user)),
            Err(error) => call.refuse(tx, EventType::UserAuthFactor, error),
        }
    });
    let user = found.await??;
    let scene = Scene { client: call.client.clone(), target: Some(target(&call.device)), is_known: true };
    let answer = Answer::Code(Secret::new(code.to_string()));
    match verify_factor(&app, call.org, (user.id, kind), &answer, &scene).await? {
        Outcome::Accepted(_) => {}
        Outcome::Limited(at) => return Err(ApiError::too_many(Limit::FactorFailures.message(), at)),
        Outcome::Locked(at) => return Err(locked().again_at(at)),
        Outcome::Replayed | Outcome::Slip | Outcome::Stale | Outcome::Wrong => return Err(wrong()),
        Outcome::Unavailable => return Err(unavailable()),
    }
    let verdict = app.store.write(call.org, |tx| {
        let claims = FactorClaims {
            login: request.login.clone(),
            user_id: text(user.id.as_str())?,
            nonce: request.nonce,
            granted: true,
        };
        let verdict = ServiceKey::load(tx, call.env.now)?.sign(call.bond(), tx, claims)?;
        keep(tx, &verdict, &call, user.id)?;
        Ok(verdict)
    });
    Ok(Json(VerifyAnswer { factor_result: Some("SUCCESS".to_owned()), verdict: Some(verdict.await?) }))
}

fn keep(
    tx: &mut Tx<'_>,
    verdict: &str,
    call: &DeviceCall,
    user: postern_codes::Id<postern_codes::id::User>,
) -> Result<(), postern_store::Error> {
    tx.keep_factor_verdict(mac::sha256(&[verdict.as_bytes()]), call.device.id, user, call.env.now)
}

/// The factor that a computer's name for it means.
fn kind(name: &str) -> Option<Kind> {
    let name = if name == TOTP { Kind::Totp.factor().name() } else { name };
    Kind::ALL.iter().copied().find(|kind| kind.factor().name() == name)
}

fn wrong() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000068", "Invalid Passcode/Answer")
        .cause("Your passcode doesn't match our records. Please try again.")
}

fn locked() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000069", "User Locked")
}

fn unavailable() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, DeviceError::FactorRequired.word(), "the person has no such factor")
        .member("fix", "set up an authenticator app, or use a recovery PIN")
}

fn not_allowed() -> ApiError {
    ApiError::forbidden().cause("the device settings do not allow this factor at a computer")
}

/// Every factor of this version is decided at once, so no transaction is ever open.
async fn transaction(Path(id): Path<String>, call: DeviceCall) -> Result<Json<VerifyAnswer>, ApiError> {
    drop(call);
    Err(ApiError::not_found::<Challenge>(&id))
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().post("/device-access/api/v1/factors/verify", Access::Device, verify).get(
        "/device-access/api/v1/factors/transactions/{transactionId}",
        Access::Device,
        transaction,
    )
}
