//! Computers, as Okta's Devices API has them; `/device-access/api/v1/devices` is the same list with every platform in it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use postern_authn::audit::EventType;
use postern_authn::device::{Device, DeviceStatus, Lifecycle, Platform};
use postern_authn::permission::{Permission, Right, right};
use postern_authn::recovery::Link;
use postern_authn::user::User;
use postern_codes::Timestamp;
use postern_codes::id::{Device as DeviceKind, Id, User as UserKind};
use postern_store::devices::{ATTRIBUTES, DevicesQuery};
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use super::device_access::enroll::target;
use super::device_access::settings::{AccessSettings, setting};
use super::hal::{Links, time};
use super::page::{Page, Query};
use super::path::Path;
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, Caller, Json, users};

/// The header by which a program says that it knows of Linux.
const PLATFORMS: &str = "x-postern-platforms";
const MOST: u32 = 200;

/// A right to one step of a computer's life.
pub trait StepRight: Right {
    /// The step.
    const STEP: Lifecycle;
}

impl StepRight for right::DevicesActivate {
    const STEP: Lifecycle = Lifecycle::Activate;
}

impl StepRight for right::DevicesDeactivate {
    const STEP: Lifecycle = Lifecycle::Deactivate;
}

impl StepRight for right::DevicesDelete {
    const STEP: Lifecycle = Lifecycle::Delete;
}

impl StepRight for right::DevicesSuspend {
    const STEP: Lifecycle = Lifecycle::Suspend;
}

impl StepRight for right::DevicesUnsuspend {
    const STEP: Lifecycle = Lifecycle::Unsuspend;
}

/// What lets somebody take a computer through a step.
pub const fn needed(step: Lifecycle) -> Permission {
    match step {
        Lifecycle::Activate => Permission::DevicesActivate,
        Lifecycle::Deactivate => Permission::DevicesDeactivate,
        Lifecycle::Delete => Permission::DevicesDelete,
        Lifecycle::Suspend => Permission::DevicesSuspend,
        Lifecycle::Unsuspend => Permission::DevicesUnsuspend,
    }
}

/// Moves a computer on in its life. Out of use, nobody is linked with it and no recovery secret of it counts.
///
/// # Errors
/// 404 where there is none, E0000001 where its state does not allow the step.
pub async fn change<R: StepRight>(app: &App, caller: Allowed<R>, id: Id<DeviceKind>) -> Result<Device, ApiError> {
    let (env, step) = (app.env(), R::STEP);
    let changed = app.store.write(caller.org, |tx| {
        let Some(device) = tx.device(id)? else { return Ok(Err(ApiError::not_found::<DeviceKind>(id.as_str()))) };
        if !is_seen(tx, &caller, R::PERMISSION, id)? {
            let event = caller.failure(kind(step), "out_of_scope").target(target(&device));
            tx.record(&event, &env)?;
            return Ok(Err(out_of_scope(tx, &caller, id)?));
        }
        let event = match step.from(device.status) {
            Some(status) if tx.set_device_status(id, device.status, status, env.now)? => {
                if matches!(status, DeviceStatus::Deactivated | DeviceStatus::Deleted) {
                    release(tx, id, env.now)?;
                }
                tx.record(&caller.success(kind(step)).target(target(&device)), &env)?;
                return Ok(Ok(Device { status, updated_at: env.now, ..device }));
            }
            _ => caller.failure(kind(step), "wrong_state"),
        };
        tx.record(&event.target(target(&device)).detail("status", device.status.as_str()), &env)?;
        let why = format!("the computer is {}, so it cannot be taken through {step}", device.status);
        Ok(Err(ApiError::validation("device", [why])))
    });
    changed.await?
}

/// Whether a computer lies within the scope in which the caller holds a permission.
///
/// # Errors
/// Of the database.
pub fn is_seen(tx: &mut Tx<'_>, by: &Caller, permission: Permission, id: Id<DeviceKind>) -> Result<bool, Error> {
    tx.reaches_device(&by.authority().reach(permission), id)
}

/// What an act on a computer says that the caller's role does not reach: whoever may see it hears why.
///
/// # Errors
/// Of the database.
pub fn out_of_scope(tx: &mut Tx<'_>, by: &Caller, id: Id<DeviceKind>) -> Result<ApiError, Error> {
    let is_seen = is_seen(tx, by, Permission::DevicesRead, id)?;
    let hidden = || ApiError::not_found::<DeviceKind>(id.as_str());
    Ok(if is_seen { ApiError::forbidden().cause("your role does not reach this computer") } else { hidden() })
}

fn release(tx: &mut Tx<'_>, id: Id<DeviceKind>, now: Timestamp) -> Result<(), Error> {
    tx.unlink_device(id)?;
    tx.revoke_enrolments_of_device(id, now)?;
    tx.revoke_issuances_of_device(id)
}

