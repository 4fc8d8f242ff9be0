//! Files of people: sent in, looked at, carried out, given up; and people as a file. Reading and carrying out is the job
//! of `jobs/import_people.rs`: nothing is changed before somebody has seen what would be.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit::EventType;
use postern_authn::permission::{Authority, Permission, right};
use postern_codes::id::{Id, Import as ImportKind};
use postern_store::imports::{Import, ImportRow, ImportStatus};
use postern_store::people::PeopleQuery;
use postern_store::walk::Sorting;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users;
use crate::jobs::import_people::target;
use crate::people_file::{self, LONGEST};

/// The bytes of a file are kept in parts of this size.
const PART: usize = 256 * 1024;
/// Most files at once that are not yet done or given up.
const MOST_OPEN: usize = 5;

/// Takes a file in as it comes; its rows are read from then on.
///
/// # Errors
/// 413 where it is too long, 429 while too many others wait.
pub async fn receive(
    app: &App,
    by: &Allowed<right::UsersManage>,
    name: &str,
    mut body: Body,
) -> Result<Import, ApiError> {
    if !may_import(by.authority()) {
        return Err(ApiError::forbidden().cause("a file may be about anybody: your role must reach all people"));
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let open = tx.imports(None, 50)?.into_iter().filter(|import| is_open(import.status)).count();
        if open >= MOST_OPEN {
            let cause = format!("{open} files wait already: apply or cancel them first");
            return Ok(Err(ApiError::validation("import", [cause])));
        }
        Ok(Ok(tx.insert_import(&name, by.user().as_str(), &env)?))
    });
    let id = made.await??;
    let (mut begins, mut part) = (0, Vec::with_capacity(PART));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| ApiError::malformed())?.into_data() else { continue };
        part.extend_from_slice(&data);
        if begins + part.len() as u64 > LONGEST {
            give_up(app, by, id).await?;
            return Err(ApiError::too_large());
        }
        if part.len() >= PART {
            begins = put(app, by, id, begins, &mut part).await?;
        }
    }
    put(app, by, id, begins, &mut part).await?;
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        tx.move_import(id, (ImportStatus::Receiving, ImportStatus::Checking), None, env.now)?;
        let found = named(tx, id.as_str())?;
        if let Ok(import) = &found {
            tx.record(&by.success(EventType::UserImportCreate).target(target(import)), &env)?;
        }
        Ok(found)
    });
    done.await?
}

async fn put(app: &App, by: &Caller, id: Id<ImportKind>, begins: u64, part: &mut Vec<u8>) -> Result<u64, ApiError> {
    let now = app.env().now;
    if !app.store.write(by.org, |tx| tx.add_import_part(id, (begins, part), now)).await? {
        return Err(gone_on());
    }
    let ends = begins + part.len() as u64;
    part.clear();
    Ok(ends)
}

async fn give_up(app: &App, by: &Caller, id: Id<ImportKind>) -> Result<(), ApiError> {
    let now = app.env().now;
    let gone = app.store.write(by.org, |tx| {
        tx.move_import(id, (ImportStatus::Receiving, ImportStatus::Failed), Some("the file is too long"), now)?;
        tx.clear_import_bytes(id)
    });
    Ok(gone.await?)
}

/// Has a file carried out that was read.
///
/// # Errors
/// 404 for no such file, 403 where it does not wait for that.
pub async fn apply(app: &App, by: &Allowed<right::UsersManage>, which: &str) -> Result<Import, ApiError> {
    let env = app.env();
    let begun = app.store.write(by.org, |tx| {
        let import = match named(tx, which)? {
            Ok(import) => import,
            Err(refused) => return Ok(Err(refused)),
        };
        // It is carried out by the right of whoever sent it in.
        if import.created_by != by.user().as_str() {
            return Ok(Err(ApiError::forbidden().cause("only whoever sent the file in can have it carried out")));
        }
        if !tx.begin_import(import.id, env.now)? {
            return Ok(Err(gone_on()));
        }
        tx.record(&by.success(EventType::UserImportApply).target(target(&import)), &env)?;
        named(tx, which)
    });
    begun.await?
}

