//! `cargo xtask test`: everything that can be proved here, on both databases, in a real browser and by other programs.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::Postgres;
use crate::setup::{self, Part};
use crate::tally::{Reader, Suite, Tally, from_tap};
use crate::workspace::{cargo, root, run};

/// Where the tests find PostgreSQL; tests that need it skip the second database without it.
const POSTGRES: &str = "POSTERN_TEST_POSTGRES";

/// What to run.
#[derive(clap::Args, Default)]
pub struct Options {
    /// Only tests whose name contains this; leaves the browser and the API's clients out.
    filter: Option<String>,
    /// Leave the second database out.
    #[arg(long)]
    no_postgres: bool,
    /// Leave the browser journeys out.
    #[arg(long)]
    no_browser: bool,
    /// Leave the API's clients and its fuzzer out.
    #[arg(long)]
    no_conformance: bool,
}

/// Runs the tests, a line a test program, and returns the counts.
///
/// # Errors
/// If a test failed (the message has the names and ends with the counts), or could not be run.
pub fn test(options: &Options) -> Result<Tally> {
    let node = |leave_out: bool, folder| {
        if leave_out || options.filter.is_some() { Vec::new() } else { journeys(folder) }
    };
    let browser = node(options.no_browser, setup::browser_tests());
    let conformance = node(options.no_conformance, setup::conformance_tests());
    let parts = Part::ALL.into_iter().filter(|part| match part {
        Part::Browser => !browser.is_empty(),
        Part::Computer => true,
        Part::Conformance => !conformance.is_empty(),
        Part::Postgres => !options.no_postgres,
    });
    setup::setup(&parts.collect::<Vec<_>>(), false)?;

    println!("building");
    run(cargo().args(["build", "--workspace", "--locked"]))?;
    run(cargo().args(["test", "--workspace", "--locked", "--no-run", "--quiet"]))?;

    let postgres = if options.no_postgres { None } else { Some(Postgres::start()?) };
    let database = postgres.as_ref().map(|postgres| postgres.url.as_str());
    if let Some(url) = database {
        println!("PostgreSQL for the tests: {url}");
    }
    let mut tally = cargo_test(database, options.filter.as_deref())?;
    for (name, journeys) in [("browser", &browser), ("conformance", &conformance)] {
        if !journeys.is_empty() {
            tally.add(node_test(name, journeys, database)?);
        }
    }
    drop(postgres);

    if !tally.failed.is_empty() {
        bail!("{tally}");
    }
    Ok(tally)
}

fn cargo_test(database: Option<&str>, filter: Option<&str>) -> Result<Tally> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(filter);
    command.env("CARGO_TERM_COLOR", "never");
    with_database(&mut command, database);

    // Both streams through one pipe: cargo names a program on one and the program answers on the other.
    let (output, input) = pipe()?;
    let mut child = command.stdout(input.try_clone()?).stderr(input).spawn().context("cannot start cargo")?;
    drop(command);
    let (mut tally, mut reader) = (Tally::default(), Reader::default());
    for line in BufReader::new(output).split(b'\n') {
        if let Some(suite) = reader.line(String::from_utf8_lossy(&line?).into_owned()) {
            report(&suite);
            tally.add(suite.tally);
        }
    }
    if let Some(suite) = reader.end() {
        report(&suite);
        tally.add(suite.tally);
    }
    let status = child.wait()?;
    if !status.success() && tally.failed.is_empty() {
        bail!("cargo test ended with {status}, and no test program says why");
    }
    Ok(tally)
}

fn report(suite: &Suite) {
    let Tally { passed, failed, .. } = &suite.tally;
    if !failed.is_empty() {
        println!("{}", suite.output);
    }
    if suite.tally != Tally::default() {
        println!("{:<48} {passed:>4} passed {:>2} failed  {}", suite.name, failed.len(), suite.took);
    }
}

/// Every `*.mjs` of the folder; what they share lies in folders below.
fn journeys(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut journeys: Vec<_> = entries.map(|entry| entry.path()).collect();
    journeys.retain(|path| path.extension() == Some(OsStr::new("mjs")));
    journeys.sort();
    journeys
}

fn node_test(name: &str, journeys: &[PathBuf], database: Option<&str>) -> Result<Tally> {
    println!("{name}: {} files", journeys.len());
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(journeys).current_dir(root());
    with_database(&mut node, database);
    let output = node.output().context("cannot start node")?;
    let tap = String::from_utf8_lossy(&output.stdout);
    let tally = from_tap(name, &tap);
    if !output.status.success() {
        println!("{tap}{}", String::from_utf8_lossy(&output.stderr));
    }
    if tally.failed.is_empty() && (!output.status.success() || tally.passed == 0) {
        bail!("node ended with {} without counting a test of {name}", output.status);
    }
    let took = tap.lines().rev().find_map(|line| line.strip_prefix("# duration_ms ")).unwrap_or_default();
    println!("{name:<48} {:>4} passed {:>2} failed  {took} ms", tally.passed, tally.failed.len());
    Ok(tally)
}

fn with_database(command: &mut Command, database: Option<&str>) {
    match database {
        Some(url) => command.env(POSTGRES, url),
        None => command.env_remove(POSTGRES),
    };
}
