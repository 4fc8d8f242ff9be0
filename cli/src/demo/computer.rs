//! The demo's computer: a real agent in a process of its own, with its files in the demo's folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use postern_codes::env::World;
use postern_login::socket;
use postern_wire::Text;
use postern_wire::socket::{Answer, PersonStatus, Request, Status, Typed};
use serde_json::{Map, json};

use super::facts::Facts;
use super::folder::Folder;
use super::wait;

/// What is printed on its underside.
pub const SERIAL_NUMBER: &str = "PF-3K7Q2M";
/// What it is called.
pub const NAME: &str = "GRACE-LAPTOP";
/// Who made it.
pub const MAKE: &str = "Fernwood";
/// Which model it is.
pub const MODEL: &str = "Lantern 14";

const START: Duration = Duration::from_secs(20);
/// Accounts are numbered from here on: nobody on this machine has these numbers.
const FIRST_UID: u32 = 2_000_000_001;

/// The files of the computer.
pub struct Files(PathBuf);

/// The running computer. It ends with this value, and with this process, whichever ends first: the agent runs while its
/// standard input is open.
pub struct Computer {
    agent: Child,
    socket: PathBuf,
    _open: Option<ChildStdin>,
}

impl Files {
    /// Those in the demo's folder.
    pub fn of(folder: &Folder) -> Self {
        Self(folder.computer())
    }

    /// Writes the agent's configuration: the server as the cable leads to it, and who has which account.
    pub fn configure(&self, server: &str, facts: &Facts) -> anyhow::Result<()> {
        fs::create_dir_all(&self.0)?;
        let users = facts.people().map(|person| (person.account().to_owned(), json!(person.login)));
        let uids = facts.people().zip(FIRST_UID..).map(|(person, uid)| (person.account().to_owned(), json!(uid)));
        let computer = json!({ "name": NAME, "manufacturer": MAKE, "model": MODEL, "serial_number": SERIAL_NUMBER });
        let (users, uids): (Map<_, _>, Map<_, _>) = (users.collect(), uids.collect());
        let config = json!({ "server": server, "users": users, "os_uids": uids, "computer": computer });
        Ok(fs::write(self.0.join("agent.toml"), toml::to_string(&config)?)?)
    }

    /// Starts the agent, and waits until it answers.
    pub fn start(&self, world: &dyn World) -> anyhow::Result<Computer> {
        let complaints = fs::File::create(self.0.join("agent.err"))?;
        let mut command = self.agent()?;
        let mut agent = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(complaints).spawn()?;
        let open = agent.stdin.take();
        let mut computer = Computer { agent, socket: self.0.join("agent.sock"), _open: open };
        let is_up = wait::while_none(START, world, || computer.has_come_up());
        if is_up != Some(true) {
            let why = fs::read_to_string(self.0.join("agent.err")).unwrap_or_default();
            bail!("the computer's agent does not start: {}", why.trim());
        }
        Ok(computer)
    }

    /// This very program as an agent that ends when its standard input does.
    fn agent(&self) -> anyhow::Result<Command> {
        let file = |name: &str| self.0.join(name);
        let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
        command.args(["agent", "--while-stdin-is-open", "run"]);
        command.arg("--config").arg(file("agent.toml")).arg("--state-dir").arg(file("state"));
        command.arg("--socket").arg(file("agent.sock")).arg("--log").arg(file("device-access.log"));
        Ok(command)
    }
}

impl Computer {
    /// Its whole state.
    pub fn status(&self) -> anyhow::Result<Status> {
        match ask(&self.socket, &Request::Status)? {
            Answer::Status(status) => Ok(*status),
            other => bail!("the agent answered {other:?} to a question for its state"),
        }
    }

    /// Joins the organisation with an enrolment code.
    pub fn enrol(&self, server: &str, code: &str) -> anyhow::Result<()> {
        let server = Text::new(server).context("the server's address is too long")?;
        match ask(&self.socket, &Request::Enrol { server, code: Typed::new(code) })? {
            Answer::Done { ok: true, .. } => Ok(()),
            Answer::Done { ok: false, detail } | Answer::Fault { detail } => {
                bail!("the computer cannot join: {detail}")
            }
            other => bail!("the agent answered {other:?} to an enrolment code"),
        }
    }

    /// What it knows of one person.
    pub fn person(&self, login: &str) -> anyhow::Result<PersonStatus> {
        let mut people = self.status()?.people.into_iter();
        people.find(|person| person.login == login).with_context(|| format!("the agent does not know {login}"))
    }

    /// Lets it contact the server now; whether that was possible.
    pub fn check_in(&self) -> anyhow::Result<bool> {
        match ask(&self.socket, &Request::CheckIn)? {
            Answer::Done { ok, .. } => Ok(ok),
            other => bail!("the agent answered {other:?} when told to contact the server"),
        }
    }

    /// Whether it answers; no where it ended instead; nothing while it starts.
    fn has_come_up(&mut self) -> Option<bool> {
        if matches!(self.agent.try_wait(), Ok(Some(_)) | Err(_)) {
            return Some(false);
        }
        self.status().is_ok().then_some(true)
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

fn ask(socket: &Path, request: &Request) -> anyhow::Result<Answer> {
    socket::agent(socket)
        .ask(request)
        .map_err(|fault| anyhow::anyhow!("the computer's agent gives no answer: {fault:?}"))
}
