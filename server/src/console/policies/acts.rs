//! What is done to policies and rules: switched, moved, deleted.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::{Policy, Rule, Status};

use super::list::list;
use super::member::one;
use super::saying::refusal;
use super::{ADDRESS, found, list_address};
use crate::App;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::policies::{self, NewPolicy, NewRule};
use crate::api::routes::{Access, Routes};
use crate::console::form::Form;
use crate::console::page::page_with;
use crate::console::viewer::Viewer;

/// `activate`, `deactivate`, `delete` and `move` of policies and rules.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::PoliciesManage);
    Routes::new()
        .post("/admin/security/policies/{policy}/activate", manage, activate)
        .post("/admin/security/policies/{policy}/deactivate", manage, deactivate)
        .post("/admin/security/policies/{policy}/delete", manage, delete)
        .post("/admin/security/policies/{policy}/move", manage, shift)
        .post("/admin/security/policies/{policy}/rules/{rule}/activate", manage, activate_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/deactivate", manage, deactivate_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/delete", manage, delete_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}/move", manage, shift_rule)
}

async fn activate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_status(&app, &by, &id, Status::Active).await;
    after(&app, &viewer, &id, done).await
}

async fn deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_status(&app, &by, &id, Status::Inactive).await;
    after(&app, &viewer, &id, done).await
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (kind, _) = found(&app, &viewer, &id).await?;
    match policies::delete(&app, &by, &id).await {
        Ok(()) => Ok(Redirect::to(&list_address(kind)).into_response()),
        refused => after(&app, &viewer, &id, refused).await,
    }
}

async fn shift(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let to = wanted_place(&form)?;
    let wanted = |_, present: &Policy| Ok(NewPolicy { priority: Some(to), ..NewPolicy::of(present) });
    match policies::update(&app, &by, &id, wanted).await {
        Ok((kind, _)) => Ok(Redirect::to(&list_address(kind)).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            let (kind, _) = found(&app, &viewer, &id).await?;
            Ok(page_with(refused.status, list(&app, &viewer, kind, Some(refusal(&refused))).await?))
        }
        Err(refused) => Err(refused),
    }
}

fn wanted_place(form: &Form) -> Result<u32, ApiError> {
    let wrong = || ApiError::validation("to", ["to: is a whole number from 1"]);
    form.text("to").parse().ok().filter(|to| *to > 0).ok_or_else(wrong)
}

async fn activate_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_rule_status(&app, &by, (&of, &which), Status::Active).await;
    after(&app, &viewer, &of, done).await
}

async fn deactivate_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::set_rule_status(&app, &by, (&of, &which), Status::Inactive).await;
    after(&app, &viewer, &of, done).await
}

async fn delete_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let done = policies::delete_rule(&app, &by, (&of, &which)).await;
    after(&app, &viewer, &of, done).await
}

async fn shift_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let to = wanted_place(&form)?;
    let wanted = |_, present: &Rule| Ok(NewRule { priority: Some(to), ..NewRule::of(present) });
    let done = policies::update_rule(&app, &by, (&of, &which), wanted).await;
    after(&app, &viewer, &of, done.map(drop)).await
}

/// The page of the policy after an act: as it is now, or with what was refused above it.
async fn after(app: &App, viewer: &Viewer, of: &str, done: Result<(), ApiError>) -> Result<Response, ApiError> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{ADDRESS}/{of}")).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            Ok(page_with(refused.status, one(app, viewer, of, Some(refusal(&refused))).await?))
        }
        Err(refused) => Err(refused),
    }
}
