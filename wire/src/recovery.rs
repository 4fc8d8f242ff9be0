//! `/recovery/*`: registering a recovery secret, and asking the server about a PIN that was typed.

use serde::{Deserialize, Serialize};

use crate::form::{Bytes, Jws, Text, Whole};
use crate::proof::{AnswerType, Claims, Jwk};

/// Path of step 1 of a registration, below [`BASE_PATH`](crate::BASE_PATH).
pub const BEGIN: &str = "/recovery/begin";
/// Path of step 4 of a registration.
pub const ACK: &str = "/recovery/ack";
/// Path of the online check of a PIN.
pub const CONFIRM: &str = "/recovery/confirm";

/// Where the computer keeps the recovery secret: its own word, unless an attestation was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// A secure enclave.
    Se,
    /// A file that only root can read.
    Soft,
    /// A TPM 2.0.
    Tpm,
}

impl Binding {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Se => "se",
            Self::Soft => "soft",
            Self::Tpm => "tpm",
        }
    }
}

/// The request of `begin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BeginRequest {
    /// The person's login.
    pub login: Text,
    /// The OS account's number.
    pub os_uid: Whole,
    /// The computer's ephemeral key.
    pub ephemeral_key: Jwk,
    /// Where the secret will live.
    pub binding: Binding,
    /// 16 random bytes.
    pub nonce: Bytes<16>,
    /// Proof that the person showed a factor: a granted `drp+factor` answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_verdict: Option<Jws>,
    /// Proof of the present secret, for a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// A statement of the hardware about its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Jws>,
}

/// Proof of the present recovery secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The present enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// `HMAC(S, "DRP1.rot\0" || ctx || nonce)` under the present secret, with this request's nonce.
    pub mac: Bytes<32>,
}

/// The answer of `begin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginAnswer {
    /// Signed [`OfferClaims`]; its compact form is part of the transcript.
    pub offer: String,
}

/// The server's half of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferClaims {
    /// The new enrolment.
    pub eid: Text,
    /// The person.
    pub user_id: Text,
    /// One more than this pair ever had.
    pub generation: Whole,
    /// The server's ephemeral key.
    pub ephemeral_key: Jwk,
    /// The server's own 16 random bytes.
    pub nonce: Bytes<16>,
    /// The server's clock, Unix microseconds.
    pub time: Whole,
}

impl Claims for OfferClaims {
    const TYPE: AnswerType = AnswerType::Offer;
}

/// The request of `ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRequest {
    /// The new enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// `HMAC(S, "DRP1.ack\0" || ctx || th)`.
    pub mac: Bytes<32>,
}

/// The answer of `ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckAnswer {
    /// Signed [`DoneClaims`].
    pub done: String,
}

/// The registration is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneClaims {
    /// The enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
}

impl Claims for DoneClaims {
    const TYPE: AnswerType = AnswerType::Done;
}

/// The request of `confirm`: never the PIN itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRequest {
    /// The enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// 16 random bytes, returned in the verdict.
    pub nonce: Bytes<16>,
    /// `HMAC(S, "DRP1.cnf\0" || ctx || nonce || x)`, where `x` is what was typed.
    pub mac: Bytes<32>,
}

/// The answer of `confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmAnswer {
    /// Signed [`VerdictClaims`].
    pub verdict: String,
}

/// What the server says of a PIN that was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictClaims {
    /// The enrolment.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// That of the request.
    pub nonce: Bytes<16>,
    /// Whether the PIN opens the computer.
    pub granted: bool,
    /// The time step of the issue that the entry equals, also when denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Whole>,
    /// When granted: the latest end of reuse, Unix microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Whole>,
    /// When denied: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<DenyReason>,
}

impl Claims for VerdictClaims {
    const TYPE: AnswerType = AnswerType::Verdict;
}

/// Why the server denies a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyReason {
    /// It was used before.
    AlreadyUsed,
    /// Two minutes have passed.
    Expired,
    /// No issued PIN equals it.
    NoMatch,
    /// An administrator took it back.
    Revoked,
    /// A newer one was issued.
    Superseded,
}

impl DenyReason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyUsed => "already_used",
            Self::Expired => "expired",
            Self::NoMatch => "no_match",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_overlong_member_is_refused() {
        let ack = serde_json::json!({"eid": "ren1", "generation": 1, "mac": "A".repeat(43)});
        assert!(serde_json::from_value::<AckRequest>(ack.clone()).is_ok());
        for (member, value) in [
            ("eid", serde_json::json!("")),
            ("eid", serde_json::json!("x".repeat(256))),
            ("generation", serde_json::json!(-1)),
            ("generation", serde_json::json!("1")),
            ("mac", serde_json::json!("A".repeat(42))),
            ("mac", serde_json::Value::Null),
        ] {
            let mut wrong = ack.clone();
            wrong[member] = value;
            assert!(serde_json::from_value::<AckRequest>(wrong).is_err(), "{member}");
        }
        let mut without = ack;
        without.as_object_mut().unwrap().remove("mac");
        assert!(serde_json::from_value::<AckRequest>(without).is_err());
    }

    #[test]
    fn an_absent_proof_is_left_out() {
        let begin = BeginRequest {
            login: Text::new("grace").unwrap(),
            os_uid: 1000_u32.into(),
            ephemeral_key: Jwk::new([1; 32], [2; 32]),
            binding: Binding::Soft,
            nonce: Bytes([0; 16]),
            factor_verdict: None,
            previous: None,
            attestation: None,
        };
        let json = serde_json::to_value(&begin).unwrap();
        assert_eq!(json["binding"], "soft");
        assert!(json.get("factorVerdict").is_none());
    }
}
