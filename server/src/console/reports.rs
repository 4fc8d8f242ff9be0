//! Reports: the record, filtered.

use askama::Template;

use super::part::{Pages, Record};
use super::shell::Shell;

/// The filters, as they stand in the address; empty ones let everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// `eventType`.
    pub event_type: String,
    /// `actor`: a name or an id.
    pub actor: String,
    /// `target`: a name or an id.
    pub target: String,
    /// `outcome`: `SUCCESS`, `FAILURE`.
    pub outcome: String,
}

/// The record.
#[derive(Template)]
#[template(path = "console/reports.html")]
pub struct Reports {
    /// The frame.
    pub shell: Shell,
    /// What is shown.
    pub filters: Filters,
    /// Every type that can be asked for.
    pub event_types: Vec<String>,
    /// This page of events.
    pub record: Record,
    /// The other pages.
    pub pages: Pages,
}

impl Reports {
    const OUTCOMES: [(&'static str, &'static str); 3] = [("", "All"), ("SUCCESS", "Success"), ("FAILURE", "Failure")];
}
