//! Devices: every protected computer, found by serial number, computer name or person.

use askama::Template;

use super::part::{Link, Moment, Pages, State};
use super::shell::Shell;

/// A computer in the list.
pub struct Row {
    /// Its name and page.
    pub computer: Link,
    /// Make and model.
    pub model: String,
    /// As on its case.
    pub serial: String,
    /// Whose it is.
    pub people: Vec<Link>,
    /// Its life cycle.
    pub status: State,
    /// When it was last in contact.
    pub last_seen: Option<Moment>,
    /// Whether its people could be let in now.
    pub recovery: State,
}

/// The list. Its filters live in the address: `q` and `status`.
#[derive(Template)]
#[template(path = "console/devices.html")]
pub struct Devices {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// `ACTIVE`, `SUSPENDED`, `DEACTIVATED`, or empty for all.
    pub status: String,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
}

impl Devices {
    const STATUSES: [(&'static str, &'static str); 4] =
        [("", "All"), ("ACTIVE", "Active"), ("SUSPENDED", "Suspended"), ("DEACTIVATED", "Deactivated")];
}
