//! Which factors an organisation allows at all. What is not allowed is neither offered nor enrolled, and proves nobody;
//! what was enrolled stays, and counts again when it is allowed again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::factor::webauthn::Demands;
use postern_authn::factor::{Kind, Provider, org_factors};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::PolicyType;
use postern_authn::policy::enroll::{EnrollSettings, Enrolment};
use postern_store::factors::OrgFactors;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::Links;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

type Named = (Kind, &'static Provider);

/// Allows a factor, or not any more. To repeat it changes nothing.
///
/// # Errors
/// 404 for no factor; 403 for one that a policy wants or has no other than, and for the caller's last.
pub async fn set(
    app: &App,
    by: &Allowed<right::OrgManage>,
    (kind, provider): Named,
    is_allowed: bool,
) -> Result<OrgFactors, ApiError> {
    let env = app.env();
    let event = if is_allowed { EventType::OrgFactorActivate } else { EventType::OrgFactorDeactivate };
    let target = Target::new("AuthenticatorEnrollment", provider.org_factor, "", kind.factor().label());
    let done = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let (mut allowed, _) = tx.setting::<OrgFactors>()?;
        if allowed.allows(provider) == is_allowed {
            return Ok(Ok(allowed));
        }
        allowed.0.insert(provider.org_factor.to_owned(), is_allowed);
        let refused = if is_allowed { None } else { hindrance(tx, by, &allowed, kind)? };
        if let Some((code, refused)) = refused {
            tx.record(&by.failure(event, code).target(target.clone()), &env)?;
            return Ok(Err(refused));
        }
        tx.put_setting(&allowed, env.now)?;
        tx.record(&by.success(event).target(target.clone()), &env)?;
        Ok(Ok(allowed))
    });
    done.await?
}

/// Why a factor must go on being allowed, where these were all.
fn hindrance(
    tx: &mut Tx<'_>,
    by: &Caller,
    after: &OrgFactors,
    kind: Kind,
) -> Result<Option<(&'static str, ApiError)>, Error> {
    let is_left = |kind: Kind| kind.factor().providers().iter().any(|provider| after.allows(provider));
    // A policy whose people must have it, or could have no other.
    let wants = |settings: &EnrollSettings| match settings.of(kind) {
        Enrolment::NotAllowed => false,
        Enrolment::Required => true,
        Enrolment::Optional => {
            !org_factors().any(|(other, _)| is_left(other) && settings.of(other) != Enrolment::NotAllowed)
        }
    };
    let policies = tx.policies(PolicyType::MfaEnroll)?;
    let wanting = policies.iter().find(|policy| policy.settings.enroll().is_some_and(wants));
    if let (Some(policy), false) = (wanting, is_left(kind)) {
        let summary = format!(
            "Cannot modify/disable this authenticator because it is enabled in one or more policies. {}",
            policy.name
        );
        let refused = ApiError::new(StatusCode::FORBIDDEN, "E0000148", summary);
        return Ok(Some(("in_use", refused.cause("have the policy allow another factor first"))));
    }
    let own = tx.factors_of(by.user())?;
    let mut listed = own.iter().filter(|factor| factor.kind.factor().is_listed()).peekable();
    if listed.peek().is_some() && !listed.any(|factor| after.allows_factor(factor)) {
        let refused = ApiError::forbidden().cause("you would shut yourself out: none of your factors would count");
        return Ok(Some(("own_factor", refused)));
    }
    Ok(None)
}

/// Sets what is demanded of the devices that people enrol as passkeys.
///
/// # Errors
/// 400 for what nobody could meet.
pub async fn set_demands(app: &App, by: &Allowed<right::OrgManage>, demands: &Demands) -> Result<(), ApiError> {
    let faults = demands.faults();
    if !faults.is_empty() {
        return Err(ApiError::validation("settings", faults));
    }
    let env = app.env();
    let event = by.success(EventType::OrgFactorUpdate);
    let event = event.target(Target::new("AuthenticatorEnrollment", "fido_webauthn", "", "passkey"));
    let event = event
        .detail("attestation", json!(demands.attestation).as_str().unwrap_or_default())
        .detail("userVerification", json!(demands.user_verification).as_str().unwrap_or_default())
        .detail("attestationRoots", demands.attestation_roots.len().to_string());
    let set = app.store.write(by.org, |tx| {
        tx.record(&event, &env)?;
        tx.put_setting(demands, env.now).map(drop)
    });
    Ok(set.await?)
}

