//! An organisation: its name, and what it may set for itself. Each setting is a document with a default, kept under its
//! name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How administrator roles behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleSettings {
    /// Whether managing computers includes issuing their recovery PINs.
    pub manage_implies_recovery_pin: bool,
}

impl Default for RoleSettings {
    fn default() -> Self {
        Self { manage_implies_recovery_pin: true }
    }
}

/// What people call an organisation: 1 to 100 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgName(String);

/// The text names no organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 100 characters on one line")]
pub struct BadOrgName;

impl OrgName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrgName {
    type Err = BadOrgName;

    fn from_str(text: &str) -> Result<Self, BadOrgName> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(BadOrgName)
    }
}

impl fmt::Display for OrgName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_text() {
        assert_eq!("  Acme \u{c9}clair ".parse::<OrgName>().unwrap().as_str(), "Acme \u{c9}clair");
        for wrong in ["", "   ", "a\nb", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<OrgName>(), Err(BadOrgName), "{wrong}");
        }
    }
}
