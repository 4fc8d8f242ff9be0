//! What deserves doubt beside somebody's case: facts in, flags out. A flag decides nothing; it makes an agent look twice.
//!
//! A flag is a line in the list. Each is explained in a sentence; none says that somebody is an impostor.

use std::collections::BTreeSet;
use std::time::Duration;

use postern_codes::Timestamp;

use super::case::{Case, Stage};
use crate::user::ContactPoint;

/// How long failures are told of.
const DAY: Duration = Duration::from_hours(24);
/// How long addresses, contacts and networks are looked back at.
pub const LOOK_BACK: Duration = Duration::from_hours(30 * 24);
/// How long a link between person and computer is young.
const YOUNG: Duration = Duration::from_hours(7 * 24);
/// How many cases of an agent's in a day are many.
const MANY: u64 = 5;

/// An attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// From which network address; empty where none is known.
    pub address: String,
    /// How it ended.
    pub end: End,
}

/// How an attempt to sign in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was refused.
    Failed,
    /// One step of it was right; whether all of it, is another attempt's to say.
    Step,
    /// Signed in.
    SignedIn,
}

/// What is known.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The newest attempts to sign in.
    pub attempts: &'a [Attempt],
    /// Other cases of the person.
    pub cases: &'a [Case],
    /// Every address the person has or had.
    pub contacts: &'a [ContactPoint],
    /// Since when each of their computers is linked with them.
    pub links: &'a [Timestamp],
    /// How many cases of today the agent has.
    pub cases_of_agent: u64,
}

/// Something that deserves doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// The agent has so many cases of today.
    AgentRate(u64),
    /// So many addresses and numbers were changed.
    Contacts(u64),
    /// So many earlier cases were refused, handed on, or became incidents.
    EarlierCases(u64),
    /// So many attempts to sign in failed.
    Failures(u64),
    /// Attempts came from so many addresses from which nobody ever got in; the newest of them.
    Networks(u64, String),
    /// Since when a computer is linked with the person.
    YoungLink(Timestamp),
}

/// The flags, what says most first.
const FLAGS: &[fn(&Facts<'_>) -> Option<Flag>] = &[earlier_cases, contacts, networks, failures, young_link, agent_rate];

/// What deserves doubt.
pub fn red_flags(facts: &Facts<'_>) -> Vec<Flag> {
    FLAGS.iter().filter_map(|flag| flag(facts)).collect()
}

impl Flag {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AgentRate(_) => "agent_rate",
            Self::Contacts(_) => "contacts_changed",
            Self::EarlierCases(_) => "earlier_cases",
            Self::Failures(_) => "failures",
            Self::Networks(..) => "strange_networks",
            Self::YoungLink(_) => "young_link",
        }
    }

    /// What it says, in a sentence.
    pub fn meaning(&self) -> String {
        match self {
            Self::AgentRate(count) => {
                format!("this agent has {count} cases of today: a tired agent is what an impostor waits for")
            }
            Self::Contacts(count) => format!(
                "{count} addresses or numbers of the person changed in the last 30 days: whoever took the account may have done it"
            ),
            Self::EarlierCases(count) => {
                format!("{count} earlier cases of the person were refused, handed on or became incidents: read why")
            }
            Self::Failures(count) => format!("{count} attempts to sign in failed in the last day"),
            Self::Networks(count, newest) => format!(
                "attempts came from {count} network addresses from which nobody signed in for 30 days, lately {newest}"
            ),
            Self::YoungLink(_) => "a computer was linked with the person in the last 7 days".to_owned(),
        }
    }
}

fn earlier_cases(facts: &Facts<'_>) -> Option<Flag> {
    let is_bad = |case: &&Case| case.stage == Stage::Refused || case.escalated_to.is_some() || case.incident.is_some();
    some(facts.cases.iter().filter(is_bad).count()).map(Flag::EarlierCases)
}

/// A number that took the place of another is one change, and so is one that is gone.
fn contacts(facts: &Facts<'_>) -> Option<Flag> {
    let is_lately = |at: Timestamp| facts.now.since(at) < LOOK_BACK;
    let begun = facts.contacts.iter().filter(|contact| is_lately(contact.from_at));
    let ended = facts.contacts.iter().filter_map(|contact| contact.until_at.map(|until| (contact.kind, until)));
    let changes: BTreeSet<_> = begun
        .map(|contact| (contact.kind.as_str(), contact.from_at))
        .chain(ended.filter(|(_, until)| is_lately(*until)).map(|(kind, until)| (kind.as_str(), until)))
        .collect();
    some(changes.len()).map(Flag::Contacts)
}

