//! Passwords: what a new one must be, and what is kept of it. Hashing itself is slow on purpose and lives in the shell.

use postern_codes::Secret;

/// The hash of a password: kind of a [`Sealed`](postern_codes::Sealed) value. Sealed, so that a stolen database alone
/// cannot be guessed at.
#[derive(Debug)]
pub enum PasswordHash {}

/// Fewest characters of a new password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password that is looked at: a longer one is nobody's, and would only cost time.
pub const LONGEST: usize = 1024;

/// A password that may be set.
pub struct NewPassword(Secret<String>);

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// It repeats what anybody knows of its owner.
    #[error("the password must not contain your name or your name to sign in")]
    NamesItsOwner,
    /// It is one character, or a few, over and over.
    #[error("the password must have more than five different characters")]
    Repetitive,
    /// It is longer than what is looked at.
    #[error("the password must have at most {LONGEST} bytes")]
    TooLong,
    /// It can be guessed.
    #[error("the password must have at least {SHORTEST} characters")]
    TooShort,
}

impl NewPassword {
    /// Judges `password` for somebody known by `names`: login, first and last name.
    ///
    /// # Errors
    /// [`Weak`], the first reason found.
    pub fn judge(password: Secret<String>, names: &[&str]) -> Result<Self, Weak> {
        let text = password.expose();
        if text.len() > LONGEST {
            return Err(Weak::TooLong);
        }
        if text.chars().count() < SHORTEST {
            return Err(Weak::TooShort);
        }
        let different: std::collections::BTreeSet<char> = text.chars().collect();
        if different.len() <= 5 {
            return Err(Weak::Repetitive);
        }
        let folded = Secret::new(text.to_lowercase());
        let says = |name: &&str| name.chars().count() >= 4 && folded.expose().contains(&name.to_lowercase());
        if names.iter().any(says) {
            return Err(Weak::NamesItsOwner);
        }
        Ok(Self(password))
    }

    /// The password itself, to be hashed.
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(password: &str) -> Result<(), Weak> {
        NewPassword::judge(Secret::new(password.to_owned()), &["grace@harbour.example", "Grace", "Wu"]).map(drop)
    }

    #[test]
    fn a_long_password_of_any_words_is_fine() {
        assert_eq!(judge("four plain small words"), Ok(()));
        assert_eq!(judge("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{e8}\u{ea}\u{e1}\u{e0}\u{e2}\u{ed}\u{ec}"), Ok(()));
    }

    #[test]
    fn a_short_repetitive_or_telling_password_is_refused() {
        assert_eq!(judge("elevenchars"), Err(Weak::TooShort));
        assert_eq!(judge("abcabcabcabcabc"), Err(Weak::Repetitive));
        assert_eq!(judge("My GRACE is long enough"), Err(Weak::NamesItsOwner));
        assert_eq!(judge(&"long ".repeat(300)), Err(Weak::TooLong));
    }

    #[test]
    fn a_name_too_short_to_matter_does_not_forbid() {
        assert_eq!(judge("without trouble wu"), Ok(()));
    }
}
