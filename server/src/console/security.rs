//! Security > General: the org's rules for its computers.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_store::attempts::AttackProtection;
use postern_wire::settings::DeviceSettings;
use serde_json::{Map, Value};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::device_access::settings::{self, DeviceDocument, NumberMatchingSwitch, RecoveryPinSwitch};
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, attack_protection};

const ADDRESS: &str = "/admin/security/general";
const PIN: &str = "desktopMFARecoveryPinEnabled";
const NUMBER: &str = "desktopMFAEnforceNumberMatchingChallengeEnabled";
const APART: &str = "preventBruteForceLockoutFromUnknownDevices";
const HELD_FIRST: &str = "verifyKnowledgeSecondWhen2faRequired";

/// How a device setting is asked for.
#[derive(Clone, Copy)]
enum Shape {
    Choice(&'static [&'static str]),
    List,
    Number(u32, u32),
    Switch,
}

/// A block of fields under a heading.
pub struct Block {
    /// Its heading.
    pub heading: Text,
    /// A sentence below it.
    pub about: Text,
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
    pub fn shown(field: &Field) -> Text {
        let plain = || Text::from(&field.value);
        match &field.kind {
            Kind::Choice(choices) => {
                choices.iter().find(|(value, _)| *value == field.value).map_or_else(plain, |(_, words)| words.clone())
            }
            _ if field.value.is_empty() => say("security-not-set"),
            _ => plain(),
        }
    }
}

/// The device settings in the order of the screen: name and how it is asked for. What each means is in the catalogues.
/// How the help desk is reached is asked under Settings > Organisation.
const DEVICE: &[(&str, Shape)] = &[
    ("DeviceRecoveryPINDuration", Shape::Number(1, 7200)),
    ("DeviceRecoveryValidityInDays", Shape::Number(1, 90)),
    ("RecoveryMaxOfflineDays", Shape::Number(1, 30)),
    ("RecoveryRegistration", Shape::Choice(&["PROVED", "CLAIMED"])),
    ("RecoveryMode", Shape::Choice(&["AUTO", "CHALLENGE", "TIME"])),
    ("MFARequiredList", Shape::List),
    ("MFABypassList", Shape::List),
    ("AllowedFactors", Shape::List),
    ("OnlineLoginAllowed", Shape::Switch),
    ("OfflineLoginAllowed", Shape::Switch),
    ("LoginPeriodWithoutEnrolledFactor", Shape::Number(0, u32::MAX)),
    ("MaxLoginsWithoutEnrolledFactors", Shape::Number(0, u32::MAX)),
    ("LoginPeriodWithOfflineFactor", Shape::Number(0, u32::MAX)),
    ("MaxLoginsWithOfflineFactor", Shape::Number(0, u32::MAX)),
    ("MFAGracePeriodInMinutes", Shape::Number(0, u32::MAX)),
    ("NetworkTimeoutInSeconds", Shape::Number(1, 30)),
];

const ON_OFF: &[&str] = &["true", "false"];

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
    guessing: AttackProtection,
    device: DeviceSettings,
}