/// Gives a file up; rows that were carried out stay so.
///
/// # Errors
/// 404 for no such file, 403 where it is done.
pub async fn cancel(app: &App, by: &Allowed<right::UsersManage>, which: &str) -> Result<Import, ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let import = match named(tx, which)? {
            Ok(import) => import,
            Err(refused) => return Ok(Err(refused)),
        };
        let is_moved = is_open(import.status)
            && tx.move_import(import.id, (import.status, ImportStatus::Cancelled), None, env.now)?;
        if !is_moved {
            return Ok(Err(gone_on()));
        }
        tx.clear_import_bytes(import.id)?;
        tx.record(&by.success(EventType::UserImportCancel).target(target(&import)), &env)?;
        named(tx, which)
    });
    done.await?
}

/// Whether somebody may make and change whomever a file names, in whatever it says.
pub fn may_import(authority: &Authority) -> bool {
    authority.has_everywhere(Permission::UsersManage)
        && authority.has_everywhere(Permission::UsersCreate)
        && authority.attributes_everywhere(Permission::UsersProfileManage).is_all()
}

/// Whether something may still come of a file.
pub const fn is_open(status: ImportStatus) -> bool {
    match status {
        ImportStatus::Applying | ImportStatus::Checked | ImportStatus::Checking | ImportStatus::Receiving => true,
        ImportStatus::Applied | ImportStatus::Cancelled | ImportStatus::Failed => false,
    }
}

/// The file with this id, or that there is none.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<Import, ApiError>, Error> {
    let found = match which.parse() {
        Ok(id) => tx.import(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<ImportKind>(which)))
}

fn gone_on() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000107", "The file is not in a state that allows this.")
}

/// People as rows of a file, `limit` of them, with the heading where it is the first page, and where it goes on.
///
/// # Errors
/// Of the database.
pub async fn export(
    app: &App,
    by: &Allowed<right::UsersRead>,
    query: PeopleQuery,
    limit: u32,
) -> Result<(String, Option<String>), ApiError> {
    if !by.authority().has_everywhere(Permission::UsersRead)
        || !by.authority().attributes_everywhere(Permission::UsersRead).is_all()
    {
        return Err(ApiError::forbidden().cause("an export shows everybody: your role must reach all people"));
    }
    let mut text = if query.after.is_none() { people_file::heading() } else { String::new() };
    let found = users::listed(app, by, query, limit).await?;
    let now = app.env().now;
    let groups = app.store.read(by.org, |tx| {
        let names = |person: &postern_authn::user::User| {
            let groups = tx.groups_of(person.id)?.into_iter();
            let own = groups.filter(|group| group.kind == postern_authn::group::GroupKind::Own);
            Ok(own.map(|group| group.name).collect::<Vec<_>>())
        };
        found.rows.iter().map(names).collect::<Result<Vec<_>, Error>>()
    });
    for (person, groups) in found.rows.iter().zip(groups.await?) {
        text.push_str(&people_file::line(person, &groups, now));
    }
    let env = app.env();
    app.store.write(by.org, |tx| tx.record(&by.success(EventType::UserExport), &env)).await?;
    Ok((text, found.next))
}

