//! Everything that runs: the server in this process, the cable, the computer's agent in a process of its own.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use postern_codes::env::World;
use postern_codes::{Env, Secret};
use postern_server::App;
use postern_server::config::{Config, PublicUrls};
use postern_server::serve;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::cable::Cable;
use super::computer::Computer;
use super::facts::Facts;
use super::folder::Folder;
use super::guide::{self, Curtain};
use super::http::{Client, Right};
use super::monitor::Monitor;
use super::phone::Phone;
use super::story::Story;
use super::{desk, record, seed};

/// How many ports are tried from the wanted one on.
const PORTS: u16 = 50;

/// The demo while it runs.
pub struct Stage {
    /// Who and what there is.
    pub facts: Arc<Facts>,
    /// The network cable.
    pub cable: Cable,
    /// The computer.
    pub computer: Computer,
    /// Its screen.
    pub monitor: Monitor,
    /// How far the visitor has come.
    pub story: Arc<Story>,
    /// The super admin's program.
    pub administrator: Client,
    /// The help desk's program.
    pub help_desk: Client,
    /// The help desk's phone.
    pub phone: Phone,
    /// Where the record ended when the stage was set: what came before is how it was set.
    pub record_from: String,
    /// The server's data folder.
    pub data: PathBuf,
    /// For how long a PIN lets in, in words.
    pub duration: String,
    world: Arc<dyn World>,
}

/// The server's end of the demo.
pub struct Running {
    /// The stage.
    pub stage: Arc<Stage>,
    end: oneshot::Sender<()>,
    server: JoinHandle<anyhow::Result<()>>,
}

/// Starts everything: seeds the folder at the first start, goes on with it later.
///
/// # Errors
/// Where no port is free, or part of it does not start.
pub async fn set(folder: Folder, port: u16, database: Option<String>, script: seed::Script) -> anyhow::Result<Running> {
    let listener = free_port(port).await?;
    let address = listener.local_addr()?;
    let cable = Cable::lay(address).await?;
    let url = format!("http://localhost:{}", address.port());
    let app = serve::open(&folder.server(), config(address, &url, &cable, database)?).await?;
    let curtain = Curtain::new(OnceLock::new());
    let (end, ended) = oneshot::channel();
    let server = {
        let listening = serve::listen_on(listener, Arc::clone(&app))?;
        let front = guide::routes(Arc::clone(&curtain), address.port());
        let data = folder.server();
        tokio::spawn(async move { listening.behind(front).serve(&data, async { drop(ended.await) }).await })
    };
    let stage = raise(folder, app, cable, url, script).await?;
    let _ = curtain.set(Arc::clone(&stage));
    Ok(Running { stage, end, server })
}

async fn raise(
    folder: Folder,
    app: Arc<App>,
    cable: Cable,
    url: String,
    script: seed::Script,
) -> anyhow::Result<Arc<Stage>> {
    let (world, data) = (Arc::clone(&app.world), folder.server());
    let (facts, computer, administrator, record_from) = {
        let (runtime, cable, url) = (Handle::current(), cable.url(), url.clone());
        let seed = move || {
            let place = seed::Place { folder: &folder, app: &app, cable: &cable, url: &url, runtime };
            let (facts, computer) = match folder.facts()? {
                Some(facts) => seed::again(&place, facts),
                None => seed::anew(&place, &script),
            }?;
            let administrator = Client::new(&url, Right::Token(facts.super_admin.api_token.clone()));
            let record_from = record::end(&administrator)?;
            anyhow::Ok((facts, computer, administrator, record_from))
        };
        spawn_blocking(seed).await??
    };
    let facts = Arc::new(facts);
    Ok(Arc::new(Stage {
        help_desk: administrator.with(Right::Token(facts.help_desk.api_token.clone())),
        administrator,
        phone: Phone::of(&facts.help_desk.person, &*world)?,
        monitor: Monitor::asleep(Arc::clone(&facts)),
        story: Arc::default(),
        duration: script.duration_in_words(),
        record_from,
        facts,
        data,
        cable,
        computer,
        world,
    }))
}

impl Stage {
    /// Time and randomness.
    pub fn world(&self) -> &dyn World {
        &*self.world
    }

    /// The present moment.
    pub fn env(&self) -> Env {
        Env::of(&self.world)
    }

    /// Signs in to the console as the help desk does, with password and app code; the session's cookie, whole.
    ///
    /// # Errors
    /// Where the server refuses.
    pub fn sign_in_as_help_desk(&self) -> anyhow::Result<Secret<String>> {
        desk::sign_in(&self.help_desk.with(Right::Nobody), &self.facts.help_desk.person, &self.phone, self.world())
    }
}

impl Running {
    /// Ends the server, with the requests under way finished, then the computer.
    ///
    /// # Errors
    /// Where the server had failed.
    pub async fn strike(self) -> anyhow::Result<()> {
        let _ = self.end.send(());
        let ended = self.server.await?;
        drop(self.stage);
        ended
    }
}

/// The first free port from `wanted` on; 0 is any.
async fn free_port(wanted: u16) -> anyhow::Result<TcpListener> {
    for port in wanted..=wanted.saturating_add(PORTS) {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
            && !is_taken_on_v6(port).await
        {
            return Ok(listener);
        }
    }
    anyhow::bail!("no port from {wanted} to {} is free: choose another with --port", wanted.saturating_add(PORTS))
}

/// A browser tries `localhost` by IPv6 first: whoever listens there would be taken for the demo.
async fn is_taken_on_v6(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await;
    bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn config(listen: SocketAddr, url: &str, cable: &Cable, database: Option<String>) -> anyhow::Result<Config> {
    let public_url = PublicUrls::try_from(vec![url.to_owned(), cable.url()]).map_err(anyhow::Error::msg)?;
    Ok(Config { public_url, listen, database: database.map(Secret::new), ..Config::default() })
}
