//! Which attributes of a profile somebody sees or changes: conditions on a permission.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of attributes of a profile, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes {
    /// All but these.
    AllBut(BTreeSet<String>),
    /// These alone.
    Only(BTreeSet<String>),
}

impl Attributes {
    /// Every attribute.
    pub const fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// No attribute.
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether it is every attribute.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::AllBut(names) if names.is_empty())
    }

    /// Whether an attribute is among them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::AllBut(names) => !names.contains(name),
            Self::Only(names) => names.contains(name),
        }
    }

    /// Whether every attribute of `other` is among them.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AllBut(own), Self::AllBut(other)) => own.is_subset(other),
            (Self::AllBut(own), Self::Only(other)) => own.is_disjoint(other),
            // Profiles may have any attribute, so what is listed never covers what is not.
            (Self::Only(_), Self::AllBut(_)) => false,
            (Self::Only(own), Self::Only(other)) => other.is_subset(own),
        }
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::AllBut(one), Self::AllBut(two)) => Self::AllBut(one.intersection(&two).cloned().collect()),
            (Self::AllBut(but), Self::Only(only)) | (Self::Only(only), Self::AllBut(but)) => {
                Self::AllBut(but.difference(&only).cloned().collect())
            }
            (Self::Only(one), Self::Only(two)) => Self::Only(one.union(&two).cloned().collect()),
        }
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::AllBut(one), Self::AllBut(two)) => Self::AllBut(one.union(&two).cloned().collect()),
            (Self::AllBut(but), Self::Only(only)) | (Self::Only(only), Self::AllBut(but)) => {
                Self::Only(only.difference(&but).cloned().collect())
            }
            (Self::Only(one), Self::Only(two)) => Self::Only(one.intersection(&two).cloned().collect()),
        }
    }
}

/// What limits a permission in a role, as it is written: attributes of people's profiles, taken in or left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Only these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Named>,
    /// Not these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Named>,
}

/// Attributes, under the one thing whose attributes can be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Of people's profiles.
    #[serde(rename = "okta:ResourceAttribute/User/Profile")]
    pub profile: BTreeSet<String>,
}

impl Conditions {
    /// The attributes that remain.
    pub fn attributes(&self) -> Attributes {
        let included =
            self.include.as_ref().map_or_else(Attributes::all, |named| Attributes::Only(named.profile.clone()));
        let excluded =
            self.exclude.as_ref().map_or_else(Attributes::all, |named| Attributes::AllBut(named.profile.clone()));
        included.and(excluded)
    }

    /// Whether nothing is limited.
    pub const fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }
}
