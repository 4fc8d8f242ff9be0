//! What a rule of type `SIGN_ON` answers: whether somebody gets a session, after what proof, for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::BadDocument;

/// Most minutes of any time that a rule sets: 90 days.
pub const MOST_MINUTES: u32 = 129_600;

/// What a rule answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOnActions {
    /// Who gets a session.
    pub signon: SignOn,
}

/// Who gets a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignOn {
    /// Whether anybody does.
    pub access: Access,
    /// Whether a second factor is asked for.
    #[serde(default)]
    pub require_factor: bool,
    /// What comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_factor: Option<PrimaryFactor>,
    /// How often the second factor is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_prompt_mode: Option<PromptMode>,
    /// For how many minutes a factor is not asked for again, by mode `SESSION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_lifetime: Option<u32>,
    /// Whether the box "remember this browser" is ticked from the start.
    #[serde(default)]
    pub remember_device_by_default: bool,
    /// How long the session lives.
    #[serde(default)]
    pub session: SessionLimits,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Access {
    /// Yes.
    Allow,
    /// No.
    #[default]
    Deny,
}

/// What comes first. The sign-in page asks for the password first, which both allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrimaryFactor {
    /// The password.
    PasswordIdp,
    /// The password or any factor.
    PasswordIdpAnyFactor,
}

/// How often the second factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PromptMode {
    /// Every time.
    Always,
    /// Once in each browser that is remembered.
    Device,
    /// In a browser that is remembered, again when the factor's lifetime is over.
    Session,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionLimits {
    /// Minutes without a request that end it.
    pub max_session_idle_minutes: u32,
    /// Minutes after which it ends whatever happens; 0 for none.
    pub max_session_lifetime_minutes: u32,
    /// Whether its cookie outlives the browser. Administrators' never do.
    pub use_persistent_cookie: bool,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { max_session_idle_minutes: 120, max_session_lifetime_minutes: 0, use_persistent_cookie: false }
    }
}

impl Default for SignOn {
    fn default() -> Self {
        Self {
            access: Access::Deny,
            require_factor: false,
            primary_factor: None,
            factor_prompt_mode: None,
            factor_lifetime: None,
            remember_device_by_default: false,
            session: SessionLimits::default(),
        }
    }
}

impl SignOn {
    /// What holds where nothing else was set: two factors each time, and a session within NIST SP 800-63B-4, AAL2 (an hour
    /// idle, half a day in all).
    pub fn ours() -> Self {
        let session = SessionLimits {
            max_session_idle_minutes: 60,
            max_session_lifetime_minutes: 720,
            ..SessionLimits::default()
        };
        Self {
            access: Access::Allow,
            require_factor: true,
            primary_factor: Some(PrimaryFactor::PasswordIdpAnyFactor),
            factor_prompt_mode: Some(PromptMode::Always),
            session,
            ..Self::default()
        }
    }

    /// Whether its members go together.
    ///
    /// # Errors
    /// [`BadDocument`], the first that does not.
    pub fn check(&self) -> Result<(), BadDocument> {
        let wrong = |what: &str| Err(BadDocument(format!("actions.signon.{what}")));
        let lifetime = self.factor_lifetime;
        if self.require_factor && self.factor_prompt_mode.is_none() {
            return wrong("factorPromptMode: is needed where requireFactor is true: ALWAYS, DEVICE or SESSION");
        }
        let counts_minutes = self.require_factor && self.factor_prompt_mode == Some(PromptMode::Session);
        if counts_minutes && lifetime.is_none_or(|minutes| minutes == 0) {
            return wrong("factorLifetime: is needed where factorPromptMode is SESSION, in minutes");
        }
        if lifetime.is_some_and(|minutes| minutes > MOST_MINUTES) {
            return wrong("factorLifetime: is at most 129600 minutes");
        }
        let SessionLimits { max_session_idle_minutes: idle, max_session_lifetime_minutes: longest, .. } = self.session;
        if !(1..=MOST_MINUTES).contains(&idle) {
            return wrong("session.maxSessionIdleMinutes: is 1 to 129600");
        }
        if longest > MOST_MINUTES {
            return wrong("session.maxSessionLifetimeMinutes: is at most 129600, or 0 for none");
        }
        if longest != 0 && idle > longest {
            return wrong("session.maxSessionIdleMinutes: is at most maxSessionLifetimeMinutes");
        }
        Ok(())
    }

    /// How long a factor that was proved in a remembered browser is not asked for again; `None`: it always is.
    pub fn remembered_for(&self) -> Option<Duration> {
        match self.factor_prompt_mode? {
            PromptMode::Always => None,
            PromptMode::Device => Some(minutes(MOST_MINUTES)),
            PromptMode::Session => Some(minutes(self.factor_lifetime?)),
        }
    }
}

impl SessionLimits {
    /// How long a session lives without a request.
    pub fn idle(&self) -> Duration {
        minutes(self.max_session_idle_minutes)
    }

    /// How long a session lives at most; one without a limit, for 90 days.
    pub fn longest(&self) -> Duration {
        minutes(if self.max_session_lifetime_minutes == 0 { MOST_MINUTES } else { self.max_session_lifetime_minutes })
    }
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}
