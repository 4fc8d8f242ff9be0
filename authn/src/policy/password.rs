//! What a policy of type `PASSWORD` sets: what a new password must be, how long it lasts, when an account is locked, and how
//! a lost one is replaced. The defaults are those of NIST SP 800-63B-4, 3.1.1.2: length and a list of known passwords, no
//! mixture of characters, no expiry.

use std::time::Duration;

use postern_codes::Timestamp;
use serde::{Deserialize, Serialize};

use super::BadDocument;
use super::sign_on::Access;
use crate::user::{FAILURES_TO_LOCK, LOCK};

/// Fewest characters that a policy may ask for (NIST SP 800-63B-4, 3.1.1.2, with a second factor).
pub const FEWEST: u32 = 8;
/// Most characters that a policy may ask for.
pub const MOST: u32 = 72;
/// Most earlier passwords that are kept.
pub const MOST_HISTORY: u32 = 30;

/// What a policy of type `PASSWORD` sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// What a password must be.
    pub password: PasswordRules,
    /// How a lost one is replaced.
    pub recovery: Recovery,
    /// What is passed on to directories.
    pub delegation: Delegation,
}

/// What a password must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordRules {
    /// What a new one must be made of.
    pub complexity: Complexity,
    /// How long it lasts.
    pub age: Age,
    /// When guessing locks the account.
    pub lockout: Lockout,
}

/// What a new password must be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Complexity {
    /// Fewest characters.
    pub min_length: u32,
    /// 1, where a small letter must be among them.
    pub min_lower_case: u32,
    /// 1, where a capital letter must be among them.
    pub min_upper_case: u32,
    /// 1, where a digit must be among them.
    pub min_number: u32,
    /// 1, where something else must be among them.
    pub min_symbol: u32,
    /// Whether it must not contain the name to sign in with.
    pub exclude_username: bool,
    /// What else of the person it must not contain.
    pub exclude_attributes: Vec<Attribute>,
    /// Most times that a character may follow itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_consecutive_characters: Option<u32>,
    /// Lists of known passwords.
    pub dictionary: Dictionary,
}

/// Something known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Attribute {
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
}

/// Lists of known passwords.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dictionary {
    /// Those that many people use.
    pub common: Common,
}

/// The passwords that many people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Whether they are refused.
    pub exclude: bool,
}

/// How long a password lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Age {
    /// Days until it must be changed; 0 for never.
    pub max_age_days: u32,
    /// Days before that when the person is told.
    pub expire_warn_days: u32,
    /// Minutes before a person may change it again.
    pub min_age_minutes: u32,
    /// How many earlier ones may not come back.
    pub history_count: u32,
}

/// When guessing locks the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lockout {
    /// Failures in a row that lock; 0 for none.
    pub max_attempts: u32,
    /// Minutes until it ends by itself; 0 for never.
    pub auto_unlock_minutes: u32,
    /// Whether whoever tries is told of the lock.
    pub show_lockout_failures: bool,
    /// How the person is told.
    pub user_lockout_notification_channels: Vec<Channel>,
}

/// A way to tell a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Channel {
    /// By mail.
    Email,
}

/// How a lost password is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recovery {
    /// By what.
    pub factors: RecoveryFactors,
}

/// By what a lost password is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecoveryFactors {
    /// A question.
    pub recovery_question: Question,
    /// A link by mail.
    pub okta_email: Email,
    /// A code by text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub okta_sms: Option<Switch>,
    /// A code by telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub okta_call: Option<Switch>,
}

/// On or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// On.
    Active,
    /// Off.
    #[default]
    Inactive,
}

/// Something that is on or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switch {
    /// Which.
    pub status: State,
}

/// The recovery question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Whether it may be used.
    pub status: State,
    /// What its answer must be.
    pub properties: QuestionProperties,
}

/// What an answer must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuestionProperties {
    /// How long.
    pub complexity: AnswerLength,
}

