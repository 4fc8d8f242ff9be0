//! What serves once serves once, however many ask for it in the same moment: how many were given twice, of which should be
//! none. The races are run by `store/examples/races.rs`; a kind of thing is a line there.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::process::program;
use super::{Built, Measurement, Need};
use crate::postgres::{self, Postgres};
use crate::workspace::output;

/// Submissions of each kind on each database.
const SUBMISSIONS: u32 = 20_000;
/// The same, where somebody has an hour and more.
const FULL: u32 = 1_000_000;

const POSTGRES_SERVER: Need = Need { what: "PostgreSQL", is_there: || postgres::binaries().is_some() };

/// Each kind on both databases: how many were given twice or never, and how fast.
pub const ALL: &[Measurement] = &[
    Measurement {
        name: "races, SQLite: double accepts",
        unit: "a kind",
        aim: Some(1.0),
        needs: None,
        take: |built| doubles(built.sqlite_races()?),
    },
    Measurement {
        name: "races, SQLite: submissions",
        unit: "/s",
        aim: None,
        needs: None,
        take: |built| speeds(built.sqlite_races()?),
    },
    Measurement {
        name: "races, PostgreSQL: double accepts",
        unit: "a kind",
        aim: Some(1.0),
        needs: Some(POSTGRES_SERVER),
        take: |built| doubles(built.postgres_races()?),
    },
    Measurement {
        name: "races, PostgreSQL: submissions",
        unit: "/s",
        aim: None,
        needs: Some(POSTGRES_SERVER),
        take: |built| speeds(built.postgres_races()?),
    },
];

/// How the races on one database went, by kind.
pub type Races = BTreeMap<String, Tally>;

/// How the races for one kind went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    submissions: u32,
    twice: u32,
    never: u32,
    per_second: f64,
}

impl Built {
    fn sqlite_races(&self) -> Result<&Races> {
        if self.sqlite_races.get().is_none() {
            self.sqlite_races.set(run(self, "sqlite", None)?).ok();
        }
        self.sqlite_races.get().context("just raced")
    }

    fn postgres_races(&self) -> Result<&Races> {
        if self.postgres_races.get().is_none() {
            self.postgres_races.set(run(self, "postgres", Some(&Postgres::durable()?))?).ok();
        }
        self.postgres_races.get().context("just raced")
    }
}

fn run(built: &Built, engine: &str, postgres: Option<&Postgres>) -> Result<Races> {
    let submissions = if built.is_full { FULL } else { SUBMISSIONS };
    let mut races = program(&built.folder, "examples/races");
    races.args([engine, &submissions.to_string()]).stderr(std::process::Stdio::inherit());
    if let Some(postgres) = postgres {
        races.env("POSTERN_TEST_POSTGRES", &postgres.url);
    }
    let races: Races = serde_json::from_str(&output(&mut races)?)?;
    for (kind, tally) in &races {
        println!("  {kind}: {} submissions, {} given twice, {} never", tally.submissions, tally.twice, tally.never);
        ensure!(tally.never == 0, "{kind}: {} were given to nobody", tally.never);
    }
    Ok(races)
}

#[expect(clippy::unnecessary_wraps, reason = "a measurement may fail")]
fn doubles(races: &Races) -> Result<Vec<f64>> {
    Ok(races.values().map(|tally| f64::from(tally.twice)).collect())
}

#[expect(clippy::unnecessary_wraps, reason = "a measurement may fail")]
fn speeds(races: &Races) -> Result<Vec<f64>> {
    Ok(races.values().map(|tally| tally.per_second).collect())
}
