//! The PIN: shown once, large, with its countdown and what becomes of it.

use askama::Template;
use postern_codes::secret::Secret;

use super::part::Moment;
use super::pin_state::PinState;
use super::shell::Shell;

/// The dialog after a PIN was made. Opened again later it is the same page without the digits.
#[derive(Template)]
#[template(path = "console/pin.html")]
pub struct Pin {
    /// The frame.
    pub shell: Shell,
    /// The person's full name.
    pub person: String,
    /// The computer's name.
    pub computer: String,
    /// The computer's page.
    pub device_href: String,
    /// The nine digits, only in the answer that made them.
    pub digits: Option<Secret<String>>,
    /// When it stops opening anything for the first time.
    pub expires: Moment,
    /// What has become of it.
    pub state: PinState,
    /// Where [`PinState`] is served alone.
    pub live: String,
}

impl Pin {
    /// The digits three by three.
    fn groups(digits: &Secret<String>) -> [&str; 3] {
        let digits = digits.expose();
        [0, 3, 6].map(|from| digits.get(from..from + 3).unwrap_or(""))
    }

    /// One digit at a time, for a screen reader.
    fn spoken(digits: &Secret<String>) -> Secret<String> {
        let groups = Self::groups(digits).map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" "));
        Secret::new(groups.join(", "))
    }
}
