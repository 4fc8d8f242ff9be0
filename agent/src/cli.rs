//! The command line of the agent, also reachable as `postern agent`.
//!
//! Every command but `run` is a request of the agent's socket. Where no agent runs, the same conversation is held with one
//! that lives for that request alone.

use std::io::{self, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use postern_wire::Text;
use postern_wire::socket::{Answer, Finding, Request, Status, Typed, read_frame, write_frame};

use crate::config::Paths;
use crate::conversation::{Conversation, Peer};
use crate::daemon::Daemon;
use crate::log::Category;
use crate::{socket, sync};

#[derive(Parser)]
#[command(name = "postern-agent", version, about = "Second factor and recovery of this computer")]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

/// What is asked of the agent.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    paths: Paths,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Contact the server now
    CheckIn,
    /// Say whether recovery would work now, and how to mend what would not
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Join an org with a one-time code from the console
    Enrol {
        /// The server's address
        #[arg(long)]
        server: String,
        /// The code
        #[arg(long)]
        code: String,
    },
    /// Serve login programs, and keep in touch with the server
    Run,
    /// Show the state of the agent and of every person
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Leave the org: forget certificate and recovery secrets
    Unenrol,
}

/// The whole program `postern-agent`.
pub fn main() -> ExitCode {
    match run(Program::parse().arguments) {
        Ok(code) => code,
        Err(fault) => {
            // With no screen to tell it, the exit status still does.
            let _unseen = writeln!(io::stderr(), "postern-agent: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command.
///
/// # Errors
/// A sentence that says what failed and what to do.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { paths, command } = arguments;
    let mut out = io::stdout().lock();
    match command {
        Command::Run => serve(paths),
        Command::CheckIn => done(&mut out, ask(paths, &Request::CheckIn)?.0),
        Command::Enrol { server, code } => {
            let server = Text::new(server).context("the server's address is empty or too long")?;
            done(&mut out, ask(paths, &Request::Enrol { server, code: Typed::new(&code) })?.0)
        }
        Command::Unenrol => done(&mut out, ask(paths, &Request::Unenrol)?.0),
        Command::Status { json } => {
            let Answer::Status(status) = ask(paths, &Request::Status)?.0 else {
                bail!("the agent gave another answer")
            };
            if json { write_json(&mut out, &status) } else { write_status(&mut out, &status) }?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor { json } => {
            let (answer, running) = ask(paths, &Request::Doctor)?;
            let Answer::Doctor { mut findings } = answer else { bail!("the agent gave another answer") };
            findings.insert(0, running_finding(running));
            if json { write_json(&mut out, &findings) } else { write_findings(&mut out, &findings) }?;
            Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn serve(paths: Paths) -> anyhow::Result<ExitCode> {
    let daemon = Arc::new(Daemon::start(paths)?);
    let path = daemon.paths.socket.display().to_string();
    let listener = socket::listen(&daemon).with_context(|| format!("cannot listen at {path}"))?;
    daemon.log.info(Category::Service, "started", format_args!("version {} at {path}", env!("CARGO_PKG_VERSION")));
    let door = Arc::clone(&daemon);
    thread::Builder::new()
        .name("socket".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || socket::serve(&door, &listener))?;
    sync::keep_in_touch(&daemon)
}

/// The answer, and whether it came from a running agent.
fn ask(paths: Paths, request: &Request) -> anyhow::Result<(Answer, bool)> {
    let (answer, running) = if let Ok(stream) = UnixStream::connect(&paths.socket) {
        write_frame(&mut &stream, request)?;
        let answer = read_frame(&mut BufReader::new(&stream)).context("the agent answers nonsense")?;
        (answer.context("the agent hung up; look at its log")?, true)
    } else {
        let daemon = Daemon::start(paths)?;
        let peer = Peer::of(nix::unistd::geteuid().as_raw());
        (Conversation::new(&daemon, peer).answer(request), false)
    };
    if let Answer::Fault { detail } = answer {
        bail!(detail);
    }
    Ok((answer, running))
}

fn done(out: &mut impl io::Write, answer: Answer) -> anyhow::Result<ExitCode> {
    match answer {
        Answer::Done { ok: true, detail } => {
            writeln!(out, "{detail}")?;
            Ok(ExitCode::SUCCESS)
        }
        Answer::Done { ok: false, detail } => bail!(detail),
        _ => bail!("the agent gave another answer"),
    }
}

fn running_finding(running: bool) -> Finding {
    let (detail, fix) = if running {
        ("the agent runs", "")
    } else {
        ("the agent does not run: nobody can sign in with a factor", "systemctl enable --now postern-agent")
    };
    let (subject, code) = ("computer".to_owned(), "agent".to_owned());
    Finding { subject, code, ok: running, detail: detail.to_owned(), fix: fix.to_owned() }
}

fn write_json(out: &mut impl io::Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

fn write_findings(out: &mut impl io::Write, findings: &[Finding]) -> anyhow::Result<()> {
    for finding in findings {
        let mark = if finding.ok { "ok  " } else { "MEND" };
        writeln!(out, "{mark}  {:<10} {:<18} {}", finding.subject, finding.code, finding.detail)?;
        if !finding.fix.is_empty() {
            writeln!(out, "{:36}-> {}", "", finding.fix)?;
        }
    }
    Ok(())
}

fn write_status(out: &mut impl io::Write, status: &Status) -> anyhow::Result<()> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(not enrolled)".to_owned());
    writeln!(out, "version   {}", status.version)?;
    writeln!(out, "computer  {} ({})", status.computer.name, status.computer.serial_number)?;
    writeln!(out, "server    {}", or_none(&status.server))?;
    writeln!(out, "device    {}", or_none(&status.device_id))?;
    writeln!(out, "online    {}", if status.online { "yes" } else { "no" })?;
    for person in &status.people {
        let access = person.active_until.as_ref().map(|until| format!(", access by PIN until {}", until.clock));
        let registered = if person.eid.is_some() { "registered" } else { "not registered" };
        writeln!(
            out,
            "person    {} (uid {}): {registered}{}",
            person.login,
            person.os_uid.get(),
            access.unwrap_or_default()
        )?;
    }
    Ok(())
}
