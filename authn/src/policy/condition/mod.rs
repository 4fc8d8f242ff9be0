//! Conditions of policies and rules. To add one, write `condition/NAME.rs` with its [`Condition`] and add a line to the
//! list: reading, judging, explaining and refusing all derive from the list.

mod auth_context;
mod auth_provider;
mod identity_provider;
mod network;
mod people;

use postern_codes::Id;
use postern_codes::id::Group;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use auth_context::AuthContext;
pub use auth_provider::AuthProvider;
pub use identity_provider::IdentityProvider;
pub use network::{ALL_ZONES, Connection, Network};
pub use people::{Members, People};

use super::{BadDocument, PolicyType, Situation};

macro_rules! conditions {
    ($($(#[$doc:meta])* $field:ident $name:literal $type:ident;)*) => {
        /// The conditions of a policy or rule: all of them must match. One that is absent matches always.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Conditions {
            $($(#[$doc])* #[serde(rename = $name, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl Conditions {
            /// Every condition there is, by its name in the API.
            pub const NAMES: &[&str] = &[$($name),*];

            fn each(&self) -> Vec<(&'static str, &dyn Condition)> {
                let each: [(&'static str, Option<&dyn Condition>); Self::NAMES.len()] =
                    [$(($name, self.$field.as_ref().map(|condition| condition as &dyn Condition))),*];
                each.into_iter().filter_map(|(name, condition)| Some((name, condition?))).collect()
            }

            /// Whether whatever matches `other` matches these too. It may, where this says no: only what follows from the
            /// conditions themselves is told.
            pub fn cover(&self, other: &Self, everyone: Id<Group>) -> bool {
                $(self.$field.as_ref().is_none_or(|own| own.covers(other.$field.as_ref(), everyone)))&&*
            }
        }
    };
}

conditions! {
    /// By which entrance somebody comes.
    auth_context "authContext" AuthContext;
    /// Who keeps the password.
    auth_provider "authProvider" AuthProvider;
    /// Who vouches for the person.
    identity_provider "identityProvider" IdentityProvider;
    /// From where.
    network "network" Network;
    /// Who.
    people "people" People;
}

/// Something that a situation must be like.
pub trait Condition {
    /// Judges a situation.
    fn judge(&self, situation: &Situation) -> (Verdict, Why);

    /// Whether it holds wherever another one of its kind does, which may be absent.
    fn covers(&self, other: Option<&Self>, everyone: Id<Group>) -> bool
    where
        Self: Sized;

    /// Whether it may stand in this place, and is of a form that can be judged.
    ///
    /// # Errors
    /// What is wrong with it, to be said behind its name.
    fn check(&self, place: Place) -> Result<(), String>;

    /// The ids of what it speaks of.
    fn references(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Where a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At a policy.
    Policy(PolicyType),
    /// At a rule.
    Rule(PolicyType),
}

/// What was found of a condition, a rule or a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Match,
    /// It does not.
    NoMatch,
    /// It cannot be judged with what is known.
    CannotTell,
}

impl Verdict {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "MATCH",
            Self::NoMatch => "NOT_MATCH",
            Self::CannotTell => "UNDEFINED",
        }
    }

    /// Whether all of them hold: one that does not settles it, whatever cannot be told of the others.
    pub fn all(findings: &[Finding]) -> Self {
        let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
        if has(Self::NoMatch) {
            Self::NoMatch
        } else if has(Self::CannotTell) {
            Self::CannotTell
        } else {
            Self::Match
        }
    }
}

macro_rules! reasons {
    ($($variant:ident $code:literal $text:literal;)*) => {
        /// Why a condition was found as it was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Why { $(#[doc = $text] $variant),* }

        impl Why {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// A sentence for people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

reasons! {
    Always "always" "it holds for everybody and everywhere";
    ExcludedGroup "excluded_group" "a group of the person is excluded";
    ExcludedPerson "excluded_person" "the person is excluded";
    ExcludedZone "excluded_zone" "the address lies in a zone that is excluded";
    IncludedGroup "included_group" "a group of the person is included";
    IncludedPerson "included_person" "the person is included";
    IncludedZone "included_zone" "the address lies in a zone that is included";
    NotIncluded "not_included" "neither the person nor a group of theirs is included";
    OtherEntrance "other_entrance" "it is about another entrance";
    OtherProvider "other_provider" "it is about people of another provider";
    OutsideZones "outside_zones" "the address lies in none of the zones that are included";
    RightEntrance "right_entrance" "it is about this entrance";
    RightProvider "right_provider" "it is about people of this provider";
    UnknownAddress "unknown_address" "from where the request comes cannot be told";
}

/// A condition, and what was found of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Its name in the API.
    pub condition: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
}

impl Conditions {
    /// Those of a policy for these groups.
    pub fn of_groups(include: Vec<Id<Group>>) -> Self {
        let groups = Members { include, exclude: Vec::new() };
        Self { people: Some(People { groups: Some(groups), users: None }), ..Self::default() }
    }

    /// Reads the conditions in this place.
    ///
    /// # Errors
    /// [`BadDocument`] where one is unknown, not of its form, or does not belong there.
    pub fn read(place: Place, document: &Value) -> Result<Self, BadDocument> {
        let conditions: Self = super::read("conditions", document)?;
        for (name, condition) in conditions.each() {
            condition.check(place).map_err(|wrong| BadDocument(format!("conditions.{name}: {wrong}")))?;
        }
        Ok(conditions)
    }

    /// What is found of each.
    pub fn judge(&self, situation: &Situation) -> Vec<Finding> {
        let each = self.each().into_iter();
        each.map(|(name, condition)| {
            let (verdict, why) = condition.judge(situation);
            Finding { condition: name, verdict, why }
        })
        .collect()
    }

    /// The ids of every group, person and zone that they speak of, each once.
    pub fn references(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.each().iter().flat_map(|(_, condition)| condition.references()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
