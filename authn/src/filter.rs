//! The filter grammar of lists: `status eq "ACTIVE" and (profile.lastName sw "Ho" or not (created lt "2026-01-01T00:00:00Z"))`.
//!
//! RFC 7644 section 3.4.2.2 as Okta's API has it: operators and connectives in any case, attribute names exact, `not`
//! binds tighter than `and`, `and` tighter than `or`, values are JSON literals. Which attributes exist is for the list to
//! say; here is only the form. Length and depth are bounded, so that a hostile filter costs nothing.

use std::fmt;

use serde_json::Value as Json;

/// The longest filter that is read, in bytes.
pub const MAX_LENGTH: usize = 2_000;
/// How deeply groups and `not` may nest.
pub const MAX_DEPTH: usize = 16;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every one of these holds; at least two.
    All(Vec<Self>),
    /// One of these holds; at least two.
    Any(Vec<Self>),
    /// An attribute compared with a value.
    Compare(Comparison),
    /// This does not hold.
    Not(Box<Self>),
    /// The attribute has a value.
    Present(String),
}

/// `attribute operator value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The attribute's full name, such as `profile.login`.
    pub attribute: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: Literal,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `co`: contains.
    Contains,
    /// `ew`: ends with.
    EndsWith,
    /// `eq`: equals.
    Equal,
    /// `gt`: is greater.
    Greater,
    /// `ge`: is greater or equal.
    GreaterOrEqual,
    /// `lt`: is less.
    Less,
    /// `le`: is less or equal.
    LessOrEqual,
    /// `ne`: does not equal.
    NotEqual,
    /// `sw`: starts with.
    StartsWith,
}

impl Operator {
    /// Every operator, with its word.
    const WORDS: &[(&str, Self)] = &[
        ("co", Self::Contains),
        ("eq", Self::Equal),
        ("ew", Self::EndsWith),
        ("ge", Self::GreaterOrEqual),
        ("gt", Self::Greater),
        ("le", Self::LessOrEqual),
        ("lt", Self::Less),
        ("ne", Self::NotEqual),
        ("sw", Self::StartsWith),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(text, _)| word.eq_ignore_ascii_case(text)).map(|(_, operator)| *operator)
    }
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text, a word or an instant: the attribute says which.
    Text(String),
}

/// Where a filter stopped making sense, and what was expected there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at character {at}")]
pub struct BadFilter {
    /// Byte offset from the beginning, counted from 1.
    pub at: usize,
    /// What would have made sense.
    pub expected: &'static str,
}

