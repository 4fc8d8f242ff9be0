//! Factors: what a person can prove, by which traits, and how an answer is judged.
//!
//! To add a type, write `factor/NAME.rs` with its [`Factor`] and add a line to the list. What the whole system needs of
//! it (rows, counters, sign-in, the conformance suite) it gets from the trait and the fixed row; nothing else names it.

#[cfg(any(test, feature = "suite"))]
pub mod suite;
pub mod totp;
pub mod webauthn;

use std::fmt;
use std::str::FromStr;

use postern_codes::id::{Factor as FactorKind, User};
use postern_codes::{Id, Sealed, Secret, Timestamp};
use serde::{Deserialize, Serialize};

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
    /// Codes of an authenticator app.
    Totp totp::AuthenticatorApp;
    /// Passkeys and security keys.
    WebAuthn webauthn::Passkey;
}

/// A type of factor. Pure: what it must know is handed to it, what it found it gives back.
pub trait Factor: Sync {
    /// The `factorType` of the API.
    fn name(&self) -> &'static str;

    /// What people call it, in the middle of a sentence.
    fn label(&self) -> &'static str;

    /// The three letters its ids begin with.
    fn id_prefix(&self) -> &'static str;

    /// What a right answer proves at best.
    fn traits(&self) -> Traits;

    /// What a right answer of this very factor proves at best, by what the API shows of it.
    fn traits_of(&self, _profile: &serde_json::Value) -> Traits {
        self.traits()
    }

    /// What names a factor among all of the organisation's, where answers name their factor before their person.
    fn handle(&self, _profile: &serde_json::Value) -> Option<[u8; 32]> {
        None
    }

    /// The word of RFC 8176 for it.
    fn amr(&self) -> &'static str;

    /// Judges an answer. `held.counter` is the last one used: what is accepted rises above it, and the caller consumes it
    /// by one guarded statement, so that no answer counts twice.
    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict;
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
        self.category == category || (self.verifies_user && category != Category::Possession)
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
    /// What the API shows of it.
    pub profile: serde_json::Value,
    /// Its secret.
    pub secret: Sealed<FactorSecret>,
    /// The last counter used; it only rises.
    pub counter: u64,
    /// When it was enrolled.
    pub created_at: Timestamp,
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
}

/// A factor to be enrolled, proved by a first answer.
pub struct NewFactor {
    /// Whose it is.
    pub user: Id<User>,
    /// Its type.
    pub kind: Kind,
    /// Who makes it, as the API has it.
    pub provider: &'static str,
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
}

/// What a person answers.
pub enum Answer {
    /// Something that a device signed, and what it was asked.
    Assertion(Box<webauthn::Assertion>),
    /// Something typed.
    Code(Secret<String>),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assertion(_) => f.write_str("Assertion(..)"),
            Self::Code(_) => f.write_str("Code(..)"),
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
    /// Wrong, used before or too old.
    Refused,
}

/// What a right answer proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// What is to be consumed; none of a device that does not count. What is asked of such a device is consumed instead,
    /// before it is judged.
    pub counter: Option<u64>,
    /// What it is worth.
    pub traits: Traits,
    /// What the API shows of the factor from now on, where that has changed.
    pub profile: Option<serde_json::Value>,
}

/// An outside party that judges an answer. No type of this version needs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {}

impl Kind {
    /// The `factorType` of the API.
    pub fn as_str(self) -> &'static str {
        self.factor().name()
    }
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
        }
    }
}
