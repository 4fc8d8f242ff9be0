//! Another factor of the person still works. It must be one that is not had with a telephone number, a mailbox or an
//! answer: those are what an impostor has first.

use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Seen, Witness};
use crate::factor::Category;

/// A factor that still works.
pub struct OtherFactor;

impl Evidence for OtherFactor {
    fn name(&self) -> &'static str {
        "OTHER_FACTOR"
    }

    fn label(&self) -> &'static str {
        "another factor that still works"
    }

    fn instruction(&self) -> &'static str {
        "ask the person to show it on the page of their case; it is recorded by itself"
    }

    fn witness(&self) -> Witness {
        Witness::System
    }

    fn judge(&self, _: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Some(Seen::Factor(id, kind, traits)) = facts.seen else { return Err(NotEvidence::NotByWord) };
        if kind.factor().channel().is_some() || !traits.proves(Category::Possession) {
            return Err(NotEvidence::WeakFactor);
        }
        Ok(json!({ "factor": id, "type": kind.factor().name() }))
    }
}
