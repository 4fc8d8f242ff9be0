//! The repository as cargo sees it: where it is, what it is made of, how to call cargo in it.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What `cargo metadata` says, as far as the checks read it.
#[derive(Deserialize)]
pub struct Metadata {
    /// Every package of the dependency graph on this platform, ours among them.
    pub packages: Vec<Package>,
    /// The ids of our own packages.
    pub workspace_members: BTreeSet<String>,
    /// Where cargo builds.
    pub target_directory: PathBuf,
}

/// One package of the graph.
#[derive(Deserialize)]
pub struct Package {
    /// Cargo's identifier for it.
    pub id: String,
    /// Its name in the registry.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// What its `Cargo.toml` names.
    pub dependencies: Vec<Dependency>,
    /// What it builds.
    pub targets: Vec<Target>,
}

/// One line of a `[dependencies]` table.
#[derive(Deserialize)]
pub struct Dependency {
    /// The package's name in the registry.
    pub name: String,
    /// Another name that the code knows it by.
    pub rename: Option<String>,
    /// `None` for a normal one, else `build` or `dev`.
    pub kind: Option<String>,
}

/// A library, executable or test that a package builds.
#[derive(Deserialize)]
pub struct Target {
    /// Its crate name.
    pub name: String,
    /// `lib`, `bin`, `proc-macro` ...
    pub kind: Vec<String>,
}

impl Metadata {
    /// Asks cargo.
    pub fn read() -> Result<Self> {
        // For this platform only: else cargo fetches what other systems would need.
        let version = output(cargo().arg("-vV"))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("cargo -vV names no host")?;
        let metadata = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
        let answer = output(cargo().args(metadata))?;
        serde_json::from_str(&answer).context("cargo metadata answered in an unknown form")
    }

    /// Our own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

/// The repository's folder.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The cargo that runs this program, in the repository's folder.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Every line of `cargo tree` over what is shipped (`scope`: `--workspace`, or `-p` and a package), in `format`.
///
/// Not from `cargo metadata`: that lists packages which no selected feature switches on.
pub fn tree(scope: &[&str], format: &str) -> Result<BTreeSet<String>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--quiet", "--edges", "normal,build", "--prefix", "none", "--format", format]);
    let lines = output(tree.args(scope))?;
    Ok(lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect())
}

/// Runs a command to its end, its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shell_words(command)))?;
    if !status.success() {
        bail!("failed ({status}): {}", shell_words(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it printed; its complaints go to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {}", shell_words(command)))?;
    if !output.status.success() {
        bail!("failed ({}): {}", output.status, shell_words(command));
    }
    String::from_utf8(output.stdout).with_context(|| format!("not UTF-8: the output of {}", shell_words(command)))
}

/// The file that a shell would start for `name`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A command as a person would type it.
pub fn shell_words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| {
        let word = word.to_string_lossy();
        let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c));
        if is_plain { word.into_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_command_can_be_pasted_into_a_shell() {
        let mut command = Command::new("sed");
        command.args(["-i", "s/it's/its/", "/etc/a.conf"]);
        assert_eq!(shell_words(&command), r"sed -i 's/it'\''s/its/' /etc/a.conf");
    }

    #[test]
    fn cargo_knows_this_very_package() {
        let metadata = Metadata::read().expect("cargo metadata");
        assert!(metadata.members().any(|package| package.name == "xtask"));
        assert!(metadata.packages.len() > metadata.workspace_members.len());
    }
}
