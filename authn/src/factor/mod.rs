//! Factors: what a person can prove, by which traits, and how an answer is judged.
//!
//! To add a type, write `factor/NAME.rs` with its [`Factor`] and add a line to the list. What the whole system needs of
//! it (rows, counters, sign-in, the conformance suite) it gets from the trait and the fixed row; nothing else names it.

pub mod backup_codes;
pub mod call;
mod code;
pub mod email;
pub mod enrolment_ticket;
pub mod hotp;
mod phone;
pub mod question;
pub mod sms;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
pub mod totp;
pub mod webauthn;

use std::fmt;
use std::str::FromStr;

use postern_codes::id::{Factor as FactorKind, User};
use postern_codes::{Env, Id, Sealed, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::user::User as Person;

macro_rules! factors {
    ($($(#[$doc:meta])* $variant:ident $factor:path;)*) => {
        /// A type of factor.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $variant),* }

        impl Kind {
            /// Every type, in the order in which a person is offered them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// How factors of this type are judged.
            pub fn factor(self) -> &'static dyn Factor {
                match self { $(Self::$variant => &$factor),* }
            }
        }
    };
}

factors! {
    /// Passkeys and security keys.
    WebAuthn webauthn::Passkey;
    /// Codes of an authenticator app.
    Totp totp::AuthenticatorApp;
    /// Codes of a token that was given out.
    Hotp hotp::Token;
    /// Codes by e-mail.
    Email email::Mail;
    /// Codes by text message.
    Sms sms::TextMessage;
    /// Codes that a call says.
    Call call::Call;
    /// The answer to a question.
    Question question::Question;
    /// Codes on paper.
    BackupCodes backup_codes::BackupCodes;
    /// A ticket that leads to enrolment.
    EnrolmentTicket enrolment_ticket::EnrolmentTicket;
}

/// A type of factor. Pure: what it must know is handed to it, what it found it gives back.
pub trait Factor: Sync {
    /// The `factorType` of the API.
    fn name(&self) -> &'static str;

    /// What people call it, in the middle of a sentence.
    fn label(&self) -> &'static str;

    /// The three letters its ids begin with.
    fn id_prefix(&self) -> &'static str;

    /// Who makes it; the first where nobody says who.
    fn providers(&self) -> &'static [Provider];

    /// Its name among the authenticators of an enrolment policy, and what kind of authenticator that is.
    fn authenticator(&self) -> (&'static str, &'static str);

    /// What a right answer proves at best.
    fn traits(&self) -> Traits;

    /// What a right answer of this very factor proves at best, by what the API shows of it.
    fn traits_of(&self, _profile: &Value) -> Traits {
        self.traits()
    }

    /// What names a factor among all of the organisation's, where answers name their factor before their person.
    fn handle(&self, _profile: &Value) -> Option<[u8; 32]> {
        None
    }

    /// The word of RFC 8176 for it.
    fn amr(&self) -> &'static str;

    /// By which way its codes are sent; none, where its owner has the code or answer already.
    fn channel(&self) -> Option<Channel> {
        None
    }

    /// Whether its codes were handed over beforehand, each for one use.
    fn has_standing_codes(&self) -> bool {
        false
    }

    /// Whether the lists of factors show it.
    fn is_listed(&self) -> bool {
        true
    }

    /// Whether somebody may have several of one maker.
    fn may_be_several(&self) -> bool {
        false
    }

    /// Whether it counts from its first moment, without an answer.
    fn is_active_at_once(&self) -> bool {
        false
    }

    /// Whether an administrator may vouch for it in place of its first answer.
    fn may_be_vouched_for(&self) -> bool {
        false
    }

    /// Judges what somebody wants to enrol.
    ///
    /// # Errors
    /// [`NotEnrollable`].
    fn begin(&self, wanted: &Wanted<'_>, env: &Env) -> Result<Draft, NotEnrollable>;

    /// Judges the first answer.
    ///
    /// # Errors
    /// The verdict on an answer that is not right.
    fn activate(
        &self,
        held: &Held<'_>,
        answer: &Answer,
        _owner: &Person,
        now: Timestamp,
    ) -> Result<Activated, Verdict> {
        match self.verify(held, answer, now) {
            Verdict::Accepted(proved) => Ok(Activated { consumes: proved.consumes, profile: None, secret: None }),
            other => Err(other),
        }
    }

    /// What the API shows of it. What is kept beside that stays inside.
    fn shown(&self, profile: &Value) -> Value {
        profile.clone()
    }

    /// The same, before somebody has proved who they are.
    fn masked(&self, profile: &Value) -> Value {
        self.shown(profile)
    }

    /// Judges an answer. `held.counter` is the last one used: what is accepted rises above it, and the caller consumes it
    /// by one guarded statement, so that no answer counts twice.
    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict;
}

/// Who makes a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The provider's name in the API.
    pub name: &'static str,
    /// The name under which an organisation allows it or not; empty, where it has none.
    pub org_factor: &'static str,
    /// Why a new organisation does not allow it; nothing, where it does.
    pub off_because: Option<&'static str>,
}

impl Provider {
    /// One that a new organisation allows.
    const fn new(name: &'static str, org_factor: &'static str) -> Self {
        Self { name, org_factor, off_because: None }
    }

    /// One that it does not.
    const fn off(name: &'static str, org_factor: &'static str, because: &'static str) -> Self {
        Self { name, org_factor, off_because: Some(because) }
    }
}

/// A way by which codes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Channel {
    /// A voice that says it.
    Call,
    /// A mail.
    Email,
    /// A text message.
    Sms,
}

impl Channel {
    /// Its name where it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
        }
    }
}

