//! `admin.sock`: a Unix socket in the data folder. One JSON line asks, one answers. The kernel says who asks; only root
//! and the user that the server runs as are heard.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::{Answer, Command};
use crate::App;

/// The socket's name in the data folder.
pub const NAME: &str = "admin.sock";
/// The longest command: a part of a file, as text.
const LONGEST: u64 = 1024 * 1024;
/// The longest answer: a page of people, as rows of a file.
const LONGEST_ANSWER: u64 = 32 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

/// The socket; its file is removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Hears operators. A file left over by a killed server is replaced: the database's lock says that none runs.
///
/// # Errors
/// Where the socket cannot be made.
pub fn listen(app: &Arc<App>, data: &Path) -> anyhow::Result<Socket> {
    let path = data.join(NAME);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot make {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    // Who made the socket's file is who the server runs as.
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&path)?);
    let app = Arc::clone(app);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = stream.peer_cred().is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0);
            if heard {
                let app = Arc::clone(&app);
                tokio::spawn(async move { tokio::time::timeout(PATIENCE, answer(&app, stream)).await });
            }
        }
    });
    Ok(Socket { path, task })
}

/// Asks the server that runs on `data`; `None` where none runs.
///
/// # Errors
/// Where the server breaks off or its answer cannot be read.
pub async fn ask(data: &Path, command: &Command) -> anyhow::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(data.join(NAME)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).context("cannot talk to the running server: are you root or the user that it runs as?");
        }
    };
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut text).await?;
    let answer = serde_json::from_str(&text).context("the running server broke off: look into its log")?;
    Ok(Some(answer))
}

async fn answer(app: &App, stream: UnixStream) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream.take(LONGEST));
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(command) => super::run(app, command).await.unwrap_or_else(|error| {
            tracing::error!(cause = %error, "an operator's command failed");
            Answer::Refused(format!("the command failed and nothing was changed: {error}"))
        }),
        Err(_) => Answer::Refused(
            "this server does not know that command: use the `postern` of the server's own version".to_owned(),
        ),
    };
    let mut stream = stream.into_inner().into_inner();
    stream.write_all(&serde_json::to_vec(&answer)?).await?;
    stream.shutdown().await?;
    Ok(())
}
