//! `POST /enroll` and `POST /renew`: how a computer gets its certificate.

use serde::{Deserialize, Serialize};

use crate::form::{Blob, ProfileText, Text};
use crate::proof::Jwks;

/// Path of the first enrolment, below [`BASE_PATH`](crate::BASE_PATH).
pub const ENROLL: &str = "/enroll";
/// Path of the renewal.
pub const RENEW: &str = "/renew";

/// A certificate signing request: PKCS#10 DER, P-256, at most 8 KiB.
pub type Csr = Blob<8192>;

/// The request of `/enroll`; it carries no proof: the code is the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollRequest {
    /// The one-time code.
    pub enrollment_code: Text,
    /// The request for a certificate; the server sets subject and SAN itself.
    pub csr: Csr,
    /// What the computer says of itself.
    pub profile: Profile,
}

/// What a computer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The computer's name; never empty.
    pub display_name: Text,
    /// Its operating system.
    pub platform: Platform,
    /// The maker's serial number.
    pub serial_number: ProfileText,
    /// The maker.
    pub manufacturer: ProfileText,
    /// The model.
    pub model: ProfileText,
    /// Name and version of the operating system.
    pub os_version: ProfileText,
    /// An identifier given by a management system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udid: Option<ProfileText>,
    /// Hash of the TPM's public endorsement key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm_public_key_hash: Option<ProfileText>,
    /// Whether there is a TPM or secure enclave.
    pub secure_hardware_present: bool,
}

/// The operating system of a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

impl Platform {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "LINUX",
            Self::Macos => "MACOS",
            Self::Windows => "WINDOWS",
        }
    }
}

/// The answer of `/enroll`, 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollAnswer {
    /// The computer's id.
    pub device_id: Text,
    /// The org's id.
    pub org_id: Text,
    /// PEM chain, the computer's certificate first.
    pub certificate: String,
    /// The keys that sign the server's answers; the computer pins them.
    pub service_keys: Jwks,
}

/// The request of `/renew`, proved with the present certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// The request for a certificate, of a new or the same key.
    pub csr: Csr,
}

/// The answer of `/renew`, 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// PEM chain, the computer's certificate first.
    pub certificate: String,
}
