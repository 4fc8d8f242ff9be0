//! A live video call, compared with what is on file.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evidence, Facts, NotEvidence, Witness, line, read};

/// A live video call.
pub struct VideoCall;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    reference: String,
    seen: String,
}

impl Evidence for VideoCall {
    fn name(&self) -> &'static str {
        "VIDEO_CALL"
    }

    fn label(&self) -> &'static str {
        "a live video call"
    }

    fn instruction(&self) -> &'static str {
        "call the person on video and compare their face with the photo or record on file; ask them to move a hand before it"
    }

    fn witness(&self) -> Witness {
        Witness::Agent
    }

    fn judge(&self, finding: &Value, facts: &Facts<'_>) -> Result<Value, NotEvidence> {
        let Finding { reference, seen } = read(finding)?;
        let kept = facts.references.iter().find(|kept| kept.text == reference).ok_or(NotEvidence::NoReference)?;
        Ok(json!({ "reference": kept.text, "seen": line("seen", &seen)? }))
    }
}
