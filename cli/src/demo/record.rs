//! The record as the guide shows it: System Log events in words.

use serde::Serialize;
use serde_json::Value;

use super::http::Client;

/// The events after a cursor, oldest first.
#[derive(Debug, Serialize)]
pub struct Grown {
    events: Vec<Line>,
    next: String,
}

/// One event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    at: String,
    outcome: String,
    what: String,
    about: String,
    event_type: String,
}

const PAGE: &str = "/api/v1/logs?sortOrder=ASCENDING&limit=100";

/// Where the record ends now.
///
/// # Errors
/// Where the server does not answer.
pub fn end(administrator: &Client) -> anyhow::Result<String> {
    let mut cursor = String::new();
    loop {
        let grown = after(administrator, &cursor)?;
        if grown.events.is_empty() {
            return Ok(grown.next);
        }
        cursor = grown.next;
    }
}

/// What was written down after `cursor`; from the beginning where it is empty. A cursor is the address of a page.
///
/// # Errors
/// Where the server does not answer.
pub fn after(administrator: &Client, cursor: &str) -> anyhow::Result<Grown> {
    let path = if cursor.starts_with("/api/v1/logs?") { cursor } else { PAGE };
    let answer = administrator.get(path)?.expect(200)?;
    let json = answer.json()?;
    let events: Vec<Line> = json.as_array().into_iter().flatten().map(line).collect();
    let next = answer.next.unwrap_or_else(|| path.to_owned());
    Ok(Grown { events, next })
}

impl Grown {
    /// Whether a PIN was made in these.
    pub fn has_issued_pin(&self) -> bool {
        let is_issue = |line: &Line| line.event_type.ends_with("recovery_pin.generate") && line.outcome == "SUCCESS";
        self.events.iter().any(is_issue)
    }
}

fn line(event: &Value) -> Line {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let targets = event["target"].as_array().into_iter().flatten();
    let about: Vec<&str> = targets.filter_map(|target| target["displayName"].as_str()).collect();
    let reason = text("/outcome/reason");
    let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    Line {
        at: text("/published"),
        outcome: text("/outcome/result"),
        what: format!("{}: {}{because}", text("/actor/displayName"), text("/displayMessage")),
        about: about.join(", "),
        event_type: text("/eventType"),
    }
}
