//! `cargo xtask fuzz`: hostile input against every parser of outside bytes, made-up requests against the API, and a million
//! random traces of recovery cases.
//!
//! A target is a file of `fuzz/targets/`; its corpus begins with what is committed in `fuzz/corpus/` and grows under
//! `target/`. The coverage flags are those that libFuzzer needs and the stable compiler takes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::setup::{self, Part};
use crate::workspace::{cargo, output, root, run};

const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// How many traces of recovery cases `traces` walks; a test walks a hundredth of them.
const TRACES: u32 = 1_000_000;

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub struct Options {
    /// A file of `fuzz/targets/`, or `api`, or `traces`; every one of the first where absent.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Which made-up requests `api` sends.
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// Fuzzes.
///
/// # Errors
/// If something broke: the message says where the input is kept.
pub fn fuzz(options: &Options) -> Result<()> {
    if options.target.as_deref() == Some("api") {
        return api(options);
    }
    if options.target.as_deref() == Some("traces") {
        return traces();
    }
    let known = targets()?;
    let chosen: Vec<_> = match &options.target {
        None => known,
        Some(name) => {
            ensure!(known.contains(name), "there is no target {name}: one of api, traces, {}", known.join(", "));
            vec![name.clone()]
        }
    };
    let version = output(cargo().arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("cargo -vV names no host")?;
    let place = root().join("target/fuzz");
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target", host]);
    run(build.args(["--target-dir"]).arg(&place).env("RUSTFLAGS", COVERAGE))?;
    for target in chosen {
        println!("fuzz: {target}, {} s", options.seconds);
        let grown = place.join("corpus").join(&target);
        fs::create_dir_all(&grown)?;
        let mut fuzzer = Command::new(place.join(host).join("release").join(&target));
        fuzzer.arg(format!("-max_total_time={}", options.seconds)).args([
            "-verbosity=0",
            "-max_len=4096",
            "-timeout=5",
        ]);
        fuzzer.arg(format!("-artifact_prefix={}/", grown.display())).arg(&grown);
        run(fuzzer.arg(root().join("fuzz/corpus").join(&target)))?;
    }
    Ok(())
}

/// A few seconds of every target: that each still builds, and finds nothing that is near.
///
/// # Errors
/// As [`fuzz`].
pub fn smoke() -> Result<()> {
    fuzz(&Options { target: None, seconds: 5, seed: 1 })
}

/// Random traces of the case machine: none may reach an action without what policy asks for.
fn traces() -> Result<()> {
    println!("fuzz: traces, {TRACES} of them");
    let mut test = cargo();
    test.args([
        "test",
        "--release",
        "--quiet",
        "-p",
        "postern-authn",
        "--lib",
        "--",
        "recovery::case::tests::no_trace",
    ]);
    run(test.env("POSTERN_TRACES", TRACES.to_string()))
}

/// Many more made-up requests for each call than the tests send.
fn api(options: &Options) -> Result<()> {
    setup::setup(&[Part::Conformance], false)?;
    run(cargo().args(["build", "--quiet", "--locked", "--package", "postern-server", "--example", "stage"]))?;
    let mut node = Command::new("node");
    node.arg("--test").arg(setup::conformance_tests().join("fuzz.mjs")).current_dir(root());
    let examples = (options.seconds * 4).to_string();
    run(node.env("POSTERN_FUZZ_EXAMPLES", examples).env("POSTERN_FUZZ_SEED", options.seed.to_string()))
}

fn targets() -> Result<Vec<String>> {
    let files: Vec<PathBuf> =
        fs::read_dir(root().join("fuzz/targets"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let mut names: Vec<_> = files.iter().filter_map(|path| path.file_stem()?.to_str()).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}
