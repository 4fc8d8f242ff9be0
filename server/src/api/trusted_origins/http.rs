//! Trusted origins over HTTP: shapes, handlers, routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::network::{OriginDraft, OriginScope, ScopeGrant};
use postern_authn::permission::{Permission, right};
use postern_store::trusted_origins::{self, OriginQuery, TrustedOrigin};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{create, delete, list, origin, replace, set_active};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// A trusted origin as answers have it.
pub fn shown(app: &App, origin: &TrustedOrigin) -> Value {
    let path = format!("/api/v1/trustedOrigins/{}", origin.id);
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to_if(origin.is_active, "deactivate", "POST", format!("{path}/lifecycle/deactivate"))
        .to_if(!origin.is_active, "activate", "POST", format!("{path}/lifecycle/activate"));
    let scopes: Vec<Value> = origin
        .scopes
        .iter()
        .map(|grant| {
            let mut scope = Map::from_iter([("type".to_owned(), grant.scope.as_str().into())]);
            if grant.scope == OriginScope::IframeEmbed {
                scope.insert("allowedOktaApps".to_owned(), json!(grant.apps));
            }
            Value::Object(scope)
        })
        .collect();
    json!({
        "id": origin.id,
        "name": origin.name.as_str(),
        "origin": origin.origin.as_str(),
        "scopes": scopes,
        "status": if origin.is_active { "ACTIVE" } else { "INACTIVE" },
        "created": hal::time(origin.created_at),
        "createdBy": origin.created_by,
        "lastUpdated": hal::time(origin.updated_at),
        "lastUpdatedBy": origin.updated_by,
        "_links": Value::from(links),
    })
}

/// The routes of trusted origins.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::TrustedOriginsManage);
    let read = Access::Permission(Permission::TrustedOriginsRead);
    Routes::new()
        .get("/api/v1/trustedOrigins", read, get_origins)
        .post("/api/v1/trustedOrigins", manage, post_origins)
        .get("/api/v1/trustedOrigins/{origin}", read, get_origin)
        .put("/api/v1/trustedOrigins/{origin}", manage, put_origin)
        .delete("/api/v1/trustedOrigins/{origin}", manage, delete_origin)
        .post("/api/v1/trustedOrigins/{origin}/lifecycle/activate", manage, activate_origin)
        .post("/api/v1/trustedOrigins/{origin}/lifecycle/deactivate", manage, deactivate_origin)
}

#[derive(Deserialize)]
struct OriginBody {
    name: Option<String>,
    origin: Option<String>,
    scopes: Option<Vec<ScopeBody>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    allowed_okta_apps: Option<Vec<String>>,
}

impl OriginBody {
    fn parse(self) -> Result<OriginDraft, ApiError> {
        let wrong = |member: &str, why: String| ApiError::validation(member, [why]);
        let blank = |member: &str| wrong(member, format!("{member}: The field cannot be left blank"));
        let name = self.name.ok_or_else(|| blank("name"))?;
        let name = name.parse().map_err(|why| wrong("name", format!("{why}")))?;
        let origin = self.origin.ok_or_else(|| blank("origin"))?;
        let origin = origin.parse().map_err(|why| wrong("origin", format!("{why}")))?;
        let mut scopes = Vec::new();
        for ScopeBody { kind, allowed_okta_apps } in self.scopes.unwrap_or_default() {
            let scope = kind.as_deref().and_then(|word| word.parse().ok());
            let scope =
                scope.ok_or_else(|| wrong("scopes", "scopes: type must be CORS, REDIRECT or IFRAME_EMBED".into()))?;
            scopes.push(ScopeGrant { scope, apps: allowed_okta_apps.unwrap_or_default() });
        }
        OriginDraft::new(name, origin, scopes).map_err(|why| wrong("scopes", why.to_string()))
    }
}

async fn get_origins(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::TrustedOriginsRead>(&app).await?;
    let query = query?;
    let limit = query.limit(20, 200)?;
    let condition = query.condition(trusted_origins::ATTRIBUTES)?;
    let wanted = OriginQuery { words: query.text("q").map(str::to_owned), condition, after: query.get("after")? };
    let found = list(&app, &by, &wanted, limit).await?;
    Ok(Page::of(&app, &query, (found, limit), |origin| origin.id.to_string(), |origin| shown(&app, origin)))
}

async fn post_origins(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<OriginBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Json(shown(&app, &create(&app, &by, &body?.0.parse()?).await?)))
}

async fn get_origin(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::TrustedOriginsRead>(&app).await?;
    Ok(Json(shown(&app, &origin(&app, &by, &which.0).await?)))
}

async fn put_origin(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<OriginBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Json(shown(&app, &replace(&app, &by, &which.0, &body?.0.parse()?).await?)))
}

async fn delete_origin(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::TrustedOriginsManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn activate_origin(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Json(shown(&app, &set_active(&app, &by, &which.0, true).await?)))
}

async fn deactivate_origin(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Json(shown(&app, &set_active(&app, &by, &which.0, false).await?)))
}
