//! `POST /recovery/reports`: the chain of entries by which the use of PINs becomes known.

use serde::{Deserialize, Serialize};

use crate::form::{Bytes, Text, Whole};

/// Path, below [`BASE_PATH`](crate::BASE_PATH).
pub const REPORTS: &str = "/recovery/reports";

/// The most entries in one call.
pub const MAX_ENTRIES: usize = 100;

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportsRequest {
    /// The enrolment whose chain this is.
    pub eid: Text,
    /// Its generation.
    pub generation: Whole,
    /// At most [`MAX_ENTRIES`], in order.
    pub entries: Vec<Entry>,
}

/// One entry. Its `mac` covers the canonical JSON (RFC 8785) of all other members; the next one's `prev` covers all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: Whole,
    /// SHA-256 of the previous entry's canonical JSON; zeros for the first.
    pub prev: Bytes<32>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// Which kind of PIN.
    pub mode: Mode,
    /// The time step, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Whole>,
    /// SHA-256 of the challenge's 8 digits, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_hash: Option<Bytes<32>>,
    /// The wall clock, Unix microseconds.
    pub wall: Whole,
    /// Microseconds since boot, sleep included.
    pub boottime: Whole,
    /// Changes at each boot.
    pub boot_id: Text,
    /// The attempt counter.
    pub counter: Whole,
    /// `HMAC(S, "DRP1.rpt\0" || ctx || canonical JSON without mac)`.
    pub mac: Bytes<32>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryType {
    /// A PIN was used for the first time.
    Activated,
    /// Access by a PIN ended.
    Ended,
    /// A wrong PIN.
    Failed,
    /// Entry was locked.
    Locked,
    /// A PIN was used again within its duration.
    Reused,
}

/// Which kind of PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// The answer to a challenge on the screen.
    Challenge,
    /// A time PIN.
    Time,
}

impl Mode {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "CHALLENGE",
            Self::Time => "TIME",
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportsAnswer {
    /// Every entry up to this one is known.
    pub accepted_through: Whole,
}
