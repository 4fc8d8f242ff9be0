//! A ticket that the manager or HR opened elsewhere: its number, who, and when.

use std::time::Duration;

use postern_codes::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Witness, line, read};

/// How old a ticket may be.
const OLDEST: Duration = Duration::from_hours(30 * 24);

/// A ticket of the manager or HR.
pub struct Ticket;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Finding {
    ticket: String,
    opened_by: String,
    opened_at: Timestamp,
}

impl Evidence for Ticket {
    fn name(&self) -> &'static str {
        "TICKET"
    }

    fn label(&self) -> &'static str {
        "a ticket of the manager or HR"
    }

    fn instruction(&self) -> &'static str {
        "open the ticket yourself, and see who wrote it and when; a copy that the caller sends is none"
    }

    fn witness(&self) -> Witness {
        Witness::Agent
    }

    fn judge(&self, finding: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Finding { ticket, opened_by, opened_at } = read(finding)?;
        if opened_at > facts.now || facts.now.since(opened_at) > OLDEST {
            return Err(NotEvidence::TicketTime);
        }
        let opened_by = line("openedBy", &opened_by)?;
        Ok(json!({ "ticket": line("ticket", &ticket)?, "openedBy": opened_by, "openedAt": opened_at }))
    }
}
