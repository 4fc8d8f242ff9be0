//! Home: what needs attention, and nothing else of weight.

use askama::Template;

use super::part::{Link, Record, State};
use super::shell::Shell;

/// One matter that somebody should look at.
pub struct Attention {
    /// How it stands, in a few words.
    pub state: State,
    /// What it means and what to do.
    pub next: String,
    /// Where to do it.
    pub link: Link,
}

/// A number and what it counts.
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Of what, and where they are listed.
    pub of: Link,
}

/// The first screen after sign-in.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct Home {
    /// The frame.
    pub shell: Shell,
    /// Most pressing first.
    pub attention: Vec<Attention>,
    /// A few numbers.
    pub tallies: Vec<Tally>,
    /// The newest events.
    pub recent: Option<Record>,
}
