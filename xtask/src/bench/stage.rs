//! What most figures need: an organisation with administrators, people and a computer. `postern demo` makes it; then the
//! shipped programs serve what it left, each in a process of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::Built;
use super::agent::{self, Conversation};
use super::http::{self, Connection};
use super::process::{Process, Scratch, program};
use crate::postgres::Postgres;
use crate::workspace::run;

/// More than any measurement makes in an hour.
const NO_LIMIT: u32 = 10_000;

/// The organisation, with its server running.
pub struct Stage {
    /// Where its server listens.
    pub port: u16,
    /// What `demo.json` says.
    pub facts: Value,
    folder: Scratch,
    release: PathBuf,
    // Dropped in this order: who uses the database before the database.
    _server: Process,
    _postgres: Option<Postgres>,
}

impl Built {
    /// The organisation in the embedded database; made at its first use.
    pub fn on_sqlite(&self) -> Result<&Stage> {
        if self.sqlite.get().is_none() {
            self.sqlite.set(Stage::set(&self.folder, None, None)?).ok();
        }
        self.sqlite.get().context("just made")
    }

    /// The same in a private PostgreSQL that flushes what it commits.
    pub fn on_postgres(&self) -> Result<&Stage> {
        if self.postgres.get().is_none() {
            let postgres = Postgres::durable()?;
            self.postgres.set(Stage::set(&self.folder, Some(postgres), None)?).ok();
        }
        self.postgres.get().context("just made")
    }
}

/// Makes an organisation with everything in it; gives its folder. Nobody serves it any more.
pub fn organisation(release: &Path, folder: &Scratch, port: u16, postgres: Option<&Postgres>) -> Result<PathBuf> {
    let data = folder.file("demo");
    let mut demo = program(release, "postern");
    demo.args(["demo", "--no-browser", "--port", &port.to_string(), "--data"]).arg(&data);
    demo.args(postgres.iter().flat_map(|postgres| ["--database", &postgres.url]));
    let mut demo = Process::start(&mut demo, folder.file("demo.log"))?;
    demo.wait_until(|| data.join("demo.json").exists())?;
    demo.end()?;
    Ok(data)
}

impl Stage {
    /// Makes it, in PostgreSQL where one is given, with as many more people as `crowd` says.
    pub fn set(release: &Path, postgres: Option<Postgres>, crowd: Option<u32>) -> Result<Self> {
        println!("  making an organisation");
        let (folder, port) = (Scratch::new()?, free_port()?);
        let data = organisation(release, &folder, port, postgres.as_ref())?;
        let mut facts: Value = serde_json::from_slice(&fs::read(data.join("demo.json"))?)?;
        let port = free_port()?;
        let database = postgres.as_ref().map(|postgres| postgres.url.as_str());
        configure(&data.join("server"), port, database)?;
        if let Some(count) = crowd {
            println!("  filling it with {count} people");
            let mut fill = Command::new(release.join("examples/crowd"));
            let output = fill.arg(data.join("server")).arg(count.to_string()).stderr(Stdio::inherit()).output()?;
            ensure!(output.status.success(), "it was not filled");
            facts["crowd"] = serde_json::from_slice(&output.stdout)?;
            postgres.iter().try_for_each(Postgres::analyze)?;
        }
        // Nobody writes into it now: the one moment at which a plain copy is a whole one.
        run(Command::new("cp").arg("-a").arg(data.join("server")).arg(folder.file("spare")))?;
        let server = serve(release, &data.join("server"), port)?;
        let stage = Self { port, facts, folder, release: release.to_owned(), _server: server, _postgres: postgres };
        stage.lift_limits()?;
        Ok(stage)
    }

    /// A connection of the help desk's program.
    pub fn help_desk(&self) -> Result<Connection> {
        Connection::open(self.port, self.text("/helpDesk/apiToken")?)
    }

    /// A connection of the super admin's program.
    pub fn super_admin(&self) -> Result<Connection> {
        Connection::open(self.port, self.text("/superAdmin/apiToken")?)
    }

    /// A fact by its place in `demo.json`.
    pub fn text(&self, place: &str) -> Result<&str> {
        self.facts.pointer(place).and_then(Value::as_str).with_context(|| format!("demo.json has no {place}"))
    }

    /// A copy of the server's data folder that no server runs on.
    pub fn spare(&self) -> PathBuf {
        self.folder.file("spare")
    }

