//! `cargo xtask bench`: figures of a release build, with the machine they were taken on.
//!
//! To add a measurement, write one file in `bench/` with a [`Measurement`] and put a line in [`ALL`].
//!
//! | module | holds |
//! | --- | --- |
//! | [`stage`] | an organisation with people and a computer, as `postern demo` makes it, served by the shipped programs |
//! | [`http`], [`agent`] | who calls the server, who calls the agent |
//! | [`process`] | a program that ends with its measurement |
//! | [`machine`], [`table`] | what is printed |
//! | the others | a measurement each |

mod agent;
mod http;
mod issue;
mod machine;
mod memory;
mod pam;
mod people;
mod pin_check;
mod process;
mod races;
mod size;
mod stage;
mod start;
mod table;
mod verify;

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{Metadata, cargo, run};
use machine::Machine;
use people::Crowds;
use races::Races;
use stage::Stage;
use table::Row;
use verify::Proofs;

const ALL: &[&[Measurement]] = &[PLAIN, people::ALL, races::ALL, verify::ALL];

const PLAIN: &[Measurement] = &[
    start::FRESH,
    start::EXISTING,
    memory::SERVER,
    memory::AGENT,
    issue::SQLITE,
    issue::SQLITE_EIGHT,
    issue::POSTGRES,
    issue::POSTGRES_EIGHT,
    pin_check::FIRST,
    pin_check::AGAIN,
    pam::CONVERSATION,
    size::SERVER,
];

/// What to measure, and where to put it.
#[derive(clap::Args)]
pub struct Options {
    /// Only measurements whose name contains this.
    name: Option<String>,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Race for each kind of one-time thing a million times, not 20,000 times: it takes an hour and more.
    #[arg(long)]
    full: bool,
}

/// One figure of the product, taken many times where it varies.
struct Measurement {
    name: &'static str,
    unit: &'static str,
    /// What its median should stay under, where somebody has said so.
    aim: Option<f64>,
    /// What has to be installed, if anything; the measurement is left out where it is not.
    needs: Option<Need>,
    take: fn(&Built) -> Result<Vec<f64>>,
}

/// Something that a machine may have.
struct Need {
    what: &'static str,
    is_there: fn() -> bool,
}

/// The release build that is measured, and what several measurements share.
struct Built {
    folder: PathBuf,
    sqlite: OnceCell<Stage>,
    postgres: OnceCell<Stage>,
    sqlite_crowds: OnceCell<Crowds>,
    postgres_crowds: OnceCell<Crowds>,
    sqlite_races: OnceCell<Races>,
    postgres_races: OnceCell<Races>,
    sqlite_verified: OnceCell<Proofs>,
    postgres_verified: OnceCell<Proofs>,
    /// Whether races are run a million times.
    is_full: bool,
}

/// Builds a release, takes every measurement, prints the table.
///
/// # Errors
/// If the build or a measurement failed. A missed aim is shown, and is no error.
pub fn bench(options: &Options) -> Result<()> {
    let packages = ["-p", "postern", "-p", "postern-agent", "-p", "postern-pam"];
    run(cargo().args(["build", "--release", "--locked"]).args(packages))?;
    let name = options.name.as_deref().unwrap_or_default();
    for (measurements, package, example) in [
        (people::ALL, "postern", "crowd"),
        (races::ALL, "postern-store", "races"),
        (verify::ALL, "postern", "verifying"),
        (verify::ALL, "postern-store", "commits"),
    ] {
        if measurements.iter().any(|measurement| measurement.name.contains(name)) {
            run(cargo().args(["build", "--release", "--locked", "-p", package, "--example", example]))?;
        }
    }
    let built = Built {
        folder: Metadata::read()?.target_directory.join("release"),
        sqlite: OnceCell::new(),
        postgres: OnceCell::new(),
        sqlite_crowds: OnceCell::new(),
        postgres_crowds: OnceCell::new(),
        sqlite_races: OnceCell::new(),
        postgres_races: OnceCell::new(),
        sqlite_verified: OnceCell::new(),
        postgres_verified: OnceCell::new(),
        is_full: options.full,
    };
    let mut rows = Vec::new();
    for measurement in ALL.iter().copied().flatten().filter(|measurement| measurement.name.contains(name)) {
        if let Some(need) = measurement.needs.as_ref().filter(|need| !(need.is_there)()) {
            println!("left out: {} (no {}: run `cargo xtask setup`)", measurement.name, need.what);
            continue;
        }
        println!("measuring: {}", measurement.name);
        let samples = (measurement.take)(&built).with_context(|| format!("cannot measure {}", measurement.name))?;
        rows.push(Row::new(measurement, samples)?);
    }
    let machine = Machine::here();
    println!("\n{machine}\n{}", table::render(&rows));
    if let Some(file) = &options.json {
        let report = serde_json::json!({ "machine": machine, "measurements": rows });
        fs::write(file, format!("{report:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
