//! Every path that a page names is there, and every `path:name` names something that the file defines: a page that
//! describes a past tree is worse than none.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{output, root};

/// Looks up each path in the pages that git knows.
pub fn check() -> Result<()> {
    let pages = output(Command::new("git").args(["ls-files", "-z", "*.md"]).current_dir(root()))?;
    let mut faults = Vec::new();
    for page in pages.split_terminator('\0') {
        let text = fs::read_to_string(root().join(page)).with_context(|| format!("cannot read {page}"))?;
        let missing = paths(&text).into_iter().filter(|path| !is_there(path));
        faults.extend(missing.map(|path| format!("{page} names {path}, which is not there")));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// Whether a path is there, or a `path:name` names a function or type of that file.
fn is_there(path: &str) -> bool {
    let Some((file, name)) = path.split_once(':') else { return root().join(path).exists() };
    fs::read_to_string(root().join(file)).is_ok_and(|text| defines(&text, name))
}

fn defines(text: &str, name: &str) -> bool {
    let name = name.trim_end_matches("()");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut before = "";
    words.into_iter().any(|word| {
        let is_definition = word == name && matches!(before, "fn" | "struct" | "enum" | "trait" | "const");
        before = word;
        is_definition
    })
}

/// What stands in backticks and looks like a path of this repository; one with a placeholder (`NAME.rs`) is none.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let crates = [
        "agent",
        "authn",
        "cli",
        "codes",
        "docs",
        "login",
        "packaging",
        "pam",
        "server",
        "store",
        "tests",
        "wire",
        "xtask",
    ];
    let is_path = |words: &&str| {
        let (first, rest) = words.split_once('/').unwrap_or_default();
        let is_placeholder = ["NAME", "NOUN", "NNNN"].iter().any(|placeholder| words.contains(placeholder));
        crates.contains(&first) && !rest.is_empty() && !is_placeholder && !words.contains([' ', '*', '{', '<'])
    };
    quoted.filter(is_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_repository_are_recognised() {
        let text = "see `store/src/sql.rs` and `docs/guides/`, not `a/b`, `cargo xtask`, `docs/NAME.md`\nnor `login/`.";
        assert_eq!(paths(text), ["store/src/sql.rs", "docs/guides/"]);
    }

    #[test]
    fn a_name_is_there_where_the_file_defines_it() {
        let text = "pub async fn issue(app: &App) {}\nstruct Door<'a>;\nlet open = close();";
        assert!(defines(text, "issue") && defines(text, "Door"));
        assert!(!defines(text, "close") && !defines(text, "open") && !defines(text, "iss"));
    }
}
