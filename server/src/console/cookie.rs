//! The cookies: for this host alone, over TLS (or loopback) alone, out of reach of scripts. One holds the session, one tells
//! a browser that signed somebody in from one that never did, and says no more than that.

use axum::http::header::{self, HeaderName};
use postern_codes::Secret;

use crate::api::caller::COOKIE;
use crate::api::client::BROWSER_COOKIE;

/// The header that hands a session's token to the browser, until it is closed.
pub fn set(token: &Secret<String>) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax", token.expose()))]
}

/// The header that takes it back.
pub fn clear() -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))]
}

/// The header by which a browser is known again that signs somebody in; for as long as cookies live.
pub fn know(token: &Secret<String>) -> (HeaderName, String) {
    let age = postern_store::attempts::BROWSERS_LIVE.as_secs();
    let cookie = format!("{BROWSER_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}", token.expose());
    (header::SET_COOKIE, cookie)
}
