//! Network zones: named ranges of addresses that policies and tokens speak of, and blocklists. Nobody shuts themselves out.

mod http;

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::network::{Usage, ZoneDraft};
use postern_authn::permission::right;
use postern_authn::policy::PolicyType;
use postern_codes::id::{Id, Zone as ZoneKind};
use postern_codes::{Env, Timestamp};
use postern_store::search::Condition;
use postern_store::tokens::ApiToken;
use postern_store::zones::{Blocklist, Zone};
use postern_store::{Error, Tx};

pub use http::{routes, shown};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;
use crate::api::policies;

/// What is answered to whoever would shut themselves out.
pub const OWN_ADDRESS: &str = "You would shut yourself out";

/// Something that speaks of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneUse {
    /// A policy, or a rule of it.
    Policy(String, PolicyType),
    /// An API token that may come from some zones alone, or from anywhere else.
    Token(String),
}

/// What speaks of a zone.
///
/// # Errors
/// Of the database.
pub async fn uses(app: &App, by: &Allowed<right::NetworkZonesRead>, zone: &Zone) -> Result<Vec<ZoneUse>, ApiError> {
    let now = app.env().now;
    let read = app.store.read(by.org, |tx| {
        let policies = tx.policies_about(zone.id.as_str())?.into_iter();
        let policies: Vec<_> = policies.map(|(name, kind)| ZoneUse::Policy(name, kind)).collect();
        let tokens = tokens_about(tx, zone, now)?.into_iter().map(ZoneUse::Token);
        Ok(policies.into_iter().chain(tokens).collect())
    });
    Ok(read.await?)
}

/// Makes a zone.
///
/// # Errors
/// 400 where the name is taken, 403 where it would shut out the caller.
pub async fn create(
    app: &App,
    by: &Allowed<right::NetworkZonesManage>,
    draft: &ZoneDraft,
    is_active: bool,
) -> Result<Zone, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let kind = EventType::ZoneCreate;
        let after = tx.zones()?.into_iter().chain([drafted(draft, is_active, &env)]).collect::<Vec<_>>();
        if shuts_out_caller(by, &after) {
            return refuse_own_address(tx, by, kind, draft.name.as_str(), &env);
        }
        let Some(id) = tx.insert_zone(draft, is_active, &env)? else { return Ok(Err(name_taken())) };
        record(tx, by, kind, id, draft.name.as_str(), &env)?;
        named(tx, id.as_str())
    });
    app.perimeter.changed(made).await?
}

/// Makes another zone of this one. `None` leaves its status as it is.
///
/// # Errors
/// 404 for no zone; 400 where the name is taken, for a zone of the system that would be more than filled, and where
/// something speaks of a zone that becomes a blocklist; 403 where it would shut out the caller.
pub async fn replace(
    app: &App,
    by: &Allowed<right::NetworkZonesManage>,
    which: &str,
    draft: &ZoneDraft,
    is_active: Option<bool>,
) -> Result<Zone, ApiError> {
    alter(app, by, which, EventType::ZoneUpdate, |zone| Ok((draft.clone(), is_active.unwrap_or(zone.is_active)))).await
}

/// The same, where `wanted` makes of what it is what it shall be; whether it counts stays.
///
/// # Errors
/// As [`replace`], and those of `wanted`.
pub async fn edit(
    app: &App,
    by: &Allowed<right::NetworkZonesManage>,
    which: &str,
    wanted: impl Fn(&Zone) -> Result<ZoneDraft, ApiError>,
) -> Result<Zone, ApiError> {
    alter(app, by, which, EventType::ZoneUpdate, |zone| Ok((wanted(zone)?, zone.is_active))).await
}

/// Has a zone count, or not. To repeat it changes nothing.
///
/// # Errors
/// 404 for no zone, 400 for one of the system, 403 where it would shut out the caller.
pub async fn set_active(
    app: &App,
    by: &Allowed<right::NetworkZonesManage>,
    which: &str,
    is_active: bool,
) -> Result<Zone, ApiError> {
    let kind = if is_active { EventType::ZoneActivate } else { EventType::ZoneDeactivate };
    alter(app, by, which, kind, |zone| Ok((draft_of(zone), is_active))).await
}

/// Deletes a zone.
///
/// # Errors
/// 404 for no zone; 400 for one of the system and while something speaks of it.
pub async fn delete(app: &App, by: &Allowed<right::NetworkZonesManage>, which: &str) -> Result<(), ApiError> {
    let deleted = change(app, by, (named, which), |tx, zone, env| {
        if zone.system.is_some() {
            return Ok(Err(of_the_system("it cannot be deleted")));
        }
        if let Err(refused) = unused(tx, zone, env)? {
            tx.record(&by.failure(EventType::ZoneDelete, "in_use").target(target(zone)), env)?;
            return Ok(Err(refused));
        }
        tx.delete_zone(zone.id, env.now)?;
        record(tx, by, EventType::ZoneDelete, zone.id, zone.name.as_str(), env)?;
        Ok(Ok(()))
    });
    app.perimeter.changed(deleted).await
}

/// Zones that fulfil a condition, one more than `limit` where there are more.
///
/// # Errors
/// Of the database.
pub async fn list(
    app: &App,
    by: &Allowed<right::NetworkZonesRead>,
    condition: Option<Condition>,
    after: Option<Id<ZoneKind>>,
    limit: u32,
) -> Result<Vec<Zone>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.zones_page(condition.clone(), after, limit.saturating_add(1))).await?)
}

/// One zone.
///
/// # Errors
/// 404 where there is none.
pub async fn zone(app: &App, by: &Allowed<right::NetworkZonesRead>, which: &str) -> Result<Zone, ApiError> {
    app.store.read(by.org, |tx| named(tx, which)).await?
}

