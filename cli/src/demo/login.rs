//! `postern demo login`: the locked screen in a terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use postern_login::{Conversation, Echo, HungUp, Outcome};

use super::folder::Folder;
use super::screen;
use crate::screen as terminal;

/// Runs one sign-in at the computer of the demo that runs on `folder`.
pub fn run(folder: &Path) -> anyhow::Result<ExitCode> {
    let missing = || format!("no demo runs in {}: start `postern demo` in another terminal first", folder.display());
    let facts = Folder::existing(folder).with_context(missing)?.facts()?.with_context(missing)?;
    terminal::line(&format!(
        "This is the locked screen of the demo's computer. Her name: {}, her password: {}",
        facts.person.account(),
        facts.person.password.expose()
    ));
    match screen::from_the_name_on(&facts, &mut Terminal) {
        Some(Outcome::Opened(_)) => {
            terminal::line("The computer is open.");
            Ok(ExitCode::SUCCESS)
        }
        Some(Outcome::Shut(_)) | None => {
            terminal::line("The computer stays locked.");
            Ok(ExitCode::FAILURE)
        }
    }
}

struct Terminal;

impl Conversation for Terminal {
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<String, HungUp> {
        terminal::prompt(prompt);
        let _quiet = (echo == Echo::Hidden).then(Quiet::new);
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => Err(HungUp),
            Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }

    fn tell(&mut self, text: &str) {
        terminal::line(text);
    }

    fn warn(&mut self, text: &str) {
        terminal::line(&format!("! {text}"));
    }
}

/// The terminal shows nothing of what is typed while this lives.
struct Quiet(Option<nix::sys::termios::Termios>);

impl Quiet {
    fn new() -> Self {
        let stdin = std::io::stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok()).flatten();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_flags.remove(LocalFlags::ECHO);
            let _ = tcsetattr(&stdin, SetArg::TCSANOW, &silent);
        }
        Self(before)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, before);
            // The line end that was typed was not shown either.
            let _ = std::io::stdout().write_all(b"\n");
        }
    }
}
