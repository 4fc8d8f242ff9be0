//! How many tests ran and which failed, read from what the test programs print.

use std::fmt;

/// The sum over all test programs of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that held.
    pub passed: usize,
    /// Tests that did not run.
    pub skipped: usize,
    /// Tests that did not hold, each as `program: test`.
    pub failed: Vec<String>,
}

impl Tally {
    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.skipped += other.skipped;
        self.failed.extend(other.failed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ran = self.passed + self.failed.len();
        if self.failed.is_empty() {
            write!(f, "{ran} tests ran, all passed")?;
        } else {
            writeln!(f, "failed:")?;
            self.failed.iter().try_for_each(|test| writeln!(f, "  {test}"))?;
            write!(f, "{ran} tests ran, {} failed", self.failed.len())?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// One finished test program of `cargo test`.
pub struct Suite {
    /// The crate and the file.
    pub name: String,
    /// Its counts.
    pub tally: Tally,
    /// Seconds, as the program wrote them.
    pub took: String,
    /// All that it printed.
    pub output: String,
}

/// Reads the lines of `cargo test` (both its streams, in order) and cuts them into suites.
#[derive(Default)]
pub struct Reader {
    /// The suite that has begun and not given its result.
    running: Option<String>,
    lines: Vec<String>,
}

impl Reader {
    /// Takes the next line; the suite that it finishes, if it does.
    pub fn line(&mut self, line: String) -> Option<Suite> {
        if let Some(name) = suite_name(&line) {
            let unfinished = self.end();
            self.lines.clear();
            self.running = Some(name);
            return unfinished;
        }
        let result = line.strip_prefix("test result: ").map(str::to_owned);
        self.lines.push(line);
        let result = result?;
        let name = self.running.take()?;
        let count = |what: &str| {
            let field = result.split(['.', ';']).find_map(|field| field.trim().strip_suffix(what));
            field.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        let failed = self.failed(&name, count("failed"));
        let tally = Tally { passed: count("passed"), skipped: count("ignored"), failed };
        let took = result.rsplit("finished in ").next().unwrap_or_default().to_owned();
        let output = std::mem::take(&mut self.lines).join("\n");
        Some(Suite { name, tally, took, output })
    }

    /// The suite that ended without a result (it crashed, or exited by itself): that is a failure too.
    pub fn end(&mut self) -> Option<Suite> {
        let name = self.running.take()?;
        let output = std::mem::take(&mut self.lines).join("\n");
        let tally = Tally { failed: vec![format!("{name}: ended without a result")], ..Tally::default() };
        Some(Suite { name, tally, took: String::new(), output })
    }

    /// The names under the last `failures:`; numbers where the program named fewer than it counted.
    fn failed(&self, suite: &str, count: usize) -> Vec<String> {
        let begins = self.lines.iter().rposition(|line| line == "failures:").map_or(self.lines.len(), |line| line + 1);
        let listed = self.lines[begins..].iter().filter_map(|line| line.strip_prefix("    "));
        let mut failed: Vec<_> = listed.take(count).map(|test| format!("{suite}: {test}")).collect();
        for number in failed.len()..count {
            failed.push(format!("{suite}: failure {}", number + 1));
        }
        failed
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/postern_codes-0123)` is `postern_codes src/lib.rs`.
fn suite_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(package) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{package} documentation"));
    }
    let (source, program) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let (package, _hash) = program.rsplit('/').next()?.rsplit_once('-')?;
    Some(format!("{package} {}", source.trim_start_matches("unittests ")))
}

/// The counts that Node's test runner prints at the end of its TAP output.
pub fn from_tap(name: &str, tap: &str) -> Tally {
    let count = |what: &str| {
        let line = tap.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(what));
        line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
    };
    let failures = tap.lines().filter_map(|line| line.trim_start().strip_prefix("not ok "));
    let mut failed: Vec<_> = failures.map(|line| format!("{name}: {line}")).collect();
    for number in failed.len()..count("fail ") {
        failed.push(format!("{name}: failure {}", number + 1));
    }
    Tally { passed: count("pass "), skipped: count("skipped ") + count("todo "), failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites(text: &str) -> Vec<Suite> {
        let mut reader = Reader::default();
        text.lines().filter_map(|line| reader.line(line.to_owned())).collect()
    }

    #[test]
    fn a_green_suite_is_counted_under_its_own_name() {
        let suites = suites(
            "     Running unittests src/lib.rs (target/debug/deps/postern_codes-8badf00d)\n\nrunning 3 tests\n\
             test id::tests::ids_sort_by_time ... ok\n\n\
             test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.42s\n",
        );
        assert_eq!(suites.len(), 1);
        assert_eq!(suites[0].name, "postern_codes src/lib.rs");
        assert_eq!(suites[0].took, "0.42s");
        assert_eq!(suites[0].tally, Tally { passed: 2, skipped: 1, failed: vec![] });
    }

    #[test]
    fn a_failed_test_is_named_with_its_suite() {
        let suites = suites(
            "   Doc-tests postern_codes\nrunning 2 tests\nfailures:\n\n---- a::b stdout ----\nfailures:\n    not a test\n\n\
             failures:\n    a::b\n\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n",
        );
        assert_eq!(suites[0].tally.failed, ["postern_codes documentation: a::b"]);
        assert!(suites[0].output.contains("---- a::b stdout ----"));
    }

    #[test]
    fn a_program_that_ends_without_a_result_has_failed() {
        let mut reader = Reader::default();
        let lines =
            "     Running tests/pam.rs (target/debug/deps/pam-1)\nmemory allocation failed\n   Doc-tests wire\n";
        let suites: Vec<_> = lines.lines().filter_map(|line| reader.line(line.to_owned())).collect();
        assert_eq!(suites.len(), 1);
        assert_eq!(suites[0].tally.failed, ["pam tests/pam.rs: ended without a result"]);
        assert_eq!(suites[0].output, "memory allocation failed");
        assert_eq!(reader.end().expect("one more").name, "wire documentation");
        assert!(reader.end().is_none());
    }

    #[test]
    fn the_browser_counts_are_those_of_node() {
        let tap = "TAP version 13\n# Subtest: sign in\nok 1 - sign in\nnot ok 2 - show a PIN\n\
                   1..2\n# tests 2\n# suites 0\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n";
        assert_eq!(
            from_tap("browser", tap),
            Tally { passed: 1, skipped: 0, failed: vec!["browser: 2 - show a PIN".to_owned()] }
        );
    }

    #[test]
    fn the_last_line_says_how_many_ran() {
        let mut tally = Tally { passed: 7, skipped: 0, failed: vec![] };
        assert_eq!(tally.to_string(), "7 tests ran, all passed");
        tally.add(Tally { passed: 1, skipped: 2, failed: vec!["a: b".to_owned()] });
        assert_eq!(tally.to_string(), "failed:\n  a: b\n9 tests ran, 1 failed, 2 skipped");
    }
}
