//! A second factor at a computer, checked online: what the person can show, the code that is sent, the answer. The signed answer alone opens the computer; it also proves, once and for
//! ten minutes, a registration for recovery.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::factor::{Answer, Category, Enrolled, Kind};
use postern_authn::limit::{Charge, Limit};
use postern_authn::user::User;
use postern_codes::id::Challenge;
use postern_codes::strict::Malformed;
use postern_codes::{Secret, mac};
use postern_store::factor_codes::Bond;
use postern_store::{Error, Tx};
use postern_wire::error::DeviceError;
use postern_wire::factors::{FactorClaims, Offered, OfferedAnswer, OfferedRequest, TOTP, VerifyAnswer, VerifyRequest};
use postern_wire::settings::DeviceSettings;

use super::call::DeviceCall;
use super::enroll::target;
use super::refusal::{actor, malformed};
use super::register::person;
use super::settings::DeviceDocument;
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::factors::sending::{self, Sending};
use crate::factors::{self, Doer};
use crate::service_key::{ServiceKey, text};
use crate::sign_in::verify::{self as sign_in, Outcome, Scene};

/// What a person can show, in the order of the settings; of several of one kind the first.
async fn offered(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<OfferedAnswer>, ApiError> {
    let request: OfferedRequest = call.read()?;
    let found = app.store.write(call.org, |tx| {
        let (DeviceDocument(settings), _) = tx.setting()?;
        let user = match person(tx, &request.login)? {
            Ok(user) => user,
            Err(error) => return call.refuse(tx, EventType::UserAuthFactor, error),
        };
        let mut offers = Vec::new();
        let mut kinds: Vec<Kind> = Vec::new();
        for factor in tx.usable_factors_of(user.id)? {
            let at = rank(&settings, name(factor.kind));
            if let (Some(at), false) = (at, kinds.contains(&factor.kind) || !is_typed(factor.kind)) {
                kinds.push(factor.kind);
                let by_default = Kind::ALL.iter().position(|kind| *kind == factor.kind);
                offers.push(((at, by_default), offer(&factor)?));
            }
        }
        offers.sort_by_key(|(order, _)| *order);
        Ok(Ok(offers.into_iter().map(|(_, offer)| offer).collect()))
    });
    Ok(Json(OfferedAnswer { factors: found.await?? }))
}

fn offer(factor: &Enrolled) -> Result<Offered, Error> {
    let shown = factor.kind.factor().masked(&factor.profile);
    let sent_to = sending::recipient(factor.kind, &shown).map(|to| to.address().to_owned());
    Ok(Offered { factor: text(name(factor.kind))?, sent_to })
}

/// Where the settings put a factor; nowhere, where they do not allow it.
fn rank(settings: &DeviceSettings, factor: &str) -> Option<usize> {
    let allowed = &settings.allowed_factors;
    let named = allowed.iter().position(|allowed| allowed.as_str() == factor);
    let is_allowed = settings.online_login && settings.allows(factor);
    is_allowed.then(|| named.unwrap_or(allowed.len()))
}

async fn verify(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<VerifyAnswer>, ApiError> {
    let request: VerifyRequest = call.read()?;
    let Some(kind) = kind(&request.factor) else { return Err(malformed(&Malformed::at("factor"))) };
    let found = app.store.write(call.org, |tx| {
        let (DeviceDocument(settings), _) = tx.setting()?;
        if rank(&settings, &request.factor).is_none() {
            tx.record(
                &call.failure(EventType::UserAuthFactor, "factor_not_allowed").target(target(&call.device)),
                &call.env,
            )?;
            return Ok(Err(not_allowed()));
        }
        let user = match person(tx, &request.login)? {
            Ok(user) => user,
            Err(error) => return call.refuse(tx, EventType::UserAuthFactor, error),
        };
        let first = tx.usable_factors_of(user.id)?.into_iter().find(|factor| factor.kind == kind);
        Ok(Ok((user, first)))
    });
    let (user, first) = found.await??;
    let bond = Bond::Computer(call.device.id);
    let Some(code) = &request.pass_code else {
        return match first {
            None => Err(unavailable()),
            Some(_) if kind.factor().channel().is_none() => Err(malformed(&Malformed::at("passCode"))),
            Some(factor) => send(&app, &call, &user, (&factor, &bond)).await,
        };
    };
    let scene = Scene { client: call.client.clone(), target: Some(target(&call.device)), is_known: true };
    let answer = Answer::Code(Secret::new(code.to_string()));
    let fits = |factor: &Enrolled| answers(kind, factor.kind);
    match sign_in::verify(&app, call.org, (user.id, &bond), fits, &answer, &scene).await? {
        Outcome::Accepted(_) => {}
        Outcome::Limited(at) => return Err(ApiError::too_many(Limit::FactorFailures.message(), at)),
        Outcome::Locked(at) => return Err(locked().again_at(at)),
        Outcome::Replayed | Outcome::Slip | Outcome::Stale | Outcome::Unverified | Outcome::Wrong => {
            return Err(wrong());
        }
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

/// Sends a code, good at this computer alone.
async fn send(
    app: &App,
    call: &DeviceCall,
    user: &User,
    (factor, bond): (&Enrolled, &Bond),
) -> Result<Json<VerifyAnswer>, ApiError> {
    let limit = Limit::CodesOfComputer;
    let charged = app.store.write(call.org, |tx| {
        let allowance = tx.allowance(limit)?;
        let charged = tx.charge(limit, call.device.id.as_str(), allowance, call.env.now)?;
        if let Charge::RetryAt(_) = charged {
            tx.record(&call.failure(EventType::RateLimitViolation, limit.name()), &call.env)?;
        }
        Ok(charged)
    });
    if let Charge::RetryAt(at) = charged.await? {
        return Err(ApiError::too_many(limit.message(), at));
    }
    let doer = Doer { actor: actor(&call.device), client: call.client.clone(), session: None };
    let which = (factor.id.as_str(), bond);
    factors::challenge(app, call.org, &doer, user, which, (Sending::default(), None)).await?;
    Ok(Json(VerifyAnswer { factor_result: Some("CHALLENGE".to_owned()), verdict: None }))
}

fn keep(
    tx: &mut Tx<'_>,
    verdict: &str,
    call: &DeviceCall,
    user: postern_codes::Id<postern_codes::id::User>,
) -> Result<(), postern_store::Error> {
    tx.keep_factor_verdict(mac::sha256(&[verdict.as_bytes()]), call.device.id, user, call.env.now)
}

/// The factor that a computer's name for it means, where it is answered at a keyboard.
fn kind(wanted: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| name(*kind) == wanted && is_typed(*kind))
}

/// What a computer calls a factor.
fn name(kind: Kind) -> &'static str {
    if kind == Kind::Totp { TOTP } else { kind.factor().name() }
}

/// Whether a factor is listed, answered by typing, and something that one has: after the password something that one knows
/// proves nothing more.
fn is_typed(kind: Kind) -> bool {
    let is_held = kind.factor().traits().proves(Category::Possession);
    is_held && kind != Kind::WebAuthn && kind.factor().is_listed()
}

/// Whether a factor of the kind `own` answers where one of `asked` is asked for: a backup code where an app code is.
fn answers(asked: Kind, own: Kind) -> bool {
    own == asked || (asked == Kind::Totp && own == Kind::BackupCodes)
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
        .member("fix", "set up a factor in the account pages, or use a recovery PIN")
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
    Routes::new()
        .post("/device-access/api/v1/factors/offered", Access::Device, offered)
        .post("/device-access/api/v1/factors/verify", Access::Device, verify)
        .get("/device-access/api/v1/factors/transactions/{transactionId}", Access::Device, transaction)
}
