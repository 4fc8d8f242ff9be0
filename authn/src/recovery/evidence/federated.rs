//! A sign-in at the provider whose account was linked with the person's beforehand.

use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Seen, Witness};

/// A sign-in elsewhere.
pub struct Federated;

impl Evidence for Federated {
    fn name(&self) -> &'static str {
        "FEDERATED"
    }

    fn label(&self) -> &'static str {
        "a sign-in at the linked provider"
    }

    fn instruction(&self) -> &'static str {
        "ask the person to sign in with their other account, from our sign-in page; it is recorded by itself"
    }

    fn witness(&self) -> Witness {
        Witness::System
    }

    fn judge(&self, _: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Some(Seen::Federated(provider, subject)) = &facts.seen else { return Err(NotEvidence::NotByWord) };
        Ok(json!({ "provider": provider, "subject": subject }))
    }
}
