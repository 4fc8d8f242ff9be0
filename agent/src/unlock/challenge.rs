//! Nine digits on the screen, and how long they are good for.

use std::collections::HashMap;
use std::time::Duration;

use postern_codes::Id;
use postern_codes::clock::Reading;
use postern_codes::drp1::{Challenge, ISSUE_LIFE};
use postern_codes::id::User;
use postern_wire::socket::RefusalWord;

use super::{Door, Refused, Who, passed};
use crate::state::Person;
use crate::vault::{Counter as _, Fault};

pub(super) const CHALLENGES_AN_HOUR: u32 = 10;
pub(super) const TRIES_A_CHALLENGE: u8 = 3;
const WRONG_RESPONSES: u32 = 50;

/// The challenges on screens: in memory alone, one a person, so that none outlives the agent.
#[derive(Debug, Default)]
pub struct Challenges(pub(super) HashMap<Id<User>, Shown>);

#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) challenge: Challenge,
    pub(super) at: Reading,
    pub(super) tries: u8,
}

impl Shown {
    /// Whether it is still good, by a clock that counts sleep.
    pub(super) fn is_alive(&self, now: &Reading) -> bool {
        self.tries < TRIES_A_CHALLENGE && passed(&self.at, now).is_some_and(|passed| passed <= ISSUE_LIFE)
    }
}

/// A challenge for the screen.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Displayed {
    /// These nine digits, for this long.
    Digits(Challenge, Duration),
    /// None can be shown.
    Refused(Refused),
}

impl Door<'_> {
    /// Nine new digits for the screen; those that were there are over.
    ///
    /// # Errors
    /// [`Fault`] where the state cannot be written.
    pub fn challenge(&mut self, who: Who<'_>) -> Result<Displayed, Fault> {
        let now = self.take_time()?;
        let Some(person) = self.vault.state().person(who.os_uid, who.login) else {
            return Ok(Displayed::Refused(Refused::of(RefusalWord::NotRegistered)));
        };
        let (user, wrong) = (person.user, person.generations.first().map_or(0, |newest| newest.wrong_responses));
        let record = self.vault.record(user)?;
        if now < record.locked_until {
            return Ok(Displayed::Refused(Refused::locked(record.locked_until)));
        }
        if wrong >= WRONG_RESPONSES {
            return Ok(Displayed::Refused(Refused::of(RefusalWord::HardLocked)));
        }
        let counted = self.vault.change(|state, _| {
            let person = state.person_mut(user).ok_or(Fault::Corrupt("state"))?;
            Ok(person.displays.count(now, CHALLENGES_AN_HOUR))
        })?;
        if let Err(until) = counted {
            return Ok(Displayed::Refused(Refused::locked(until)));
        }
        let challenge = Challenge::new(self.env);
        let shown = Shown { challenge: challenge.clone(), at: self.clock.read(), tries: 0 };
        self.challenges.0.insert(user, shown);
        Ok(Displayed::Digits(challenge, ISSUE_LIFE))
    }

    pub(super) fn shown(&self, person: &Person) -> Option<Shown> {
        let now = self.clock.read();
        self.challenges.0.get(&person.user).filter(|shown| shown.is_alive(&now)).cloned()
    }
}
