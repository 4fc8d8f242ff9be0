//! `postern demo`: the story of a locked-out person, to be played through with a real server, a real agent, and a switch
//! for the network.
//!
//! | module | is |
//! | --- | --- |
//! | [`stage`] | everything that runs |
//! | [`seed`], [`cast`], [`facts`], [`folder`] | who and what there is, and where it is kept |
//! | [`computer`], [`cable`] | the agent's process, and its way to the server |
//! | [`guide`], [`story`], [`record`], [`monitor`] | the guide page and what it asks for |
//! | [`screen`], [`login`], [`scripted`] | the locked screen: for the page, in a terminal, by script |
//! | [`fraud`] | the impostor |
//! | [`check`] | the whole journey by itself |
//! | [`http`], [`desk`], [`pins`], [`phone`], [`wait`] | what a help desk does: browser, sign-in, PINs, app codes, patience |

mod cable;
mod cast;
mod check;
mod computer;
mod desk;
mod facts;
mod folder;
mod fraud;
mod guide;
mod http;
mod login;
mod monitor;
mod phone;
mod pins;
mod record;
mod screen;
mod scripted;
mod seed;
mod stage;
mod story;
mod wait;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::{Args, Subcommand};
use folder::Folder;

use crate::{screen as terminal, serve};

/// How the demo is started.
#[derive(Args)]
pub struct Options {
    /// The demo's folder; a later start goes on with it.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The first port to try; a busy one moves to the next.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Begin again: wipes what an earlier demo left in the folder.
    #[arg(long)]
    fresh: bool,
    /// An empty PostgreSQL database for the server, in place of the embedded one; `--fresh` does not wipe it.
    #[arg(long, value_name = "URL", hide = true)]
    database: Option<String>,
    /// Do not open the guide in a browser.
    #[arg(long)]
    no_browser: bool,
    /// Walk the whole journey without anybody, in real time, in a folder of its own; takes less than four minutes.
    #[arg(long, conflicts_with_all = ["data", "port", "fresh", "database", "no_browser"])]
    check: bool,
    #[command(subcommand)]
    command: Option<DemoCommand>,
}

#[derive(Subcommand)]
enum DemoCommand {
    /// The locked screen of the running demo, in this terminal.
    Login,
}

/// Runs the demo, or what was asked of it.
///
/// # Errors
/// A sentence that says what to do.
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    let path = options.data.unwrap_or_else(Folder::default_path);
    match options.command {
        Some(DemoCommand::Login) => return login::run(&path),
        None if options.check => return check::run(),
        None => {}
    }
    serve::log();
    let folder = Folder::open(&path, options.fresh)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        terminal::line("Setting the stage ...");
        let running = stage::set(folder, options.port, options.database, seed::STORY).await?;
        let url = running.stage.facts.server_url.clone();
        terminal::line(&format!("Open {url}\n\nEverything else is on that page. Ctrl-C ends the demo."));
        if !options.no_browser {
            open_browser(&url);
        }
        serve::asked_to_end().await;
        running.strike().await
    });
    // A screen that waits for its keyboard must not hold up the end.
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

/// Where no desktop is, nothing happens: the address stands in the terminal.
fn open_browser(url: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let has_desktop =
        cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if has_desktop {
        let quiet = || Stdio::null();
        let _ = Command::new(opener).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    }
}
