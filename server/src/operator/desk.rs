//! Where an operator's commands are done: by the running server, or here where none runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Command, socket};
use crate::config::Config;
use crate::jobs::import_people;
use crate::{App, serve};

/// How long to wait for a running server to go on by itself.
const WAIT: Duration = Duration::from_millis(200);

/// Where commands are done.
pub enum Desk {
    /// Here: the tool holds the store.
    Here(Arc<App>),
    /// By the server that runs on this folder.
    There(PathBuf),
}

impl Desk {
    /// Finds out whether a server runs on `data`; opens the store where none does.
    ///
    /// # Errors
    /// Where there is no installation, or the server or the store does not answer.
    pub async fn of(data: &Path) -> anyhow::Result<Self> {
        if socket::ask(data, &Command::Ping).await?.is_some() {
            return Ok(Self::There(data.to_owned()));
        }
        let config = Config::load(data)?;
        anyhow::ensure!(
            config.database.is_some() || data.join(serve::DATABASE).exists(),
            "there is no Postern in {}: say where with --data",
            data.display()
        );
        Ok(Self::Here(serve::open(data, config).await?))
    }

    /// Does a command.
    ///
    /// # Errors
    /// Where the server or the database fails.
    pub async fn run(&self, command: Command) -> anyhow::Result<Answer> {
        match self {
            Self::Here(app) => super::run(app, command).await,
            Self::There(data) => {
                let answer = socket::ask(data, &command).await?;
                answer.ok_or_else(|| anyhow::anyhow!("the server ended meanwhile: run the command again"))
            }
        }
    }

    /// Lets files of people go on: a chunk of what the server's job would do, or a moment for the server to do it.
    ///
    /// # Errors
    /// Of the database.
    pub async fn turn(&self) -> anyhow::Result<()> {
        match self {
            Self::Here(app) => {
                for org in app.store.system().orgs().await? {
                    import_people::step(app, org.id).await?;
                }
            }
            Self::There(_) => {
                // Nothing is ever sent here: it is a clock.
                let _ = tokio::time::timeout(WAIT, std::future::pending::<()>()).await;
            }
        }
        Ok(())
    }
}
