//! Recovery PINs for administrators: whether one could be made, making one, what became of it, taking it back.
//!
//! A PIN is computed only after its row and its line in the record are committed: no PIN without its record, whenever the
//! server is killed. It is in one answer, once, and nowhere else.

mod http;

use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType};
use postern_authn::demand::Class;
use postern_authn::device::Device;
use postern_authn::limit::{Charge, Limit};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::pin::{self, Effect, Facts, Issuance, IssuanceStatus, LONGEST_TEXT, Refusal, Terms};
use postern_authn::recovery::readiness::{self, Check};
use postern_authn::recovery::{Enrolment, Link, Rules};
use postern_authn::token::Grant;
use postern_authn::user::User;
use postern_codes::drp1::{self, Generation, Pin};
use postern_codes::id::{
    Device as DeviceKind, Id, Issuance as IssuanceKind, Kind, RecoveryCase, RecoveryEnrolment, User as UserKind,
};
use postern_codes::report::Mode;
use postern_codes::{Env, Timestamp};
use postern_store::{Error, Tx};

use super::device_access::enroll::target;
use super::device_access::generation::context;
use super::device_access::refusal::Outcome;
use super::device_access::register::person_target;
use super::device_access::settings::rules;
use super::devices;
use super::hal::time;
use crate::api::demands::DemandDocument;
use crate::api::{Allowed, ApiError, Caller};
use crate::{App, cases, notices};

pub use http::routes;

/// What an API token must have been made with to issue PINs: a program cannot show a second factor.
pub const GRANT: Grant = Grant::RecoveryPins;
/// A computer that was seen within this time hears of a revocation within minutes.
const SEEN_NOW: std::time::Duration = std::time::Duration::from_mins(20);

/// A computer and a person.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The computer.
    pub device: Id<DeviceKind>,
    /// The person.
    pub user: Id<UserKind>,
}

/// A PIN that was made: the only value that ever holds it.
pub struct Issued {
    /// Its record.
    pub issuance: Issuance,
    /// The PIN.
    pub pin: Pin,
    /// The computer.
    pub device: Device,
    /// The person.
    pub user: User,
}

/// Whether a PIN could be made now, and what is known of the pair.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Whether every check holds that a PIN needs.
    pub is_ready: bool,
    /// Check by check.
    pub checks: Vec<Check>,
    /// Which kind of PIN the computer takes.
    pub mode: Mode,
    /// The computer.
    pub device: Device,
    /// The person.
    pub user: User,
    /// The newest acknowledged generation.
    pub enrolment: Option<Enrolment>,
    /// The end of the computer's newest certificate.
    pub certificate_expires_at: Option<Timestamp>,
    /// How the person is linked with the computer.
    pub link: Option<Link>,
    /// How long a PIN lasts, in minutes, as the computer last reported it.
    pub duration_minutes: u64,
}

/// Everything that is known of a pair.
struct Known {
    device: Device,
    user: User,
    rules: Rules,
    enrolment: Option<Enrolment>,
    certificate_expires_at: Option<Timestamp>,
}

impl Known {
    fn read(tx: &mut Tx<'_>, pair: Pair) -> Result<Result<Self, ApiError>, Error> {
        let Some(device) = tx.device(pair.device)? else { return Ok(Err(missing::<DeviceKind>(pair.device))) };
        let Some(user) = tx.user(pair.user)? else { return Ok(Err(missing::<UserKind>(pair.user))) };
        let certificate = tx.newest_certificate(pair.device)?;
        Ok(Ok(Self {
            device,
            user,
            rules: rules(tx)?,
            enrolment: tx.newest_enrolment(pair.device, pair.user)?,
            certificate_expires_at: certificate.map(|certificate| certificate.expires_at),
        }))
    }

    fn event(&self, event: Event) -> Event {
        event.target(target(&self.device)).target(person_target(&self.user))
    }

    /// How long a PIN lasts there: what the computer says is in force, if it said so, at least a minute, but never longer
    /// than the policy.
    fn duration(&self) -> std::time::Duration {
        let told =
            self.device.effective.as_ref().and_then(|settings| settings.get("DeviceRecoveryPINDuration")?.as_u64());
        let told = told.map(|minutes| std::time::Duration::from_secs(minutes.max(1).saturating_mul(60)));
        told.map_or(self.rules.duration, |told| told.min(self.rules.duration))
    }
}

