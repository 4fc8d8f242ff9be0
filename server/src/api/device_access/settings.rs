//! What an organisation sets for its computers: the device settings, Okta's two switches, and what Okta's API has no place
//! for. Everybody who may see the organisation reads them; a super administrator changes them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::limit::requests::{self, BUCKETS, RequestLimit};
use postern_authn::limit::{Allowance, Limit, LimitSettings};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::{ModeRule, Rules};
use postern_codes::id::{Id, Org};
use postern_codes::{Env, strict};
use postern_store::settings::Setting;
use postern_store::{Error, Tx};
use postern_wire::settings::{DeviceSettings, RecoveryMode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::features::Features;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, Caller, Json, body};

const DAY: u64 = 86_400;
/// The highest count that a limit may be set to.
const HIGHEST_LIMIT: u32 = 10_000;

/// The device settings, as they are stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceDocument(pub DeviceSettings);

impl Setting for DeviceDocument {
    const NAME: &'static str = "device";
}

/// Whether recovery PINs are switched on, in Okta's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryPinSwitch {
    /// The switch.
    #[serde(rename = "desktopMFARecoveryPinEnabled")]
    pub is_on: bool,
}

impl Setting for RecoveryPinSwitch {
    const NAME: &'static str = "recovery_pin";
}

/// Whether a push at a desktop demands a number, in Okta's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberMatchingSwitch {
    /// The switch.
    #[serde(rename = "desktopMFAEnforceNumberMatchingChallengeEnabled")]
    pub is_on: bool,
}

impl Setting for NumberMatchingSwitch {
    const NAME: &'static str = "number_matching";
}

/// What Okta's API has no place for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessSettings {
    /// Whether a recovery PIN needs a case to be named.
    pub recovery_pin_case_required: bool,
    /// Whether `/api/v1/devices` lists Linux computers to every program.
    pub show_linux_to_every_api_client: bool,
}

impl Setting for AccessSettings {
    const NAME: &'static str = "device_access";
}

/// The settings that decide about PINs, as they are now.
///
/// # Errors
/// Of the database.
pub fn rules(tx: &mut Tx<'_>) -> Result<Rules, Error> {
    let (DeviceDocument(device), _) = tx.setting()?;
    let (switch, _) = tx.setting::<RecoveryPinSwitch>()?;
    let (access, _) = tx.setting::<AccessSettings>()?;
    let (features, _) = tx.setting::<Features>()?;
    let days = |days: u32| Duration::from_secs(u64::from(days) * DAY);
    Ok(Rules {
        is_enabled: switch.is_on && features.recovery,
        needs_case: access.recovery_pin_case_required,
        mode: match device.recovery_mode {
            RecoveryMode::Auto => ModeRule::Auto,
            RecoveryMode::Challenge => ModeRule::Challenge,
            RecoveryMode::Time => ModeRule::Time,
        },
        max_offline: days(device.recovery_max_offline_days.get()),
        validity: days(device.recovery_validity_days.get()),
        duration: Duration::from_secs(u64::from(device.recovery_pin_minutes.get()) * 60),
    })
}

/// A settings document of an organisation and its version.
///
/// # Errors
/// Of the database.
pub async fn setting<S: Setting>(app: &App, org: Id<Org>) -> Result<(S, i64), ApiError> {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method's path has one lifetime, not every one")]
    let read = app.store.read(org, |tx| tx.setting());
    Ok(read.await?)
}

/// Makes other device settings of the present ones; gives their new version.
///
/// # Errors
/// 403 for anybody but a super administrator; those of `wanted`.
pub async fn change_device_settings(
    app: &App,
    caller: Allowed<right::OrgManage>,
    wanted: impl Fn(&DeviceSettings) -> Result<DeviceSettings, ApiError>,
) -> Result<i64, ApiError> {
    let env = app.env();
    let changed = app.store.write(caller.org, |tx| {
        tx.hold_configuration()?;
        let (DeviceDocument(present), version) = tx.setting()?;
        match wanted(&present) {
            Ok(same) if same == present => Ok(Ok(version)),
            Ok(settings) => put_device_settings(tx, &caller, &settings, &env).map(Ok),
            Err(refused) => Ok(Err(refused)),
        }
    });
    app.perimeter.changed(changed).await?
}

/// Replaces the device settings beside something else; gives their new version.
///
/// # Errors
/// Of the database.
pub fn put_device_settings(
    tx: &mut Tx<'_>,
    caller: &Allowed<right::OrgManage>,
    settings: &DeviceSettings,
    env: &Env,
) -> Result<i64, Error> {
    tx.record(&caller.success(EventType::ConfigurationUpdate).detail("setting", DeviceDocument::NAME), env)?;
    // Every page says how the help desk is reached, and servers hold that in memory.
    tx.note_perimeter(env.now)?;
    tx.put_setting(&DeviceDocument(settings.clone()), env.now)
}

