//! What an operator may do at the machine itself, without a session: the right is to be there.
//!
//! A command is sent to the running server over `admin.sock` ([`socket`]); only where none runs does the tool open the
//! store itself ([`desk`]). Either way the same [`run`] does it, and it is recorded as done by the system.

pub mod audit;
pub mod desk;
pub mod people;
pub mod people_file;
pub mod policies;
pub mod recover;
pub mod socket;
pub mod tokens;

use crate::api::users::Step;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::cases::report::Format;

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// Lets an administrator in again who lost password, app or both.
    AdminRecover {
        /// Who.
        login: String,
    },
    /// Lists what was done to give somebody their access back.
    AuditResets {
        /// From when on.
        since: Option<String>,
        /// Until when.
        until: Option<String>,
        /// As what.
        format: Format,
    },
    /// A step of an import or export of people.
    PeopleFile(people_file::Step),
    /// Is a server there?
    Ping,
    /// Says which policies and rules answer for a person, and why.
    PolicyExplain {
        /// Who.
        login: String,
        /// From which address.
        ip: Option<String>,
    },
    /// Makes an API token.
    TokenCreate {
        /// As whom it acts.
        login: String,
        /// What it is for.
        name: String,
        /// What it is made for beyond its owner's ordinary rights.
        grants: Vec<String>,
    },
    /// Revokes an API token.
    TokenRevoke {
        /// Its id.
        id: String,
    },
    /// Gives a person a new authenticator app.
    UserApp {
        /// Who.
        login: String,
    },
    /// Makes a person.
    UserCreate(NewUser),
    /// Ends an account.
    UserDeactivate {
        /// Whose.
        login: String,
    },
    /// Lists people.
    UserList {
        /// Beginning of a name, login or address; everybody where absent.
        words: Option<String>,
    },
    /// Shuts a person out for a while.
    UserSuspend {
        /// Who.
        login: String,
    },
    /// Lets a suspended person in again.
    UserUnsuspend {
        /// Who.
        login: String,
    },
}

/// Somebody to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// What they sign in with.
    pub login: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where notices go; the login where absent.
    pub email: Option<String>,
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

impl Answer {
    fn done(line: impl Into<String>) -> Self {
        Self::Done(vec![line.into()])
    }

    fn nobody(login: &str) -> Self {
        Self::Refused(format!("nobody has the login {login}: `postern user list` shows who there is"))
    }
}

/// Does a command.
///
/// # Errors
/// Where the database fails; a refusal is an [`Answer`].
pub async fn run(app: &App, command: Command) -> anyhow::Result<Answer> {
    let org = match (&command, app.store.system().orgs().await?.first()) {
        (Command::Ping, _) => return Ok(Answer::Done(Vec::new())),
        (_, Some(org)) => org.id,
        (_, None) => {
            return Ok(Answer::Refused(
                "there is no organisation yet: open the set-up link that `postern serve` prints".to_owned(),
            ));
        }
    };
    match command {
        Command::AdminRecover { login } => recover::administrator(app, org, &login).await,
        Command::AuditResets { since, until, format } => audit::resets(app, org, (since, until), format).await,
        Command::PeopleFile(step) => people_file::run(app, org, step).await,
        Command::Ping => Ok(Answer::Done(Vec::new())),
        Command::PolicyExplain { login, ip } => policies::explain(app, org, &login, ip.as_deref()).await,
        Command::TokenCreate { login, name, grants } => tokens::create(app, org, &login, &name, &grants).await,
        Command::TokenRevoke { id } => tokens::revoke(app, org, &id).await,
        Command::UserApp { login } => recover::app(app, org, &login).await,
        Command::UserCreate(new) => people::create(app, org, new).await,
        Command::UserDeactivate { login } => people::step(app, org, &login, Step::Deactivate).await,
        Command::UserList { words } => people::list(app, org, words).await,
        Command::UserSuspend { login } => people::step(app, org, &login, Step::Suspend).await,
        Command::UserUnsuspend { login } => people::step(app, org, &login, Step::Unsuspend).await,
    }
}
