//! What is kept of a person to compare with, over HTTP. A photo is served as what its first bytes are, and as nothing else.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::permission::{Permission, right};
use postern_codes::b64;
use postern_store::person_references::Kept;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::{self, Json};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::time;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::cases::references;

const ALL: &str = "/recovery/api/v1/users/{who}/references";
/// The largest body: a photo in base64, and a little more.
const LIMIT: usize = references::LARGEST / 3 * 4 + 16 * 1024;

/// The routes.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::CasesRead), Access::Permission(Permission::CasesManage));
    Routes::new()
        .get(ALL, read, list)
        .post(ALL, manage, add)
        .delete("/recovery/api/v1/users/{who}/references/{reference}", manage, remove)
        .get("/recovery/api/v1/users/{who}/references/{reference}/photo", read, photo)
}

/// The photo in base64, of either alphabet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    text: String,
    photo: Option<String>,
}

async fn list(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::CasesRead>(&app).await?;
    let (_, kept) = references::list(&app, &by, &who.0).await?;
    Ok(Json(kept.iter().map(shown).collect()))
}

async fn add(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Body { text, photo } = body::parse(&body::bytes_within(request, LIMIT).await?)?;
    let photo = photo.map(|photo| {
        b64::decode_any(&photo).ok_or_else(|| ApiError::validation("photo", ["photo: must be PNG or JPEG in base64"]))
    });
    let photo = photo.transpose()?;
    let kept = references::add(&app, &by, &who.0, (&text, photo.as_deref())).await?;
    Ok((StatusCode::CREATED, Json(shown(&kept))))
}

async fn remove(app: State<Arc<App>>, caller: Caller, ids: Path<(String, String)>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Path((who, which)) = ids;
    references::remove(&app, &by, (&who, &which)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn photo(app: State<Arc<App>>, caller: Caller, ids: Path<(String, String)>) -> Result<Response, ApiError> {
    let by = caller.require::<right::CasesRead>(&app).await?;
    let Path((who, which)) = ids;
    let (picture, bytes) = references::photo(&app, &by, (&who, &which)).await?;
    let headers = [
        (header::CONTENT_TYPE, picture.content_type()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    Ok((headers, bytes).into_response())
}

/// One, as answers show it.
pub fn shown(kept: &Kept) -> Value {
    json!({ "id": kept.id, "text": kept.reference.text, "since": time(kept.reference.since), "hasPhoto": kept.has_photo })
}