/// Switches recovery PINs on or off.
///
/// # Errors
/// 403 for anybody but a super administrator, E0000015 while the feature is off.
pub async fn set_recovery_pin(
    app: &App,
    caller: Allowed<right::OrgManage>,
    switch: RecoveryPinSwitch,
) -> Result<(), ApiError> {
    let (features, _) = setting::<Features>(app, caller.org).await?;
    if switch.is_on && !features.recovery {
        return Err(Features::unavailable());
    }
    put(app, &caller, switch, switch.is_on).await
}

/// Switches number matching on or off.
///
/// # Errors
/// 403 for anybody but a super administrator.
pub async fn set_number_matching(
    app: &App,
    caller: Allowed<right::OrgManage>,
    switch: NumberMatchingSwitch,
) -> Result<(), ApiError> {
    put(app, &caller, switch, switch.is_on).await
}

/// Replaces a document, with its line in the record.
async fn put<S: Setting>(
    app: &App,
    caller: &Allowed<right::OrgManage>,
    setting: S,
    to: impl ToString,
) -> Result<(), ApiError> {
    let env = app.env();
    let event = caller.success(EventType::ConfigurationUpdate).detail("setting", S::NAME).detail("to", to.to_string());
    let done = app.store.write(caller.org, |tx| {
        tx.record(&event, &env)?;
        tx.put_setting(&setting, env.now).map(drop)
    });
    Ok(done.await?)
}

fn named(settings: &DeviceSettings, version: i64) -> Map<String, Value> {
    let mut members = settings.by_name();
    members.insert("version".to_owned(), version.into());
    members
}

async fn get_device(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Map<String, Value>>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (DeviceDocument(settings), version) = setting(&app, caller.org).await?;
    Ok(Json(named(&settings, version)))
}

async fn put_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: axum::extract::Request,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let bytes = body::bytes(request, &app).await?;
    let settings: DeviceSettings = match strict::from_slice(&bytes) {
        Ok(settings) => settings,
        Err(fault) => {
            body::parse::<Value>(&bytes)?;
            let field = fault.field.unwrap_or_else(|| "body".to_owned());
            return Err(ApiError::validation(&field, ["it is not of its form, or out of range"]));
        }
    };
    let version = change_device_settings(&app, caller, |_| Ok(settings.clone())).await?;
    Ok(Json(named(&settings, version)))
}

async fn get_pin(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<RecoveryPinSwitch>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (switch, _) = setting(&app, caller.org).await?;
    Ok(Json(switch))
}

async fn put_pin(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<RecoveryPinSwitch>, ApiError>,
) -> Result<Json<RecoveryPinSwitch>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let Json(switch) = body?;
    set_recovery_pin(&app, caller, switch).await?;
    Ok(Json(switch))
}

async fn get_number(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<NumberMatchingSwitch>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (switch, _) = setting(&app, caller.org).await?;
    Ok(Json(switch))
}

async fn put_number(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<NumberMatchingSwitch>, ApiError>,
) -> Result<Json<NumberMatchingSwitch>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let Json(switch) = body?;
    set_number_matching(&app, caller, switch).await?;
    Ok(Json(switch))
}

async fn get_access(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<AccessSettings>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (settings, _) = setting(&app, caller.org).await?;
    Ok(Json(settings))
}

async fn put_access(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<AccessSettings>, ApiError>,
) -> Result<Json<AccessSettings>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let Json(settings) = body?;
    put(&app, &caller, settings, json!(settings)).await?;
    Ok(Json(settings))
}

/// A limit that can be set.
#[derive(Debug, Clone)]
pub struct LimitKind {
    /// Its name in settings and in the record.
    pub name: &'static str,
    /// Whether it is on an action; else it is on requests.
    pub is_action: bool,
    /// How often, where nothing is set.
    pub count: u32,
    /// In how many seconds.
    pub seconds: u64,
    /// What it may be set to.
    pub range: RangeInclusive<u32>,
    /// What its refusal is in the record.
    pub event: EventType,
}

