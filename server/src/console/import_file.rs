//! A file of people: how far it was read or carried out, what would come or came of it, and every row that is wrong. What
//! goes on goes on in the server: to close the page stops nothing.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Id, Org};
use postern_store::imports::{Import, ImportStatus};

use super::imports::{ADDRESS, address, state};
use super::list::PAGE;
use super::page::page;
use super::part::{Act, Notice, Pages, State, Tone};
use super::shell::{Place, Shell};
use super::stream::{self, AsyncPages};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{import_words, list};
use crate::App;
use crate::api::ApiError;
use crate::api::imports::{self, Sender, is_open};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::people_file::{self, csv};

/// So many rows are a page of the report.
const REPORTED: u32 = 1_000;

/// A part of a row that is wrong.
pub struct Fault {
    /// The row's line.
    pub line: u64,
    /// Its login.
    pub login: String,
    /// The column, or which cell.
    pub column: String,
    /// Why.
    pub why: Text,
}

/// How a file stands: what the page shows anew while it goes on.
#[derive(Template)]
#[template(path = "console/import_standing.html")]
pub struct Standing {
    /// Changes whenever the part should be shown anew.
    pub key: String,
    /// In a word.
    pub state: State,
    /// Whether it goes on by itself.
    pub is_busy: bool,
    /// How far it has come: done, all, in words.
    pub progress: Option<(u64, u64, Text)>,
    /// Why it cannot be carried out.
    pub notice: Option<Notice>,
    /// How many rows came out how, or would.
    pub counts: Vec<(Text, u64)>,
    /// What the viewer may do.
    pub acts: Vec<Act>,
    /// Rows that are wrong.
    pub faults: Vec<Fault>,
    /// Where they go on.
    pub pages: Option<Pages>,
    /// All of them, as a file.
    pub report: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "console/import_file.html")]
pub struct ImportFile {
    /// The frame.
    pub shell: Shell,
    /// What the file is called.
    pub name: String,
    /// Where the part that changes is shown anew from.
    pub live: String,
    /// How it stands.
    pub standing: Standing,
}

impl HtmlSafe for Standing {}

/// `/admin/people/import/ID`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::UsersManage);
    Routes::new()
        .get("/admin/people/import/{import}", manage, show)
        .get("/admin/people/import/{import}/report.csv", manage, report)
        .get("/admin/people/import/{import}/standing", manage, live)
        .post("/admin/people/import/{import}/apply", manage, apply)
        .post("/admin/people/import/{import}/cancel", manage, cancel)
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    imports::admit(&by)?;
    let (name, standing) = standing(&app, &viewer, &id, &query).await?;
    let live = format!("{ADDRESS}/{id}/standing");
    Ok(page(ImportFile { shell: viewer.shell(Place::People), name, live, standing }))
}

async fn live(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    imports::admit(&by)?;
    Ok(page(standing(&app, &viewer, &id, &query).await?.1))
}

async fn standing(app: &App, viewer: &Viewer, id: &str, query: &Query) -> Result<(String, Standing), ApiError> {
    let after = query.get("after")?.unwrap_or(0);
    let (import, mut rows) = imports::rows(app, viewer.caller.org, id, (after, true, PAGE + 1)).await?;
    let pages = list::pages(query, &mut rows, |row| row.line.to_string());
    // The part that is shown anew has an address of its own; the list goes on at the page's.
    let pages = Pages { next: pages.next.map(|next| next.replacen("/standing", "", 1)), ..pages };
    let faults = rows.iter().flat_map(|row| {
        let parts = people_file::faults(row.message.as_deref().unwrap_or_default());
        let fault = |(column, why): (&str, String)| Fault {
            line: row.line,
            login: row.login.clone(),
            column: column.to_owned(),
            why: import_words::why(&why),
        };
        parts.into_iter().map(fault).collect::<Vec<_>>()
    });
    let is_own = import.created_by == viewer.caller.user().as_str();
    let is_busy = is_open(import.status) && import.status != ImportStatus::Checked;
    let standing = Standing {
        key: format!("{}-{}-{}-{}", import.status.as_str(), import.at, import.applied, import.size),
        state: state(import.status),
        is_busy,
        progress: progress(&import),
        notice: notice(&import, is_own),
        counts: counts(&import),
        acts: acts(&import, is_own),
        faults: faults.collect(),
        pages: (pages.next.is_some() || pages.first.is_some()).then_some(pages),
        report: (import.counts.wrong > 0).then(|| format!("{}/report.csv", address(&import))),
    };
    Ok((import.name, standing))
}

