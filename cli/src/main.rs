//! `postern`: the server and the operator's tool in one executable.

mod operator;
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
    Agent(postern_agent::cli::Arguments),
    /// Runs the server on a data folder; the first start prints a set-up link.
    Serve(DataFolder),
    /// Administrators who cannot sign in any more.
    Admin {
        #[command(flatten)]
        folder: DataFolder,
        #[command(subcommand)]
        command: operator::Admin,
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
        Command::Agent(arguments) => postern_agent::cli::run(arguments),
        Command::Serve(folder) => serve::run(&folder.data),
        Command::Admin { folder, command } => operator::run(&folder.data, command.into()),
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