/// Every limit that can be set: on actions, then on requests.
pub fn limit_kinds() -> impl Iterator<Item = LimitKind> {
    let actions = Limit::ALL.iter().map(|limit| {
        let Allowance { count, window } = limit.default_allowance();
        let (name, range, event) = (limit.name(), 1..=HIGHEST_LIMIT, EventType::RateLimitViolation);
        LimitKind { name, is_action: true, count, seconds: window.as_secs(), range, event }
    });
    let seconds = requests::WINDOW.as_secs();
    let of_requests =
        move |name, count, event| LimitKind { name, is_action: false, count, seconds, range: requests::RANGE, event };
    let buckets =
        BUCKETS.iter().map(move |bucket| of_requests(bucket.name, bucket.count, EventType::OrgRateLimitViolation));
    let callers = RequestLimit::ALL.iter().map(move |limit| {
        let event = match limit {
            RequestLimit::Address | RequestLimit::Client => EventType::ClientRateLimitViolation,
            RequestLimit::AtOnce => EventType::OperationConcurrencyViolation,
            RequestLimit::ClientAtOnce => EventType::ClientConcurrencyViolation,
            RequestLimit::Device | RequestLimit::Person => EventType::RateLimitViolation,
        };
        of_requests(limit.name(), limit.count(), event)
    });
    actions.chain(buckets).chain(callers)
}

/// Makes other limits of the present ones; one that is not named has its default.
///
/// # Errors
/// 400 where there is no such limit, or a count is out of its range; those of `wanted`.
pub async fn change_limits(
    app: &App,
    caller: Allowed<right::OrgManage>,
    wanted: impl Fn(LimitSettings) -> Result<BTreeMap<String, u32>, ApiError>,
) -> Result<LimitSettings, ApiError> {
    let env = app.env();
    let done = app.store.write(caller.org, |tx| {
        tx.hold_configuration()?;
        let settings = match wanted(tx.setting()?.0).and_then(within) {
            Ok(settings) => settings,
            Err(refused) => return Ok(Err(refused)),
        };
        let event = caller.success(EventType::ConfigurationUpdate).detail("setting", LimitSettings::NAME);
        tx.record(&event.detail("to", json!(settings).to_string()), &env)?;
        tx.note_perimeter(env.now)?;
        tx.put_setting(&settings, env.now)?;
        Ok(Ok(settings))
    });
    app.perimeter.changed(done).await?
}

/// Counts that are all of limits that there are, and within their range.
fn within(counts: BTreeMap<String, u32>) -> Result<LimitSettings, ApiError> {
    let range = |name: &str| limit_kinds().find(|kind| kind.name == name).map(|kind| kind.range);
    let wrong = counts.iter().filter_map(|(name, count)| match range(name) {
        None => Some(format!("{name}: no such limit")),
        Some(range) if range.contains(count) => None,
        Some(range) => Some(format!("{name}: not a count from {} to {}", range.start(), range.end())),
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(LimitSettings(counts)) } else { Err(ApiError::validation("limits", wrong)) }
}

/// Every limit by name, with its count here and its window.
fn limits(settings: &LimitSettings) -> Value {
    let all = Limit::ALL.iter().map(|limit| {
        let allowance = settings.allowance(*limit);
        (limit.name().to_owned(), json!({ "count": allowance.count, "windowSeconds": allowance.window.as_secs() }))
    });
    let requests = requests().map(|(name, default)| {
        let count = settings.requests(name, default);
        (name.to_owned(), json!({ "count": count, "windowSeconds": requests::WINDOW.as_secs() }))
    });
    Value::Object(all.chain(requests).collect())
}

/// Every limit on requests, and what holds where nothing is set.
fn requests() -> impl Iterator<Item = (&'static str, u32)> {
    let buckets = BUCKETS.iter().map(|bucket| (bucket.name, bucket.count));
    buckets.chain(RequestLimit::ALL.iter().map(|limit| (limit.name(), limit.count())))
}

async fn get_limits(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    let (settings, _) = setting::<LimitSettings>(&app, caller.org).await?;
    Ok(Json(limits(&settings)))
}

async fn put_limits(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<BTreeMap<String, u32>>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let Json(counts) = body?;
    let settings = change_limits(&app, caller, |_| Ok(counts.clone())).await?;
    Ok(Json(limits(&settings)))
}

/// The routes.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::OrgRead);
    let write = Access::Permission(Permission::OrgManage);
    let pin = "/device-access/api/v1/desktop-mfa/recovery-pin-settings";
    let number = "/device-access/api/v1/desktop-mfa/enforce-number-matching-challenge-settings";
    let device = "/device-access/api/v1/device-settings";
    let access = "/device-access/api/v1/access-settings";
    let limits = "/device-access/api/v1/limits";
    Routes::new()
        .get(pin, read, get_pin)
        .put(pin, write, put_pin)
        .get(number, read, get_number)
        .put(number, write, put_number)
        .get(device, read, get_device)
        .put(device, write, put_device)
        .get(access, read, get_access)
        .put(access, write, put_access)
        .get(limits, read, get_limits)
        .put(limits, write, put_limits)
}
