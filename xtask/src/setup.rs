//! What the tests need on a machine, whether it is there, and the commands that bring it (Debian's).
//!
//! Nearly every check is a look at a file, so that asking costs nothing when all is there.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::postgres;
use crate::workspace::{on_path, root, run, shell_words};

/// A part of the tests that can be left out, with all that only it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The journeys in a real browser.
    Browser,
    /// The PIN through a real PAM stack, and building anything at all.
    Computer,
    /// The API as official clients and a fuzzer meet it.
    Conformance,
    /// The same tests again on PostgreSQL.
    Postgres,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Browser, Self::Computer, Self::Conformance, Self::Postgres];
}

struct Need {
    what: &'static str,
    parts: &'static [Part],
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { what: "C compiler", parts: &[Part::Computer], packages: &["gcc", "libc6-dev"], is_there: || has("cc") },
    Need {
        what: "PAM headers",
        parts: &[Part::Computer],
        packages: &["libpam0g-dev"],
        is_there: || Path::new("/usr/include/security/pam_appl.h").is_file(),
    },
    Need { what: "pamtester", parts: &[Part::Computer], packages: &["pamtester"], is_there: || has("pamtester") },
    Need {
        what: "pam_wrapper",
        parts: &[Part::Computer],
        packages: &["libpam-wrapper"],
        is_there: || is_library("libpam_wrapper.so"),
    },
    Need {
        what: "Python with cryptography, for the agent of another maker",
        parts: &[Part::Computer],
        packages: &["python3", "python3-cryptography"],
        is_there: has_python_cryptography,
    },
    Need {
        what: "PostgreSQL server",
        parts: &[Part::Postgres],
        packages: &["postgresql"],
        is_there: || postgres::binaries().is_some(),
    },
    Need {
        what: "Chromium",
        parts: &[Part::Browser],
        packages: &["chromium"],
        is_there: || ["chromium", "chromium-browser", "google-chrome"].into_iter().any(has),
    },
    Need {
        what: "Node.js",
        parts: &[Part::Browser, Part::Conformance],
        packages: &["nodejs"],
        is_there: || has("node"),
    },
    Need { what: "npm", parts: &[Part::Browser, Part::Conformance], packages: &["npm"], is_there: || has("npm") },
    Need {
        what: "Python's virtual environments",
        parts: &[Part::Conformance],
        packages: &["python3", "python3-venv"],
        is_there: || python_has("ensurepip"),
    },
];

/// Folders whose Node packages npm's lock file pins.
const NODE_FOLDERS: [(Part, &str); 2] = [(Part::Browser, "tests/browser"), (Part::Conformance, "tests/conformance")];

/// The list of pinned Python packages, in their tests' folder and copied into their environment.
const PINNED: &str = "requirements.txt";

/// Says what `parts` of the tests need here; installs what is missing where this is root, CI, or `install` is set.
///
/// # Errors
/// If something is missing and may not be installed: the message has the commands to type.
pub fn setup(parts: &[Part], install: bool) -> Result<()> {
    let missing: Vec<_> =
        NEEDS.iter().filter(|need| need.parts.iter().any(|part| parts.contains(part)) && !(need.is_there)()).collect();
    let node_folders =
        NODE_FOLDERS.iter().filter(|(part, _)| parts.contains(part)).map(|(_, folder)| root().join(folder));
    let node_behind: Vec<_> = node_folders.filter(|folder| !node_packages_are_current(folder)).collect();
    let python_is_behind = parts.contains(&Part::Conformance) && !python_packages_are_current();
    if missing.is_empty() && node_behind.is_empty() && !python_is_behind {
        println!("setup: everything is there");
        return Ok(());
    }
    for need in &missing {
        println!("setup: missing {} (Debian: {})", need.what, need.packages.join(", "));
    }
    for folder in &node_behind {
        println!("setup: missing the Node packages of {}", folder.display());
    }
    if python_is_behind {
        println!("setup: missing the Python packages of tests/conformance");
    }

    let mut commands = Vec::new();
    let packages: Vec<_> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if !packages.is_empty() {
        commands.extend(apt_commands(&packages));
    }
    for folder in &node_behind {
        let mut npm = Command::new("npm");
        npm.arg("--prefix").arg(folder).args(["ci", "--no-audit", "--no-fund"]);
        commands.push(npm);
    }
    if python_is_behind {
        commands.extend(python_commands());
    }
    if !(install || is_root() || env::var("CI").is_ok_and(|ci| ci == "true")) {
        let lines: Vec<_> = commands.iter().map(|command| format!("  {}", shell_words(command))).collect();
        bail!("run `cargo xtask setup --install`, or these commands:\n{}", lines.join("\n"));
    }
    if !packages.is_empty() && !has("apt-get") {
        bail!("there is no apt-get here: install what is listed above with this system's own packages");
    }
    for command in &mut commands {
        println!("setup: {}", shell_words(command));
        run(command)?;
    }
    if let Some(need) = missing.iter().find(|need| !(need.is_there)()) {
        bail!("{} is still missing after its packages were installed", need.what);
    }
    println!("setup: everything is there now");
    Ok(())
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The folder of the browser journeys.
pub fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

/// The folder of what other programs ask of the API.
pub fn conformance_tests() -> PathBuf {
    root().join("tests/conformance")
}

/// The Python environment of those: private to this checkout.
fn python_environment() -> PathBuf {
    root().join("target/conformance")
}

/// Makes the environment anew, with exactly what is pinned; the copy of the list says that it was done to the end.
fn python_commands() -> [Command; 3] {
    let [mut venv, mut pip, mut done] =
        [Command::new("python3"), Command::new(python_environment().join("bin/pip")), Command::new("cp")];
    venv.args(["-m", "venv", "--clear"]).arg(python_environment());
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--requirement",
    ]);
    pip.arg(conformance_tests().join(PINNED));
    done.arg(conformance_tests().join(PINNED)).arg(python_environment().join(PINNED));
    [venv, pip, done]
}

