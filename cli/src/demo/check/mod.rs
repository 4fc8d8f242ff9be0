//! `postern demo --check`: the whole journey in real time, by itself. It ends well only if every step held.
//!
//! Nothing here can set a clock. A PIN lets in for one minute, and what must be waited for is waited for side by side, by
//! different people: [`online`] while the cable is in, [`offline`] while it is pulled, then [`after`].

mod after;
mod mail;
mod offline;
mod online;
mod walk;

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use walk::Walk;

use super::cast::{self, GRACE, Role};
use super::folder::Folder;
use super::http::Right;
use super::seed::Script;
use super::stage::{self, Stage};
use crate::{screen as terminal, serve};

/// Whose PINs expire before they are typed: offline by the computer's clock, online by the server's.
const KATHERINE: Role = Role { first: "Katherine", last: "Johnson" };
const CHRISTINE: Role = Role { first: "Christine", last: "Darden" };
/// Whose PIN is replaced by a newer one.
const DOROTHY: Role = Role { first: "Dorothy", last: "Vaughan" };
/// Whose PINs are taken back.
const MARY: Role = Role { first: "Mary", last: "Jackson" };

const SCRIPT: Script =
    Script { minutes: 1, colleagues: &[cast::ADA, cast::CHARLES, KATHERINE, CHRISTINE, DOROTHY, MARY] };

/// Runs the check in a folder of its own, which is removed afterwards.
///
/// # Errors
/// The first step that did not hold.
pub fn run() -> anyhow::Result<ExitCode> {
    serve::log();
    let path = std::env::temp_dir().join(format!("postern-check-{}", std::process::id()));
    let folder = Folder::open(&path, true)?;
    terminal::line("Setting the stage for the check ...");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let running = runtime.block_on(stage::set(folder.clone(), 0, None, SCRIPT))?;
    let walked = walk(&running.stage);
    let struck = runtime.block_on(running.strike());
    runtime.shutdown_background();
    if walked.is_err() {
        // What the computer wrote down says most about a step that did not hold.
        terminal::error(&folder.device_log());
    }
    folder.remove()?;
    walked.and(struck)?;
    terminal::line("Every step held.");
    Ok(ExitCode::SUCCESS)
}

fn walk(stage: &Stage) -> anyhow::Result<()> {
    let cookie = stage.sign_in_as_help_desk()?;
    let walk = &Walk::new(stage, stage.help_desk.with(Right::of_cookie(&cookie)));
    walk.held("the help desk signed in with password and app code");
    is_ready(walk)?;
    let expiring = walk.issue(&KATHERINE)?;
    let issued_at = stage.world().now();
    let late = walk.issue(&CHRISTINE)?;
    walk.held("a PIN was made for Katherine and one for Christine: both are left to expire");
    online::all(walk)?;
    let offline = offline::all(walk, &expiring, issued_at)?;
    after::all(walk, &offline, &late)
}

fn is_ready(walk: &Walk<'_>) -> anyhow::Result<()> {
    let facts = &walk.stage.facts;
    let (device, user) = (&facts.device.id, &walk.person(&GRACE)?.id);
    let path = format!("/device-access/api/v1/devices/{device}/users/{user}/recovery-readiness");
    let readiness = walk.desk.get(&path)?.expect(200)?.json()?;
    ensure!(readiness["ready"] == true, "Grace cannot be helped: {readiness}");
    let proof = readiness.pointer("/link/proof").context("readiness does not say how the link was proved")?;
    ensure!(proof == "FACTOR", "the link was proved by {proof}");
    ensure!(readiness["durationMinutes"] == 1, "the computer reported another duration: {readiness}");
    walk.held("Grace's computer is ready: registered with a factor, online, duration known");
    Ok(())
}
