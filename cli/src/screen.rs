//! What the operator sees: the one place that writes to the terminal.

/// A line of the answer.
#[expect(clippy::print_stdout, reason = "an operator's tool answers on its standard output")]
pub fn line(text: &str) {
    println!("{text}");
}

/// Why it did not work.
#[expect(clippy::print_stderr, reason = "an operator's tool complains on its standard error")]
pub fn error(text: &str) {
    eprintln!("postern: {text}");
}

/// A question, answered on the same line.
#[expect(clippy::print_stdout, reason = "an operator's tool asks on its standard output")]
pub fn prompt(text: &str) {
    print!("{text}");
    let _ = std::io::Write::flush(&mut std::io::stdout());
}
