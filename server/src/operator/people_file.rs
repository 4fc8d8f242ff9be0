//! Files of people, as an operator sends them in and takes them out. A command is a step: the file goes in part by part,
//! is read and carried out by the server's own job, and is asked after.

use postern_codes::b64;
use postern_codes::id::{Id, Import as ImportKind, Org};
use postern_store::imports::ImportStatus;
use postern_store::people::PeopleQuery;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Answer;
use crate::App;
use crate::api::ApiError;
use crate::api::imports::{self, Sender, export, is_open};
use crate::jobs::import_people::SYSTEM;

/// So many people are a page of an export.
const PAGE: u32 = 200;
/// So many rows that are wrong are told at once.
const TOLD: u32 = 500;
/// An operator's file that nobody sent on or began for so long was left behind by a tool that ended.
const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_mins(10);

/// A step of an import or export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    /// Has a file carried out that was read.
    Apply {
        /// Which.
        id: String,
    },
    /// Makes a file; gives its id.
    Begin {
        /// What it is called.
        name: String,
    },
    /// Gives a file up.
    Cancel {
        /// Which.
        id: String,
    },
    /// Says that a file is whole.
    Close {
        /// Which.
        id: String,
    },
    /// A page of people as rows of a file; gives the rows, and where the next page begins, if there is one.
    Export {
        /// Where it begins; nothing for the first.
        after: Option<String>,
    },
    /// Rows that are wrong, as JSON, a line each.
    Faults {
        /// Of which file.
        id: String,
        /// Behind which line.
        after: u64,
    },
    /// The next bytes of a file.
    Put {
        /// Of which.
        id: String,
        /// How many it has so far.
        begins: u64,
        /// The bytes in URL-safe base64.
        body: String,
    },
    /// How a file stands, as JSON.
    Stand {
        /// Which.
        id: String,
    },
}

/// How a file stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// As the API names it.
    pub status: String,
    /// Why it failed.
    pub fault: Option<String>,
    /// Up to which byte it was read, and how many it has.
    pub bytes: (u64, u64),
    /// How many rows were read.
    pub rows: u64,
    /// Up to which line it was carried out, and up to which it was read.
    pub lines: (u64, u64),
    /// How many rows made, changed, left as they were and refused people, or would.
    pub counts: [u64; 4],
}

/// A row that is wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// Its line.
    pub line: u64,
    /// Its login, as far as it has one.
    pub login: String,
    /// Why.
    pub message: String,
}

/// Does a step.
///
/// # Errors
/// Of the database.
pub async fn run(app: &App, org: Id<Org>, step: Step) -> anyhow::Result<Answer> {
    let by = Sender::Operator(org);
    let done = match step {
        Step::Apply { id } => imports::apply(app, by, &id).await.map(|_| Vec::new()),
        Step::Begin { name } => {
            leave_nothing_behind(app, org).await?;
            imports::begin(app, by, &name).await.map(|id| vec![id.to_string()])
        }
        Step::Cancel { id } => imports::cancel(app, by, &id).await.map(|_| Vec::new()),
        Step::Close { id } => match known(&id) {
            Ok(id) => imports::close(app, by, id).await.map(|_| Vec::new()),
            Err(unknown) => Err(unknown),
        },
        Step::Export { after } => return page(app, org, after.as_deref()).await,
        Step::Faults { id, after } => faults(app, org, (&id, after)).await,
        Step::Put { id, begins, body } => match (known(&id), b64::decode(&body)) {
            (Ok(id), Some(part)) => imports::put(app, by, id, (begins, &part)).await.map(|ends| vec![ends.to_string()]),
            (Err(unknown), _) => Err(unknown),
            (_, None) => Err(ApiError::malformed()),
        },
        Step::Stand { id } => standing(app, org, &id).await,
    };
    match done {
        Ok(lines) => Ok(Answer::Done(lines)),
        Err(error) if error.status.is_server_error() => Err(anyhow::anyhow!(error.summary.clone())),
        Err(error) => {
            let why = if error.causes.is_empty() { error.summary.clone() } else { error.causes.join("; ") };
            Ok(Answer::Refused(why))
        }
    }
}

fn known(id: &str) -> Result<Id<ImportKind>, ApiError> {
    id.parse().map_err(|_| ApiError::not_found::<ImportKind>(id))
}

/// Gives up what tools that were killed left behind, so that it does not count among what waits.
async fn leave_nothing_behind(app: &App, org: Id<Org>) -> anyhow::Result<()> {
    let now = app.env().now;
    let left = app.store.read(org, |tx| tx.imports(None, 50)).await?.into_iter().filter(|import| {
        let waits = matches!(import.status, ImportStatus::Checked | ImportStatus::Receiving);
        waits && is_open(import.status) && import.created_by == SYSTEM && now.since(import.updated_at) >= LEFT_BEHIND
    });
    for import in left {
        // Whoever went on with it meanwhile has it.
        let _ = imports::cancel(app, Sender::Operator(org), import.id.as_str()).await;
    }
    Ok(())
}

async fn standing(app: &App, org: Id<Org>, id: &str) -> Result<Vec<String>, ApiError> {
    let import = imports::import(app, org, id).await?;
    let counts = import.counts;
    let standing = Standing {
        status: import.status.as_str().to_owned(),
        fault: import.fault,
        bytes: (import.at, import.size),
        rows: import.rows,
        lines: (import.applied, import.line),
        counts: [counts.made, counts.changed, counts.same, counts.wrong],
    };
    Ok(vec![json!(standing).to_string()])
}

async fn faults(app: &App, org: Id<Org>, (id, after): (&str, u64)) -> Result<Vec<String>, ApiError> {
    let (_, rows) = imports::rows(app, org, id, (after, true, TOLD)).await?;
    let told = rows.into_iter().map(|row| {
        let fault = Fault { line: row.line, login: row.login, message: row.message.unwrap_or_default() };
        json!(fault).to_string()
    });
    Ok(told.collect())
}

async fn page(app: &App, org: Id<Org>, after: Option<&str>) -> anyhow::Result<Answer> {
    let Ok(after) = after.map(str::parse).transpose() else {
        return Ok(Answer::Refused("this is not where a page begins".to_owned()));
    };
    let is_first = after.is_none();
    let query = PeopleQuery { without_ended: true, after, ..PeopleQuery::default() };
    let found = app.store.read(org, |tx| tx.some_people(&query, PAGE)).await?;
    let text = export::text(app, org, (is_first, &found.rows)).await?;
    if is_first {
        export::record(app, org).await?;
    }
    let next = found.next.map(|next| next.to_string());
    Ok(Answer::Done(std::iter::once(text).chain(next).collect()))
}
