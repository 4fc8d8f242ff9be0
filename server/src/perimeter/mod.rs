//! What every request passes before its route: whose address it comes from, and whether that address is shut out.

mod rules;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit;
use postern_authn::network::{self, Path};
use postern_store::callers::Via;

use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::listener::Peer;
pub use rules::{Perimeter, Rules};

/// The header by which proxies tell whom they speak for.
const FORWARDED: &str = "x-forwarded-for";

/// Whom a gateway speaks for: believed only together with a valid API token, as a trusted program behind it has one. A
/// gateway is a whole office's address; if its bare word were taken, everybody in the office could be anybody.
#[derive(Debug, Clone)]
struct ByGateway(Path);

/// Where a request comes from: the peer, or whom trusted proxies name; and, for [`forwarded`], whom a gateway names.
pub async fn locate(app: &App, peer: Option<Peer>, request: &mut Request) -> audit::Client {
    let Some(Peer(peer)) = peer else { return audit::Client::default() };
    let rules = app.perimeter.rules(app).await;
    let way = |trusts: &dyn Fn(std::net::IpAddr) -> bool| network::path(peer.ip(), lines(request.headers()), trusts);
    let direct = way(&|hop| rules.proxies.contains(hop));
    let told = way(&|hop| rules.proxies.contains(hop) || rules.gateways.contains(hop));
    if told.client != direct.client {
        request.extensions_mut().insert(ByGateway(told));
    }
    audit::Client { ip: direct.client.to_string(), proxies: direct.proxies, ..audit::Client::default() }
}

/// Refuses whoever is shut out.
pub async fn pass(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let rules = app.perimeter.rules(&app).await;
    let client = request.extensions().get::<Client>().and_then(|client| client.0.ip.parse().ok());
    if client.is_some_and(|client| rules.blocklist.shuts_out(client)) {
        return shut_out().into_response();
    }
    next.run(request).await
}

/// The client of a caller: whom their gateway names, where they came with an API token.
///
/// # Errors
/// 403 where that address is shut out.
pub async fn forwarded(app: &App, parts: &Parts, via: &Via, client: Client) -> Result<Client, ApiError> {
    match (parts.extensions.get::<ByGateway>(), via) {
        (Some(ByGateway(told)), Via::Token { .. }) => {
            if app.perimeter.rules(app).await.blocklist.shuts_out(told.client) {
                return Err(shut_out());
            }
            let Path { client: ip, proxies } = told.clone();
            Ok(Client(audit::Client { ip: ip.to_string(), proxies, ..client.0 }))
        }
        (_, Via::Session { .. } | Via::Token { .. }) => Ok(client),
    }
}

fn shut_out() -> ApiError {
    let summary = "This network address is blocked. If it should not be, ask your administrator.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000006", summary).cause("blocked: requests from this address are refused")
}

fn lines(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    // What is no text is no address either.
    headers.get_all(FORWARDED).iter().map(|line| line.to_str().unwrap_or("unreadable"))
}
