//! API tokens: what they are called, and what one may be made for beyond its owner's ordinary rights.

use std::fmt;
use std::str::FromStr;

/// What a token may do that its owner could only do in person, with a second factor at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Issue recovery PINs.
    RecoveryPins,
}

impl Grant {
    /// Every grant. To add one, add a line here and its word below.
    pub const ALL: &[Self] = &[Self::RecoveryPins];

    /// Its word in commands, answers and the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryPins => "recovery_pins",
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
    fn a_token_has_a_name_on_one_line() {
        assert_eq!(" ticket robot ".parse::<TokenName>().unwrap().as_str(), "ticket robot");
        for wrong in ["", " ", "a\nb", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<TokenName>(), Err(BadTokenName), "{wrong:?}");
        }
    }
}
