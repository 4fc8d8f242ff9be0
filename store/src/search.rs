//! Searches: a filter or a search box becomes conditions with bound parameters. The only file that builds SQL; what is put
//! together are constants of this crate and placeholders, never a character that somebody sent.

use postern_authn::filter::{self, BadFilter, Comparison, Filter, Literal, Operator};
use postern_authn::user;
use postern_codes::Timestamp;

use crate::sql::{Error, Row, Tx, Value, values};

/// The beginning of a condition on a further member of a person's profile.
macro_rules! member_exists {
    () => {
        "EXISTS (SELECT 1 FROM user_attributes a WHERE a.org_id = users.org_id AND a.user_id = users.id AND a.name = ?"
    };
}

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

    fn compare(column: Column, comparison: &Comparison, among: &Among<'_>) -> Result<Self, Unsupported> {
        let refused = || Unsupported::Operator(comparison.attribute.clone());
        let operator = comparison.operator;
        let text = match (&comparison.value, column) {
            (Literal::Text(text), _) => text,
            (Literal::Flag(flag), Column::Flag(name)) => {
                let sign =
                    sign(operator).filter(|sign| ["=", "IS DISTINCT FROM"].contains(sign)).ok_or_else(refused)?;
                return Ok(Self { text: format!("{name} {sign} ?"), values: values![*flag], reach: None });
            }
            (Literal::Flag(_) | Literal::Number(_), _) => return Err(refused()),
        };
        match column {
            Column::AnyOf(exists, inner) => {
                let inner = Self::text(inner, operator, text).ok_or_else(refused)?;
                Ok(Self { text: format!("{exists} AND {})", inner.text), values: inner.values, reach: None })
            }
            Column::Exact(name) => Self::text(name, operator, text).ok_or_else(refused),
            Column::Flag(_) => Err(refused()),
            Column::Folded(name) => {
                Self::text(&format!("lower({name})"), operator, &text.to_ascii_lowercase()).ok_or_else(refused)
            }
            Column::Indexed(column) => {
                let condition = Self::compare(*column, comparison, among)?;
                let width = match operator {
                    Operator::Equal => 0,
                    Operator::StartsWith => 1,
                    Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => 2,
                    Operator::Contains | Operator::EndsWith | Operator::NotEqual => return Ok(condition),
                };
                let reach = Reach::own(condition.text.clone(), condition.values.clone(), width);
                Ok(Self { reach: Some(reach), ..condition })
            }
            Column::Member(name) => Self::member(name, operator, &user::fold(text)).ok_or_else(refused),
            Column::State(words) => Self::state(words, operator, text, among.now).ok_or_else(refused),
            Column::Stored(name) => Self::text(name, operator, &user::fold(text)).ok_or_else(refused),
            Column::Time(name) => {
                let instant = instant(text).ok_or_else(refused)?;
                let sign = sign(operator).ok_or_else(refused)?;
                Ok(Self { text: format!("{name} {sign} ?"), values: values![instant], reach: None })
            }
        }
    }

    /// Both engines agree on `substr` and `replace`, byte for byte; they do not on `LIKE`. What a text begins with is a
    /// stretch between two texts, which an index serves.
    fn text(column: &str, operator: Operator, text: &str) -> Option<Self> {
        let (condition, values) = match operator {
            // Everything contains, begins and ends with nothing: surely not what was meant.
            Operator::Contains | Operator::EndsWith | Operator::StartsWith if text.is_empty() => return None,
            Operator::Contains => (format!("replace({column}, ?, '') <> {column}"), values![text]),
            Operator::EndsWith => {
                let condition = format!("substr({column}, length({column}) - length(CAST(? AS TEXT)) + 1) = ?");
                (condition, values![text, text])
            }
            Operator::StartsWith => match successor(text) {
                Some(beyond) => (format!("({column} >= ? AND {column} < ?)"), values![text, beyond]),
                None => (format!("{column} >= ?"), values![text]),
            },
            Operator::Equal
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::NotEqual => (format!("{column} {} ?", sign(operator)?), values![text]),
        };
        Some(Self { text: condition, values, reach: None })
    }

    /// A further member of a profile. That it does not equal something holds where it is missing, too.
    fn member(name: &'static str, operator: Operator, text: &str) -> Option<Self> {
        if operator == Operator::NotEqual {
            let Self { text, values, .. } = Self::member(name, Operator::Equal, text)?;
            return Some(Self { text: format!("NOT {text}"), values, reach: None });
        }
        let inner = Self::text("a.folded", operator, text)?;
        let values: Vec<Value> = values![name].into_iter().chain(inner.values).collect();
        let select = format!(
            "SELECT a.user_id AS id FROM user_attributes a WHERE a.org_id = $1 AND a.name = ? AND {}",
            inner.text
        );
        let width = match operator {
            Operator::Equal => Some(0),
            Operator::StartsWith => Some(1),
            Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => Some(2),
            Operator::Contains | Operator::EndsWith | Operator::NotEqual => None,
        };
        let reach = width.map(|width| Reach {
            stretches: vec![Stretch { text: select, is_select: true, values: values.clone() }],
            width,
        });
        Some(Self { text: format!("{} AND {})", member_exists!(), inner.text), values, reach })
    }

    fn state(words: &[Word], operator: Operator, text: &str, now: Option<Timestamp>) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        let meant = |word: &&Word| match operator {
            Operator::Contains => word.shown.contains(&text),
            Operator::EndsWith => word.shown.ends_with(&text),
            Operator::Equal => word.shown == text,
            Operator::Greater => word.shown > text.as_str(),
            Operator::GreaterOrEqual => word.shown >= text.as_str(),
            Operator::Less => word.shown < text.as_str(),
            Operator::LessOrEqual => word.shown <= text.as_str(),
            Operator::NotEqual => word.shown != text,
            Operator::StartsWith => word.shown.starts_with(&text),
        };
        let mut any = Vec::new();
        for word in words.iter().filter(meant) {
            let moments = word.besides.matches('?').count();
            let mut values = values![word.stored];
            values.extend(std::iter::repeat_n(Value::from(now?), moments));
            let text = format!("(status = ?{})", word.besides);
            let reach = Reach::own("status = ?".to_owned(), values![word.stored], 2);
            any.push(Self { text, values, reach: Some(reach) });
        }
        // A word that no status is finds nobody.
        Some(if any.is_empty() { Self::new("status = ?", values![""]) } else { Self::any(any) })
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

