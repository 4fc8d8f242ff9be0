//! Developer commands: `cargo xtask setup | test | ci | fuzz | generate | bench`. No tool beyond Rust, a C compiler and what
//! `setup` lists has to be installed by hand.
//!
//! | module | holds |
//! | --- | --- |
//! | [`setup`] | what a machine needs for the tests, and how it gets it |
//! | [`mod@test`] | every test on both databases, then in a browser, then by the API's clients; [`tally`] counts them |
//! | [`postgres`] | a private PostgreSQL for as long as a run lasts |
//! | [`ci`] | `test`, then one file a check |
//! | [`mod@fuzz`] | hostile input against every parser of outside bytes, made-up requests against the API, random traces of recovery cases |
//! | [`generate`] | the committed files that a program wrote |
//! | [`mod@bench`] | one file a measurement |
//! | [`workspace`] | the repository as cargo sees it |
//! | `arrows` | the test that holds the crates to `docs/ARCHITECTURE.md` |
#![expect(clippy::print_stdout, reason = "the terminal is what these commands talk to")]

#[cfg(test)]
mod arrows;
mod bench;
mod ci;
mod fuzz;
mod generate;
mod postgres;
mod setup;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Developer commands of Postern.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    /// Show what the tests need on this machine, and install it where that is allowed.
    Setup {
        /// Install also where this is neither root nor CI.
        #[arg(long)]
        install: bool,
    },
    /// Run every test on both databases, then the browser journeys and the API's clients.
    Test(test::Options),
    /// Run the tests, then every other check that a change must pass.
    Ci {
        /// Leave the tests out: they have just run.
        #[arg(long)]
        no_test: bool,
    },
    /// Send hostile input to every parser of outside bytes, made-up requests to the API, or walk traces of recovery cases.
    Fuzz(fuzz::Options),
    /// Write the generated files again.
    Generate {
        /// Write nothing; fail if a committed file is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Measure a release build: median and 99th percentile.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Setup { install } => setup::setup(&setup::Part::ALL, install),
        Command::Test(options) => test::test(&options).map(|tally| println!("{tally}")),
        Command::Ci { no_test } => ci::ci(no_test),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Generate { check } => generate::generate(check),
        Command::Bench(options) => bench::bench(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            println!("{fault:#}");
            ExitCode::FAILURE
        }
    }
}
