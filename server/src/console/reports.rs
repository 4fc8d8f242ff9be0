//! Reports: the record, filtered.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_codes::Timestamp;
use postern_store::audit::{self, EventQuery};
use postern_store::devices::{self, DevicesQuery};
use postern_store::people::PeopleQuery;
use postern_store::search::Condition;
use postern_store::{Error, Tx};
use serde_json::Value;

use super::events;
use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Filters, Link, Pages, Record};
use super::resets;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::say;
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, logs};

/// The record.
#[derive(Template)]
#[template(path = "console/reports.html")]
pub struct Reports {
    /// The frame.
    pub shell: Shell,
    /// What is asked for.
    pub filters: Filters,
    /// This page of events.
    pub record: Record,
    /// The other pages.
    pub pages: Pages,
    /// The same as a file: for a spreadsheet, for a program.
    pub exports: [Link; 2],
    /// The report of access that was given back.
    pub resets: Link,
}

fn filters(query: &Query) -> Filters {
    let known = EventType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let outcomes = vec![
        (String::new(), say("reports-all")),
        ("SUCCESS".to_owned(), say("reports-success")),
        ("FAILURE".to_owned(), say("reports-failure")),
    ];
    Filters::new("/admin/reports")
        .ask(query, "eventType", say("reports-what"), Ask::Known(known))
        .ask(query, "actor", say("reports-actor"), Ask::Words)
        .ask(query, "target", say("reports-target"), Ask::Words)
        .ask(query, "outcome", say("reports-outcome"), Ask::Choice(outcomes))
        .ask(query, "since", say("reports-since"), Ask::Day)
        .ask(query, "until", say("reports-until"), Ask::Day)
}

/// Where the report of access that was given back is.
pub fn resets_link() -> Link {
    Link::new(say("resets-title"), resets::ADDRESS)
}

/// `/admin/reports`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/reports", Access::Permission(Permission::LogsRead), show)
}

/// At most so many people and computers are meant by a name.
const NAMESAKES: u32 = 20;

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::LogsRead>(&app).await?;
    let wanted = wanted(&app, &viewer, &query).await?;
    let (mut found, _) = logs::list(&app, &by, &wanted, PAGE + 1).await?;
    let pages = pages(&query, &mut found, |event| event.position.to_string());
    let filters = filters(&query);
    let export = |words, kind: &str| {
        Link::new(
            words,
            filters.address("", &[]).replacen("/admin/reports", &format!("/admin/reports/export.{kind}"), 1),
        )
    };
    let exports = [export(say("reports-csv"), "csv"), export(say("reports-json"), "jsonl")];
    let record = Record { events: found.iter().map(|event| events::line(event, &viewer)).collect() };
    Ok(page(Reports { shell: viewer.shell(Place::Reports), filters, record, pages, exports, resets: resets_link() }))
}

/// The events that the filters of an address let through, newest first.
///
/// # Errors
/// E0000001 for a day that is none; 403; of the database.
pub async fn wanted(app: &App, viewer: &Viewer, query: &Query) -> Result<EventQuery, ApiError> {
    let by = viewer.require::<right::LogsRead>(app).await?;
    let filters = filters(query);
    let demanded = app.store.read(by.org, |tx| demand(tx, &filters)).await?;
    let condition = if demanded.is_empty() {
        None
    } else {
        let parsed = Condition::parse(&demanded.join(" and "), audit::ATTRIBUTES);
        Some(parsed.map_err(|refused| ApiError::validation("filters", [refused.to_string()]))?)
    };
    let since = day(&viewer.reader.zone, "since", filters.value("since"), 0)?;
    let until = day(&viewer.reader.zone, "until", filters.value("until"), 1)?;
    Ok(EventQuery { condition, descending: true, after: query.get("after")?, since, until })
}

/// When a day of the viewer's begins; or the day so many days later.
///
/// # Errors
/// E0000001 for a day that is none.
pub fn day(zone: &TimeZone, name: &str, text: &str, later: i32) -> Result<Option<Timestamp>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let start = text.parse::<jiff::civil::Date>().and_then(|day| {
        let day = day.checked_add(jiff::Span::new().days(later))?;
        day.to_zoned(zone.clone())
    });
    let start = start.map_err(|_| ApiError::validation(name, [format!("{name}: must be like 2026-11-22")]))?;
    Ok(Some(Timestamp::from_unix_seconds(start.timestamp().as_second())))
}

/// What the filters demand, each as a clause of the record's own filter.
fn demand(tx: &mut Tx<'_>, filters: &Filters) -> Result<Vec<String>, Error> {
    let mut clauses = Vec::new();
    let is = |attribute: &str, value: &str| format!("{attribute} eq {}", Value::from(value));
    for (attribute, name) in [("eventType", "eventType"), ("outcome.result", "outcome")] {
        if !filters.value(name).is_empty() {
            clauses.push(is(attribute, filters.value(name)));
        }
    }
    for (attribute, words) in [("actor.id", filters.value("actor")), ("target.id", filters.value("target"))] {
        if !words.is_empty() {
            let any: Vec<String> = meant(tx, words)?.iter().map(|id| is(attribute, id)).collect();
            clauses.push(format!("({})", any.join(" or ")));
        }
    }
    Ok(clauses)
}

/// The ids that a name, a login, a serial number or an id means.
fn meant(tx: &mut Tx<'_>, words: &str) -> Result<Vec<String>, Error> {
    let mut ids = vec![words.to_owned()];
    let people = PeopleQuery { words: Some(words.to_owned()), ..PeopleQuery::default() };
    ids.extend(tx.people(&people, NAMESAKES)?.iter().map(|person| person.id.to_string()));
    let words = Value::from(words.to_ascii_lowercase());
    let named = format!("profile.displayName co {words} or profile.serialNumber co {words}");
    let condition = Condition::parse(&named, devices::ATTRIBUTES).ok();
    let computers = DevicesQuery { condition, ..DevicesQuery::default() };
    ids.extend(tx.devices(&computers, NAMESAKES)?.iter().map(|device| device.id.to_string()));
    Ok(ids)
}
