//! Administrators: who may do what.

use askama::Template;

use super::part::{Link, Moment, State};
use super::shell::Shell;

/// Somebody with a role.
pub struct Row {
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their roles, in words.
    pub roles: String,
    /// Whether they may make recovery PINs.
    pub recovery: State,
    /// Since when they have the first of the roles.
    pub since: Moment,
}

/// The list.
#[derive(Template)]
#[template(path = "console/administrators.html")]
pub struct Administrators {
    /// The frame.
    pub shell: Shell,
    /// All of them.
    pub rows: Vec<Row>,
}
