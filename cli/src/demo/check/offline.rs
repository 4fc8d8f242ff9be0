//! What the computer decides alone, with the cable pulled.

use std::thread;
use std::time::Duration;

use anyhow::ensure;
use postern_codes::{Timestamp, damm, drp1};
use postern_wire::socket::{OpenedBy, RefusalWord};

use super::KATHERINE;
use super::walk::Walk;
use crate::demo::cast::GRACE;
use crate::demo::pins::Pin;

/// The end of a time PIN at a computer that contacted its server minutes ago: the step's half minute, two minutes, and the
/// half minute by which its clock may be off.
const LIFE: Duration = Duration::from_mins(3);
/// What the agent's clock may gain on ours while we wait.
const MARGIN: Duration = Duration::from_secs(2);

/// What the server has yet to learn.
pub struct Unreported {
    /// Grace's PIN, used without a network.
    pub used: Pin,
}

/// Pulls the cable; puts it back when both legs are walked.
pub fn all(walk: &Walk<'_>, expiring: &Pin, issued_at: Timestamp) -> anyhow::Result<Unreported> {
    let used = walk.issue(&GRACE)?;
    walk.stage.cable.set_pulled(true);
    ensure!(!walk.stage.computer.check_in()?, "the computer reaches the server through a pulled cable");
    walk.held("a PIN was made for Grace, and the cable was pulled");
    let walked = thread::scope(|scope| {
        let legs = [
            scope.spawn(|| a_pin_works_for_its_duration(walk, &used)),
            scope.spawn(|| a_pin_expires_and_slips_cost_nothing(walk, expiring, &used, issued_at)),
        ];
        legs.into_iter().try_for_each(|leg| leg.join().map_err(|_| anyhow::anyhow!("a leg of the check panicked"))?)
    });
    walk.stage.cable.set_pulled(false);
    walked.map(|()| Unreported { used })
}

fn a_pin_works_for_its_duration(walk: &Walk<'_>, pin: &Pin) -> anyhow::Result<()> {
    let until = walk.opens(&GRACE, pin, OpenedBy::Pin)?;
    ensure!(until.seconds.get() <= 60, "one minute is {} seconds long", until.seconds.get());
    walk.held("Grace got in without a network");
    walk.opens(&GRACE, pin, OpenedBy::PinAgain)?;
    walk.held("the same PIN let her in again within its minute");
    let end = Timestamp::from_micros(until.at.signed());
    walk.wait_until(end.plus(MARGIN), "for the end of Grace's minute");
    walk.refuses(&GRACE, pin.digits.expose(), RefusalWord::AccessEnded)?;
    walk.held("after its minute her PIN was refused");
    Ok(())
}

fn a_pin_expires_and_slips_cost_nothing(
    walk: &Walk<'_>,
    expiring: &Pin,
    of_grace: &Pin,
    issued_at: Timestamp,
) -> anyhow::Result<()> {
    let before = walk.failures(&KATHERINE)?;
    walk.refuses(&KATHERINE, &mistyped(expiring), RefusalWord::Mistyped)?;
    ensure!(walk.failures(&KATHERINE)? == before, "a typing slip was counted as an attempt");
    walk.held("a mistyped PIN was told from a wrong one, and cost no attempt");
    walk.refuses(&KATHERINE, &wrong(expiring), RefusalWord::Wrong)?;
    ensure!(walk.failures(&KATHERINE)? == before + 1, "a wrong PIN cost no attempt");
    walk.held("a wrong PIN was refused, and counted");
    walk.refuses(&KATHERINE, of_grace.digits.expose(), RefusalWord::Wrong)?;
    walk.held("Grace's PIN was refused at Katherine's account");
    let step = drp1::step_start(drp1::step(issued_at));
    walk.wait_until(step.plus(LIFE).plus(MARGIN), "for Katherine's PIN to expire by the computer's own clock");
    let played = walk.types(&KATHERINE, &[expiring.digits.expose()])?;
    ensure!(played.opened().is_none(), "an expired PIN opened the computer");
    walk.held("Katherine's PIN had expired, and was refused without a network");
    Ok(())
}

/// The last digit is one off: no PIN has those nine.
fn mistyped(pin: &Pin) -> String {
    let mut digits = pin.digits.expose().clone();
    let last = digits.pop().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
    digits + &((last + 1) % 10).to_string()
}

/// Well-formed, and one off in the first digit.
fn wrong(pin: &Pin) -> String {
    let digits = pin.digits.expose();
    let first = digits.chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
    let eight = format!("{}{}", (first + 1) % 10, digits.get(1..8).unwrap_or_default());
    format!("{eight}{}", char::from(damm::check_digit(eight.as_bytes())))
}
