//! Every path that a page names is there: a page that describes a past tree is worse than none.

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
        let missing = paths(&text).into_iter().filter(|path| !root().join(path).exists());
        faults.extend(missing.map(|path| format!("{page} names {path}, which is not there")));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What stands in backticks and looks like a path of this repository; one with a placeholder (`NAME.rs`) is none.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let crates =
        ["agent", "authn", "cli", "codes", "docs", "login", "pam", "server", "store", "tests", "wire", "xtask"];
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
}
