//! What the computer remembers: what the server told it, and for each person the recovery secret and its use. Certificate
//! and key are the [`credential`](crate::credential)'s.
//!
//! Plain data and its lookups. [`Vault`](crate::vault::Vault) keeps it sealed on disk; [`unlock`](crate::unlock) decides.

use std::collections::BTreeMap;

use postern_codes::b64;
use postern_codes::clock::TimeState;
use postern_codes::drp1::Context;
use postern_codes::id::{Device, Org, RecoveryEnrolment, User};
use postern_codes::mac::MacKey;
use postern_codes::report::Chain;
use postern_codes::{Id, Place, Sealed, Timestamp};
use postern_wire::settings::DeviceSettings;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::activation::Activation;
use crate::vault::Fault;

/// The whole state of a computer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Whose state this is, once the computer is enrolled.
    pub device: Option<Identity>,
    /// The settings that the server signed last.
    pub policy: Option<Policy>,
    /// The people who are, or were, registered here.
    pub people: Vec<Person>,
    /// Reports of deleted generations that the server does not have yet.
    pub farewells: Vec<Outbox>,
    /// What is known of the time.
    pub time: Option<TimeState>,
    /// When the server was last reached.
    pub last_contact: Option<Timestamp>,
    /// Attempt counters where no hardware keeps them.
    pub(crate) records: BTreeMap<String, Record>,
}

/// Who the computer is to its server: every tag under a recovery secret covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The organisation.
    pub org: Id<Org>,
    /// The computer.
    pub device: Id<Device>,
}

pub(crate) fn seed_place(eid: Id<RecoveryEnrolment>) -> Place {
    Place::new("generation", eid, "seed")
}

/// The settings that the server signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// By name.
    pub settings: DeviceSettings,
    /// Raised by each change.
    pub version: u64,
    /// Afterwards the defaults limit them too.
    pub not_after: Timestamp,
}

impl State {
    /// The settings in force: the server's, joined with the management `channel`'s, and after their end limited by the
    /// defaults. A channel with a mistake counts for nothing: it was refused with a sentence when it was read.
    pub fn settings(&self, channel: &Map<String, Value>, now: Timestamp) -> DeviceSettings {
        let Some(policy) = &self.policy else {
            let defaults = DeviceSettings::default();
            return defaults.managed_by(channel).unwrap_or(defaults);
        };
        // A wall clock that was set back makes no policy last longer.
        let now = self.time.as_ref().map_or(now, |time| time.high().max(now));
        let joined = policy.settings.managed_by(channel).unwrap_or_else(|_| policy.settings.clone());
        if now > policy.not_after { joined.limited_by(&DeviceSettings::default()) } else { joined }
    }

    /// The person whom an OS account stands for here. The login must still be the same: an account that was given to
    /// somebody else inherits nothing.
    pub fn person(&self, os_uid: u32, login: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.os_uid == os_uid && person.login == login)
    }

    pub(crate) fn person_mut(&mut self, user: Id<User>) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.user == user)
    }

    /// The person and generation of an enrolment id.
    pub fn generation(&self, eid: Id<RecoveryEnrolment>) -> Option<(&Person, &Generation)> {
        self.people.iter().find_map(|person| Some((person, person.generations.iter().find(|g| g.eid == eid)?)))
    }

    /// Every report that the server does not have yet, by enrolment, oldest first.
    pub fn unsent(&self) -> impl Iterator<Item = &Outbox> {
        let living = self.people.iter().flat_map(|person| person.generations.iter().map(|g| &g.outbox));
        self.farewells.iter().chain(living).filter(|outbox| !outbox.unsent.is_empty())
    }

    pub(crate) fn outboxes_mut(&mut self) -> impl Iterator<Item = &mut Outbox> {
        let living = self.people.iter_mut().flat_map(|person| person.generations.iter_mut().map(|g| &mut g.outbox));
        self.farewells.iter_mut().chain(living)
    }
}

/// A person who is registered for recovery at this computer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The person at the server.
    pub user: Id<User>,
    /// The login under which the person was registered.
    pub login: String,
    /// The OS account's number.
    pub os_uid: u32,
    /// Newest first. More than one only while a rotation is under way: the server may hold either.
    pub generations: Vec<Generation>,
    /// The last PIN that was accepted, if any; it may be over.
    pub activation: Option<Activation>,
    /// Whether a new generation is wanted.
    pub rotate: bool,
    /// Slips of the finger in this hour.
    pub slips: Hourly,
    /// Challenges shown in this hour.
    pub displays: Hourly,
}

impl Person {
    /// The generations whose PINs may open: those that the server may issue from. One that was only begun is among them,
    /// since the server goes over to it before the computer hears that it did.
    pub fn accepted(&self) -> impl Iterator<Item = &Generation> {
        self.generations.iter()
    }

    /// The activation that is not over yet.
    pub fn live(&self) -> Option<&Activation> {
        self.activation.as_ref().filter(|activation| !activation.ended)
    }

