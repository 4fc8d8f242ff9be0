//! Tells a person shortly before access by a recovery PIN ends: a factor must be set up while there is still a way in.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::unistd::{Uid, User};
use postern_codes::Timestamp;
use postern_wire::socket::Until;

use crate::daemon::Daemon;
use crate::log::{Category, Log};

/// How long before the end.
const BEFORE: Duration = Duration::from_mins(10);

/// Who was told of which end.
#[derive(Default)]
pub struct Told(BTreeMap<u32, Timestamp>);

impl Told {
    /// Tells everybody whose access ends soon, once for each use of a PIN.
    pub fn tell(&mut self, daemon: &Daemon) {
        let ending = daemon.door(|door| {
            let people = door.vault.state().people.iter().filter_map(|person| Some((person, person.live()?.wall)));
            Ok(people
                .filter_map(|(person, used)| Some((person.os_uid, used, door.access(person.os_uid, &person.login)?)))
                .collect::<Vec<_>>())
        });
        for (os_uid, used, end) in ending.unwrap_or_default() {
            if end.since(daemon.now()) <= BEFORE && self.0.insert(os_uid, used) != Some(used) {
                show(daemon, os_uid, &daemon.until(end));
            }
        }
    }
}

fn show(daemon: &Daemon, os_uid: u32, until: &Until) {
    let text = format!(
        "Your access by recovery PIN ends at {}. Set up a new factor before that{}.",
        until.clock,
        daemon.address().map(|server| format!(": {server}")).unwrap_or_default()
    );
    daemon.log.info(Category::SignIn, "access_ends_soon", format_args!("uid {os_uid}: {text}"));
    if let Some(terminal) = daemon.terminal(os_uid) {
        write(&terminal, &text);
    }
    let name =
        User::from_uid(Uid::from_raw(os_uid)).ok().flatten().map_or_else(|| os_uid.to_string(), |user| user.name);
    let words = daemon.config.notice_command.iter();
    let words: Vec<_> = words.map(|word| word.replace("{user}", &name).replace("{text}", &text)).collect();
    let log = daemon.log.clone();
    if !words.is_empty() {
        // On a thread of its own: a command that hangs must not keep the computer from its server.
        let _thread = thread::spawn(move || run(&words, &log));
    }
}

/// Writes to a terminal. Whether anybody looks at it is not known, and the log has the text in any case: one that takes no
/// more characters, since its person stopped it, is not waited for.
fn write(terminal: &Path, text: &str) {
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
    if let Ok(mut terminal) = OpenOptions::new().write(true).custom_flags(flags).open(terminal) {
        let _unseen = write!(terminal, "\r\n{text}\r\n");
    }
}

fn run(words: &[String], log: &Log) {
    let [program, arguments @ ..] = words else { return };
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) {
        log.error(
            Category::SignIn,
            "notice_failed",
            "the notice command failed",
            "try notice_command of agent.toml by hand",
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_terminal_that_takes_nothing_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let stopped = folder.path().join("tty");
        nix::unistd::mkfifo(&stopped, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let (done, waiting) = mpsc::channel();
        let _thread = thread::spawn(move || {
            write(&stopped, "Your access ends.");
            done.send(()).unwrap();
        });
        waiting.recv_timeout(Duration::from_secs(5)).expect("the agent does not hang");
    }
}
