//! A call of the Authentication API: its body, and whether a program of the organisation's own makes it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, header};
use postern_authn::audit;
use postern_store::callers::Via;
use serde::de::DeserializeOwned;

use crate::App;
use crate::api::body;
use crate::api::caller::Caller;
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::api::page::Query;

/// Longest fingerprint of a device that is looked at.
const FINGERPRINT: usize = 4096;

/// A call.
pub struct Call<T> {
    /// What was sent.
    pub body: T,
    /// The same as it came.
    pub bytes: Bytes,
    /// What stands behind the path.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// Where it comes from; by a program, where its person's request came from.
    pub client: audit::Client,
    /// The program of the organisation's own that makes it.
    pub program: Option<Caller>,
}

impl<T> Call<T> {
    /// Whether a program of the organisation's own makes it: one with a token of an administrator.
    pub const fn is_trusted(&self) -> bool {
        self.program.is_some()
    }

    /// What a device is known by.
    pub fn fingerprint(&self) -> Option<&str> {
        let text = self.headers.get("x-device-fingerprint").and_then(|value| value.to_str().ok())?;
        (1..=FINGERPRINT).contains(&text.len()).then_some(text)
    }
}

impl<T: DeserializeOwned + Send> FromRequest<Arc<App>> for Call<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (mut parts, sent) = request.into_parts();
        let bytes = body::bytes(Request::from_parts(parts.clone(), sent), &()).await?;
        let body = body::parse(&bytes)?;
        let query = Query::from_request_parts(&mut parts, app).await?;
        let Client(client) = Client::from_request_parts(&mut parts, app).await.unwrap_or_default();
        let (mut client, mut program) = (client, None);
        // A cookie makes nobody a program.
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let caller = Caller::from_request_parts(&mut parts, app).await?;
            client = caller.client.0.clone();
            let is_by_token = matches!(caller.record.via, Via::Token { .. });
            program = Some(caller).filter(|caller| is_by_token && caller.authority().is_administrator());
        }
        Ok(Self { body, bytes, query, headers: parts.headers, client, program })
    }
}