    /// The people who share the computer, as paths into the facts.
    pub fn colleagues(&self) -> impl Iterator<Item = &Value> {
        self.facts["colleagues"].as_array().into_iter().flatten()
    }

    /// The computer with its network cable pulled: its server is where nobody listens.
    pub fn offline_computer(&self) -> Result<(Process, PathBuf)> {
        let computer = self.folder.file("demo/computer");
        let config = computer.join("agent.toml");
        let nobody = format!("server = \"http://127.0.0.1:{}\"", free_port()?);
        let text = fs::read_to_string(&config)?;
        let lines = text.lines().map(|line| if line.starts_with("server = ") { nobody.as_str() } else { line });
        fs::write(&config, lines.collect::<Vec<_>>().join("\n"))?;
        start_agent(&self.release, &computer)
    }

    /// A recovery PIN that answers `challenge`.
    pub fn answer(&self, desk: &mut Connection, person: &Value, challenge: &str) -> Result<String> {
        let answer = desk.must("POST", &self.pins_of(person)?, Some(&question(challenge)))?;
        Ok(answer["pin"].as_str().context("no PIN in the answer")?.to_owned())
    }

    /// Where PINs for somebody on the computer are made.
    pub fn pins_of(&self, person: &Value) -> Result<String> {
        let (device, user) = (self.text("/device/id")?, person["id"].as_str().context("a person without an id")?);
        Ok(format!("/device-access/api/v1/devices/{device}/users/{user}/recovery-pins"))
    }

    /// A first use of a PIN by somebody at the computer; the PIN, and the conversation just before it is typed.
    pub fn challenged(&self, socket: &Path, person: &Value) -> Result<(Conversation, String)> {
        let mut conversation = Conversation::at_login(socket, account(person)?)?;
        let shown = conversation.must(&json!({ "ask": "challenge" }), "challenge")?;
        let digits = shown["digits"].as_str().context("a challenge without digits")?;
        let pin = self.answer(&mut self.help_desk()?, person, digits)?;
        Ok((conversation, pin))
    }

    fn lift_limits(&self) -> Result<()> {
        let mut administrator = self.super_admin()?;
        let path = "/device-access/api/v1/limits";
        let limits = administrator.must("GET", path, None)?;
        let names = limits.as_object().context("no limits in the answer")?.keys();
        let counts: Map<_, _> = names.map(|name| (name.clone(), json!(NO_LIMIT))).collect();
        administrator.must("PUT", path, Some(&Value::Object(counts))).map(drop)
    }
}

/// What the help desk sends for a challenge.
pub fn question(challenge: &str) -> Value {
    json!({ "mode": "CHALLENGE", "challenge": challenge, "reason": "phone lost; called back on the desk line" })
}

/// Somebody's account on the computer: the first word of their login.
pub fn account(person: &Value) -> Result<&str> {
    let login = person["login"].as_str().context("a person without a login")?;
    Ok(login.split(['.', '@']).next().unwrap_or(login))
}

/// Says where the server on a data folder is to listen, and which database it has.
pub fn configure(data: &Path, port: u16, database: Option<&str>) -> Result<()> {
    let database = database.map_or_else(String::new, |url| format!("database = \"{url}\"\n"));
    let config = format!("public_url = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n{database}");
    fs::write(data.join("postern.toml"), config).map_err(Into::into)
}

/// Starts `postern serve` on a configured data folder, and waits for its first answer.
pub fn serve(release: &Path, data: &Path, port: u16) -> Result<Process> {
    let mut server =
        Process::start(program(release, "postern").arg("serve").arg("--data").arg(data), data.join("log"))?;
    server.wait_until(|| http::answers(port))?;
    Ok(server)
}

/// Starts `postern-agent` on the files in a folder, and waits until it answers at its socket.
pub fn start_agent(release: &Path, folder: &Path) -> Result<(Process, PathBuf)> {
    let socket = folder.join("agent.sock");
    let mut command = program(release, "postern-agent");
    command.arg("--config").arg(folder.join("agent.toml")).arg("--state-dir").arg(folder.join("state"));
    command.arg("--socket").arg(&socket).arg("--log").arg(folder.join("device-access.log")).arg("run");
    let mut process = Process::start(&mut command, folder.join("agent.log"))?;
    process.wait_until(|| agent::answers(&socket))?;
    Ok((process, socket))
}

/// A port on which nobody listens.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
