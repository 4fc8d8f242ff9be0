//! Licences and banned crates of everything that is shipped, by `deny.toml`: the file that cargo-deny reads too, of
//! which this reads the two lists that need no network.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{root, tree};

/// Compares the dependency graph with `deny.toml`.
pub fn check() -> Result<()> {
    let rules = fs::read_to_string(root().join("deny.toml")).context("cannot read deny.toml")?;
    let allowed = list(&rules, "licenses", "allow");
    let banned = list(&rules, "bans", "deny");
    ensure!(!allowed.is_empty() && !banned.is_empty(), "deny.toml has no [licenses] allow or no [bans] deny list");

    let shipped = tree(&["--workspace"], "{p}|{l}")?;
    let excepted = |line: &&String| !excepted(&rules).any(|(name, licence)| is_of(line, name, licence));
    let faults: Vec<_> = shipped.iter().filter(excepted).filter_map(|line| fault(line, &allowed, &banned)).collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What is wrong with a package, given as `name version|licence`.
fn fault(line: &str, allowed: &[&str], banned: &[&str]) -> Option<String> {
    let (package, licence) = line.rsplit_once('|')?;
    let name = package.split(' ').next()?;
    if banned.contains(&name) {
        return Some(format!("{name} is banned in deny.toml; `cargo tree -i {name}` shows who brings it"));
    }
    if !is_allowed(licence, allowed) {
        return Some(format!("{package}: its licence `{licence}` is not allowed in deny.toml"));
    }
    None
}

/// Crates that may have a licence which others may not: name and licence.
fn excepted(rules: &str) -> impl Iterator<Item = (&str, &str)> {
    lines(rules, "licenses", "exceptions").filter_map(|line| {
        let mut strings = line.split('"').skip(1).step_by(2);
        Some((strings.next()?, strings.next()?))
    })
}

/// Whether a package, given as `name version|licence`, is this one.
fn is_of(line: &str, name: &str, licence: &str) -> bool {
    line.split_once(' ').is_some_and(|(own, _)| own == name)
        && line.rsplit_once('|').is_some_and(|(_, own)| own == licence)
}

/// Whether an SPDX expression can be met with the allowed licences; `/` is the old way to write `OR`.
fn is_allowed(licence: &str, allowed: &[&str]) -> bool {
    let spaced = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = either(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn either(words: Words, allowed: &[&str]) -> bool {
    let mut met = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allowed);
    }
    met
}

fn both(words: Words, allowed: &[&str]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: Words, allowed: &[&str]) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        let met = either(words, allowed);
        return words.next_if_eq(&")").is_some() && met;
    }
    if words.next_if_eq(&"WITH").is_some() {
        let exception = words.next().unwrap_or_default();
        return allowed.contains(&format!("{word} WITH {exception}").as_str());
    }
    allowed.contains(&word)
}

/// The first string of each line of `key = [ ... ]` in `[section]`: one entry a line, as `deny.toml` is written.
fn list<'a>(toml: &'a str, section: &str, key: &str) -> Vec<&'a str> {
    lines(toml, section, key).filter_map(|line| line.split('"').nth(1)).collect()
}

/// The lines of `key = [ ... ]` in `[section]`.
fn lines<'a>(toml: &'a str, section: &str, key: &str) -> impl Iterator<Item = &'a str> {
    let (head, open) = (format!("[{section}]"), format!("{key} = ["));
    let in_section =
        toml.lines().skip_while(move |line| *line != head).skip(1).take_while(|line| !line.starts_with('['));
    let entries = in_section.skip_while(move |line| *line != open).skip(1).take_while(|line| *line != "]");
    entries.map(str::trim).filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];

    #[test]
    fn a_licence_is_met_by_any_alternative_and_every_part() {
        for licence in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "ISC AND (GPL-3.0 OR MIT)"] {
            assert!(is_allowed(licence, ALLOWED), "{licence}");
        }
        for licence in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT GPL-3.0", "(MIT", "ISC AND (GPL-3.0 OR MPL-2.0)"] {
            assert!(!is_allowed(licence, ALLOWED), "{licence}");
        }
    }

    #[test]
    fn an_exception_is_allowed_by_name_only() {
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception", ALLOWED));
        assert!(!is_allowed("MIT WITH LLVM-exception", ALLOWED));
    }

    #[test]
    fn a_banned_crate_is_named() {
        let fault = fault("ring v0.17.14|MIT", ALLOWED, &["ring"]).expect("a fault");
        assert!(fault.starts_with("ring is banned"), "{fault}");
        assert_eq!(super::fault("string v1.0.0|MIT", ALLOWED, &["ring"]), None);
    }

    #[test]
    fn an_exception_is_for_its_crate_and_its_licence() {
        let toml = "[licenses]\nexceptions = [\n    { crate = \"glue\", allow = [\"MPL-2.0\"] },\n]\n";
        assert_eq!(excepted(toml).collect::<Vec<_>>(), [("glue", "MPL-2.0")]);
        assert!(is_of("glue v0.2.2|MPL-2.0", "glue", "MPL-2.0"));
        assert!(!is_of("glue v0.2.2|GPL-3.0", "glue", "MPL-2.0"));
        assert!(!is_of("glue-more v0.2.2|MPL-2.0", "glue", "MPL-2.0"));
    }

    #[test]
    fn lists_are_read_from_their_own_section() {
        let toml = "[licenses]\nallow = [\n    \"MIT\",\n    # \"GPL\",\n]\n[bans]\ndeny = [\n    { crate = \"ring\", \
                    reason = \"x\" },\n]\n";
        assert_eq!(list(toml, "licenses", "allow"), ["MIT"]);
        assert_eq!(list(toml, "bans", "deny"), ["ring"]);
        assert!(list(toml, "licenses", "deny").is_empty());
    }
}
