//! Security > Privileged actions: what each class of actions demands.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::demand::{Class, Demand, Demands as Rules};
use postern_authn::permission::{Permission, right};

use super::form::Form;
use super::meanwhile;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::demands::{self, STEP_UP};
use crate::api::routes::{Access, Routes};

const ADDRESS: &str = "/admin/security/demands";

/// The classes, each with its demand.
#[derive(Template)]
#[template(path = "console/demands.html")]
pub struct Demands {
    /// The frame.
    pub shell: Shell,
    /// What was refused.
    pub notice: Option<Notice>,
    /// Which demands the form shows.
    pub before: Vec<(String, String)>,
    /// A choice a class.
    pub fields: Vec<Field>,
    /// Whether the viewer may change them.
    pub may_edit: bool,
}

impl Demands {
    fn shown(field: &Field) -> Text {
        words(Demand::ALL.iter().copied().find(|demand| demand.as_str() == field.value).unwrap_or(Demand::Nothing))
    }
}

/// `/admin/security/demands`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), show).post(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        save,
    )
}

fn words(demand: Demand) -> Text {
    match demand {
        Demand::Nothing => say("demands-nothing"),
        Demand::Fresh => say("demands-fresh"),
        Demand::PhishingResistant => say("demands-passkey"),
    }
}

fn fields(rules: &Rules) -> Vec<Field> {
    let field = |class: &Class| {
        let choices = Demand::ALL.iter().filter(|demand| **demand >= class.least());
        let choices = choices.map(|demand| (demand.as_str().to_owned(), words(*demand))).collect();
        let tokens = match (class.least(), class.tokens_may()) {
            (_, true) => say("demands-tokens-may"),
            (Demand::Nothing, false) => say("demands-tokens-may-not"),
            (Demand::Fresh | Demand::PhishingResistant, false) => say("demands-tokens-made-for-it"),
        };
        Field::new(class.name(), say_of("demands-class", class.name()), Kind::Choice(choices))
            .holding(rules.of(*class).as_str())
            .hint(tokens)
    };
    Class::ALL.iter().map(field).collect()
}

fn view(viewer: &Viewer, rules: &Rules) -> Demands {
    let fields = fields(rules);
    Demands {
        shell: viewer.shell(Place::Demands),
        notice: None,
        before: meanwhile::shown(&fields, meanwhile::mark(rules)),
        fields,
        may_edit: viewer.may(Permission::OrgManage),
    }
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgRead>(&app).await?;
    Ok(page(view(&viewer, &demands::demands(&app, &by).await?)))
}

async fn save(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let held = demands::demands(&app, &by).await?;
    if meanwhile::is_stale(&form, &meanwhile::mark(&held)) {
        let mut view = Demands { notice: Some(meanwhile::notice()), ..view(&viewer, &held) };
        meanwhile::keep_typed(&mut view.fields, &form);
        return Ok(page_with(StatusCode::PRECONDITION_FAILED, view));
    }
    let mut rules = BTreeMap::new();
    for class in Class::ALL {
        let chosen = if form.has(class.name()) { form.text(class.name()) } else { held.of(*class).as_str() };
        let chosen = Demand::ALL.iter().find(|demand| demand.as_str() == chosen);
        let chosen = chosen
            .ok_or_else(|| ApiError::validation("demands", [format!("{}: is none of the choices", class.name())]))?;
        rules.insert(class.name().to_owned(), *chosen);
    }
    let rules = Rules(rules);
    if Class::ALL.iter().all(|class| rules.of(*class) == held.of(*class)) {
        return Ok(Redirect::to(ADDRESS).into_response());
    }
    match demands::set(&app, &by, rules).await {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(error) if error.status.is_server_error() || error.code == STEP_UP => Err(error),
        Err(error) => {
            let notice = Notice::new(Tone::Danger, say("demands-not-met"), say("demands-not-met-next"));
            let mut view = Demands { notice: Some(notice.with_code(error.code)), ..view(&viewer, &held) };
            meanwhile::mend(&mut view.fields, &form, &[]);
            Ok(page_with(error.status, view))
        }
    }
}
