//! What computers tell of PINs afterwards: each entry counts once, in the order of its chain, or nothing of the call does.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::{Event, EventType};
use postern_authn::recovery::Enrolment;
use postern_authn::recovery::pin::{Issuance, IssuanceStatus};
use postern_authn::recovery::report::{Meaning, is_of, meaning};
use postern_authn::user::User;
use postern_codes::Timestamp;
use postern_codes::report::{Broken, Chain, Entry, Kind, Report, entry_hash};
use postern_codes::strict::Malformed;
use postern_store::{Error, Tx};
use postern_wire::error::DeviceError;
use postern_wire::report::{MAX_ENTRIES, ReportsAnswer};
use postern_wire::{Text, Whole};
use serde::Deserialize;
use serde_json::Value;

use super::call::DeviceCall;
use super::enroll::target;
use super::generation::Held;
use super::refusal::{Outcome, malformed, refusal};
use super::register::person_target;
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Json};
use crate::notices;

/// The request, its entries as they were sent: tags and hashes cover members that this version does not know.
#[derive(Debug, Deserialize)]
struct Request {
    eid: Text,
    generation: Whole,
    entries: Vec<Value>,
}

async fn post(State(app): State<Arc<App>>, call: DeviceCall) -> Result<Json<ReportsAnswer>, ApiError> {
    let request: Request = call.read()?;
    if request.entries.len() > MAX_ENTRIES {
        return Err(malformed(&Malformed::at("entries")));
    }
    let accepted_through = app.store.write(call.org, |tx| take(tx, &app, &call, &request)).await??;
    Ok(Json(ReportsAnswer { accepted_through }))
}

fn take(tx: &mut Tx<'_>, app: &App, call: &DeviceCall, request: &Request) -> Outcome<Whole> {
    let held = match call.known_generation(tx, &request.eid, request.generation)? {
        Ok(held) => held,
        Err(error) => return call.refuse(tx, EventType::RecoveryPinDeny, error),
    };
    let id = held.enrolment.id;
    let user = tx.user(held.enrolment.user)?.ok_or_else(|| Error::fault("the person of a recovery secret is gone"))?;
    let reports = match read(tx, &held, &request.entries)? {
        Ok(reports) => reports,
        Err(Broken::Malformed(fault)) => return Ok(Err(malformed(&fault))),
        Err(Broken::Chain) => {
            let event = call.failure(EventType::RecoveryChainBroken, DeviceError::ReportChainBroken.word());
            tx.record(&event.target(target(&call.device)).target(person_target(&user)), &call.env)?;
            notices::alert(tx, &app.config, EventType::RecoveryChainBroken, &call.device, Some(&user), &call.env)?;
            tx.want_rotation(id, "report_chain_broken")?;
            return Ok(Err(refusal(DeviceError::ReportChainBroken)));
        }
    };
    for report in &reports {
        tx.insert_report(id, report, call.env.now)?;
        follow(tx, app, call, &held.enrolment, &user, report)?;
    }
    let chain = match reports.last() {
        Some(report) => {
            tx.set_chain(id, &report.chain)?;
            report.chain
        }
        None => tx.take_chain(id)?,
    };
    Whole::new(chain.seq).map(Ok).ok_or_else(|| Error::fault("a chain is longer than numbers go"))
}

/// The entries that are new, each genuine and following the one before. Nothing is written yet.
fn read(tx: &mut Tx<'_>, held: &Held, entries: &[Value]) -> Result<Result<Vec<Report>, Broken>, Error> {
    let mut chain: Chain = tx.take_chain(held.enrolment.id)?;
    let mut reports = Vec::new();
    for json in entries {
        let seq = json["seq"].as_u64().unwrap_or(0);
        if (1..=chain.seq).contains(&seq) && reports.is_empty() {
            if tx.report_hash(held.enrolment.id, seq)? == entry_hash(json) {
                continue;
            }
            return Ok(Err(Broken::Chain));
        }
        match held.generation(tx).read_report(json.clone(), &chain)? {
            Ok(report) => {
                chain = report.chain;
                reports.push(report);
            }
            Err(broken) => return Ok(Err(broken)),
        }
    }
    Ok(Ok(reports))
}

/// Does what an entry leads to.
fn follow(
    tx: &mut Tx<'_>,
    app: &App,
    call: &DeviceCall,
    enrolment: &Enrolment,
    user: &User,
    report: &Report,
) -> Result<(), Error> {
    let entry = &report.entry;
    let issued = tx.issuances_since(enrolment.id, Timestamp::from_micros(0))?;
    let issuance = issued.iter().find(|issuance| is_of(entry, issuance));
    let told = |event: Event| {
        let event = event.target(target(&call.device)).target(person_target(user));
        let issuance = issuance.map(|issuance| issuance.id.to_string()).unwrap_or_default();
        event.detail("issuance", issuance).detail("seq", report.chain.seq.to_string()).detail("source", "REPORT")
    };
    match (meaning(entry, issuance), issuance) {
        (Meaning::Activation, Some(issuance)) => {
            let before = issuance.state(call.env.now);
            tx.told_activated(issuance.id, used_at(entry, issuance, call.env.now), report.chain.seq)?;
            tx.record(&told(call.success(EventType::RecoveryPinActivate)).detail("was", before.as_str()), &call.env)?;
            if before == IssuanceStatus::Revoked {
                tx.revoke_enrolments_of_pair(enrolment.device, enrolment.user, call.env.now)?;
            }
            notices::used(tx, &app.config, &call.device, user, issuance.id, &call.env)
        }
        (Meaning::ActivationKnown, Some(issuance)) => {
            tx.told_activated(issuance.id, used_at(entry, issuance, call.env.now), report.chain.seq).map(drop)
        }
        (Meaning::ActivationWithoutIssuance | Meaning::Activation | Meaning::ActivationKnown, _) => {
            tx.record(&told(call.success(EventType::RecoveryPinUnissued)), &call.env)?;
            tx.revoke_enrolments_of_pair(enrolment.device, enrolment.user, call.env.now)?;
            notices::alert(tx, &app.config, EventType::RecoveryPinUnissued, &call.device, Some(user), &call.env)
        }
        (Meaning::End, Some(issuance)) => {
            let (from, to) = (IssuanceStatus::Activated, IssuanceStatus::Ended);
            if tx.change_issuance(issuance.id, from, to, call.env.now)? {
                tx.record(&told(call.success(EventType::RecoveryPinEnd)), &call.env)?;
            }
            Ok(())
        }
        (Meaning::Failure, _) => {
            let code = if entry.kind == Kind::Locked { "entry_locked" } else { "no_match" };
            tx.record(&told(call.failure(EventType::RecoveryPinDeny, code)), &call.env)
        }
        (Meaning::End | Meaning::Nothing, _) => Ok(()),
    }
}

/// When a PIN was first used, as the computer tells: not before it was made, not later than now.
fn used_at(entry: &Entry, issuance: &Issuance, now: Timestamp) -> Timestamp {
    entry.wall.max(issuance.issued_at).min(now)
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().post("/device-access/api/v1/recovery/reports", Access::Device, post)
}
