//! What has become of a PIN: the live part of its page, also asked for alone every two seconds.

use askama::Template;
use askama::filters::HtmlSafe;

use super::part::{Moment, State, Tone};

/// The life of a PIN as its reader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Made, and not heard of since.
    Issued {
        /// Whether the computer is in contact, and so will report by itself.
        is_online: bool,
    },
    /// It let the person in.
    Activated {
        /// When.
        at: Moment,
        /// Told by the computer in its report, and not when it asked.
        by_report: bool,
        /// When it stops working.
        until: Moment,
    },
    /// Two minutes went by.
    Expired,
    /// A newer one was made.
    Superseded,
    /// Taken back.
    Revoked {
        /// Whether the computer knows it already.
        is_in_effect: bool,
    },
    /// The computer asked, and was refused.
    Denied {
        /// Why, in words.
        because: String,
    },
    /// Its time is over, or somebody ended it.
    Ended {
        /// When.
        at: Moment,
    },
}

/// The state with its sentence and, while it helps, the button that takes the PIN back.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/pin_state.html")]
pub struct PinState {
    /// What has become of it.
    pub stage: Stage,
    /// How long the person is let in for, in words: "1 hour".
    pub duration: String,
    /// Where to take it back, for those who may.
    pub revoke: Option<String>,
}

impl PinState {
    /// A word that changes whenever the part should be shown anew.
    pub fn key(&self) -> &'static str {
        match self.stage {
            Stage::Issued { is_online: true } => "issued-online",
            Stage::Issued { is_online: false } => "issued-offline",
            Stage::Activated { .. } => "activated",
            Stage::Expired => "expired",
            Stage::Superseded => "superseded",
            Stage::Revoked { is_in_effect: true } => "revoked",
            Stage::Revoked { is_in_effect: false } => "revoked-later",
            Stage::Denied { .. } => "denied",
            Stage::Ended { .. } => "ended",
        }
    }

    /// The state's own word.
    pub fn state(&self) -> State {
        let (tone, text) = match self.stage {
            Stage::Issued { .. } => (Tone::Busy, "Issued"),
            Stage::Activated { .. } => (Tone::Good, "Activated"),
            Stage::Expired => (Tone::Plain, "Expired"),
            Stage::Superseded => (Tone::Plain, "Superseded"),
            Stage::Revoked { .. } => (Tone::Warning, "Revoked"),
            Stage::Denied { .. } => (Tone::Danger, "Denied"),
            Stage::Ended { .. } => (Tone::Plain, "Ended"),
        };
        State::new(tone, text)
    }

    /// Whether the PIN can still let somebody in for the first time.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Issued { .. })
    }

    /// Whether it let somebody in and still does.
    pub fn has_let_in(&self) -> bool {
        matches!(self.stage, Stage::Activated { .. })
    }

    /// Whether nothing will change any more. An expired PIN is not final: the computer may have taken it offline and
    /// report so later.
    pub fn is_final(&self) -> bool {
        matches!(self.stage, Stage::Superseded | Stage::Denied { .. } | Stage::Ended { .. })
    }
}

impl HtmlSafe for PinState {}