/// The routes.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::OrgRead), Access::Permission(Permission::OrgManage));
    Routes::new()
        .get("/api/v1/org/factors", read, list)
        .get("/api/v1/org/factors/{name}", read, one)
        .put("/api/v1/org/factors/{name}", manage, put)
        .post("/api/v1/org/factors/{name}/lifecycle/activate", manage, activate)
        .post("/api/v1/org/factors/{name}/lifecycle/deactivate", manage, deactivate)
}

/// A name in a path that is no factor's: of the kind that "not found" answers name.
fn named(name: &str) -> Result<Named, ApiError> {
    org_factors().find(|(_, provider)| provider.org_factor == name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ApiError {
    ApiError::not_found::<postern_codes::id::Factor>(name)
}

fn shown(app: &App, (kind, provider): Named, allowed: &OrgFactors, demands: &Demands) -> Value {
    let is_allowed = allowed.allows(provider);
    let path = format!("/api/v1/org/factors/{}", provider.org_factor);
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to_if(!is_allowed, "activate", "POST", format!("{path}/lifecycle/activate"))
        .to_if(is_allowed, "deactivate", "POST", format!("{path}/lifecycle/deactivate"));
    let mut shown = json!({
        "id": provider.org_factor,
        "factorType": kind.as_str(),
        "provider": provider.name,
        "status": if is_allowed { "ACTIVE" } else { "INACTIVE" },
        "_links": Value::from(links),
    });
    if let Some(why) = provider.off_because {
        shown["note"] = why.into();
    }
    if kind == Kind::WebAuthn {
        shown["settings"] = json!(demands);
    }
    shown
}

async fn settings(app: &App, caller: &Caller) -> Result<(OrgFactors, Demands), ApiError> {
    Ok(app.store.read(caller.org, |tx| Ok((tx.setting()?.0, tx.setting()?.0))).await?)
}

async fn list(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    let query = query?;
    let wanted = match query.text("filter") {
        None => None,
        Some("status eq \"ACTIVE\"") => Some(true),
        Some("status eq \"INACTIVE\"") => Some(false),
        Some(_) => {
            let cause = "filter: only status eq \"ACTIVE\" and status eq \"INACTIVE\" are understood";
            return Err(ApiError::bad_search(cause));
        }
    };
    let (allowed, demands) = settings(&app, &by).await?;
    let all = org_factors().filter(|(_, own)| wanted.is_none_or(|wanted| allowed.allows(own) == wanted));
    Ok(Json(all.map(|named| shown(&app, named, &allowed, &demands)).collect()))
}

async fn one(app: State<Arc<App>>, caller: Caller, name: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    let found = named(&name.0)?;
    let (allowed, demands) = settings(&app, &by).await?;
    Ok(Json(shown(&app, found, &allowed, &demands)))
}

async fn change(app: &App, caller: Caller, name: &str, is_allowed: bool) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(app).await?;
    let found = named(name)?;
    let allowed = set(app, &by, found, is_allowed).await?;
    let (_, demands) = settings(app, &by).await?;
    Ok(Json(shown(app, found, &allowed, &demands)))
}

async fn activate(app: State<Arc<App>>, caller: Caller, name: Path<String>) -> Result<Json<Value>, ApiError> {
    change(&app, caller, &name.0, true).await
}

async fn deactivate(app: State<Arc<App>>, caller: Caller, name: Path<String>) -> Result<Json<Value>, ApiError> {
    change(&app, caller, &name.0, false).await
}

#[derive(Deserialize)]
struct SettingsBody {
    settings: Demands,
}

/// Only a passkey has settings.
async fn put(
    app: State<Arc<App>>,
    caller: Caller,
    name: Path<String>,
    body: Result<Json<SettingsBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let found = named(&name.0)?;
    if found.0 != Kind::WebAuthn {
        return Err(ApiError::validation("settings", ["settings: this factor has none"]));
    }
    set_demands(&app, &by, &body?.0.settings).await?;
    let (allowed, demands) = settings(&app, &by).await?;
    Ok(Json(shown(&app, found, &allowed, &demands)))
}
