//! A device: its facts, and its people with their way back in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::device::{self, DeviceStatus, Lifecycle};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::{Binding, EnrolmentStatus};
use postern_codes::Timestamp;
use postern_codes::id::{Device as DeviceKind, Id};

use super::page::page;
use super::part::{Act, Link, Moment, Notice, Record, State, Tone};
use super::recovery::{self, CONTACT, Recovery};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{events, people};
use crate::App;
use crate::api::ApiError;
use crate::api::devices::{self, StepRight};
use crate::api::path::Path;
use crate::api::recovery_pins::{self, Pair};
use crate::api::routes::{Access, Routes};

/// A computer's page.
#[derive(Template)]
#[template(path = "console/device.html")]
pub struct Device {
    /// The frame.
    pub shell: Shell,
    /// The computer's name.
    pub name: String,
    /// Its life cycle.
    pub status: State,
    /// Whether it is in contact, and since when.
    pub contact: State,
    /// When it was last in contact.
    pub last_seen: Option<Moment>,
    /// What stands above everything else, such as two computers with one serial number.
    pub notice: Option<Notice>,
    /// Make.
    pub make: Text,
    /// Model.
    pub model: Text,
    /// As on its case.
    pub serial: Text,
    /// Platform, version of the agent, binding, certificate: name by name.
    pub facts: Vec<(Text, Text)>,
    /// Its people.
    pub people: Vec<Recovery>,
    /// What the viewer may do to it.
    pub acts: Vec<Act>,
    /// The newest events about it.
    pub recent: Option<Record>,
}

/// `/admin/devices/ID`, and what can be done to a computer there.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::DevicesManage);
    let of = |step| Access::Permission(devices::needed(step));
    Routes::new()
        .get("/admin/devices/{device}", Access::Permission(Permission::DevicesRead), show)
        .post("/admin/devices/{device}/lifecycle/activate", of(Lifecycle::Activate), step::<right::DevicesActivate>)
        .post(
            "/admin/devices/{device}/lifecycle/deactivate",
            of(Lifecycle::Deactivate),
            step::<right::DevicesDeactivate>,
        )
        .post("/admin/devices/{device}/lifecycle/delete", of(Lifecycle::Delete), step::<right::DevicesDelete>)
        .post("/admin/devices/{device}/lifecycle/suspend", of(Lifecycle::Suspend), step::<right::DevicesSuspend>)
        .post("/admin/devices/{device}/lifecycle/unsuspend", of(Lifecycle::Unsuspend), step::<right::DevicesUnsuspend>)
        .post("/admin/devices/{device}/rotate", manage, rotate)
}

/// The page of a computer.
pub fn address(device: Id<DeviceKind>) -> String {
    format!("/admin/devices/{device}")
}

/// Where a computer stands, in words.
pub fn standing(status: DeviceStatus) -> State {
    let (tone, text) = match status {
        DeviceStatus::Active => (Tone::Good, say("device-active")),
        DeviceStatus::Created => (Tone::Plain, say("device-created")),
        DeviceStatus::Deactivated => (Tone::Plain, say("device-deactivated")),
        DeviceStatus::Deleted => (Tone::Plain, say("device-deleted")),
        DeviceStatus::Suspended => (Tone::Danger, say("device-suspended")),
    };
    State::new(tone, text)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesRead>(&app).await?;
    let device = devices::device(&app, &by, devices::device_id(&id)?).await?;
    let read = app.store.read(by.org, |tx| {
        let enrolments = tx.enrolments_of_device(device.id)?;
        let mut may = Vec::new();
        for permission in NEEDED {
            if devices::is_seen(tx, &by, *permission, device.id)? {
                may.push(*permission);
            }
        }
        Ok((tx.devices_of_same_serial(&device)?, tx.newest_certificate(device.id)?, enrolments, may))
    });
    let (namesakes, certificate, enrolments, may) = read.await?;
    let mut rows = Vec::new();
    for (link, person) in devices::people(&app, &by, device.id).await? {
        let who = (Link::new(person.name(), people::address(&person)), person.login.to_string().into());
        rows.push(recovery::row(&app, &viewer, (link.device, link.user), who).await?);
    }
    let profile = &device.profile;
    let mut facts = vec![(say("device-platform"), platform(profile).into())];
    let mut fact = |name: Text, value: Option<Text>| facts.extend(value.map(|value| (name, value)));
    fact(say("device-agent"), device.agent_version.clone().map(Text::from));
    let binding = enrolments.iter().find(|own| own.status == EnrolmentStatus::Active).map(|own| own.binding);
    fact(say("device-kept"), binding.map(kept_in));
    fact(say("device-certificate"), certificate.map(|certificate| Text::exact(certificate.expires_at)));
    fact(say("device-enrolled"), Some(Text::exact(device.created_at)));
    fact(say("device-id"), Some(device.id.to_string().into()));
    Ok(page(Device {
        shell: viewer.shell(Place::Devices),
        name: profile.display_name.clone(),
        status: standing(device.status),
        contact: contact(device.last_seen_at, viewer.now),
        last_seen: device.last_seen_at.map(|at| viewer.moment(at)),
        notice: namesakes_notice(&namesakes),
        make: or_unknown(&profile.manufacturer),
        model: or_unknown(&profile.model),
        serial: or_unknown(&profile.serial_number),
        facts,
        people: rows,
        acts: acts(&device, &may),
        recent: events::latest(&app, &viewer, Some(device.id.as_str())).await?,
    }))
}