    /// The newest generation where it was begun and is to be completed at this contact. Not while a PIN of an older one is
    /// in use: with that generation its access would end.
    pub fn unfinished(&self) -> Option<&Generation> {
        let newest = self.generations.first().filter(|newest| !newest.done)?;
        self.live().is_none_or(|live| live.eid == newest.eid).then_some(newest)
    }

    /// Whether a new generation should be begun at this contact. Not while a PIN is in use: its secret is needed to know
    /// it again, and the person should not be put out by being online; nor before the first one is complete, since a
    /// rotation is proved by it.
    pub fn rotation_due(&self, now: Timestamp, validity_days: u32) -> bool {
        let half = std::time::Duration::from_hours(u64::from(validity_days) * 12);
        let aged = self.generations.first().is_some_and(|newest| now.since(newest.since) > half);
        let complete = self.generations.iter().any(|generation| generation.done);
        complete && self.live().is_none() && (self.rotate || aged)
    }
}

/// One generation of a person's recovery secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Generation {
    /// Its name at the server.
    pub eid: Id<RecoveryEnrolment>,
    /// Its number.
    pub number: u32,
    /// Whether the server said that the registration is complete.
    pub done: bool,
    /// When it was begun.
    pub since: Timestamp,
    /// Wrong answers to challenges.
    pub wrong_responses: u32,
    /// The tag that acknowledges it, to be sent until the server says that it is done.
    pub ack: [u8; 32],
    /// Its reports.
    pub outbox: Outbox,
    pub(crate) seed: Box64,
}

impl Generation {
    pub(crate) fn seed(&self) -> Sealed<MacKey> {
        Sealed::from_storage(seed_place(self.eid), self.seed.0.clone())
    }

    pub(crate) fn context(&self, identity: &Identity, user: Id<User>) -> Result<Context, Fault> {
        let (org, device) = (identity.org.as_str(), identity.device.as_str());
        Context::new(org, device, user.as_str(), self.number).map_err(|_| Fault::Corrupt("state"))
    }
}

/// The report chain of one generation, and what of it the server does not have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outbox {
    /// The generation.
    pub eid: Id<RecoveryEnrolment>,
    /// Its number.
    pub generation: u32,
    /// Where the chain stands.
    pub chain: Chain,
    /// Signed entries, oldest first, as they travel.
    pub unsent: Vec<Value>,
}

/// How often something happened in the hour that began at `since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hourly {
    since: Timestamp,
    count: u32,
}

impl Hourly {
    /// Counts one more, unless there were `most` in this hour: then says when the hour is over.
    pub fn count(&mut self, now: Timestamp, most: u32) -> Result<(), Timestamp> {
        let hour = std::time::Duration::from_hours(1);
        if now.since(self.since) >= hour || now < self.since {
            *self = Self { since: now, count: 0 };
        }
        if self.count >= most {
            return Err(self.since.plus(hour));
        }
        self.count += 1;
        Ok(())
    }
}

/// What must not be rolled back: in a TPM's memory where there is one, else in the sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    /// Attempts ever.
    pub counter: u64,
    /// `counter` at the last success.
    pub base: u64,
    /// The newest step that was accepted or burnt.
    pub last_step: u64,
    /// No attempt before this high-water mark.
    pub locked_until: Timestamp,
}

impl Record {
    /// Attempts since the last success.
    pub const fn failures(&self) -> u64 {
        self.counter.saturating_sub(self.base)
    }
}

/// Sealed bytes, as base64url in the state.
#[derive(Debug, Clone)]
pub struct Box64(pub(crate) Vec<u8>);

impl Serialize for Box64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Box64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        b64::decode(&text).map(Self).ok_or_else(|| serde::de::Error::custom("not base64url"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postern_codes::clock::Reading;

    use super::*;

    #[test]
    fn an_hour_holds_so_many_and_then_begins_anew() {
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_000_000 + seconds);
        let mut slips = Hourly::default();
        assert_eq!((slips.count(at(0), 2), slips.count(at(9), 2)), (Ok(()), Ok(())));
        assert_eq!(slips.count(at(3599), 2), Err(at(3600)));
        assert_eq!(slips.count(at(3600), 2), Ok(()));
    }

    #[test]
    fn settings_past_their_end_are_limited_by_the_defaults() {
        let long = serde_json::json!({"DeviceRecoveryPINDuration": 600});
        let settings = serde_json::from_value(long).unwrap();
        let not_after = Timestamp::from_unix_seconds(100);
        let state = State { policy: Some(Policy { settings, version: 1, not_after }), ..State::default() };
        let minutes =
            |at: i64| state.settings(&Map::new(), Timestamp::from_unix_seconds(at)).recovery_pin_minutes.get();
        assert_eq!((minutes(100), minutes(101)), (600, 60));
        let late = Reading { wall: Timestamp::from_unix_seconds(101), boottime: Duration::ZERO, boot_id: "b".into() };
        let state = State { time: Some(TimeState::new(late)), ..state };
        assert_eq!(state.settings(&Map::new(), not_after).recovery_pin_minutes.get(), 60, "the clock was set back");
    }
}
