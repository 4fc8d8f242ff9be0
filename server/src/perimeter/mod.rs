//! What every request passes before its route: whose address it comes from, whether that is shut out, whether a page of
//! another origin may send it, and whether there were too many.

pub mod cors;
pub mod counters;
pub mod meter;
mod rules;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit;
use postern_authn::network::{self, Path};
use postern_store::callers::Via;

use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::routes::Access;
use crate::listener::Peer;
use meter::Meter;
pub use rules::{Perimeter, Rules};

/// The header by which proxies tell whom they speak for.
const FORWARDED: &str = "x-forwarded-for";
/// Where people sign in.
const SIGN_IN: &str = "/signin";

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

/// Refuses whoever is shut out or comes too often, and says in every answer what the next one may do.
pub async fn pass(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let rules = app.perimeter.rules(&app).await;
    let client = request.extensions().get::<Client>().map(|client| client.0.clone()).unwrap_or_default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned()).unwrap_or_default();
    let (bucket, access) = app.perimeter.route(&method, &route);
    let meter = Arc::new(Meter::new(bucket, Arc::clone(&rules)));
    if client.ip.parse().is_ok_and(|ip| rules.blocklist.shuts_out(ip)) {
        meter.tell_shut_out(&app, &client).await;
        return shut_out().into_response();
    }
    let asked = cors::is_open(&path).then(|| request.headers().clone());
    if let Some(mut answer) = asked.as_ref().and_then(|asked| cors::preflight(&rules, &method, &path, asked)) {
        cors::mark(&rules, &path, asked.as_ref().unwrap_or(&HeaderMap::new()), answer.headers_mut());
        return answer;
    }
    let is_new_browser = method == Method::GET && path == SIGN_IN && meter::browser(request.headers()).is_none();
    let is_anybodys = matches!(access, None | Some(Access::Anyone));
    let counted = if is_anybodys {
        meter.count_anybody(&app, (&method, &path), request.headers(), &client).await
    } else {
        Ok(())
    };
    let mut answer = match counted {
        Ok(()) => {
            request.extensions_mut().insert(Arc::clone(&meter));
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    };
    // Nobody showed a credential that is any good: that is counted too, by the address.
    if meter.is_blank()
        && let Err(refused) = meter.count_stranger(&app, &client).await
    {
        answer = refused.into_response();
    }
    meter.mark(answer.headers_mut());
    if let Some(asked) = &asked {
        cors::mark(&rules, &path, asked, answer.headers_mut());
    }
    if is_new_browser && answer.status() == StatusCode::OK {
        let name = app.env().token();
        let cookie =
            format!("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000", meter::BROWSER, name.expose());
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
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
