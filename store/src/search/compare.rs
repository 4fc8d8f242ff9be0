//! One comparison of a filter: what it demands of a row, by what the attribute's column is compared as.

use postern_authn::filter::{Comparison, Literal, Operator};
use postern_authn::user;
use postern_codes::Timestamp;

use super::{Among, Column, Condition, Reach, Stretch, Unsupported, Word, instant};
use crate::sql::{Value, values};

/// The beginning of a condition on a further member of a person's profile.
macro_rules! member_exists {
    () => {
        "EXISTS (SELECT 1 FROM user_attributes a WHERE a.org_id = users.org_id AND a.user_id = users.id AND a.name = ?"
    };
}

impl Condition {
    pub(super) fn compare(column: Column, comparison: &Comparison, among: &Among<'_>) -> Result<Self, Unsupported> {
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
            Column::Named(name, known) => Self::text(name, operator, known(text)).ok_or_else(refused),
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
    pub(super) fn text(column: &str, operator: Operator, text: &str) -> Option<Self> {
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

/// The least text that is greater than every text that begins with `text`, in the order of bytes, which is that of code
/// points; none where every character is the last there is.
pub(super) fn successor(text: &str) -> Option<String> {
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
    pub(super) fn is_present(self) -> Condition {
        let (text, values) = match self {
            Self::AnyOf(exists, _) => (format!("{exists})"), values![]),
            Self::Exact(name) | Self::Folded(name) | Self::Named(name, _) | Self::Stored(name) => {
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
