//! The record, as the System Log has it: paged by position, which follows the order of commits, so that a reader who
//! goes on from where they stopped misses nothing.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Id, Org};
use postern_store::audit::{self, EventQuery, Names, StoredEvent};
use postern_store::search::Condition;
use serde_json::{Value, json};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal;
use crate::api::page::{Page, Query};
use crate::api::routes::{Access, Routes};

/// How far back a question goes that does not say.
const DEFAULT_SPAN: Duration = Duration::from_hours(7 * 24);

/// The events that are wanted, in the order of their positions, and the last position of all.
///
/// # Errors
/// Of the database.
pub async fn list(
    app: &App,
    by: &Allowed<right::LogsRead>,
    query: &EventQuery,
    limit: u32,
) -> Result<(Vec<StoredEvent>, i64), ApiError> {
    place(app, by.org).await?;
    Ok(app.store.read(by.org, |tx| Ok((tx.events(query, limit)?, tx.head()?))).await?)
}

/// What was done to somebody, of these types, and by them, of those; newest first. Whoever asks is who it is about.
///
/// # Errors
/// Of the database.
pub async fn of_oneself(
    app: &App,
    by: &Caller,
    (to_them, by_them): (&[EventType], &[EventType]),
    (after, limit): (Option<i64>, u32),
) -> Result<Vec<StoredEvent>, ApiError> {
    place(app, by.org).await?;
    let id = Value::from(by.user().as_str());
    let (to_them, by_them) = (any(to_them), any(by_them));
    let text = format!("(target.id eq {id} and ({to_them})) or (actor.id eq {id} and ({by_them}))");
    let condition = Some(Condition::parse(&text, audit::ATTRIBUTES).map_err(ApiError::fault)?);
    let query = EventQuery { condition, descending: true, after, ..EventQuery::default() };
    Ok(app.store.read(by.org, |tx| tx.events(&query, limit)).await?)
}

/// The filter that any of these types passes.
pub fn any(kinds: &[EventType]) -> String {
    let of = |kind: &EventType| format!("eventType eq {}", Value::from(kind.as_str()));
    kinds.iter().map(of).collect::<Vec<_>>().join(" or ")
}

/// Gives events that wait for it their position, so that a reader sees what they themselves just did.
pub(crate) async fn place(app: &App, org: Id<Org>) -> Result<(), ApiError> {
    while app.store.read(org, |tx| tx.has_unplaced_events()).await? {
        app.store.write(org, |tx| tx.place_events()).await?;
    }
    Ok(())
}

/// An event as answers have it. Where the personal part was erased, names and client are empty.
pub fn shown(event: &StoredEvent) -> Value {
    let body = &event.body;
    let nobody = Names { alternate_id: String::new(), display_name: String::new() };
    let personal = event.personal.as_ref();
    let named = |who: &Value, names: Option<&Names>| {
        let names = names.unwrap_or(&nobody);
        json!({
            "id": who["id"],
            "type": who["type"],
            "alternateId": names.alternate_id,
            "displayName": names.display_name,
        })
    };
    let targets = body.targets.iter().enumerate();
    let targets = targets.map(|(at, target)| named(target, personal.and_then(|personal| personal.targets.get(at))));
    let kind = EventType::ALL.iter().find(|kind| kind.as_str() == body.event_type);
    let ip = personal.map_or("", |personal| personal.ip.as_str());
    let token = &body.actor["token"];
    json!({
        "uuid": event.id,
        "published": hal::time(event.published),
        "eventType": body.event_type,
        "version": "0",
        "severity": body.severity,
        "displayMessage": kind.map_or(body.event_type.as_str(), |kind| kind.message()),
        "actor": named(&body.actor, personal.map(|personal| &personal.actor)),
        "target": targets.collect::<Vec<_>>(),
        "outcome": present(&body.outcome),
        "client": {
            "ipAddress": ip,
            "userAgent": { "rawUserAgent": personal.map_or("", |personal| personal.user_agent.as_str()) },
        },
        "request": { "ipChain": chain(ip, personal.map_or(&[], |personal| personal.proxies.as_slice())) },
        "transaction": present(&json!({
            "type": if body.request.is_some() { "WEB" } else { "JOB" },
            "id": body.request,
            "detail": if token.is_null() { json!({}) } else { json!({ "requestApiTokenId": token }) },
        })),
        "debugContext": { "debugData": body.details },
        "authenticationContext": {},
        "securityContext": {},
    })
}

/// The members that say something: strict clients take an absent one where they refuse a null.
fn present(object: &Value) -> Value {
    let members = object.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The client first, then the proxies it came through.
fn chain(ip: &str, proxies: &[IpAddr]) -> Value {
    let hops = ip.parse().ok().into_iter().chain(proxies.iter().copied());
    hops.map(|ip: IpAddr| json!({ "ip": ip, "version": if ip.is_ipv4() { "V4" } else { "V6" } })).collect()
}

/// The routes of the record.
pub fn routes() -> Routes {
    Routes::new().get("/api/v1/logs", Access::Permission(Permission::LogsRead), get_logs)
}

async fn get_logs(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::LogsRead>(&app).await?;
    let query = query?;
    let limit = query.limit(100, 1_000)?;
    let wanted = wanted(&query, &app)?;
    let (found, head) = list(&app, &by, &wanted, limit).await?;
    let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let polled = !wanted.descending && wanted.until.is_none();
    let last = found.last().map(|event| event.position);
    let next = match (full, polled) {
        (true, _) => last.or(wanted.after),
        // A filter may pass over the last events: the next question need not look at them again.
        (false, true) => Some(head.max(wanted.after.unwrap_or(0))),
        (false, false) => None,
    };
    let next = next.map(|position| position.to_string());
    Ok(Page::new(&app, &query, found.iter().map(shown).collect(), next))
}

fn wanted(query: &Query, app: &App) -> Result<EventQuery, ApiError> {
    if query.text("q").is_some() {
        return Err(ApiError::validation("q", ["q: words are not searched for here: use filter"]));
    }
    let descending = match query.text("sortOrder") {
        None => false,
        Some(order) if order.eq_ignore_ascii_case("ASCENDING") => false,
        Some(order) if order.eq_ignore_ascii_case("DESCENDING") => true,
        Some(_) => return Err(ApiError::validation("sortOrder", ["sortOrder: must be ASCENDING or DESCENDING"])),
    };
    let (after, until) = (query.get("after")?, query.instant("until")?);
    let since = match query.instant("since")? {
        // Somebody who goes on from a position wants everything behind it, however long they were away.
        None if after.is_none() => Some(until.unwrap_or_else(|| app.env().now).minus(DEFAULT_SPAN)),
        since => since,
    };
    Ok(EventQuery { condition: query.condition(audit::ATTRIBUTES)?, descending, after, since, until })
}
