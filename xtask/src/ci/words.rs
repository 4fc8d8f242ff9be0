//! Words that no committed file may hold: unfinished work, silenced checks, the path of one machine.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::{output, root};

/// Each word in two halves, so that this file does not hold it, and what to do instead.
const WORDS: &[(&str, &str, &str)] = &[
    ("TO", "DO", "finish it, or write down in the README that it is not there yet"),
    ("FIX", "ME", "mend it"),
    ("todo", "!(", "finish it"),
    ("unimplemented", "!(", "finish it"),
    ("dbg", "!(", "remove it"),
    ("#[allow", "(", "use #[expect(.., reason = \"..\")]"),
    ("#[ign", "ore", "a test that never runs proves nothing"),
    ("<<<<", "<<<", "resolve the conflict"),
    ("/wo", "rk/", "a path of one machine"),
    ("/Us", "ers/", "a path of one machine"),
    ("BEGIN PRIV", "ATE KEY", "no key is committed: make it in the test"),
];

/// Searches every text file that git knows.
pub fn check() -> Result<()> {
    let files = output(Command::new("git").args(["ls-files", "-z"]).current_dir(root()))?;
    let mut faults = Vec::new();
    for file in files.split_terminator('\0') {
        // What is not text has no words; what was deleted and not yet committed is not there.
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        faults.extend(found(&text).map(|(line, word, instead)| format!("{file}:{line}: `{word}`: {instead}")));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

fn found(text: &str) -> impl Iterator<Item = (usize, String, &'static str)> {
    let words = WORDS.iter().map(|(head, tail, instead)| (format!("{head}{tail}"), *instead));
    words.flat_map(move |(word, instead)| {
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains(&word));
        let numbers: Vec<_> = lines.map(|(index, _)| index + 1).collect();
        numbers.into_iter().map(move |number| (number, word.clone(), instead))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_with_its_line() {
        let text = format!("fine\nlet x = {}!(y);\n", "dbg");
        let faults: Vec<_> = found(&text).map(|(line, word, _)| (line, word)).collect();
        assert_eq!(faults, [(2, format!("{}!(", "dbg"))]);
    }

    #[test]
    fn plain_text_passes() {
        assert_eq!(found("a to-do list, ignored\n").count(), 0);
    }
}
