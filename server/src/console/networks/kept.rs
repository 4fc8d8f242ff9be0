//! The steps by which something of networks is kept: made, changed, switched, deleted. A change is meant for what the form
//! showed; whoever comes second sees both.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::Right;
use serde::Serialize;

use super::sheet::sheet;
use crate::App;
use crate::api::path::Path;
use crate::api::policies::changed_meanwhile;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};
use crate::console::form::Form;
use crate::console::meanwhile;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Line, Link, Notice, Ticks};
use crate::console::part_page::Taking;
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::Text;

/// What is to be mended, field by field.
pub type Wrong = Vec<(&'static str, Text)>;

/// The addresses of a kind: below its list, and below the page of one.
pub struct Addresses {
    /// Where another one is made.
    pub new: &'static str,
    /// The page of one.
    pub one: &'static str,
    /// Has it count.
    pub activate: &'static str,
    /// Has it not count.
    pub deactivate: &'static str,
    /// Deletes it.
    pub delete: &'static str,
}

/// The words of a kind.
pub struct Words {
    /// What they are.
    pub lead: Text,
    /// The title of the form for another one.
    pub new: Text,
    /// The button that deletes one.
    pub delete: Text,
    /// What that means.
    pub delete_about: Text,
}

/// Something that is kept.
pub trait Kept: Send + Sync + Sized + 'static {
    /// What lets somebody see it.
    type Read: Right;
    /// What lets somebody change it.
    type Manage: Right;
    /// What its form holds.
    type Typed: Serialize + Send + Sync;
    /// What is asked of the API.
    type Draft: Clone + Send + Sync;
    /// Its list.
    const LIST: &'static str;
    /// Its addresses.
    const ADDRESSES: Addresses;

    /// The ways to its list.
    fn crumbs() -> Vec<Link>;
    /// Its words.
    fn words() -> Words;
    /// What the form of a new one holds.
    fn new() -> Self::Typed;
    /// What was typed; what is fixed stays.
    fn read(form: &Form, present: Option<&Self>) -> Self::Typed;
    /// What was typed as the API takes it.
    fn draft(typed: &Self::Typed, present: Option<&Self>) -> Result<Self::Draft, Wrong>;
    /// The form.
    fn form(viewer: &Viewer, typed: &Self::Typed, present: Option<&Self>) -> (Vec<Field>, Option<Ticks>);

    /// What its form holds.
    fn typed(&self) -> Self::Typed;
    /// Its page.
    fn address(&self) -> String;
    /// Its name.
    fn name(&self) -> String;
    /// Whether it counts.
    fn is_active(&self) -> bool;
    /// Whether it came with the organisation and stays.
    fn stays(&self) -> bool;
    /// Where the reader goes once it is saved.
    fn next(&self) -> String;
    /// Has it count, or not: the button, what follows, and whether somebody loses something by it.
    fn switch(&self) -> (Text, Text, bool);
    /// What is lost with it.
    fn losses(&self) -> Vec<Line>;

    /// What is to be mended after a refusal of the API; nothing where it has nothing to do with the form.
    fn refused(viewer: &Viewer, refusal: &ApiError) -> Option<(Wrong, Option<Notice>)>;
    /// What speaks of it, where that keeps it from being deleted.
    fn uses(
        &self,
        app: &App,
        by: &Allowed<Self::Read>,
    ) -> impl Future<Output = Result<Option<Vec<Link>>, ApiError>> + Send;
    /// Finds one.
    fn find(app: &App, by: &Allowed<Self::Read>, id: &str) -> impl Future<Output = Result<Self, ApiError>> + Send;
    /// Makes one.
    fn create(
        app: &App,
        by: &Allowed<Self::Manage>,
        draft: &Self::Draft,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
    /// Changes one.
    fn edit(
        app: &App,
        by: &Allowed<Self::Manage>,
        id: &str,
        wanted: impl Fn(&Self) -> Result<Self::Draft, ApiError> + Send + Sync,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
    /// Has one count, or not.
    fn set_active(
        app: &App,
        by: &Allowed<Self::Manage>,
        id: &str,
        is_active: bool,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
    /// Deletes one.
    fn delete(app: &App, by: &Allowed<Self::Manage>, id: &str) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// The pages of one, and what can be done to it.
pub fn routes<K: Kept>() -> Routes {
    let manage = Access::Permission(K::Manage::PERMISSION);
    Routes::new()
        .get(K::ADDRESSES.new, manage, ask::<K>)
        .post(K::ADDRESSES.new, manage, make::<K>)
        .get(K::ADDRESSES.one, Access::Permission(K::Read::PERMISSION), show::<K>)
        .post(K::ADDRESSES.one, manage, save::<K>)
        .post(K::ADDRESSES.activate, manage, activate::<K>)
        .post(K::ADDRESSES.deactivate, manage, deactivate::<K>)
        .get(K::ADDRESSES.delete, manage, ask_delete::<K>)
        .post(K::ADDRESSES.delete, manage, delete::<K>)
}

/// A refusal of the API above the form; what has nothing to do with the form goes to the page of problems.
async fn refused<K: Kept>(
    app: &App,
    viewer: &Viewer,
    (present, typed): (Option<&K>, &K::Typed),
    (refusal, form): (ApiError, Option<&Form>),
) -> Result<Response, ApiError> {
    let Some(mend) = K::refused(viewer, &refusal) else { return Err(refusal) };
    let view = sheet(app, viewer, present, typed).await?.refused(mend, form);
    Ok(page_with(refusal.status, view))
}

async fn found<K: Kept>(app: &App, viewer: &Viewer, id: &str) -> Result<K, ApiError> {
    K::find(app, &viewer.require::<K::Read>(app).await?, id).await
}

async fn ask<K: Kept>(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<K::Manage>(&app).await?;
    Ok(page(sheet::<K>(&app, &viewer, None, &K::new()).await?))
}

async fn show<K: Kept>(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let kept: K = found(&app, &viewer, &id).await?;
    Ok(page(sheet(&app, &viewer, Some(&kept), &kept.typed()).await?))
}

async fn make<K: Kept>(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<K::Manage>(&app).await?;
    let form = form?;
    let typed = K::read(&form, None);
    let draft = match K::draft(&typed, None) {
        Ok(draft) => draft,
        Err(wrong) => {
            let view = sheet::<K>(&app, &viewer, None, &typed).await?.refused((wrong, None), Some(&form));
            return Ok(page_with(StatusCode::BAD_REQUEST, view));
        }
    };
    match K::create(&app, &by, &draft).await {
        Ok(kept) => Ok(Redirect::to(&kept.next()).into_response()),
        Err(refusal) => refused::<K>(&app, &viewer, (None, &typed), (refusal, Some(&form))).await,
    }
}

async fn save<K: Kept>(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<K::Manage>(&app).await?;
    let form = form?;
    let kept: K = found(&app, &viewer, &id).await?;
    let typed = K::read(&form, Some(&kept));
    if let Err(wrong) = K::draft(&typed, Some(&kept)) {
        let view = sheet(&app, &viewer, Some(&kept), &typed).await?.refused((wrong, None), Some(&form));
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    }
    let wanted = |present: &K| {
        if meanwhile::mark(&present.typed()) != form.text("version") {
            return Err(changed_meanwhile());
        }
        K::draft(&typed, Some(present)).map_err(|_| changed_meanwhile())
    };
    match K::edit(&app, &by, &id, wanted).await {
        Ok(kept) => Ok(Redirect::to(&kept.next()).into_response()),
        Err(refusal) if meanwhile::is_overtaken(&refusal) => {
            let now: K = found(&app, &viewer, &id).await?;
            let view = sheet(&app, &viewer, Some(&now), &now.typed()).await?.overtaken(&form);
            Ok(page_with(refusal.status, view))
        }
        Err(refusal) => refused(&app, &viewer, (Some(&kept), &typed), (refusal, Some(&form))).await,
    }
}

async fn activate<K: Kept>(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    switch::<K>(&app, &viewer, &id, true).await
}

async fn deactivate<K: Kept>(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    switch::<K>(&app, &viewer, &id, false).await
}

async fn switch<K: Kept>(app: &App, viewer: &Viewer, id: &str, is_active: bool) -> Result<Response, ApiError> {
    let by = viewer.require::<K::Manage>(app).await?;
    match K::set_active(app, &by, id, is_active).await {
        Ok(kept) => Ok(Redirect::to(&kept.address()).into_response()),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => Err(refusal),
        Err(refusal) => {
            let kept: K = found(app, viewer, id).await?;
            refused(app, viewer, (Some(&kept), &kept.typed()), (refusal, None)).await
        }
    }
}

async fn ask_delete<K: Kept>(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    viewer.require::<K::Manage>(&app).await?;
    let by = viewer.require::<K::Read>(&app).await?;
    let kept = K::find(&app, &by, &id).await?;
    let uses = kept.uses(&app, &by).await?;
    let why = match uses {
        _ if kept.stays() => Some("it is one of the system"),
        Some(uses) if !uses.is_empty() => Some("it is used by what stands below"),
        Some(_) | None => None,
    };
    if let Some(why) = why {
        let refusal = ApiError::validation("id", [why]);
        return refused(&app, &viewer, (Some(&kept), &kept.typed()), (refusal, None)).await;
    }
    let words = K::words();
    let taking = Taking {
        place: Place::Networks,
        list: K::crumbs().pop().unwrap_or_else(|| Link::new(kept.name(), K::LIST)),
        verb: words.delete.with("name", kept.name()),
        about: words.delete_about,
        lines: kept.losses(),
        action: format!("{}/delete", kept.address()),
        back: kept.address(),
    };
    Ok(taking.asked(&viewer))
}

async fn delete<K: Kept>(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<K::Manage>(&app).await?;
    match K::delete(&app, &by, &id).await {
        Ok(()) => Ok(Redirect::to(K::LIST).into_response()),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let kept: K = found(&app, &viewer, &id).await?;
            refused(&app, &viewer, (Some(&kept), &kept.typed()), (refusal, None)).await
        }
        Err(refusal) => Err(refusal),
    }
}
