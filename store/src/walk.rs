//! Lists as index walks: however many rows a list has, a page costs what the page holds.
//!
//! A list is read in the order of one of its indexes, behind a cursor that carries the key of the last row. What a search
//! demands is looked for in one of two ways:
//!
//! 1. Where an index says where all matches lie and they are [`FEW`], these are fetched and put in order.
//! 2. Otherwise the list is walked in its order, and every row is judged: at most [`STRIDE`] rows a statement. A stride that
//!    finds less than was asked for says where it stopped, and the caller goes on from there in a transaction of its own,
//!    so that no search, whatever it demands, holds the database.
//!
//! Whoever asks through the API is given at most [`MOST_EXAMINED`] rows' worth of walking.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use postern_codes::b64;
use postern_codes::id::{Id, Kind};

use crate::search::{Condition, Reach, Search};
use crate::sql::{Error, Row, Tx, Value, values};

/// So many rows are fetched and sorted at most.
pub const FEW: u32 = 5_000;
/// So many rows are judged by one statement at most.
pub const STRIDE: u32 = 10_000;
/// So many rows are judged for one question at most.
pub const MOST_EXAMINED: u32 = 200_000;

/// A table that is listed.
pub(crate) struct Table {
    /// Its name, by which conditions call it.
    pub(crate) name: &'static str,
    /// Every column that a row or a condition needs, without the name of the table.
    pub(crate) columns: &'static str,
}

/// An order that an index serves.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The attribute that is sorted by.
    pub name: &'static str,
    /// Its column, which leads an index after the organisation and never is null.
    pub(crate) column: &'static str,
    /// Whether no two rows have the same; otherwise the id comes second.
    pub(crate) is_unique: bool,
    /// Whether it is an instant.
    pub(crate) is_time: bool,
}

impl Order {
    /// In the order of being made: what is not sorted by anything else.
    pub const ID: Self = Self { name: "id", column: "id", is_unique: true, is_time: false };
}

/// An order and its direction.
#[derive(Debug, Clone, Copy)]
pub struct Sorting {
    /// What is sorted by.
    pub order: Order,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Default for Sorting {
    fn default() -> Self {
        Self { order: Order::ID, descending: false }
    }
}

/// Where a list goes on: behind the row with this id and this key of its order. Opaque to whoever holds it.
#[derive(Debug)]
pub struct Cursor<K> {
    id: String,
    key: Key,
    kind: PhantomData<fn() -> K>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// The id itself.
    Id,
    Number(i64),
    Text(String),
}

impl<K> Clone for Cursor<K> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), key: self.key.clone(), kind: PhantomData }
    }
}

impl<K> Cursor<K> {
    /// Whether it is of a list in this order.
    pub const fn fits(&self, order: &Order) -> bool {
        match self.key {
            Key::Id => matches!(order.column.as_bytes(), b"id"),
            Key::Number(_) => order.is_time,
            Key::Text(_) => !order.is_time && !matches!(order.column.as_bytes(), b"id"),
        }
    }

    fn of(row: &Row, order: &Order) -> Result<Self, Error> {
        let key = match order {
            Order { column: "id", .. } => Key::Id,
            Order { is_time: true, .. } => Key::Number(row.get(order.column)?),
            Order { .. } => Key::Text(row.get(order.column)?),
        };
        Ok(Self { id: row.get("id")?, key, kind: PhantomData })
    }
}

impl<K: Kind> From<Id<K>> for Cursor<K> {
    fn from(id: Id<K>) -> Self {
        Self { id: id.to_string(), key: Key::Id, kind: PhantomData }
    }
}

impl<K> fmt::Display for Cursor<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Id => f.write_str(&self.id),
            Key::Number(number) => write!(f, "{}.n{number}", self.id),
            Key::Text(text) => write!(f, "{}.t{}", self.id, b64::encode(text.as_bytes())),
        }
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACursor;

impl<K: Kind> FromStr for Cursor<K> {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (id, key) = text.split_once('.').map_or((text, None), |(id, key)| (id, Some(key)));
        let id: Id<K> = id.parse().map_err(|_| NotACursor)?;
        let key = match key.map(|key| key.split_at_checked(1).ok_or(NotACursor)).transpose()? {
            None => Key::Id,
            Some(("n", number)) => Key::Number(number.parse().map_err(|_| NotACursor)?),
            Some(("t", text)) => {
                let bytes = b64::decode(text).ok_or(NotACursor)?;
                Key::Text(String::from_utf8(bytes).map_err(|_| NotACursor)?)
            }
            Some(_) => return Err(NotACursor),
        };
        Ok(Self { id: id.to_string(), key, kind: PhantomData })
    }
}

