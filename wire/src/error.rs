//! Every word with which the server refuses a computer's call, and what the computer then does.

use serde::{Deserialize, Serialize};

use crate::form::Whole;

/// The API's usual error object, as device calls answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorAnswer {
    /// One of the words of [`DeviceError`], or a code of the general API.
    pub error_code: String,
    /// A sentence for people.
    #[serde(default)]
    pub error_summary: String,
    /// Names this answer in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_id: Option<String>,
    /// With `clock_skew`: the server's clock, Unix microseconds. It moves only the `iat` of later proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<Whole>,
}

impl ErrorAnswer {
    /// The word, where it is one for computers.
    pub fn word(&self) -> Option<DeviceError> {
        DeviceError::ALL.iter().copied().find(|error| error.word() == self.error_code)
    }
}

/// What the agent does about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Begins the registration again.
    BeginAgain,
    /// Corrects the time of its proofs and tries once more.
    CorrectClock,
    /// Discards the certificate and enrols again where it may.
    EnrolAgain,
    /// Logs the fault: the same call would fail again.
    GiveUp,
    /// Renews the certificate, or asks for a new one.
    Renew,
    /// Tries again at the next check-in.
    RetryLater,
    /// Stops all calls until somebody acts.
    Stop,
    /// Waits as long as the server said.
    Wait,
}

/// Defines [`DeviceError`] and its table from one list, so that no word lacks a status, a meaning or a fix.
///
/// ```text
/// device_errors! { UserUnknown "user_unknown" 404 GiveUp "what it means" "what to do"; }
/// ```
macro_rules! device_errors {
    ($($variant:ident $word:literal $status:literal $remedy:ident $meaning:literal $fix:literal;)*) => {
        /// The server refuses a computer's call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum DeviceError {
            $(#[doc = $meaning] $variant,)*
        }

        impl DeviceError {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The `errorCode`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The HTTP status; 0 for what a computer finds by itself.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What a person can do about it, in a sentence.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }

            /// What the agent does about it.
            pub const fn remedy(self) -> Remedy {
                match self { $(Self::$variant => Remedy::$remedy,)* }
            }
        }
    };
}

device_errors! {
    AckMismatch "ack_mismatch" 409 BeginAgain
        "the computer and the server do not hold the same recovery secret"
        "nothing: the computer registers again by itself; if this repeats, look for a proxy that opens TLS";
    CertificateExpired "certificate_expired" 401 Renew
        "this computer's certificate has expired"
        "make an enrolment code in the console and run: postern-agent enrol --server URL --code CODE";
    CertificateMissing "certificate_missing" 0 RetryLater
        "there is no usable certificate on this computer"
        "make an enrolment code in the console and run: postern-agent enrol --server URL --code CODE";
    CertificateRevoked "certificate_revoked" 401 Renew
        "this computer's certificate was revoked"
        "make an enrolment code in the console and run: postern-agent enrol --server URL --code CODE";
    CertificateUnknown "certificate_unknown" 401 Renew
        "the server does not know this computer's certificate"
        "check that the computer is enrolled with this server, or enrol it again with a new code";
    ClockSkew "clock_skew" 401 CorrectClock
        "this computer's clock and the server's differ by more than 5 minutes"
        "set the clock, or switch on time synchronisation";
    DeviceDeactivated "device_deactivated" 403 Stop
        "this computer was deactivated in the console"
        "activate it in the console, under Devices";
    DeviceDeleted "device_deleted" 410 EnrolAgain
        "this computer was deleted in the console"
        "make an enrolment code in the console and run: postern-agent enrol --server URL --code CODE";
    DeviceSuspended "device_suspended" 403 Stop
        "this computer is suspended"
        "unsuspend it in the console, under Devices";
    EnrollmentCodeInvalid "enrollment_code_invalid" 403 GiveUp
        "the enrolment code is unknown, used, expired, or made for another serial number"
        "make a new enrolment code in the console, for this computer's serial number or for any";
    EnrolmentUnknown "enrolment_unknown" 404 BeginAgain
        "the server does not know this recovery secret"
        "sign in online once with a factor: the computer registers again";
    FactorRequired "factor_required" 403 RetryLater
        "a recovery secret is registered only after the person showed a factor to the server"
        "sign in online once with a factor";
    FeatureDisabled "feature_disabled" 403 RetryLater
        "recovery PINs are switched off for the org"
        "switch them on in the console, under Security > General";
    GenerationRetired "generation_retired" 409 BeginAgain
        "this recovery secret was replaced or taken back"
        "sign in online once with a factor: the computer registers again";
    Malformed "malformed" 400 GiveUp
        "the server did not understand the call"
        "bring agent and server to the same version; if they are, report this as a bug";
    ProofInvalid "proof_invalid" 401 GiveUp
        "the server did not accept the proof of this computer's key"
        "check that the server's public_url is the address that this computer uses";
    ProofReplayed "proof_replayed" 401 GiveUp
        "the server saw this very proof before"
        "look for a proxy that repeats requests";
    RateLimited "rate_limited" 429 Wait
        "too many calls in a short time"
        "wait; the computer tries again by itself";
    ReportChainBroken "report_chain_broken" 409 BeginAgain
        "the record of PIN use does not continue the one the server has"
        "find out whether this computer was copied or set back to an older state";
    UserSuspended "user_suspended" 403 GiveUp
        "this person is suspended"
        "unsuspend the person in the console, under People";
    UserUnknown "user_unknown" 404 GiveUp
        "this person is not a user of the org who may use this computer"
        "check the [users] table of the agent's configuration, and the person's state in the console";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for error in DeviceError::ALL {
            let answer = ErrorAnswer {
                error_code: error.word().to_owned(),
                error_summary: String::new(),
                error_id: None,
                server_time: None,
            };
            assert_eq!(answer.word(), Some(*error));
            assert!(!error.meaning().is_empty() && !error.fix().is_empty());
        }
    }

    #[test]
    fn a_code_of_the_general_api_is_no_word() {
        let answer: ErrorAnswer = serde_json::from_str(r#"{"errorCode":"E0000006","errorCauses":[]}"#).unwrap();
        assert_eq!(answer.word(), None);
    }
}
