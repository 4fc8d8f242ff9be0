//! Whether a request that changes something comes from a page of ours. A browser sends the session cookie along with
//! whatever form it is shown; what no other page can forge are the headers that say where the form stood.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit::EventType;

use crate::App;
use crate::api::caller::{session_cookie, sid_cookie};
use crate::api::{ApiError, Caller};
use crate::config::PublicUrls;
use crate::console::problem::is_for_browsers;
use crate::perimeter::cors;

/// Refuses what another site's page sends in the name of somebody who is signed in here, or to sign them in.
pub async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    // A token is not sent by a browser by itself, and it goes before a cookie.
    let is_by_token = parts.headers.contains_key(header::AUTHORIZATION);
    let has_cookie = session_cookie(&parts).is_some() || sid_cookie(&parts).is_some();
    let is_by_browser = has_cookie || is_for_browsers(parts.uri.path());
    if !changes || is_by_token || !is_by_browser || is_welcome(&app, parts.uri.path(), &parts.headers).await {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let refusal = ApiError::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "this request comes from a page of another site: open the page here and try again",
    );
    // Whose session was to be misused is on record; a request without one misuses nothing.
    if let Ok(caller) = Caller::from_request_parts(&mut parts, &app).await {
        let event = caller.failure(EventType::PermissionDenied, refusal.code);
        let env = app.env();
        if let Err(fault) = app.store.write(caller.org, |tx| tx.record(&event, &env)).await {
            return ApiError::from(fault).into_response();
        }
    }
    refusal.into_response()
}

/// Whether a request comes from a page of ours, or to a part of the API that is made for browsers from a page of a trusted
/// origin.
pub async fn is_welcome(app: &App, path: &str, headers: &HeaderMap) -> bool {
    is_from_ours(headers, &app.config.public_url)
        || cors::is_open(path) && cors::is_trusted(&*app.perimeter.rules(app).await, path, headers)
}

/// `Sec-Fetch-Site` is set by the browser alone; an older one sends `Origin`. Neither is no browser's form.
fn is_from_ours(headers: &HeaderMap, public_urls: &PublicUrls) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => public_urls.contains(origin),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_change_anything() {
        let urls = PublicUrls::try_from(vec!["https://postern.example".to_owned()]).unwrap();
        let said = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_from_ours(&headers.collect::<HeaderMap>(), &urls)
        };
        assert!(said(&[("sec-fetch-site", "same-origin")]));
        assert!(said(&[("origin", "https://postern.example")]));
        assert!(!said(&[("sec-fetch-site", "cross-site"), ("origin", "https://postern.example")]));
        assert!(!said(&[("sec-fetch-site", "same-site")]));
        assert!(!said(&[("origin", "https://postern.example.evil.example")]));
        assert!(!said(&[("origin", "null")]));
        assert!(!said(&[]));
    }
}
