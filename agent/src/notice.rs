//! Tells a person shortly before access by a recovery PIN ends: a factor must be set up while there is still a way in.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::{Uid, User};
use postern_codes::Timestamp;
use postern_wire::socket::Until;

use crate::daemon::Daemon;
use crate::log::Category;

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
    if let Some(terminal) = daemon.terminal(os_uid)
        && let Ok(mut terminal) = OpenOptions::new().write(true).open(terminal)
    {
        // Whether anybody looks at that terminal is not known; the log has it in any case.
        let _unseen = write!(terminal, "\r\n{text}\r\n");
    }
    let name =
        User::from_uid(Uid::from_raw(os_uid)).ok().flatten().map_or_else(|| os_uid.to_string(), |user| user.name);
    let mut words =
        daemon.config.notice_command.iter().map(|word| word.replace("{user}", &name).replace("{text}", &text));
    let Some(program) = words.next() else { return };
    let shown =
        Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !shown.is_ok_and(|status| status.success()) {
        daemon.log.error(
            Category::SignIn,
            "notice_failed",
            "the notice command failed",
            "try notice_command of agent.toml by hand",
        );
    }
}