fn progress(import: &Import) -> Option<(u64, u64, Text)> {
    match import.status {
        ImportStatus::Receiving => Some((0, 1, say("imports-receiving-so-far").with("bytes", import.size))),
        ImportStatus::Checking => {
            let words = say("imports-read-so-far").with("rows", import.rows);
            Some((import.at, import.size, words))
        }
        ImportStatus::Applying => {
            let words = say("imports-applied-so-far").with("line", import.applied).with("lines", import.line);
            Some((import.applied, import.line, words))
        }
        ImportStatus::Applied | ImportStatus::Cancelled | ImportStatus::Checked | ImportStatus::Failed => None,
    }
}

fn notice(import: &Import, is_own: bool) -> Option<Notice> {
    match import.status {
        ImportStatus::Failed => {
            let why = import_words::why(import.fault.as_deref().unwrap_or_default());
            Some(Notice::new(Tone::Danger, why, say("imports-failed-next")))
        }
        ImportStatus::Checked if !is_own => {
            Some(Notice::new(Tone::Plain, say("imports-not-yours"), say("imports-not-yours-next")))
        }
        ImportStatus::Applying => Some(Notice::new(Tone::Busy, say("imports-goes-on"), say("imports-goes-on-next"))),
        ImportStatus::Applied
        | ImportStatus::Cancelled
        | ImportStatus::Checked
        | ImportStatus::Checking
        | ImportStatus::Receiving => None,
    }
}

fn counts(import: &Import) -> Vec<(Text, u64)> {
    let counts = import.counts;
    let is_tried = matches!(import.status, ImportStatus::Checked | ImportStatus::Checking | ImportStatus::Receiving);
    let word = |tried: Text, done: Text| if is_tried { tried } else { done };
    vec![
        (word(say("imports-would-make"), say("imports-made")), counts.made),
        (word(say("imports-would-change"), say("imports-changed")), counts.changed),
        (say("imports-same"), counts.same),
        (say("imports-refused"), counts.wrong),
    ]
}

fn acts(import: &Import, is_own: bool) -> Vec<Act> {
    let act = |words: Text, effect: Text, step: &str, is_dangerous| Act {
        words,
        effect,
        address: format!("{}/{step}", address(import)),
        is_dangerous,
    };
    let (made, changed) = (import.counts.made, import.counts.changed);
    let apply = (import.status == ImportStatus::Checked && is_own && made + changed > 0).then(|| {
        let words = say("imports-apply").with("made", made).with("changed", changed);
        act(words, say("imports-apply-effect").with("wrong", import.counts.wrong), "apply", false)
    });
    let cancel = is_open(import.status).then(|| {
        let effect = if import.status == ImportStatus::Applying {
            say("imports-cancel-effect-midway")
        } else {
            say("imports-cancel-effect")
        };
        act(say("imports-cancel"), effect, "cancel", import.status == ImportStatus::Applying)
    });
    apply.into_iter().chain(cancel).collect()
}

async fn apply(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    let import = imports::apply(&app, Sender::Person(&by), &id).await?;
    Ok(Redirect::to(&address(&import)).into_response())
}

async fn cancel(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    imports::admit(&by)?;
    let import = imports::cancel(&app, Sender::Person(&by), &id).await?;
    Ok(Redirect::to(&address(&import)).into_response())
}

async fn report(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    imports::admit(&by)?;
    let pages = Reported { app: Arc::clone(&app), org: by.org, id };
    let (rows, next) = pages.page("0".to_owned()).await?;
    let heading = csv::line(&["line", "login", "column", "reason"]);
    Ok(stream::csv("refused-rows.csv", (format!("\u{feff}{heading}{rows}"), next), pages))
}

/// The rows that are wrong, as pages of a file.
struct Reported {
    app: Arc<App>,
    org: Id<Org>,
    id: String,
}

impl AsyncPages for Reported {
    async fn page(&self, after: String) -> Result<(String, Option<String>), ApiError> {
        let after = after.parse().map_err(|_| ApiError::malformed())?;
        let (_, rows) = imports::rows(&self.app, self.org, &self.id, (after, true, REPORTED)).await?;
        let mut text = String::new();
        for row in &rows {
            for (column, why) in people_file::faults(row.message.as_deref().unwrap_or_default()) {
                let cells = [&row.line.to_string(), &row.login, column, &why].map(people_file::guarded);
                text.push_str(&csv::line(&cells));
            }
        }
        let next = rows.last().filter(|_| rows.len() == REPORTED as usize).map(|row| row.line.to_string());
        Ok((text, next))
    }
}
