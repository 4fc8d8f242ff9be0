//! The one place where an outcome becomes a status and an error body.
//!
//! A handler gives back an [`ApiError`]; [`render`] turns it into Okta's error object for the API (into a page for the
//! console), logs the internal cause once, and never lets it into the answer. Codes and texts: okta-api, section 13.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postern_codes::id::{Error as ErrorKind, Id, Kind};
use postern_codes::{Env, Timestamp};
use postern_store::Error as StoreError;
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::client::Client;
use crate::api::policies::ShutOut;
use crate::console::problem;
use crate::console::stale::Typed;

/// Why a request was not served. Boxed, since every act gives one back and hardly ever does.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Refused>);

/// Why an act was refused, as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Conditions name what is not there, by this id.
    Missing(String),
    /// It would shut administrators out.
    ShutsOut(ShutOut),
    /// There are so many already, which is the most.
    TooMany(usize),
}

/// A status, a stable code and a sentence for outside; a cause for the log alone.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code that programs branch on.
    pub code: &'static str,
    /// What failed and what to do.
    pub summary: String,
    /// One line a part that is wrong.
    pub causes: Vec<String>,
    /// When to try again.
    pub retry_at: Option<Timestamp>,
    /// Further members of the error object.
    pub members: Map<String, Value>,
    /// Why, as a value, where our own pages say it in the language of their reader.
    pub reason: Option<Reason>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Deref for ApiError {
    type Target = Refused;

    fn deref(&self) -> &Refused {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Refused {
        &mut self.0
    }
}

impl ApiError {
    /// An error with this status, code and sentence.
    pub fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        let (causes, members) = (Vec::new(), Map::new());
        Self(Box::new(Refused { status, code, summary, causes, retry_at: None, members, reason: None, cause: None }))
    }

    /// Part of the request is not of its form; `object` names it, each cause says what is wrong.
    pub fn validation(object: &str, causes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "E0000001", format!("Api validation failed: {object}"));
        error.causes = causes.into_iter().map(Into::into).collect();
        error
    }

    /// The same, with why.
    #[must_use]
    pub fn for_reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// A search that is not understood, or cannot be served.
    pub fn bad_search(cause: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "E0000031", "Invalid search criteria.").cause(cause)
    }

    /// The body is no JSON.
    pub fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "E0000003", "The request body was not well-formed.")
    }

    /// No such thing in this organisation, or none that the caller may know of.
    pub fn not_found<K: Kind>(id: &str) -> Self {
        let id: String = id.chars().take(64).collect();
        Self::new(StatusCode::NOT_FOUND, "E0000007", format!("Not found: Resource not found: {id} ({})", K::NAME))
    }

    /// The caller lacks the permission.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "E0000006", "You do not have permission to perform the requested action")
    }

    /// The token is missing, unknown, revoked or expired.
    pub fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided")
    }

    /// The session is missing, ended or expired.
    pub fn invalid_session() -> Self {
        Self::new(StatusCode::FORBIDDEN, "E0000005", "Invalid session")
    }

    /// The path is unknown.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "E0000008", "The requested path was not found")
    }

    /// The path is known, the method is not.
    pub fn no_such_method() -> Self {
        let summary = "The endpoint does not support the provided HTTP method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "E0000022", summary)
    }

    /// The body is larger than this route takes.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "E0000001", "Api validation failed: the request body is too large")
    }

    /// A limit was reached; it says when to try again.
    pub fn too_many(message: &str, retry_at: Timestamp) -> Self {
        let summary = "API call exceeded rate limit due to too many requests.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "E0000047", summary).cause(message).again_at(retry_at)
    }

    /// Something of ours is broken; the cause goes to the log.
    pub fn fault(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error").because(cause)
    }

    /// The installation has no organisation yet.
    pub fn not_set_up() -> Self {
        let summary = "Postern is not set up yet: open the set-up link that the server printed when it started";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_set_up", summary)
    }

    /// Adds one wrong part.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn again_at(mut self, at: impl Into<Option<Timestamp>>) -> Self {
        self.retry_at = at.into();
        self
    }

    /// Adds a member to the error object.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Keeps the internal cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    fn body(&self, env: &Env) -> Value {
        let causes: Vec<Value> = self.causes.iter().map(|cause| json!({ "errorSummary": cause })).collect();
        let mut body = self.members.clone();
        body.insert("errorCode".to_owned(), self.code.into());
        body.insert("errorSummary".to_owned(), self.summary.clone().into());
        body.insert("errorLink".to_owned(), self.code.into());
        body.insert("errorId".to_owned(), Id::<ErrorKind>::new(env).to_string().into());
        body.insert("errorCauses".to_owned(), causes.into());
        Value::Object(body)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) => {
                let summary = "The database cannot serve this now; nothing was changed. Try again shortly.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "E0000010", summary).because(error)
            }
            StoreError::Nul => Self::malformed(),
            StoreError::Fault(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error").because(error)
            }
        }
    }
}

impl From<postern_codes::mac::KeyFault> for ApiError {
    fn from(fault: postern_codes::mac::KeyFault) -> Self {
        StoreError::from(fault).into()
    }
}

/// The status alone; [`render`] gives it its body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refused request its body, and logs the cause of a fault once.
pub async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let path = uri.path();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let request_id = request.extensions().get::<Client>().and_then(|client| client.0.request);
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let typed = response.extensions_mut().remove::<Typed>().unwrap_or_default();
    if let Some(cause) = &error.cause {
        // The route and not the path: a path may hold a one-time link.
        tracing::error!(route, code = error.code, cause = %cause, "request failed");
    }
    let env = app.env();
    let mut rendered = if problem::is_for_browsers(path) {
        problem::answer(&error, &method, &uri, request_id.map(|id| id.to_string()).unwrap_or_default(), typed)
    } else {
        (error.status, Json(error.body(&env))).into_response()
    };
    rendered.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(retry_at) = error.retry_at {
        let seconds = retry_at.since(env.now).as_secs() + 1;
        rendered.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in response.headers() {
        if !rendered.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
}
