//! What moves the state besides an entry: time that passes, and what the server says at a contact.

use postern_codes::clock::{Reading, TooSlow};
use postern_codes::id::RecoveryEnrolment;
use postern_codes::{Id, Timestamp};

use super::{Door, carry};
use crate::activation::end;
use crate::state::{Record, State};
use crate::vault::{Counter as _, Fault};

impl Door<'_> {
    /// Takes note of the clocks and ends what is over: every 30 seconds, at every start and wake. Answers with the OS
    /// accounts whose access ended now.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn tick(&mut self) -> Result<Vec<u32>, Fault> {
        let (reading, minutes) = (self.clock.read(), self.settings.recovery_pin_minutes.get());
        let mut counters = Vec::new();
        for person in self.vault.state().people.iter().filter(|person| person.live().is_some()) {
            counters.push((person.user, self.vault.record(person.user)?.counter));
        }
        self.vault.change(|state, mac| {
            let high = carry(state, reading.clone());
            let mut over = Vec::new();
            for (user, counter) in counters {
                let Some(person) = state.person_mut(user) else { continue };
                let Some(activation) = &mut person.activation else { continue };
                activation.count(&reading);
                if activation.remaining(&reading, high, minutes).is_none() {
                    over.push(person.os_uid);
                    end(state, mac, user, counter, &reading)?;
                }
            }
            Ok(over)
        })
    }

    /// Takes the server's signed time, asked for at `sent`.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written; a beacon that came too late is the value [`TooSlow`].
    pub fn beacon(&mut self, time: Timestamp, sent: &Reading) -> Result<Result<(), TooSlow>, Fault> {
        let before = self.take_time()?;
        let received = self.clock.read();
        let taken = self.vault.change(|state, _| {
            state.last_contact = Some(time);
            let known = state.time.as_mut().ok_or(Fault::Corrupt("state"))?;
            Ok(known.beacon(time, sent, received))
        })?;
        // A mark that falls takes the locks that were reckoned by it along.
        let fell = before.since(time);
        if taken.is_ok() && !fell.is_zero() {
            let people: Vec<_> = self.vault.state().people.iter().map(|person| person.user).collect();
            for user in people {
                let record = self.vault.record(user)?;
                self.vault.commit(user, Record { locked_until: record.locked_until.minus(fell), ..record })?;
            }
        }
        Ok(taken)
    }

    /// Forgets a generation that the server retired, and ends its access now. Answers with the OS account whose access
    /// ended.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn retire(&mut self, eid: Id<RecoveryEnrolment>) -> Result<Option<u32>, Fault> {
        let Some((user, os_uid)) = self.vault.state().generation(eid).map(|(person, _)| (person.user, person.os_uid))
        else {
            return Ok(None);
        };
        let (reading, counter) = (self.clock.read(), self.vault.record(user)?.counter);
        self.vault.change(|state, mac| {
            let live = state.person_mut(user).and_then(|person| person.live()).is_some_and(|live| live.eid == eid);
            if live {
                end(state, mac, user, counter, &reading)?;
            }
            let State { people, farewells, .. } = state;
            for person in people.iter_mut() {
                farewells.extend(person.generations.extract_if(.., |g| g.eid == eid).map(|g| g.outbox));
                person.activation = person.activation.take().filter(|activation| activation.eid != eid);
            }
            people.retain(|person| !person.generations.is_empty());
            farewells.retain(|outbox| !outbox.unsent.is_empty());
            Ok(live.then_some(os_uid))
        })
    }

    /// Carries the mark of time, and answers with it.
    pub(super) fn take_time(&mut self) -> Result<Timestamp, Fault> {
        let reading = self.clock.read();
        self.vault.change(|state, _| Ok(carry(state, reading)))
    }
}