impl FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Call, Self::Email, Self::Sms].into_iter().find(|channel| channel.as_str() == text).ok_or(())
    }
}

/// What somebody wants to enrol, and what it is judged by. No `Debug`: the profile may hold an answer or a secret.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// Who makes it.
    pub provider: &'static Provider,
    /// The `profile` of the request; null where there is none.
    pub profile: &'w Value,
    /// Whose it is to be.
    pub owner: &'w Person,
    /// What they have, begun or active.
    pub held: &'w [Enrolled],
    /// Whether another number takes the place of one that was not proved yet.
    pub updates_phone: bool,
    /// What the tokens of its make have in common.
    pub make: Option<&'w hotp::Make>,
    /// The page address that a device is to sign for, and what is asked of the device.
    pub site: Option<&'w (webauthn::RelyingParty, webauthn::Demands)>,
}

impl Wanted<'_> {
    /// A text of the profile.
    fn text(&self, member: &str) -> Option<&str> {
        self.profile.get(member).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// A factor as it begins.
pub struct Draft {
    /// What is kept in the open.
    pub profile: Value,
    /// What is sealed.
    pub secret: Secret<Vec<u8>>,
    /// Whether a slow hash of the secret is to be kept in its place.
    pub is_hashed: bool,
    /// What is shown this once, so that its owner can give the first answer.
    pub activation: Option<Activation>,
}

/// What is shown while a factor waits for its first answer.
pub enum Activation {
    /// An app is paired by the secret.
    App,
    /// A device is asked this.
    Device(Box<(Value, webauthn::Ceremony)>),
}

/// Why something cannot be enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum NotEnrollable {
    /// They have one.
    AlreadySetUp,
    /// The mail address is not one of theirs.
    Email,
    /// No extension.
    Extension,
    /// Another number was begun before.
    ExistingPhone,
    /// A member of the request is not of its form.
    Member(&'static str, String),
    /// No telephone number.
    Phone,
}

/// A factor after its first answer.
pub struct Activated {
    /// What the answer uses up.
    pub consumes: Consume,
    /// What is kept in the open from now on, where that has changed.
    pub profile: Option<Value>,
    /// What is sealed from now on, where that has changed.
    pub secret: Option<Secret<Vec<u8>>>,
}

/// What a factor type is good for. Policy speaks of these and never of types, so that a new type needs no new rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, of which policy asks for one at a time")]
pub struct Traits {
    /// What is proved.
    pub category: Category,
    /// Whether a false page cannot pass the answer on.
    pub is_phishing_resistant: bool,
    /// Whether the secret cannot leave one device.
    pub is_device_bound: bool,
    /// Whether it can be judged without a network.
    pub works_offline: bool,
    /// Whether the device made sure of its owner first, by a PIN or by a finger: then it proves a second category, and
    /// the device does not say which.
    #[serde(default)]
    pub verifies_user: bool,
}

impl Traits {
    /// Whether this is proved.
    pub fn proves(&self, category: Category) -> bool {
        self.category == category
            || (self.verifies_user && matches!(category, Category::Inherence | Category::Knowledge))
    }

    /// Whether these are worth at least as much as the others.
    pub fn covers(&self, other: &Self) -> bool {
        [Category::Inherence, Category::Knowledge, Category::Possession]
            .into_iter()
            .all(|category| !other.proves(category) || self.proves(category))
            && (self.is_phishing_resistant || !other.is_phishing_resistant)
            && (self.is_device_bound || !other.is_device_bound)
    }
}

/// What a factor proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Who one is.
    Inherence,
    /// What one knows.
    Knowledge,
    /// What one has.
    Possession,
    /// That somebody else vouched, once. It proves nobody: it lets whoever has the password enrol.
    Vouched,
}

