//! Counting a request: what is counted of whom, and what happens at a limit.
//!
//! Who showed a valid token, session or proof is counted with the bucket of what they ask for; nobody else can fill it for
//! them. Whoever is nobody in particular is counted by address, and signing in by browser too.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use postern_authn::audit::{self, Actor, Event, EventType};
use postern_authn::limit::requests::{Bucket, ClientMode, RequestLimit, UseCase, WINDOW};
use postern_codes::Timestamp;
use postern_codes::id::{Device, Id};
use postern_store::callers::Via;

use super::counters::{Ceiling, Charged, Key, News, Place, Reading, Subject};
use super::rules::Rules;
use crate::App;
use crate::api::{ApiError, Caller};
use crate::notices;

/// The cookie that tells browsers at one address apart.
pub const BROWSER: &str = "dt";

/// How many events of clients are written in a window.
const CLIENT_EVENTS: Ceiling = Ceiling { limit: 20, served: 20, warn_at: u32::MAX, window: WINDOW };
/// Once a window.
const ONCE: Ceiling = Ceiling { limit: 1, served: 1, warn_at: u32::MAX, window: WINDOW };
/// One mail an hour for each kind of event.
const MAILS: Ceiling = Ceiling { limit: 1, served: 1, warn_at: u32::MAX, window: Duration::from_hours(1) };

/// What one request is counted under.
pub struct Meter {
    bucket: &'static Bucket,
    rules: Arc<Rules>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reading: Option<Reading>,
    /// Held until the answer is made.
    places: Vec<Place>,
    is_counted: bool,
}

/// Whose limit it is: how its events are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Client,
    Operation,
    Org,
}

/// Who is counted.
struct Who<'w> {
    actor: Actor,
    client: &'w audit::Client,
}

impl Meter {
    /// Nothing is counted yet.
    pub fn new(bucket: &'static Bucket, rules: Arc<Rules>) -> Self {
        Self { bucket, rules, state: Mutex::default() }
    }

    /// Counts a request of nobody in particular.
    ///
    /// # Errors
    /// 429.
    pub async fn count_anybody(
        &self,
        app: &Arc<App>,
        request: (&Method, &str),
        headers: &HeaderMap,
        client: &audit::Client,
    ) -> Result<(), ApiError> {
        let who = Who { actor: Actor::anonymous(), client };
        self.state().is_counted = true;
        self.count_stranger(app, client).await?;
        if let (Some(address), true) = (address(client), is_sign_in(request)) {
            self.count_client(app, address, headers, &who).await?;
        }
        self.charge(app, self.everybody(), Level::Org, &who).await
    }

    /// Counts a request of nobody in particular by its address alone.
    ///
    /// # Errors
    /// 429.
    pub async fn count_stranger(&self, app: &Arc<App>, client: &audit::Client) -> Result<(), ApiError> {
        let Some(address) = address(client) else { return Ok(()) };
        let who = Who { actor: Actor::anonymous(), client };
        self.charge(app, self.limit(RequestLimit::Address, Subject::Address(address)), Level::Client, &who).await
    }

    async fn count_client(
        &self,
        app: &Arc<App>,
        address: IpAddr,
        headers: &HeaderMap,
        who: &Who<'_>,
    ) -> Result<(), ApiError> {
        let mode = self.rules.requests.mode(UseCase::LoginPage);
        if mode == ClientMode::Disable {
            return Ok(());
        }
        let client = browser(headers).map_or(Subject::Address(address), |cookie| {
            let mut hasher = DefaultHasher::new();
            cookie.hash(&mut hasher);
            Subject::Client(address, hasher.finish())
        });
        let (key, ceiling) = self.limit(RequestLimit::Client, client);
        if mode == ClientMode::Preview {
            let charged = app.perimeter.counters.charge(key, &ceiling, app.env().now);
            if charged.news == Some(News::Violation) {
                self.tell(app, key, EventType::ClientRateLimitNotification, who).await;
            }
            return Ok(());
        }
        self.enter(app, RequestLimit::ClientAtOnce, client, 100, who).await?;
        self.charge(app, (key, ceiling), Level::Client, who).await
    }

    /// Counts a caller, once a request.
    ///
    /// # Errors
    /// 429.
    async fn count_caller(&self, app: &Arc<App>, caller: &Caller) -> Result<(), ApiError> {
        if std::mem::replace(&mut self.state().is_counted, true) {
            return Ok(());
        }
        let who = Who { actor: caller.actor(), client: &caller.client.0 };
        match &caller.record.via {
            Via::Session { .. } => {
                let own = self.limit(RequestLimit::Person, Subject::Person(caller.user()));
                self.charge(app, own, Level::Operation, &who).await?;
            }
            Via::Token { id, .. } => {
                let share = self.rules.share(*id);
                self.enter(app, RequestLimit::AtOnce, Subject::Token(*id), share.at_once, &who).await?;
                let limit = part(self.bucket_limit(), share.requests);
                let own = ((self.bucket.name, Subject::Token(*id)), self.ceiling(limit, 1));
                self.charge(app, own, Level::Operation, &who).await?;
            }
        }
        self.enter(app, RequestLimit::AtOnce, Subject::All, 100, &who).await?;
        self.charge(app, self.everybody(), Level::Org, &who).await
    }