fn missing<K: Kind>(id: Id<K>) -> ApiError {
    ApiError::not_found::<K>(id.as_str())
}

/// Makes a PIN.
///
/// # Errors
/// 404 for an unknown computer or person, 403 for somebody above the caller, else the refusal's own word and status.
pub async fn issue(
    app: &App,
    caller: Allowed<right::RecoveryPinGenerate>,
    pair: Pair,
    request: pin::Request,
) -> Result<Issued, ApiError> {
    check_lengths(&request)?;
    let env = app.env();
    let (issuance, known) = app.store.write(caller.org, |tx| decide(tx, app, &caller, pair, &request, &env)).await??;
    // Committed. Only now does the PIN come into being.
    let enrolment = known.enrolment.as_ref().ok_or_else(|| Error::fault("a PIN was issued from nothing"))?;
    let seed = enrolment.seed.as_ref().ok_or_else(|| Error::fault("a PIN was issued from a wiped secret"))?;
    let context = app.store.read(caller.org, |tx| context(tx, enrolment)).await?;
    let generation = Generation { mac: app.store.keyring().as_ref(), seed, context: &context };
    let pin = super::device_access::confirm::pin(&generation, &issuance.terms)?;
    Ok(Issued { issuance, pin, device: known.device, user: known.user })
}

fn check_lengths(request: &pin::Request) -> Result<(), ApiError> {
    let texts =
        [("reason", Some(&request.reason)), ("caseId", request.case.as_ref()), ("ticket", request.ticket.as_ref())];
    let long = texts.iter().filter(|(_, text)| text.is_some_and(|text| text.chars().count() > LONGEST_TEXT));
    let wrong: Vec<String> = long.map(|(name, _)| format!("{name}: at most {LONGEST_TEXT} characters")).collect();
    if wrong.is_empty() { Ok(()) } else { Err(ApiError::validation("recoveryPin", wrong)) }
}

