//! What a form sent: names and values, bounded, never shown by a log.

use axum::extract::{FromRequest, Request};
use postern_codes::Secret;

use crate::api::{ApiError, body};

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

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Self::read(&body::bytes(request, state).await?)
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