async fn held(app: &App, viewer: &Viewer) -> Result<Held, ApiError> {
    let by = viewer.require::<right::OrgRead>(app).await?;
    let read = app.store.read(by.org, |tx| {
        let ((pin, _), (number, _), (guessing, _)) = (tx.setting()?, tx.setting()?, tx.setting()?);
        let (DeviceDocument(device), _) = tx.setting()?;
        Ok(Held { pin, number, guessing, device })
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
        APART => held.guessing.prevent_brute_force_lockout_from_unknown_devices.to_string(),
        HELD_FIRST => held.guessing.verify_knowledge_second_when_2fa_required.to_string(),
        name => typed(&values[name]),
    };
    let is_editing = may_edit && query.text("edit").is_some();
    let shell = viewer.shell(Place::SecurityGeneral);
    Ok(page(Security { shell, notice: None, blocks: blocks(value), may_edit, is_editing }))
}

async fn save(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let held = held(&app, &viewer).await?;
    let mut wrong = Vec::new();
    let mut typed = Map::new();
    for (name, shape) in DEVICE {
        let value = parsed(*shape, form.text(name));
        let alone = Map::from_iter([((*name).to_owned(), value.clone())]);
        if serde_json::from_value::<DeviceSettings>(Value::Object(alone)).is_err() {
            wrong.push(*name);
        }
        typed.insert((*name).to_owned(), value);
    }
    // What this form does not ask for stays as it is.
    let among = |present: &DeviceSettings| {
        let mut members = present.by_name();
        members.extend(typed.clone());
        serde_json::from_value::<DeviceSettings>(Value::Object(members))
    };
    let refused = |notice: Notice| {
        let mut blocks = blocks(|name| form.text(name).to_owned());
        for field in blocks.iter_mut().flat_map(|block| &mut block.fields).filter(|field| wrong.contains(&field.name)) {
            *field = field.clone().refused(say("security-malformed"));
        }
        let shell = viewer.shell(Place::SecurityGeneral);
        page_with(
            StatusCode::BAD_REQUEST,
            Security { shell, notice: Some(notice), blocks, may_edit: true, is_editing: true },
        )
    };
    if among(&held.device).is_err() {
        let notice = Notice::new(Tone::Danger, say("security-nothing-changed"), say("security-mend"));
        return Ok(refused(notice.with_code("E0000001")));
    }
    let pin = RecoveryPinSwitch { is_on: form.text(PIN) == "true" };
    let number = NumberMatchingSwitch { is_on: form.text(NUMBER) == "true" };
    if pin != held.pin {
        match settings::set_recovery_pin(&app, by.clone(), pin).await {
            Err(error) if !error.status.is_server_error() => {
                let happened = say_of("domain-error", error.code).or(error.summary.clone());
                let notice = Notice::new(Tone::Danger, happened, error.causes.join(". "));
                return Ok(refused(notice.with_code(error.code)));
            }
            done => done?,
        }
    }
    if number != held.number {
        settings::set_number_matching(&app, by.clone(), number).await?;
    }
    let guessing = AttackProtection {
        prevent_brute_force_lockout_from_unknown_devices: form.text(APART) == "true",
        verify_knowledge_second_when_2fa_required: form.text(HELD_FIRST) == "true",
    };
    if guessing != held.guessing {
        attack_protection::change(&app, &by, |settings| *settings = guessing).await?;
    }
    settings::change_device_settings(&app, by, |present| among(present).map_err(ApiError::fault)).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}

fn blocks(value: impl Fn(&str) -> String) -> Vec<Block> {
    let choice = |choices: &[&str]| {
        Kind::Choice(choices.iter().map(|value| ((*value).to_owned(), say_of("security-choice", value))).collect())
    };
    let switch = |name, label, hint| Field::new(name, label, choice(ON_OFF)).holding(value(name)).hint(hint);
    let access = vec![
        switch(PIN, say("security-pin"), say("security-pin-hint")),
        switch(NUMBER, say("security-number"), say("security-number-hint")),
    ];
    let device = DEVICE.iter().map(|(name, shape)| {
        let label = (*name).to_owned();
        let field = match shape {
            Shape::Choice(choices) => Field::new(name, label, choice(choices)),
            Shape::Switch => Field::new(name, label, choice(ON_OFF)),
            Shape::Number(least, most) => Field::new(name, label, Kind::Number(*least, *most)),
            Shape::List => Field::new(name, label, Kind::Text).optional(),
        };
        field.holding(value(name)).hint(say_of("security-hint", name))
    });
    let guessing = vec![
        switch(APART, say("security-apart"), say("security-apart-hint")),
        switch(HELD_FIRST, say("security-held-first"), say("security-held-first-hint")),
    ];
    vec![
        Block { heading: say("security-guessing"), about: say("security-guessing-about"), fields: guessing },
        Block { heading: say("security-access"), about: say("security-access-about"), fields: access },
        Block { heading: say("security-device"), about: say("security-device-about"), fields: device.collect() },
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
        Shape::Choice(_) => text.into(),
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
        let names: Vec<_> = DEVICE.iter().map(|(name, _)| *name).collect();
        let is_contact = |name: &str| ["AdminContactInfo", "AdminEmail", "AdminPhone"].contains(&name);
        assert!(settings.keys().all(|name| is_contact(name) || names.contains(&name.as_str())), "{settings:?}");
        for (name, shape) in DEVICE {
            assert_eq!(parsed(*shape, &typed(&settings[*name])), settings[*name], "{name}");
        }
    }
}
