//! Acts on many computers: first what will happen to each, then how it went. The script sends a few at a time; without it
//! one answer does them all.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::device::{Device, Lifecycle};
use postern_authn::permission::{Permission, right};

use super::device;
use super::form::Form;
use super::page::page;
use super::part::{Bulk, BulkAct, Confirmation, Line, Link, Results, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, devices};

const ADDRESS: &str = "/admin/devices/bulk";
const APPLY: &str = "/admin/devices/bulk/apply";
const LIST: &str = "/admin/devices";
/// At most so many at once.
const MOST: usize = 500;

/// The acts, each with whether somebody loses something by it.
const ACTS: &[(&str, Lifecycle, bool)] = &[
    ("activate", Lifecycle::Activate, false),
    ("unsuspend", Lifecycle::Unsuspend, false),
    ("suspend", Lifecycle::Suspend, true),
    ("deactivate", Lifecycle::Deactivate, true),
];

/// A page that holds one part: what will happen, or what has happened.
#[derive(Template)]
#[template(path = "console/bulk_page.html")]
pub struct Page<P: askama::filters::HtmlSafe + askama::FastWritable> {
    /// The frame.
    pub shell: Shell,
    /// Its title.
    pub title: Text,
    /// The list that it came from.
    pub list: Link,
    /// The part.
    pub part: P,
}

/// `/admin/devices/bulk`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::DevicesManage);
    Routes::new().post(ADDRESS, manage, ask).post(APPLY, manage, apply)
}

/// The bar below the list.
pub fn bar() -> Bulk {
    let act = |(value, _, is_dangerous): &(&'static str, Lifecycle, bool)| BulkAct {
        value,
        label: say_of("bulk-act", value),
        is_dangerous: *is_dangerous,
    };
    Bulk { action: ADDRESS, acts: ACTS.iter().map(act).collect() }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesManage>(&app).await?;
    let (act, step, is_dangerous) = wanted(&form)?;
    let found = chosen(&app, &by, &form).await?;
    let line = |device: &Device| {
        let can = step.from(device.status).is_some();
        let effect = if can { say_of("bulk-effect", act) } else { say("bulk-unchanged") };
        Line { who: link(device), effect, state: Some(device::standing(device.status)) }
    };
    let ids = found.iter().map(|device| ("id".to_owned(), device.id.to_string()));
    let title = say_of("bulk-title", act).with("count", found.len());
    let part = Confirmation {
        title: title.clone(),
        about: say_of("bulk-about", act),
        lines: found.iter().map(line).collect(),
        sent: std::iter::once(("act".to_owned(), act.to_owned())).chain(ids).collect(),
        action: APPLY.to_owned(),
        verb: title.clone(),
        is_dangerous,
        back: LIST.to_owned(),
    };
    Ok(page(Page { shell: viewer.shell(Place::Devices), title, list: list(), part }))
}

async fn apply(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesManage>(&app).await?;
    let (act, step, _) = wanted(&form)?;
    let mut lines = Vec::new();
    for device in chosen(&app, &by, &form).await? {
        // Each is an act of its own: one that fails holds up no other.
        let (effect, state) = match devices::change(&app, by.clone(), device.id, step).await {
            Ok(_) => (say_of("bulk-effect", act), State::new(Tone::Good, say("events-done"))),
            Err(error) if error.status.is_server_error() => return Err(error),
            Err(error) => {
                let why = say_of("domain-error", error.code).or(error.summary.clone());
                (why, State::new(Tone::Danger, say("events-refused")))
            }
        };
        lines.push(Line { who: link(&device), effect, state: Some(state) });
    }
    let part = Results { lines, back: Link::new(say("bulk-back"), LIST) };
    let title = say_of("bulk-act", act);
    Ok(page(Page { shell: viewer.shell(Place::Devices), title, list: list(), part }))
}

fn wanted(form: &Form) -> Result<(&'static str, Lifecycle, bool), ApiError> {
    let act = ACTS.iter().find(|(act, _, _)| *act == form.text("act"));
    act.copied().ok_or_else(|| ApiError::validation("act", ["act: none that there is"]))
}

/// The computers that were ticked; those that are gone meanwhile are left out.
async fn chosen(app: &App, by: &Allowed<right::DevicesManage>, form: &Form) -> Result<Vec<Device>, ApiError> {
    let ids: Vec<_> = form.all("id").filter_map(|id| id.parse().ok()).take(MOST).collect();
    if ids.is_empty() {
        return Err(ApiError::validation("id", ["tick at least one row"]));
    }
    let read = app.store.read(by.org, |tx| {
        let mut found = Vec::new();
        for id in &ids {
            found.extend(tx.device(*id)?);
        }
        Ok(found)
    });
    Ok(read.await?)
}

fn link(device: &Device) -> Link {
    Link::new(&device.profile.display_name, device::address(device.id))
}

fn list() -> Link {
    Link::new(say("devices-title"), LIST)
}
