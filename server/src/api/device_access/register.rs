//! Registering a person's recovery secret at a computer: neither side sends it, both contribute to it.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::{EventType, Target};
use postern_authn::limit::{Charge, Limit};
use postern_authn::recovery::{ACK_FAILURES, Binding, Enrolment, EnrolmentStatus, Link, LinkProof};
use postern_authn::user::{Login, Status, User};
use postern_codes::agree::EphemeralKey;
use postern_codes::drp1::{self, Context};
use postern_codes::id::Id;
use postern_codes::jws::PublicKey;
use postern_codes::mac::{self, equal};
use postern_codes::strict::Malformed;
use postern_store::recovery::NewEnrolment;
use postern_store::{Error, Tx};
use postern_wire::error::DeviceError;
use postern_wire::proof::Jwk;
use postern_wire::recovery::{
    AckAnswer, AckRequest, BeginAnswer, BeginRequest, Binding as WireBinding, DoneClaims, OfferClaims,
};
use postern_wire::settings::RecoveryRegistration;
use postern_wire::{Bytes, Text, Whole};

use super::call::DeviceCall;
use super::enroll::target;
use super::refusal::{Outcome, malformed, refusal};
use super::settings::{DeviceDocument, rules};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::notices;
use crate::service_key::{ServiceKey, text};

const FAILED: EventType = EventType::RecoveryRegisterFailed;

