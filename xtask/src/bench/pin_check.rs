//! A recovery PIN at the agent's socket, on a computer without network: from the typed PIN to the word that opens.

use anyhow::Result;
use serde_json::{Value, json};

use super::Measurement;
use super::agent::Conversation;
use super::process::timed;
use super::stage::account;

/// A computer shows no more challenges to a person in an hour.
const CHALLENGES: usize = 10;
const TIMES: usize = 100;

/// The first use of a PIN: the attempt is charged, judged and committed, each flushed to the disk.
pub const FIRST: Measurement = Measurement {
    name: "PIN check offline, first use",
    unit: "ms",
    aim: Some(20.0),
    needs: None,
    take: |built| {
        let stage = built.on_sqlite()?;
        let (_agent, socket) = stage.offline_computer()?;
        let people = stage.colleagues().flat_map(|person| std::iter::repeat_n(person, CHALLENGES));
        let first_use = |person: &Value| {
            let (mut conversation, pin) = stage.challenged(&socket, person)?;
            enter(&mut conversation, &pin)
        };
        people.map(first_use).collect()
    },
};

/// A PIN in use, typed again.
pub const AGAIN: Measurement = Measurement {
    name: "PIN check offline, used again",
    unit: "ms",
    aim: Some(20.0),
    needs: None,
    take: |built| {
        let stage = built.on_sqlite()?;
        let (_agent, socket) = stage.offline_computer()?;
        let person = &stage.facts["person"];
        let (mut conversation, pin) = stage.challenged(&socket, person)?;
        enter(&mut conversation, &pin)?;
        let again = || enter(&mut Conversation::at_login(&socket, account(person)?)?, &pin);
        (0..TIMES).map(|_| again()).collect()
    },
};

/// Types a PIN that must open; the milliseconds that it takes.
pub fn enter(conversation: &mut Conversation, pin: &str) -> Result<f64> {
    timed(|| conversation.must(&json!({ "ask": "pin", "text": pin }), "opened")).map(|(taken, _)| taken)
}
