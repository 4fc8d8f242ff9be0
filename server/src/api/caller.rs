//! Who is behind a request, and what they may do. [`Allowed`] comes from [`Caller::require`] alone.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use postern_authn::audit::{Actor, Event, EventType};
use postern_authn::demand::Demand;
use postern_authn::permission::{Authority, Right};
use postern_authn::session;
use postern_codes::id::{Id, Org, Session, User};
use postern_codes::{Timestamp, mac};
use postern_store::callers::{CallerRecord, Via};
use postern_store::{Error, tokens};

use crate::App;
use crate::api::client::Client;
use crate::api::demands;
use crate::api::error::ApiError;
use crate::api::sessions::{SID, sid_hash};
use crate::api::tokens as api_tokens;
use crate::perimeter;

/// The console's session cookie.
pub const COOKIE: &str = "__Host-postern";
/// Use is noted at most so often.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// Somebody who showed a valid session or API token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their organisation.
    pub org: Id<Org>,
    /// Who they are, how they came, what they may do.
    pub record: CallerRecord,
    /// Where the request comes from.
    pub client: Client,
    /// Whether the request may change something.
    pub is_change: bool,
}

/// Proof that a caller holds a permission: an act that takes it cannot be reached without.
#[derive(Debug, Clone)]
pub struct Allowed<R> {
    caller: Caller,
    right: PhantomData<fn() -> R>,
}

impl<R> Allowed<R> {
    /// The caller.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl<R> std::ops::Deref for Allowed<R> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    /// The person.
    pub const fn user(&self) -> Id<User> {
        self.record.user
    }

    /// What they may do.
    pub const fn authority(&self) -> &Authority {
        &self.record.authority
    }

    /// Who the record says did it.
    pub fn actor(&self) -> Actor {
        let token = match &self.record.via {
            Via::Session { .. } => None,
            Via::Token { id, .. } => Some(*id),
        };
        Actor { token, ..Actor::user(self.record.user, &self.record.login, &self.record.name) }
    }

    /// A success of theirs, for the record.
    pub fn success(&self, kind: EventType) -> Event {
        Event::success(kind, self.actor(), self.client.0.clone())
    }

    /// A refusal of theirs, for the record.
    pub fn failure(&self, kind: EventType, code: &str) -> Event {
        Event::failure(kind, self.actor(), self.client.0.clone(), code)
    }

    /// The console session they came by.
    pub const fn session(&self) -> Option<Id<Session>> {
        match &self.record.via {
            Via::Session { id, .. } => Some(*id),
            Via::Token { .. } => None,
        }
    }

    /// Whether a second factor was proved in this session in the last five minutes. Never true for a token.
    pub fn has_fresh_factor(&self, now: Timestamp) -> bool {
        match &self.record.via {
            Via::Session { factor_at: Some(at), .. } => *at <= now && now < at.plus(session::FRESH),
            Via::Session { factor_at: None, .. } | Via::Token { .. } => false,
        }
    }

    /// Whether what a privileged action demands was proved in this session. Never true for a token, but of nothing.
    pub fn meets(&self, demand: Demand, now: Timestamp) -> bool {
        let is_fresh = |at: &Option<Timestamp>| at.is_some_and(|at| at <= now && now < at.plus(session::FRESH));
        match (demand, &self.record.via) {
            (Demand::Nothing, _) => true,
            (Demand::Fresh, Via::Session { factor_at, .. }) => is_fresh(factor_at),
            (Demand::PhishingResistant, Via::Session { resistant_at, .. }) => is_fresh(resistant_at),
            (Demand::Fresh | Demand::PhishingResistant, Via::Token { .. }) => false,
        }
    }

    /// Notes that a second factor was proved in this session just now; the act that proved it has written it.
    pub(crate) const fn note_fresh_factor(&mut self, is_resistant: bool, now: Timestamp) {
        if let Via::Session { factor_at, resistant_at, .. } = &mut self.record.via {
            *factor_at = Some(now);
            if is_resistant {
                *resistant_at = Some(now);
            }
        }
    }

    /// Whether they came by a token that was made with this grant.
    pub fn has_grant(&self, grant: &str) -> bool {
        matches!(&self.record.via, Via::Token { grants, .. } if grants.iter().any(|held| held == grant))
    }

