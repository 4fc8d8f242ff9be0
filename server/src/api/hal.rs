//! What answers have in common: times as text, and links to what can be done next.

use postern_codes::Timestamp;
use serde_json::{Map, Value, json};

use crate::App;

/// An instant as answers have it: RFC 3339 in UTC, with milliseconds.
pub fn time(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{instant:.3}")
}

/// The `_links` of a resource: only what its present state allows.
#[derive(Debug, Clone)]
pub struct Links<'a> {
    base: &'a str,
    links: Map<String, Value>,
}

impl<'a> Links<'a> {
    /// None yet.
    pub fn new(app: &'a App) -> Self {
        Self { base: app.config.public_url.first(), links: Map::new() }
    }

    /// Adds a link to `path`, which takes `method`.
    #[must_use]
    pub fn to(self, name: &str, method: &str, path: impl std::fmt::Display) -> Self {
        self.to_by(name, &[method], path)
    }

    /// The same, by any of these methods.
    #[must_use]
    pub fn to_by(mut self, name: &str, methods: &[&str], path: impl std::fmt::Display) -> Self {
        let link = json!({ "href": format!("{}{path}", self.base), "hints": { "allow": methods } });
        self.links.insert(name.to_owned(), link);
        self
    }

    /// The same, where `allowed`.
    #[must_use]
    pub fn to_if(self, allowed: bool, name: &str, method: &str, path: impl std::fmt::Display) -> Self {
        if allowed { self.to(name, method, path) } else { self }
    }
}

impl From<Links<'_>> for Value {
    fn from(links: Links<'_>) -> Self {
        Self::Object(links.links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_always() {
        assert_eq!(time(Timestamp::from_unix_seconds(1_795_348_800)), "2026-11-22T12:00:00.000Z");
        assert_eq!(time(Timestamp::from_micros(1_795_348_800_123_999)), "2026-11-22T12:00:00.123Z");
    }
}
