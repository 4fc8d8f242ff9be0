//! What an operator may do at the machine itself, without a session: the right is to be there.
//!
//! A command is sent to the running server over `admin.sock` ([`socket`]); only where none runs does the tool open the
//! store itself. Either way the same [`run`] does it, and it is recorded as done by the system.

pub mod socket;

use serde::{Deserialize, Serialize};

use crate::App;

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Command {
    /// Is a server there?
    Ping,
}

/// What came of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It was done; lines for the operator, who is the only one to see them.
    Done(Vec<String>),
    /// It was not; why, and what to do.
    Refused(String),
}

/// Does a command.
///
/// # Errors
/// Where the database fails; a refusal is an [`Answer`].
pub async fn run(_: &App, command: Command) -> anyhow::Result<Answer> {
    match command {
        Command::Ping => Ok(Answer::Done(Vec::new())),
    }
}
