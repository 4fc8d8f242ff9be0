//! Device settings: their names, ranges and defaults, and whose word counts.
//!
//! Three sources name a setting: the defaults here, the server's signed policy, and the computer's own management
//! channel. [`DeviceSettings::managed_by`] says how the last two are joined; the names are those that administrators
//! already know.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::form::{Range, Text};

/// A text shown to people.
pub type Shown = Text<0, 1000>;

/// The name that some computers' management channels use for `MFABypassList`.
const BYPASS_ALIAS: &str = "MFANotRequiredList";
const BYPASS: &str = "MFABypassList";

/// Every setting of a computer, in force or offered. What is absent has its default; what is out of range is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSettings {
    /// Minutes that a recovery PIN keeps working after its first use.
    #[serde(rename = "DeviceRecoveryPINDuration")]
    pub recovery_pin_minutes: Range<1, 7200, 60>,
    /// Days after which a recovery secret issues no PIN; it is rotated at half that age.
    #[serde(rename = "DeviceRecoveryValidityInDays")]
    pub recovery_validity_days: Range<1, 90, 30>,
    /// Days since the last contact within which a time PIN may be issued.
    #[serde(rename = "RecoveryMaxOfflineDays")]
    pub recovery_max_offline_days: Range<1, 30, 7>,
    /// Whether a recovery secret is registered only after the person proved a factor to the server.
    #[serde(rename = "RecoveryRegistration")]
    pub recovery_registration: RecoveryRegistration,
    /// Which kind of PIN is taken.
    #[serde(rename = "RecoveryMode")]
    pub recovery_mode: RecoveryMode,
    /// Whom to write to, shown behind "Contact admin".
    #[serde(rename = "AdminEmail")]
    pub admin_email: Shown,
    /// Whom to call.
    #[serde(rename = "AdminPhone")]
    pub admin_phone: Shown,
    /// Anything else about whom to ask.
    #[serde(rename = "AdminContactInfo")]
    pub admin_contact_info: Shown,
    /// People and groups who must use a second factor.
    #[serde(rename = "MFARequiredList")]
    pub mfa_required: Vec<Text>,
    /// People and groups who need not; it wins over the required ones.
    #[serde(rename = "MFABypassList", alias = "MFANotRequiredList")]
    pub mfa_bypass: Vec<Text>,
    /// The factors offered, in the order in which they are shown.
    #[serde(rename = "AllowedFactors")]
    pub allowed_factors: Vec<Text>,
    /// Whether factors that ask the server are offered.
    #[serde(rename = "OnlineLoginAllowed")]
    pub online_login: bool,
    /// Whether factors that need no server are offered.
    #[serde(rename = "OfflineLoginAllowed")]
    pub offline_login: bool,
    /// Hours of grace before a factor must be enrolled; 0: at once.
    #[serde(rename = "LoginPeriodWithoutEnrolledFactor")]
    pub hours_without_factor: Range<0, { u32::MAX }, 48>,
    /// Sign-ins of grace before a factor must be enrolled; 0: at once.
    #[serde(rename = "MaxLoginsWithoutEnrolledFactors")]
    pub logins_without_factor: Range<0, { u32::MAX }, 50>,
    /// Hours that offline factors work after the last online success; 0: never.
    #[serde(rename = "LoginPeriodWithOfflineFactor")]
    pub hours_with_offline_factor: Range<0, { u32::MAX }, 168>,
    /// Sign-ins with offline factors after the last online success; 0: none.
    #[serde(rename = "MaxLoginsWithOfflineFactor")]
    pub logins_with_offline_factor: Range<0, { u32::MAX }, 50>,
    /// Minutes after a success in which unlocking needs no factor; 0: every time.
    #[serde(rename = "MFAGracePeriodInMinutes")]
    pub grace_minutes: Range<0, { u32::MAX }, 60>,
    /// Seconds before the agent goes on offline.
    #[serde(rename = "NetworkTimeoutInSeconds")]
    pub network_timeout_seconds: Range<1, 30, 3>,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        let everybody = || Text::new("*").into_iter().collect();
        Self {
            recovery_pin_minutes: Range::default(),
            recovery_validity_days: Range::default(),
            recovery_max_offline_days: Range::default(),
            recovery_registration: RecoveryRegistration::default(),
            recovery_mode: RecoveryMode::default(),
            admin_email: Shown::default(),
            admin_phone: Shown::default(),
            admin_contact_info: Shown::default(),
            mfa_required: everybody(),
            mfa_bypass: Vec::new(),
            allowed_factors: everybody(),
            online_login: true,
            offline_login: true,
            hours_without_factor: Range::default(),
            logins_without_factor: Range::default(),
            hours_with_offline_factor: Range::default(),
            logins_with_offline_factor: Range::default(),
            grace_minutes: Range::default(),
            network_timeout_seconds: Range::default(),
        }
    }
}

impl DeviceSettings {
    /// These settings, as the server gave them, joined with what the computer's management channel says: the channel
    /// wins, except that a limit is never looser than the server's.
    ///
    /// # Errors
    /// The sentence of the first setting in `channel` that is unknown, of a wrong form or out of range.
    pub fn managed_by(&self, channel: &Map<String, Value>) -> Result<Self, String> {
        let mut joined = named(self);
        for (name, value) in channel {
            let name = if name == BYPASS_ALIAS { BYPASS } else { name };
            let known = joined.get_mut(name).ok_or_else(|| format!("there is no setting {name}"))?;
            let one = Map::from_iter([(name.to_owned(), value.clone())]);
            serde_json::from_value::<Self>(Value::Object(one)).map_err(|fault| format!("{name}: {fault}"))?;
            known.clone_from(value);
        }
        let joined: Self = serde_json::from_value(Value::Object(joined)).map_err(|fault| fault.to_string())?;
        Ok(joined.limited_by(self))
    }

