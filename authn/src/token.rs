//! API tokens: what they are called, and what one may be made for beyond its owner's ordinary rights.

use std::fmt;
use std::str::FromStr;

use postern_codes::id::{Id, Zone};
use serde::{Deserialize, Serialize};

use crate::permission::Permission;

/// What a token may do that its owner could only do in person, with a second factor at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Issue recovery PINs.
    RecoveryPins,
    /// Take a person's factors away outside any recovery case.
    ResetWithoutCase,
}

impl Grant {
    /// Every grant. To add one, add a line here and its word below.
    pub const ALL: &[Self] = &[Self::RecoveryPins, Self::ResetWithoutCase];

    /// What its owner must hold, now and whenever it is used.
    pub const fn needs(self) -> Permission {
        match self {
            Self::RecoveryPins => Permission::RecoveryPinGenerate,
            Self::ResetWithoutCase => Permission::UsersResetFactors,
        }
    }

    /// What it lets a program do, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::RecoveryPins => "Make recovery PINs without a second factor at hand.",
            Self::ResetWithoutCase => {
                "Reset people's factors without a recovery case; each such reset is told to auditors."
            }
        }
    }

    /// Its word in commands, answers and the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryPins => "recovery_pins",
            Self::ResetWithoutCase => "reset_without_case",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Grant {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|grant| grant.as_str() == text).ok_or(())
    }
}

/// From where a token may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// From anywhere, or by zones.
    pub connection: Connection,
    /// The zones that it may be used from; where there are none, any that is not left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The zones that it may not be used from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// Whether zones are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Connection {
    /// From everywhere.
    #[default]
    Anywhere,
    /// From some zones.
    Zone,
}

impl Network {
    /// Whether a token may be used from an address that lies in `zones`. A zone that is gone holds no address: what named
    /// it alone is allowed nowhere.
    pub fn allows(&self, zones: &[Id<Zone>]) -> bool {
        let lies_in = |named: &[String]| named.iter().any(|id| zones.iter().any(|zone| zone.as_str() == id));
        match self.connection {
            Connection::Anywhere => true,
            Connection::Zone => (self.include.is_empty() || lies_in(&self.include)) && !lies_in(&self.exclude),
        }
    }
}

/// What a token is for: 1 to 100 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

/// The text names no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token's name has 1 to 100 characters on one line")]
pub struct BadTokenName;

impl TokenName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = BadTokenName;

    fn from_str(text: &str) -> Result<Self, BadTokenName> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(BadTokenName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_back_by_its_word() {
        for grant in Grant::ALL {
            assert_eq!(grant.as_str().parse(), Ok(*grant));
        }
        assert_eq!("everything".parse::<Grant>(), Err(()));
    }

    #[test]
    fn a_token_is_used_from_the_zones_it_names() {
        let env = postern_codes::env::TestWorld::new().env();
        let (office, vpn) = (Id::new(&env), Id::new(&env));
        let network = |include: &[Id<Zone>], exclude: &[Id<Zone>]| Network {
            connection: Connection::Zone,
            include: include.iter().map(Id::to_string).collect(),
            exclude: exclude.iter().map(Id::to_string).collect(),
        };
        assert!(Network::default().allows(&[]));
        assert!(network(&[office], &[]).allows(&[office, vpn]));
        assert!(!network(&[office], &[]).allows(&[]));
        assert!(network(&[], &[vpn]).allows(&[office]));
        assert!(!network(&[office], &[vpn]).allows(&[office, vpn]));
    }

    #[test]
    fn a_token_has_a_name_on_one_line() {
        assert_eq!(" ticket robot ".parse::<TokenName>().unwrap().as_str(), "ticket robot");
        for wrong in ["", " ", "a\nb", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<TokenName>(), Err(BadTokenName), "{wrong:?}");
        }
    }
}