fn networks(facts: &Facts<'_>) -> Option<Flag> {
    let lately = || facts.attempts.iter().filter(|attempt| facts.now.since(attempt.at) < LOOK_BACK);
    let known: BTreeSet<_> =
        lately().filter(|attempt| attempt.end == End::SignedIn).map(|attempt| attempt.address.as_str()).collect();
    let is_strange = |attempt: &&Attempt| !attempt.address.is_empty() && !known.contains(attempt.address.as_str());
    let strange: Vec<_> = lately().filter(is_strange).collect();
    let newest = strange.iter().max_by_key(|attempt| attempt.at)?.address.clone();
    let addresses: BTreeSet<_> = strange.iter().map(|attempt| attempt.address.as_str()).collect();
    some(addresses.len()).map(|count| Flag::Networks(count, newest))
}

fn failures(facts: &Facts<'_>) -> Option<Flag> {
    let is_one = |attempt: &&Attempt| attempt.end == End::Failed && facts.now.since(attempt.at) < DAY;
    some(facts.attempts.iter().filter(is_one).count()).map(Flag::Failures)
}

fn young_link(facts: &Facts<'_>) -> Option<Flag> {
    let youngest = facts.links.iter().max()?;
    (facts.now.since(*youngest) < YOUNG).then_some(Flag::YoungLink(*youngest))
}

fn agent_rate(facts: &Facts<'_>) -> Option<Flag> {
    (facts.cases_of_agent >= MANY).then_some(Flag::AgentRate(facts.cases_of_agent))
}

fn some(count: usize) -> Option<u64> {
    u64::try_from(count).ok().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use postern_codes::Id;
    use postern_codes::env::TestWorld;

    use super::*;
    use crate::user::ContactKind;

    const QUIET: Facts<'static> = Facts {
        now: Timestamp::from_micros(0),
        attempts: &[],
        cases: &[],
        contacts: &[],
        links: &[],
        cases_of_agent: 0,
    };

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_700).minus(Duration::from_hours(hours))
    }

    fn attempt(hours: u64, address: &str, end: End) -> Attempt {
        Attempt { at: at(hours), address: address.to_owned(), end }
    }

    #[test]
    fn where_nothing_is_odd_nothing_is_said() {
        let old = [attempt(25, "192.0.2.1", End::Failed), attempt(26, "192.0.2.1", End::SignedIn)];
        let facts = Facts { now: at(0), attempts: &old, links: &[at(7 * 24)], cases_of_agent: MANY - 1, ..QUIET };
        assert_eq!(red_flags(&facts), []);
    }

    #[test]
    fn failures_and_strange_networks_are_told_apart() {
        let attempts = [
            attempt(1, "192.0.2.1", End::Failed),
            attempt(2, "198.51.100.9", End::Failed),
            attempt(3, "198.51.100.8", End::Step),
            attempt(50, "192.0.2.1", End::SignedIn),
            attempt(31 * 24, "198.51.100.9", End::SignedIn),
            attempt(4, "", End::Failed),
        ];
        let flags = red_flags(&Facts { now: at(0), attempts: &attempts, ..QUIET });
        assert_eq!(flags, [Flag::Networks(2, "198.51.100.9".to_owned()), Flag::Failures(3)]);
    }

    #[test]
    fn a_number_that_was_replaced_is_one_change() {
        let env = TestWorld::new().env();
        let contact = |kind, from: u64, until: Option<u64>| ContactPoint {
            id: Id::new(&env),
            kind,
            value: "+1 555".to_owned(),
            source: "API".to_owned(),
            changed_by: "system".to_owned(),
            from_at: at(from),
            until_at: until.map(at),
        };
        let contacts = [
            contact(ContactKind::MobilePhone, 900 * 24, Some(5)),
            contact(ContactKind::MobilePhone, 5, None),
            contact(ContactKind::SecondEmail, 900 * 24, Some(9)),
            contact(ContactKind::Email, 900 * 24, None),
        ];
        let flags = red_flags(&Facts { now: at(0), contacts: &contacts, ..QUIET });
        assert_eq!(flags, [Flag::Contacts(2)]);
    }

    #[test]
    fn a_young_link_and_a_busy_agent_are_told() {
        let links = [at(7 * 24 - 1), at(900)];
        let flags = red_flags(&Facts { now: at(0), links: &links, cases_of_agent: MANY, ..QUIET });
        assert_eq!(flags, [Flag::YoungLink(links[0]), Flag::AgentRate(MANY)]);
        for flag in flags {
            assert!(!flag.meaning().is_empty() && !flag.code().is_empty());
        }
    }
}
