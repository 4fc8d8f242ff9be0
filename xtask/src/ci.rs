//! `cargo xtask ci`: what a change must pass, exactly as continuous integration runs it. Nothing here needs a network.

mod bans;
mod pages;
mod unused;
mod words;

use anyhow::{Result, ensure};

use crate::workspace::{cargo, run};
use crate::{fuzz, generate, test};

type Check = fn() -> Result<()>;

const CHECKS: &[(&str, Check)] = &[
    ("formatting", formatting),
    ("words", words::check),
    ("paths in pages", pages::check),
    ("licences and bans", bans::check),
    ("unused dependencies", unused::check),
    ("lints", lints),
    ("documentation", documentation),
    ("generated files", || generate::generate(true)),
    ("hostile input", fuzz::smoke),
];

/// Runs the tests, then every check, also after one has failed; the counts come last.
///
/// # Errors
/// If a test or a check failed, by name.
pub fn ci(no_test: bool) -> Result<()> {
    let tally = if no_test { None } else { Some(test::test(&test::Options::default())) };
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        println!("check: {name}");
        if let Err(fault) = check() {
            println!("{fault:#}");
            failed.push(*name);
        }
    }
    if let Some(counts) = tally {
        println!("{}", counts?);
    }
    ensure!(failed.is_empty(), "not passed: {}", failed.join(", "));
    Ok(())
}

fn formatting() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    run(cargo().args(clippy))
}

fn documentation() -> Result<()> {
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked", "--quiet"];
    // The pages are for those who read the code: private items are there, and links to them resolve.
    run(cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
}