async fn alter(
    app: &App,
    by: &Allowed<right::NetworkZonesManage>,
    which: &str,
    kind: EventType,
    to: impl Fn(&Zone) -> Result<(ZoneDraft, bool), ApiError>,
) -> Result<Zone, ApiError> {
    let altered = change(app, by, (named, which), |tx, zone, env| {
        let (draft, is_active) = match to(zone) {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(Err(refused)),
        };
        if zone.system.is_some() && !(is_active && draft.name == zone.name && draft.usage == zone.usage) {
            return Ok(Err(of_the_system("only its gateways and proxies can be changed")));
        }
        if draft.usage != zone.usage
            && let Err(refused) = unused(tx, zone, env)?
        {
            tx.record(&by.failure(kind, "in_use").target(target(zone)), env)?;
            return Ok(Err(refused));
        }
        let others = tx.zones()?.into_iter().filter(|other| other.id != zone.id);
        let after = others.chain([Zone { system: zone.system, ..drafted(&draft, is_active, env) }]).collect::<Vec<_>>();
        if shuts_out_caller(by, &after) {
            return refuse_own_address(tx, by, kind, zone.name.as_str(), env);
        }
        if kind != EventType::ZoneUpdate && zone.is_active == is_active {
            return Ok(Ok(zone.clone()));
        }
        if !tx.set_zone(zone.id, &draft, is_active, env.now)? {
            return Ok(Err(name_taken()));
        }
        record(tx, by, kind, zone.id, draft.name.as_str(), env)?;
        match (zone.usage, draft.usage) {
            (Usage::Policy, Usage::Blocklist) => {
                record(tx, by, EventType::ZoneMakeBlocklist, zone.id, draft.name.as_str(), env)?;
            }
            (Usage::Blocklist, Usage::Policy) => {
                record(tx, by, EventType::ZoneRemoveBlocklist, zone.id, draft.name.as_str(), env)?;
            }
            (Usage::Blocklist, Usage::Blocklist) | (Usage::Policy, Usage::Policy) => {}
        }
        named(tx, which)
    });
    app.perimeter.changed(altered).await
}

fn named(tx: &mut Tx<'_>, which: &str) -> Outcome<Zone> {
    let found = match which.parse::<Id<ZoneKind>>() {
        Ok(id) => tx.zone(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<ZoneKind>(which)))
}

/// Whether the caller could not come back from where they are, once these were the zones.
fn shuts_out_caller(by: &Caller, zones: &[Zone]) -> bool {
    let blocklist = Blocklist::of(zones);
    by.client.0.addresses().any(|address| blocklist.shuts_out(address))
}

fn refuse_own_address<T>(tx: &mut Tx<'_>, by: &Caller, kind: EventType, name: &str, env: &Env) -> Outcome<T> {
    tx.record(&by.failure(kind, "own_address").target(Target::new("NetworkZone", "", "", name)), env)?;
    let refusal = ApiError::new(StatusCode::FORBIDDEN, "E0000006", OWN_ADDRESS);
    Ok(Err(refusal.cause(
        "gateways: the blocklist would hold the address that you come from, or a proxy on its way: leave it out, or put \
         it into DefaultExemptIpZone first",
    )))
}

fn record(tx: &mut Tx<'_>, by: &Caller, kind: EventType, id: Id<ZoneKind>, name: &str, env: &Env) -> Result<(), Error> {
    tx.record(&by.success(kind).target(Target::new("NetworkZone", id, "", name)), env)
}

/// The zone that a draft would be.
fn drafted(draft: &ZoneDraft, is_active: bool, env: &Env) -> Zone {
    Zone {
        id: Id::new(env),
        name: draft.name.clone(),
        usage: draft.usage,
        is_active,
        system: None,
        gateways: draft.gateways.clone(),
        proxies: draft.proxies.clone(),
        created_at: env.now,
        updated_at: env.now,
    }
}

fn draft_of(zone: &Zone) -> ZoneDraft {
    ZoneDraft {
        name: zone.name.clone(),
        usage: zone.usage,
        gateways: zone.gateways.clone(),
        proxies: zone.proxies.clone(),
    }
}

fn name_taken() -> ApiError {
    ApiError::validation("name", ["name: An object with this field already exists in the current organization"])
}

fn of_the_system(what: &str) -> ApiError {
    ApiError::validation("zone", [format!("zone: this zone is one of the system: {what}")])
}

/// That neither a policy nor a living API token speaks of a zone.
fn unused(tx: &mut Tx<'_>, zone: &Zone, env: &Env) -> Outcome<()> {
    if let Err(refused) = policies::refuse_if_used(tx, zone.id.as_str(), zone.name.as_str())? {
        return Ok(Err(refused));
    }
    // Until the commit no token is made or changed that speaks of it.
    tx.hold_roles()?;
    Ok(if tokens_about(tx, zone, env.now)?.is_empty() { Ok(()) } else { Err(in_use()) })
}

/// The names of the living API tokens that speak of a zone.
fn tokens_about(tx: &mut Tx<'_>, zone: &Zone, now: Timestamp) -> Result<Vec<String>, Error> {
    let speaks = |token: &ApiToken| {
        token.network.include.iter().chain(&token.network.exclude).any(|named| named == zone.id.as_str())
    };
    Ok(tx.tokens(now, "", u32::MAX)?.into_iter().filter(speaks).map(|token| token.name).collect())
}

fn target(zone: &Zone) -> Target {
    Target::new("NetworkZone", zone.id, "", zone.name.as_str())
}

/// The refusal to take a zone from what speaks of it.
fn in_use() -> ApiError {
    ApiError::validation("zone", ["zone: it is used by an API token; change that first"])
}
