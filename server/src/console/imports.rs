//! People > Import: a file is sent in, and files of before. Nothing happens to anybody before its page was looked at
//! ([`import_file`](super::import_file)).

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::body::HttpBody as _;
use axum::extract::{Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_store::imports::{Import, ImportStatus};

use super::list::{PAGE, pages};
use super::page::{page, page_with};
use super::part::{Link, Moment, Pages, State, Tone};
use super::shell::{Place, Shell};
use super::upload::Upload;
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::imports::{self, PART, Sender};
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};
use crate::people_file::{LONGEST, MOST_ROWS};

/// The list, and where a file is sent in.
pub const ADDRESS: &str = "/admin/people/import";
/// The form's name of the file.
const FIELD: &str = "file";
/// What is too long is read to its end up to here, so that the browser hears why it is refused.
const HEARD: u64 = 4 * LONGEST;

/// A file in the list.
pub struct Row {
    /// Its name and page.
    pub file: Link,
    /// Where it stands.
    pub state: State,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them are wrong.
    pub wrong: u64,
    /// When it came in.
    pub at: Moment,
}

/// The page.
#[derive(Template)]
#[template(path = "console/imports.html")]
pub struct Imports {
    /// The frame.
    pub shell: Shell,
    /// Why the last file was not taken.
    pub error: Option<Text>,
    /// This page of files.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
}

impl Imports {
    fn hint() -> Text {
        say("imports-file-hint").with("megabytes", LONGEST / 1024 / 1024).with("rows", MOST_ROWS)
    }
}

/// `/admin/people/import`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::UsersManage);
    Routes::new().get(ADDRESS, manage, show).post(ADDRESS, manage, receive)
}

/// The page of a file.
pub fn address(import: &Import) -> String {
    format!("{ADDRESS}/{}", import.id)
}

/// Where a file stands, in words.
pub fn state(status: ImportStatus) -> State {
    match status {
        ImportStatus::Applied => State::new(Tone::Good, say("imports-applied")),
        ImportStatus::Applying => State::new(Tone::Busy, say("imports-applying")),
        ImportStatus::Cancelled => State::new(Tone::Plain, say("imports-cancelled")),
        ImportStatus::Checked => State::new(Tone::Warning, say("imports-checked")),
        ImportStatus::Checking => State::new(Tone::Busy, say("imports-checking")),
        ImportStatus::Failed => State::new(Tone::Danger, say("imports-failed")),
        ImportStatus::Receiving => State::new(Tone::Busy, say("imports-receiving")),
    }
}

async fn view(
    app: &App,
    viewer: &Viewer,
    by: &Allowed<right::UsersManage>,
    query: &Query,
) -> Result<Imports, ApiError> {
    imports::admit(by)?;
    let after = query.get("after")?;
    let mut found = app.store.read(by.org, |tx| tx.imports(after, PAGE + 1)).await?;
    let pages = pages(query, &mut found, |import| import.id.to_string());
    let row = |import: &Import| Row {
        file: Link::new(&import.name, address(import)),
        state: state(import.status),
        rows: import.rows,
        wrong: import.counts.wrong,
        at: viewer.moment(import.created_at),
    };
    Ok(Imports { shell: viewer.shell(Place::People), error: None, rows: found.iter().map(row).collect(), pages })
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    Ok(page(view(&app, &viewer, &by, &query).await?))
}

async fn receive(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    query: Query,
    request: Request,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersManage>(&app).await?;
    imports::admit(&by)?;
    let (status, why) = match take(&app, &by, request).await {
        Ok(Some(import)) => return Ok(Redirect::to(&address(&import)).into_response()),
        Ok(None) => (StatusCode::BAD_REQUEST, say("imports-choose")),
        Err(error) if error.status == StatusCode::PAYLOAD_TOO_LARGE => {
            (error.status, say("imports-too-long").with("megabytes", LONGEST / 1024 / 1024))
        }
        Err(error) if error.causes.iter().any(|cause| cause.contains("files wait")) => {
            (error.status, say("imports-too-many"))
        }
        Err(error) => return Err(error),
    };
    let view = Imports { error: Some(why), ..view(&app, &viewer, &by, &query).await? };
    Ok(page_with(status, view))
}

/// Takes the file of a form in, part by part; nothing where none was chosen.
async fn take(app: &App, by: &Allowed<right::UsersManage>, request: Request) -> Result<Option<Import>, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut upload = Upload::new(kind, FIELD).map_err(|_| ApiError::malformed())?;
    let (by, mut body) = (Sender::Person(by), request.into_body());
    let (mut file, mut begins, mut part, mut refused, mut heard) = (None, 0, Vec::new(), None, 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| ApiError::malformed())?.into_data() else { continue };
        heard += data.len() as u64;
        if heard > HEARD {
            return Err(ApiError::too_large());
        }
        if refused.is_some() {
            continue;
        }
        part.extend(upload.push(&data).map_err(|_| ApiError::malformed())?);
        if file.is_none() && !part.is_empty() {
            match imports::begin(app, by, &upload.take_name().unwrap_or_default()).await {
                Ok(id) => file = Some(id),
                Err(error) => refused = Some(error),
            }
        }
        if let Some(id) = file
            && part.len() >= PART
        {
            match imports::put(app, by, id, (begins, &part)).await {
                Ok(ends) => begins = ends,
                Err(error) => refused = Some(error),
            }
            part.clear();
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    if !upload.is_whole() {
        return Err(ApiError::malformed());
    }
    let Some(id) = file else { return Ok(None) };
    imports::put(app, by, id, (begins, &part)).await?;
    imports::close(app, by, id).await.map(Some)
}
