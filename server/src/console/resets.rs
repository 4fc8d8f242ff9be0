//! Reports > Access given back: everything that an administrator did to let somebody in again, with what it rested on and
//! what happened next.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use postern_authn::permission::{Permission, right};

use super::export::as_file;
use super::list::PAGE;
use super::page::page;
use super::part::{Ask, Empty, Filters, Link, Moment, Pages};
use super::reports::day;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::cases::report::{self, Format, Line, Wanted};

/// Where the page is.
pub const ADDRESS: &str = "/admin/reports/resets";

/// The page.
#[derive(Template)]
#[template(path = "console/resets.html")]
pub struct Resets {
    /// The frame.
    pub shell: Shell,
    /// What is asked for.
    pub filters: Filters,
    /// The acts, newest first.
    pub rows: Vec<Row>,
    /// What is said where there is none.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// The same as a file: for a spreadsheet, for a program.
    pub exports: [Link; 2],
}

/// An act as the page shows it.
pub struct Row {
    /// When.
    pub at: Moment,
    /// What was done.
    pub what: Text,
    /// By whom.
    pub by: String,
    /// For whom.
    pub person: String,
    /// The case; none, where it was done outside any.
    pub case: Option<Link>,
    /// What it rested on.
    pub evidence: Vec<String>,
    /// Who approved it.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// The ticket elsewhere.
    pub ticket: String,
    /// What happened next, and when.
    pub next: Vec<(Text, Moment)>,
}

/// `/admin/reports/resets` and its files.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::LogsRead);
    Routes::new().get(ADDRESS, read, show).get("/admin/reports/resets.csv", read, csv).get(
        "/admin/reports/resets.jsonl",
        read,
        json_lines,
    )
}

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::LogsRead>(&app).await?;
    let (filters, wanted) = wanted(&viewer, &query)?;
    let (lines, next) = report::page(&app, by.org, wanted, PAGE).await?;
    let export = |words, kind: &str| {
        Link::new(words, filters.address("", &[]).replacen(ADDRESS, &format!("{ADDRESS}.{kind}"), 1))
    };
    let exports = [export(say("reports-csv"), "csv"), export(say("reports-json"), "jsonl")];
    let pages = Pages {
        summary: say("list-shown").with("count", lines.len()),
        first: query.text("after").is_some().then(|| query.from_the_start()),
        next: next.map(|after| query.beyond(&after.to_string())),
    };
    let rows = lines.into_iter().map(|line| Row::of(line, &viewer)).collect();
    let empty = Empty { title: say("resets-none"), next: say("resets-none-next"), act: None };
    Ok(page(Resets { shell: viewer.shell(Place::Reports), filters, rows, empty, pages, exports }))
}

async fn csv(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::LogsRead>(&app).await?;
    let file = report::file(&app, by.org, wanted(&viewer, &query)?.1, Format::Csv).await?;
    Ok(as_file("text/csv; charset=utf-8", "attachment; filename=\"resets.csv\"", file))
}

async fn json_lines(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::LogsRead>(&app).await?;
    let file = report::file(&app, by.org, wanted(&viewer, &query)?.1, Format::JsonLines).await?;
    Ok(as_file("application/x-ndjson", "attachment; filename=\"resets.jsonl\"", file))
}

fn wanted(viewer: &Viewer, query: &Query) -> Result<(Filters, Wanted), ApiError> {
    let filters = Filters::new(ADDRESS).ask(query, "since", say("reports-since"), Ask::Day).ask(
        query,
        "until",
        say("reports-until"),
        Ask::Day,
    );
    let since = day(&viewer.reader.zone, "since", filters.value("since"), 0)?;
    let until = day(&viewer.reader.zone, "until", filters.value("until"), 1)?;
    Ok((filters, Wanted { since, until, after: query.get("after")? }))
}

impl Row {
    fn of(line: Line, viewer: &Viewer) -> Self {
        let what = match &line.action {
            Some(action) => say_of("mail-case-action", action).or(action.clone()),
            None => said(&line.event),
        };
        let case = line.case.zip(line.number);
        Self {
            at: Moment::new(line.at, viewer.now).for_the_record(),
            what,
            case: case.map(|(id, number)| Link::new(number.to_string(), format!("/admin/cases/{id}"))),
            approved_by: line.approved_by.join(", "),
            next: line.next.iter().map(|(what, at)| (said(what), Moment::new(*at, viewer.now))).collect(),
            by: line.by,
            person: line.person,
            evidence: line.evidence,
            reason: line.reason,
            ticket: line.ticket,
        }
    }
}

fn said(event: &str) -> Text {
    let known = postern_authn::audit::EventType::ALL.iter().find(|kind| kind.as_str() == event);
    say_of("domain-event", event).or(known.map_or(event, |kind| kind.message()).to_owned())
}