/// What a computer did not say.
pub fn or_unknown(text: &str) -> Text {
    if text.is_empty() { say("device-unknown") } else { text.to_owned().into() }
}

fn capital(word: &str) -> String {
    people::capital(&word.to_ascii_lowercase())
}

fn platform(profile: &device::Profile) -> String {
    let words = [capital(profile.platform.as_str()), profile.os_version.clone()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

fn contact(last_seen: Option<Timestamp>, now: Timestamp) -> State {
    match last_seen {
        Some(at) if now.since(at) <= CONTACT => State::new(Tone::Good, say("device-in-contact")),
        Some(_) => State::new(Tone::Plain, say("device-not-in-contact")),
        None => State::new(Tone::Plain, say("device-never-in-contact")),
    }
}

fn kept_in(binding: Binding) -> Text {
    match binding {
        Binding::Se => say("device-kept-enclave"),
        Binding::Soft => say("device-kept-file"),
        Binding::Tpm => say("device-kept-tpm"),
    }
}

fn namesakes_notice(namesakes: &[device::Device]) -> Option<Notice> {
    let names: Vec<_> = namesakes.iter().map(|other| other.profile.display_name.as_str()).collect();
    let next = say("device-namesakes-next").with("names", names.join(", "));
    (!names.is_empty()).then(|| Notice::new(Tone::Warning, say("device-namesakes"), next))
}

/// What can be done to a computer here.
const NEEDED: &[Permission] = &[
    Permission::DevicesActivate,
    Permission::DevicesDeactivate,
    Permission::DevicesDelete,
    Permission::DevicesManage,
    Permission::DevicesSuspend,
    Permission::DevicesUnsuspend,
];

fn acts(device: &device::Device, may: &[Permission]) -> Vec<Act> {
    let name = &device.profile.display_name;
    let step = |step: Lifecycle, words: Text, effect, is_dangerous| {
        let address = format!("{}/lifecycle/{step}", address(device.id));
        let is_open = may.contains(&devices::needed(step)) && step.from(device.status).is_some();
        is_open.then(|| Act { words: words.with("computer", name), effect, address, is_dangerous })
    };
    let may_rotate = may.contains(&Permission::DevicesManage) && device.status == DeviceStatus::Active;
    let rotate = may_rotate.then(|| Act {
        words: say("device-rotate"),
        effect: say("device-rotate-effect"),
        address: format!("{}/rotate", address(device.id)),
        is_dangerous: false,
    });
    let acts = [
        rotate,
        step(Lifecycle::Activate, say("device-activate"), say("device-activate-effect"), false),
        step(Lifecycle::Unsuspend, say("device-unsuspend"), say("device-unsuspend-effect"), false),
        step(Lifecycle::Suspend, say("device-suspend"), say("device-suspend-effect"), true),
        step(Lifecycle::Deactivate, say("device-deactivate"), say("device-deactivate-effect"), true),
        step(Lifecycle::Delete, say("device-delete"), say("device-delete-effect"), true),
    ];
    acts.into_iter().flatten().collect()
}

async fn step<R: StepRight>(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<R>(&app).await?;
    let id = devices::device_id(&id)?;
    devices::change(&app, by, id).await?;
    let next = if R::STEP == Lifecycle::Delete { "/admin/devices".to_owned() } else { address(id) };
    Ok(Redirect::to(&next).into_response())
}

async fn rotate(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesManage>(&app).await?;
    let id = devices::device_id(&id)?;
    let enrolments = app.store.read(by.org, |tx| tx.enrolments_of_device(id)).await?;
    for own in enrolments.iter().filter(|own| own.status == EnrolmentStatus::Active) {
        let pair = Pair { device: own.device, user: own.user };
        recovery_pins::rotate(&app, by.clone(), pair, own.id).await?;
    }
    Ok(Redirect::to(&address(id)).into_response())
}
