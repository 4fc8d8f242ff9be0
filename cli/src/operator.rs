//! The operator's commands: asked of the running server, or done here where none runs.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use postern_server::cases::report::Format;
use postern_server::operator::desk::Desk;
use postern_server::operator::{Answer, Command, NewUser};

use crate::screen;

/// `postern admin ...`
#[derive(Subcommand)]
pub enum Admin {
    /// Lets an administrator in again who lost password, app or both: gives them new ones, ends their sessions.
    Recover {
        /// Whose way back it is.
        login: String,
    },
}

/// `postern policy ...`
#[derive(Subcommand)]
pub enum Policy {
    /// Says which policy and rule of each type answers for a person, and because of what.
    Explain {
        /// Who: their login.
        #[arg(long, value_name = "LOGIN")]
        user: String,
        /// From which network address they come.
        #[arg(long, value_name = "ADDRESS")]
        ip: Option<String>,
    },
}

/// `postern token ...`
#[derive(Subcommand)]
pub enum Token {
    /// Makes an API token, which is shown once.
    Create(NewToken),
    /// Revokes an API token.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// `postern audit ...`
#[derive(Subcommand)]
pub enum Audit {
    /// Lists everything that an administrator did to give somebody their access back, newest first: who, for whom, in which
    /// case, on what evidence, and what happened next.
    Resets {
        /// From this day or instant on, in UTC: 2026-11-22, or 2026-11-22T14:05:00Z.
        #[arg(long)]
        since: Option<String>,
        /// Until this day or instant.
        #[arg(long)]
        until: Option<String>,
        /// As what.
        #[arg(long, value_enum, default_value_t = As::Text)]
        format: As,
    },
}

/// What a list is written as.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum As {
    /// A table for a spreadsheet.
    Csv,
    /// An object a line.
    Jsonl,
    /// For people.
    Text,
}

/// What a token is made for.
#[derive(Args)]
pub struct NewToken {
    /// As whom it acts: their login.
    #[arg(long, value_name = "LOGIN")]
    user: String,
    /// What it is for.
    #[arg(long)]
    name: String,
    /// What it may do beyond its owner's ordinary rights: `recovery_pins`, `reset_without_case`.
    #[arg(long, value_name = "GRANT")]
    grant: Vec<String>,
}

/// `postern user ...`
#[derive(Subcommand)]
pub enum User {
    /// Gives a person a new authenticator app, in place of any they had; its secret is shown once.
    App {
        /// Who.
        login: String,
    },
    /// Makes a person, with a first password that is shown once.
    Create {
        /// What they sign in with, usually their mail address.
        login: String,
        /// Given name.
        #[arg(long)]
        first_name: String,
        /// Family name.
        #[arg(long)]
        last_name: String,
        /// Where notices go, if not to the login.
        #[arg(long)]
        email: Option<String>,
    },
    /// Ends an account.
    Deactivate {
        /// Whose.
        login: String,
    },
    /// Lists people.
    List {
        /// Beginning of a name, login or address.
        words: Option<String>,
    },
    /// Shuts a person out for a while.
    Suspend {
        /// Who.
        login: String,
    },
    /// Lets a suspended person in again.
    Unsuspend {
        /// Who.
        login: String,
    },
}

impl From<Admin> for Command {
    fn from(admin: Admin) -> Self {
        match admin {
            Admin::Recover { login } => Self::AdminRecover { login },
        }
    }
}

impl From<Audit> for Command {
    fn from(audit: Audit) -> Self {
        match audit {
            Audit::Resets { since, until, format } => {
                let format = match format {
                    As::Csv => Format::Csv,
                    As::Jsonl => Format::JsonLines,
                    As::Text => Format::Text,
                };
                Self::AuditResets { since, until, format }
            }
        }
    }
}

impl From<Policy> for Command {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Explain { user, ip } => Self::PolicyExplain { login: user, ip },
        }
    }
}

impl From<Token> for Command {
    fn from(token: Token) -> Self {
        match token {
            Token::Create(NewToken { user, name, grant }) => Self::TokenCreate { login: user, name, grants: grant },
            Token::Revoke { id } => Self::TokenRevoke { id },
        }
    }
}

impl From<User> for Command {
    fn from(user: User) -> Self {
        match user {
            User::App { login } => Self::UserApp { login },
            User::Create { login, first_name, last_name, email } => {
                Self::UserCreate(NewUser { login, first_name, last_name, email })
            }
            User::Deactivate { login } => Self::UserDeactivate { login },
            User::List { words } => Self::UserList { words },
            User::Suspend { login } => Self::UserSuspend { login },
            User::Unsuspend { login } => Self::UserUnsuspend { login },
        }
    }
}

/// Does a command on the installation in `data`.
///
/// # Errors
/// Where there is no installation, or it fails.
pub fn run(data: &Path, command: Command) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let answer = runtime.block_on(async { Desk::of(data).await?.run(command).await })?;
    match answer {
        Answer::Done(lines) => {
            for line in &lines {
                screen::line(line);
            }
            Ok(ExitCode::SUCCESS)
        }
        Answer::Refused(why) => {
            screen::error(&why);
            Ok(ExitCode::FAILURE)
        }
    }
}
