//! People: everybody of the org, found by name or address.

use askama::Template;

use super::part::{Link, Moment, Pages, State};
use super::shell::Shell;

/// A person in the list.
pub struct Row {
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
    /// Whether they have a factor.
    pub factors: State,
    /// How many computers are theirs.
    pub computers: u64,
    /// When they last signed in.
    pub last_sign_in: Option<Moment>,
}

/// The list. Its filter lives in the address: `q`.
#[derive(Template)]
#[template(path = "console/people.html")]
pub struct People {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
}