fn decide(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    pair: Pair,
    request: &pin::Request,
    env: &Env,
) -> Outcome<(Issuance, Known)> {
    let mut known = match Known::read(tx, pair)? {
        Ok(known) => known,
        Err(missing) => return Ok(Err(missing)),
    };
    if let Some(refused) = above(tx, caller, &known, EventType::RecoveryPinGenerate, env)? {
        return Ok(Err(refused));
    }
    if let Some(id) = known.enrolment.as_ref().map(|own| own.id) {
        tx.hold_enrolment(id)?;
        // Read again: it may have been taken back while it was waited for.
        known.enrolment = tx.enrolment(id)?;
    }
    // A recovery case that is named must allow it; where cases are needed, nothing else is one.
    let named =
        request.case.as_deref().filter(|text| known.rules.needs_case || text.parse::<Id<RecoveryCase>>().is_ok());
    let mut case = None;
    if let Some(which) = named {
        let texts = (request.reason.as_str(), request.ticket.as_deref().unwrap_or_default());
        match cases::pin_in(tx, caller, (which, pair.user), texts, env)? {
            Ok(allowed) => case = Some(allowed),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    match issued(tx, caller, &known, request, env)? {
        Ok(issuance) => {
            if let Some(case) = &mut case {
                cases::pin_made(tx, caller, case, env)?;
            }
            let event = known.event(caller.success(EventType::RecoveryPinGenerate));
            let event = event.detail("issuance", issuance.id.to_string()).detail("mode", word(issuance.mode()));
            let event = event.detail("reason", request.reason.trim());
            let event = event.detail("caseId", request.case.clone().unwrap_or_default());
            tx.record(&event.detail("ticket", request.ticket.clone().unwrap_or_default()), env)?;
            notices::issued(tx, &app.config, &known.device, &known.user, issuance.id, env)?;
            Ok(Ok((issuance, known)))
        }
        Err(refusal) => {
            let event = known.event(caller.failure(EventType::RecoveryPinGenerate, refusal.code()));
            tx.record(&event.detail("mode", word(request.mode)), env)?;
            Ok(Err(refused(&refusal)))
        }
    }
}

/// Nobody acts on somebody who is above them, nor outside the scope in which they may.
fn above(
    tx: &mut Tx<'_>,
    caller: &Caller,
    known: &Known,
    kind: EventType,
    env: &Env,
) -> Result<Option<ApiError>, Error> {
    let permission = Permission::RecoveryPinGenerate;
    let pair = Pair { device: known.device.id, user: known.user.id };
    if !is_reached(tx, caller, permission, pair)? {
        tx.record(&known.event(caller.failure(kind, "out_of_scope")), env)?;
        let is_seen = is_reached(tx, caller, Permission::DevicesRead, pair)?;
        let refused = ApiError::forbidden().cause("your role does not reach this person and computer");
        return Ok(Some(if is_seen { refused } else { missing(pair.device) }));
    }
    if pair.user == caller.user() {
        // Nobody makes a PIN for themselves either, and is told so.
        return Ok(None);
    }
    let theirs = tx.authority(pair.user)?;
    let own = caller.authority();
    if !theirs.is_administrator() || own.covers(&theirs) && own.reach_of_administrators(permission).everybody {
        return Ok(None);
    }
    tx.record(&known.event(caller.failure(kind, "privileged_user")), env)?;
    Ok(Some(
        ApiError::forbidden()
            .cause("the person has rights that you do not have, or your role does not act on administrators"),
    ))
}

/// Whether a pair lies within the scope in which the caller holds a permission: the computer itself, or the person.
fn is_reached(tx: &mut Tx<'_>, by: &Caller, permission: Permission, pair: Pair) -> Result<bool, Error> {
    let reach = by.authority().reach(permission);
    Ok(reach.whole || reach.devices.contains(&pair.device) || tx.reaches_user(&reach, pair.user)?)
}

/// The row of a PIN, once every rule and limit allows it. Only PINs that are issued count.
fn issued(
    tx: &mut Tx<'_>,
    caller: &Caller,
    known: &Known,
    request: &pin::Request,
    env: &Env,
) -> Result<Result<Issuance, Refusal>, Error> {
    let (DemandDocument(demands), _) = tx.setting()?;
    let facts = Facts {
        now: env.now,
        rules: &known.rules,
        device: known.device.status,
        last_seen_at: known.device.last_seen_at,
        certificate_expires_at: known.certificate_expires_at,
        user_is_active: known.user.status.is_in_force(),
        is_self: caller.user() == known.user.id,
        is_stepped_up: caller.meets(demands.of(Class::RecoveryPins), env.now) || caller.has_grant(GRANT.as_str()),
        enrolment: known.enrolment.as_ref(),
    };
    let terms = match pin::decide(request, &facts) {
        Ok(terms) => terms,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(enrolment) = &known.enrolment else { return Ok(Err(Refusal::NotRegistered)) };
    let pair = format!("{} {}", known.device.id, known.user.id);
    let limits = [
        (Limit::PinsOfPairHourly, pair.as_str()),
        (Limit::PinsOfPairDaily, pair.as_str()),
        (Limit::PinsOfAdministrator, caller.record.user.as_str()),
    ];
    // Charged, not looked at: of an administrator's requests side by side none slips through. What is refused is given back.
    for (at, (limit, subject)) in limits.into_iter().enumerate() {
        let allowed = tx.allowance(limit)?;
        if let Charge::RetryAt(free_at) = tx.charge(limit, subject, allowed, env.now)? {
            give_back(tx, &limits[..at])?;
            return Ok(Err(Refusal::RateLimited(limit, free_at)));
        }
    }
    if let Terms::Time(step) = terms
        && !tx.take_step(enrolment.id, step)?
    {
        give_back(tx, &limits)?;
        let last = tx.enrolment(enrolment.id)?.map_or(step, |now| now.last_issued_step);
        return Ok(Err(Refusal::TooSoon(drp1::step_start(last + 1))));
    }
    let issuance = Issuance {
        id: Id::new(env),
        enrolment: enrolment.id,
        device: known.device.id,
        user: known.user.id,
        terms,
        status: IssuanceStatus::Issued,
        source: None,
        reason: request.reason.trim().to_owned(),
        case: request.case.clone(),
        ticket: request.ticket.clone(),
        requested_by: caller.user().to_string(),
        duration: known.duration(),
        issued_at: env.now,
        expires_at: env.now.plus(drp1::ISSUE_LIFE),
        activated_at: None,
        ended_at: None,
        report_seq: None,
    };
    tx.insert_issuance(&issuance)?;
    Ok(Ok(issuance))
}

fn give_back(tx: &mut Tx<'_>, charged: &[(Limit, &str)]) -> Result<(), Error> {
    charged.iter().try_for_each(|(limit, subject)| tx.give_back(*limit, subject))
}

/// The error object of a refusal.
fn refused(refusal: &Refusal) -> ApiError {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::CONFLICT);
    let error = ApiError::new(status, refusal.code(), refusal.meaning()).member("fix", refusal.fix());
    let error = error.again_at(refusal.retry_at());
    match refusal {
        Refusal::OfflineTooLong(seen) => error.member("lastSeenAt", seen.map(time)),
        _ => error,
    }
}

/// Takes a PIN back. A use that may still be going on ends with the whole generation; the computer registers anew.
///
/// # Errors
/// 404 for an unknown one, `reason_required`, 403 for somebody above the caller.
pub async fn revoke(
    app: &App,
    caller: Allowed<right::RecoveryPinGenerate>,
    pair: Pair,
    id: Id<IssuanceKind>,
    reason: &str,
) -> Result<(Issuance, Effect), ApiError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(refused(&Refusal::ReasonRequired));
    }
    if reason.chars().count() > LONGEST_TEXT {
        return Err(ApiError::validation("reason", [format!("reason: at most {LONGEST_TEXT} characters")]));
    }
    let env = app.env();
    let revoked = app.store.write(caller.org, |tx| {
        let known = match Known::read(tx, pair)? {
            Ok(known) => known,
            Err(missing) => return Ok(Err(missing)),
        };
        let Some(issuance) = of_pair(tx, pair, id)? else { return Ok(Err(missing(id))) };
        if let Some(refused) = above(tx, &caller, &known, EventType::RecoveryPinRevoke, &env)? {
            return Ok(Err(refused));
        }
        let effect = take_back(tx, &issuance, &known.device, env.now)?;
        let event = known.event(caller.success(EventType::RecoveryPinRevoke));
        let event = event.detail("issuance", id.to_string()).detail("reason", reason);
        tx.record(&event.detail("effect", effect.as_str()), &env)?;
        Ok(Ok((tx.issuance(id)?.unwrap_or(issuance), effect)))
    });
    revoked.await?
}

