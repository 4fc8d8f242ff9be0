//! Where a request comes from: its id, its network address, what its program calls itself.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use postern_authn::audit;
use postern_codes::{Id, mac};

use crate::App;
use crate::listener::Peer;
use crate::perimeter;

/// The client of this request, as the record keeps it.
#[derive(Debug, Clone, Default)]
pub struct Client(pub audit::Client);

/// The cookie by which a browser is known again.
pub const BROWSER_COOKIE: &str = "__Host-postern-browser";
/// Longest part of a `User-Agent` that is kept.
const USER_AGENT: usize = 255;

/// Gives the request its id, which the answer carries too, and notes where it came from.
pub async fn identify(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = Id::new(&app.env());
    let user_agent =
        request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let user_agent = user_agent.chars().take(USER_AGENT).collect();
    let browser = browser(request.headers());
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|peer| peer.0);
    let located = perimeter::locate(&app, peer, &mut request).await;
    request.extensions_mut().insert(Client(audit::Client { user_agent, request: Some(id), browser, ..located }));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("x-okta-request-id", value);
    }
    response
}

/// SHA-256 of the token by which a browser is known again, where it shows one of the form that is given out.
fn browser(headers: &HeaderMap) -> Option<[u8; 32]> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let token = cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == BROWSER_COOKIE).then_some(value)
    })?;
    (32..=64).contains(&token.len()).then(|| mac::sha256(&[token.as_bytes()]))
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
