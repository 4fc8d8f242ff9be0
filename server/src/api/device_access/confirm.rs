//! The online check of a PIN that was typed: the computer shows a tag of it, the server knows what it issued.
//!
//! Granted exactly once, by one guarded statement; the very same request within two minutes gets the very same answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::limit::{Charge, Limit};
use postern_authn::recovery::EnrolmentStatus;
use postern_authn::recovery::pin::{Issuance, IssuanceStatus, Terms};
use postern_codes::Timestamp;
use postern_codes::drp1::{Generation, Pin};
use postern_codes::mac::{KeyFault, equal};
use postern_store::{Error, Tx};
use postern_wire::Whole;
use postern_wire::error::DeviceError;
use postern_wire::recovery::{ConfirmAnswer, ConfirmRequest, DenyReason, VerdictClaims};

use super::call::DeviceCall;
use super::enroll::target;
use super::generation::Held;
use super::refusal::{Outcome, refusal};
use super::register::person_target;
use super::settings::rules;
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::notices;
use crate::service_key::ServiceKey;

const DENY: EventType = EventType::RecoveryPinDeny;
/// Among the issues of the last ten minutes an entry is recognised.
const RECOGNISED: Duration = Duration::from_mins(10);
/// For how long the same request gets the same answer.
const REPEAT: Duration = Duration::from_mins(2);

async fn post(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<ConfirmAnswer>, ApiError> {
    let request: ConfirmRequest = call.read()?;
    let verdict = app.store.write(call.org, |tx| confirm(tx, &app, &call, &request)).await??;
    Ok(Json(ConfirmAnswer { verdict }))
}

fn confirm(tx: &mut Tx<'_>, app: &App, call: &DeviceCall, request: &ConfirmRequest) -> Outcome<String> {
    let now = call.env.now;
    if !rules(tx)?.is_enabled {
        return call.refuse(tx, DENY, DeviceError::FeatureDisabled);
    }
    let held = match call.active_generation(tx, &request.eid, request.generation)? {
        Ok(held) => held,
        Err(error) => return call.refuse(tx, DENY, error),
    };
    let eid = held.enrolment.id;
    // Two calls at once follow one another from here on.
    tx.hold_enrolment(eid)?;
    if tx.enrolment(eid)?.is_none_or(|now| now.status != EnrolmentStatus::Active) {
        return call.refuse(tx, DENY, DeviceError::GenerationRetired);
    }
    if let Some(verdict) = tx.granted_before(eid, call.bond().body, REPEAT, now)? {
        return Ok(Ok(verdict));
    }
    if tx.user(held.enrolment.user)?.is_none_or(|user| !user.status.is_in_force()) {
        return call.refuse(tx, DENY, DeviceError::UserSuspended);
    }
    let allowed = tx.allowance(Limit::ConfirmFailures)?;
    if let Charge::RetryAt(at) = tx.limit_state(Limit::ConfirmFailures, eid.as_str(), allowed, now)? {
        tx.record(&call.failure(DENY, DeviceError::RateLimited.word()), &call.env)?;
        let refused = refusal(DeviceError::RateLimited).again_at(at);
        return Ok(Err(refused.cause(Limit::ConfirmFailures.message())));
    }
    let recent = tx.issuances_since(eid, now.minus(RECOGNISED))?;
    let typed = recognise(tx, &held, &recent, request)?;
    let is_newest = typed.is_some_and(|typed| recent.first().is_some_and(|newest| newest.id == typed.id));
    let denied = match typed {
        None => {
            let _counted = tx.charge(Limit::ConfirmFailures, eid.as_str(), allowed, now)?;
            Some(DenyReason::NoMatch)
        }
        Some(typed) => deny(typed, is_newest, now),
    };
    let claims = VerdictClaims {
        eid: request.eid.clone(),
        generation: request.generation,
        nonce: request.nonce,
        granted: denied.is_none(),
        step: typed.and_then(Issuance::step).and_then(Whole::new),
        deadline: typed.filter(|_| denied.is_none()).map(|typed| Whole::clamped(now.plus(typed.duration).micros())),
        reason: denied,
    };
    let verdict = ServiceKey::load(tx, now)?.sign(call.bond(), tx, claims)?;
    match (typed, denied) {
        (Some(typed), None) => granted(tx, app, call, typed, &verdict)?,
        (typed, Some(reason)) => refused(tx, call, &held, typed, reason)?,
        (None, None) => return Err(Error::fault("an entry that matched nothing was granted")),
    }
    Ok(Ok(verdict))
}

/// The issued PIN that the entry equals. Every one is tried, so that the time taken tells nothing.
fn recognise<'i>(
    tx: &Tx<'_>,
    held: &Held,
    recent: &'i [Issuance],
    request: &ConfirmRequest,
) -> Result<Option<&'i Issuance>, Error> {
    let generation = held.generation(tx);
    let mut found = None;
    for issuance in recent {
        let tag = generation.confirm_mac(&request.nonce.0, &pin(&generation, &issuance.terms)?)?;
        if equal(&tag, &request.mac.0) && found.is_none() {
            found = Some(issuance);
        }
    }
    Ok(found)
}

