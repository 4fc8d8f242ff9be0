//! A computer for tests: an agent process with private folders, and a client of its socket.

use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use postern_wire::factors::TOTP;
use postern_wire::form::ProfileText;
use postern_wire::place::Place;
use postern_wire::socket::{Answer, Person, Request, Typed, read_frame, write_frame};
use postern_wire::{Text, socket};
use tempfile::TempDir;

/// The OS account of the person, and the login that it stands for.
pub const ACCOUNT: &str = "grace";
/// The login.
pub const LOGIN: &str = "grace@example.com";

/// An agent's folders, and the agent while it runs.
pub struct Computer {
    folder: TempDir,
    program: Vec<PathBuf>,
    process: Option<Child>,
}

impl Computer {
    /// A computer whose agent is started by `program`, such as `["postern-agent"]` or `["postern", "agent"]`, with these
    /// lines added to its configuration.
    pub fn new(program: &[&Path], configuration: &str) -> Self {
        let folder = folder();
        let text = format!(
            "{configuration}\n[users]\n{ACCOUNT} = \"{LOGIN}\"\n[os_uids]\n{ACCOUNT} = 70001\n\
             [computer]\nname = \"WIDGET-7\"\nmanufacturer = \"Lenovo\"\nmodel = \"ThinkPad X1\"\nserial_number = \"PF-2K4\"\n"
        );
        fs::write(folder.path().join("agent.toml"), text).expect("a file");
        Self { folder, program: program.iter().map(|part| part.to_path_buf()).collect(), process: None }
    }

    /// A file of the computer.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the agent, and returns when it answers.
    pub fn start(&mut self) {
        let complaints = File::create(self.path("agent.stderr")).expect("a file");
        let mut run = self.command(&["run"]);
        run.env("RUST_LOG", "trace").stdout(Stdio::null()).stderr(complaints);
        let child = run.spawn().expect("the agent starts");
        self.process = Some(child);
        let (ready, waiting) = mpsc::channel::<()>();
        for _ in 0..5_000 {
            if UnixStream::connect(self.path("agent.sock")).is_ok() {
                return;
            }
            let _still_starting = waiting.recv_timeout(Duration::from_millis(4));
        }
        drop(ready);
        panic!("the agent does not answer: {}", self.log());
    }

    /// Ends the agent at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.kill().expect("the agent can be ended");
            child.wait().expect("the agent ends");
        }
    }

    /// Runs one command of the agent.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the agent runs")
    }

    /// The same, where it must succeed; gives what was printed.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}\n{}", self.log());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The device log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("device-access.log")).unwrap_or_default()
    }

    /// A conversation at the computer's own login, after the right password.
    pub fn at_login(&self) -> (Talk, Person) {
        self.after_password("login", "", "tty1")
    }

    /// The same by another service, from another host, at another terminal.
    pub fn after_password(&self, service: &str, rhost: &str, tty: &str) -> (Talk, Person) {
        let text = |text: &str| ProfileText::new(text).expect("short");
        let user = Text::new(ACCOUNT).expect("short");
        let place = Place { service: text(service), rhost: text(rhost), tty: text(tty), user };
        let mut talk = self.talk();
        assert!(matches!(talk.ask(&Request::Begin(place)), Answer::Contact(_)));
        match talk.ask(&Request::PasswordProved) {
            Answer::Person(person) => (talk, person),
            other => panic!("{other:?}"),
        }
    }

    /// A connection to the agent.
    pub fn talk(&self) -> Talk {
        Talk(BufReader::new(UnixStream::connect(self.path("agent.sock")).expect("the agent listens")))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).args(arguments).stderr(Stdio::piped());
        for (flag, name) in [
            ("--config", "agent.toml"),
            ("--state-dir", "state"),
            ("--socket", "agent.sock"),
            ("--log", "device-access.log"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        command
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// In memory where there is a place for it: a process that is killed loses nothing that it wrote to any disk, so a slow
/// one would prove no more.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

/// A connection to an agent.
pub struct Talk(BufReader<UnixStream>);

impl Talk {
    /// Says one thing, and waits for no answer.
    pub fn say(&mut self, request: &Request) {
        write_frame(self.0.get_mut(), request).expect("the agent reads");
    }

    /// The next answer, unless the agent is gone.
    pub fn hear(&mut self) -> Option<Answer> {
        read_frame(&mut self.0).ok().flatten()
    }

    /// Asks one thing.
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.say(request);
        self.hear().expect("the agent answers")
    }

    /// Enters a recovery PIN.
    pub fn pin(&mut self, digits: &str) -> Answer {
        self.ask(&Request::Pin { text: Typed::new(digits) })
    }

    /// Enters an app code.
    pub fn totp(&mut self, digits: &str) -> Answer {
        self.shows(TOTP, digits)
    }

    /// Enters what a factor shows.
    pub fn shows(&mut self, factor: &str, code: &str) -> Answer {
        self.ask(&Request::Code { factor: Text::new(factor).unwrap(), code: Typed::new(code) })
    }
}

/// The word of a refusal.
pub fn word(answer: &Answer) -> socket::RefusalWord {
    match answer {
        Answer::Refused(refusal) => refusal.word,
        other => panic!("{other:?}"),
    }
}
