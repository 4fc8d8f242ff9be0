//! A form of a page that is older than the server: its address is gone, or what it changes was changed meanwhile, or its
//! reader was signed out. Nothing that was typed may be lost by it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::form;
use super::problem::is_for_browsers;
use crate::api::ApiError;

/// What a form held, for the page that is shown when it cannot be taken. Secrets are left out: they are asked for anew.
#[derive(Clone, Default)]
pub struct Typed(pub Vec<(String, String)>);

/// Names of fields that are never shown again.
const SECRETS: &[&str] = &["answer", "code", "passCode", "passkey", "password", "secret", "stateToken", "token"];

/// Notes what a form of ours holds before its handler takes it.
pub async fn keep(request: Request, next: Next) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if request.method() != Method::POST || !is_form || !is_for_browsers(request.uri().path()) {
        return next.run(request).await;
    }
    let limit = form::limit(request.uri().path());
    // A longer one is for a handler that takes it piece by piece.
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length > limit) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, limit).await else { return ApiError::malformed().into_response() };
    let typed = typed(&bytes);
    let mut response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    response.extensions_mut().insert(typed);
    response
}

fn typed(bytes: &[u8]) -> Typed {
    let fields = form_urlencoded::parse(bytes).into_owned();
    let is_secret =
        |name: &str| SECRETS.iter().any(|secret| name.to_ascii_lowercase().contains(&secret.to_ascii_lowercase()));
    Typed(fields.filter(|(name, value)| !is_secret(name) && !value.is_empty()).collect())
}

/// Whether a refused form says that its page is older than the server.
pub fn is_stale(status: StatusCode) -> bool {
    matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_and_what_is_secret_is_not() {
        let Typed(kept) = typed(b"reason=a+%26+b&passCode=123456&newPassword=x&stateToken=y&id=1&id=2&empty=");
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(kept, [("reason", "a & b"), ("id", "1"), ("id", "2")]);
    }
}