/// How long an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnswerLength {
    /// Fewest characters.
    pub min_length: u32,
}

/// The link by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Email {
    /// Whether it may be used.
    pub status: State,
    /// What it is like.
    pub properties: EmailProperties,
}

/// What a link is like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EmailProperties {
    /// How long it lives.
    pub recovery_token: TokenLifetime,
}

/// How long a link lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenLifetime {
    /// Minutes.
    pub token_lifetime_minutes: u32,
}

/// What is passed on to directories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delegation {
    /// How.
    pub options: DelegationOptions,
}

/// How something is passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DelegationOptions {
    /// Whether to unlock there too.
    pub skip_unlock: bool,
}

/// What people may do about their own password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PasswordActions {
    /// Change it, knowing the old one.
    pub password_change: Allow,
    /// Replace a lost one.
    pub self_service_password_reset: Reset,
    /// Unlock their account.
    pub self_service_unlock: Allow,
}

/// Whether something may be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allow {
    /// Whether.
    pub access: Access,
}

/// Whether and by what a lost password may be replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reset {
    /// Whether.
    pub access: Access,
    /// Its own name, as newer clients send it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ResetType>,
    /// By what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<Requirement>,
}

/// The one type of such an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetType {
    /// That.
    #[serde(rename = "selfServicePasswordReset")]
    SelfServicePasswordReset,
}

/// By what a lost password may be replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Requirement {
    /// What begins it.
    pub primary: Primary,
    /// What is asked on top.
    pub step_up: StepUp,
}

/// What begins a replacement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Primary {
    /// Any of these.
    pub methods: Vec<Method>,
}

/// A way to begin. There are no others here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A link by mail.
    Email,
}

/// What is asked on top.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepUp {
    /// Whether anything is.
    pub required: bool,
}

impl Default for Complexity {
    fn default() -> Self {
        Self {
            min_length: 12,
            min_lower_case: 0,
            min_upper_case: 0,
            min_number: 0,
            min_symbol: 0,
            exclude_username: true,
            exclude_attributes: vec![Attribute::FirstName, Attribute::LastName],
            max_consecutive_characters: None,
            dictionary: Dictionary::default(),
        }
    }
}

impl Default for Common {
    fn default() -> Self {
        Self { exclude: true }
    }
}

impl Default for Lockout {
    fn default() -> Self {
        Self {
            max_attempts: FAILURES_TO_LOCK,
            auto_unlock_minutes: u32::try_from(LOCK.as_secs() / 60).unwrap_or(0),
            show_lockout_failures: false,
            user_lockout_notification_channels: vec![Channel::Email],
        }
    }
}

impl Default for Email {
    fn default() -> Self {
        Self { status: State::Active, properties: EmailProperties::default() }
    }
}

impl Default for AnswerLength {
    fn default() -> Self {
        Self { min_length: 4 }
    }
}

impl Default for TokenLifetime {
    fn default() -> Self {
        Self { token_lifetime_minutes: 60 }
    }
}

