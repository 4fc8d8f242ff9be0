//! Searches: a filter or a search box becomes conditions with bound parameters. The only file that builds SQL; what is put
//! together are constants of this crate and placeholders, never a character that somebody sent.

use postern_authn::filter::{self, BadFilter, Comparison, Filter, Literal, Operator};
use postern_codes::Timestamp;

use crate::sql::{Error, Row, Tx, Value, values};

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
    /// Text compared as it stands: identifiers, words.
    Exact(&'static str),
    /// Text compared without regard to case.
    Folded(&'static str),
    /// An instant, written as RFC 3339.
    Time(&'static str),
    /// Text of any of several rows: the beginning of an `EXISTS (..`, and the column within.
    AnyOf(&'static str, &'static str),
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
}

impl Condition {
    /// A constant condition with a `?` for each of `values`.
    pub(crate) fn new(text: &'static str, values: Vec<Value>) -> Self {
        Self { text: text.to_owned(), values }
    }

    /// What the text of a filter demands of rows with these attributes.
    ///
    /// # Errors
    /// [`Unsupported`] where it is malformed or asks for what the list does not have.
    pub fn parse(text: &str, attributes: &[Attribute]) -> Result<Self, Unsupported> {
        Self::of(&filter::parse(text)?, attributes)
    }

    /// This and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let text = format!("({}) AND ({})", self.text, other.text);
        Self { text, values: self.values.into_iter().chain(other.values).collect() }
    }

    fn of(filter: &Filter, attributes: &[Attribute]) -> Result<Self, Unsupported> {
        let column = |name: &str| {
            let known = attributes.iter().find(|attribute| attribute.name == name);
            known.map(|attribute| attribute.column).ok_or_else(|| Unsupported::Attribute(name.to_owned()))
        };
        let joined = |members: &[Filter], word: &str| {
            let members: Result<Vec<Self>, _> = members.iter().map(|member| Self::of(member, attributes)).collect();
            members.map(|members| {
                let texts: Vec<&str> = members.iter().map(|member| member.text.as_str()).collect();
                let text = format!("({})", texts.join(word));
                Self { text, values: members.into_iter().flat_map(|member| member.values).collect() }
            })
        };
        match filter {
            Filter::All(members) => joined(members, " AND "),
            Filter::Any(members) => joined(members, " OR "),
            Filter::Compare(comparison) => Self::compare(column(&comparison.attribute)?, comparison),
            Filter::Not(inner) => {
                let Self { text, values } = Self::of(inner, attributes)?;
                // A condition on a missing value is neither true nor false; its opposite is to hold then.
                Ok(Self { text: format!("NOT COALESCE({text}, FALSE)"), values })
            }
            Filter::Present(name) => Ok(Self { text: column(name)?.is_present(), values: values![] }),
        }
    }

    fn compare(column: Column, comparison: &Comparison) -> Result<Self, Unsupported> {
        let refused = || Unsupported::Operator(comparison.attribute.clone());
        let Literal::Text(text) = &comparison.value else { return Err(refused()) };
        let operator = comparison.operator;
        match column {
            Column::AnyOf(exists, inner) => {
                let inner = Self::text(inner, operator, text).ok_or_else(refused)?;
                Ok(Self { text: format!("{exists} AND {})", inner.text), values: inner.values })
            }
            Column::Exact(name) => Self::text(name, operator, text).ok_or_else(refused),
            Column::Folded(name) => {
                Self::text(&format!("lower({name})"), operator, &text.to_ascii_lowercase()).ok_or_else(refused)
            }
            Column::Time(name) => {
                let instant = instant(text).ok_or_else(refused)?;
                let sign = sign(operator).ok_or_else(refused)?;
                Ok(Self { text: format!("{name} {sign} ?"), values: values![instant] })
            }
        }
    }

    /// Both engines agree on `substr` and `replace`, byte for byte; they do not on `LIKE`.
    fn text(column: &str, operator: Operator, text: &str) -> Option<Self> {
        let condition = match operator {
            // Everything contains, begins and ends with nothing: surely not what was meant.
            Operator::Contains | Operator::EndsWith | Operator::StartsWith if text.is_empty() => return None,
            Operator::Contains => format!("replace({column}, ?, '') <> {column}"),
            Operator::EndsWith => {
                let condition = format!("substr({column}, length({column}) - length(CAST(? AS TEXT)) + 1) = ?");
                return Some(Self { text: condition, values: values![text, text] });
            }
            Operator::StartsWith => {
                let condition = format!("substr({column}, 1, length(CAST(? AS TEXT))) = ?");
                return Some(Self { text: condition, values: values![text, text] });
            }
            Operator::Equal
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::NotEqual => format!("{column} {} ?", sign(operator)?),
        };
        Some(Self { text: condition, values: values![text] })
    }
}

impl Column {
    fn is_present(self) -> String {
        match self {
            Self::AnyOf(exists, _) => format!("{exists})"),
            Self::Exact(name) | Self::Folded(name) => format!("({name} IS NOT NULL AND {name} <> '')"),
            Self::Time(name) => format!("{name} IS NOT NULL"),
        }
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

    /// Those for which `condition` holds too.
    #[must_use]
    pub(crate) fn and(mut self, condition: Condition) -> Self {
        self.text.push_str(" AND ");
        let mut values = condition.values.into_iter();
        for (at, part) in condition.text.split('?').enumerate() {
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

    /// The same, where there is a condition.
    #[must_use]
    pub(crate) fn and_if(self, condition: Option<Condition>) -> Self {
        match condition {
            Some(condition) => self.and(condition),
            None => self,
        }
    }

    /// The first `limit` rows in this order, a constant.
    pub(crate) fn run(mut self, tx: &mut Tx<'_>, order: &'static str, limit: u32) -> Result<Vec<Row>, Error> {
        self.values.push(Value::from(limit));
        let text = format!("{} ORDER BY {order} LIMIT ${}", self.text, self.values.len() + 1);
        tx.search(text, self.values)
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(text, "(u.id = ? OR NOT COALESCE(substr(lower(u.name), 1, length(CAST(? AS TEXT))) = ?, FALSE))");
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