/// The traits of a password, which is kept with the person and not as a factor.
pub const PASSWORD: Traits = Traits {
    category: Category::Knowledge,
    is_phishing_resistant: false,
    is_device_bound: false,
    works_offline: false,
    verifies_user: false,
};

/// A factor as it is kept: the fixed row that serves every type.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// Its id.
    pub id: Id<FactorKind>,
    /// Whose it is.
    pub user: Id<User>,
    /// Its type.
    pub kind: Kind,
    /// Who makes it, as the API has it.
    pub provider: String,
    /// Whether it counts yet.
    pub status: Status,
    /// What the API shows of it.
    pub profile: serde_json::Value,
    /// Its secret.
    pub secret: Sealed<FactorSecret>,
    /// The last counter used; it only rises.
    pub counter: u64,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last proved.
    pub last_used_at: Option<Timestamp>,
    /// Rises when the secret or the profile changes.
    pub version: i64,
}

impl Enrolled {
    /// What a right answer proves at best.
    pub fn traits(&self) -> Traits {
        self.kind.factor().traits_of(&self.profile)
    }

    /// The name under which its organisation allows it or not.
    pub fn org_factor(&self) -> &'static str {
        let providers = self.kind.factor().providers();
        let own = providers.iter().find(|provider| provider.name == self.provider);
        own.map_or("", |provider| provider.org_factor)
    }
}

/// Where a factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It proves its person.
    Active,
    /// It waits for its first answer.
    PendingActivation,
}

impl Status {
    /// Its name in the API and where it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::PendingActivation => "PENDING_ACTIVATION",
        }
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Active, Self::PendingActivation].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// A factor to be enrolled.
pub struct NewFactor {
    /// Whose it is.
    pub user: Id<User>,
    /// Its type.
    pub kind: Kind,
    /// Who makes it, as the API has it.
    pub provider: &'static str,
    /// Whether it counts at once: then it was proved by a first answer, or somebody vouches for it.
    pub status: Status,
    /// What the API shows of it.
    pub profile: serde_json::Value,
    /// Its secret.
    pub secret: Secret<Vec<u8>>,
    /// The counter of the first answer, which is used up.
    pub counter: u64,
}

/// The secret of a factor: kind of a [`Sealed`] value.
#[derive(Debug)]
pub enum FactorSecret {}

