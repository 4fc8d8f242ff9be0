//! `Device-Proof`, with which a computer signs each call, and the claims that every signed answer carries.

use serde::{Deserialize, Serialize};

use crate::form::{Bytes, Text, Whole};

/// The name of the header.
pub const HEADER: &str = "device-proof";

/// `typ` of a proof.
pub const TYP: &str = "drp+jws";

/// How far the server's clock and `iat` may differ, in seconds.
pub const MAX_SKEW_SECONDS: u64 = 300;

/// How long after `iat` a proof may expire, in seconds.
pub const MAX_LIFETIME_SECONDS: u64 = 60;

/// The payload of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofClaims {
    /// The server's base URL: scheme, host, port unless it is the default; no path.
    pub aud: String,
    /// When it was made, in Unix seconds.
    pub iat: Whole,
    /// When it expires, in Unix seconds: after `iat`, by at most [`MAX_LIFETIME_SECONDS`].
    pub exp: Whole,
    /// At least 96 random bits, base64url: never used twice.
    pub jti: Text,
    /// The method, upper case.
    pub htm: Text,
    /// Path and query as on the request line.
    pub htu: String,
    /// SHA-256 of the body as sent; of nothing for a GET.
    pub bdy: Bytes<32>,
}

/// What the server signs: `typ` names the purpose, so that no answer serves for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerType {
    /// The beacon of a check-in.
    Beacon,
    /// A registration is complete.
    Done,
    /// An online factor was decided.
    Factor,
    /// The server's half of a registration.
    Offer,
    /// The settings in force.
    Policy,
    /// A recovery PIN was decided.
    Verdict,
}

impl AnswerType {
    /// The `typ` of the protected header.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Beacon => "drp+beacon",
            Self::Done => "drp+done",
            Self::Factor => "drp+factor",
            Self::Offer => "drp+offer",
            Self::Policy => "drp+policy",
            Self::Verdict => "drp+verdict",
        }
    }
}

/// Claims of a type, and what binds them to one computer and one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signed<C> {
    /// The org.
    pub org_id: Text,
    /// The computer that asked.
    pub device_id: Text,
    /// SHA-256 of the body of the request that this answers.
    pub bdy: Bytes<32>,
    /// The claims of this type.
    #[serde(flatten)]
    pub claims: C,
}

/// Claims that know which `typ` they travel under.
pub trait Claims {
    /// That type.
    const TYPE: AnswerType;
}

/// A public P-256 key as a JWK (RFC 7518 section 6.2). Whether the point is on the curve is for the reader to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `EC`.
    pub kty: KeyType,
    /// Always `P-256`.
    pub crv: Curve,
    /// The X coordinate.
    pub x: Bytes<32>,
    /// The Y coordinate.
    pub y: Bytes<32>,
}

impl Jwk {
    /// The key with these coordinates.
    pub const fn new(x: [u8; 32], y: [u8; 32]) -> Self {
        Self { kty: KeyType::Ec, crv: Curve::P256, x: Bytes(x), y: Bytes(y) }
    }
}

/// The one key type in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyType {
    /// Elliptic curve.
    #[serde(rename = "EC")]
    Ec,
}

/// The one curve in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
}

/// A set of keys (RFC 7517 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recovery::DoneClaims;

    #[test]
    fn an_answer_carries_its_bonds_beside_its_claims() {
        let json = serde_json::json!({"orgId": "org1", "deviceId": "guo1", "bdy": "A".repeat(43), "eid": "ren1", "generation": 2});
        let signed: Signed<DoneClaims> = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(signed.claims.generation.get(), 2);
        assert_eq!(serde_json::to_value(&signed).unwrap(), json);
    }

    #[test]
    fn a_key_of_another_curve_is_refused() {
        let mut json = serde_json::to_value(Jwk::new([1; 32], [2; 32])).unwrap();
        assert!(serde_json::from_value::<Jwk>(json.clone()).is_ok());
        json["crv"] = "P-384".into();
        assert!(serde_json::from_value::<Jwk>(json).is_err());
    }
}
