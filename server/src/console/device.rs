//! A device: its facts, and its people with their way back in.

use askama::Template;

use super::part::{Act, Link, Moment, Notice, Record, State};
use super::shell::Shell;

/// A person of this computer. The same row stands on a person's page, for each of their computers.
pub struct Recovery {
    /// The person (here) or the computer (there).
    pub who: Link,
    /// Sign-in name (here) or serial number (there).
    pub detail: String,
    /// Since when person and computer are linked.
    pub since: Moment,
    /// How the link was proved, or that it is minutes old.
    pub proof: State,
    /// Whether a PIN could be made now.
    pub readiness: State,
    /// Why not, and the fix; the code small beside it.
    pub fix: Option<(String, String)>,
    /// The PIN dialog, for those who may; `None` shows no action.
    pub action: Option<String>,
}

/// A computer's page.
#[derive(Template)]
#[template(path = "console/device.html")]
pub struct Device {
    /// The frame.
    pub shell: Shell,
    /// The computer's name.
    pub name: String,
    /// Its life cycle.
    pub status: State,
    /// Whether it is in contact, and since when.
    pub contact: State,
    /// When it was last in contact.
    pub last_seen: Option<Moment>,
    /// What stands above everything else, such as two computers with one serial number.
    pub notice: Option<Notice>,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// As on its case.
    pub serial: String,
    /// Platform, version of the agent, binding, certificate: name by name.
    pub facts: Vec<(String, String)>,
    /// Its people.
    pub people: Vec<Recovery>,
    /// What the viewer may do to it.
    pub acts: Vec<Act>,
    /// The newest events about it.
    pub recent: Option<Record>,
}