    /// Counts a computer that proved itself.
    ///
    /// # Errors
    /// 429.
    async fn count_device(&self, app: &Arc<App>, device: Id<Device>, client: &audit::Client) -> Result<(), ApiError> {
        let who = Who { actor: Actor::device(device, "", ""), client };
        self.charge(app, self.limit(RequestLimit::Device, Subject::Device(device)), Level::Operation, &who).await?;
        self.charge(app, self.everybody(), Level::Org, &who).await
    }

    /// Records that somebody who is shut out was refused, once a window.
    pub async fn tell_shut_out(&self, app: &Arc<App>, client: &audit::Client) {
        let Some(address) = address(client) else { return };
        let key = ("blocked", Subject::Address(address));
        if app.perimeter.counters.charge(key, &ONCE, app.env().now).is_served && Self::may_tell(app, Level::Client) {
            self.tell(app, key, EventType::RequestBlocked, &Who { actor: Actor::anonymous(), client }).await;
        }
    }

    /// Whether nothing was counted so far.
    pub fn is_blank(&self) -> bool {
        self.state().reading.is_none()
    }

    /// Says in an answer how much of the narrowest limit is left.
    pub fn mark(&self, answer: &mut HeaderMap) {
        let Some(Reading { limit, remaining, reset }) = self.state().reading else { return };
        // Clients sleep until the second that is named.
        let reset = (reset.micros() + 999_999) / 1_000_000;
        answer.insert("x-rate-limit-limit", HeaderValue::from(limit));
        answer.insert("x-rate-limit-remaining", HeaderValue::from(remaining));
        answer.insert("x-rate-limit-reset", HeaderValue::from(reset));
    }

    async fn charge(
        &self,
        app: &Arc<App>,
        (key, ceiling): (Key, Ceiling),
        level: Level,
        who: &Who<'_>,
    ) -> Result<(), ApiError> {
        let Charged { reading, is_served, news } = app.perimeter.counters.charge(key, &ceiling, app.env().now);
        self.note(reading);
        let event = news.and_then(|news| level.event(news));
        if let Some(event) = event
            && Self::may_tell(app, level)
        {
            self.tell(app, key, event, who).await;
        }
        if is_served { Ok(()) } else { Err(refused(key, reading.reset)) }
    }

    /// Takes a place among those under way at once; `share` is the part of the limit that counts, in per cent.
    async fn enter(
        &self,
        app: &Arc<App>,
        limit: RequestLimit,
        subject: Subject,
        share: u32,
        who: &Who<'_>,
    ) -> Result<(), ApiError> {
        let key = (limit.name(), subject);
        let most = part(self.rules.limits.requests(limit.name(), limit.count()), share);
        if let Some(place) = app.perimeter.counters.enter(key, most) {
            self.state().places.push(place);
            return Ok(());
        }
        let again = app.env().now.plus(Duration::from_secs(1));
        // As Okta has it: no count, since no window ends.
        self.state().reading = Some(Reading { limit: 0, remaining: 0, reset: again });
        let (level, event) = match limit {
            RequestLimit::ClientAtOnce => (Level::Client, EventType::ClientConcurrencyViolation),
            _ => (Level::Operation, EventType::OperationConcurrencyViolation),
        };
        let is_first = app.perimeter.counters.charge(key, &ONCE, app.env().now).is_served;
        if is_first && Self::may_tell(app, level) {
            self.tell(app, key, event, who).await;
        }
        Err(refused(key, again))
    }

    /// Whether an event of this level may be written: strangers must not fill the record.
    fn may_tell(app: &App, level: Level) -> bool {
        let now = app.env().now;
        level != Level::Client
            || app.perimeter.counters.charge(("client_events", Subject::All), &CLIENT_EVENTS, now).is_served
    }

