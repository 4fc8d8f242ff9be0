//! What a person has enrolled: the password and their factors, as the API lists them; and the reset of every factor.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::audit::{Event, EventType};
use postern_authn::factor::Enrolled;
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::reset::{Line, Plan};
use postern_authn::token::Grant;
use postern_authn::user::User;
use postern_codes::Timestamp;
use postern_codes::id::Factor;
use postern_store::Error;
use serde_json::{Value, json};

use super::{Refusal, reached, refuse, seen, target};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::path::Path;
use crate::api::recovery_settings::RecoverySettings;
use crate::api::routes::{Access, Routes};
use crate::cases::RUNBOOK_RESET;
use crate::notices::account as notices;

/// Takes every factor from a person outside any recovery case, and all that one of them began: for programs whose token was
/// made for it, where the organisation does not forbid it. They keep their password and cannot pass a second step until
/// they enrol again.
///
/// # Errors
/// 403 without that grant; 404 for nobody; 403 for somebody above the caller, the caller, and the last super
/// administrator, who could not enter any more.
pub async fn reset_factors(app: &App, by: &Allowed<right::UsersResetFactors>, who: &str) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::FactorResetAll;
    let done = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if person.id == by.user() {
            return refuse(tx, by, kind, &person, Refusal::Oneself, &env);
        }
        let (settings, _) = tx.setting::<RecoverySettings>()?;
        if settings.forbids_reset_without_case || !by.has_grant(Grant::ResetWithoutCase.as_str()) {
            return refuse(tx, by, kind, &person, Refusal::NeedsCase, &env);
        }
        if tx.is_last_super(person.id)? {
            return refuse(tx, by, kind, &person, Refusal::LastSuper, &env);
        }
        let plan = tx.reset_factors(person.id, env.now)?;
        let event = by.success(kind).target(target(&person));
        let event = event.detail("runbook", RUNBOOK_RESET).detail("outsideCase", "true");
        tx.record(&with_plan(event, &plan), &env)?;
        notices::factors_reset(tx, &app.config, &person, &env)?;
        Ok(Ok(()))
    });
    done.await?
}

/// An event of a reset with what it ended.
pub fn with_plan(event: Event, plan: &Plan) -> Event {
    let told = |event: Event, (line, count): (Line, u64)| event.detail(line.as_str(), count.to_string());
    plan.lines().fold(event.detail("factors", plan.kinds()), told)
}

/// The routes.
pub(super) fn routes() -> Routes {
    let read = Access::Permission(Permission::UsersRead);
    Routes::new().get("/api/v1/users/{who}/authenticator-enrollments", read, list).get(
        "/api/v1/users/{who}/authenticator-enrollments/{enrolment}",
        read,
        one,
    )
}

async fn list(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::UsersRead>(&app).await?;
    Ok(Json(all(&app, &by, &who.0).await?))
}

async fn one(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, enrolment)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersRead>(&app).await?;
    let found = all(&app, &by, &who).await?.into_iter().find(|shown| shown["id"] == enrolment.as_str());
    found.map(Json).ok_or_else(|| ApiError::not_found::<Factor>(&enrolment))
}

async fn all(app: &App, by: &Allowed<right::UsersRead>, who: &str) -> Result<Vec<Value>, ApiError> {
    let read = app.store.read(by.org, |tx| {
        let Some(person) = seen(tx, by, who)? else { return Ok(None) };
        let mut factors = tx.factors_of(person.id)?;
        factors.retain(|held| held.kind.factor().is_listed());
        Ok::<_, Error>(Some((person, factors)))
    });
    let found = read.await?;
    let (person, factors) = found.ok_or_else(|| ApiError::not_found::<postern_codes::id::User>(who))?;
    let password = person.password_changed_at.map(|at| password(app, &person, at));
    Ok(password.into_iter().chain(factors.iter().map(|held| factor(app, &person, held))).collect())
}

fn password(app: &App, person: &User, at: Timestamp) -> Value {
    // A person has one password, so its id follows from theirs.
    let id = format!("pwd{}", &person.id.as_str()[3..]);
    shown(app, person, (&id, "okta_password", "password", "Password"), (at, at))
}

fn factor(app: &App, person: &User, held: &Enrolled) -> Value {
    let (key, kind) = held.kind.factor().authenticator();
    let label = crate::console::people::capital(held.kind.factor().label());
    shown(app, person, (held.id.as_str(), key, kind, &label), (held.created_at, held.created_at))
}

fn shown(
    app: &App,
    person: &User,
    (id, key, kind, name): (&str, &str, &str, &str),
    (created, updated): (Timestamp, Timestamp),
) -> Value {
    let own = format!("/api/v1/users/{}", person.id);
    let links = Links::new(app).to("self", "GET", format!("{own}/authenticator-enrollments/{id}"));
    json!({
        "id": id,
        "key": key,
        "type": kind,
        "name": name,
        "status": "ACTIVE",
        "created": hal::time(created),
        "lastUpdated": hal::time(updated),
        "_links": Value::from(links.to("user", "GET", own)),
    })
}