/// The PIN of an issue.
///
/// # Errors
/// Where the secret does not open.
pub fn pin(generation: &Generation<'_>, terms: &Terms) -> Result<Pin, KeyFault> {
    match terms {
        Terms::Challenge(challenge) => generation.challenge_pin(challenge),
        Terms::Time(step) => generation.time_pin(*step),
    }
}

/// Why an entry that equals an issued PIN is denied, if it is.
fn deny(typed: &Issuance, is_newest: bool, now: Timestamp) -> Option<DenyReason> {
    match typed.state(now) {
        IssuanceStatus::Issued if is_newest => None,
        IssuanceStatus::Issued | IssuanceStatus::Superseded => Some(DenyReason::Superseded),
        IssuanceStatus::Expired | IssuanceStatus::Denied => Some(DenyReason::Expired),
        IssuanceStatus::Revoked => Some(DenyReason::Revoked),
        IssuanceStatus::Activated | IssuanceStatus::Ended => Some(DenyReason::AlreadyUsed),
    }
}

fn granted(tx: &mut Tx<'_>, app: &App, call: &DeviceCall, typed: &Issuance, verdict: &str) -> Result<(), Error> {
    let now = call.env.now;
    if !tx.grant_issuance(typed.id, call.bond().body, verdict, now)? {
        return Err(Error::fault("an issued PIN changed while its generation was held"));
    }
    let user = tx.user(typed.user)?.ok_or_else(|| Error::fault("the person of a recovery secret is gone"))?;
    let event = call.success(EventType::RecoveryPinActivate).target(target(&call.device)).target(person_target(&user));
    tx.record(&event.detail("issuance", typed.id.to_string()).detail("source", "ONLINE"), &call.env)?;
    notices::used(tx, &app.config, &call.device, &user, typed.id, &call.env)
}

fn refused(
    tx: &mut Tx<'_>,
    call: &DeviceCall,
    held: &Held,
    typed: Option<&Issuance>,
    reason: DenyReason,
) -> Result<(), Error> {
    if let Some(typed) = typed
        && reason == DenyReason::Expired
        && typed.status != IssuanceStatus::Denied
    {
        tx.change_issuance(typed.id, typed.status, IssuanceStatus::Denied, call.env.now)?;
    }
    let event = call.failure(DENY, reason.as_str()).target(target(&call.device));
    let event = match tx.user(held.enrolment.user)? {
        Some(user) => event.target(person_target(&user)),
        None => event,
    };
    let issuance = typed.map(|typed| typed.id.to_string()).unwrap_or_default();
    tx.record(&event.detail("issuance", issuance), &call.env)
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().post("/device-access/api/v1/recovery/confirm", Access::Device, post)
}