/// What a factor is judged by. The secret is opened for one check and wiped.
pub struct Held<'s> {
    /// Its secret.
    pub secret: &'s Secret<Vec<u8>>,
    /// The last counter used.
    pub counter: u64,
    /// What the API shows of it.
    pub profile: &'s serde_json::Value,
    /// The codes that were handed over or sent, bound to what is proved now.
    pub codes: &'s [SentCode],
    /// The tag under which a code of this factor is kept for what is proved now.
    pub index: &'s dyn Fn(&str) -> [u8; 32],
}

/// A code that was handed over or sent. The code itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentCode {
    /// The tag under which it is found.
    pub mac: [u8; 32],
    /// Until when it counts; for good, where nothing is said.
    pub expires_at: Option<Timestamp>,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// What a person answers.
pub enum Answer {
    /// Something that a device signed, and what it was asked.
    Assertion(Box<webauthn::Assertion>),
    /// Something typed.
    Code(Secret<String>),
    /// Two codes in a row, of a token that has run ahead.
    Codes(Box<[Secret<String>; 2]>),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assertion(_) => f.write_str("Assertion(..)"),
            Self::Code(_) => f.write_str("Code(..)"),
            Self::Codes(_) => f.write_str("Codes(..)"),
        }
    }
}

/// How an answer was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Right, if its counter can still be consumed.
    Accepted(Proved),
    /// Somebody outside must say.
    Ask(Outside),
    /// Right, but its counter did not rise: somebody may have a copy of the device.
    Cloned,
    /// Not of the form that this type has: no guess, so no attempt is spent.
    NotMine,
    /// Wrong.
    Refused,
    /// Right, and used before.
    Replayed,
    /// Right at another time.
    Stale,
    /// Made by a device that did not make sure of its owner, which is demanded of an enrolment.
    Unverified,
}

/// What a right answer proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// What the answer uses up.
    pub consumes: Consume,
    /// What it is worth.
    pub traits: Traits,
    /// What the API shows of the factor from now on, where that has changed.
    pub profile: Option<serde_json::Value>,
}

/// What a right answer uses up, by one guarded statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consume {
    /// The code of this tag.
    Code([u8; 32]),
    /// Every counter to this one.
    Counter(u64),
    /// Nothing: of a device that does not count, what it was asked is used up before it is judged; an answer that one
    /// knows is right each time.
    Nothing,
}

/// What somebody else must say of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Whether the secret, a slow hash, is that of the answer as [`question::folded`] reads it.
    Hash,
}

impl Kind {
    /// Whether a telephone gets its codes.
    pub fn is_telephoned(self) -> bool {
        matches!(self.factor().channel(), Some(Channel::Call | Channel::Sms))
    }

    /// The `factorType` of the API.
    pub fn as_str(self) -> &'static str {
        self.factor().name()
    }

    /// The maker of this name.
    pub fn provider(self, name: &str) -> Option<&'static Provider> {
        self.factor().providers().iter().find(|provider| provider.name == name)
    }
}

/// Every factor that an organisation allows or not, each with its type.
pub fn org_factors() -> impl Iterator<Item = (Kind, &'static Provider)> {
    let of = |kind: &Kind| {
        let kind = *kind;
        kind.factor().providers().iter().filter(|own| !own.org_factor.is_empty()).map(move |own| (kind, own))
    };
    Kind::ALL.iter().flat_map(of)
}

/// A new code to be sent: six digits.
pub fn new_code(env: &Env) -> Secret<String> {
    code::new(env)
}

/// Whether somebody has an active factor of this type and maker.
fn has_active(held: &[Enrolled], kind: Kind, provider: &str) -> bool {
    let same = |factor: &Enrolled| factor.kind == kind && factor.provider == provider;
    held.iter().any(|factor| same(factor) && factor.status == Status::Active)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("unknown factor type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(kind.factor().id_prefix().len(), 3);
            assert!(!kind.factor().providers().is_empty());
        }
        let mut names: Vec<_> = org_factors().map(|(_, provider)| provider.org_factor).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
