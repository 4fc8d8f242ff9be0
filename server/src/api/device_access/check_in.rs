//! The regular contact: the computer tells its state and gets the time, the policy and what to do.
//!
//! What to do is derived from what the server knows, at each contact anew: nothing is queued, so nothing is lost or done
//! twice.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::recovery::pin::Issuance;
use postern_authn::recovery::{Enrolment, EnrolmentStatus, RETIRED_SEED_KEPT, Rules};
use postern_codes::{Id, Timestamp};
use postern_store::devices::CheckedIn;
use postern_store::{Error, Tx};
use postern_wire::check_in::{BeaconClaims, CheckInAnswer, CheckInRequest, Command, EnrolmentState, PolicyClaims};
use postern_wire::{Text, Whole};

use super::call::DeviceCall;
use super::enroll::{jwks, target};
use super::register::person_target;
use super::settings::{DeviceDocument, rules};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::service_key::ServiceKey;

/// How long a policy counts where the server is not heard again.
const POLICY_LIFE: Duration = Duration::from_hours(30 * 24);
/// Whose PINs may still have to be burnt.
const RECENT: Duration = Duration::from_hours(40 * 24);

async fn post(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<CheckInAnswer>, ApiError> {
    let request: CheckInRequest = call.read()?;
    Ok(Json(app.store.write(call.org, |tx| check_in(tx, &call, &request)).await?))
}

fn check_in(tx: &mut Tx<'_>, call: &DeviceCall, request: &CheckInRequest) -> Result<CheckInAnswer, Error> {
    let now = call.env.now;
    let told = CheckedIn {
        agent_version: request.agent_version.to_string(),
        os_version: request.os_version.to_string(),
        effective: request.effective.clone(),
        clock_offset: request.wall.signed().saturating_sub(now.micros()),
    };
    tx.device_checked_in(&call.device, &told)?;
    tx.wipe_retired(call.device.id, now.minus(RETIRED_SEED_KEPT))?;
    let rules = rules(tx)?;
    let mut commands = Vec::new();
    for state in &request.enrolments {
        commands.extend(commands_for(tx, call, &rules, state)?);
    }
    let key = ServiceKey::load(tx, now)?;
    let beacon = BeaconClaims { nonce: request.nonce, time: Whole::clamped(now.micros()), commands };
    let (DeviceDocument(settings), version) = tx.setting()?;
    let policy = PolicyClaims {
        settings,
        version: Whole::clamped(version),
        not_after: Whole::clamped(now.plus(POLICY_LIFE).micros()),
        service_keys: jwks(&key),
    };
    Ok(CheckInAnswer { beacon: key.sign(call.bond(), tx, beacon)?, policy: key.sign(call.bond(), tx, policy)? })
}

/// What the computer is to do about one recovery secret that it holds.
fn commands_for(
    tx: &mut Tx<'_>,
    call: &DeviceCall,
    rules: &Rules,
    state: &EnrolmentState,
) -> Result<Vec<Command>, Error> {
    let now = call.env.now;
    let retire = || vec![Command::Retire { eid: state.eid.clone() }];
    let Ok(id) = state.eid.parse::<Id<_>>() else { return Ok(retire()) };
    let known = tx
        .enrolment(id)?
        .filter(|known| known.device == call.device.id && u64::from(known.generation) == state.generation.get());
    let Some(mut enrolment) = known else { return Ok(retire()) };
    if enrolment.status == EnrolmentStatus::Pending {
        return Ok(Vec::new());
    }
    tx.enrolment_told(id, state.last_step.get(), state.failures.get(), state.locked)?;
    tx.expire_issuances(id, now)?;
    let barred = tx.user(enrolment.user)?.filter(|user| !user.status.is_in_force());
    if let Some(user) = barred
        && tx.revoke_enrolment(id, now)?
    {
        enrolment.status = EnrolmentStatus::Revoked;
        let event =
            call.success(EventType::RecoveryPinRevoke).target(target(&call.device)).target(person_target(&user));
        tx.record(&event.detail("eid", id.to_string()).detail("reason", "user_suspended"), &call.env)?;
    }
    let issued = tx.issuances_since(id, now.minus(RECENT))?;
    Ok(derive(&enrolment, &issued, rules, state, now))
}

fn derive(
    enrolment: &Enrolment,
    issued: &[Issuance],
    rules: &Rules,
    state: &EnrolmentState,
    now: Timestamp,
) -> Vec<Command> {
    let eid = || -> Text { state.eid.clone() };
    match enrolment.status {
        EnrolmentStatus::Active => {}
        EnrolmentStatus::Pending => return Vec::new(),
        EnrolmentStatus::Retired => return vec![Command::Retire { eid: eid() }],
        EnrolmentStatus::Revoked => {
            let os_uid = Whole::new(enrolment.os_uid).unwrap_or_default();
            return vec![Command::Retire { eid: eid() }, Command::SignOut { os_uid }];
        }
    }
    let spoilt = issued.iter().filter(|issuance| issuance.is_spoilt(now)).filter_map(Issuance::step).max();
    let burn = spoilt.filter(|step| *step > state.last_step.get()).and_then(Whole::new);
    let is_open = issued.iter().any(|issuance| issuance.is_open(now));
    let was_used = issued.iter().any(|issuance| issuance.activated_at.is_some());
    let is_old = enrolment.age(now).is_some_and(|age| age >= rules.validity / 2);
    // A new generation would end the access that a PIN gave: it waits until that is over.
    let rotates = !is_open && (was_used || is_old || enrolment.rotate_wanted.is_some());
    let burn = burn.map(|step| Command::Burn { eid: eid(), step });
    burn.into_iter().chain(rotates.then(|| Command::Rotate { eid: eid() })).collect()
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().post("/device-access/api/v1/check-in", Access::Device, post)
}
