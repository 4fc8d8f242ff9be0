//! Settings > Factors: which factors the organisation allows and why some are off at first, what is demanded of passkeys,
//! the makes of tokens that are given out, the texts of messages.

mod message;
mod passkeys;
mod profile;

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::factor::hotp::Make;
use postern_authn::factor::webauthn::{Attestation, Demands, Verification};
use postern_authn::factor::{Kind, Provider, org_factors};
use postern_authn::permission::{Permission, right};
use postern_codes::id::Factor as FactorKind;
use postern_store::factors::OrgFactors;

use super::factor_words::refusal;
use super::page::{page, page_with};
use super::part::{Facts, Link, Notice, State, Tone};
use super::people;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, org_factors as acts};

const ADDRESS: &str = "/admin/settings/factors";

/// A factor with its switch.
pub struct Row {
    /// Its kind; of several makers, with the maker.
    pub name: Text,
    /// Its name in the API.
    pub api_name: &'static str,
    /// Why a new organisation does not allow it.
    pub why: Option<Text>,
    /// Whether it is allowed.
    pub is_on: bool,
    /// Where the switch goes, for those who may.
    pub action: Option<String>,
}

impl Row {
    fn state(&self) -> State {
        if self.is_on {
            State::new(Tone::Good, say("factors-allowed"))
        } else {
            State::new(Tone::Plain, say("factors-not-allowed"))
        }
    }
}

/// A make of tokens, or a text.
pub struct Kept {
    /// Its name, and its page where it has one.
    pub name: Text,
    /// What it is.
    pub about: Text,
    /// Where it is changed, for those who may.
    pub edit: Option<String>,
    /// Where it is deleted, for those who may.
    pub delete: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "console/factor_settings.html")]
pub struct FactorSettings {
    /// The frame.
    pub shell: Shell,
    /// Why nothing was done.
    pub notice: Option<Notice>,
    /// Every factor.
    pub factors: Vec<Row>,
    /// What is demanded of passkeys.
    pub passkeys: Facts,
    /// The makes of tokens.
    pub profiles: Vec<Kept>,
    /// The texts of messages.
    pub messages: Vec<Kept>,
    /// Whether the viewer may change them.
    pub may_edit: bool,
}

/// `/admin/settings/factors`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::OrgManage);
    Routes::new()
        .get(ADDRESS, Access::Permission(Permission::OrgRead), show)
        .post("/admin/settings/factors/allowed/{name}", manage, allow)
        .post("/admin/settings/factors/not-allowed/{name}", manage, forbid)
        .merge(message::routes())
        .merge(passkeys::routes())
        .merge(profile::routes())
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    Ok(page(view(&app, &viewer).await?))
}

async fn view(app: &App, viewer: &Viewer) -> Result<FactorSettings, ApiError> {
    let by = viewer.require::<right::OrgRead>(app).await?;
    let read = app.store.read(by.org, |tx| {
        Ok((tx.setting::<OrgFactors>()?.0, tx.setting::<Demands>()?.0, tx.factor_profiles()?, tx.sms_templates()?))
    });
    let (allowed, demands, profiles, messages) = read.await?;
    let may_edit = viewer.may(Permission::OrgManage);
    let row = |(kind, provider): (Kind, &'static Provider)| {
        let is_on = allowed.allows(provider);
        let to = if is_on { "not-allowed" } else { "allowed" };
        Row {
            name: named(kind, provider),
            api_name: provider.org_factor,
            why: provider
                .off_because
                .map(|why| say_of("domain-factor-off", provider.org_factor).or(format!("{}.", people::capital(why)))),
            is_on,
            action: may_edit.then(|| format!("{ADDRESS}/{to}/{}", provider.org_factor)),
        }
    };
    let profile = |made: &postern_store::factor_profiles::FactorProfile| Kept {
        name: made.name.clone().into(),
        about: make_words(&made.make),
        edit: None,
        delete: may_edit.then(|| profile::delete_address(made.id)),
    };
    let message = |made: &postern_store::sms_templates::SmsTemplate| Kept {
        name: made.text.name.clone().into(),
        about: made.text.template.clone().into(),
        edit: may_edit.then(|| message::address(made.id)),
        delete: may_edit.then(|| message::delete_address(made.id)),
    };
    Ok(FactorSettings {
        shell: viewer.shell(Place::Factors),
        notice: None,
        factors: org_factors().map(row).collect(),
        passkeys: facts(&demands),
        profiles: profiles.iter().map(profile).collect(),
        messages: messages.iter().map(message).collect(),
        may_edit,
    })
}

/// A factor's kind, with its maker where there are several.
fn named(kind: Kind, provider: &Provider) -> Text {
    if kind.factor().providers().len() < 2 {
        return people::factor(kind);
    }
    say("factors-of-maker").with("factor", people::factor(kind)).with("maker", provider.name.to_owned())
}

fn make_words(make: &Make) -> Text {
    let digits = u32::from(make.pass_code_length);
    match make.time_step {
        0 => say("factors-make-counter").with("digits", digits),
        step => say("factors-make-clock").with("digits", digits).with("seconds", step),
    }
}

fn facts(demands: &Demands) -> Facts {
    let verification = match demands.user_verification {
        Verification::Preferred => say("factors-verification-preferred"),
        Verification::Required => say("factors-verification-required"),
    };
    let attestation = match demands.attestation {
        Attestation::None => say("factors-attestation-none"),
        Attestation::Trusted => say("factors-attestation-trusted"),
    };
    let roots = demands.attestation_roots.len().into();
    Facts {
        facts: vec![
            (say("factors-verification"), verification),
            (say("factors-attestation"), attestation),
            (say("factors-roots"), roots),
        ],
    }
}

async fn allow(app: Shared<Arc<App>>, viewer: Viewer, name: Path<String>) -> Result<Response, ApiError> {
    switch(&app, &viewer, &name.0, true).await
}

async fn forbid(app: Shared<Arc<App>>, viewer: Viewer, name: Path<String>) -> Result<Response, ApiError> {
    switch(&app, &viewer, &name.0, false).await
}

async fn switch(app: &App, viewer: &Viewer, name: &str, is_allowed: bool) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(app).await?;
    let found = org_factors().find(|(_, provider)| provider.org_factor == name);
    let found = found.ok_or_else(|| ApiError::not_found::<FactorKind>(name))?;
    match acts::set(app, &by, found, is_allowed).await {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refused) => {
            let why = refusal(&refused)?;
            let notice = Notice::new(Tone::Danger, say("factors-stays-allowed"), why).with_code(refused.code);
            Ok(page_with(refused.status, FactorSettings { notice: Some(notice), ..view(app, viewer).await? }))
        }
    }
}

/// Where the forms of this page lead back to.
fn list() -> Link {
    Link::new(say("factors-title"), ADDRESS)
}
