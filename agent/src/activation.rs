//! A PIN that was accepted: how long it lasts, and what is reported of it.

use std::time::Duration;

use postern_codes::clock::Reading;
use postern_codes::id::{RecoveryEnrolment, User};
use postern_codes::mac::Mac;
use postern_codes::report::{Entry, Kind, Mode};
use postern_codes::{Id, Timestamp};
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::vault::Fault;

/// A wall clock this far before the activation was set back.
const WALL_SLACK: Duration = Duration::from_mins(1);

/// A PIN that was accepted. It holds a tag of the PIN, by which the PIN is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Under which generation.
    pub eid: Id<RecoveryEnrolment>,
    /// The step; 0 for a challenge.
    pub step: u64,
    /// Which sort of PIN.
    pub mode: Mode,
    /// SHA-256 of the challenge, where there was one.
    pub challenge_hash: Option<[u8; 32]>,
    pub(crate) tag: [u8; 32],
    /// The wall clock when it was accepted.
    pub wall: Timestamp,
    /// Microseconds of the boot clock then, and which boot.
    pub boottime: u64,
    /// Which start of the computer that counts from.
    pub boot_id: String,
    /// Microseconds of powered-on time since, as last counted.
    pub used: u64,
    /// The boot clock when `used` was last counted, and which boot.
    pub(crate) counted: (u64, String),
    /// The latest end that the server granted.
    pub deadline: Option<Timestamp>,
    /// Whether it is over.
    pub ended: bool,
}

impl Activation {
    /// How long it still lasts, unless one of its limits is reached: wall clock, time since boot, powered-on time, and the
    /// server's deadline.
    pub(crate) fn remaining(&self, now: &Reading, high: Timestamp, minutes: u32) -> Option<Duration> {
        if now.wall < self.wall.minus(WALL_SLACK) {
            return None;
        }
        let duration = Duration::from_mins(u64::from(minutes));
        let since_boot =
            if now.boot_id == self.boot_id { micros(now.boottime).saturating_sub(self.boottime) } else { 0 };
        let elapsed = [now.wall.since(self.wall), Duration::from_micros(since_boot), Duration::from_micros(self.used)];
        let left = elapsed.into_iter().map(|elapsed| duration.saturating_sub(elapsed)).min()?;
        let granted = self.deadline.map_or(left, |deadline| deadline.since(high));
        Some(left.min(granted)).filter(|left| !left.is_zero())
    }

    /// Adds the powered-on time since it was last counted; after a restart, all of it since the start.
    pub(crate) fn count(&mut self, now: &Reading) {
        let boottime = micros(now.boottime);
        let (counted, boot_id) = &self.counted;
        self.used += if *boot_id == now.boot_id { boottime.saturating_sub(*counted) } else { boottime };
        self.counted = (boottime, now.boot_id.clone());
    }

    pub(crate) fn entry(&self, kind: Kind, counter: u64, now: &Reading) -> Entry {
        Entry {
            kind,
            mode: self.mode,
            step: (self.mode == Mode::Time).then_some(self.step),
            challenge_hash: self.challenge_hash,
            wall: not_before_1970(now.wall),
            boottime: micros(now.boottime),
            boot_id: now.boot_id.clone(),
            counter,
        }
    }
}

/// Ends a person's access by a PIN, if there is any, and reports it.
pub(crate) fn end(state: &mut State, mac: &dyn Mac, user: Id<User>, counter: u64, now: &Reading) -> Result<(), Fault> {
    let Some(live) = state.person_mut(user).and_then(|person| person.activation.as_mut()).filter(|used| !used.ended)
    else {
        return Ok(());
    };
    live.ended = true;
    let (eid, entry) = (live.eid, live.entry(Kind::Ended, counter, now));
    append(state, mac, eid, &entry)
}

/// Signs an entry and puts it at the end of its generation's outbox.
pub(crate) fn append(state: &mut State, mac: &dyn Mac, eid: Id<RecoveryEnrolment>, entry: &Entry) -> Result<(), Fault> {
    let identity = state.device.as_ref().ok_or(Fault::NotEnrolled)?;
    let (person, generation) = state.generation(eid).ok_or(Fault::Corrupt("state"))?;
    let (seed, context) = (generation.seed(), generation.context(identity, person.user)?);
    let key = postern_codes::drp1::Generation { mac, seed: &seed, context: &context };
    let report = key.write_report(entry, &generation.outbox.chain)?;
    if let Some(outbox) = state.outboxes_mut().find(|outbox| outbox.eid == eid) {
        outbox.chain = report.chain;
        outbox.unsent.push(report.json);
    }
    Ok(())
}

pub(crate) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// A report holds no negative number; a wall clock before 1970 is told as 1970.
pub(crate) fn not_before_1970(wall: Timestamp) -> Timestamp {
    wall.max(Timestamp::default())
}
