//! A recovery PIN by the API: every rule and limit, the record, the notice to the person, the commit, the PIN.

use std::thread;

use anyhow::{Result, anyhow};
use serde_json::Value;

use super::process::timed;
use super::stage::{Stage, question};
use super::{Measurement, Need};
use crate::postgres;

const TIMES: usize = 200;
const AT_ONCE: usize = 8;
/// Nine digits with a right check digit, as a computer might show them.
const CHALLENGE: &str = "572400000";

const POSTGRES_SERVER: Need = Need { what: "PostgreSQL", is_there: || postgres::binaries().is_some() };

/// One after another.
pub const SQLITE: Measurement = Measurement {
    name: "PIN issue by API, SQLite",
    unit: "ms",
    aim: None,
    needs: None,
    take: |built| one_by_one(built.on_sqlite()?, TIMES),
};

/// Eight help desks at once.
pub const SQLITE_EIGHT: Measurement = Measurement {
    name: "PIN issue by API, SQLite, 8 at once",
    unit: "ms",
    aim: None,
    needs: None,
    take: |built| at_once(built.on_sqlite()?),
};

/// One after another.
pub const POSTGRES: Measurement = Measurement {
    name: "PIN issue by API, PostgreSQL",
    unit: "ms",
    aim: None,
    needs: Some(POSTGRES_SERVER),
    take: |built| one_by_one(built.on_postgres()?, TIMES),
};

/// Eight help desks at once.
pub const POSTGRES_EIGHT: Measurement = Measurement {
    name: "PIN issue by API, PostgreSQL, 8 at once",
    unit: "ms",
    aim: None,
    needs: Some(POSTGRES_SERVER),
    take: |built| at_once(built.on_postgres()?),
};

fn one_by_one(stage: &Stage, times: usize) -> Result<Vec<f64>> {
    let (path, question) = (stage.pins_of(&stage.facts["person"])?, question(CHALLENGE));
    let mut desk = stage.help_desk()?;
    let mut issue = || timed(|| desk.must("POST", &path, Some::<&Value>(&question))).map(|(taken, _)| taken);
    issue()?;
    (0..times).map(|_| issue()).collect()
}

fn at_once(stage: &Stage) -> Result<Vec<f64>> {
    thread::scope(|scope| {
        let desks: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| one_by_one(stage, TIMES / AT_ONCE))).collect();
        let samples = desks.into_iter().map(|desk| desk.join().map_err(|_| anyhow!("a desk panicked"))?);
        samples.collect::<Result<Vec<_>>>().map(|samples| samples.concat())
    })
}
