//! `POST /check-in`: the regular contact, which brings the time, the policy and what to do.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::form::{Bytes, Text, Whole};
use crate::proof::{AnswerType, Claims, Jwks};
use crate::settings::DeviceSettings;

/// Path, below [`BASE_PATH`](crate::BASE_PATH).
pub const CHECK_IN: &str = "/check-in";

/// The request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckInRequest {
    /// Version of the agent.
    pub agent_version: Text,
    /// Name and version of the operating system.
    pub os_version: Text,
    /// Changes at each boot.
    pub boot_id: Text,
    /// The wall clock, Unix microseconds.
    pub wall: Whole,
    /// Returned in the beacon.
    pub nonce: Bytes<16>,
    /// The state of each person's recovery secret.
    pub enrolments: Vec<EnrolmentState>,
    /// Settings in force, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Map<String, Value>>,
}

/// The state of one recovery secret on the computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentState {
    /// The enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// The newest time step that was accepted or burnt.
    pub last_step: Whole,
    /// Attempts since the last success.
    pub failures: Whole,
    /// Whether entry is locked.
    pub locked: bool,
}

/// The answer: two compact JWSs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInAnswer {
    /// Signed [`BeaconClaims`].
    pub beacon: String,
    /// Signed [`PolicyClaims`].
    pub policy: String,
}

/// The time, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeaconClaims {
    /// That of the request.
    pub nonce: Bytes<16>,
    /// The server's clock, Unix microseconds.
    pub time: Whole,
    /// What to do.
    pub commands: Vec<Command>,
}

impl Claims for BeaconClaims {
    const TYPE: AnswerType = AnswerType::Beacon;
}

/// What the server tells the computer to do. Signed, since a stripped or invented one would undo a revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Command {
    /// No time step up to this one may be accepted any more.
    Burn {
        /// The enrolment.
        eid: Text,
        /// The step.
        step: Whole,
    },
    /// Forget this recovery secret and end its access now.
    Retire {
        /// The enrolment.
        eid: Text,
    },
    /// Replace this recovery secret.
    Rotate {
        /// The enrolment.
        eid: Text,
    },
    /// End this OS account's sessions.
    SignOut {
        /// The account's number.
        os_uid: Whole,
    },
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyClaims {
    /// All device settings.
    #[serde(flatten)]
    pub settings: DeviceSettings,
    /// Raised by each change.
    pub version: Whole,
    /// Unix microseconds; afterwards each limit is the stricter of this policy's and the default.
    pub not_after: Whole,
    /// The whole set of keys that sign answers; the computer replaces its pins by it.
    pub service_keys: Jwks,
}

impl Claims for PolicyClaims {
    const TYPE: AnswerType = AnswerType::Policy;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_documented_form() {
        for (command, json) in [
            (Command::Rotate { eid: Text::new("ren1").unwrap() }, r#"{"type":"rotate","eid":"ren1"}"#),
            (
                Command::Burn { eid: Text::new("ren1").unwrap(), step: 7_u32.into() },
                r#"{"type":"burn","eid":"ren1","step":7}"#,
            ),
            (Command::SignOut { os_uid: 1000_u32.into() }, r#"{"type":"sign_out","osUid":1000}"#),
        ] {
            assert_eq!(serde_json::to_string(&command).unwrap(), json);
            assert_eq!(serde_json::from_str::<Command>(json).unwrap(), command);
        }
    }

    #[test]
    fn a_policy_lists_every_setting_by_name() {
        let policy = PolicyClaims {
            settings: DeviceSettings::default(),
            version: 3_u32.into(),
            not_after: 9_u32.into(),
            service_keys: Jwks { keys: Vec::new() },
        };
        let json = serde_json::to_value(&policy).unwrap();
        assert_eq!(json["DeviceRecoveryPINDuration"], 60);
        assert_eq!(json["notAfter"], 9);
        assert_eq!(serde_json::from_value::<PolicyClaims>(json).unwrap(), policy);
    }
}
