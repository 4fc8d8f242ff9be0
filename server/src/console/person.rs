//! A person: their computers with the way back in, how they can be reached, and what happened lately.

use askama::Template;

use super::part::{Act, Moment, Notice, Record, State};
use super::recovery::Recovery;
use super::shell::Shell;

/// An address or a phone, now or once.
pub struct ContactPoint {
    /// "E-mail", "Phone".
    pub kind: String,
    /// The address or number.
    pub value: String,
    /// Since when.
    pub from: Moment,
    /// Until when, if it is not theirs any more.
    pub until: Option<Moment>,
    /// Who or what says so.
    pub source: String,
}

/// A way to prove who they are.
pub struct Factor {
    /// "App code".
    pub name: String,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
}

/// A person's page.
#[derive(Template)]
#[template(path = "console/person.html")]
pub struct Person {
    /// The frame.
    pub shell: Shell,
    /// Their full name.
    pub name: String,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// Their computers.
    pub devices: Vec<Recovery>,
    /// Their factors.
    pub factors: Vec<Factor>,
    /// How they can be reached, newest first, with those of the past.
    pub contacts: Vec<ContactPoint>,
    /// Name by name.
    pub facts: Vec<(String, String)>,
    /// What the viewer may do to it.
    pub acts: Vec<Act>,
    /// The newest events about them.
    pub recent: Option<Record>,
}
