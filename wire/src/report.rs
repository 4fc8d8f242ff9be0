//! `POST /recovery/reports`: the chain of entries by which the use of PINs becomes known. What an entry holds, and how the
//! chain is checked, is said where both ends share it: the `report` module of `postern-codes`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::form::{Text, Whole};

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
    /// At most [`MAX_ENTRIES`], in order, as they were written: tag and hash cover every member of an entry, those that
    /// this version does not know included.
    pub entries: Vec<Value>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportsAnswer {
    /// Every entry up to this one is known.
    pub accepted_through: Whole,
}
