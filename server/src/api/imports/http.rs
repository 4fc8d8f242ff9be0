//! Files of people over the API.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use postern_authn::permission::{Permission, right};
use postern_store::imports::{Import, ImportRow, ImportStatus};
use postern_store::people::{ATTRIBUTES, PeopleQuery};
use postern_store::walk::Sorting;
use serde_json::{Value, json};

use super::{Sender, admit, apply, cancel, export, is_open, receive};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

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
    export::admit(&by)?;
    let query = query?;
    let limit = query.page_size(10_000, 10_000)?;
    let condition = query.demanded(ATTRIBUTES, app.env().now)?;
    let after = query.after(Sorting::default())?;
    let wanted = PeopleQuery { without_ended: condition.is_none(), condition, after, ..PeopleQuery::default() };
    let (text, next) = export::page(&app, &by, wanted, limit).await?;
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
    admit(&by)?;
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
    let import = receive(&app, Sender::Person(&by), query.text("name").unwrap_or("people.csv"), body).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, &import))))
}

async fn get_import(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    admit(&by)?;
    let import = super::import(&app, by.org, &which.0).await?;
    Ok(Json(shown(&app, &import)))
}

async fn get_rows(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    admit(&by)?;
    let query = query?;
    let limit = query.page_size(200, 1_000)?;
    let after = query.get("after")?.unwrap_or(0);
    let wrong = match query.text("outcome") {
        None => false,
        Some("WRONG") => true,
        Some(_) => return Err(ApiError::validation("outcome", ["outcome: must be WRONG, or absent"])),
    };
    let (_, found) = super::rows(&app, by.org, &which.0, (after, wrong, limit + 1)).await?;
    Ok(Page::of(&app, &query, (found, limit), |row| row.line.to_string(), row_shown))
}

async fn post_apply(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    Ok(Json(shown(&app, &apply(&app, Sender::Person(&by), &which.0).await?)))
}

async fn post_cancel(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersManage>(&app).await?;
    Ok(Json(shown(&app, &cancel(&app, Sender::Person(&by), &which.0).await?)))
}
