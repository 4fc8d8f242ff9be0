//! Which crate may depend on which: the table in `docs/ARCHITECTURE.md` is read and held against what cargo sees.
//!
//! An arrow is what ships: a dependency of the tests alone is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::workspace::{Metadata, root, tree};

/// What must not be linked into a package, by the beginnings of crate names: a panic in libpam's caller, a missing TSS
/// library or a runtime inside `login` would shut people out.
const NEVER_LINKED: &[(&str, &[&str])] = &[
    ("postern", &["pam", "nonstick", "postern-pam", "tss-", "ring", "openssl"]),
    ("postern-agent", &["pam", "nonstick", "sqlx", "axum", "tokio"]),
    ("postern-authn", &["axum", "hyper", "sqlx", "tokio"]),
    ("postern-codes", &["axum", "hyper", "sqlx", "tokio"]),
    ("postern-pam", &["aws-lc", "rustls", "tokio", "ureq"]),
];

/// The crates' table: a row's first cell names the crate, its third what it may depend on.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').map(in_backticks));
    rows.map(|cells| {
        let [_, name, _, arrows, ..] = &cells.collect::<Vec<_>>()[..] else { panic!("a row with too few cells") };
        (name[0].clone(), arrows.iter().cloned().collect())
    })
    .collect()
}

fn in_backticks(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A package's name in the table.
fn short(package: &str) -> String {
    package.strip_prefix("postern-").unwrap_or(if package == "postern" { "cli" } else { package }).to_owned()
}

#[test]
fn every_crate_is_in_the_architecture_and_only_they() {
    let metadata = Metadata::read().expect("cargo metadata");
    let crates: BTreeSet<_> = metadata.members().map(|package| short(&package.name)).collect();
    assert_eq!(table().into_keys().collect::<BTreeSet<_>>(), crates);
}

#[test]
fn no_crate_depends_on_one_that_the_architecture_keeps_from_it() {
    let metadata = Metadata::read().expect("cargo metadata");
    let ours: BTreeSet<_> = metadata.members().map(|package| package.name.as_str()).collect();
    let table = table();
    for package in metadata.members() {
        let shipped = package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        for dependency in shipped.filter(|dependency| ours.contains(dependency.name.as_str())) {
            let (from, to) = (short(&package.name), short(&dependency.name));
            assert!(table[&from].contains(&to), "{from} --> {to} is not an arrow of docs/ARCHITECTURE.md");
        }
    }
}

#[test]
fn nothing_links_what_it_must_never_link() {
    for (package, never) in NEVER_LINKED {
        let linked = tree(&["--package", package], "{p}").expect("cargo tree");
        assert!(linked.iter().any(|line| line.starts_with(package)), "cargo tree knows {package}");
        for line in linked.iter().filter(|line| !line.starts_with(&format!("{package} "))) {
            let is_banned = never.iter().any(|name| line.starts_with(name));
            assert!(!is_banned, "{package} links {line}; `cargo tree -p {package} -i` shows who brings it");
        }
    }
}
