//! Reports: the record, filtered.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_store::audit::{self, EventQuery};
use postern_store::devices::{self, DevicesQuery};
use postern_store::people::PeopleQuery;
use postern_store::search::Condition;
use postern_store::{Error, Tx};
use serde_json::Value;

use super::events;
use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Pages, Record};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, logs};

/// The filters, as they stand in the address; empty ones let everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// `eventType`.
    pub event_type: String,
    /// `actor`: a name or an id.
    pub actor: String,
    /// `target`: a name or an id.
    pub target: String,
    /// `outcome`: `SUCCESS`, `FAILURE`.
    pub outcome: String,
}

/// The record.
#[derive(Template)]
#[template(path = "console/reports.html")]
pub struct Reports {
    /// The frame.
    pub shell: Shell,
    /// What is shown.
    pub filters: Filters,
    /// Every type that can be asked for.
    pub event_types: Vec<String>,
    /// This page of events.
    pub record: Record,
    /// The other pages.
    pub pages: Pages,
}

impl Reports {
    fn outcomes() -> [(&'static str, Text); 3] {
        [("", say("reports-all")), ("SUCCESS", say("reports-success")), ("FAILURE", say("reports-failure"))]
    }
}

/// `/admin/reports`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/reports", Access::Permission(Permission::LogsRead), show)
}

/// At most so many people and computers are meant by a name.
const NAMESAKES: u32 = 20;

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::LogsRead>(&app).await?;
    let text = |name| query.text(name).unwrap_or_default().trim().to_owned();
    let filters = Filters {
        event_type: text("eventType"),
        actor: text("actor"),
        target: text("target"),
        outcome: text("outcome"),
    };
    let demanded = app.store.read(by.org, |tx| demand(tx, &filters)).await?;
    let condition = if demanded.is_empty() {
        None
    } else {
        let parsed = Condition::parse(&demanded.join(" and "), audit::ATTRIBUTES);
        Some(parsed.map_err(|refused| ApiError::validation("filters", [refused.to_string()]))?)
    };
    let wanted = EventQuery { condition, descending: true, after: query.get("after")?, ..EventQuery::default() };
    let (mut found, _) = logs::list(&app, &by, &wanted, PAGE + 1).await?;
    let pages = pages(&query, &mut found, |event| event.position.to_string());
    Ok(page(Reports {
        shell: viewer.shell(Place::Reports),
        filters,
        event_types: EventType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect(),
        record: Record { events: found.iter().map(|event| events::line(event, &viewer)).collect() },
        pages,
    }))
}

/// What the filters demand, each as a clause of the record's own filter.
fn demand(tx: &mut Tx<'_>, filters: &Filters) -> Result<Vec<String>, Error> {
    let mut clauses = Vec::new();
    let is = |attribute: &str, value: &str| format!("{attribute} eq {}", Value::from(value));
    if !filters.event_type.is_empty() {
        clauses.push(is("eventType", &filters.event_type));
    }
    if !filters.outcome.is_empty() {
        clauses.push(is("outcome.result", &filters.outcome));
    }
    for (attribute, words) in [("actor.id", &filters.actor), ("target.id", &filters.target)] {
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
