//! What can be done to an account beyond its plain steps: its password, its sessions, its end.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Lifecycle, Readiness, Status, User};
use postern_codes::Secret;
use postern_codes::id::User as UserKind;

use super::page::page;
use super::part::Act;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{people, person};
use crate::App;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Delivery};

/// The permissions that the acts, and to edit, need.
pub const NEEDED: &[Permission] = &[
    Permission::UsersActivate,
    Permission::UsersClearSessions,
    Permission::UsersCredentials,
    Permission::UsersDelete,
    Permission::UsersExpirePassword,
    Permission::UsersProfileManage,
    Permission::UsersResetPassword,
];

/// A password that is shown this once.
#[derive(Template)]
#[template(path = "console/person_temporary.html")]
pub struct Temporary {
    /// The frame.
    pub shell: Shell,
    /// Whose it is.
    pub name: String,
    /// Their page.
    pub back: String,
    /// The password.
    pub password: Secret<String>,
}

/// What the viewer may do to an account that stands so; `may` are the permissions that reach it.
pub fn acts(person: &User, may: &[Permission]) -> Vec<Act> {
    let act = |needed: Permission, step: &str, words: Text, effect: Text, is_dangerous| {
        may.contains(&needed).then(|| Act {
            words: words.with("person", person.name()),
            effect,
            address: format!("{}/{step}", people::address(person)),
            is_dangerous,
        })
    };
    let open = |step: Lifecycle, act: Option<Act>| act.filter(|_| step.is_open_to(person.status));
    let (in_force, has_password) = (person.status.is_in_force(), person.has_password());
    let acts = [
        open(
            Lifecycle::Reactivate(Readiness::Ready),
            act(
                Permission::UsersActivate,
                "reactivate",
                say("accounts-reactivate"),
                say("accounts-reactivate-effect"),
                false,
            ),
        ),
        open(
            Lifecycle::ExpirePassword,
            act(
                Permission::UsersExpirePassword,
                "expire-password",
                say("accounts-expire-password"),
                say("accounts-expire-password-effect"),
                false,
            ),
        )
        .filter(|_| has_password && person.status == Status::Active),
        open(
            Lifecycle::ResetPassword,
            act(
                Permission::UsersResetPassword,
                "reset-password",
                say("accounts-reset-password"),
                say("accounts-reset-password-effect"),
                true,
            ),
        )
        .filter(|_| in_force && person.status != Status::Recovery),
        open(
            Lifecycle::ExpirePassword,
            act(
                Permission::UsersCredentials,
                "temporary-password",
                say("accounts-temporary-password"),
                say("accounts-temporary-password-effect"),
                true,
            ),
        ),
        act(
            Permission::UsersClearSessions,
            "sign-out",
            say("accounts-sign-out"),
            say("accounts-sign-out-effect"),
            true,
        )
        .filter(|_| in_force),
        act(Permission::UsersDelete, "delete", say("accounts-delete"), say("accounts-delete-effect"), true)
            .filter(|_| person.status == Status::Deprovisioned),
    ];
    acts.into_iter().flatten().collect()
}

/// `/admin/people/ID/ACT`.
pub fn routes() -> Routes {
    let of = Access::Permission;
    Routes::new()
        .post("/admin/people/{person}/delete", of(Permission::UsersDelete), delete)
        .post("/admin/people/{person}/expire-password", of(Permission::UsersExpirePassword), expire)
        .post("/admin/people/{person}/reactivate", of(Permission::UsersActivate), reactivate)
        .post("/admin/people/{person}/reset-password", of(Permission::UsersResetPassword), reset)
        .post("/admin/people/{person}/sign-out", of(Permission::UsersClearSessions), sign_out)
        .post("/admin/people/{person}/temporary-password", of(Permission::UsersCredentials), temporary)
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersDelete>(&app).await?;
    // The page offers it for accounts that have ended; another that was ended meanwhile is not ended here.
    let is_ended = app.store.read(by.org, |tx| Ok(users::seen(tx, &by, &id)?.map(|person| person.status))).await?;
    match is_ended {
        None => return Err(ApiError::not_found::<UserKind>(&id)),
        Some(Status::Deprovisioned) => users::remove(&app, &by, &id, false).await.map(drop)?,
        Some(_) => return Ok(Redirect::to(&format!("/admin/people/{id}")).into_response()),
    }
    Ok(Redirect::to("/admin/people").into_response())
}

async fn expire(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersExpirePassword>(&app).await?;
    users::expire(&app, &by, &id).await?;
    Ok(person::done(&id, "expire-password"))
}

async fn reactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersActivate>(&app).await?;
    users::reactivate(&app, &by, &id, Delivery::Mailed).await?;
    Ok(person::done(&id, "reactivate"))
}

async fn reset(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersResetPassword>(&app).await?;
    users::reset(&app, &by, &id, (Delivery::Mailed, true)).await?;
    Ok(person::done(&id, "reset-password"))
}

async fn sign_out(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersClearSessions>(&app).await?;
    users::sign_out(&app, &by, &id, true).await?;
    Ok(person::done(&id, "sign-out"))
}

async fn temporary(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersCredentials>(&app).await?;
    let password = users::expire_with_temporary(&app, &by, &id, true).await?;
    let person = users::found(&app, &by, &id).await?;
    let (name, back) = (person.name(), people::address(&person));
    Ok(page(Temporary { shell: viewer.shell(Place::People), name, back, password }))
}
