//! A JSON body: read whole, bounded, well-formed, then parsed into a type that cannot be wrong.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::error::ApiError;

/// The largest body of an API call, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// A JSON document: parsed from a request, or answered with status 200. The content type of a request is not looked at:
/// official clients differ in it.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = bytes(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The bytes of a body, at most [`LIMIT`].
///
/// # Errors
/// 413 where it is larger; [`ApiError::malformed`] where it breaks off.
pub async fn bytes<S: Send + Sync>(request: Request, _: &S) -> Result<Bytes, ApiError> {
    bytes_within(request, LIMIT).await
}

/// The bytes of a body, at most so many.
///
/// # Errors
/// As [`bytes`].
pub async fn bytes_within(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let declared =
        request.headers().get(axum::http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > limit) {
        return Err(ApiError::too_large());
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("length limit"));
        if too_large { ApiError::too_large() } else { ApiError::malformed() }
    })
}

/// Parses a body: no JSON is E0000003, JSON of another shape E0000001 with the member's name.
///
/// # Errors
/// As said.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let is_json = || serde_json::from_slice::<Value>(bytes).is_ok();
    // A list would be read as an object whose members have no names.
    if bytes.trim_ascii_start().starts_with(b"[") && is_json() {
        return Err(ApiError::validation("body", ["body: must be an object".to_owned()]));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            // Line and column may quote nothing of the body; the message itself may, so only its first words are kept.
            let what = error.to_string();
            let what = what.split(" at line").next().unwrap_or_default();
            let safe = if what.starts_with("missing field") || what.starts_with("unknown field") {
                what
            } else {
                "a member is not of its form"
            };
            ApiError::validation("body", [safe.to_owned()])
        }
        // A number where one of some words is expected counts as broken JSON for the reader; it is not.
        _ if is_json() => ApiError::validation("body", ["a member is not of its form".to_owned()]),
        _ => ApiError::malformed(),
    })
}
