//! The one way in which a screen leaves the server: as HTML that may load nothing but our own style and script.

use askama::Template;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// What a page may load and do: our style, our script, requests and forms to us; nothing else, and nobody may frame it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Answers with a view, status 200.
pub fn page(view: &impl Template) -> Response {
    page_with(StatusCode::OK, view)
}

/// Answers with a view and another status, as for a refusal.
pub fn page_with(status: StatusCode, view: &impl Template) -> Response {
    let Ok(body) = view.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // A page may hold a PIN or a name: no cache keeps it, and no address of ours travels on in a Referer.
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (status, headers, Html(body)).into_response()
}
