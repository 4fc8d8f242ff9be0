//! Hashed passwords in a file: a column `password.hash.NAME` for each member that the API's `credentials.password.hash`
//! has. They are read, never written: no export holds a password.

use postern_codes::Secret;
use serde_json::{Map, Value};

use crate::passwords::ImportedHash;

const PREFIX: &str = "password.hash.";

/// The members, each with whether it is a number.
const MEMBERS: &[(&str, bool)] = &[
    ("algorithm", false),
    ("digestAlgorithm", false),
    ("iterationCount", true),
    ("keySize", true),
    ("salt", false),
    ("saltOrder", false),
    ("value", false),
    ("workFactor", true),
];

/// Whether a column of this name has a part of a hashed password.
pub fn is_column(name: &str) -> bool {
    member(name).is_some()
}

fn member(column: &str) -> Option<(&'static str, bool)> {
    let name = column.strip_prefix(PREFIX)?;
    MEMBERS.iter().copied().find(|(known, _)| *known == name)
}

/// The parts of a hashed password that a row has.
#[derive(Default)]
pub struct Parts(Map<String, Value>);

impl Parts {
    /// Takes the cell of one of the columns; an empty one is no part.
    ///
    /// # Errors
    /// Where a number is none.
    pub fn take(&mut self, column: &str, cell: &str) -> Result<(), String> {
        let Some((name, is_number)) = member(column).filter(|_| !cell.is_empty()) else { return Ok(()) };
        let value = if is_number {
            let number: u32 = cell.parse().map_err(|_| format!("{column}: must be a whole number"))?;
            number.into()
        } else {
            cell.into()
        };
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// The hash as it is kept until its owner signs in; nothing where a row has no part of one.
    ///
    /// # Errors
    /// What is missing, wrong or too costly to check.
    pub fn read(self) -> Result<Option<Secret<String>>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let body = serde_json::from_value(Value::Object(self.0))
            .map_err(|_| format!("{PREFIX}algorithm: algorithm and value must both be given"))?;
        let hash = ImportedHash::parse(body).map_err(|why| format!("{PREFIX}{why}"))?;
        Ok(Some(hash.stored()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[(&str, &str)]) -> Result<Option<Secret<String>>, String> {
        let mut parts = Parts::default();
        for (name, cell) in cells {
            parts.take(&format!("{PREFIX}{name}"), cell)?;
        }
        parts.read()
    }

    #[test]
    fn every_form_that_the_api_takes_can_be_read() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../passwords/imported/vectors.json")).unwrap();
        for case in &cases {
            let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let hash = case["hash"].as_object().unwrap();
            let cells: Vec<(&str, String)> = hash.iter().map(|(name, value)| (name.as_str(), cell(value))).collect();
            let cells: Vec<(&str, &str)> = cells.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
            let kept = read(&cells).unwrap().unwrap();
            assert!(ImportedHash::read(kept.expose()).is_some(), "{case}");
        }
        assert!(cases.len() >= 20);
    }

    #[test]
    fn what_is_wrong_with_a_hash_names_its_column() {
        assert!(read(&[("value", ""), ("algorithm", "")]).unwrap().is_none());
        let why = |cells| read(cells).map(drop).unwrap_err();
        assert!(why(&[("workFactor", "twelve")]).starts_with("password.hash.workFactor: "));
        assert!(why(&[("value", "x")]).starts_with("password.hash.algorithm: "));
        assert!(why(&[("algorithm", "SHA-3"), ("value", "x")]).starts_with("password.hash.algorithm: "));
        assert!(
            why(&[("algorithm", "BCRYPT"), ("value", "x"), ("workFactor", "31")])
                .starts_with("password.hash.workFactor: ")
        );
    }
}
