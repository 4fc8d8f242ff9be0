//! A list being asked for: constants and conditions become one statement with numbered placeholders.

use super::Condition;
use crate::sql::{Error, Row, Tx, Value, values};

/// A list being asked for: constants, conditions, an order and a limit.
pub(crate) struct Search {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
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
