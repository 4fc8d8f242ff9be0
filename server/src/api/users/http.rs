//! People over HTTP: what a request says, what an answer shows.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::action::Action;
use postern_authn::user::User;
use postern_codes::Timestamp;
use postern_codes::id::User as UserKind;
use serde_json::{Map, Value, json};

use super::body::{ChangeBody, ChangePasswordBody, Credentials, KeepBody, Making, PersonBody};
use super::shown::{blocks, credentials, shown};
use super::veil::Veil;
use super::{Change, Delivery, Expected, OneTimeLink, Removed, StepRight};
use crate::App;
use crate::account::Setter;
use crate::api::body::{self, Json};
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::recovery_cases;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::cases;

/// A person as the caller may see them.
async fn veiled(app: &App, by: &Caller, person: &User) -> Result<Value, ApiError> {
    let veil = Veil::of(app, by, std::slice::from_ref(person)).await?;
    Ok(veil.over(person.id, shown(app, person, app.env().now)))
}

/// The routes of people.
pub fn routes() -> Routes {
    let of = Access::Permission;
    let (credentials, profile) = (of(Permission::UsersCredentials), of(Permission::UsersProfileManage));
    let (activation, resetting) = (of(Permission::UsersActivate), of(Permission::UsersResetPassword));
    Routes::new()
        .get("/api/v1/users", of(Permission::UsersRead), super::list::get_users)
        .post("/api/v1/users", of(Permission::UsersCreate), post_users)
        .post("/api/v1/users/me/lifecycle/delete_sessions", Access::SignedIn, delete_own_sessions)
        .get("/api/v1/users/{who}", Access::SignedIn, get_user)
        .post("/api/v1/users/{who}", profile, post_user)
        .put("/api/v1/users/{who}", profile, put_user)
        .delete("/api/v1/users/{who}", of(Permission::UsersDelete), delete_user)
        .get("/api/v1/users/{who}/blocks", of(Permission::UsersRead), get_blocks)
        .post("/api/v1/users/{who}/credentials/change_password", Access::SignedIn, change_password)
        .post("/api/v1/users/{who}/credentials/change_recovery_question", Access::SignedIn, change_question)
        .post("/api/v1/users/{who}/credentials/forgot_password", resetting, forgot)
        .post("/api/v1/users/{who}/credentials/forgot_password_recovery_question", credentials, forgot_with_answer)
        .post("/api/v1/users/{who}/lifecycle/activate", activation, activate)
        .post("/api/v1/users/{who}/lifecycle/deactivate", of(Permission::UsersDeactivate), deactivate)
        .post("/api/v1/users/{who}/lifecycle/expire_password", of(Permission::UsersExpirePassword), expire)
        .post("/api/v1/users/{who}/lifecycle/expire_password_with_temp_password", credentials, expire_with_temporary)
        .post("/api/v1/users/{who}/lifecycle/reactivate", activation, reactivate)
        .post("/api/v1/users/{who}/lifecycle/reset_factors", of(Permission::UsersResetFactors), reset_factors)
        .post("/api/v1/users/{who}/lifecycle/reset_password", resetting, reset)
        .post("/api/v1/users/{who}/lifecycle/suspend", of(Permission::UsersSuspend), post_step::<right::UsersSuspend>)
        .post("/api/v1/users/{who}/lifecycle/unlock", of(Permission::UsersUnlock), unlock)
        .post(
            "/api/v1/users/{who}/lifecycle/unsuspend",
            of(Permission::UsersUnsuspend),
            post_step::<right::UsersUnsuspend>,
        )
        .delete("/api/v1/users/{who}/sessions", of(Permission::UsersClearSessions), delete_sessions)
        .merge(super::enrolments::routes())
}

async fn post_users(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
    body: Result<Json<PersonBody>, ApiError>,
) -> Result<Response, ApiError> {
    let by = caller.require::<right::UsersCreate>(&app).await?;
    let query = query?;
    // Whether a provider is named is checked where the credentials are.
    query.get::<bool>("provider")?;
    let activate = query.get("activate")?.unwrap_or(true);
    let must_change = match query.text("nextLogin") {
        None => false,
        Some("changePassword") => true,
        Some(_) => return Err(ApiError::validation("nextLogin", ["nextLogin: is not of its form"])),
    };
    let person = body?.0.parse(&Making { activate, must_change })?;
    let made = to_the_end({
        let app = Arc::clone(&app);
        async move { super::create(&app, &by, person).await }
    });
    Ok(whole(&app, &made.await?))
}

