//! `postern serve`: the server until it is asked to end.

use std::path::Path;
use std::process::ExitCode;

use postern_server::config::Config;
use postern_server::serve;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::screen;

/// Runs the server on `data` until SIGINT or SIGTERM.
pub fn run(data: &Path) -> anyhow::Result<ExitCode> {
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = serve::open(data, Config::load(data)?).await?;
        let setup_link = serve::setup_link(&app).await?;
        let server = serve::listen(app).await?;
        screen::line(&format!("Postern listens on {}.", server.address()));
        if let Some(link) = setup_link {
            screen::line(&format!("Open this link within an hour to set it up: {link}"));
        }
        server.serve(data, asked_to_end()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Logs to standard error, warnings and worse unless `RUST_LOG` says otherwise; JSON where nobody is looking.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        let _ = builder.try_init();
    } else {
        let _ = builder.json().try_init();
    }
}

/// Waits for SIGINT or SIGTERM.
pub async fn asked_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
}
