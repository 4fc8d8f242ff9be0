//! API tokens: credentials of programs.

use askama::Template;

use super::part::{Link, Moment, State};
use super::shell::Shell;

/// A token, without the token.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Whose permissions it has.
    pub owner: Link,
    /// Whether it may make recovery PINs.
    pub grants: State,
    /// Since when.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Where to revoke it, for those who may.
    pub revoke: Option<String>,
}

/// The list.
#[derive(Template)]
#[template(path = "console/tokens.html")]
pub struct Tokens {
    /// The frame.
    pub shell: Shell,
    /// All of them.
    pub rows: Vec<Row>,
}
