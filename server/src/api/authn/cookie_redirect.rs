//! The way from a session token to a browser that is signed in: a page of ours or of a trusted origin sends it here, and it is
//! led on with its cookies.
//!
//! Whoever could send other people's browsers here with a token of their own would sign them in as themselves. So where a
//! browser says that the page which sends it is of another site, that page must be of a trusted origin.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postern_codes::Secret;

use crate::App;
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::sessions;
use crate::app::to_the_end;
use crate::console::cookie;

/// The route.
pub fn routes() -> Routes {
    Routes::new().get("/login/sessionCookieRedirect", Access::Anyone, redirect)
}

async fn redirect(
    State(app): State<Arc<App>>,
    client: Client,
    query: Result<Query, ApiError>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = query?;
    let token = query.text("token").map(|token| Secret::new(token.to_owned()));
    let token = token.ok_or_else(|| ApiError::validation("token", ["token: The field cannot be left blank"]))?;
    let to = query.text("redirectUrl").unwrap_or("/").to_owned();
    let rules = app.perimeter.rules(&app).await;
    let is_ours = |url: &str| {
        origin_of(url).is_some_and(|origin| app.config.public_url.contains(&origin) || rules.may_lead_to(&origin))
    };
    if !(is_path(&to) || is_ours(&to)) {
        let cause = "redirectUrl: must be an address here, or of a trusted origin that may be led back to";
        return Err(ApiError::validation("redirectUrl", [cause]));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_foreign = matches!(text("sec-fetch-site"), Some("cross-site" | "same-site"));
    let is_trusted = |url: &str| is_ours(url) || origin_of(url).is_some_and(|origin| rules.may_call(&origin));
    if is_foreign && !text("referer").is_some_and(is_trusted) {
        let summary = "this address was opened by a page of another site that is not trusted: sign in here";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "cross_origin", summary));
    }
    to_the_end(async move {
        let cookies = sessions::open_for_pages(&app, &client, &token).await?;
        let known = cookies.browser.as_ref().map(cookie::know);
        let own: Vec<_> = cookie::set(&cookies.own).into_iter().chain(known).collect();
        let mut led = (AppendHeaders(own), Redirect::to(&to)).into_response();
        let sid = HeaderValue::try_from(sessions::sid_cookie(&cookies.sid)).map_err(ApiError::fault)?;
        led.headers_mut().append(header::SET_COOKIE, sid);
        // The token stands in this address, and tells nobody further on.
        led.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        led.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(led)
    })
    .await
}

/// A path here: not one that a browser reads as another host.
fn is_path(url: &str) -> bool {
    let mut characters = url.chars();
    characters.next() == Some('/')
        && !matches!(characters.next(), Some('/' | '\\'))
        && !url.contains(|character: char| character.is_control() || character == '\\')
}

/// Scheme, host and port of an address, as browsers write them.
fn origin_of(url: &str) -> Option<String> {
    if url.contains(|character: char| character.is_control() || character.is_whitespace() || character == '\\') {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let is_plain = matches!(scheme, "http" | "https") && !authority.is_empty() && !authority.contains('@');
    is_plain.then(|| format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_elsewhere_is_no_path_of_ours() {
        for own in ["/", "/admin", "/admin?x=//y", "/a/b"] {
            assert!(is_path(own), "{own}");
        }
        for other in ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\nb", "admin"]
        {
            assert!(!is_path(other), "{other}");
        }
    }

    #[test]
    fn the_origin_is_what_a_browser_would_go_to() {
        for (url, origin) in [
            ("https://app.example/x?y#z", Some("https://app.example")),
            ("https://APP.example:8443", Some("https://app.example:8443")),
            ("https://app.example@evil.example/", None),
            ("https://app.example\\@evil.example/", None),
            ("ftp://app.example", None),
            ("https:///x", None),
            ("javascript:alert(1)//://app.example", None),
        ] {
            assert_eq!(origin_of(url).as_deref(), origin, "{url}");
        }
    }
}
