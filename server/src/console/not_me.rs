//! "This was not me": the page behind the link in a notice. It needs no sign-in: it can only take access away.

use askama::Template;

use super::part::Moment;

/// What the page knows.
pub enum Stage {
    /// The link is good: one button.
    Asked,
    /// The PIN is revoked.
    Done {
        /// Whether the computer knows it already.
        is_in_effect: bool,
    },
    /// The PIN was over before.
    TooLate,
    /// The link is unknown or used.
    Unknown,
}

/// The page.
#[derive(Template)]
#[template(path = "console/not_me.html")]
pub struct NotMe {
    /// The organisation's name.
    pub org: String,
    /// Where the button goes: the link itself.
    pub action: String,
    /// What it is about, where the link is good: the computer and when.
    pub about: Option<(String, Moment)>,
    /// How the help desk is reached, as the org has set it.
    pub contact: String,
    /// What the page knows.
    pub stage: Stage,
}
