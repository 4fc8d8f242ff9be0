//! Identifiers: 20 characters, typed, sortable by the time they were made.
//!
//! A three-letter prefix says the kind, 9 base-62 characters hold the milliseconds since 1970 (fixed width, ASCII order,
//! so that text order is time order), 8 are random. To add a kind, add a line to the list below; a line is never changed.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::env::Env;

/// The length of every identifier, in ASCII characters.
pub const LENGTH: usize = 20;
const TIME_CHARACTERS: usize = 9;
/// Base 62 in ASCII order, so that text sorts as numbers do.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What an identifier names.
pub trait Kind {
    /// Three letters, or empty where members of the kind have prefixes of their own (factors).
    const PREFIX: &'static str;
    /// The word that "not found" answers use, as Okta's API spells it.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $prefix:literal $name:literal;)*) => {
        $($(#[$doc])* #[derive(Debug)] pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = $name;
        })*
    };
}

kinds! {
    /// An API token.
    ApiToken "00T" "ApiToken";
    /// A role over a resource set.
    Binding "rbd" "RoleBinding";
    /// A challenge that was sent or asked.
    Challenge "chl" "Challenge";
    /// A postal, mail or telephone address of a person.
    ContactPoint "cpt" "ContactPoint";
    /// A message to be sent.
    Delivery "dlv" "Delivery";
    /// A computer.
    Device "guo" "GenericUDObject";
    /// A one-time right to enrol a computer.
    EnrollmentCode "enc" "EnrollmentCode";
    /// An answer that reported a fault.
    Error "oae" "Error";
    /// An entry of the record.
    Event "evt" "LogEvent";
    /// An enrolled factor; the first three letters name its type.
    Factor "" "UserFactor";
    /// What the tokens of one make have in common.
    FactorProfile "fpr" "FactorProfile";
    /// A group of people.
    Group "00g" "Group";
    /// A rule that fills groups.
    GroupRule "0pr" "GroupRule";
    /// A file of people.
    Import "imp" "Import";
    /// A recovery PIN that was issued.
    Issuance "rpi" "RecoveryPin";
    /// A one-time link in a message.
    Link "lnk" "Link";
    /// An organisation.
    Org "org" "Org";
    /// Something to compare a face or a story with.
    PersonReference "prf" "PersonReference";
    /// A policy.
    Policy "00p" "Policy";
    /// A rule of a policy.
    PolicyRule "0pr" "PolicyRule";
    /// A recovery case.
    RecoveryCase "rcc" "RecoveryCase";
    /// One generation of a recovery secret: the `eid` of the wire format.
    RecoveryEnrolment "ren" "RecoveryEnrolment";
    /// What part of a limit one API token may use up.
    PrincipalRateLimit "prl" "PrincipalRateLimitEntity";
    /// A request, for correlation.
    Request "req" "Request";
    /// A resource in a resource set.
    Resource "ire" "ResourceSetResource";
    /// A set of resources that a role reaches.
    ResourceSet "iam" "ResourceSet";
    /// A role that an organisation made.
    Role "cr0" "CustomRole";
    /// An administrator role held by a person or a group.
    RoleAssignment "irb" "Role";
    /// A console session.
    Session "102" "Session";
    /// A sign-in under way.
    SignIn "sgn" "SignIn";
    /// A text of messages to telephones.
    SmsTemplate "cst" "SmsTemplate";
    /// A web origin that is trusted.
    TrustedOrigin "tos" "TrustedOrigin";
    /// A person.
    User "00u" "User";
    /// A network zone.
    Zone "nzo" "NetworkZone";
}

/// A typed identifier, as text in every database, answer and log.
pub struct Id<K> {
    text: [u8; LENGTH],
    kind: PhantomData<fn() -> K>,
}

/// The text is no identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct NotAnId;

impl<K: Kind> Id<K> {
    /// A new identifier for this moment.
    pub fn new(env: &Env) -> Self {
        Self::with_prefix(K::PREFIX, env)
    }

    /// A new identifier with another prefix than the kind's, for factors.
    ///
    /// # Panics
    /// If `prefix` is not three ASCII characters: it comes from a constant.
    pub fn with_prefix(prefix: &str, env: &Env) -> Self {
        let mut text = [0; LENGTH];
        text[..3].copy_from_slice(prefix.as_bytes());
        let mut millis = env.now.micros().max(0).unsigned_abs() / 1000;
        for slot in text[3..3 + TIME_CHARACTERS].iter_mut().rev() {
            *slot = ALPHABET[usize::try_from(millis % 62).unwrap_or(0)];
            millis /= 62;
        }
        for slot in &mut text[3 + TIME_CHARACTERS..] {
            *slot = ALPHABET[usize::from(env.below(62))];
        }
        Self { text, kind: PhantomData }
    }
}

impl<K> Id<K> {
    /// The 20 characters.
    ///
    /// # Panics
    /// Never: every constructor checks that the characters are ASCII.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).expect("checked to be ASCII when made")
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let text: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
        let of_kind = text.starts_with(K::PREFIX.as_bytes());
        let plain = text.iter().all(u8::is_ascii_alphanumeric);
        (of_kind && plain).then_some(Self { text, kind: PhantomData }).ok_or(NotAnId)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::TestWorld;

    #[test]
    fn text_order_is_time_order() {
        let world = TestWorld::new();
        let earlier = Id::<User>::new(&world.env());
        world.advance_seconds(1);
        let later = Id::<User>::new(&world.env());
        assert!(earlier < later);
        assert!(earlier.as_str() < later.as_str());
    }

    #[test]
    fn an_identifier_survives_text() {
        let id = Id::<Device>::new(&TestWorld::new().env());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.as_str().starts_with("guo"));
    }

    #[test]
    fn another_kind_or_form_is_refused() {
        let user = Id::<User>::new(&TestWorld::new().env()).to_string();
        assert_eq!(user.parse::<Id<Device>>(), Err(NotAnId));
        for wrong in ["", "00u", "00u00000000000000000x", "00u0000000000000000\u{e9}", "00u000000000000000-0"] {
            assert_eq!(wrong.parse::<Id<User>>(), Err(NotAnId), "{wrong}");
        }
    }
}
