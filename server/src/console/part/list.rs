//! Parts of lists: tabs, filters that live in the address, heads that sort, rows that can be ticked, the bar of acts.

use askama::Template;
use askama::filters::HtmlSafe;

use super::Icon;
use crate::api::page::Query;
use crate::console::words::{Text, say};

/// One of several pages about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its name.
    pub label: Text,
    /// Its page.
    pub href: String,
    /// Whether it is the present one.
    pub is_current: bool,
}

/// The pages about one thing, side by side. Each is an address of its own.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/tabs.html")]
pub struct Tabs {
    /// What they are about.
    pub label: Text,
    /// In their order.
    pub tabs: Vec<Tab>,
}

/// How a filter is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// One of a few: value and words; the first is "all" with an empty value.
    Choice(Vec<(String, Text)>),
    /// A day, `2026-11-22`.
    Day,
    /// One of many known words, offered while typing.
    Known(Vec<String>),
    /// Words to be found; takes the room there is.
    Words,
}

/// A filter of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name in the address.
    pub name: &'static str,
    /// What is asked.
    pub label: Text,
    /// How.
    pub ask: Ask,
    /// What is asked for now; empty lets everything through.
    pub value: String,
}

/// The filters of a list, as a form whose answer is an address, and what is filtered now, each with its way out.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/filters.html")]
pub struct Filters {
    /// The list's address.
    pub action: &'static str,
    /// In their order.
    pub filters: Vec<Filter>,
    /// What else the address keeps, such as the order.
    pub kept: Vec<(&'static str, String)>,
}

impl Filters {
    /// No filters yet.
    pub const fn new(action: &'static str) -> Self {
        Self { action, filters: Vec::new(), kept: Vec::new() }
    }

    /// Adds a filter; its value stands in the address.
    #[must_use]
    pub fn ask(mut self, query: &Query, name: &'static str, label: Text, ask: Ask) -> Self {
        let value = query.text(name).unwrap_or_default().trim().to_owned();
        self.filters.push(Filter { name, label, ask, value });
        self
    }

    /// Keeps another member of the address when the filters change.
    #[must_use]
    pub fn keeping(mut self, query: &Query, name: &'static str) -> Self {
        self.kept.extend(query.text(name).map(|value| (name, value.to_owned())));
        self
    }

    /// What is asked for by one of them.
    pub fn value(&self, name: &str) -> &str {
        self.filters.iter().find(|filter| filter.name == name).map_or("", |filter| filter.value.as_str())
    }

    /// Whether anything is filtered.
    pub fn are_set(&self) -> bool {
        self.filters.iter().any(|filter| !filter.value.is_empty())
    }

    /// The list's address with these filters, but for one, and with further members.
    pub fn address(&self, without: &str, further: &[(&str, &str)]) -> String {
        let own = self.filters.iter().map(|filter| (filter.name, filter.value.as_str()));
        let kept = self.kept.iter().map(|(name, value)| (*name, value.as_str()));
        let all = own.chain(kept).filter(|(name, value)| !value.is_empty() && *name != without);
        let all = all.filter(|(name, _)| further.iter().all(|(other, _)| other != name));
        let query: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(all).extend_pairs(further).finish();
        if query.is_empty() { self.action.to_owned() } else { format!("{}?{query}", self.action) }
    }

    /// What is filtered now, in words, each with the address without it.
    fn set(&self) -> Vec<(Text, String)> {
        let set = self.filters.iter().filter(|filter| !filter.value.is_empty());
        set.map(|filter| {
            let value = match &filter.ask {
                Ask::Choice(choices) => {
                    choices.iter().find(|(value, _)| *value == filter.value).map(|(_, words)| words)
                }
                Ask::Day | Ask::Known(_) | Ask::Words => None,
            };
            let value = value.cloned().unwrap_or_else(|| Text::from(&filter.value));
            let words = say("part-filter-set").with("name", filter.label.clone()).with("value", value);
            (words, self.address(filter.name, &[]))
        })
        .collect()
    }
}

/// A head of a table's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub label: Text,
    /// Whether numbers stand below.
    pub is_number: bool,
    /// Whether its name is for screen readers alone.
    pub is_hidden: bool,
    /// Where the list is in this order, or in the other one.
    pub href: Option<String>,
    /// `ascending` or `descending`, if the list is in this order.
    pub order: Option<&'static str>,
}

