//! What has become of a PIN: the live part of its page, also asked for alone every two seconds.

use askama::Template;
use askama::filters::HtmlSafe;
use postern_authn::recovery::pin::{Issuance, IssuanceStatus, Source};
use postern_codes::Timestamp;

use super::part::{Moment, State, Tone};
use super::recovery::{CONTACT, lasting, may_be_revoked};
use super::words::{Text, say};

/// The life of a PIN as its reader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Made, and not heard of since.
    Issued {
        /// When the computer was last in contact, if so lately that it may report by itself.
        seen: Option<Moment>,
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
        /// Whether the computer was in contact so lately that it hears of it within minutes.
        is_near: bool,
    },
    /// The computer asked, and was refused.
    Denied {
        /// Why, in words.
        because: Text,
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
    pub duration: Text,
    /// Where to take it back, for those who may.
    pub revoke: Option<String>,
}

/// The word for where a PIN stands.
pub fn word(status: IssuanceStatus) -> State {
    let (tone, text) = match status {
        IssuanceStatus::Activated => (Tone::Good, say("pin-activated")),
        IssuanceStatus::Denied => (Tone::Danger, say("pin-denied")),
        IssuanceStatus::Ended => (Tone::Plain, say("pin-ended")),
        IssuanceStatus::Expired => (Tone::Plain, say("pin-expired")),
        IssuanceStatus::Issued => (Tone::Busy, say("pin-issued")),
        IssuanceStatus::Revoked => (Tone::Warning, say("pin-revoked")),
        IssuanceStatus::Superseded => (Tone::Plain, say("pin-superseded")),
    };
    State::new(tone, text)
}

impl PinState {
    /// What has become of `issued`, as far as is known `now`; `address` is its page.
    pub fn of(issued: &Issuance, last_seen: Option<Timestamp>, address: &str, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now);
        let seen = last_seen.filter(|at| now.since(*at) <= CONTACT);
        let status = issued.state(now);
        let ended_at = issued.ended_at.or_else(|| issued.deadline()).unwrap_or(now);
        let stage = match status {
            IssuanceStatus::Activated => Stage::Activated {
                at: moment(issued.activated_at.unwrap_or(now)),
                by_report: issued.source == Some(Source::Report),
                until: moment(ended_at).for_the_record(),
            },
            IssuanceStatus::Denied => Stage::Denied { because: say("pin-denied-late") },
            IssuanceStatus::Ended => Stage::Ended { at: moment(ended_at) },
            IssuanceStatus::Expired => Stage::Expired,
            IssuanceStatus::Issued => Stage::Issued { seen: seen.map(moment) },
            IssuanceStatus::Revoked => Stage::Revoked { is_near: seen.is_some() },
            IssuanceStatus::Superseded => Stage::Superseded,
        };
        Self {
            stage,
            duration: lasting(issued.duration.as_secs() / 60),
            revoke: may_be_revoked(status).then(|| format!("{address}/revoke")),
        }
    }

    /// A word that changes whenever the part should be shown anew.
    pub fn key(&self) -> &'static str {
        match self.stage {
            Stage::Issued { seen: Some(_) } => "issued-online",
            Stage::Issued { seen: None } => "issued-offline",
            Stage::Activated { .. } => "activated",
            Stage::Expired => "expired",
            Stage::Superseded => "superseded",
            Stage::Revoked { is_near: true } => "revoked",
            Stage::Revoked { is_near: false } => "revoked-later",
            Stage::Denied { .. } => "denied",
            Stage::Ended { .. } => "ended",
        }
    }

    /// The state's own word.
    pub fn state(&self) -> State {
        word(match self.stage {
            Stage::Issued { .. } => IssuanceStatus::Issued,
            Stage::Activated { .. } => IssuanceStatus::Activated,
            Stage::Expired => IssuanceStatus::Expired,
            Stage::Superseded => IssuanceStatus::Superseded,
            Stage::Revoked { .. } => IssuanceStatus::Revoked,
            Stage::Denied { .. } => IssuanceStatus::Denied,
            Stage::Ended { .. } => IssuanceStatus::Ended,
        })
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
