//! The record as a file: a table for a spreadsheet, or a line of JSON an event. What the filters of the screen show is
//! what the file has.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use postern_authn::permission::{Permission, right};
use postern_store::audit::{EventQuery, StoredEvent};

use super::events;
use super::reports;
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, logs};

/// At most so many events a file.
pub const MOST: usize = 20_000;
const PART: u32 = 500;

/// `/admin/reports/export.csv` and `.jsonl`.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::LogsRead);
    Routes::new().get("/admin/reports/export.csv", read, csv).get("/admin/reports/export.jsonl", read, json_lines)
}

async fn csv(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let reader = viewer.reader.clone();
    let heads = [
        say("export-time"),
        say("events-type"),
        say("reports-what"),
        say("reports-outcome"),
        say("events-about"),
        say("events-address"),
        say("events-program"),
        say("events-request"),
        say("events-entry"),
    ];
    // The mark at the start tells spreadsheets that this is UTF-8.
    let mut file = String::from("\u{feff}");
    line(&mut file, heads.iter().map(|head| head.words(&reader)));
    each(&app, &viewer, &query, |event| {
        let shown = events::line(event, &viewer);
        let words = |text: &Text| text.words(&reader);
        let personal = event.personal.as_ref();
        let cells = [
            shown.at.iso(),
            event.body.event_type.clone(),
            words(&shown.what),
            words(&shown.outcome.text),
            words(&shown.about),
            personal.map(|personal| personal.ip.clone()).unwrap_or_default(),
            personal.map(|personal| personal.user_agent.clone()).unwrap_or_default(),
            event.body.request.clone().unwrap_or_default(),
            event.id.to_string(),
        ];
        line(&mut file, cells);
    })
    .await?;
    Ok(as_file("text/csv; charset=utf-8", "attachment; filename=\"record.csv\"", file))
}

async fn json_lines(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let mut file = String::new();
    each(&app, &viewer, &query, |event| {
        file.push_str(&logs::shown(event).to_string());
        file.push('\n');
    })
    .await?;
    Ok(as_file("application/x-ndjson", "attachment; filename=\"record.jsonl\"", file))
}

/// Every event that the filters let through, newest first.
async fn each(app: &App, viewer: &Viewer, query: &Query, mut take: impl FnMut(&StoredEvent)) -> Result<(), ApiError> {
    let by = viewer.require::<right::LogsRead>(app).await?;
    let mut wanted = EventQuery { after: None, ..reports::wanted(app, viewer, query).await? };
    let mut taken = 0;
    while taken < MOST {
        let (found, _) = logs::list(app, &by, &wanted, PART).await?;
        let Some(last) = found.last() else { break };
        wanted.after = Some(last.position);
        found.iter().take(MOST - taken).for_each(&mut take);
        taken += found.len();
        if found.len() < PART as usize {
            break;
        }
    }
    Ok(())
}

/// A file to be saved.
pub fn as_file(kind: &'static str, name: &'static str, file: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file).into_response()
}

/// A line of RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn line(file: &mut String, cells: impl IntoIterator<Item = String>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            file.push(',');
        }
        let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r']);
        file.push('"');
        if is_formula {
            file.push('\'');
        }
        file.push_str(&cell.replace('"', "\"\""));
        file.push('"');
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_stay_within_theirs() {
        let mut file = String::new();
        let cells = ["=cmd|' /C calc'!A0", "a \"b\", c", "-1", " @x", "plain\nline", "\t=1"];
        line(&mut file, cells.map(str::to_owned));
        let wanted = "\"'=cmd|' /C calc'!A0\",\"a \"\"b\"\", c\",\"'-1\",\"' @x\",\"plain\nline\",\"'\t=1\"\r\n";
        assert_eq!(file, wanted);
    }
}
