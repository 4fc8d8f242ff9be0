//! The session cookie: for this host alone, over TLS (or loopback) alone, out of reach of scripts.

use axum::http::header::{self, HeaderName};
use postern_codes::Secret;

use crate::api::caller::COOKIE;

/// The header that hands a session's token to the browser, until it is closed.
pub fn set(token: &Secret<String>) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax", token.expose()))]
}

/// The header that takes it back.
pub fn clear() -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))]
}