async fn get_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Response, ApiError> {
    let with_blocks = query.map(|query| query.text("expand") == Some("blocks"));
    let (org, now) = (caller.org, app.env().now);
    let (person, mut answer) = if is_own(&caller, &who) {
        // A login may read like the id of somebody else.
        let person = super::found(&app, &caller, "me").await?;
        let answer = shown(&app, &person, now);
        (person, answer)
    } else {
        let by = caller.require::<right::UsersRead>(&app).await?;
        let person = seen(&app, &by, &who).await?;
        let answer = veiled(&app, &by, &person).await?;
        (person, answer)
    };
    let with_blocks = with_blocks?;
    if with_blocks {
        let found = app.store.read(org, |tx| tx.blocks_of(&person, now)).await?;
        answer["_embedded"] = json!({ "blocks": blocks(&found) });
    }
    Ok(([(header::ETAG, tag(&person))], Json(answer)).into_response())
}

async fn get_blocks(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::UsersRead>(&app).await?;
    let person = seen(&app, &by, &who.0).await?;
    let now = app.env().now;
    let found = app.store.read(by.org, |tx| tx.blocks_of(&person, now)).await?;
    Ok(Json(blocks(&found)))
}

async fn post_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    asked: (Result<Query, ApiError>, HeaderMap),
    body: Result<Json<ChangeBody>, ApiError>,
) -> Result<Response, ApiError> {
    let merge = |mut present: Map<String, Value>, members: &Map<String, Value>| {
        present.extend(members.clone());
        present
    };
    change(app, caller, who, asked, body, merge).await
}

async fn put_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    asked: (Result<Query, ApiError>, HeaderMap),
    body: Result<Json<ChangeBody>, ApiError>,
) -> Result<Response, ApiError> {
    change(app, caller, who, asked, body, |_, members| members.clone()).await
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    who: String,
    (query, headers): (Result<Query, ApiError>, HeaderMap),
    body: Result<Json<ChangeBody>, ApiError>,
    join: impl Fn(Map<String, Value>, &Map<String, Value>) -> Map<String, Value> + Send + Sync + 'static,
) -> Result<Response, ApiError> {
    let by = caller.require::<right::UsersProfileManage>(&app).await?;
    let is_strict = query?.get::<bool>("strict")?.unwrap_or(false);
    let setter = if is_strict { Setter::Recovery } else { Setter::Administrator };
    let expected = expected(&headers)?;
    let ChangeBody { profile, credentials } = body?.0;
    let credentials = credentials.unwrap_or_default();
    if credentials.are_given() {
        by.caller().clone().require::<right::UsersCredentials>(&app).await?;
    }
    let owner = super::found(&app, &by, &who).await?;
    let (secret, question) = credentials.parse()?;
    let profile = profile.map(|members| move |present: Map<String, Value>| join(present, &members));
    let caller = by.caller().clone();
    let changed = to_the_end({
        let app = Arc::clone(&app);
        let id = owner.id.to_string();
        async move { super::update(&app, &by, &id, Change { expected, profile, secret, setter, question }).await }
    });
    let person = changed.await?;
    Ok(([(header::ETAG, tag(&person))], Json(veiled(&app, &caller, &person).await?)).into_response())
}

async fn delete_user(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::UsersDelete>(&app).await?;
    let tell = query?.get("sendEmail")?.unwrap_or(false);
    match super::remove(&app, &by, &who.0, tell).await? {
        Removed::Deactivated | Removed::Deleted => Ok(StatusCode::NO_CONTENT),
    }
}

async fn activate(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersActivate>(&app).await?;
    let delivery = delivery(&app, &by, (&who.0, &query?), Some(true)).await?;
    Ok(activation(super::activate(&app, &by, &who.0, delivery).await?))
}

async fn reactivate(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersActivate>(&app).await?;
    let delivery = delivery(&app, &by, (&who.0, &query?), Some(false)).await?;
    Ok(activation(super::reactivate(&app, &by, &who.0, delivery).await?))
}

