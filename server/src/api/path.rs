//! Paths: tidied in one place before they are routed, and their members read with an answer of our own form.

use axum::extract::{FromRequestParts, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::api::error::ApiError;

/// The members of a path. What is not of their form names nothing.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let members = axum::extract::Path::from_request_parts(parts, state).await;
        members.map(|members| Self(members.0)).map_err(|_| ApiError::no_such_path())
    }
}

/// Drops a slash at the end and doubled slashes: official clients send both. The request line as it came stays in
/// `OriginalUri`, which a computer's proof is checked against.
pub fn tidy(mut request: Request) -> Request {
    if let Some(uri) = tidied(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn tidied(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !(path.contains("//") || path.len() > 1 && path.ends_with('/')) {
        return None;
    }
    let members: Vec<&str> = path.split('/').filter(|member| !member.is_empty()).collect();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", members.join("/")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_too_many_are_dropped() {
        let tidied = |text: &str| {
            let uri = text.parse().unwrap();
            tidied(&uri).map_or_else(|| uri.to_string(), |uri| uri.to_string())
        };
        assert_eq!(tidied("/api/v1/users/?limit=1"), "/api/v1/users?limit=1");
        assert_eq!(tidied("//api//v1/users//"), "/api/v1/users");
        assert_eq!(tidied("/api/v1/users?q=a//b/"), "/api/v1/users?q=a//b/");
        assert_eq!(tidied("/"), "/");
        assert_eq!(tidied("//"), "/");
    }
}
