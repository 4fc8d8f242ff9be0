//! `cargo xtask bench`: figures of a release build, with the machine they were taken on.
//!
//! To add a measurement, write one file in `bench/` with a [`Measurement`] and put a line in [`ALL`].

mod machine;
mod size;
mod table;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{Metadata, cargo, run};
use machine::Machine;
use table::Row;

const ALL: &[Measurement] = &[size::SERVER];

/// What to measure, and where to put it.
#[derive(clap::Args)]
pub struct Options {
    /// Only measurements whose name contains this.
    filter: Option<String>,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One figure of the product, taken many times where it varies.
struct Measurement {
    name: &'static str,
    unit: &'static str,
    /// What its median should stay under, where somebody has said so.
    aim: Option<f64>,
    take: fn(&Built) -> Result<Vec<f64>>,
}

/// The release build that is measured.
struct Built {
    folder: PathBuf,
}

/// Builds a release, takes every measurement, prints the table.
///
/// # Errors
/// If the build or a measurement failed. A missed aim is shown, and is no error.
pub fn bench(options: &Options) -> Result<()> {
    run(cargo().args(["build", "--release", "--workspace", "--locked"]))?;
    let built = Built { folder: Metadata::read()?.target_directory.join("release") };
    let filter = options.filter.as_deref().unwrap_or_default();
    let mut rows = Vec::new();
    for measurement in ALL.iter().filter(|measurement| measurement.name.contains(filter)) {
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