impl PasswordSettings {
    /// Whether every number is within its bounds, and nothing is asked for that is not there.
    ///
    /// # Errors
    /// [`BadDocument`] with all that is wrong.
    pub fn check(&self) -> Result<(), BadDocument> {
        let Self { password: PasswordRules { complexity, age, lockout }, recovery, .. } = self;
        let token = recovery.factors.okta_email.properties.recovery_token.token_lifetime_minutes;
        let answer = recovery.factors.recovery_question.properties.complexity.min_length;
        let bounds = [
            ("complexity.minLength", complexity.min_length, FEWEST, MOST),
            ("complexity.minLowerCase", complexity.min_lower_case, 0, 1),
            ("complexity.minUpperCase", complexity.min_upper_case, 0, 1),
            ("complexity.minNumber", complexity.min_number, 0, 1),
            ("complexity.minSymbol", complexity.min_symbol, 0, 1),
            ("complexity.maxConsecutiveCharacters", complexity.max_consecutive_characters.unwrap_or(1), 1, MOST),
            ("age.maxAgeDays", age.max_age_days, 0, 999),
            ("age.expireWarnDays", age.expire_warn_days, 0, age.max_age_days),
            ("age.minAgeMinutes", age.min_age_minutes, 0, 9_999),
            ("age.historyCount", age.history_count, 0, MOST_HISTORY),
            ("lockout.maxAttempts", lockout.max_attempts, 0, 100),
            ("lockout.autoUnlockMinutes", lockout.auto_unlock_minutes, 0, 129_600),
            ("recovery.okta_email.tokenLifetimeMinutes", token, 1, 129_600),
            ("recovery.recovery_question.minLength", answer, 1, 50),
        ];
        let mut wrong: Vec<String> = bounds
            .into_iter()
            .filter(|(_, value, least, most)| !(least..=most).contains(&value))
            .map(|(name, _, least, most)| format!("settings.password.{name}: is {least} to {most}"))
            .collect();
        if age.max_age_days != 0 && age.min_age_minutes >= age.max_age_days * 24 * 60 {
            wrong.push("settings.password.age.minAgeMinutes: is less than maxAgeDays".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(BadDocument(wrong.join("; "))) }
    }

    /// How long a link for a new password lives.
    pub fn recovery_lifetime(&self) -> Duration {
        let minutes = self.recovery.factors.okta_email.properties.recovery_token.token_lifetime_minutes;
        Duration::from_secs(u64::from(minutes) * 60)
    }
}

impl PasswordActions {
    /// What holds where nothing else was set.
    pub fn ours() -> Self {
        let allow = Allow { access: Access::Allow };
        Self {
            password_change: allow,
            self_service_password_reset: Reset { access: Access::Allow, ..Reset::default() },
            self_service_unlock: Allow::default(),
        }
    }

    /// Whether what it asks for can be done here.
    ///
    /// # Errors
    /// [`BadDocument`].
    pub fn check(&self) -> Result<(), BadDocument> {
        let requirement = self.self_service_password_reset.requirement.as_ref();
        if requirement.is_some_and(|requirement| requirement.step_up.required) {
            let what = "actions.selfServicePasswordReset.requirement.stepUp.required: nothing here can ask for more";
            return Err(BadDocument(what.to_owned()));
        }
        Ok(())
    }
}

impl Age {
    /// When a password that was set then must be changed; never, where there is no limit.
    pub fn expires_at(&self, set_at: Timestamp) -> Option<Timestamp> {
        (self.max_age_days != 0).then(|| set_at.plus(days(self.max_age_days)))
    }

    /// Whether a password that was set then must be changed before anything else.
    pub fn is_expired(&self, set_at: Timestamp, now: Timestamp) -> bool {
        self.expires_at(set_at).is_some_and(|at| at <= now)
    }

    /// When a password expires of which the person is to be told now.
    pub fn warning(&self, set_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.expires_at(set_at).filter(|at| now < *at && at.minus(days(self.expire_warn_days)) <= now)
    }

    /// From when on a person may change a password that was set then.
    pub fn changeable_at(&self, set_at: Timestamp) -> Timestamp {
        set_at.plus(Duration::from_secs(u64::from(self.min_age_minutes) * 60))
    }
}

impl Lockout {
    /// Until when the failure of `now` locks: to the end of time, where nothing but an administrator ends it.
    pub fn until(&self, now: Timestamp) -> Timestamp {
        if self.auto_unlock_minutes == 0 {
            return FOREVER;
        }
        now.plus(Duration::from_secs(u64::from(self.auto_unlock_minutes) * 60))
    }

    /// How many failures in a row lock; more than anybody reaches, where none do.
    pub const fn attempts(&self) -> u32 {
        if self.max_attempts == 0 { u32::MAX } else { self.max_attempts }
    }
}

/// The end of time: the first moment of the year 9999.
pub const FOREVER: Timestamp = Timestamp::from_unix_seconds(253_370_764_800);

fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 86_400)
}
