//! A call to a number that was on file long enough. A number that the caller gives is the caller's, whoever they are; so
//! is one that was put on file while the account was theirs.

use std::time::Duration;

use postern_codes::id::ContactPoint as ContactKind;
use postern_codes::{Id, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Witness, line, read};
use crate::user::ContactPoint;

/// No number counts that is younger, whatever an organisation sets.
const LEAST: Duration = Duration::from_hours(24);

/// A call to a number on file.
pub struct CallBack;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    number: Id<ContactKind>,
    heard: String,
}

/// A number that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a> {
    /// The number, since when it is on file, and from where.
    pub contact: &'a ContactPoint,
    /// Whether HR or an import put it there, and neither the person nor an administrator.
    pub is_from_records: bool,
}

/// The numbers that may be called, those from records first, then the oldest.
pub fn numbers<'a>(facts: &Facts<'a>) -> Vec<Number<'a>> {
    let mut found: Vec<_> = facts.contacts.iter().filter(|contact| is_old_enough(contact, facts).is_ok()).collect();
    found.sort_by_key(|contact| (!contact.is_from_records(), contact.from_at));
    found.into_iter().map(|contact| Number { contact, is_from_records: contact.is_from_records() }).collect()
}

fn is_old_enough(contact: &ContactPoint, facts: &Facts<'_>) -> Result<(), NotEvidence> {
    if !contact.kind.is_telephone() {
        return Err(NotEvidence::NoNumber);
    }
    if contact.until_at.is_some() {
        return Err(NotEvidence::NumberGone);
    }
    let counts_from = contact.from_at.plus(facts.ageing.max(LEAST));
    if counts_from > facts.now || contact.from_at >= facts.today {
        return Err(NotEvidence::NumberTooYoung(counts_from));
    }
    Ok(())
}

impl Evidence for CallBack {
    fn name(&self) -> &'static str {
        "CALL_BACK"
    }

    fn label(&self) -> &'static str {
        "a call to a number on file"
    }

    fn instruction(&self) -> &'static str {
        "hang up, and call the person on a number from the list"
    }

    fn witness(&self) -> Witness {
        Witness::Agent
    }

    fn judge(&self, finding: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Finding { number, heard } = read(finding)?;
        let contact = facts.contacts.iter().find(|contact| contact.id == number).ok_or(NotEvidence::NoNumber)?;
        is_old_enough(contact, facts)?;
        let since: Timestamp = contact.from_at;
        Ok(json!({ "number": number, "since": since, "source": contact.source, "heard": line("heard", &heard)? }))
    }
}
