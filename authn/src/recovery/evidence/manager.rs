//! The person's manager says so, signed in as themselves.

use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Seen, Witness};

/// The manager's word.
pub struct Manager;

impl Evidence for Manager {
    fn name(&self) -> &'static str {
        "MANAGER"
    }

    fn label(&self) -> &'static str {
        "the manager's word"
    }

    fn instruction(&self) -> &'static str {
        "ask the manager: they find the request on their own account page, call the person, and answer there"
    }

    fn witness(&self) -> Witness {
        Witness::Manager
    }

    fn judge(&self, _: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Some(Seen::Manager(who)) = facts.seen else { return Err(NotEvidence::NotByWord) };
        if who == facts.person || facts.manager != Some(who) {
            return Err(NotEvidence::NotTheManager);
        }
        Ok(json!({ "manager": who }))
    }
}
