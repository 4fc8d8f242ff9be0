//! Step-up: a fresh code for a weighty act, asked in place; what was typed before travels along.

use askama::Template;

use super::part::{Field, Kind};
use super::shell::Shell;

/// The question, as a sheet that fits the dialog of the act.
#[derive(Template)]
#[template(path = "console/step_up.html")]
pub struct StepUp {
    /// The frame.
    pub shell: Shell,
    /// What the code is for, as an act: "Make a recovery PIN for Grace Hopper".
    pub act: String,
    /// Where the form goes: the same address, which reads `passCode` first and then does what was asked.
    pub action: String,
    /// Everything typed before, name and value.
    pub kept: Vec<(String, String)>,
    /// `passCode`, refused or fresh.
    pub code: Field,
}

impl StepUp {
    /// The field for the code.
    pub fn code_field() -> Field {
        Field::new("passCode", "Code of your app", Kind::AppCode)
            .hint("Six digits. You are not asked again for 5 minutes.")
            .first()
    }
}
