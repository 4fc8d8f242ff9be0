//! A server's life: open the data folder, listen, serve, and end with the requests under way finished.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use postern_codes::Env;
use postern_codes::env::{System, World};
use postern_codes::mac::Keyring;
use postern_store::Store;
use postern_store::root_key;
use postern_store::sql::Location;
use tokio::net::TcpListener;

use crate::app::{self, App};
use crate::config::Config;
use crate::listener::{Connections, Peer};
use crate::{delivery, jobs, operator};

/// The embedded database's file in the data folder.
pub const DATABASE: &str = "postern.db";
/// The root key's file in the data folder.
pub const ROOT_KEY: &str = "root.key";

/// How long requests under way may take when the server is to end: a client that never finishes must not keep it up.
const FINISHING: Duration = Duration::from_secs(10);

/// Opens the data folder, which is made where it is not there, for its owner alone.
///
/// # Errors
/// Each says what to do: another process, a missing or wrong root key, a database that does not answer.
pub async fn open(data: &Path, config: Config) -> anyhow::Result<Arc<App>> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))?;
    let world: Arc<dyn World> = Arc::new(System);
    let file = data.join(DATABASE);
    let location = match &config.database {
        Some(url) => Location::Postgres(url.expose().clone()),
        None => Location::Sqlite(file.clone()),
    };
    let root = root_key::load_or_create(&data.join(ROOT_KEY), file.exists(), &Env::of(&world))?;
    let store = Store::open(&location, Keyring::new(&root)).await?;
    let sender = delivery::sender(&config, data)?;
    Ok(Arc::new(App::new(store, world, config, sender)))
}

/// A server that listens and does not serve yet.
pub struct Listening {
    app: Arc<App>,
    connections: Connections,
    address: SocketAddr,
    front: Router,
}

/// Listens where the configuration says.
///
/// # Errors
/// Where the port is taken or the certificate cannot be used.
pub async fn listen(app: Arc<App>) -> anyhow::Result<Listening> {
    let wanted = app.config.listen;
    let listener = TcpListener::bind(wanted).await.with_context(|| {
        format!("cannot listen on {wanted}: choose another `listen` in postern.toml, or stop what uses the port")
    })?;
    listen_on(listener, app)
}

/// Serves a port that was found free before the configuration could name it.
///
/// # Errors
/// Where the certificate cannot be used.
pub fn listen_on(listener: TcpListener, app: Arc<App>) -> anyhow::Result<Listening> {
    let address = listener.local_addr()?;
    let connections = Connections::on(listener, &app.config)?;
    Ok(Listening { app, connections, address, front: Router::new() })
}

impl Listening {
    /// Where.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts other pages in front of the server's own, on the same address.
    #[must_use]
    pub fn behind(self, front: Router) -> Self {
        Self { front, ..self }
    }

    /// Serves requests, jobs and the operator's socket in `data` until `end` comes, then finishes what is under way,
    /// within ten seconds.
    ///
    /// # Errors
    /// Where the operator's socket cannot be made or the listener fails.
    pub async fn serve(self, data: &Path, end: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let mut jobs = jobs::start(&self.app);
        let socket = operator::socket::listen(&self.app, data)?;
        let router = self.front.fallback_service(app::router(self.app));
        let service = router.into_make_service_with_connect_info::<Peer>();
        let (asked, is_asked) = tokio::sync::oneshot::channel();
        let end = async move {
            end.await;
            let _ = asked.send(());
        };
        let serving = axum::serve(self.connections, service).with_graceful_shutdown(end);
        let too_long = async {
            let _ = is_asked.await;
            tokio::time::timeout(FINISHING, std::future::pending::<()>()).await
        };
        tokio::select! {
            served = serving => served?,
            _ = too_long => tracing::warn!("a client did not finish its request; the server ends without it"),
        }
        jobs.shutdown().await;
        drop(socket);
        Ok(())
    }
}

/// The set-up link's URL, where the installation has no organisation yet. Those printed before are void.
///
/// # Errors
/// Of the database.
pub async fn setup_link(app: &App) -> anyhow::Result<Option<String>> {
    if !app.store.system().orgs().await?.is_empty() {
        return Ok(None);
    }
    let token = app.store.system().new_setup_link(&app.env()).await?;
    Ok(Some(format!("{}/setup/{}", app.config.public_url.first(), token.expose())))
}