/// Takes an issued PIN back: never used, it is void; used, or perhaps used by now, the whole generation is.
///
/// # Errors
/// Of the database.
pub fn take_back(tx: &mut Tx<'_>, issuance: &Issuance, device: &Device, now: Timestamp) -> Result<Effect, Error> {
    use IssuanceStatus as S;
    tx.hold_enrolment(issuance.enrolment)?;
    // Read again: while it was waited for, a computer may have used it.
    let issuance = &tx.issuance(issuance.id)?.ok_or_else(|| Error::fault("an issued PIN is gone"))?;
    let state = issuance.state(now);
    let may_be_open = match state {
        S::Activated => true,
        // Nobody knows yet whether a computer without network took it.
        S::Expired | S::Issued => device.last_seen_at.is_none_or(|seen| seen <= issuance.issued_at),
        S::Denied | S::Ended | S::Revoked | S::Superseded => return Ok(Effect::Nothing),
    };
    tx.change_issuance(issuance.id, issuance.status, S::Revoked, now)?;
    if may_be_open {
        tx.revoke_enrolments_of_pair(issuance.device, issuance.user, now)?;
    }
    let is_near = device.last_seen_at.is_some_and(|seen| now.since(seen) <= SEEN_NOW);
    Ok(if is_near { Effect::Now } else { Effect::AtNextContact })
}

fn of_pair(tx: &mut Tx<'_>, pair: Pair, id: Id<IssuanceKind>) -> Result<Option<Issuance>, Error> {
    let issuance = tx.issuance(id)?;
    Ok(issuance.filter(|issuance| issuance.device == pair.device && issuance.user == pair.user))
}

