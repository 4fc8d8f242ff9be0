//! What would have made sense where an expression stops making any.

use std::fmt;

use super::{Expression, MAX_LENGTH};

/// What was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A comma and another argument.
    Argument,
    /// A closing bracket.
    Closed,
    /// Something that can be compared with what stands before.
    Comparable,
    /// `AND`, `OR`, a comparison or the end.
    End,
    /// What may stand behind a backslash.
    Escape,
    /// A member of a profile.
    Member,
    /// An opening bracket.
    Opened,
    /// A member, text, or something that can be called.
    Operand,
    /// A quote that ends.
    Quote,
    /// Fewer brackets and calls in each other.
    Shallower,
    /// Fewer bytes.
    Shorter,
    /// Text.
    Text,
    /// Something that is true or false.
    Truth,
    /// A whole that is true or false.
    Verdict,
}

impl Expected {
    /// Its stable word, by which catalogues know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Closed => "closed",
            Self::Comparable => "comparable",
            Self::End => "end",
            Self::Escape => "escape",
            Self::Member => "member",
            Self::Opened => "opened",
            Self::Operand => "operand",
            Self::Quote => "quote",
            Self::Shallower => "shallower",
            Self::Shorter => "shorter",
            Self::Text => "text",
            Self::Truth => "truth",
            Self::Verdict => "verdict",
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Argument => "`,` and another argument",
            Self::Closed => "`)`",
            Self::Comparable => "something that can be compared with what stands before",
            Self::End => "`AND`, `OR`, a comparison or the end",
            Self::Escape => "a quote, a backslash, n or t behind the backslash",
            Self::Member => "a member of a profile, such as user.department",
            Self::Opened => "`(`",
            Self::Operand => {
                let names: Vec<&str> = Expression::functions().collect();
                return write!(formatter, "`user.` and a member, text in quotes, or one of {}", names.join(", "));
            }
            Self::Quote => "text whose quote is closed",
            Self::Shallower => "an expression that nests less deeply",
            Self::Shorter => return write!(formatter, "an expression of at most {MAX_LENGTH} bytes"),
            Self::Text => "text",
            Self::Truth => "something that is true or false",
            Self::Verdict => "an expression that is true or false",
        };
        formatter.write_str(words)
    }
}
