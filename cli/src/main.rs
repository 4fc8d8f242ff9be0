//! `postern`: the server and the operator's tool in one executable.

mod demo;
mod operator;
mod people;
mod screen;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Multi-factor sign-in, and the way back in.
#[derive(Parser)]
#[command(name = "postern", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs or asks the agent of this computer.
    Agent {
        /// End when standard input does: for an agent that must not outlive whoever started it.
        #[arg(long, hide = true)]
        while_stdin_is_open: bool,
        #[command(flatten)]
        arguments: postern_agent::cli::Arguments,
    },
    /// Shows the way back in with a real server, a real agent, and a person who is locked out.
    Demo(demo::Options),
    /// Runs the server on a data folder; the first start prints a set-up link.
    Serve(DataFolder),
    /// Administrators who cannot sign in any more.
    Admin {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::Admin,
    },
    /// People as a file: the whole directory in one go.
    People {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: people::People,
    },
    /// What an auditor asks.
    Audit {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::Audit,
    },
    /// Policies.
    Policy {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::Policy,
    },
    /// API tokens.
    Token {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::Token,
    },
    /// People.
    User {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::User,
    },
}

/// Where the server keeps what it keeps: database, root key, configuration.
#[derive(Args, Clone)]
struct DataFolder {
    /// The data folder; it is made where it is not there.
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/lib/postern", env = "POSTERN_DATA")]
    data: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Command::Agent { while_stdin_is_open, arguments } => {
            if while_stdin_is_open {
                std::thread::spawn(end_with_stdin);
            }
            postern_agent::cli::run(arguments)
        }
        Command::Demo(options) => demo::run(options),
        Command::Serve(folder) => serve::run(&folder.data),
        Command::Admin { folder, command } => operator::run(&folder.data, command.into()),
        Command::People { folder, command } => people::run(&folder.data, command),
        Command::Audit { folder, command } => operator::run(&folder.data, command.into()),
        Command::Policy { folder, command } => operator::run(&folder.data, command.into()),
        Command::Token { folder, command } => operator::run(&folder.data, command.into()),
        Command::User { folder, command } => operator::run(&folder.data, command.into()),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            screen::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Every state of an agent survives a sudden end, so it needs no notice.
fn end_with_stdin() {
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    std::process::exit(0);
}