    /// Writes an event, and for everybody's limit mails the super administrators. That it cannot be written refuses nobody.
    async fn tell(&self, app: &Arc<App>, key: Key, kind: EventType, who: &Who<'_>) {
        let Ok(org) = app.org().await else { return };
        let env = app.env();
        let is_org = [EventType::OrgRateLimitBurst, EventType::OrgRateLimitViolation, EventType::OrgRateLimitWarning];
        let is_mailed = is_org.contains(&kind)
            && self.rules.requests.notifications_enabled
            && app.perimeter.counters.charge((kind.as_str(), Subject::All), &MAILS, env.now).is_served;
        let event = match kind {
            EventType::OrgRateLimitBurst | EventType::OrgRateLimitWarning | EventType::OperationRateLimitWarning => {
                Event::success(kind, who.actor.clone(), who.client.clone())
            }
            _ => Event::failure(kind, who.actor.clone(), who.client.clone(), "rate_limit"),
        };
        let event = event.detail("limit", key.0).detail("path", self.bucket.path);
        let written = app.store.write(org, |tx| {
            tx.record(&event, &env)?;
            if is_mailed {
                notices::limit(tx, &app.config, kind, key.0, &env)?;
            }
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::warn!(limit = key.0, cause = %error, "a limit was reached and is not on record");
        }
    }

    fn everybody(&self) -> (Key, Ceiling) {
        ((self.bucket.name, Subject::All), self.ceiling(self.bucket_limit(), self.bucket.burst))
    }

    fn limit(&self, limit: RequestLimit, subject: Subject) -> (Key, Ceiling) {
        ((limit.name(), subject), self.ceiling(self.rules.limits.requests(limit.name(), limit.count()), 1))
    }

    fn bucket_limit(&self) -> u32 {
        self.rules.limits.requests(self.bucket.name, self.bucket.count)
    }

    fn ceiling(&self, limit: u32, burst: u32) -> Ceiling {
        let warn_at = part(limit, self.rules.requests.warning_threshold);
        Ceiling { limit, served: limit.saturating_mul(burst), warn_at, window: WINDOW }
    }

    /// Keeps the narrowest.
    fn note(&self, reading: Reading) {
        let mut state = self.state();
        if state.reading.is_none_or(|kept| reading.remaining <= kept.remaining) {
            state.reading = Some(reading);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    const fn event(self, news: News) -> Option<EventType> {
        match (self, news) {
            (Self::Client, News::Violation) => Some(EventType::ClientRateLimitViolation),
            (Self::Client, News::Warning | News::Burst) | (Self::Operation, News::Burst) => None,
            (Self::Operation, News::Warning) => Some(EventType::OperationRateLimitWarning),
            (Self::Operation, News::Violation) => Some(EventType::RateLimitViolation),
            (Self::Org, News::Warning) => Some(EventType::OrgRateLimitWarning),
            (Self::Org, News::Burst) => Some(EventType::OrgRateLimitBurst),
            (Self::Org, News::Violation) => Some(EventType::OrgRateLimitViolation),
        }
    }
}

/// Counts a caller whose credential was found good.
///
/// # Errors
/// 429.
pub async fn count_caller(app: &Arc<App>, parts: &Parts, caller: &Caller) -> Result<(), ApiError> {
    match parts.extensions.get::<Arc<Meter>>() {
        Some(meter) => meter.count_caller(app, caller).await,
        None => Ok(()),
    }
}

/// Counts a computer whose proof was found good.
///
/// # Errors
/// 429.
pub async fn count_device(
    app: &Arc<App>,
    meter: Option<&Arc<Meter>>,
    device: Id<Device>,
    client: &audit::Client,
) -> Result<(), ApiError> {
    match meter {
        Some(meter) => meter.count_device(app, device, client).await,
        None => Ok(()),
    }
}

/// The cookie that tells browsers apart, where it could be one of ours.
pub fn browser(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        let fits =
            (20..=64).contains(&value.len()) && value.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        (name == BROWSER && fits).then_some(value)
    })
}

fn refused((name, subject): Key, again: Timestamp) -> ApiError {
    let whose = match subject {
        Subject::Address(_) => "this network address",
        Subject::All => "everybody together",
        Subject::Client(..) => "this browser",
        Subject::Device(_) => "this computer",
        Subject::Person(_) => "you",
        Subject::Token(_) => "this API token",
    };
    ApiError::too_many(&format!("{name}: too many requests by {whose}"), again)
}

/// Per cent of a limit, never nothing.
fn part(limit: u32, percent: u32) -> u32 {
    let part = u64::from(limit) * u64::from(percent) / 100;
    u32::try_from(part).unwrap_or(u32::MAX).max(1)
}

fn is_sign_in((method, path): (&Method, &str)) -> bool {
    method == Method::POST
        && ["/signin", "/api/v1/authn", "/api/v1/sessions"]
            .iter()
            .any(|at| path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Whom an address is counted as: whoever has one address of IPv6 has a network of them.
fn address(client: &audit::Client) -> Option<IpAddr> {
    Some(match client.ip.parse().ok()? {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    })
}
