//! Proofs a second: factors verified and passwords proved, beside what the database and the hash manage by themselves in
//! the same run. `cli/examples/verifying.rs` takes the figures; SQLite's own limit is taken by `store/examples/commits.rs`
//! on a bare connection beside the server's database, PostgreSQL's by `pgbench`.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::process::{Scratch, program};
use super::stage::{configure, free_port, organisation};
use super::{Built, Measurement, Need};
use crate::postgres::{self, Postgres};
use crate::workspace::output;

const PGBENCH: Need = Need { what: "pgbench", is_there: || pgbench().is_some() };
/// How long `pgbench` runs, in seconds.
const SPAN: u32 = 8;
/// The most clients that are measured.
const MOST: u32 = 64;

macro_rules! measurements {
    ($($clients:literal)*) => {
        /// Latency and rate by the number of clients, on both databases, and how they compare with the limits.
        pub const ALL: &[Measurement] = &[$(
            of(concat!("verify, SQLite: a factor, ", $clients, " at once"), "ms", None, |built| built.sqlite(|taken| taken.latency($clients))),
            of(concat!("verify, SQLite: a second, ", $clients, " at once"), "/s", None, |built| built.sqlite(|taken| taken.rate($clients))),
            of(concat!("verify, SQLite: commits of one row, ", $clients, " at once"), "/s", None, |built| built.sqlite(|taken| taken.one_row($clients))),
        )*
            of("verify, SQLite: rows, 64 to a commit", "/s", None, |built| built.sqlite(Proofs::rows_together)),
            // Three times as many verifications as commits of one row: several share a commit.
            of("verify, SQLite: commits for one verification", "", Some(0.34), |built| built.sqlite(Proofs::commits_for_one)),
            of("verify, SQLite: hashes for one password", "", Some(1.11), |built| built.sqlite(|taken| Ok(vec![taken.hashes_for_one()]))),
        $(
            on_postgres(of(concat!("verify, PostgreSQL: a factor, ", $clients, " at once"), "ms", None, |built| built.postgresql(|taken| taken.latency($clients)))),
            on_postgres(of(concat!("verify, PostgreSQL: a second, ", $clients, " at once"), "/s", None, |built| built.postgresql(|taken| taken.rate($clients)))),
            on_postgres(of(concat!("verify, PostgreSQL: pgbench, ", $clients, " at once"), "/s", None, |built| built.postgresql(|taken| taken.one_row($clients)))),
        )*
            on_postgres(of("verify, PostgreSQL: pgbench for one verification", "", Some(1.0), |built| built.postgresql(Proofs::commits_for_one))),
            on_postgres(of("verify, PostgreSQL: hashes for one password", "", Some(1.11), |built| built.postgresql(|taken| Ok(vec![taken.hashes_for_one()])))),
        ];
    };
}

measurements! { 1 16 32 64 }

const fn of(
    name: &'static str,
    unit: &'static str,
    aim: Option<f64>,
    take: fn(&Built) -> Result<Vec<f64>>,
) -> Measurement {
    Measurement { name, unit, aim, needs: None, take }
}

const fn on_postgres(mut measurement: Measurement) -> Measurement {
    measurement.needs = Some(PGBENCH);
    measurement
}

/// What was taken on one database, and what it manages by itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proofs {
    verified: BTreeMap<u32, Figure>,
    sign_ins: Figure,
    hashes: Figure,
    #[serde(skip)]
    limits: Limits,
}

/// What a database manages by itself.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Limits {
    one_row: BTreeMap<u32, Figure>,
    /// Of SQLite alone.
    rows_together: Option<Figure>,
}

/// Latencies of one act, and how many there were a second.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    per_second: f64,
    milliseconds: Vec<f64>,
}

impl Proofs {
    fn at(figures: &BTreeMap<u32, Figure>, clients: u32) -> Result<&Figure> {
        figures.get(&clients).with_context(|| format!("nothing was taken of {clients} clients"))
    }

    fn latency(&self, clients: u32) -> Result<Vec<f64>> {
        Ok(Self::at(&self.verified, clients)?.milliseconds.clone())
    }

    fn rate(&self, clients: u32) -> Result<Vec<f64>> {
        Ok(vec![Self::at(&self.verified, clients)?.per_second])
    }

    fn one_row(&self, clients: u32) -> Result<Vec<f64>> {
        Ok(vec![Self::at(&self.limits.one_row, clients)?.per_second])
    }

    fn rows_together(&self) -> Result<Vec<f64>> {
        Ok(vec![self.limits.rows_together.as_ref().context("no rows were taken together")?.per_second])
    }

