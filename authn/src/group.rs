//! A group of people: a name, a description, and whether the organisation made it or came with it.

use std::fmt;
use std::str::FromStr;

/// The name of the group that everybody is in.
pub const EVERYONE: &str = "Everyone";

/// Where a group comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// Came with the organisation: everybody is in it, and nobody changes it.
    BuiltIn,
    /// Made by an administrator.
    Own,
}

impl GroupKind {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "BUILT_IN",
            Self::Own => "OKTA_GROUP",
        }
    }
}

impl FromStr for GroupKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::BuiltIn, Self::Own].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// What an administrator may set of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProfile {
    name: String,
    description: String,
}

/// Why a profile is refused, by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadGroup {
    /// The description is too long.
    #[error("description: must have at most 1024 characters")]
    Description,
    /// The name is missing, too long, or not one line.
    #[error("name: must have 1 to 255 characters on one line")]
    Name,
}

impl GroupProfile {
    /// A profile with a name of 1 to 255 characters and a description of at most 1,024.
    ///
    /// # Errors
    /// [`BadGroup`] names the member that does not fit.
    pub fn new(name: &str, description: &str) -> Result<Self, BadGroup> {
        let name = name.trim();
        if !(1..=255).contains(&name.chars().count()) || name.contains(char::is_control) {
            return Err(BadGroup::Name);
        }
        if description.chars().count() > 1024 {
            return Err(BadGroup::Description);
        }
        Ok(Self { name: name.to_owned(), description: description.to_owned() })
    }

    /// The profile of the group that everybody is in.
    pub fn everyone() -> Self {
        Self { name: EVERYONE.to_owned(), description: "All users in your organization".to_owned() }
    }

    /// What people call it; unique in an organisation, whatever the case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn description(&self) -> &str {
        &self.description
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_bounded() {
        assert_eq!(GroupProfile::new(" Night shift ", "").unwrap().name(), "Night shift");
        for wrong in ["", " ", "a\tb", &"x".repeat(256)] {
            assert_eq!(GroupProfile::new(wrong, ""), Err(BadGroup::Name), "{wrong}");
        }
        assert_eq!(GroupProfile::new("a", &"x".repeat(1025)), Err(BadGroup::Description));
    }
}
