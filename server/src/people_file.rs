//! People as a file: what its columns are, what a row says, and how a person is written as one.
//!
//! UTF-8, with or without a byte order mark; the first row names the columns. An empty cell says that the member is absent.
//! `groups` holds names with `|` between them: who is in the file joins them, and nobody leaves one by a file. The columns
//! of [`password`] hold passwords that another program hashed, for those whom the file makes.

pub mod csv;
pub mod password;

use std::collections::BTreeSet;

use postern_authn::user::{Login, Profile, User};
use postern_codes::{Secret, Timestamp};
use serde_json::{Map, Value};

use crate::api::profile;

/// The longest file, in bytes.
pub const LONGEST: u64 = 64 * 1024 * 1024;
/// Most rows of a file.
pub const MOST_ROWS: u64 = 200_000;
/// What stands before the cells of a file that we write and that a spreadsheet would take for a formula.
const GUARD: char = '\'';

/// The columns of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<String>);

/// What a row says. No `Debug`: it may have a hashed password.
pub struct Row {
    /// The members of the profile that the file has; null for an empty cell.
    pub members: Map<String, Value>,
    /// The status that it names.
    pub status: Option<String>,
    /// The names of groups.
    pub groups: Vec<String>,
    /// A password that another program hashed, as it is kept.
    pub password: Option<Secret<String>>,
}

impl Columns {
    /// Reads the first row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(cells: &[String]) -> Result<Self, String> {
        let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        for name in &names {
            if !is_column(name) {
                return Err(format!("there is no column {name:?}: columns are called as members of a profile are"));
            }
        }
        if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
            return Err("a column is there twice".to_owned());
        }
        if !names.iter().any(|name| name == "login") {
            return Err("there is no column login: it says whom a row means".to_owned());
        }
        Ok(Self(names))
    }

    /// As it is kept between two turns.
    pub fn to_text(&self) -> String {
        self.0.join(",")
    }

    /// As it was kept.
    pub fn from_text(text: &str) -> Self {
        Self(text.split(',').map(str::to_owned).collect())
    }

    /// What a row says.
    ///
    /// # Errors
    /// Where it has more or fewer cells than columns, or a hashed password that cannot be taken in.
    pub fn row(&self, cells: &[String]) -> Result<Row, String> {
        if cells.len() != self.0.len() {
            return Err(format!("has {} cells where there are {} columns", cells.len(), self.0.len()));
        }
        let (mut members, mut status, mut groups) = (Map::new(), None, Vec::new());
        let mut password = password::Parts::default();
        for (name, cell) in self.0.iter().zip(cells) {
            let text = unguarded(cell).trim();
            match name.as_str() {
                // An export names ids for people to look at.
                "id" => {}
                "status" => status = Some(text.to_ascii_uppercase()).filter(|text| !text.is_empty()),
                "groups" => {
                    let names = text.split('|').map(str::trim).filter(|name| !name.is_empty());
                    groups = names.map(str::to_owned).collect();
                }
                part if password::is_column(part) => password.take(part, text)?,
                _ => {
                    let value = if text.is_empty() { Value::Null } else { text.into() };
                    members.insert(name.clone(), value);
                }
            }
        }
        Ok(Row { members, status, groups, password: password.read()? })
    }
}

impl Row {
    /// The login and profile that a person has after this row; what the file has no column for stays as it is.
    ///
    /// # Errors
    /// Every part that is wrong.
    pub fn applied_to(&self, present: Option<&User>) -> Result<(Login, Profile), String> {
        let mut members = present.map(|user| profile::shown(&user.login, &user.profile)).unwrap_or_default();
        members.extend(self.members.clone());
        profile::read(&members).map_err(|wrong| wrong.causes.join("; "))
    }
}

fn is_column(name: &str) -> bool {
    profile::is_member(name) || ["status", "groups", "id"].contains(&name) || password::is_column(name)
}

/// What is wrong with a row, part by part: the column or `cell N` where a part is about one, and why.
pub fn faults(message: &str) -> Vec<(&str, String)> {
    let mut faults: Vec<(&str, String)> = Vec::new();
    for part in message.split("; ") {
        let about = part.split_once(": ").filter(|(name, _)| is_column(name) || name.starts_with("cell "));
        match (about, faults.last_mut()) {
            (Some((name, why)), _) => faults.push((name, why.to_owned())),
            (None, Some((_, before))) => *before = format!("{before}; {part}"),
            (None, None) => faults.push(("", part.to_owned())),
        }
    }
    faults
}

/// The first row of an export.
pub fn heading() -> String {
    let names: Vec<&str> = columns().collect();
    csv::line(&names)
}

/// A person as a row of an export.
pub fn line(person: &User, groups: &[String], now: Timestamp) -> String {
    let members = profile::shown(&person.login, &person.profile);
    let cells: Vec<String> = columns()
        .map(|name| match name {
            "id" => person.id.to_string(),
            "status" => person.shown_status(now).to_owned(),
            "groups" => guarded(&groups.join("|")),
            member => guarded(members.get(member).and_then(Value::as_str).unwrap_or_default()),
        })
        .collect();
    csv::line(&cells)
}

fn columns() -> impl Iterator<Item = &'static str> {
    ["id", "login", "firstName", "lastName", "email"].into_iter().chain(profile::further()).chain(["status", "groups"])
}

/// A spreadsheet takes what begins so for a formula. What begins with the guard gets another, so that one is taken off
/// again whatever a cell held.
pub fn guarded(text: &str) -> String {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', GUARD]);
    if begins { format!("{GUARD}{text}") } else { text.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    let inner = cell.strip_prefix(GUARD);
    inner.filter(|inner| inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', GUARD])).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_columns_are_members_of_a_profile() {
        let cells = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(Columns::read(&cells(&["login", " firstName ", "groups", "id"])).is_ok());
        for wrong in [&["firstName"][..], &["login", "shoeSize"], &["login", "login"], &["login", ""]] {
            assert!(Columns::read(&cells(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_empty_cell_is_an_absent_member() {
        let columns = Columns::from_text("login,city,status,groups");
        let cells = ["a", "", "active", "Day| Night |"].map(str::to_owned);
        let row = columns.row(&cells).unwrap();
        assert_eq!(row.members["city"], Value::Null);
        assert_eq!(
            (row.status.as_deref(), row.groups.as_slice()),
            (Some("ACTIVE"), &["Day".to_owned(), "Night".to_owned()][..])
        );
        assert!(columns.row(&cells[..3]).is_err());
    }

    #[test]
    fn what_is_wrong_is_told_column_by_column() {
        let told = faults("email: is none; lastName: is blank; and long");
        assert_eq!(told, [("email", "is none".to_owned()), ("lastName", "is blank; and long".to_owned())]);
        assert_eq!(faults("cell 2: is not UTF-8"), [("cell 2", "is not UTF-8".to_owned())]);
        assert_eq!(faults("has 3 cells; that: is odd"), [("", "has 3 cells; that: is odd".to_owned())]);
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_each_comes_back(text in "[=+@'a\t-]{0,4}|\\PC{0,8}") {
            let cell = guarded(&text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']));
            prop_assert_eq!(unguarded(&cell), text);
        }
    }
}