/// The PINs that were made for a pair, newest first.
///
/// # Errors
/// 404 for an unknown computer or person.
pub async fn list(
    app: &App,
    caller: &Allowed<right::RecoveryPinGenerate>,
    pair: Pair,
) -> Result<Vec<Issuance>, ApiError> {
    let found = app.store.read(caller.org, |tx| match Known::read(tx, pair)? {
        Ok(_) if is_reached(tx, caller, Permission::RecoveryPinGenerate, pair)? => {
            Ok(Ok(tx.issuances_of_pair(pair.device, pair.user)?))
        }
        Ok(_) => Ok(Err(missing(pair.device))),
        Err(missing) => Ok(Err(missing)),
    });
    found.await?
}

/// One PIN that was made for a pair.
///
/// # Errors
/// 404 for an unknown one.
pub async fn issuance(
    app: &App,
    caller: &Allowed<right::RecoveryPinGenerate>,
    pair: Pair,
    id: Id<IssuanceKind>,
) -> Result<Issuance, ApiError> {
    let found = app.store.read(caller.org, |tx| {
        let is_reached = is_reached(tx, caller, Permission::RecoveryPinGenerate, pair)?;
        if is_reached { of_pair(tx, pair, id) } else { Ok(None) }
    });
    found.await?.ok_or_else(|| missing(id))
}

/// Whether a PIN could be made for a pair now.
///
/// # Errors
/// 404 for an unknown computer or person.
pub async fn readiness(app: &App, caller: &Allowed<right::DevicesRead>, pair: Pair) -> Result<Readiness, ApiError> {
    let now = app.env().now;
    let found = app.store.read(caller.org, |tx| {
        let known = match Known::read(tx, pair)? {
            Ok(known) => known,
            Err(missing) => return Ok(Err(missing)),
        };
        if !is_reached(tx, caller, Permission::DevicesRead, pair)? {
            return Ok(Err(missing(pair.device)));
        }
        let link = tx.device_link(pair.device, pair.user)?;
        let (is_ready, checks) = readiness::checks(&readiness::Facts {
            now,
            rules: &known.rules,
            device: known.device.status,
            last_seen_at: known.device.last_seen_at,
            clock_offset: known.device.clock_offset,
            certificate_expires_at: known.certificate_expires_at,
            user_is_active: known.user.status.is_in_force(),
            enrolment: known.enrolment.as_ref(),
        });
        let takes_time = known.enrolment.as_ref().is_some_and(|own| known.rules.allow_time_pin(own.binding));
        Ok(Ok(Readiness {
            is_ready,
            checks,
            mode: if takes_time { Mode::Time } else { Mode::Challenge },
            duration_minutes: known.duration().as_secs() / 60,
            device: known.device,
            user: known.user,
            enrolment: known.enrolment,
            certificate_expires_at: known.certificate_expires_at,
            link,
        }))
    });
    found.await?
}

/// Asks a computer to replace a recovery secret at its next contact.
///
/// # Errors
/// 404 for one that is unknown or not in use.
pub async fn rotate(
    app: &App,
    caller: Allowed<right::DevicesManage>,
    pair: Pair,
    eid: Id<RecoveryEnrolment>,
) -> Result<(), ApiError> {
    let env = app.env();
    let asked = app.store.write(caller.org, |tx| {
        let known = match Known::read(tx, pair)? {
            Ok(known) => known,
            Err(missing) => return Ok(Err(missing)),
        };
        if !devices::is_seen(tx, &caller, Permission::DevicesManage, pair.device)? {
            tx.record(&known.event(caller.failure(EventType::RecoveryRotate, "out_of_scope")), &env)?;
            return Ok(Err(devices::out_of_scope(tx, &caller, pair.device)?));
        }
        let is_theirs = known.enrolment.as_ref().is_some_and(|own| own.id == eid);
        if !is_theirs || !tx.want_rotation(eid, "asked_by_administrator")? {
            return Ok(Err(missing(eid)));
        }
        let event = known.event(caller.success(EventType::RecoveryRotate)).detail("stage", "ASKED");
        tx.record(&event.detail("eid", eid.to_string()), &env)?;
        Ok(Ok(()))
    });
    asked.await?
}

/// A mode as the wire format has it.
const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Challenge => "CHALLENGE",
        Mode::Time => "TIME",
    }
}
