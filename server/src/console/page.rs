//! The one way in which a screen leaves the server: as HTML that may load nothing but our own style and script, drawn in
//! the language and zone of its reader.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::language::Reader;
use crate::App;

/// What a page may load and do: our style, our script, requests and forms to us; nothing else, and nobody may frame it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

type Draw = dyn Fn(&Reader) -> Option<String> + Send + Sync;

/// A view that waits for its reader.
#[derive(Clone)]
struct Drawing(Arc<Draw>);

/// Answers with a view, status 200.
pub fn page(view: impl Template + Send + Sync + 'static) -> Response {
    page_with(StatusCode::OK, view)
}

/// Answers with a view and another status, as for a refusal. [`draw`] gives it its words.
pub fn page_with(status: StatusCode, view: impl Template + Send + Sync + 'static) -> Response {
    // A page may hold a PIN or a name: no cache keeps it, and no address of ours travels on in a Referer.
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let mut response = (status, headers).into_response();
    let draw = move |reader: &Reader| view.render_with_values(reader).ok();
    response.extensions_mut().insert(Drawing(Arc::new(draw)));
    response
}

/// Draws every page for whoever asked for it: a view is filled without knowing its reader's language.
pub async fn draw(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let Some(Drawing(drawing)) = response.extensions_mut().remove() else { return response };
    // From memory: a page that refuses somebody costs the database nothing.
    let rules = app.perimeter.rules(&app).await;
    let reader = Reader { help: rules.help.clone(), ..Reader::of(&headers, &rules.organisation) };
    let Some(words) = drawing(&reader) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(reader.language.tag()));
    *response.body_mut() = Body::from(words);
    response
}