fn python_packages_are_current() -> bool {
    let [pinned, installed] =
        [conformance_tests(), python_environment()].map(|folder| fs::read(folder.join(PINNED)).ok());
    pinned == installed
}

/// PostgreSQL's package would start a server of its own at once; its configuration is put in place before it comes.
fn apt_commands(packages: &[&str]) -> Vec<Command> {
    const NO_MAIN_CLUSTER: &str = "s/^#? ?create_main_cluster.*/create_main_cluster = false/";
    let install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"];
    let mut commands = vec![as_root(&["apt-get", "update", "--quiet"])];
    if packages.contains(&"postgresql") {
        commands.push(as_root(&[&install[..], &["postgresql-common"]].concat()));
        commands.push(as_root(&["sed", "-i", "-E", NO_MAIN_CLUSTER, "/etc/postgresql-common/createcluster.conf"]));
    }
    commands.push(as_root(&[&install[..], packages].concat()));
    commands
}

fn as_root(words: &[&str]) -> Command {
    let mut command = Command::new(if is_root() { "env" } else { "sudo" });
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
    command
}

fn has(program: &str) -> bool {
    on_path(program).is_some()
}

fn is_library(name: &str) -> bool {
    let multiarch = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    multiarch.chain(["/usr/lib".into(), "/usr/lib64".into()]).any(|folder| folder.join(name).exists())
}

/// Where Debian's own Python has it, or where the `python3` of this machine has it from elsewhere.
fn has_python_cryptography() -> bool {
    Path::new("/usr/lib/python3/dist-packages/cryptography").is_dir() || python_has("cryptography")
}

fn python_has(module: &str) -> bool {
    Command::new("python3").args(["-c", &format!("import {module}")]).output().is_ok_and(|done| done.status.success())
}

/// Whether `node_modules` holds the versions that `package-lock.json` pins.
fn node_packages_are_current(folder: &Path) -> bool {
    let pinned = lock(&folder.join("package-lock.json"));
    let installed = lock(&folder.join("node_modules/.package-lock.json"));
    pinned.iter().filter(|(path, _)| !path.is_empty()).all(|(path, version)| installed.get(path) == Some(version))
}

/// Versions by path, of one of npm's lock files; empty where there is no such file.
fn lock(file: &Path) -> BTreeMap<String, Option<String>> {
    #[derive(Deserialize, Default)]
    struct Lock {
        packages: BTreeMap<String, Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        version: Option<String>,
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let lock: Lock = serde_json::from_str(&text).unwrap_or_default();
    lock.packages.into_iter().map(|(path, package)| (path, package.version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_comes_without_a_main_cluster() {
        let commands: Vec<_> = apt_commands(&["pamtester", "postgresql"]).iter().map(shell_words).collect();
        let configured = commands.iter().position(|line| line.contains("create_main_cluster = false"));
        let installed = commands.iter().position(|line| line.ends_with("pamtester postgresql"));
        assert!(configured < installed && configured.is_some(), "{commands:#?}");
    }

    #[test]
    fn other_packages_leave_postgresql_alone() {
        let commands: Vec<_> = apt_commands(&["pamtester"]).iter().map(shell_words).collect();
        assert!(commands.iter().all(|line| !line.contains("postgresql")), "{commands:#?}");
    }

    #[test]
    fn node_packages_that_were_never_installed_are_behind() {
        let folder = env::temp_dir().join(format!("postern-setup-{}", std::process::id()));
        fs::create_dir_all(folder.join("node_modules")).expect("a folder for the test");
        let lock = |version| {
            format!(r#"{{"packages": {{"": {{}}, "node_modules/playwright-core": {{"version": "{version}"}}}}}}"#)
        };
        fs::write(folder.join("package-lock.json"), lock("2.0.0")).expect("a lock file");
        let before = node_packages_are_current(&folder);
        fs::write(folder.join("node_modules/.package-lock.json"), lock("1.0.0")).expect("npm's own lock file");
        let older = node_packages_are_current(&folder);
        fs::write(folder.join("node_modules/.package-lock.json"), lock("2.0.0")).expect("npm's own lock file");
        let same = node_packages_are_current(&folder);
        fs::remove_dir_all(&folder).expect("the test's own folder");
        assert_eq!((before, older, same), (false, false, true));
    }
}