/// The least text that is greater than every text that begins with `text`, in the order of bytes, which is that of code
/// points; none where every character is the last there is.
fn successor(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        // The code points of surrogates are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

impl Column {
    fn is_present(self) -> Condition {
        let (text, values) = match self {
            Self::AnyOf(exists, _) => (format!("{exists})"), values![]),
            Self::Exact(name) | Self::Folded(name) | Self::Stored(name) => {
                (format!("({name} IS NOT NULL AND {name} <> '')"), values![])
            }
            Self::Indexed(column) => return column.is_present(),
            Self::Member(name) => (concat!(member_exists!(), ")").to_owned(), values![name]),
            Self::State(_) => ("status IS NOT NULL".to_owned(), values![]),
            Self::Flag(name) | Self::Time(name) => (format!("{name} IS NOT NULL"), values![]),
        };
        Condition { text, values, reach: None }
    }
}

const fn sign(operator: Operator) -> Option<&'static str> {
    match operator {
        Operator::Contains | Operator::EndsWith | Operator::StartsWith => None,
        Operator::Equal => Some("="),
        Operator::Greater => Some(">"),
        Operator::GreaterOrEqual => Some(">="),
        Operator::Less => Some("<"),
        Operator::LessOrEqual => Some("<="),
        Operator::NotEqual => Some("IS DISTINCT FROM"),
    }
}

/// An instant written as RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|instant| Timestamp::from_micros(instant.as_microsecond()))
}

/// A list being asked for: constants, conditions, an order and a limit.
pub(crate) struct Search {
    text: String,
    values: Vec<Value>,
}

impl Search {
    /// Rows of `select`, which ends in a condition that binds `org_id` to `$1`.
    pub(crate) fn of(select: &'static str) -> Self {
        debug_assert!(select.contains("org_id = $1"), "a search that is not scoped to an organisation");
        Self { text: select.to_owned(), values: values![] }
    }

    /// Nothing yet; what is pushed must bind `org_id` to `$1`.
    pub(crate) const fn empty() -> Self {
        Self { text: String::new(), values: Vec::new() }
    }

    /// Adds a text with a `?` for each of `values`.
    #[must_use]
    pub(crate) fn push(mut self, text: &str, values: Vec<Value>) -> Self {
        let mut values = values.into_iter();
        for (at, part) in text.split('?').enumerate() {
            if at > 0 {
                self.values.extend(values.next());
                // $1 is the organisation.
                self.text.push('$');
                self.text.push_str(&(self.values.len() + 1).to_string());
            }
            self.text.push_str(part);
        }
        self
    }

    /// The text as a part of another; neither `before` nor `behind` has values of its own.
    #[must_use]
    pub(crate) fn around(self, before: &str, behind: &str) -> Self {
        Self { text: format!("{before}{}{behind}", self.text), ..self }
    }

    /// Those for which `condition` holds too.
    #[must_use]
    pub(crate) fn and(self, condition: Condition) -> Self {
        self.push(" AND ", values![]).push(&condition.text, condition.values)
    }

    /// The same, where there is a condition.
    #[must_use]
    pub(crate) fn and_if(self, condition: Option<Condition>) -> Self {
        match condition {
            Some(condition) => self.and(condition),
            None => self,
        }
    }

    /// The first `limit` rows in this order, a constant.
    pub(crate) fn run(self, tx: &mut Tx<'_>, order: &'static str, limit: u32) -> Result<Vec<Row>, Error> {
        self.push(&format!(" ORDER BY {order} LIMIT ?"), values![limit]).rows(tx)
    }

    /// All rows of the text as it is.
    pub(crate) fn rows(self, tx: &mut Tx<'_>) -> Result<Vec<Row>, Error> {
        tx.search(self.text, self.values)
    }

    /// The text and how many values it has, the organisation among them.
    #[cfg(feature = "scratch")]
    pub(crate) fn into_text(self) -> (String, usize) {
        (self.text, self.values.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
