//! Searches: a filter or a search box becomes conditions with bound parameters. The only module that builds SQL; what is
//! put together are constants of this crate and placeholders, never a character that somebody sent.
//!
//! | module | holds |
//! | --- | --- |
//! | [`compare`] | one comparison of an attribute, by what its column is compared as |
//! | [`statement`] | conditions put together to a list being asked for |

mod compare;
mod statement;

use postern_authn::filter::{self, BadFilter, Filter, Operator};
use postern_codes::Timestamp;

use crate::sql::{Value, values};

pub(crate) use statement::Search;

/// An attribute that a list can be asked for, and the column it lives in.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name in filters.
    pub name: &'static str,
    /// Where it lives.
    pub column: Column,
}

/// Where an attribute lives, and what it is compared as.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// Text of any of several rows: the beginning of an `EXISTS (..`, and the column within.
    AnyOf(&'static str, &'static str),
    /// Text compared as it stands: identifiers, words.
    Exact(&'static str),
    /// Yes or no.
    Flag(&'static str),
    /// Text compared without regard to case, as far as ASCII has one.
    Folded(&'static str),
    /// One of these that leads an index of its table, after the organisation.
    Indexed(&'static Self),
    /// A further member of a person's profile, by its name.
    Member(&'static str),
    /// Text that has other names too: the column, and what gives the name that is stored.
    Named(&'static str, fn(&str) -> &str),
    /// A status: what its words mean. Compared as words, so that `lt` and `gt` say "any but".
    State(&'static [Word]),
    /// Text that this program folds before it stores it: compared without regard to case in any alphabet.
    Stored(&'static str),
    /// An instant, written as RFC 3339.
    Time(&'static str),
}

/// A word that a status may be, and which rows are of it.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// As the API shows it.
    pub shown: &'static str,
    /// The status in the row.
    pub stored: &'static str,
    /// What holds besides, beginning with ` AND `; `?` stands for the present moment. Nothing where it is empty.
    pub besides: &'static str,
}

/// Why a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// The list has no such attribute.
    #[error("`{0}` is no attribute that can be searched for")]
    Attribute(String),
    /// It is not of the grammar.
    #[error(transparent)]
    Form(#[from] BadFilter),
    /// The attribute cannot be compared so, or not with that.
    #[error("`{0}` cannot be compared in this way")]
    Operator(String),
}

/// A condition on the rows of a list. Its text has a `?` for each of its values.
#[derive(Debug, Clone)]
pub struct Condition {
    text: String,
    values: Vec<Value>,
    reach: Option<Reach>,
}

/// Stretches of indexes in one of which every row lies for which a condition holds.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) stretches: Vec<Stretch>,
    /// How wide they are likely to be: one value, a beginning, a range.
    width: u8,
}

/// One stretch of an index.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// What the rows of the list's own table fulfil, or a whole `SELECT` of their ids.
    pub(crate) text: String,
    pub(crate) is_select: bool,
    pub(crate) values: Vec<Value>,
}

impl Reach {
    fn own(text: String, values: Vec<Value>, width: u8) -> Self {
        Self { stretches: vec![Stretch { text, is_select: false, values }], width }
    }

    fn either(first: Self, mut second: Self) -> Self {
        let width = first.width.max(second.width);
        let mut stretches = first.stretches;
        stretches.append(&mut second.stretches);
        Self { stretches, width }
    }
}

impl Condition {
    /// A constant condition with a `?` for each of `values`.
    pub(crate) fn new(text: &'static str, values: Vec<Value>) -> Self {
        Self { text: text.to_owned(), values, reach: None }
    }

    /// Each constant followed by a placeholder for each of its values, as after `IN (`; then the end.
    pub(crate) fn listed(parts: Vec<(&'static str, Vec<Value>)>, end: &'static str) -> Self {
        let mut condition = Self::new("", values![]);
        for (text, values) in parts {
            condition.text.push_str(text);
            // Not every engine takes an empty list; nothing is equal to NULL.
            let list = if values.is_empty() { "NULL".to_owned() } else { vec!["?"; values.len()].join(", ") };
            condition.text.push_str(&list);
            condition.values.extend(values);
        }
        condition.text.push_str(end);
        condition
    }

    /// The same, with the ids of the rows for which it can hold: `SELECT .. AS id` of whole index walks.
    pub(crate) fn lying_in(mut self, selects: Vec<Self>) -> Self {
        let stretch = |Self { text, values, .. }| Stretch { text, is_select: true, values };
        self.reach = Some(Reach { stretches: selects.into_iter().map(stretch).collect(), width: 1 });
        self
    }

    /// That an indexed column begins with a text.
    pub(crate) fn beginning(column: &str, text: &str) -> Self {
        let condition = Self::text(column, Operator::StartsWith, text);
        condition.map_or_else(
            || Self::new("TRUE", values![]),
            |condition| {
                let reach = Reach::own(condition.text.clone(), condition.values.clone(), 1);
                Self { reach: Some(reach), ..condition }
            },
        )
    }

    /// What the text of a filter demands of rows with these attributes; none of them may be a [`Column::State`].
    ///
    /// # Errors
    /// [`Unsupported`] where it is malformed or asks for what the list does not have.
    pub fn parse(text: &str, attributes: &[Attribute]) -> Result<Self, Unsupported> {
        Self::of(&filter::parse(text)?, &Among { attributes, now: None })
    }

    /// The same at a moment, for what depends on it.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_at(text: &str, attributes: &[Attribute], now: Timestamp) -> Result<Self, Unsupported> {
        Self::of(&filter::parse(text)?, &Among { attributes, now: Some(now) })
    }

    /// This and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all(vec![self, other])
    }

    /// Where the rows lie for which this holds, if any index says.
    pub(crate) const fn reach(&self) -> Option<&Reach> {
        self.reach.as_ref()
    }

    fn of(filter: &Filter, among: &Among<'_>) -> Result<Self, Unsupported> {
        let each = |members: &[Filter]| -> Result<Vec<Self>, Unsupported> {
            members.iter().map(|member| Self::of(member, among)).collect()
        };
        match filter {
            Filter::All(members) => Ok(Self::all(each(members)?)),
            Filter::Any(members) => Ok(Self::any(each(members)?)),
            Filter::Compare(comparison) => Self::compare(among.column(&comparison.attribute)?, comparison, among),
            Filter::Not(inner) => {
                let Self { text, values, .. } = Self::of(inner, among)?;
                // A condition on a missing value is neither true nor false; its opposite is to hold then.
                Ok(Self { text: format!("NOT COALESCE({text}, FALSE)"), values, reach: None })
            }
            Filter::Present(name) => Ok(among.column(name)?.is_present()),
        }
    }

    /// All of several, of which one at least; the narrowest says where they lie.
    fn all(members: Vec<Self>) -> Self {
        let narrowest = members.iter().filter_map(|member| member.reach.as_ref()).min_by_key(|reach| reach.width);
        Self { reach: narrowest.cloned(), ..Self::joined(members, " AND ") }
    }

    /// Any of several, of which one at least: it lies where one of them does, if that is known of all.
    pub(crate) fn any(members: Vec<Self>) -> Self {
        let reaches: Option<Vec<Reach>> = members.iter().map(|member| member.reach.clone()).collect();
        let reach = reaches.and_then(|reaches| reaches.into_iter().reduce(Reach::either));
        Self { reach, ..Self::joined(members, " OR ") }
    }

    fn joined(members: Vec<Self>, word: &str) -> Self {
        let texts: Vec<&str> = members.iter().map(|member| member.text.as_str()).collect();
        let text = format!("({})", texts.join(word));
        Self { text, values: members.into_iter().flat_map(|member| member.values).collect(), reach: None }
    }
}

/// The attributes of a list, and the present moment where one of them depends on it.
struct Among<'a> {
    attributes: &'a [Attribute],
    now: Option<Timestamp>,
}

impl Among<'_> {
    fn column(&self, name: &str) -> Result<Column, Unsupported> {
        let known = self.attributes.iter().find(|attribute| attribute.name == name);
        known.map(|attribute| attribute.column).ok_or_else(|| Unsupported::Attribute(name.to_owned()))
    }
}

/// An instant written as RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|instant| Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::compare::successor;
    use super::*;

    const ATTRIBUTES: &[Attribute] = &[
        Attribute { name: "id", column: Column::Exact("u.id") },
        Attribute { name: "name", column: Column::Folded("u.name") },
        Attribute { name: "created", column: Column::Time("u.created_at") },
    ];

    fn condition(text: &str) -> Result<String, Unsupported> {
        Condition::parse(text, ATTRIBUTES).map(|condition| condition.text)
    }

    #[test]
    fn nothing_that_was_sent_is_in_the_text() {
        let text = condition(r#"id eq "'; DROP TABLE users; --?" or not (name sw "$2")"#).unwrap();
        assert_eq!(text, "(u.id = ? OR NOT COALESCE((lower(u.name) >= ? AND lower(u.name) < ?), FALSE))");
    }

    #[test]
    fn placeholders_are_numbered_in_order() {
        let first = Condition::parse(r#"id eq "a" and name ew "b""#, ATTRIBUTES).unwrap();
        let search = Search::of("SELECT u.id FROM users u WHERE u.org_id = $1").and(first);
        let search = search.and(Condition::new("u.id > ?", values!["c"]));
        assert!(search.text.ends_with("(u.id = $2 AND substr(lower(u.name), length(lower(u.name)) - length(CAST($3 AS TEXT)) + 1) = $4) AND u.id > $5"));
        assert_eq!(search.values.len(), 4);
    }

    #[test]
    fn a_beginning_ends_before_the_next_text() {
        assert_eq!(successor("ab").as_deref(), Some("ac"));
        assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(successor("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(successor("\u{10ffff}\u{10ffff}"), None);
    }

    proptest! {
        #[test]
        fn what_begins_with_a_text_lies_before_its_successor(text in "\\PC{1,4}|[\u{d7fe}-\u{e001}\u{10fffe}-\u{10ffff}]{1,3}", rest in "\\PC{0,3}") {
            let longer = format!("{text}{rest}");
            prop_assert!(longer >= text);
            if let Some(beyond) = successor(&text) {
                prop_assert!(longer < beyond && !beyond.starts_with(&text), "{:?}", beyond);
            }
        }
    }

    #[test]
    fn the_narrowest_index_says_where_to_look() {
        const INDEXED: &[Attribute] = &[
            Attribute { name: "name", column: Column::Indexed(&Column::Stored("name")) },
            Attribute { name: "plain", column: Column::Exact("plain") },
        ];
        let stretches = |text: &str| {
            let condition = Condition::parse(text, INDEXED).unwrap();
            condition.reach.map_or(0, |reach| reach.stretches.len())
        };
        assert_eq!(stretches(r#"name eq "a" and plain co "b""#), 1);
        assert_eq!(stretches(r#"name sw "a" or name eq "b""#), 2);
        assert_eq!(stretches(r#"name sw "a" or plain eq "b""#), 0, "the other lies anywhere");
        assert_eq!(stretches(r#"not (name eq "a")"#), 0);
        assert_eq!(stretches(r#"name ne "a""#), 0);
    }

    #[test]
    fn an_attribute_or_comparison_that_is_not_there_is_refused() {
        assert_eq!(condition("login pr"), Err(Unsupported::Attribute("login".into())));
        assert_eq!(condition("Id pr"), Err(Unsupported::Attribute("Id".into())));
        assert!(matches!(condition("id eq"), Err(Unsupported::Form(_))));
        for wrong in [r#"created sw "2026""#, r#"created gt "yesterday""#, "id eq true", "id eq 3", r#"name co """#] {
            assert!(matches!(condition(wrong), Err(Unsupported::Operator(_))), "{wrong}");
        }
        assert_eq!(condition(r#"created gt "2026-11-22T12:00:00.000Z""#), Ok("u.created_at > ?".into()));
    }
}
