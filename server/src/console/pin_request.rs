//! The PIN dialog before there is a PIN: who calls, what is at stake, what the caller must read out.

use askama::Template;

use super::part::{Field, Kind, Moment, Notice, State, Tone};
use super::shell::Shell;

/// The dialog. With a refusal it explains and has no form.
#[derive(Template)]
#[template(path = "console/pin_request.html")]
pub struct PinRequest {
    /// The frame.
    pub shell: Shell,
    /// Where the form goes: the dialog's own address.
    pub action: String,
    /// The person's full name.
    pub person: String,
    /// Their sign-in name.
    pub login: String,
    /// The computer's name.
    pub computer: String,
    /// The computer's page, the way back.
    pub device_href: String,
    /// What the caller reads out.
    pub make: String,
    /// What the caller reads out.
    pub model: String,
    /// What the caller reads out.
    pub serial: String,
    /// Since when person and computer are linked.
    pub linked: Moment,
    /// How the link was proved; a link of minutes is [`Tone::Danger`] and says so.
    pub link: State,
    /// When the computer was last in contact.
    pub last_seen: Option<Moment>,
    /// How long the person is let in for, in words: "1 hour".
    pub duration: String,
    /// Why no PIN can be made now, and the fix.
    pub refusal: Option<Notice>,
    /// `challenge`: the nine digits on the caller's screen, where they are needed.
    pub challenge: Option<Field>,
    /// Why they are needed.
    pub challenge_because: Option<String>,
    /// `reason`.
    pub reason: Field,
    /// `ticket`, where the org asks for one.
    pub ticket: Option<Field>,
    /// Which of the three were ticked before, when the form comes back: `make`, `model`, `serial`.
    pub ticked: bool,
}

impl PinRequest {
    /// The field for the reason.
    pub fn reason_field() -> Field {
        Field::new("reason", "Why, and how you made sure who is calling", Kind::Long)
            .hint("Goes on record with your name, for example: phone left on a train; called back on the desk line.")
    }

    /// The field for the ticket.
    pub fn ticket_field() -> Field {
        Field::new("ticket", "Ticket", Kind::Text)
    }

    /// The field for the nine digits.
    pub fn challenge_field() -> Field {
        Field::new("challenge", "The nine digits on the caller's screen", Kind::NineDigits)
            .hint("Ask the caller to enter \"code\" there and to read them out, three by three.")
    }

    fn link_is_new(&self) -> bool {
        self.link.tone == Tone::Danger
    }
}
