//! Groups: sets of people.

use askama::Template;

use super::shell::Shell;

/// A group in the list.
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many people are in it.
    pub people: u64,
}

/// The list.
#[derive(Template)]
#[template(path = "console/groups.html")]
pub struct Groups {
    /// The frame.
    pub shell: Shell,
    /// All of them.
    pub rows: Vec<Row>,
}
