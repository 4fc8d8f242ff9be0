//! Zones over HTTP: shapes, handlers, routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::network::{AddressRange, RangeForm, SystemZone, Usage, ZoneDraft, ZoneName};
use postern_authn::permission::{Permission, right};
use postern_store::zones::{self, Zone};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// How many zones a page has.
const PAGE: u32 = 1000;

/// The routes of zones.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::NetworkZonesManage);
    let read = Access::Permission(Permission::NetworkZonesRead);
    Routes::new()
        .get("/api/v1/zones", read, get_zones)
        .post("/api/v1/zones", manage, post_zones)
        .get("/api/v1/zones/{zone}", read, get_zone)
        .put("/api/v1/zones/{zone}", manage, put_zone)
        .delete("/api/v1/zones/{zone}", manage, delete_zone)
        .post("/api/v1/zones/{zone}/lifecycle/activate", manage, activate_zone)
        .post("/api/v1/zones/{zone}/lifecycle/deactivate", manage, deactivate_zone)
}

/// A zone as answers have it.
pub fn shown(app: &App, zone: &Zone) -> Value {
    let path = format!("/api/v1/zones/{}", zone.id);
    let is_own = zone.system.is_none();
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to_if(is_own && zone.is_active, "deactivate", "POST", format!("{path}/lifecycle/deactivate"))
        .to_if(is_own && !zone.is_active, "activate", "POST", format!("{path}/lifecycle/activate"));
    json!({
        "type": "IP",
        "id": zone.id,
        "name": zone.name.as_str(),
        "status": if zone.is_active { "ACTIVE" } else { "INACTIVE" },
        "usage": zone.usage.as_str(),
        "system": zone.system.is_some(),
        "gateways": zone.gateways,
        "proxies": zone.proxies,
        "created": hal::time(zone.created_at),
        "lastUpdated": hal::time(zone.updated_at),
        "_links": Value::from(links),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ZoneBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    usage: Option<String>,
    status: Option<String>,
    gateways: Option<Vec<RangeBody>>,
    proxies: Option<Vec<RangeBody>>,
    use_as_exempt_list: Option<bool>,
}

#[derive(Deserialize)]
struct RangeBody {
    #[serde(rename = "type")]
    form: Option<String>,
    value: Option<String>,
}

/// A draft, and whether the zone is to count where the body says so.
type Parsed = (ZoneDraft, Option<bool>);

impl ZoneBody {
    fn parse(self) -> Result<Parsed, ApiError> {
        match self.kind.as_deref() {
            Some("IP") => {}
            Some("DYNAMIC" | "DYNAMIC_V2") => {
                let cause = "type: a zone of places, networks or kinds of proxies needs data about addresses that this \
                             server does not have: use type IP";
                return Err(ApiError::validation("type", [cause]));
            }
            Some(_) => return Err(ApiError::validation("type", ["type: must be IP"])),
            None => return Err(ApiError::validation("type", ["type: The field cannot be left blank"])),
        }
        let name = self.name.ok_or_else(|| ApiError::validation("name", ["name: The field cannot be left blank"]))?;
        let name: ZoneName = name.parse().map_err(|wrong| ApiError::validation("name", [format!("{wrong}")]))?;
        let usage = match self.usage.as_deref() {
            None => Usage::Policy,
            Some(word) => {
                word.parse().map_err(|()| ApiError::validation("usage", ["usage: must be POLICY or BLOCKLIST"]))?
            }
        };
        let is_active = match self.status.as_deref() {
            None => None,
            Some("ACTIVE") => Some(true),
            Some("INACTIVE") => Some(false),
            Some(_) => return Err(ApiError::validation("status", ["status: must be ACTIVE or INACTIVE"])),
        };
        if name == ZoneName::from(SystemZone::ExemptIp) && self.use_as_exempt_list != Some(true) {
            let cause = "useAsExemptList: must be true: no blocklist shuts out the addresses of this zone";
            return Err(ApiError::validation("useAsExemptList", [cause]));
        }
        let (gateways, proxies) = (ranges("gateways", self.gateways)?, ranges("proxies", self.proxies)?);
        let draft = ZoneDraft::new(name, usage, gateways, proxies);
        Ok((draft.map_err(|wrong| ApiError::validation("zone", [wrong.to_string()]))?, is_active))
    }
}

/// Every wrong range is named, the first hundred at least.
fn ranges(member: &str, bodies: Option<Vec<RangeBody>>) -> Result<Vec<AddressRange>, ApiError> {
    let (mut ranges, mut wrong) = (Vec::new(), Vec::new());
    for RangeBody { form, value } in bodies.unwrap_or_default() {
        let form = match form.as_deref() {
            Some("CIDR") => RangeForm::Cidr,
            Some("RANGE") => RangeForm::Range,
            _ => {
                wrong.push(format!("{member}: type must be CIDR or RANGE"));
                continue;
            }
        };
        match AddressRange::parse(form, &value.unwrap_or_default()) {
            Ok(range) => ranges.push(range),
            Err(bad) => wrong.push(format!("{member}: {bad}")),
        }
    }
    wrong.truncate(100);
    if wrong.is_empty() { Ok(ranges) } else { Err(ApiError::validation(member, wrong)) }
}

async fn get_zones(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::NetworkZonesRead>(&app).await?;
    let query = query?;
    // Okta's default is -1: as many as there are.
    let limit = query.get::<i64>("limit")?.filter(|limit| *limit > 0);
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(PAGE).min(PAGE);
    let condition = query.condition(zones::ATTRIBUTES)?;
    let found = super::list(&app, &by, condition, query.get("after")?, limit).await?;
    Ok(Page::of(&app, &query, (found, limit), |zone| zone.id.to_string(), |zone| shown(&app, zone)))
}

async fn post_zones(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<ZoneBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::NetworkZonesManage>(&app).await?;
    let (draft, is_active) = body?.0.parse()?;
    Ok(Json(shown(&app, &super::create(&app, &by, &draft, is_active.unwrap_or(true)).await?)))
}

async fn get_zone(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::NetworkZonesRead>(&app).await?;
    Ok(Json(shown(&app, &super::zone(&app, &by, &which.0).await?)))
}

async fn put_zone(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<ZoneBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::NetworkZonesManage>(&app).await?;
    let (draft, is_active) = body?.0.parse()?;
    Ok(Json(shown(&app, &super::replace(&app, &by, &which.0, &draft, is_active).await?)))
}

async fn delete_zone(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::NetworkZonesManage>(&app).await?;
    super::delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn activate_zone(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::NetworkZonesManage>(&app).await?;
    Ok(Json(shown(&app, &super::set_active(&app, &by, &which.0, true).await?)))
}

async fn deactivate_zone(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::NetworkZonesManage>(&app).await?;
    Ok(Json(shown(&app, &super::set_active(&app, &by, &which.0, false).await?)))
}
