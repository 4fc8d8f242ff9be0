//! Security > General: the org's rules for its computers.

use askama::Template;

use super::part::{Field, Kind, Notice};
use super::shell::Shell;

/// A block of fields under a heading.
pub struct Block {
    /// Its heading.
    pub heading: String,
    /// A sentence below it.
    pub about: String,
    /// The settings, each named as administrators know it.
    pub fields: Vec<Field>,
}

/// The rules. While they are not being edited they are shown as facts.
#[derive(Template)]
#[template(path = "console/security.html")]
pub struct Security {
    /// The frame.
    pub shell: Shell,
    /// What just happened, or what was refused.
    pub notice: Option<Notice>,
    /// Okta Device Access, then the device settings.
    pub blocks: Vec<Block>,
    /// Whether the viewer may change them.
    pub may_edit: bool,
    /// Whether they are being edited.
    pub is_editing: bool,
}

impl Block {
    /// What a field holds, as a reader would say it.
    fn shown(field: &Field) -> &str {
        match &field.kind {
            Kind::Choice(choices) => {
                choices.iter().find(|(value, _)| *value == field.value).map_or(field.value.as_str(), |(_, words)| words)
            }
            _ if field.value.is_empty() => "Not set",
            _ => &field.value,
        }
    }
}
