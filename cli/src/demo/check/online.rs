//! What the server decides while it can be reached: one PIN after another, taken back, and the frauds.

use std::thread;

use anyhow::{Context as _, ensure};
use postern_wire::socket::{OpenedBy, RefusalWord};

use super::mail;
use super::walk::Walk;
use super::{DOROTHY, MARY};
use crate::demo::{fraud, pins};

/// Everything, side by side: a second PIN for the same person has to wait for the next half minute.
pub fn all(walk: &Walk<'_>) -> anyhow::Result<()> {
    thread::scope(|scope| {
        let legs = [
            scope.spawn(|| a_newer_pin_replaces_an_older(walk)),
            scope.spawn(|| a_revoked_pin_is_refused(walk)),
            scope.spawn(|| the_impostor_gets_nowhere(walk)),
        ];
        legs.into_iter().try_for_each(|leg| leg.join().map_err(|_| anyhow::anyhow!("a leg of the check panicked"))?)
    })
}

fn a_newer_pin_replaces_an_older(walk: &Walk<'_>) -> anyhow::Result<()> {
    let older = walk.issue(&DOROTHY)?;
    let newer = walk.issue(&DOROTHY)?;
    ensure!(walk.fate(&DOROTHY, &older)?.status == "SUPERSEDED", "an older PIN is not superseded by a newer one");
    walk.refuses(&DOROTHY, older.digits.expose(), RefusalWord::Superseded)?;
    walk.held("Dorothy's older PIN was refused: a newer one was made");
    walk.opens(&DOROTHY, &newer, OpenedBy::Pin)?;
    let fate = walk.fate(&DOROTHY, &newer)?;
    ensure!(fate.was_used() && fate.source == "ONLINE", "the server confirmed a PIN and says {fate:?}");
    walk.held("Dorothy's newer PIN let her in, confirmed by the server");
    Ok(())
}

fn a_revoked_pin_is_refused(walk: &Walk<'_>) -> anyhow::Result<()> {
    let (device, mary) = (&walk.stage.facts.device.id, walk.person(&MARY)?);
    let first = walk.issue(&MARY)?;
    // The computer says that nobody used it yet: then the PIN alone is taken back, not the whole registration.
    ensure!(walk.stage.computer.check_in()?, "the computer does not reach the server");
    pins::revoke(&walk.desk, device, &mary.id, &first.id, "the caller hung up")?;
    walk.refuses(&MARY, first.digits.expose(), RefusalWord::Revoked)?;
    walk.held("Mary's PIN was revoked by the help desk, and refused");
    let second = walk.issue(&MARY)?;
    let link = mail::not_me_link(walk.stage, &mary.login, 2).context("Mary was not told of a PIN that was made")?;
    mail::follow(walk.stage, &link)?;
    ensure!(walk.fate(&MARY, &second)?.status == "REVOKED", "\"this was not me\" did not revoke the PIN");
    let played = walk.types(&MARY, &[second.digits.expose()])?;
    ensure!(played.opened().is_none(), "a PIN that Mary disowned opened the computer");
    walk.held("Mary was told of a PIN by mail; \"this was not me\" revoked it, and it was refused");
    Ok(())
}

fn the_impostor_gets_nowhere(walk: &Walk<'_>) -> anyhow::Result<()> {
    let scenes = fraud::all(walk.stage)?;
    ensure!(scenes.len() == 3 && scenes.iter().all(|scene| scene.held), "a fraud went through: {scenes:?}");
    walk.held("three frauds were tried, and each was stopped");
    Ok(())
}
