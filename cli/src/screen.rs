//! What the operator sees: the one place that writes to the terminal. A terminal that is gone is no reason to stop.

use std::io::{self, Write as _};

/// A line of the answer.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// A question, answered on the same line.
pub fn prompt(text: &str) {
    let _ = write!(io::stdout(), "{text}").and_then(|()| io::stdout().flush());
}

/// Why it did not work.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr(), "postern: {text}");
}