const fn kind(step: Lifecycle) -> EventType {
    match step {
        Lifecycle::Activate => EventType::DeviceActivate,
        Lifecycle::Deactivate => EventType::DeviceDeactivate,
        Lifecycle::Delete => EventType::DeviceDelete,
        Lifecycle::Suspend => EventType::DeviceSuspend,
        Lifecycle::Unsuspend => EventType::DeviceUnsuspend,
    }
}

/// A computer by id.
///
/// # Errors
/// 404 where there is none.
pub async fn device(app: &App, caller: &Allowed<right::DevicesRead>, id: Id<DeviceKind>) -> Result<Device, ApiError> {
    let found = app.store.read(caller.org, |tx| {
        if is_seen(tx, caller, Permission::DevicesRead, id)? { tx.device(id) } else { Ok(None) }
    });
    found.await?.ok_or_else(|| ApiError::not_found::<DeviceKind>(id.as_str()))
}

/// The people of a computer, with their links.
///
/// # Errors
/// 404 where there is no such computer.
pub async fn people(
    app: &App,
    caller: &Allowed<right::DevicesRead>,
    id: Id<DeviceKind>,
) -> Result<Vec<(Link, User)>, ApiError> {
    let found = app.store.read(caller.org, |tx| {
        if tx.device(id)?.is_none() || !is_seen(tx, caller, Permission::DevicesRead, id)? {
            return Ok(None);
        }
        linked(tx, caller, id).map(Some)
    });
    found.await?.ok_or_else(|| ApiError::not_found::<DeviceKind>(id.as_str()))
}

/// The computers of a person, with their links.
///
/// # Errors
/// 404 where there is no such person.
pub async fn of_person(
    app: &App,
    caller: &Allowed<right::DevicesRead>,
    id: Id<UserKind>,
) -> Result<Vec<(Link, Device)>, ApiError> {
    let found = app.store.read(caller.org, |tx| {
        let reach = caller.authority().reach(Permission::DevicesRead);
        let is_theirs = tx.reaches_user(&reach, id)? || users::is_seen(tx, caller, Permission::UsersRead, id)?;
        if tx.user(id)?.is_none() || !is_theirs {
            return Ok(None);
        }
        let mut devices = Vec::new();
        for link in tx.links_of_user(id)? {
            if !tx.reaches_device(&reach, link.device)? {
                continue;
            }
            devices.extend(tx.device(link.device)?.map(|device| (link, device)));
        }
        Ok(Some(devices))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<UserKind>(id.as_str()))
}

/// The people of a computer whom the caller may see there: all of them where the computer itself lies within their
/// scope, else those by whom it does.
fn linked(tx: &mut Tx<'_>, by: &Allowed<right::DevicesRead>, id: Id<DeviceKind>) -> Result<Vec<(Link, User)>, Error> {
    let reach = by.authority().reach(Permission::DevicesRead);
    let is_whole = reach.whole || reach.devices.contains(&id);
    let mut people = Vec::new();
    for link in tx.links_of_device(id)? {
        if is_whole || tx.reaches_user(&reach, link.user)? {
            people.extend(tx.user(link.user)?.map(|user| (link, user)));
        }
    }
    Ok(people)
}

/// The id in a path: what is no id of a computer names none.
///
/// # Errors
/// 404.
pub fn device_id(text: &str) -> Result<Id<DeviceKind>, ApiError> {
    text.parse().map_err(|_| ApiError::not_found::<DeviceKind>(text))
}

/// A computer as the API shows it, with the steps that its state allows.
pub fn json(app: &App, device: &Device) -> Value {
    let Device { id, status, .. } = device;
    let path = format!("/api/v1/devices/{id}");
    let mut links = Links::new(app).to("self", "GET", &path).to("users", "GET", format!("{path}/users"));
    for step in [Lifecycle::Activate, Lifecycle::Deactivate, Lifecycle::Suspend, Lifecycle::Unsuspend] {
        links = links.to_if(step.from(*status).is_some(), step.as_str(), "POST", format!("{path}/lifecycle/{step}"));
    }
    let mut shown = json!({
        "id": id,
        "status": status,
        "created": time(device.created_at),
        "lastUpdated": time(device.updated_at),
        "profile": device.profile,
        "resourceType": "UDDevice",
        "resourceId": id,
        "resourceDisplayName": { "value": device.profile.display_name, "sensitive": false },
        "_links": Value::from(links),
    });
    shown["lastSeen"] = device.last_seen_at.map(time).into();
    shown
}

/// A person's link as the list of a computer's people shows it.
fn link_json(link: &Link, user: &Value) -> Value {
    json!({
        "created": time(link.since),
        "managementStatus": "NOT_MANAGED",
        "screenLockType": "NONE",
        "proof": link.proof,
        "user": user,
    })
}

/// A person as a computer's page has them. Their mail address is there for whoever sees it of everybody.
fn user_json(app: &App, by: &Caller, user: &User) -> Value {
    let shows_mail = by.authority().attributes_everywhere(Permission::UsersRead).has("email");
    let links = Links::new(app).to("self", "GET", format!("/api/v1/users/{}", user.id));
    let mut shown = json!({
        "id": user.id,
        "status": user.shown_status(app.env().now),
        "created": time(user.created_at),
        "profile": {
            "firstName": user.profile.first_name,
            "lastName": user.profile.last_name,
            "login": user.login.as_str(),
        },
        "_links": Value::from(links),
    });
    if shows_mail {
        shown["profile"]["email"] = user.profile.email.as_str().into();
    }
    shown
}

async fn list_for_okta(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
) -> Result<Page, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    let without_linux = is_without_linux(&app, &caller, &headers).await?;
    list(&app, &caller, &query, without_linux).await
}

