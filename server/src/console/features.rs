//! Settings > Features: what the org has switched on.

use askama::Template;

use super::part::{Notice, State, Tone};
use super::shell::Shell;

/// A feature with its switch.
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What it does, and what switching it on means.
    pub about: String,
    /// On or off.
    pub is_on: bool,
    /// Where the switch goes; `None` for viewers who may only look.
    pub action: Option<String>,
}

impl Feature {
    fn state(&self) -> State {
        if self.is_on { State::new(Tone::Good, "On") } else { State::new(Tone::Plain, "Off") }
    }
}

/// The list.
#[derive(Template)]
#[template(path = "console/features.html")]
pub struct Features {
    /// The frame.
    pub shell: Shell,
    /// What just happened.
    pub notice: Option<Notice>,
    /// All of them.
    pub features: Vec<Feature>,
}
