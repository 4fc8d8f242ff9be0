//! Security > General: the org's rules for its computers.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_wire::settings::DeviceSettings;
use serde_json::{Map, Value};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use crate::App;
use crate::api::ApiError;
use crate::api::device_access::settings::{self, DeviceDocument, NumberMatchingSwitch, RecoveryPinSwitch};
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};

const ADDRESS: &str = "/admin/security/general";
const PIN: &str = "desktopMFARecoveryPinEnabled";
const NUMBER: &str = "desktopMFAEnforceNumberMatchingChallengeEnabled";

/// How a device setting is asked for.
#[derive(Clone, Copy)]
enum Shape {
    Choice(&'static [(&'static str, &'static str)]),
    List,
    Number(u32, u32),
    Switch,
    Text,
}

/// A block of fields under a heading.
pub struct Block {
    /// Its heading.
    pub heading: String,
    /// A sentence below it.
    pub about: String,
    /// The settings, each named as administrators know it.
    pub fields: Vec<Field>,
}

/// The rules. While they are not being edited they are shown as facts.
#[derive(Template)]
#[template(path = "console/security.html")]
pub struct Security {
    /// The frame.
    pub shell: Shell,
    /// What just happened, or what was refused.
    pub notice: Option<Notice>,
    /// Device access, then the device settings.
    pub blocks: Vec<Block>,
    /// Whether the viewer may change them.
    pub may_edit: bool,
    /// Whether they are being edited.
    pub is_editing: bool,
}

impl Block {
    /// What a field holds, as a reader would say it.
    fn shown(field: &Field) -> &str {
        match &field.kind {
            Kind::Choice(choices) => {
                choices.iter().find(|(value, _)| *value == field.value).map_or(field.value.as_str(), |(_, words)| words)
            }
            _ if field.value.is_empty() => "Not set",
            _ => &field.value,
        }
    }
}

/// The device settings in the order of the screen: name, how it is asked for, what it means.
const DEVICE: &[(&str, Shape, &str)] = &[
    ("DeviceRecoveryPINDuration", Shape::Number(1, 7200), "Minutes that a PIN keeps working after its first use."),
    (
        "DeviceRecoveryValidityInDays",
        Shape::Number(1, 90),
        "Days after which a recovery secret makes no PIN; it is renewed at half that age.",
    ),
    (
        "RecoveryMaxOfflineDays",
        Shape::Number(1, 30),
        "Days since a computer's last contact within which a PIN can go by the time.",
    ),
    (
        "RecoveryRegistration",
        Shape::Choice(&[("PROVED", "After a factor was shown"), ("CLAIMED", "On the computer's word")]),
        "When a person can register for recovery at a computer.",
    ),
    (
        "RecoveryMode",
        Shape::Choice(&[("AUTO", "Time, if in hardware"), ("CHALLENGE", "Nine digits only"), ("TIME", "Time, always")]),
        "Whether a PIN goes by the time, where the recovery secret is in hardware or always, or only answers the nine digits on the screen.",
    ),
    ("AdminEmail", Shape::Text, "Shown on the locked screen."),
    ("AdminPhone", Shape::Text, "Shown on the locked screen."),
    ("AdminContactInfo", Shape::Text, "Shown on the locked screen."),
    (
        "MFARequiredList",
        Shape::List,
        "People and groups who must use a second factor, separated by commas; * is everybody.",
    ),
    ("MFABypassList", Shape::List, "People and groups who need not; this list wins."),
    ("AllowedFactors", Shape::List, "The factors offered, in this order; * is all."),
    ("OnlineLoginAllowed", Shape::Switch, "Whether factors that ask the server are offered."),
    ("OfflineLoginAllowed", Shape::Switch, "Whether factors that need no server are offered."),
    (
        "LoginPeriodWithoutEnrolledFactor",
        Shape::Number(0, u32::MAX),
        "Hours of grace before a factor must be enrolled.",
    ),
    (
        "MaxLoginsWithoutEnrolledFactors",
        Shape::Number(0, u32::MAX),
        "Sign-ins of grace before a factor must be enrolled.",
    ),
    (
        "LoginPeriodWithOfflineFactor",
        Shape::Number(0, u32::MAX),
        "Hours that offline factors work after the last online success.",
    ),
    (
        "MaxLoginsWithOfflineFactor",
        Shape::Number(0, u32::MAX),
        "Sign-ins with offline factors after the last online success.",
    ),
    (
        "MFAGracePeriodInMinutes",
        Shape::Number(0, u32::MAX),
        "Minutes after a success in which unlocking needs no factor.",
    ),
    ("NetworkTimeoutInSeconds", Shape::Number(1, 30), "Seconds before the agent goes on offline."),
];

const ON_OFF: &[(&str, &str)] = &[("true", "Enabled"), ("false", "Disabled")];

/// `/admin/security/general`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), show).post(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        save,
    )
}

/// Everything that the screen shows.
struct Held {
    pin: RecoveryPinSwitch,
    number: NumberMatchingSwitch,
    device: DeviceSettings,
}