/// Whether lists leave Linux computers out: strict clients refuse a whole list for a platform that they do not know.
async fn is_without_linux(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<bool, ApiError> {
    let (settings, _) = setting::<AccessSettings>(app, caller.org).await?;
    let asks_for_all = headers.get(PLATFORMS).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"all"));
    Ok(!asks_for_all && !settings.show_linux_to_every_api_client)
}

async fn list_all(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Page, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    list(&app, &caller, &query, false).await
}

async fn list(
    app: &App,
    caller: &Allowed<right::DevicesRead>,
    query: &Query,
    without_linux: bool,
) -> Result<Page, ApiError> {
    let limit = query.limit(MOST, MOST)?;
    if limit == 0 {
        return Err(ApiError::validation("limit", ["limit: 1 to 200"]));
    }
    let wanted = DevicesQuery {
        words: query.text("q").map(str::to_owned),
        condition: query.condition(ATTRIBUTES)?,
        without_linux,
        after: query.get("after")?,
        within: Some(caller.authority().reach(Permission::DevicesRead)),
    };
    let expands = match query.text("expand") {
        None => false,
        Some("user" | "userSummary") => true,
        Some(_) => return Err(ApiError::validation("expand", ["expand: user or userSummary"])),
    };
    let found = app.store.read(caller.org, |tx| {
        let mut rows = Vec::new();
        for device in tx.devices(&wanted, limit + 1)? {
            let people = if expands { linked(tx, caller, device.id)? } else { Vec::new() };
            rows.push((device, people));
        }
        Ok(rows)
    });
    let shown = |(device, people): &(Device, Vec<(Link, User)>)| {
        let mut shown = json(app, device);
        if expands {
            let people: Vec<Value> =
                people.iter().map(|(link, user)| link_json(link, &user_json(app, caller, user))).collect();
            shown["_embedded"] = json!({ "users": people });
        }
        shown
    };
    Ok(Page::of(app, query, (found.await?, limit), |(device, _)| device.id.to_string(), shown))
}

async fn get(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    let device = device(&app, &caller, device_id(&id)?).await?;
    Ok(Json(json(&app, &device)))
}

async fn delete(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let caller = caller.require::<right::DevicesDelete>(&app).await?;
    change(&app, caller, device_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn lifecycle<R: StepRight>(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let caller = caller.require::<R>(&app).await?;
    change(&app, caller, device_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_people(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    let people = people(&app, &caller, device_id(&id)?).await?;
    Ok(Json(people.iter().map(|(link, user)| link_json(link, &user_json(&app, &caller, user))).collect()))
}

async fn of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(who): Path<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let caller = caller.require::<right::DevicesRead>(&app).await?;
    let id = users::found(&app, &caller, &who).await?.id;
    let without_linux = is_without_linux(&app, &caller, &headers).await?;
    let devices = of_person(&app, &caller, id).await?.into_iter();
    let shown = devices.filter(|(_, device)| !(without_linux && device.profile.platform == Platform::Linux));
    let shown = shown.map(|(link, device)| {
        json!({ "created": time(link.since), "deviceUserId": id, "proof": link.proof, "device": json(&app, &device) })
    });
    Ok(Json(shown.collect()))
}

/// The routes.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::DevicesRead);
    let step = |step| Access::Permission(needed(step));
    Routes::new()
        .get("/api/v1/devices", read, list_for_okta)
        .get("/device-access/api/v1/devices", read, list_all)
        .get("/api/v1/devices/{deviceId}", read, get)
        .delete("/api/v1/devices/{deviceId}", step(Lifecycle::Delete), delete)
        .post(
            "/api/v1/devices/{deviceId}/lifecycle/activate",
            step(Lifecycle::Activate),
            lifecycle::<right::DevicesActivate>,
        )
        .post(
            "/api/v1/devices/{deviceId}/lifecycle/deactivate",
            step(Lifecycle::Deactivate),
            lifecycle::<right::DevicesDeactivate>,
        )
        .post(
            "/api/v1/devices/{deviceId}/lifecycle/suspend",
            step(Lifecycle::Suspend),
            lifecycle::<right::DevicesSuspend>,
        )
        .post(
            "/api/v1/devices/{deviceId}/lifecycle/unsuspend",
            step(Lifecycle::Unsuspend),
            lifecycle::<right::DevicesUnsuspend>,
        )
        .get("/api/v1/devices/{deviceId}/users", read, get_people)
        .get("/api/v1/users/{userId}/devices", read, of_user)
}