/// A file as answers have it.
pub fn shown(app: &App, import: &Import) -> Value {
    let path = format!("/api/v1/users/imports/{}", import.id);
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to("rows", "GET", format!("{path}/rows"))
        .to_if(import.status == ImportStatus::Checked, "apply", "POST", format!("{path}/lifecycle/apply"))
        .to_if(is_open(import.status), "cancel", "POST", format!("{path}/lifecycle/cancel"));
    json!({
        "id": import.id,
        "name": import.name,
        "status": import.status.as_str(),
        "fault": import.fault,
        "created": hal::time(import.created_at),
        "createdBy": import.created_by,
        "lastUpdated": hal::time(import.updated_at),
        "progress": {
            "bytes": import.size, "bytesRead": import.at, "lines": import.line, "rows": import.rows,
            "linesApplied": import.applied,
        },
        "counts": {
            "made": import.counts.made, "changed": import.counts.changed, "same": import.counts.same,
            "wrong": import.counts.wrong,
        },
        "_links": Value::from(links),
    })
}

fn row_shown(row: &ImportRow) -> Value {
    json!({ "line": row.line, "login": row.login, "outcome": row.outcome, "message": row.message })
}

/// The routes of files.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::UsersManage);
    Routes::new()
        .get("/api/v1/users/export", Access::Permission(Permission::UsersRead), get_export)
        .get("/api/v1/users/imports", manage, get_imports)
        .post("/api/v1/users/imports", manage, post_imports)
        .get("/api/v1/users/imports/{import}", manage, get_import)
        .get("/api/v1/users/imports/{import}/rows", manage, get_rows)
        .post("/api/v1/users/imports/{import}/lifecycle/apply", manage, post_apply)
        .post("/api/v1/users/imports/{import}/lifecycle/cancel", manage, post_cancel)
}

async fn get_export(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Response, ApiError> {
    let by = caller.require::<right::UsersRead>(&app).await?;
    if !by.authority().attributes_everywhere(Permission::UsersRead).is_all() {
        return Err(ApiError::forbidden().cause("a file has whole profiles, and your role does not show them whole"));
    }
    let query = query?;
    let limit = query.page_size(10_000, 10_000)?;
    let condition = query.demanded(postern_store::people::ATTRIBUTES, app.env().now)?;
    let after = query.after(Sorting::default())?;
    let wanted = PeopleQuery { without_ended: condition.is_none(), condition, after, ..PeopleQuery::default() };
    let (text, next) = export(&app, &by, wanted, limit).await?;
    let links = Page::new(&app, &query, Vec::new(), next).into_response().headers().clone();
    let mut response = text.into_response();
    for link in links.get_all(header::LINK) {
        response.headers_mut().append(header::LINK, link.clone());
    }
    let kind = header::HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

async fn get_imports(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    let query = query?;
    let limit = query.page_size(50, 200)?;
    let after = query.get("after")?;
    let found = app.store.read(by.org, |tx| tx.imports(after, limit + 1)).await?;
    Ok(Page::of(&app, &query, (found, limit), |import| import.id.to_string(), |import| shown(&app, import)))
}

async fn post_imports(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    let query = query?;
    let import = receive(&app, &by, query.text("name").unwrap_or("people.csv"), body).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, &import))))
}

async fn get_import(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    let import = app.store.read(by.org, |tx| named(tx, &which.0)).await??;
    Ok(Json(shown(&app, &import)))
}

async fn get_rows(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    let query = query?;
    let limit = query.page_size(200, 1_000)?;
    let after = query.get("after")?.unwrap_or(0);
    let wrong = match query.text("outcome") {
        None => false,
        Some("WRONG") => true,
        Some(_) => return Err(ApiError::validation("outcome", ["outcome: must be WRONG, or absent"])),
    };
    let found = app.store.read(by.org, |tx| match named(tx, &which.0)? {
        Ok(import) => tx.import_rows(import.id, after, (wrong, limit + 1)).map(Ok),
        Err(refused) => Ok(Err(refused)),
    });
    let found = found.await??;
    Ok(Page::of(&app, &query, (found, limit), |row| row.line.to_string(), row_shown))
}

async fn post_apply(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    Ok(Json(shown(&app, &apply(&app, &by, &which.0).await?)))
}

async fn post_cancel(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    Ok(Json(shown(&app, &cancel(&app, &by, &which.0).await?)))
}