    /// These settings, no limit looser than that of `other`. A policy that has expired is limited by the default.
    #[must_use]
    pub fn limited_by(self, other: &Self) -> Self {
        Self {
            recovery_pin_minutes: self.recovery_pin_minutes.min(other.recovery_pin_minutes),
            recovery_validity_days: self.recovery_validity_days.min(other.recovery_validity_days),
            recovery_max_offline_days: self.recovery_max_offline_days.min(other.recovery_max_offline_days),
            recovery_registration: self.recovery_registration.max(other.recovery_registration),
            recovery_mode: self.recovery_mode.max(other.recovery_mode),
            online_login: self.online_login && other.online_login,
            offline_login: self.offline_login && other.offline_login,
            hours_without_factor: self.hours_without_factor.min(other.hours_without_factor),
            logins_without_factor: self.logins_without_factor.min(other.logins_without_factor),
            hours_with_offline_factor: self.hours_with_offline_factor.min(other.hours_with_offline_factor),
            logins_with_offline_factor: self.logins_with_offline_factor.min(other.logins_with_offline_factor),
            grace_minutes: self.grace_minutes.min(other.grace_minutes),
            admin_email: self.admin_email,
            admin_phone: self.admin_phone,
            admin_contact_info: self.admin_contact_info,
            mfa_required: self.mfa_required,
            mfa_bypass: self.mfa_bypass,
            allowed_factors: self.allowed_factors,
            network_timeout_seconds: self.network_timeout_seconds,
        }
    }

    /// Every setting by its name, as a check-in reports those in force.
    pub fn by_name(&self) -> Map<String, Value> {
        named(self)
    }

    /// Whether `factor` may be offered.
    pub fn allows(&self, factor: &str) -> bool {
        self.allowed_factors.iter().any(|allowed| matches!(allowed.as_str(), "*") || allowed.as_str() == factor)
    }
}

fn named(settings: &DeviceSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// Whether the person must have proved a factor; the stricter one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecoveryRegistration {
    /// The computer's word is enough.
    Claimed,
    /// A factor was shown to the server.
    #[default]
    Proved,
}

/// Which kind of PIN is taken; the stricter one is greater. None lets a computer take a time PIN while it cannot vouch
/// for its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecoveryMode {
    /// Time PINs, for a recovery secret that lies in a file too.
    Time,
    /// Time PINs while the secret is bound to hardware, else challenge PINs.
    #[default]
    Auto,
    /// Challenge PINs only.
    Challenge,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn channel(json: &Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_absent_has_its_default() {
        let settings: DeviceSettings = serde_json::from_value(json!({})).unwrap();
        assert_eq!(settings, DeviceSettings::default());
        let names = settings.by_name();
        assert_eq!(names.len(), 19);
        assert_eq!(names["DeviceRecoveryPINDuration"], 60);
        assert_eq!(names["RecoveryMode"], "AUTO");
        assert_eq!(names["MFARequiredList"], json!(["*"]));
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        for wrong in [
            json!({"DeviceRecoveryPINDuration": 7201}),
            json!({"DeviceRecoveryValidityInDays": 0}),
            json!({"RecoveryMaxOfflineDays": 31}),
            json!({"NetworkTimeoutInSeconds": 31}),
            json!({"RecoveryMode": "NONE"}),
            json!({"AllowedFactors": "OV_TOTP"}),
            json!({"AdminEmail": "x".repeat(1001)}),
        ] {
            assert!(serde_json::from_value::<DeviceSettings>(wrong.clone()).is_err(), "{wrong}");
            assert!(DeviceSettings::default().managed_by(&channel(&wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_management_channel_wins() {
        let wanted =
            json!({"AdminPhone": "+44 20 7946 0000", "NetworkTimeoutInSeconds": 9, "MFANotRequiredList": ["kiosk"]});
        let settings = DeviceSettings::default().managed_by(&channel(&wanted)).unwrap();
        assert_eq!(settings.admin_phone.as_str(), "+44 20 7946 0000");
        assert_eq!(settings.network_timeout_seconds.get(), 9);
        assert_eq!(settings.mfa_bypass, vec![Text::new("kiosk").unwrap()]);
    }

    #[test]
    fn no_channel_makes_a_limit_looser() {
        let wanted =
            json!({"DeviceRecoveryPINDuration": 7200, "RecoveryMode": "TIME", "RecoveryRegistration": "CLAIMED"});
        let settings = DeviceSettings::default().managed_by(&channel(&wanted)).unwrap();
        assert_eq!(settings, DeviceSettings::default());
        let stricter =
            json!({"DeviceRecoveryPINDuration": 5, "RecoveryMode": "CHALLENGE", "OfflineLoginAllowed": false});
        let settings = DeviceSettings::default().managed_by(&channel(&stricter)).unwrap();
        assert_eq!(settings.recovery_pin_minutes.get(), 5);
        assert_eq!(settings.recovery_mode, RecoveryMode::Challenge);
        assert!(!settings.offline_login);
    }

    #[test]
    fn an_unknown_name_is_said() {
        let fault = DeviceSettings::default().managed_by(&channel(&json!({"RecoveryPin": 5}))).unwrap_err();
        assert_eq!(fault, "there is no setting RecoveryPin");
    }
}
