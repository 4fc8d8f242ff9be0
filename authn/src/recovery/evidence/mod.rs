//! Evidence: what says, in a recovery case, that somebody is who they say they are; and what never says so.
//!
//! To add a type, write `evidence/NAME.rs` with its [`Evidence`] and add a line to the list. API, console, policy and docs
//! take names, words and forms from there. What somebody found is a document; each type reads its own, judges it by the
//! [`Facts`], and gives back what is kept. A type that the system or a manager witnesses takes nothing from an agent's
//! word: its finding is handed in by whoever saw it.

mod call_back;
mod federated;
mod in_person;
mod manager;
mod other_factor;
mod ticket;
mod video_call;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use postern_codes::id::{Factor as FactorKind, User as UserKind};
use postern_codes::{Id, Timestamp};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub use call_back::{Number, numbers};

use crate::factor::{Kind as FactorType, Traits};
use crate::user::ContactPoint;

/// Most characters of a member of a finding.
pub const LONGEST_TEXT: usize = 255;
/// How long evidence counts: whoever is recognised on Monday need not be who calls on Thursday.
pub const LIFE: Duration = Duration::from_hours(24);

macro_rules! evidence {
    ($($(#[$doc:meta])* $variant:ident $evidence:path;)*) => {
        /// A type of evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $variant),* }

        impl Kind {
            /// Every type, what is checked best first.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// How findings of this type are judged.
            pub fn evidence(self) -> &'static dyn Evidence {
                match self { $(Self::$variant => &$evidence),* }
            }
        }
    };
}

evidence! {
    /// Another factor of the person still works.
    OtherFactor other_factor::OtherFactor;
    /// The person signed in at the provider that their account is linked with.
    Federated federated::Federated;
    /// The person stood there.
    InPerson in_person::InPerson;
    /// The person's manager says so, signed in.
    Manager manager::Manager;
    /// A live video call.
    VideoCall video_call::VideoCall;
    /// A call to a number that was on file long enough.
    CallBack call_back::CallBack;
    /// A ticket that the manager or HR opened.
    Ticket ticket::Ticket;
}

/// What never counts, by its name, and why.
pub const NEVER: &[(&str, &str)] = &[
    ("CHAT_MESSAGE", "a chat message comes from an account, and accounts are stolen"),
    ("EMAIL_CODE", "whoever reads the mailbox reads the code"),
    ("EMAIL_MATCH", "everybody knows the address"),
    ("KNOWLEDGE_QUESTION", "birthdays, numbers and names of pets are found by whoever looks for them"),
];

/// A type of evidence. Pure: what it must know is handed to it, what it found it gives back.
pub trait Evidence: Sync {
    /// Its name in the API and in policies.
    fn name(&self) -> &'static str;

    /// What people call it, in the middle of a sentence.
    fn label(&self) -> &'static str;

    /// What is to be done to get it, in a sentence.
    fn instruction(&self) -> &'static str;

    /// Whose word it rests on.
    fn witness(&self) -> Witness;

    /// Judges a finding; gives what is kept of it.
    ///
    /// # Errors
    /// [`NotEvidence`].
    fn judge(&self, finding: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence>;
}

/// Whose word a type of evidence rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The agent's, who writes down what they saw.
    Agent,
    /// The manager's, signed in as themselves.
    Manager,
    /// Nobody's: the system checked it.
    System,
}

/// What is known when a finding is judged.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The moment.
    pub now: Timestamp,
    /// When the present calendar day began, in the organisation's zone.
    pub today: Timestamp,
    /// Whom the case is about.
    pub person: Id<UserKind>,
    /// Every address the person has or had.
    pub contacts: &'a [ContactPoint],
    /// How long a number must have been on file.
    pub ageing: Duration,
    /// What is kept of the person to compare with: photos, records.
    pub references: &'a [Reference],
    /// The person's manager, where one is named who can sign in.
    pub manager: Option<Id<UserKind>>,
    /// What the system or a manager saw; nothing, where an agent writes down a finding.
    pub seen: Option<Seen>,
}

/// Something to compare a face or a story with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// Where it lies: "HR file 4711", "badge photo".
    pub text: String,
    /// Since when it is kept.
    pub since: Timestamp,
}

/// What the system or a manager saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A right answer of a factor, given to the system for this case.
    Factor(Id<FactorKind>, FactorType, Traits),
    /// A sign-in at the provider by the account that was linked before: provider, subject.
    Federated(String, String),
    /// The word of somebody signed in: who.
    Manager(Id<UserKind>),
}

/// Why something is no evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEvidence {
    /// A member of the document is missing or not of its form: which, and what it must be.
    Form(String, String),
    /// Nobody's word is taken for it: the system or the manager says so.
    NotByWord,
    /// No number of that id is on file.
    NoNumber,
    /// The number is not on file long enough: from when on it counts.
    NumberTooYoung(Timestamp),
    /// The number is not on file any more.
    NumberGone,
    /// There is nothing of that name to compare with.
    NoReference,
    /// The ticket is of the future, or too old.
    TicketTime,
    /// Whoever vouches is the person, or not their manager.
    NotTheManager,
    /// What the factor proves can be had by whoever has the telephone number, the mailbox or the answer.
    WeakFactor,
}

impl NotEvidence {
    /// What stands in the way, and what can be done, in a sentence.
    pub fn meaning(&self) -> String {
        match self {
            Self::Form(member, must) => return format!("{member}: {must}"),
            Self::NotByWord => "this is not taken on anybody's word: it is recorded where it happens",
            Self::NoNumber => "call a number from the list; no other counts, least of all one that the caller gives",
            Self::NumberTooYoung(_) => "that number is too new; call another from the list, or take other evidence",
            Self::NumberGone => "that number is not on file any more; call another from the list",
            Self::NoReference => "there is no such photo or record on file to compare with",
            Self::TicketTime => "the ticket was opened more than 30 days ago, or in the future",
            Self::NotTheManager => "only the person's manager, signed in, can vouch for them",
            Self::WeakFactor => "a code by mail, text message or call, or an answer, does not count: whoever took the account may get it",
        }
        .to_owned()
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.evidence().name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom(format!("{text}: is no type of evidence; {}", allowed())))
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.evidence().name() == text).ok_or(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.evidence().name())
    }
}

fn allowed() -> String {
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.evidence().name()).collect();
    format!("there are {}", names.join(", "))
}

/// Reads a finding of a known form.
fn read<T: DeserializeOwned>(finding: &Value) -> Result<T, NotEvidence> {
    T::deserialize(finding).map_err(|fault| NotEvidence::Form("finding".to_owned(), fault.to_string()))
}

/// A line of text that says something.
fn line(member: &str, text: &str) -> Result<String, NotEvidence> {
    let text = text.trim();
    let fits = (1..=LONGEST_TEXT).contains(&text.chars().count()) && !text.contains(char::is_control);
    let must = || NotEvidence::Form(member.to_owned(), format!("must be a line of 1 to {LONGEST_TEXT} characters"));
    fits.then(|| text.to_owned()).ok_or_else(must)
}

#[cfg(test)]
mod tests;
