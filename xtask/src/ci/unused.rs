//! Dependencies that a `Cargo.toml` names and no source of its crate does.
//!
//! A word in a source is taken as use: this misses a leftover that a comment at a line's end names, and never accuses
//! a crate wrongly.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::{Dependency, Metadata, Package, root};

/// Looks for every named dependency in the sources.
pub fn check() -> Result<()> {
    let metadata = Metadata::read()?;
    let mut faults = Vec::new();
    let mut named = BTreeSet::new();
    for package in metadata.members() {
        let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
        let words = words(folder)?;
        for dependency in &package.dependencies {
            named.insert(dependency.name.as_str());
            if !words.contains(&crate_name(dependency, &metadata.packages)) {
                let table = dependency.kind.as_deref().unwrap_or("normal");
                faults.push(format!("{} names {} ({table}) and does not use it", package.name, dependency.name));
            }
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let listed = workspace_dependencies(&manifest).filter(|name| !named.contains(name));
    faults.extend(listed.map(|name| format!("the workspace lists {name} and no crate names it")));
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What the code calls a dependency: its new name, or that of its library, which need not be the package's.
fn crate_name(dependency: &Dependency, packages: &[Package]) -> String {
    let package = packages.iter().find(|package| package.name == dependency.name);
    let mut targets = package.into_iter().flat_map(|package| &package.targets);
    let library = targets.find(|target| target.kind.iter().any(|kind| kind.contains("lib") || kind == "proc-macro"));
    let name = dependency.rename.as_deref().or(library.map(|target| target.name.as_str()));
    name.unwrap_or(&dependency.name).replace('-', "_")
}

/// Every word of code in the Rust files below `folder`, and in those of other crates that they take in by `#[path]`.
fn words(folder: &Path) -> Result<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            words.extend(self::words(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            words.extend(identifiers(&text).map(str::to_owned));
            for shared in text.lines().filter_map(|line| line.strip_prefix("#[path = \"")?.strip_suffix("\"]")) {
                words.extend(identifiers(&fs::read_to_string(folder.join(shared))?).map(str::to_owned));
            }
        }
    }
    Ok(words)
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

/// The names under `[workspace.dependencies]`.
fn workspace_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter_map(|line| Some(line.split_once(" = ")?.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Target;

    #[test]
    fn a_library_is_known_by_its_own_name_or_the_one_given_to_it() {
        let package = Package {
            id: String::new(),
            name: "pam-bindings".to_owned(),
            manifest_path: "Cargo.toml".into(),
            dependencies: Vec::new(),
            targets: vec![Target { name: "pam".to_owned(), kind: vec!["lib".to_owned()] }],
        };
        let mut dependency = Dependency { name: "pam-bindings".to_owned(), rename: None, kind: None };
        assert_eq!(crate_name(&dependency, std::slice::from_ref(&package)), "pam");
        dependency.rename = Some("door".to_owned());
        assert_eq!(crate_name(&dependency, &[package]), "door");
    }

    #[test]
    fn a_comment_is_not_a_use_and_a_line_of_code_is() {
        let words: Vec<_> = identifiers("    // serde\nuse anyhow::{Result};\n").collect();
        assert!(words.contains(&"anyhow") && !words.contains(&"serde"), "{words:?}");
    }

    #[test]
    fn the_workspace_list_ends_where_the_next_table_begins() {
        let manifest =
            "[workspace]\nresolver = \"3\"\n[workspace.dependencies]\na = \"1\"\n\nb-c = { }\n[profile]\nd = 1\n";
        assert_eq!(workspace_dependencies(manifest).collect::<Vec<_>>(), ["a", "b-c"]);
    }
}
