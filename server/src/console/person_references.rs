//! What is kept of a person to compare a face or a story with on a video call: looked at, added, removed.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_store::Error;

use super::page::{page, page_with};
use super::part::{Field, Kind, Moment, Notice, State, Summary, Tabs, Tone};
use super::shell::{Place, Shell};
use super::upload::Upload;
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{people, person};
use crate::App;
use crate::api::body;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, users};
use crate::cases::references::{self, LARGEST, LONGEST};

const ALL: &str = "/admin/people/{person}/references";
/// The largest form: a photo, and a little more.
const LIMIT: usize = LARGEST + 16 * 1024;

/// Something that is kept.
pub struct Row {
    /// Where it lies.
    pub text: String,
    /// Since when.
    pub since: Moment,
    /// The address of the photo.
    pub photo: Option<String>,
    /// Where the form goes that removes it, for those who may.
    pub remove: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "console/person_references.html")]
pub struct PersonReferences {
    /// The frame.
    pub shell: Shell,
    /// Their full name.
    pub name: String,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
    /// The pages about them.
    pub tabs: Tabs,
    /// What was just done, or not.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// What is kept, oldest first.
    pub rows: Vec<Row>,
    /// Where the form goes that adds one, and what it asks, for those who may.
    pub add: Option<(String, Field)>,
    /// Why the photo was refused.
    pub photo_error: Option<Text>,
}

/// `/admin/people/ID/references`.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::CasesRead), Access::Permission(Permission::CasesManage));
    Routes::new().get(ALL, read, show).post(ALL, manage, add).post(
        "/admin/people/{person}/references/{reference}/remove",
        manage,
        remove,
    )
}

/// The page of what is kept of a person.
pub fn address(person: &User) -> String {
    format!("{}/references", people::address(person))
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(who): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let shown = view(&app, &viewer, &who).await?;
    let done = query.text("done").and_then(|act| ["added", "removed"].into_iter().find(|own| *own == act));
    let notice = done.map(|act| Notice::new(Tone::Good, say_of("cases-reference", act), say("person-done-recorded")));
    Ok(page(PersonReferences { notice, ..shown }))
}

async fn view(app: &App, viewer: &Viewer, who: &str) -> Result<PersonReferences, ApiError> {
    let by = viewer.require::<right::CasesRead>(app).await?;
    let (person, kept) = references::list(app, &by, who).await?;
    let reaches = app
        .store
        .read(by.org, |tx| Ok::<_, Error>(users::hindrance(tx, &by, Permission::CasesManage, person.id)?.is_none()));
    let may = reaches.await? && person.id != by.user() && person.status.is_in_force();
    let own = address(&person);
    let row = |kept: &postern_store::person_references::Kept| Row {
        text: kept.reference.text.clone(),
        since: viewer.moment(kept.reference.since),
        photo: kept.has_photo.then(|| format!("/recovery/api/v1/users/{}/references/{}/photo", person.id, kept.id)),
        remove: may.then(|| format!("{own}/{}/remove", kept.id)),
    };
    let text = Field::new("text", say("cases-reference-text"), Kind::Text).hint(say("cases-reference-text-hint"));
    Ok(PersonReferences {
        shell: viewer.shell(Place::People),
        name: person.name(),
        login: person.login.to_string(),
        status: people::standing(&person, viewer.now),
        tabs: person::tabs(viewer, &person, person::Tab::References),
        notice: None,
        summary: None,
        rows: kept.iter().map(row).collect(),
        add: may.then(|| (own.clone(), text)),
        photo_error: None,
    })
}

/// What a form sent: the text, and the photo where one was chosen.
struct Sent {
    text: String,
    photo: Option<Vec<u8>>,
}

async fn sent(request: Request) -> Result<Sent, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let bytes = body::bytes_within(request, LIMIT).await?;
    let read = |mut upload: Upload| {
        let read = upload.push(&bytes).map_err(|_| ApiError::malformed())?;
        if upload.is_whole() { Ok(read) } else { Err(ApiError::malformed()) }
    };
    let text = read(Upload::of_text(&kind, "text").map_err(|_| ApiError::malformed())?)?;
    let photo = read(Upload::new(&kind, "photo").map_err(|_| ApiError::malformed())?)?;
    let text = String::from_utf8(text).map_err(|_| ApiError::malformed())?;
    Ok(Sent { text, photo: Some(photo).filter(|photo| !photo.is_empty()) })
}

async fn add(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(who): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesManage>(&app).await?;
    let (sent, added) = match sent(request).await {
        Ok(sent) => {
            let added = references::add(&app, &by, &who, (&sent.text, sent.photo.as_deref())).await;
            (sent, added.map(drop))
        }
        Err(refused) if refused.status == StatusCode::PAYLOAD_TOO_LARGE => {
            (Sent { text: String::new(), photo: None }, Err(refused))
        }
        Err(refused) => return Err(refused),
    };
    let Err(refused) = added else {
        return Ok(Redirect::to(&format!("/admin/people/{who}/references?done=added")).into_response());
    };
    if !matches!(refused.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::PAYLOAD_TOO_LARGE) {
        return Err(refused);
    }
    let mut view = view(&app, &viewer, &who).await?;
    let is_about = |field: &str| refused.causes.iter().any(|cause| cause.starts_with(field));
    if let Some((_, text)) = &mut view.add {
        text.value.clone_from(&sent.text);
        if is_about("text") {
            *text = text.clone().refused(say("cases-reference-text-wrong").with("most", LONGEST));
        }
    }
    let is_large = refused.status == StatusCode::PAYLOAD_TOO_LARGE;
    view.photo_error =
        (is_large || is_about("photo")).then(|| say("cases-photo-wrong").with("kilobytes", LARGEST / 1_000));
    view.summary = Summary::of(view.add.iter().map(|(_, text)| text));
    let happened = say("cases-not-done");
    let next = if refused.code == "case_under_way" { say("cases-reference-under-way") } else { say("accounts-mend") };
    let notice = Notice::new(Tone::Danger, happened, next).with_code(refused.code);
    view.notice = if view.summary.is_some() { None } else { Some(notice) };
    Ok(page_with(refused.status, view))
}

async fn remove(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((who, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesManage>(&app).await?;
    references::remove(&app, &by, (&who, &which)).await?;
    Ok(Redirect::to(&format!("/admin/people/{who}/references?done=removed")).into_response())
}