    /// The database's own limit by what is reached, at the most clients.
    fn commits_for_one(&self) -> Result<Vec<f64>> {
        let limit = Self::at(&self.limits.one_row, MOST)?.per_second;
        Ok(vec![limit / Self::at(&self.verified, MOST)?.per_second])
    }

    fn hashes_for_one(&self) -> f64 {
        self.hashes.per_second / self.sign_ins.per_second
    }
}

impl Built {
    fn sqlite(&self, read: impl Fn(&Proofs) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
        if self.sqlite_verified.get().is_none() {
            self.sqlite_verified.set(take(self, None)?).ok();
        }
        read(self.sqlite_verified.get().context("just taken")?)
    }

    fn postgresql(&self, read: impl Fn(&Proofs) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
        if self.postgres_verified.get().is_none() {
            self.postgres_verified.set(take(self, Some(&Postgres::durable()?))?).ok();
        }
        read(self.postgres_verified.get().context("just taken")?)
    }
}

fn take(built: &Built, postgres: Option<&Postgres>) -> Result<Proofs> {
    let (folder, port) = (Scratch::new()?, free_port()?);
    let data = organisation(&built.folder, &folder, port, postgres)?;
    configure(&data.join("server"), port, postgres.map(|postgres| postgres.url.as_str()))?;
    let mut verifying = program(&built.folder, "examples/verifying");
    verifying.arg(data.join("server")).stderr(Stdio::inherit());
    let mut taken: Proofs = serde_json::from_str(&output(&mut verifying)?)?;
    let clients = taken.verified.keys().copied();
    taken.limits = if let Some(postgres) = postgres {
        Limits { one_row: pgbench_by_clients(&folder, postgres, clients)?, rows_together: None }
    } else {
        println!("  SQLite by itself");
        let mut commits = program(&built.folder, "examples/commits");
        commits.arg(data.join("server")).args(clients.map(|clients| clients.to_string()));
        serde_json::from_str(&output(commits.stderr(Stdio::inherit()))?)?
    };
    Ok(taken)
}

/// One row changed by its key and committed, by so many clients.
fn pgbench_by_clients(
    folder: &Scratch,
    postgres: &Postgres,
    clients: impl Iterator<Item = u32>,
) -> Result<BTreeMap<u32, Figure>> {
    let psql = postgres::binaries().context("no PostgreSQL")?.join("psql");
    let table = "CREATE TABLE pgbench_rows (id int PRIMARY KEY, n int NOT NULL); \
                 INSERT INTO pgbench_rows SELECT i, 0 FROM generate_series(1, 64) i";
    output(Command::new(psql).args(["-XAtq", "-c", table]).arg(&postgres.url))?;
    let script = folder.file("update.sql");
    fs::write(&script, "\\set id :client_id + 1\nUPDATE pgbench_rows SET n = n + 1 WHERE id = :id;\n")?;
    let of_one = |clients: u32| -> Result<_> {
        println!("  pgbench: {clients} at once");
        let mut command = Command::new(pgbench().context("no pgbench")?);
        command.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &SPAN.to_string(), "-f"]);
        let said = output(command.arg(&script).arg(&postgres.url))?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let per_second = rate.with_context(|| format!("no rate in: {said}"))?;
        Ok((clients, Figure { per_second, milliseconds: Vec::new() }))
    };
    clients.map(of_one).collect()
}

fn pgbench() -> Option<std::path::PathBuf> {
    postgres::binaries().map(|binaries| binaries.join("pgbench")).filter(|pgbench| pgbench.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::table::median;
    use super::*;

    #[test]
    fn what_is_reached_is_compared_at_the_most_clients() {
        let figure = |per_second: f64| json(per_second);
        let taken = serde_json::json!({
            "verified": { "1": figure(10.0), "64": figure(300.0) }, "signIns": figure(9.0), "hashes": figure(10.0),
        });
        let limits = serde_json::json!({ "oneRow": { "1": figure(90.0), "64": figure(150.0) } });
        let mut taken: Proofs = serde_json::from_value(taken).expect("figures");
        taken.limits = serde_json::from_value(limits).expect("limits");
        assert_eq!(taken.commits_for_one().expect("both"), [0.5]);
        assert!(taken.rate(16).is_err());
        assert!((taken.hashes_for_one() - 10.0 / 9.0).abs() < 1e-9);
        assert!((median(&taken.latency(1).expect("two")) - 1.0).abs() < 1e-9);
    }

    fn json(per_second: f64) -> serde_json::Value {
        serde_json::json!({ "perSecond": per_second, "milliseconds": [1.0, 1.0] })
    }
}