async fn post_begin(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<BeginAnswer>, ApiError> {
    let request: BeginRequest = call.read()?;
    let Some(key) = point(&request.ephemeral_key) else { return Err(malformed(&Malformed::at("ephemeralKey"))) };
    let offer = app.store.write(call.org, |tx| begin(tx, &app, &call, &request, &key)).await??;
    Ok(Json(BeginAnswer { offer }))
}

fn point(jwk: &Jwk) -> Option<PublicKey> {
    PublicKey::from_sec1(&[&[4][..], &jwk.x.0, &jwk.y.0].concat()).ok()
}

/// Step 2: the server's half, kept with the secret in the transaction that records it.
fn begin(tx: &mut Tx<'_>, app: &App, call: &DeviceCall, request: &BeginRequest, key: &PublicKey) -> Outcome<String> {
    let now = call.env.now;
    if !rules(tx)?.is_enabled {
        return call.refuse(tx, FAILED, DeviceError::FeatureDisabled);
    }
    let user = match person(tx, &request.login)? {
        Ok(user) => user,
        Err(error) => return call.refuse(tx, FAILED, error),
    };
    // Held until the commit: two registrations of one computer follow one another, and so do their generations.
    tx.device_seen(call.device.id, now)?;
    let pair = format!("{} {}", call.device.id, user.id);
    let allowed = tx.allowance(Limit::RegistrationsBegun)?;
    let newest = tx.newest_enrolment(call.device.id, user.id)?;
    if let Charge::RetryAt(at) = tx.limit_state(Limit::RegistrationsBegun, &pair, allowed, now)? {
        let refused = refusal(DeviceError::RateLimited).again_at(at);
        tx.record(&call.failure(FAILED, DeviceError::RateLimited.word()).target(person_target(&user)), &call.env)?;
        return Ok(Err(refused.cause(Limit::RegistrationsBegun.message())));
    }
    let Some(proof) = proved(tx, call, request, &user, newest.as_ref())? else {
        return call.refuse(tx, FAILED, DeviceError::FactorRequired);
    };
    let _counted = tx.charge(Limit::RegistrationsBegun, &pair, allowed, now)?;

    let binding = binding(request.binding);
    if newest.is_some_and(|newest| newest.binding != Binding::Soft) && binding == Binding::Soft {
        let event = call.success(EventType::RecoveryBindingWeakened).target(person_target(&user));
        tx.record(&event, &call.env)?;
        notices::alert(tx, &app.config, EventType::RecoveryBindingWeakened, &call.device, Some(&user), &call.env)?;
    }
    let generation = tx.next_generation(call.device.id, user.id)?;
    let ephemeral = EphemeralKey::generate();
    let id = Id::new(&call.env);
    let claims = OfferClaims {
        eid: text(Id::as_str(&id))?,
        user_id: text(user.id.as_str())?,
        generation: generation.into(),
        ephemeral_key: jwk(ephemeral.public()),
        nonce: Bytes(call.env.bytes()),
        time: Whole::clamped(now.micros()),
    };
    let offer = ServiceKey::load(tx, now)?.sign(call.bond(), tx, claims)?;
    let transcript = drp1::transcript_hash(&call.body, &offer);
    let context = Context::new(tx.org().as_str(), call.device.id.as_str(), user.id.as_str(), generation);
    let context = context.map_err(Error::fault)?;
    let Ok(shared) = ephemeral.agree(key) else { return Ok(Err(malformed(&Malformed::at("ephemeralKey")))) };
    let new = NewEnrolment {
        id,
        device: call.device.id,
        user: user.id,
        os_uid: request.os_uid.get(),
        generation,
        seed: &drp1::derive_seed(&shared, &transcript, &context),
        transcript,
        binding,
        proof,
    };
    tx.insert_enrolment(&new, &call.env)?;
    let event = call.success(EventType::RecoveryOffer).target(target(&call.device)).target(person_target(&user));
    tx.record(&event.detail("generation", generation.to_string()).detail("binding", binding.as_str()), &call.env)?;
    Ok(Ok(offer))
}

/// How the person is known for this registration: a factor shown just now, the proof of the link whose present secret
/// the computer holds, or, where the organisation is content with it, the computer's word.
fn proved(
    tx: &mut Tx<'_>,
    call: &DeviceCall,
    request: &BeginRequest,
    user: &User,
    newest: Option<&Enrolment>,
) -> Result<Option<LinkProof>, Error> {
    if let Some(verdict) = &request.factor_verdict {
        let hash = mac::sha256(&[verdict.as_bytes()]);
        if tx.use_factor_verdict(hash, call.device.id, user.id, call.env.now)? {
            return Ok(Some(LinkProof::Factor));
        }
    }
    if let Some(previous) = &request.previous
        && let Ok(held) = call.active_generation(tx, &previous.eid, previous.generation)?
        && newest.is_some_and(|newest| newest.id == held.enrolment.id)
        && equal(&held.generation(tx).rotation_mac(&request.nonce.0)?, &previous.mac.0)
    {
        return Ok(Some(held.enrolment.proof));
    }
    let (DeviceDocument(settings), _) = tx.setting()?;
    Ok((settings.recovery_registration == RecoveryRegistration::Claimed).then_some(LinkProof::Claimed))
}

async fn post_ack(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<AckAnswer>, ApiError> {
    let request: AckRequest = call.read()?;
    let done = app.store.write(call.org, |tx| ack(tx, &app, &call, &request)).await??;
    Ok(Json(AckAnswer { done }))
}

/// Step 4: the computer shows that it holds the same secret; from now on PINs come from it. Repeating it is harmless.
fn ack(tx: &mut Tx<'_>, app: &App, call: &DeviceCall, request: &AckRequest) -> Outcome<String> {
    if !rules(tx)?.is_enabled {
        return call.refuse(tx, FAILED, DeviceError::FeatureDisabled);
    }
    let Some(held) = call.any_generation(tx, &request.eid, request.generation)? else {
        return call.refuse(tx, FAILED, DeviceError::EnrolmentUnknown);
    };
    let enrolment = &held.enrolment;
    if matches!(enrolment.status, EnrolmentStatus::Retired | EnrolmentStatus::Revoked) {
        return call.refuse(tx, FAILED, DeviceError::GenerationRetired);
    }
    let Some(user) = tx.user(enrolment.user)? else { return call.refuse(tx, FAILED, DeviceError::UserUnknown) };
    if !user.status.is_in_force() {
        return call.refuse(tx, FAILED, DeviceError::UserSuspended);
    }
    if !equal(&held.generation(tx).ack_mac(&enrolment.transcript)?, &request.mac.0) {
        if tx.ack_failed(enrolment)? == ACK_FAILURES {
            notices::alert(tx, &app.config, FAILED, &call.device, Some(&user), &call.env)?;
        }
        return call.refuse(tx, FAILED, DeviceError::AckMismatch);
    }
    let earlier = tx.newest_enrolment(call.device.id, user.id)?.filter(|earlier| earlier.id != enrolment.id);
    if tx.acknowledge(enrolment, call.env.now)? {
        registered(tx, app, call, enrolment, &user, earlier.is_some())?;
    }
    let claims = DoneClaims { eid: request.eid.clone(), generation: request.generation };
    Ok(Ok(ServiceKey::load(tx, call.env.now)?.sign(call.bond(), tx, claims)?))
}

/// Links the person with the computer, tells them of a new link, and records what happened.
fn registered(
    tx: &mut Tx<'_>,
    app: &App,
    call: &DeviceCall,
    enrolment: &Enrolment,
    user: &User,
    is_rotation: bool,
) -> Result<(), Error> {
    let Enrolment { device, os_uid, proof, .. } = *enrolment;
    let is_new = tx.link_device(&Link { device, user: user.id, os_uid, proof, since: call.env.now })?;
    if is_new {
        let event = call.success(EventType::DeviceUserAdd).target(target(&call.device)).target(person_target(user));
        tx.record(&event.detail("proof", proof.as_str()), &call.env)?;
        notices::linked(tx, &app.config, &call.device, user, proof, &call.env)?;
    }
    let kind = if is_rotation { EventType::RecoveryRotate } else { EventType::RecoveryEnroll };
    let event = call.success(kind).target(target(&call.device)).target(person_target(user));
    let event = event.detail("generation", enrolment.generation.to_string()).detail("proof", proof.as_str());
    tx.record(&event.detail("binding", enrolment.binding.as_str()), &call.env)
}

/// The person that a computer names.
///
/// # Errors
/// Of the database; what is wrong is the value.
pub fn person(tx: &mut Tx<'_>, login: &Text) -> Result<Result<User, DeviceError>, Error> {
    let Ok(login) = login.parse::<Login>() else { return Ok(Err(DeviceError::UserUnknown)) };
    let Some(user) = tx.user_by_login(&login)? else { return Ok(Err(DeviceError::UserUnknown)) };
    Ok(match user.status {
        Status::Active | Status::PasswordExpired | Status::Recovery => Ok(user),
        Status::Suspended => Err(DeviceError::UserSuspended),
        Status::Deprovisioned | Status::Provisioned | Status::Staged => Err(DeviceError::UserUnknown),
    })
}

/// A person as a target in the record.
pub fn person_target(user: &User) -> Target {
    Target::new("User", user.id, user.login.as_str(), &user.name())
}

const fn binding(told: WireBinding) -> Binding {
    match told {
        WireBinding::Se => Binding::Se,
        WireBinding::Soft => Binding::Soft,
        WireBinding::Tpm => Binding::Tpm,
    }
}

fn jwk(key: &PublicKey) -> Jwk {
    let (mut x, mut y) = ([0; 32], [0; 32]);
    x.copy_from_slice(&key.sec1()[1..33]);
    y.copy_from_slice(&key.sec1()[33..]);
    Jwk::new(x, y)
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().post("/device-access/api/v1/recovery/begin", Access::Device, post_begin).post(
        "/device-access/api/v1/recovery/ack",
        Access::Device,
        post_ack,
    )
}
