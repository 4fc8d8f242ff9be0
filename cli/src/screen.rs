//! What the operator sees: the one place that writes to the terminal. A terminal that is gone is no reason to stop.

use std::io::{self, IsTerminal as _, Write as _};

/// A line of the answer.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Text as it is, for a program that reads on: that it reads no longer is told.
pub fn whole(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

/// How far something has come, beside the answer: in place on a terminal, a line each elsewhere.
pub fn progress(text: &str) {
    let mut stderr = io::stderr();
    let _ = if stderr.is_terminal() { write!(stderr, "\r\x1b[K{text}") } else { writeln!(stderr, "{text}") };
}

/// The end of what was told in place.
pub fn progress_done() {
    if io::stderr().is_terminal() {
        let _ = writeln!(io::stderr());
    }
}

/// Something worth a look that stops nothing.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A question, answered on the same line.
pub fn prompt(text: &str) {
    let _ = write!(io::stdout(), "{text}").and_then(|()| io::stdout().flush());
}

/// Why it did not work.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr(), "postern: {text}");
}