/// The heads of a table: plain ones, and such that the list can be put in order by.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/heads.html")]
pub struct Heads {
    /// In their order.
    pub heads: Vec<Head>,
    /// Whether the rows can be ticked.
    pub has_picks: bool,
}

impl Heads {
    /// No heads yet.
    pub const fn new() -> Self {
        Self { heads: Vec::new(), has_picks: false }
    }

    /// With a column of ticks before all others.
    #[must_use]
    pub fn with_picks(self) -> Self {
        Self { has_picks: true, ..self }
    }

    /// A column.
    #[must_use]
    pub fn plain(self, label: Text) -> Self {
        self.head(Head { label, is_number: false, is_hidden: false, href: None, order: None })
    }

    /// A column of numbers.
    #[must_use]
    pub fn number(self, label: Text) -> Self {
        self.head(Head { label, is_number: true, is_hidden: false, href: None, order: None })
    }

    /// A column of buttons.
    #[must_use]
    pub fn acts(self) -> Self {
        self.head(Head { label: say("part-act"), is_number: false, is_hidden: true, href: None, order: None })
    }

    /// A column by which the list can be put in order: `sort` in the address, `-name` for the other way round.
    #[must_use]
    pub fn sortable(self, filters: &Filters, name: &str, label: Text) -> Self {
        let present = filters.kept.iter().find(|(kept, _)| *kept == "sort").map_or("", |(_, value)| value.as_str());
        let reversed = format!("-{name}");
        let order = match present {
            own if own == name => Some("ascending"),
            own if own == reversed => Some("descending"),
            _ => None,
        };
        let next = if order == Some("ascending") { reversed.as_str() } else { name };
        let href = filters.address("sort", &[("sort", next)]);
        self.head(Head { label, is_number: false, is_hidden: false, href: Some(href), order })
    }

    fn head(mut self, head: Head) -> Self {
        self.heads.push(head);
        self
    }
}

impl Default for Heads {
    fn default() -> Self {
        Self::new()
    }
}

/// The tick of a row, which belongs to the form of the [`Bulk`] bar wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/pick.html")]
pub struct Pick {
    /// The id that is sent as `id`.
    pub value: String,
    /// Whose row it is.
    pub of: Text,
}

/// Something that can be done to everything that is ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkAct {
    /// What is sent as `act`.
    pub value: &'static str,
    /// Its words.
    pub label: Text,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
}

/// The bar of acts on what is ticked. Its answer is a [`Confirmation`](super::Confirmation).
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/bulk.html")]
pub struct Bulk {
    /// Where the form goes.
    pub action: &'static str,
    /// In their order.
    pub acts: Vec<BulkAct>,
}

/// The buttons that move an entry up and down in an order that matters.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/moves.html")]
pub struct Moves {
    /// The entry's name.
    pub of: Text,
    /// Where the form goes; it sends the new place as `to`.
    pub action: String,
    /// The place above, where there is one.
    pub up: Option<u32>,
    /// The place below.
    pub down: Option<u32>,
}

impl HtmlSafe for Moves {}
impl HtmlSafe for Tabs {}
impl HtmlSafe for Filters {}
impl HtmlSafe for Heads {}
impl HtmlSafe for Pick {}
impl HtmlSafe for Bulk {}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters() -> Filters {
        let filter =
            |name, value: &str| Filter { name, label: say("part-search"), ask: Ask::Words, value: value.into() };
        Filters {
            action: "/admin/x",
            filters: vec![filter("q", "a b&"), filter("status", "")],
            kept: vec![("sort", "-name".into())],
        }
    }

    #[test]
    fn an_address_keeps_what_is_asked_for_and_nothing_empty() {
        assert_eq!(filters().address("", &[]), "/admin/x?q=a+b%26&sort=-name");
        assert_eq!(filters().address("q", &[]), "/admin/x?sort=-name");
        assert_eq!(filters().address("sort", &[("sort", "name")]), "/admin/x?q=a+b%26&sort=name");
    }

    #[test]
    fn a_head_leads_to_the_other_order() {
        let heads = Heads::new().sortable(&filters(), "name", say("part-search"));
        assert_eq!(heads.heads[0].order, Some("descending"));
        assert_eq!(heads.heads[0].href.as_deref(), Some("/admin/x?q=a+b%26&sort=name"));
    }
}
