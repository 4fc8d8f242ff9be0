//! Passwords: what a new one must be, and what is kept of it. Hashing itself is slow on purpose and lives in the shell.

mod common;

use postern_codes::Secret;

use crate::policy::password::{Attribute, Complexity};

pub use common::is_common;

/// The hash of a password: kind of a [`Sealed`](postern_codes::Sealed) value. Sealed, so that a stolen database alone
/// cannot be guessed at.
#[derive(Debug)]
pub enum PasswordHash {}

/// Most bytes of a password that is looked at: a longer one is nobody's, and would only cost time.
pub const LONGEST: usize = 1024;
/// Fewest characters of a part of a name for it to matter.
const TELLING: usize = 4;

/// A password that may be set.
pub struct NewPassword(Secret<String>);

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owner<'o> {
    /// What they sign in with.
    pub login: &'o str,
    /// Their given name.
    pub first_name: &'o str,
    /// Their family name.
    pub last_name: &'o str,
}

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Many people use it, or one much like it.
    #[error("the password is one that many people use, or much like one")]
    Common,
    /// It repeats what anybody knows of its owner.
    #[error("the password must not contain your name or your name to sign in")]
    NamesItsOwner,
    /// A digit is missing.
    #[error("the password must have a digit")]
    NoDigit,
    /// A small letter is missing.
    #[error("the password must have a small letter")]
    NoLowerCase,
    /// A sign is missing.
    #[error("the password must have a sign that is neither letter nor digit")]
    NoSymbol,
    /// A capital letter is missing.
    #[error("the password must have a capital letter")]
    NoUpperCase,
    /// It is one character, or a few, over and over.
    #[error("the password must have more than five different characters")]
    Repetitive,
    /// A character follows itself too often.
    #[error("the password must not have the same character more than {0} times in a row")]
    Runs(u32),
    /// It is longer than what is looked at.
    #[error("the password must have at most {LONGEST} bytes")]
    TooLong,
    /// It can be guessed.
    #[error("the password must have at least {0} characters")]
    TooShort(u32),
}

impl NewPassword {
    /// Judges `password` by what a policy asks for.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub fn judge(password: Secret<String>, wanted: &Complexity, owner: &Owner<'_>) -> Result<Self, Vec<Weak>> {
        let text = password.expose();
        if text.len() > LONGEST {
            return Err(vec![Weak::TooLong]);
        }
        let has = |least: u32, kind: fn(char) -> bool| least == 0 || text.chars().any(kind);
        let folded = Secret::new(text.to_lowercase());
        let tells = |name: &str| tells(folded.expose(), name);
        let names_owner = wanted.exclude_username && tells(owner.login)
            || wanted.exclude_attributes.iter().any(|attribute| match attribute {
                Attribute::FirstName => tells(owner.first_name),
                Attribute::LastName => tells(owner.last_name),
            });
        let most = wanted.max_consecutive_characters;
        let broken = [
            (text.chars().count() < wanted.min_length as usize, Weak::TooShort(wanted.min_length)),
            (different(text) <= 5, Weak::Repetitive),
            (most.is_some_and(|most| longest_run(text) > most), Weak::Runs(most.unwrap_or_default())),
            (!has(wanted.min_lower_case, char::is_lowercase), Weak::NoLowerCase),
            (!has(wanted.min_upper_case, char::is_uppercase), Weak::NoUpperCase),
            (!has(wanted.min_number, char::is_numeric), Weak::NoDigit),
            (!has(wanted.min_symbol, |character| !character.is_alphanumeric()), Weak::NoSymbol),
            (names_owner, Weak::NamesItsOwner),
            (wanted.dictionary.common.exclude && is_common(text), Weak::Common),
        ];
        let broken: Vec<Weak> = broken.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, weak)| weak).collect();
        if broken.is_empty() { Ok(Self(password)) } else { Err(broken) }
    }

    /// The password itself, to be hashed.
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }

    /// The password itself, to be compared with earlier ones.
    pub const fn secret(&self) -> &Secret<String> {
        &self.0
    }
}

/// Whether a folded password contains a name, or the part of it before an `@`.
fn tells(folded: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let before = name.split('@').next().unwrap_or_default();
    [name.as_str(), before].into_iter().any(|part| part.chars().count() >= TELLING && folded.contains(part))
}

fn different(text: &str) -> usize {
    text.chars().collect::<std::collections::BTreeSet<char>>().len()
}

fn longest_run(text: &str) -> u32 {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for character in text.chars() {
        run = if last == Some(character) { run + 1 } else { 1 };
        last = Some(character);
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Owner<'_> = Owner { login: "grace.h@harbour.example", first_name: "Grace", last_name: "Wu" };

    fn judge(password: &str, wanted: &Complexity) -> Vec<Weak> {
        NewPassword::judge(Secret::new(password.to_owned()), wanted, &GRACE).err().unwrap_or_default()
    }

    fn ours(password: &str) -> Vec<Weak> {
        judge(password, &Complexity::default())
    }

    #[test]
    fn a_long_password_of_any_words_is_fine() {
        assert_eq!(ours("four plain small words"), []);
        assert_eq!(ours("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{e8}\u{ea}\u{e1}\u{e0}\u{e2}\u{ed}\u{ec}"), []);
    }

    #[test]
    fn a_short_repetitive_or_telling_password_is_refused() {
        assert_eq!(ours("elevenchars"), [Weak::TooShort(12)]);
        assert_eq!(ours("abcabcabcabcabc"), [Weak::Repetitive]);
        assert_eq!(ours("My GRACE is long enough"), [Weak::NamesItsOwner]);
        assert_eq!(ours("I am grace.h at work"), [Weak::NamesItsOwner]);
        assert_eq!(ours("Password123456!"), [Weak::Common]);
        assert_eq!(ours(&"long ".repeat(300)), [Weak::TooLong]);
    }

    #[test]
    fn a_name_too_short_to_matter_does_not_forbid() {
        assert_eq!(ours("without trouble wu"), []);
    }

    #[test]
    fn every_broken_rule_is_told_at_once() {
        let wanted = Complexity {
            min_lower_case: 1,
            min_upper_case: 1,
            min_number: 1,
            min_symbol: 1,
            max_consecutive_characters: Some(2),
            ..Complexity::default()
        };
        assert_eq!(
            judge("aaab", &wanted),
            [Weak::TooShort(12), Weak::Repetitive, Weak::Runs(2), Weak::NoUpperCase, Weak::NoDigit, Weak::NoSymbol,]
        );
        assert_eq!(judge("Four plain small words 1!", &wanted), []);
    }

    #[test]
    fn what_a_policy_does_not_ask_for_is_not_asked() {
        let wanted = Complexity {
            min_length: 8,
            exclude_username: false,
            exclude_attributes: vec![],
            dictionary: crate::policy::password::Dictionary {
                common: crate::policy::password::Common { exclude: false },
            },
            ..Complexity::default()
        };
        assert_eq!(judge("password grace.h", &wanted), []);
    }
}