async fn held(app: &App, viewer: &Viewer) -> Result<Held, ApiError> {
    let by = viewer.require::<right::OrgRead>(app).await?;
    let read = app.store.read(by.org, |tx| {
        let ((pin, _), (number, _), (DeviceDocument(device), _)) = (tx.setting()?, tx.setting()?, tx.setting()?);
        Ok(Held { pin, number, device })
    });
    Ok(read.await?)
}

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let held = held(&app, &viewer).await?;
    let may_edit = viewer.may(Permission::OrgManage);
    let values = held.device.by_name();
    let value = |name: &str| match name {
        PIN => held.pin.is_on.to_string(),
        NUMBER => held.number.is_on.to_string(),
        name => typed(&values[name]),
    };
    let is_editing = may_edit && query.text("edit").is_some();
    let shell = viewer.shell(Place::SecurityGeneral);
    Ok(page(&Security { shell, notice: None, blocks: blocks(value), may_edit, is_editing }))
}

async fn save(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let held = held(&app, &viewer).await?;
    let mut members = Map::new();
    let mut wrong = Vec::new();
    for (name, shape, _) in DEVICE {
        let value = parsed(*shape, form.text(name));
        let alone = Map::from_iter([((*name).to_owned(), value.clone())]);
        if serde_json::from_value::<DeviceSettings>(Value::Object(alone)).is_err() {
            wrong.push(*name);
        }
        members.insert((*name).to_owned(), value);
    }
    let refused = |notice: Notice| {
        let mut blocks = blocks(|name| form.text(name).to_owned());
        for field in blocks.iter_mut().flat_map(|block| &mut block.fields).filter(|field| wrong.contains(&field.name)) {
            *field = field.clone().refused("This is not of its form, or out of range.");
        }
        let shell = viewer.shell(Place::SecurityGeneral);
        page_with(
            StatusCode::BAD_REQUEST,
            &Security { shell, notice: Some(notice), blocks, may_edit: true, is_editing: true },
        )
    };
    let Ok(device) = serde_json::from_value::<DeviceSettings>(Value::Object(members)) else {
        let next = "Mend the marked settings and save again.";
        return Ok(refused(Notice::new(Tone::Danger, "Nothing was changed.", next).with_code("E0000001")));
    };
    let pin = RecoveryPinSwitch { is_on: form.text(PIN) == "true" };
    let number = NumberMatchingSwitch { is_on: form.text(NUMBER) == "true" };
    if pin != held.pin {
        match settings::set_recovery_pin(&app, by.clone(), pin).await {
            Err(error) if !error.status.is_server_error() => {
                let next = error.causes.join(". ");
                return Ok(refused(Notice::new(Tone::Danger, error.summary.clone(), next).with_code(error.code)));
            }
            done => done?,
        }
    }
    if number != held.number {
        settings::set_number_matching(&app, by.clone(), number).await?;
    }
    if device != held.device {
        settings::set_device_settings(&app, by, device).await?;
    }
    Ok(Redirect::to(ADDRESS).into_response())
}

fn blocks(value: impl Fn(&str) -> String) -> Vec<Block> {
    let choice = |choices: &[(&str, &str)]| {
        Kind::Choice(choices.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect())
    };
    let switch =
        |name, label: &str, hint: &str| Field::new(name, label, choice(ON_OFF)).holding(value(name)).hint(hint);
    let access = vec![
        switch(PIN, "Desktop MFA recovery PIN", "Help desk administrators can make one for a person at a computer."),
        switch(NUMBER, "Number matching", "A push at the desktop asks for the number on its screen."),
    ];
    let device = DEVICE.iter().map(|(name, shape, hint)| {
        let field = match shape {
            Shape::Choice(choices) => Field::new(name, *name, choice(choices)),
            Shape::Switch => Field::new(name, *name, choice(ON_OFF)),
            Shape::Number(least, most) => Field::new(name, *name, Kind::Number(*least, *most)),
            Shape::List | Shape::Text => Field::new(name, *name, Kind::Text).optional(),
        };
        field.holding(value(name)).hint(*hint)
    });
    vec![
        Block {
            heading: "Device access".to_owned(),
            about: "What computers of this organisation may do when a factor is gone.".to_owned(),
            fields: access,
        },
        Block {
            heading: "Device settings".to_owned(),
            about: "Sent to every computer, signed, at its next contact.".to_owned(),
            fields: device.collect(),
        },
    ]
}

/// A setting as a field holds it.
fn typed(value: &Value) -> String {
    match value {
        Value::Array(entries) => entries.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What was typed, as the setting has it; what is of another form stays text and is refused as such.
fn parsed(shape: Shape, text: &str) -> Value {
    let entries = || text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Value::from);
    match shape {
        Shape::Choice(_) | Shape::Text => text.into(),
        Shape::List => entries().collect(),
        Shape::Number(..) => text.parse::<u32>().map_or_else(|_| text.into(), Value::from),
        Shape::Switch => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_setting_has_a_field_that_gives_it_back() {
        let settings = DeviceSettings::default().by_name();
        let names: Vec<_> = DEVICE.iter().map(|(name, _, _)| *name).collect();
        assert!(settings.keys().all(|name| names.contains(&name.as_str())), "{settings:?}");
        for (name, shape, _) in DEVICE {
            assert_eq!(parsed(*shape, &typed(&settings[*name])), settings[*name], "{name}");
        }
    }
}
