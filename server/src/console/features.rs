//! Settings > Features: what the org has switched on.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};

use super::form::Form;
use super::page::page;
use super::part::{Notice, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, features};

const ADDRESS: &str = "/admin/settings/features";
const RECOVERY: &str = "/admin/settings/features/recovery";

/// A feature with its switch.
pub struct Feature {
    /// Its name.
    pub name: Text,
    /// What it does, and what switching it on means.
    pub about: Text,
    /// On or off.
    pub is_on: bool,
    /// Where the switch goes; `None` for viewers who may only look.
    pub action: Option<String>,
}

impl Feature {
    fn state(&self) -> State {
        if self.is_on {
            State::new(Tone::Good, say("features-on"))
        } else {
            State::new(Tone::Plain, say("features-off"))
        }
    }
}

/// The list.
#[derive(Template)]
#[template(path = "console/features.html")]
pub struct Features {
    /// The frame.
    pub shell: Shell,
    /// What just happened.
    pub notice: Option<Notice>,
    /// All of them.
    pub features: Vec<Feature>,
}

/// `/admin/settings/features`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), show).post(
        RECOVERY,
        Access::Permission(Permission::OrgManage),
        switch,
    )
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgRead>(&app).await?;
    let features = app.store.read(by.org, |tx| Ok(tx.setting::<features::Features>()?.0)).await?;
    let recovery = Feature {
        name: say("features-recovery"),
        about: say("features-recovery-about"),
        is_on: features.recovery,
        action: viewer.may(Permission::OrgManage).then(|| RECOVERY.to_owned()),
    };
    Ok(page(Features { shell: viewer.shell(Place::Features), notice: None, features: vec![recovery] }))
}

async fn switch(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let is_on =
        form.text("enabled").parse().map_err(|_| ApiError::validation("enabled", ["enabled: true or false"]))?;
    features::set_recovery(&app, by, is_on).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}