/// Reads a filter.
///
/// # Errors
/// [`BadFilter`] where the text is not of the grammar, too long, or too deep.
pub fn parse(text: &str) -> Result<Filter, BadFilter> {
    if text.len() > MAX_LENGTH {
        return Err(BadFilter { at: MAX_LENGTH, expected: "the end of the filter, which has at most 2000 bytes" });
    }
    let mut reader = Reader { text, at: 0 };
    let filter = reader.any(0)?;
    reader.skip_space();
    if reader.at < text.len() { Err(reader.expected("`and`, `or` or the end of the filter")) } else { Ok(filter) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// `all *("or" all)`
    fn any(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        let mut members = vec![self.all(depth)?];
        while self.take_word("or") {
            members.push(self.all(depth)?);
        }
        Ok(single_or(members, Filter::Any))
    }

    /// `term *("and" term)`
    fn all(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        let mut members = vec![self.term(depth)?];
        while self.take_word("and") {
            members.push(self.term(depth)?);
        }
        Ok(single_or(members, Filter::All))
    }

    /// `"not" term / "(" any ")" / attribute "pr" / attribute operator value`
    fn term(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        if depth == MAX_DEPTH {
            return Err(self.expected("a filter that nests less deeply"));
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take('(') {
            let inner = self.any(depth + 1)?;
            return if self.take(')') { Ok(inner) } else { Err(self.expected("`)`")) };
        }
        let attribute = self.word();
        if attribute.is_empty() {
            return Err(self.expected("an attribute name, `not` or `(`"));
        }
        self.advance(attribute);
        if self.take_word("pr") {
            return Ok(Filter::Present(attribute.to_owned()));
        }
        let word = self.word();
        let operator = Operator::of(word).ok_or_else(|| self.expected("an operator such as `eq`"))?;
        self.advance(word);
        Ok(Filter::Compare(Comparison { attribute: attribute.to_owned(), operator, value: self.value()? }))
    }

    /// One JSON literal: text, a whole number, `true` or `false`.
    fn value(&mut self) -> Result<Literal, BadFilter> {
        const EXPECTED: &str = "text in double quotes, a whole number, `true` or `false`";
        self.skip_space();
        let rest = &self.text[self.at..];
        if rest.starts_with('"') {
            let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let Some(Ok(text)) = texts.next() else { return Err(self.expected(EXPECTED)) };
            self.at += texts.byte_offset();
            return Ok(Literal::Text(text));
        }
        let word = self.word();
        let literal = word.parse().map(Literal::Flag).or_else(|_| word.parse().map(Literal::Number));
        let literal = literal.map_err(|_| self.expected(EXPECTED))?;
        self.advance(word);
        Ok(literal)
    }

    /// The word that comes next: letters, digits and the marks that attribute names have. It is not yet taken.
    fn word(&mut self) -> &'t str {
        self.skip_space();
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(rest.len());
        &rest[..end]
    }

    fn advance(&mut self, word: &str) {
        self.at += word.len();
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let word = self.word();
        let found = word.eq_ignore_ascii_case(wanted);
        if found {
            self.advance(word);
        }
        found
    }

    fn take(&mut self, mark: char) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(mark);
        self.at += if found { mark.len_utf8() } else { 0 };
        found
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    const fn expected(&self, expected: &'static str) -> BadFilter {
        BadFilter { at: self.at + 1, expected }
    }
}

fn single_or(mut members: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match members.len() {
        1 => members.remove(0),
        _ => many(members),
    }
}

/// The canonical text: lower-case words, one space, brackets around every group.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, members: &[Self], word: &str| {
            for (at, member) in members.iter().enumerate() {
                let join = if at == 0 { "" } else { word };
                match member {
                    Self::All(_) | Self::Any(_) => write!(f, "{join}({member})")?,
                    Self::Compare(_) | Self::Not(_) | Self::Present(_) => write!(f, "{join}{member}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All(members) => joined(f, members, " and "),
            Self::Any(members) => joined(f, members, " or "),
            Self::Compare(Comparison { attribute, operator, value }) => {
                let word = Operator::WORDS.iter().find(|(_, known)| known == operator).map_or("", |(word, _)| word);
                match value {
                    Literal::Flag(flag) => write!(f, "{attribute} {word} {flag}"),
                    Literal::Number(number) => write!(f, "{attribute} {word} {number}"),
                    Literal::Text(text) => write!(f, "{attribute} {word} {}", Json::from(text.as_str())),
                }
            }
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Present(attribute) => write!(f, "{attribute} pr"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        parse(text).unwrap().to_string()
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tighter_than_both() {
        assert_eq!(canonical("a pr or b pr and c pr"), "a pr or (b pr and c pr)");
        assert_eq!(canonical("not a pr and b pr"), "not (a pr) and b pr");
        assert_eq!(canonical("(a pr or b pr) and c pr"), "(a pr or b pr) and c pr");
    }

    #[test]
    fn words_have_any_case_and_attributes_theirs() {
        let text = r#"profile.lastName SW "Ho" AND NOT (status Eq "ACTIVE")"#;
        assert_eq!(canonical(text), r#"profile.lastName sw "Ho" and not (status eq "ACTIVE")"#);
    }

    #[test]
    fn values_are_json_literals() {
        assert_eq!(canonical(r#"a eq "q\"uo\u00e9te""#), "a eq \"q\\\"uo\u{e9}te\"");
        assert_eq!(canonical("a eq true and b gt -3"), "a eq true and b gt -3");
        for wrong in ["a eq null", "a eq {}", "a eq [1]", "a eq 1.5", "a eq ACTIVE", "a eq 'x'", "a eq \"x", "a eq"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_says_where_and_what_was_expected() {
        let refused = parse("status is \"ACTIVE\"").unwrap_err();
        assert_eq!(refused.to_string(), "expected an operator such as `eq` at character 8");
        assert_eq!(parse("a pr b pr").unwrap_err().at, 6);
        assert_eq!(parse("(a pr").unwrap_err().expected, "`)`");
        assert_eq!(parse("").unwrap_err().at, 1);
    }

    #[test]
    fn a_long_or_deep_filter_is_refused_at_once() {
        assert!(parse(&format!("{}a pr{}", "(".repeat(MAX_DEPTH - 1), ")".repeat(MAX_DEPTH - 1))).is_ok());
        assert!(parse(&format!("{}a pr{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH))).is_err());
        assert!(parse(&"not ".repeat(400)).is_err());
        assert!(parse(&format!("a eq \"{}\"", "x".repeat(MAX_LENGTH))).is_err());
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let attribute = "[a-z]{1,3}(\\.[a-zA-Z]{1,3})?"
            .prop_filter("a connective", |word| !["not", "or", "and", "pr"].contains(&word.as_str()));
        let literal = prop_oneof![
            any::<bool>().prop_map(Literal::Flag),
            any::<i64>().prop_map(Literal::Number),
            any::<String>().prop_map(Literal::Text),
        ];
        let operator = prop::sample::select(Operator::WORDS).prop_map(|(_, operator)| operator);
        let leaf = prop_oneof![
            attribute.clone().prop_map(Filter::Present),
            (attribute, operator, literal).prop_map(|(attribute, operator, value)| {
                Filter::Compare(Comparison { attribute, operator, value })
            }),
        ];
        leaf.prop_recursive(4, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
                inner.prop_map(|inner| Filter::Not(Box::new(inner))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(filter in filters()) {
            let text = filter.to_string();
            prop_assume!(text.len() <= MAX_LENGTH);
            prop_assert_eq!(parse(&text), Ok(filter));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*|[ ()a-z.\"\\\\{}\\[\\]0-9é-]{0,80}") {
            let _ = parse(&text);
        }
    }
}
