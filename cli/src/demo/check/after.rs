//! The cable is back: what the computer did alone becomes known, and the record is whole.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use postern_wire::socket::RefusalWord;
use serde_json::Value;

use super::CHRISTINE;
use super::offline::Unreported;
use super::walk::Walk;
use crate::demo::cast::GRACE;
use crate::demo::pins::Pin;
use crate::demo::wait;

/// How long a report may take once the server can be reached.
const REPORT: Duration = Duration::from_secs(15);

/// What the record must hold: event, outcome, and how often at least.
const RECORD: &[(&str, &str, usize)] = &[
    ("org.create", "SUCCESS", 1),
    ("user.lifecycle.create", "SUCCESS", 9),
    ("device.enrollment.create", "SUCCESS", 1),
    ("device.desktop_mfa.configuration.update", "SUCCESS", 1),
    ("device.desktop_mfa.enrollment.create", "SUCCESS", 7),
    ("user.session.start", "SUCCESS", 1),
    ("device.desktop_mfa.recovery_pin.generate", "SUCCESS", 8),
    ("device.desktop_mfa.recovery_pin.activate", "SUCCESS", 2),
    ("device.desktop_mfa.recovery_pin.deny", "FAILURE", 8),
    ("device.desktop_mfa.recovery_pin.revoke", "SUCCESS", 2),
    ("device.desktop_mfa.recovery_pin.end", "SUCCESS", 1),
    ("user.account.report_suspicious_activity_by_enduser", "SUCCESS", 1),
];

/// Everything.
pub fn all(walk: &Walk<'_>, unreported: &Unreported, late: &Pin) -> anyhow::Result<()> {
    ensure!(walk.stage.computer.check_in()?, "the cable is back, and the computer does not reach the server");
    the_report_arrives(walk, &unreported.used)?;
    walk.refuses(&CHRISTINE, late.digits.expose(), RefusalWord::Expired)?;
    walk.held("Christine's PIN was older than two minutes, and the server refused it");
    the_record_is_complete(walk)
}

fn the_report_arrives(walk: &Walk<'_>, used: &Pin) -> anyhow::Result<()> {
    let grace = walk.person(&GRACE)?;
    let known = wait::while_none(REPORT, walk.stage.world(), || {
        let fate = walk.fate(&GRACE, used).ok()?;
        let is_sent = walk.stage.computer.person(&grace.login).ok()?.unsent_reports.get() == 0;
        (is_sent && fate.was_used() && fate.source == "REPORT").then_some(())
    });
    known.context("the server never learnt of Grace's PIN, which she used without a network")?;
    walk.held("the computer reported what it did alone: the server knows that Grace's PIN was used");
    Ok(())
}

fn the_record_is_complete(walk: &Walk<'_>) -> anyhow::Result<()> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut next = Some("/api/v1/logs?sortOrder=ASCENDING&limit=200".to_owned());
    while let Some(path) = next.take() {
        let page = walk.stage.administrator.get(&path)?.expect(200)?;
        let events = page.json()?;
        let events = events.as_array().context("the record is no list")?;
        for event in events {
            let text = |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            *counts.entry((text("/eventType"), text("/outcome/result"))).or_default() += 1;
        }
        next = page.next.filter(|_| !events.is_empty());
    }
    for (kind, outcome, least) in RECORD {
        let found = counts.get(&((*kind).to_owned(), (*outcome).to_owned())).copied().unwrap_or_default();
        ensure!(found >= *least, "the record holds {found} of {kind} {outcome}, not {least}: {counts:?}");
    }
    let unissued = counts.keys().any(|(kind, _)| kind.ends_with("activation_without_issuance"));
    ensure!(!unissued, "the record says that a PIN was used which nobody made");
    walk.held("the record is complete");
    Ok(())
}
