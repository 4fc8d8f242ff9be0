//! The person stood there, with a document.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Witness, line, read};

/// The person stood there.
pub struct InPerson;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    document: String,
    place: String,
}

impl Evidence for InPerson {
    fn name(&self) -> &'static str {
        "IN_PERSON"
    }

    fn label(&self) -> &'static str {
        "the person in person"
    }

    fn instruction(&self) -> &'static str {
        "look at the person and at a document with their photo; write down which kind it was, not its number"
    }

    fn witness(&self) -> Witness {
        Witness::Agent
    }

    fn judge(&self, finding: &Value, _: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Finding { document, place } = read(finding)?;
        Ok(json!({ "document": line("document", &document)?, "place": line("place", &place)? }))
    }
}
