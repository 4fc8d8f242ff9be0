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
use super::{events, people};
use crate::App;
use crate::api::path::Path;
use crate::api::recovery_pins::{self, Pair};
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, devices};

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
    pub make: String,
    /// Model.
    pub model: String,
    /// As on its case.
    pub serial: String,
    /// Platform, version of the agent, binding, certificate: name by name.
    pub facts: Vec<(String, String)>,
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
    Routes::new()
        .get("/admin/devices/{device}", Access::Permission(Permission::DevicesRead), show)
        .post("/admin/devices/{device}/lifecycle/{step}", manage, step)
        .post("/admin/devices/{device}/rotate", manage, rotate)
}

/// The page of a computer.
pub fn address(device: Id<DeviceKind>) -> String {
    format!("/admin/devices/{device}")
}

/// Where a computer stands, in words.
pub fn standing(status: DeviceStatus) -> State {
    let (tone, text) = match status {
        DeviceStatus::Active => (Tone::Good, "Active"),
        DeviceStatus::Created => (Tone::Plain, "Not activated"),
        DeviceStatus::Deactivated => (Tone::Plain, "Deactivated"),
        DeviceStatus::Deleted => (Tone::Plain, "Deleted"),
        DeviceStatus::Suspended => (Tone::Danger, "Suspended"),
    };
    State::new(tone, text)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesRead>(&app).await?;
    let device = devices::device(&app, &by, devices::device_id(&id)?).await?;
    let read = app.store.read(by.org, |tx| {
        let enrolments = tx.enrolments_of_device(device.id)?;
        let may_change = devices::is_seen(tx, &by, Permission::DevicesManage, device.id)?;
        Ok((tx.devices_of_same_serial(&device)?, tx.newest_certificate(device.id)?, enrolments, may_change))
    });
    let (namesakes, certificate, enrolments, may_change) = read.await?;
    let mut rows = Vec::new();
    for (link, person) in devices::people(&app, &by, device.id).await? {
        let who = (Link::new(person.name(), people::address(&person)), person.login.to_string());
        rows.push(recovery::row(&app, &viewer, (link.device, link.user), who).await?);
    }
    let profile = &device.profile;
    let mut facts = vec![("Platform".to_owned(), platform(profile))];
    let mut fact = |name: &str, value: Option<String>| facts.extend(value.map(|value| (name.to_owned(), value)));
    fact("Agent", device.agent_version.clone());
    let binding = enrolments.iter().find(|own| own.status == EnrolmentStatus::Active).map(|own| own.binding);
    fact("Secrets kept in", binding.map(kept_in));
    fact("Certificate until", certificate.map(|certificate| viewer.moment(certificate.expires_at).exact));
    fact("Enrolled", Some(viewer.moment(device.created_at).exact));
    fact("Id", Some(device.id.to_string()));
    Ok(page(&Device {
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
        acts: if may_change { acts(&device) } else { Vec::new() },
        recent: events::latest(&app, &viewer, Some(device.id.as_str())).await?,
    }))
}

/// What a computer did not say.
pub fn or_unknown(text: &str) -> String {
    if text.is_empty() { "Not known".to_owned() } else { text.to_owned() }
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
        Some(at) if now.since(at) <= CONTACT => State::new(Tone::Good, "In contact"),
        Some(_) => State::new(Tone::Plain, "Not in contact"),
        None => State::new(Tone::Plain, "Never in contact"),
    }
}

fn kept_in(binding: Binding) -> String {
    let words = match binding {
        Binding::Se => "A secure enclave",
        Binding::Soft => "A file of root's (no TPM)",
        Binding::Tpm => "A TPM",
    };
    words.to_owned()
}

fn namesakes_notice(namesakes: &[device::Device]) -> Option<Notice> {
    let names: Vec<_> = namesakes.iter().map(|other| other.profile.display_name.as_str()).collect();
    let next = format!(
        "{} has it too. Either a computer was enrolled anew, or one pretends to be the other.",
        names.join(", ")
    );
    (!names.is_empty()).then(|| Notice::new(Tone::Warning, "This serial number is not unique.", next))
}

fn acts(device: &device::Device) -> Vec<Act> {
    let name = &device.profile.display_name;
    let step = |step: Lifecycle, verb: &str, effect, is_dangerous| {
        let address = format!("{}/lifecycle/{step}", address(device.id));
        step.from(device.status).map(|_| Act { words: format!("{verb} {name}"), effect, address, is_dangerous })
    };
    let rotate = (device.status == DeviceStatus::Active).then(|| Act {
        words: "Renew the recovery secrets".to_owned(),
        effect: "At its next contact the computer replaces them. Nobody notices.",
        address: format!("{}/rotate", address(device.id)),
        is_dangerous: false,
    });
    let acts = [
        rotate,
        step(Lifecycle::Activate, "Activate", "People can register there again.", false),
        step(Lifecycle::Unsuspend, "Unsuspend", "Recovery PINs can be made for it again.", false),
        step(Lifecycle::Suspend, "Suspend", "No recovery PIN can be made for it until it is unsuspended.", true),
        step(
            Lifecycle::Deactivate,
            "Deactivate",
            "Everybody is unlinked from it and its recovery secrets and PINs stop counting.",
            true,
        ),
        step(Lifecycle::Delete, "Delete", "It is gone from every list. Its record stays.", true),
    ];
    acts.into_iter().flatten().collect()
}

async fn step(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesManage>(&app).await?;
    let id = devices::device_id(&id)?;
    let step = match step.as_str() {
        "delete" => Lifecycle::Delete,
        other => other.parse().map_err(|()| ApiError::no_such_path())?,
    };
    devices::change(&app, by, id, step).await?;
    let next = if step == Lifecycle::Delete { "/admin/devices".to_owned() } else { address(id) };
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
