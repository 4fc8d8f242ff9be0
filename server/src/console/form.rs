//! What a form sent: names and values, bounded, never shown by a log.

use std::ops::RangeInclusive;

use axum::extract::{FromRequest, Request};
use postern_codes::Secret;

use super::words::{Text, say};
use crate::api::{ApiError, body};

/// The largest form with a list that people paste into it, in bytes.
const LONG: usize = 1024 * 1024;

/// The largest form that a page takes, in bytes: a list of addresses or of people is longer than what is typed by hand.
pub fn limit(path: &str) -> usize {
    let is_zone = path.starts_with("/admin/security/networks/");
    let is_group = path.starts_with("/admin/groups/") && path.ends_with("/members");
    if is_zone || is_group { LONG } else { body::LIMIT }
}

/// The fields of a form. No `Debug`: it may hold a password or a code.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A field without the blanks around it; nothing where it is missing or empty.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Every value of a field that may be there many times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.trim())
    }

    /// A field that is empty or missing counts as none.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether it was sent, if only empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// A whole number within bounds; a field that is empty or missing counts as none.
    ///
    /// # Errors
    /// What to mend.
    pub fn number(&self, name: &str, range: &RangeInclusive<u32>) -> Result<Option<u32>, Text> {
        match self.text(name) {
            "" => Ok(None),
            text => number(text, range).map(Some),
        }
    }

    /// A password or a code, exactly as it was typed.
    pub fn secret(&self, name: &str) -> Secret<String> {
        Secret::new(self.raw(name).to_owned())
    }

    /// The fields but for those named: what a question asked in between carries along.
    pub fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
    }

    fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str())
    }
}

/// A whole number within bounds, as it was typed.
///
/// # Errors
/// What to mend.
pub fn number(text: &str, range: &RangeInclusive<u32>) -> Result<u32, Text> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| say("policies-out-of-range").with("least", *range.start()).with("most", *range.end()))
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let limit = limit(request.uri().path());
        Self::read(&body::bytes_within(request, limit).await?)
    }
}

impl Form {
    /// The fields in a body.
    ///
    /// # Errors
    /// 400 where one is no text.
    pub fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        let fields: Vec<_> = form_urlencoded::parse(bytes).into_owned().collect();
        // Bytes that are no UTF-8 come out as this character, which no field of ours has a use for.
        let is_broken = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
        if fields.iter().any(|(name, value)| is_broken(name) || is_broken(value)) {
            return Err(ApiError::malformed());
        }
        Ok(Self(fields))
    }
}
