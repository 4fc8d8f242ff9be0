//! One walk through the journey: who walks, and what is told on the way.

use anyhow::{Context as _, ensure};
use postern_codes::Timestamp;
use postern_wire::socket::{OpenedBy, RefusalWord, Until};

use crate::demo::cast::Role;
use crate::demo::facts::Person;
use crate::demo::http::Client;
use crate::demo::pins::{self, Fate, Pin};
use crate::demo::scripted::{Played, play};
use crate::demo::stage::Stage;
use crate::demo::{screen, wait};
use crate::screen as terminal;

/// A walk.
pub struct Walk<'s> {
    /// What runs.
    pub stage: &'s Stage,
    /// The help desk in the console, signed in with a second factor.
    pub desk: Client,
    began: Timestamp,
}

impl<'s> Walk<'s> {
    /// A walk that begins now.
    pub fn new(stage: &'s Stage, desk: Client) -> Self {
        Self { stage, desk, began: stage.world().now() }
    }

    /// Says that something held.
    pub fn held(&self, what: &str) {
        self.say("ok  ", what);
    }

    /// Waits until `moment`, and says for what.
    pub fn wait_until(&self, moment: Timestamp, what: &str) {
        let seconds = moment.since(self.stage.world().now()).as_secs();
        self.say("wait", &format!("{what} ({seconds} s)"));
        wait::until(moment, self.stage.world());
    }

    fn say(&self, mark: &str, what: &str) {
        let seconds = self.stage.world().now().since(self.began).as_secs();
        terminal::line(&format!("{seconds:>4} s  {mark}  {what}"));
    }

    /// Somebody of the cast.
    pub fn person(&self, role: &Role) -> anyhow::Result<&'s Person> {
        self.stage.facts.person_named(&role.account()).with_context(|| format!("{} is missing", role.name()))
    }

    /// Makes a PIN for somebody.
    pub fn issue(&self, role: &Role) -> anyhow::Result<Pin> {
        let user = &self.person(role)?.id;
        pins::issue(&self.desk, &self.stage.facts.device.id, user, self.stage.world())
            .with_context(|| format!("no PIN was made for {}", role.name()))
    }

    /// What the server says of a PIN.
    pub fn fate(&self, role: &Role, pin: &Pin) -> anyhow::Result<Fate> {
        pins::fate(&self.desk, &self.stage.facts.device.id, &self.person(role)?.id, &pin.id)
    }

    /// Somebody types at the computer itself.
    pub fn types(&self, role: &Role, entries: &[&str]) -> anyhow::Result<Played> {
        let place = screen::at_the_computer(&role.account()).context("no such account")?;
        Ok(play(&self.stage.facts.device.agent_socket, &place, entries))
    }

    /// A PIN opens the computer; until when.
    pub fn opens(&self, role: &Role, pin: &Pin, by: OpenedBy) -> anyhow::Result<Until> {
        let played = self.types(role, &[pin.digits.expose()])?;
        let opened = played.opened();
        let opened = opened.with_context(|| format!("{} stayed locked out: {}", role.name(), played.last()))?;
        ensure!(opened.by == by, "{} came in by {:?}, not by {by:?}", role.name(), opened.by);
        opened.until.clone().context("the computer opened for a PIN, but did not say for how long")
    }

    /// A PIN does not open, and for this reason.
    pub fn refuses(&self, role: &Role, entry: &str, word: RefusalWord) -> anyhow::Result<()> {
        let played = self.types(role, &[entry])?;
        ensure!(
            played.is_shut_by(word),
            "{} was to be refused with {word:?}, but {}; refusals: {:?}; the screen said: {}",
            role.name(),
            if played.opened().is_some() { "the computer opened" } else { "was refused otherwise" },
            played.refused,
            played.last()
        );
        Ok(())
    }

    /// Wrong entries that the agent counts against somebody.
    pub fn failures(&self, role: &Role) -> anyhow::Result<u64> {
        Ok(self.stage.computer.person(&self.person(role)?.login)?.failures.get())
    }
}