/// What one stride found, and where the list goes on if it does.
#[derive(Debug)]
pub struct Found<T, K> {
    /// The rows.
    pub rows: Vec<T>,
    /// Behind what it goes on; there may be fewer rows than were asked for, or none, and the list still goes on.
    pub next: Option<Cursor<K>>,
    /// How many rows were judged at most.
    pub examined: u32,
}

/// Where the rows of a list come from.
pub(crate) enum Source {
    /// The table itself.
    Whole,
    /// The members of a group, by id only.
    Members(Value),
}

/// A question to a list.
pub(crate) struct Walk<'q, K> {
    pub(crate) table: &'q Table,
    pub(crate) source: Source,
    /// What every row fulfils, a constant that a partial index may have.
    pub(crate) always: Option<&'static str>,
    pub(crate) condition: Option<Condition>,
    pub(crate) sorting: Sorting,
    pub(crate) after: Option<&'q Cursor<K>>,
}

impl<K: Kind> Walk<'_, K> {
    /// At most `limit` rows from the cursor on.
    pub(crate) fn stride(&self, limit: u32, tx: &mut Tx<'_>) -> Result<Found<Row, K>, Error> {
        let wanted = limit.saturating_add(1);
        if let Some(reach) = self.condition.as_ref().and_then(Condition::reach)
            && is_few(reach, self.table, tx)?
        {
            let rows = self.few(reach, wanted).rows(tx)?;
            return self.found(rows, limit, FEW);
        }
        let rows = self.walk(wanted).rows(tx)?;
        let found = self.found(rows, limit, if self.judges() { STRIDE } else { limit })?;
        if found.next.is_some() || !self.judges() {
            return Ok(found);
        }
        let last = self.last_of_stride().rows(tx)?;
        let next = last.first().map(|row| Cursor::of(row, &self.sorting.order)).transpose()?;
        Ok(Found { next, ..found })
    }

    fn found(&self, mut rows: Vec<Row>, limit: u32, examined: u32) -> Result<Found<Row, K>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(|row| Cursor::of(row, &self.sorting.order)).transpose()?;
        Ok(Found { rows, next: last, examined })
    }

    /// Whether a row that is walked over may not be wanted.
    const fn judges(&self) -> bool {
        self.condition.is_some() || matches!(self.source, Source::Members(_))
    }

    /// The rows that an index names, put in order.
    fn few(&self, reach: &Reach, wanted: u32) -> Search {
        let Table { name, columns, .. } = self.table;
        let search =
            Search::empty().push(&format!("SELECT {columns} FROM {name} WHERE org_id = $1 AND id IN ("), values![]);
        let search = named(reach, self.table, search).push(")", values![]);
        let search = match &self.source {
            Source::Whole => search,
            Source::Members(group) => search.push(
                &format!(
                    " AND EXISTS (SELECT 1 FROM memberships m WHERE m.org_id = {name}.org_id AND m.group_id = ? \
                     AND m.user_id = {name}.id)"
                ),
                vec![group.clone()],
            ),
        };
        let search = self.behind(self.always(search)).and_if(self.condition.clone());
        search.push(&format!(" ORDER BY {} LIMIT ?", self.order("")), values![wanted])
    }

    /// The next rows in order, each judged where there is something to judge by.
    fn walk(&self, wanted: u32) -> Search {
        let Table { name, columns, .. } = self.table;
        if let Source::Members(group) = &self.source {
            let listed: Vec<String> = columns.split(", ").map(|column| format!("{name}.{column}")).collect();
            let search = Search::empty().push(&format!("SELECT {} FROM (", listed.join(", ")), values![]);
            let search = self
                .members(group, "", search)
                .push(&format!(") m CROSS JOIN {name} WHERE {name}.org_id = $1 AND {name}.id = m.user_id"), values![]);
            let search = self.always(search).and_if(self.condition.clone());
            return search.push(" ORDER BY m.user_id LIMIT ?", values![wanted]);
        }
        let search = Search::empty().push(&format!("SELECT {columns} FROM {name} WHERE org_id = $1"), values![]);
        let search = self.behind(self.always(search));
        let order = self.order("");
        let Some(condition) = self.condition.clone() else {
            return search.push(&format!(" ORDER BY {order} LIMIT ?"), values![wanted]);
        };
        let inner = search.push(&format!(" ORDER BY {order} LIMIT {STRIDE}"), values![]);
        let outer = inner.around(&format!("SELECT {columns} FROM ("), &format!(") {name} WHERE org_id = $1"));
        outer.and(condition).push(&format!(" ORDER BY {order} LIMIT ?"), values![wanted])
    }

    /// The key of the last row that a stride judged, if it judged as many as it may.
    fn last_of_stride(&self) -> Search {
        let last = format!(" LIMIT 1 OFFSET {}", STRIDE - 1);
        if let Source::Members(group) = &self.source {
            return self
                .members(group, " AS id", Search::empty())
                .push("", values![])
                .around("SELECT id FROM (", &format!(") m ORDER BY id{last}"));
        }
        let Table { name, .. } = self.table;
        let column = self.sorting.order.column;
        let keys = if column == "id" { "id".to_owned() } else { format!("{column}, id") };
        let search = Search::empty().push(&format!("SELECT {keys} FROM {name} WHERE org_id = $1"), values![]);
        self.behind(self.always(search)).push(&format!(" ORDER BY {}{last}", self.order("")), values![])
    }

    fn members(&self, group: &Value, alias: &str, search: Search) -> Search {
        let search = search.push(
            &format!("SELECT user_id{alias} FROM memberships WHERE org_id = $1 AND group_id = ?"),
            vec![group.clone()],
        );
        let search = match self.after {
            Some(after) => search.push(" AND user_id > ?", values![&after.id]),
            None => search,
        };
        search.push(&format!(" ORDER BY user_id LIMIT {STRIDE}"), values![])
    }

    fn always(&self, search: Search) -> Search {
        match self.always {
            Some(text) => search.push(" AND ", values![]).push(text, values![]),
            None => search,
        }
    }

    fn behind(&self, search: Search) -> Search {
        let Some(after) = self.after else { return search };
        let (column, sign) = (self.sorting.order.column, if self.sorting.descending { "<" } else { ">" });
        let key = match &after.key {
            Key::Id => Value::from(&after.id),
            Key::Number(number) => Value::from(*number),
            Key::Text(text) => Value::from(text),
        };
        if self.sorting.order.is_unique {
            return search.push(&format!(" AND {column} {sign} ?"), vec![key]);
        }
        search.push(&format!(" AND ({column}, id) {sign} (?, ?)"), vec![key, Value::from(&after.id)])
    }

    fn order(&self, table: &str) -> String {
        let (column, way) = (self.sorting.order.column, if self.sorting.descending { " DESC" } else { "" });
        if self.sorting.order.is_unique {
            return format!("{table}{column}{way}");
        }
        format!("{table}{column}{way}, {table}id{way}")
    }

    /// Every statement that the question may become, with its name and the number of its values: for tests of their plans.
    #[cfg(feature = "scratch")]
    pub(crate) fn texts(&self) -> Vec<(&'static str, String, usize)> {
        let mut searches = vec![("walk", self.walk(2))];
        if self.judges() {
            searches.push(("last", self.last_of_stride()));
        }
        if let Some(reach) = self.condition.as_ref().and_then(Condition::reach) {
            searches.extend([("probe", probe(reach, self.table)), ("few", self.few(reach, 2))]);
        }
        searches
            .into_iter()
            .map(|(name, search)| {
                let (text, values) = search.into_text();
                (name, text, values)
            })
            .collect()
    }
}

/// Whether so few rows lie there that they can be fetched and sorted.
fn is_few(reach: &Reach, table: &Table, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let found: u32 = probe(reach, table).rows(tx)?.first().map_or(Ok(0), |row| row.get("found"))?;
    Ok(found <= FEW)
}

fn probe(reach: &Reach, table: &Table) -> Search {
    let search = Search::empty().push("SELECT COUNT(*) AS found FROM (", values![]);
    named(reach, table, search).push(") few", values![])
}

/// The ids in these stretches, [`FEW`] and one more at most.
fn named(reach: &Reach, table: &Table, search: Search) -> Search {
    let most = FEW + 1;
    let mut search = search.push("SELECT id FROM (", values![]);
    for (at, stretch) in reach.stretches.iter().enumerate() {
        let join = if at == 0 { "" } else { " UNION ALL " };
        let select = if stretch.is_select {
            stretch.text.clone()
        } else {
            format!("SELECT id FROM {} WHERE org_id = $1 AND {}", table.name, stretch.text)
        };
        search = search.push(&format!("{join}SELECT id FROM ({select} LIMIT {most}) s{at}"), stretch.values.clone());
    }
    search.push(&format!(") named LIMIT {most}"), values![])
}
