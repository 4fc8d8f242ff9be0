//! Cross-origin requests: pages of trusted origins may call those parts of the API that are made for browsers, in the name
//! of whoever is signed in. The console and the rest of the API they never reach.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Rules;

/// What of the API is made for browsers: a path, and whether what lies below it is too.
const FOR_BROWSERS: &[(&str, bool)] =
    &[("/api/v1/authn", true), ("/api/v1/sessions", false), ("/api/v1/sessions/me", true), ("/api/v1/users/me", false)];

const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE";
const ALLOWED_HEADERS: &str =
    "Accept, Accept-Language, Authorization, Content-Type, X-Okta-User-Agent-Extended, X-Requested-With";
const EXPOSED_HEADERS: &str =
    "Link, Retry-After, X-Okta-Request-Id, X-Rate-Limit-Limit, X-Rate-Limit-Remaining, X-Rate-Limit-Reset";
/// How long a browser may remember the answer to its question, in seconds: not longer than an administrator who ends
/// the trust may take for at once. The request itself is judged anew each time.
const REMEMBERED: &str = "60";

/// Whether a path is made for browsers of other origins.
pub fn is_open(path: &str) -> bool {
    FOR_BROWSERS.iter().any(|(open, with_below)| {
        path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || *with_below && rest.starts_with('/'))
    })
}

/// Whether a request to `path` stands in a page of a trusted origin, and may.
pub fn is_trusted(rules: &Rules, path: &str, headers: &HeaderMap) -> bool {
    is_open(path) && origin(headers).is_some_and(|origin| rules.may_call(origin))
}

/// The answer to a browser that asks whether a page may send a request; `None` where it does not ask, or may not.
pub fn preflight(rules: &Rules, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let asks = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || !is_trusted(rules, path, headers) {
        return None;
    }
    let mut answer = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(answer)
}

/// Says in an answer whose pages may read it.
pub fn mark(rules: &Rules, path: &str, asked: &HeaderMap, answer: &mut HeaderMap) {
    if !is_open(path) {
        return;
    }
    // Without an origin too: a cache must not give one page the answer that was made for another.
    answer.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
    let Some(origin) = asked.get(header::ORIGIN).filter(|_| is_trusted(rules, path, asked)) else { return };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let fixed: [(HeaderName, &str); 2] =
        [(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"), (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS)];
    for (name, value) in fixed {
        answer.insert(name, HeaderValue::from_static(value));
    }
}

/// The one origin that a request names.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::ORIGIN).iter();
    let one = lines.next().filter(|_| lines.next().is_none())?;
    one.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_made_for_browsers_is_open() {
        for open in [
            "/api/v1/authn",
            "/api/v1/authn/factors/x/verify",
            "/api/v1/sessions",
            "/api/v1/sessions/me",
            "/api/v1/users/me",
        ] {
            assert!(is_open(open), "{open}");
        }
        for shut in [
            "/",
            "/admin",
            "/signin",
            "/api/v1/users",
            "/api/v1/users/me/roles",
            "/api/v1/sessions/102x",
            "/api/v1/authnx",
        ] {
            assert!(!is_open(shut), "{shut}");
        }
    }
}