async fn deactivate(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersDeactivate>(&app).await?;
    let tell = query?.get("sendEmail")?.unwrap_or(false);
    super::step(&app, &by, &who.0, tell).await?;
    Ok(done())
}

async fn post_step<R: StepRight>(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<R>(&app).await?;
    super::step(&app, &by, &who.0, false).await?;
    Ok(done())
}

async fn unlock(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersUnlock>(&app).await?;
    super::unlock(&app, &by, &who.0).await?;
    Ok(done())
}

async fn expire(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Response, ApiError> {
    let by = caller.require::<right::UsersExpirePassword>(&app).await?;
    Ok(whole(&app, &super::expire(&app, &by, &who.0).await?))
}

async fn expire_with_temporary(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersCredentials>(&app).await?;
    let revoke = query?.get("revokeSessions")?.unwrap_or(false);
    let temporary = super::expire_with_temporary(&app, &by, &who.0, revoke).await?;
    Ok(Json(json!({ "tempPassword": temporary.expose() })))
}

async fn reset(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersResetPassword>(&app).await?;
    let query = query?;
    let revoke = query.get("revokeSessions")?.unwrap_or(false);
    let delivery = delivery(&app, &by, (&who.0, &query), None).await?;
    Ok(recovery(super::reset(&app, &by, &who.0, (delivery, revoke)).await?))
}

/// In a case that is named, or outside any.
async fn reset_factors(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let query = query?;
    let Some(which) = query.text("caseId") else {
        let by = caller.require::<right::UsersResetFactors>(&app).await?;
        super::reset_factors(&app, &by, &who.0).await?;
        return Ok(done());
    };
    let by = caller.require::<right::CasesManage>(&app).await?;
    let text = |name: &str| query.text(name).unwrap_or_default().to_owned();
    let request = cases::Request {
        action: Action::ResetFactors,
        reason: text("reason"),
        ticket: text("ticket"),
        why_not_codes: text("whyNotCodes"),
        factor: None,
    };
    Ok(match cases::reset_of(&app, &by, (&who.0, which), &request).await? {
        cases::Gained::Ticket(ticket) => Json(json!({ "ticket": recovery_cases::of_ticket(&ticket) })),
        cases::Gained::Codes(_) | cases::Gained::Nothing | cases::Gained::Password(_) => done(),
    })
}

async fn forgot(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersResetPassword>(&app).await?;
    let delivery = delivery(&app, &by, (&who.0, &query?), Some(true)).await?;
    Ok(recovery(super::forgot(&app, &by, &who.0, delivery).await?))
}

async fn forgot_with_answer(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    body: Result<Json<Credentials>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersCredentials>(&app).await?;
    let (new, answer) = body?.0.password_and_answer()?;
    let (app, who) = (Arc::clone(&app), who.0);
    to_the_end(async move {
        let person = super::forgot_with_answer(&app, &by, &who, (answer, new)).await?;
        Ok(Json(credentials(&person)))
    })
    .await
}

async fn change_password(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    query: Result<Query, ApiError>,
    body: Result<Json<ChangePasswordBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let (by, who) = owner_or_manager(&app, caller, who).await?;
    query?.get::<bool>("strict")?;
    let change = body?.0.parse()?;
    let app = Arc::clone(&app);
    to_the_end(async move {
        let person = super::change_password(&app, &by, &who, change).await?;
        Ok(Json(credentials(&person)))
    })
    .await
}

async fn change_question(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    body: Result<Json<Credentials>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let (by, who) = owner_or_manager(&app, caller, who).await?;
    let given = body?.0.password_and_question()?;
    let app = Arc::clone(&app);
    to_the_end(async move {
        let person = super::change_question(&app, &by, &who, given).await?;
        Ok(Json(credentials(&person)))
    })
    .await
}

async fn delete_sessions(
    app: State<Arc<App>>,
    caller: Caller,
    who: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::UsersClearSessions>(&app).await?;
    let query = query?;
    query.get::<bool>("oauthTokens")?;
    let forgets_browsers = query.get("forgetDevices")?.unwrap_or(true);
    super::sign_out(&app, &by, &who.0, forgets_browsers).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_own_sessions(
    app: State<Arc<App>>,
    caller: Caller,
    request: axum::extract::Request,
) -> Result<Json<Value>, ApiError> {
    let bytes = body::bytes(request, &()).await?;
    let kept = if bytes.is_empty() { true } else { body::parse::<KeepBody>(&bytes)?.keep_current };
    super::sign_out_oneself(&app, &caller, kept).await?;
    Ok(done())
}

/// Done is `{}`: an empty body would break strict clients.
fn done() -> Json<Value> {
    Json(json!({}))
}

fn activation(link: Option<OneTimeLink>) -> Json<Value> {
    Json(
        link.map_or_else(
            || json!({}),
            |link| json!({ "activationUrl": link.url, "activationToken": link.token.expose() }),
        ),
    )
}

fn recovery(link: Option<OneTimeLink>) -> Json<Value> {
    Json(link.map_or_else(|| json!({}), |link| json!({ "resetPasswordUrl": link.url })))
}

/// Whether a link is mailed, by `sendEmail`. To be shown it the caller must be one who may do everything with
/// credentials: whoever has it chooses the password.
async fn delivery(
    app: &App,
    by: &Caller,
    (who, query): (&str, &Query),
    default: Option<bool>,
) -> Result<Delivery, ApiError> {
    let given = query.get("sendEmail")?.or(default);
    let missing = || ApiError::validation("sendEmail", ["sendEmail: The field cannot be left blank"]);
    if given.ok_or_else(missing)? {
        return Ok(Delivery::Mailed);
    }
    super::found(app, by, who).await?;
    by.clone().require::<right::UsersCredentials>(app).await?;
    Ok(Delivery::Shown)
}

/// Whoever acts on themselves, or may do everything with credentials; and whom they act on.
async fn owner_or_manager(app: &App, caller: Caller, who: String) -> Result<(Caller, String), ApiError> {
    if is_own(&caller, &who) {
        return Ok((caller, "me".to_owned()));
    }
    let by = caller.require::<right::UsersCredentials>(app).await?;
    Ok((by.caller().clone(), who))
}

async fn seen(app: &App, by: &Allowed<right::UsersRead>, who: &str) -> Result<User, ApiError> {
    let seen = app.store.read(by.org, |tx| super::seen(tx, by, who)).await?;
    seen.ok_or_else(|| ApiError::not_found::<UserKind>(who))
}

fn is_own(caller: &Caller, who: &str) -> bool {
    who == "me" || who == caller.user().as_str() || who == caller.record.login
}

/// A person with the tag of this state of theirs.
fn whole(app: &App, person: &User) -> Response {
    let now: Timestamp = app.env().now;
    ([(header::ETAG, tag(person))], Json(shown(app, person, now))).into_response()
}

fn tag(person: &User) -> String {
    format!("\"{}\"", person.version)
}

/// What `If-Match` says: no header and `*` are any state, a tag that is none of ours is a state that nobody is in.
fn expected(headers: &HeaderMap) -> Result<Expected, ApiError> {
    let mut versions = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        let text = value.to_str().map_err(|_| ApiError::validation("If-Match", ["If-Match: is not of its form"]))?;
        for tag in text.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Expected::Any);
            }
            let bare = tag.strip_prefix("W/").unwrap_or(tag);
            let version = bare.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).unwrap_or(bare).parse();
            versions.push(version.unwrap_or(-1));
        }
    }
    Ok(if versions.is_empty() { Expected::Any } else { Expected::Versions(versions) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Expected {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        expected(&headers).unwrap()
    }

    #[test]
    fn a_tag_names_a_version_and_nothing_names_any() {
        assert_eq!(of(&[]), Expected::Any);
        assert_eq!(of(&["*"]), Expected::Any);
        assert_eq!(of(&["\"3\""]), Expected::Versions(vec![3]));
        assert_eq!(of(&["W/\"3\", \"4\"", "5"]), Expected::Versions(vec![3, 4, 5]));
        assert_eq!(of(&["\"somebody else's\""]), Expected::Versions(vec![-1]));
        assert_eq!(of(&[""]), Expected::Versions(vec![-1]));
    }
}