    /// The proof that they hold a permission over something; over what, the act asks when it has found it, by
    /// [`users::reached`](crate::api::users::reached) and its like. Where the request changes something, they also proved
    /// what its use demands. A refusal is recorded.
    ///
    /// # Errors
    /// 403 where they do not hold it, or have to prove something first.
    pub async fn require<R: Right>(self, app: &App) -> Result<Allowed<R>, ApiError> {
        let holds = self.authority().has(R::PERMISSION);
        self.allowed(app, holds).await
    }

    /// The proof that they hold a permission over everything of its area: for what belongs to no single thing.
    ///
    /// # Errors
    /// 403 where they do not.
    pub async fn require_everywhere<R: Right>(self, app: &App) -> Result<Allowed<R>, ApiError> {
        let holds = self.authority().has_everywhere(R::PERMISSION);
        self.allowed(app, holds).await
    }

    async fn allowed<R: Right>(self, app: &App, holds: bool) -> Result<Allowed<R>, ApiError> {
        if holds {
            if self.is_change {
                demands::require_for(app, &self, R::PERMISSION).await?;
            }
            return Ok(Allowed { caller: self, right: PhantomData });
        }
        let event =
            self.failure(EventType::PermissionDenied, "permission").detail("permission", R::PERMISSION.as_str());
        let env = app.env();
        app.store.write(self.org, |tx| tx.record(&event, &env)).await?;
        Err(ApiError::forbidden())
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let client = Client::from_request_parts(parts, app).await.unwrap_or_default();
        let org = app.org().await?;
        let now = app.env().now;
        let record = match credential(parts) {
            Some(Credential::Token(token)) => {
                let hash = mac::sha256(&[token.as_bytes()]);
                app.store.read(org, |tx| tx.caller_by_token(hash, now)).await?.ok_or_else(ApiError::invalid_token)?
            }
            Some(Credential::Session(token)) => {
                let hash = mac::sha256(&[token.as_bytes()]);
                let found = app.store.read(org, |tx| tx.caller_by_session(hash, now)).await?;
                found.ok_or_else(ApiError::invalid_session)?
            }
            Some(Credential::Sid(token)) => {
                let hash = sid_hash(token);
                let found = app.store.read(org, |tx| tx.caller_by_session(hash, now)).await?;
                found.ok_or_else(ApiError::invalid_session)?
            }
            None => return Err(ApiError::invalid_token()),
        };
        let is_change = !matches!(parts.method, Method::GET | Method::HEAD);
        let mut caller = Self { org, record, client, is_change };
        // A token is admitted by the address it is used from, not by whom its gateway names.
        api_tokens::admit(app, &caller).await?;
        caller.client = perimeter::forwarded(app, parts, &caller.record.via, caller.client).await?;
        perimeter::meter::count_caller(app, parts, &caller).await?;
        if caller.record.seen_at.is_none_or(|seen| now.since(seen) >= NOTE_EVERY) {
            let via = &caller.record.via;
            let noted = app.store.write(org, |tx| tx.note_caller(via, now, now.plus(tokens::WINDOW))).await;
            // While the database takes no writes, whoever only reads is served; a session then merely ends sooner.
            match noted {
                Ok(()) | Err(Error::Unavailable(_)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(caller)
    }
}

enum Credential<'p> {
    Session(&'p str),
    /// Of a session that was opened over the API; only where it is made for browsers.
    Sid(&'p str),
    Token(&'p str),
}

/// An `Authorization` header goes before a cookie. `SSWS` may stand with or without a space: an official client leaves
/// it out.
fn credential(parts: &Parts) -> Option<Credential<'_>> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let token = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("SSWS")).map_or("", |_| text[4..].trim());
        return Some(Credential::Token(token));
    }
    let own = session_cookie(parts).map(Credential::Session);
    own.or_else(|| sid_cookie(parts).map(Credential::Sid))
}

/// Whether a request carries the cookie of a session, of either kind.
pub fn has_cookie(parts: &Parts) -> bool {
    session_cookie(parts).or_else(|| sid_cookie(parts)).is_some()
}

/// The session cookie's value, where the request has one.
pub fn session_cookie(parts: &Parts) -> Option<&str> {
    cookie(parts, COOKIE)
}

/// The value of the cookie of a session that was opened over the API, where such a one counts.
pub fn sid_cookie(parts: &Parts) -> Option<&str> {
    if perimeter::cors::is_open(parts.uri.path()) { cookie(parts, SID) } else { None }
}

fn cookie<'p>(parts: &'p Parts, wanted: &str) -> Option<&'p str> {
    let cookies = parts.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}
