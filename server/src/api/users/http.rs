//! People over HTTP: what a request says, what an answer shows.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::password::NewPassword;
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Lifecycle, User};
use postern_codes::id::{Group, User as UserKind};
use postern_codes::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{NewPerson, Step, create, found, seen, sign_out, step, unlock, update};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::profile;
use crate::api::routes::{Access, Routes};

/// Most groups that a person can be put into when they are made.
const MOST_GROUPS: usize = 20;

/// A person as answers have them, with the links that their state allows.
pub fn shown(app: &App, person: &User, now: Timestamp) -> Value {
    let path = format!("/api/v1/users/{}", person.id);
    let lifecycle = |step: &str| format!("{path}/lifecycle/{step}");
    let may = |step: Lifecycle| step.apply(person.status).is_some();
    let links = Links::new(app)
        .to("self", "GET", &path)
        .to_if(may(Lifecycle::Activate), "activate", "POST", lifecycle("activate"))
        .to_if(may(Lifecycle::Deactivate), "deactivate", "POST", lifecycle("deactivate"))
        .to_if(may(Lifecycle::Suspend), "suspend", "POST", lifecycle("suspend"))
        .to_if(may(Lifecycle::Unsuspend), "unsuspend", "POST", lifecycle("unsuspend"))
        .to_if(person.lock(now).is_some(), "unlock", "POST", lifecycle("unlock"));
    json!({
        "id": person.id,
        "status": person.shown_status(now),
        "created": hal::time(person.created_at),
        "activated": person.activated_at.map(hal::time),
        "statusChanged": person.status_changed_at.map(hal::time),
        "lastLogin": person.last_login_at.map(hal::time),
        "lastUpdated": hal::time(person.updated_at),
        "passwordChanged": person.password_changed_at.map(hal::time),
        "profile": profile::shown(&person.login, &person.profile),
        "credentials": { "provider": { "type": "OKTA", "name": "OKTA" } },
        "_links": Value::from(links),
    })
}

/// The routes of people.
pub fn routes() -> Routes {
    let of = Access::Permission;
    Routes::new()
        .get("/api/v1/users", of(Permission::UsersRead), super::list::get_users)
        .post("/api/v1/users", of(Permission::UsersCreate), post_users)
        .get("/api/v1/users/{who}", Access::SignedIn, get_user)
        .post("/api/v1/users/{who}", of(Permission::UsersProfileManage), post_user)
        .put("/api/v1/users/{who}", of(Permission::UsersProfileManage), put_user)
        .post(
            "/api/v1/users/{who}/lifecycle/activate",
            of(Permission::UsersActivate),
            post_step::<right::UsersActivate>,
        )
        .post(
            "/api/v1/users/{who}/lifecycle/deactivate",
            of(Permission::UsersDeactivate),
            post_step::<right::UsersDeactivate>,
        )
        .post("/api/v1/users/{who}/lifecycle/suspend", of(Permission::UsersSuspend), post_step::<right::UsersSuspend>)
        .post("/api/v1/users/{who}/lifecycle/unlock", of(Permission::UsersUnlock), post_unlock)
        .post(
            "/api/v1/users/{who}/lifecycle/unsuspend",
            of(Permission::UsersUnsuspend),
            post_step::<right::UsersUnsuspend>,
        )
        .delete("/api/v1/users/{who}/sessions", of(Permission::UsersClearSessions), delete_sessions)
}

#[derive(Deserialize)]
struct PersonBody {
    profile: Map<String, Value>,
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default, rename = "groupIds")]
    group_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Credentials {
    password: Option<PasswordBody>,
}

#[derive(Deserialize)]
struct PasswordBody {
    value: Option<Secret<String>>,
}

impl PersonBody {
    fn parse(self, activate: bool) -> Result<NewPerson, ApiError> {
        let (login, profile) = profile::read(&self.profile)?;
        let names = [login.as_str(), &profile.first_name, &profile.last_name];
        let password = self.credentials.and_then(|credentials| credentials.password?.value);
        let password = password.map(|password| NewPassword::judge(password, &names)).transpose();
        let password = password.map_err(|weak| ApiError::validation("password", [format!("password: {weak}")]))?;
        if self.group_ids.len() > MOST_GROUPS {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000093", "Target count limit exceeded"));
        }
        let group = |id: &String| id.parse().map_err(|_| ApiError::not_found::<Group>(id));
        let groups: Result<Vec<_>, _> = self.group_ids.iter().map(group).collect();
        Ok(NewPerson { login, profile, password, activate, groups: groups? })
    }
}

async fn post_users(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
    body: Result<Json<PersonBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersCreate>(&app).await?;
    let activate = query?.get("activate")?.unwrap_or(true);
    let person = create(&app, &by, body?.0.parse(activate)?).await?;
    Ok(Json(shown(&app, &person, app.env().now)))
}

async fn get_user(app: State<Arc<App>>, caller: Caller, Path(who): Path<String>) -> Result<Json<Value>, ApiError> {
    let is_own = who == "me" || who == caller.user().as_str() || who == caller.record.login;
    let person = if is_own {
        // A login may read like the id of somebody else.
        found(&app, &caller, "me").await?
    } else {
        let by = caller.require::<right::UsersRead>(&app).await?;
        let seen = app.store.read(by.org, |tx| seen(tx, &by, &who)).await?;
        seen.ok_or_else(|| ApiError::not_found::<UserKind>(&who))?
    };
    Ok(Json(shown(&app, &person, app.env().now)))
}

#[derive(Deserialize)]
struct ProfileBody {
    profile: Map<String, Value>,
    #[serde(default)]
    credentials: Option<Value>,
}

impl ProfileBody {
    fn parse(self) -> Result<Map<String, Value>, ApiError> {
        match self.credentials {
            None => Ok(self.profile),
            Some(_) => Err(ApiError::validation(
                "credentials",
                ["credentials: can be given only when a person is made; a password is set by its owner"],
            )),
        }
    }
}

async fn post_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    body: Result<Json<ProfileBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersProfileManage>(&app).await?;
    let members = body?.0.parse()?;
    let change = |mut present: Map<String, Value>| {
        present.extend(members.clone());
        present
    };
    let person = update(&app, &by, &who, change).await?;
    Ok(Json(shown(&app, &person, app.env().now)))
}

async fn put_user(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    body: Result<Json<ProfileBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersProfileManage>(&app).await?;
    let members = body?.0.parse()?;
    let person = update(&app, &by, &who, |_| members.clone()).await?;
    Ok(Json(shown(&app, &person, app.env().now)))
}

/// Done is `{}`: an empty body would break strict clients.
async fn post_step<R: Step>(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<R>(&app).await?;
    step(&app, &by, &who.0).await?;
    Ok(Json(json!({})))
}

async fn post_unlock(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::UsersUnlock>(&app).await?;
    unlock(&app, &by, &who.0).await?;
    Ok(Json(json!({})))
}

async fn delete_sessions(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::UsersClearSessions>(&app).await?;
    sign_out(&app, &by, &who.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
