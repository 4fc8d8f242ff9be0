//! Trusted web origins: whose pages may call the API in the name of who is signed in, be led back to, or frame our pages.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::network::{OriginDraft, OriginScope, ScopeGrant};
use postern_authn::permission::{Permission, right};
use postern_codes::Env;
use postern_codes::id::{Id, TrustedOrigin as TrustedOriginKind};
use postern_store::trusted_origins::{self, OriginQuery, Taken, TrustedOrigin};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// Trusts an origin.
///
/// # Errors
/// 400 where its name or the origin is taken.
pub async fn create(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    draft: &OriginDraft,
) -> Result<TrustedOrigin, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let id = match tx.insert_trusted_origin(draft, by.user().as_str(), &env)? {
            Ok(id) => id,
            Err(taken) => return Ok(Err(refused(taken))),
        };
        let made = named(tx, id.as_str())?;
        if let Ok(origin) = &made {
            record(tx, by, EventType::TrustedOriginCreate, origin, &env)?;
        }
        Ok(made)
    });
    let made = made.await?;
    app.perimeter.forget();
    made
}

/// Makes another trusted origin of this one; whether it is active stays.
///
/// # Errors
/// 404 where there is none, 400 where the name or the origin is taken.
pub async fn replace(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    draft: &OriginDraft,
) -> Result<TrustedOrigin, ApiError> {
    change(app, by, which, EventType::TrustedOriginUpdate, |tx, origin, env| {
        tx.set_trusted_origin(origin.id, draft, by.user().as_str(), env.now)
    })
    .await
}

/// Has an origin be trusted, or not for now. To repeat it changes nothing.
///
/// # Errors
/// 404 where there is none.
pub async fn set_active(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    is_active: bool,
) -> Result<TrustedOrigin, ApiError> {
    let kind = if is_active { EventType::TrustedOriginActivate } else { EventType::TrustedOriginDeactivate };
    change(app, by, which, kind, |tx, origin, env| {
        tx.set_origin_status(origin.id, is_active, by.user().as_str(), env.now).map(|()| None)
    })
    .await
}

/// Trusts an origin no longer.
///
/// # Errors
/// 404 where there is none.
pub async fn delete(app: &App, by: &Allowed<right::TrustedOriginsManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        let origin = match named(tx, which)? {
            Ok(origin) => origin,
            Err(refused) => return Ok(Err(refused)),
        };
        tx.delete_trusted_origin(origin.id, env.now)?;
        record(tx, by, EventType::TrustedOriginDelete, &origin, &env)?;
        Ok(Ok(()))
    });
    let deleted = deleted.await?;
    app.perimeter.forget();
    deleted
}

/// Trusted origins, one more than `limit` where there are more.
///
/// # Errors
/// Of the database.
pub async fn list(
    app: &App,
    by: &Allowed<right::TrustedOriginsRead>,
    query: &OriginQuery,
    limit: u32,
) -> Result<Vec<TrustedOrigin>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.trusted_origins(query, limit.saturating_add(1))).await?)
}

/// One trusted origin.
///
/// # Errors
/// 404 where there is none.
pub async fn origin(
    app: &App,
    by: &Allowed<right::TrustedOriginsRead>,
    which: &str,
) -> Result<TrustedOrigin, ApiError> {
    app.store.read(by.org, |tx| named(tx, which)).await?
}

async fn change(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    kind: EventType,
    act: impl Fn(&mut Tx<'_>, &TrustedOrigin, &Env) -> Result<Option<Taken>, Error>,
) -> Result<TrustedOrigin, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        let origin = match named(tx, which)? {
            Ok(origin) => origin,
            Err(refused) => return Ok(Err(refused)),
        };
        let is_so = match kind {
            EventType::TrustedOriginActivate => origin.is_active,
            EventType::TrustedOriginDeactivate => !origin.is_active,
            _ => false,
        };
        if is_so {
            return Ok(Ok(origin));
        }
        if let Some(taken) = act(tx, &origin, &env)? {
            return Ok(Err(refused(taken)));
        }
        record(tx, by, kind, &origin, &env)?;
        named(tx, which)
    });
    let changed = changed.await?;
    app.perimeter.forget();
    changed
}

fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<TrustedOrigin, ApiError>, Error> {
    let found = match which.parse::<Id<TrustedOriginKind>>() {
        Ok(id) => tx.trusted_origin(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<TrustedOriginKind>(which)))
}

fn record(tx: &mut Tx<'_>, by: &Caller, kind: EventType, origin: &TrustedOrigin, env: &Env) -> Result<(), Error> {
    let target = Target::new("TrustedOrigin", origin.id, origin.origin.as_str(), origin.name.as_str());
    tx.record(&by.success(kind).target(target), env)
}

fn refused(taken: Taken) -> ApiError {
    let member = match taken {
        Taken::Name => "name",
        Taken::Origin => "origin",
    };
    let cause = format!("{member}: An object with this field already exists in the current organization");
    ApiError::validation(member, [cause])
}

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
