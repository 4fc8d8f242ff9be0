//! Making policies and rules, and changing them. A change is meant for what the form showed: where somebody else saved
//! meanwhile, both are shown side by side, and nothing of either is lost.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::{Policy, PolicyType, Rule, Status};

use super::draft::{Draft, Shown, version_of_policy, version_of_rule};
use super::{address, list_address, of_rule, rule_acts, rule_address, wanted_type};
use crate::App;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::policies;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Act, Field, Link, Notice, Summary, Tone};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// The form of a policy or of a rule; facts for whoever may only read.
#[derive(Template)]
#[template(path = "console/policy_form.html")]
pub struct Sheet {
    /// The frame.
    pub shell: Shell,
    /// What it belongs to.
    pub crumbs: Vec<Link>,
    /// What is made or changed.
    pub title: Text,
    /// What follows from it.
    pub lead: Text,
    /// Where the form goes.
    pub action: String,
    /// Where to go without saving.
    pub back: String,
    /// Which state of it the form shows.
    pub version: String,
    /// What was refused.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// The form.
    pub form: Shown,
    /// Whether the viewer may change it.
    pub may_edit: bool,
    /// What else can be done to it.
    pub acts: Vec<Act>,
    /// Where it can be deleted.
    pub delete: Option<Link>,
}

/// `/admin/security/policies/new`, `/ID/edit`, `/ID/rules/new`, `/ID/rules/ID`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::PoliciesManage);
    let read = Access::Permission(Permission::PoliciesRead);
    Routes::new()
        .get("/admin/security/policies/new", manage, ask)
        .post("/admin/security/policies/new", manage, make)
        .get("/admin/security/policies/{policy}/edit", manage, edit)
        .post("/admin/security/policies/{policy}/edit", manage, save)
        .get("/admin/security/policies/{policy}/rules/new", manage, ask_rule)
        .post("/admin/security/policies/{policy}/rules/new", manage, make_rule)
        .get("/admin/security/policies/{policy}/rules/{rule}", read, show_rule)
        .post("/admin/security/policies/{policy}/rules/{rule}", manage, save_rule)
}

/// What a form is about.
enum Of<'o> {
    NewPolicy(PolicyType),
    NewRule(&'o Policy, PolicyType),
    Policy(&'o Policy, PolicyType),
    Rule(&'o Policy, PolicyType, &'o Rule),
}

impl Of<'_> {
    fn draft(&self) -> Draft {
        match self {
            Self::NewPolicy(kind) => Draft::of_policy(*kind, None),
            Self::NewRule(_, kind) => Draft::of_rule(*kind, None),
            Self::Policy(policy, kind) => Draft::of_policy(*kind, Some(policy)),
            Self::Rule(_, kind, rule) => Draft::of_rule(*kind, Some(rule)),
        }
    }

    const fn kind(&self) -> PolicyType {
        match self {
            Self::NewPolicy(kind) | Self::NewRule(_, kind) | Self::Policy(_, kind) | Self::Rule(_, kind, _) => *kind,
        }
    }

    const fn policy(&self) -> Option<&Policy> {
        match self {
            Self::NewPolicy(_) => None,
            Self::NewRule(policy, _) | Self::Policy(policy, _) | Self::Rule(policy, ..) => Some(policy),
        }
    }

    fn title(&self) -> Text {
        match self {
            Self::NewPolicy(_) => say("policies-new"),
            Self::NewRule(..) => say("policies-new-rule"),
            Self::Policy(policy, _) => say("policies-edit").with("name", policy.name.clone()),
            Self::Rule(_, _, rule) => rule.name.clone().into(),
        }
    }

    fn lead(&self) -> Text {
        match self {
            Self::NewPolicy(kind) | Self::Policy(_, kind) => say_of("policies-lead", kind.as_str()),
            Self::NewRule(_, kind) | Self::Rule(_, kind, _) => say_of("policies-lead-rule", kind.as_str()),
        }
    }

    fn action(&self) -> String {
        match self {
            Self::NewPolicy(kind) => format!("/admin/security/policies/new?type={kind}"),
            Self::NewRule(policy, _) => format!("{}/rules/new", address(policy.id)),
            Self::Policy(policy, _) => format!("{}/edit", address(policy.id)),
            Self::Rule(policy, _, rule) => rule_address(policy.id, rule.id),
        }
    }
}

/// A draft as a page.
async fn sheet(
    app: &App,
    viewer: &Viewer,
    of: &Of<'_>,
    draft: &Draft,
    notice: Option<Notice>,
) -> Result<Sheet, ApiError> {
    let form = app.store.read(viewer.caller.org, |tx| draft.shown(tx, viewer)).await?;
    let list = Link::new(say_of("policies-type", of.kind().as_str()), list_address(of.kind()));
    let above = of.policy().map(|policy| Link::new(&policy.name, address(policy.id)));
    let mut crumbs = vec![Link::new(say("policies-title"), super::ADDRESS), list];
    crumbs.extend(above);
    let chosen = form.lists.iter().filter_map(|list| list.more.as_ref()).map(|more| &more.field);
    let fields: Vec<&Field> =
        form.own.iter().chain(chosen).chain(form.blocks.iter().flat_map(|block| &block.fields)).collect();
    let may_edit = viewer.may(Permission::PoliciesManage);
    let (acts, delete) = match of {
        Of::Rule(policy, _, rule) if may_edit => rule_acts(policy, rule),
        Of::NewPolicy(_) | Of::NewRule(..) | Of::Policy(..) | Of::Rule(..) => (Vec::new(), None),
    };
    Ok(Sheet {
        shell: viewer.shell(Place::Policies),
        back: crumbs.last().map_or_else(String::new, |link| link.href.clone()),
        crumbs,
        title: of.title(),
        lead: of.lead(),
        action: of.action(),
        version: draft.version.clone(),
        summary: if draft.is_wrong() || notice.is_some() { Summary::of(fields) } else { None },
        notice,
        form,
        may_edit,
        acts,
        delete,
    })
}

/// What was typed, and the page again where it is not to be saved yet.
async fn typed(app: &App, viewer: &Viewer, of: &Of<'_>, form: &Form) -> Result<(Draft, Option<Response>), ApiError> {
    let draft = app.store.read(viewer.caller.org, |tx| of.draft().read(tx, viewer, form)).await?;
    if !draft.is_to_be_shown_again() {
        return Ok((draft, None));
    }
    let status = if draft.is_wrong() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let again = page_with(status, sheet(app, viewer, of, &draft, None).await?);
    Ok((draft, Some(again)))
}

/// The form again, with what to mend; what is no matter of the form goes to the page of problems.
async fn refused(
    app: &App,
    viewer: &Viewer,
    of: &Of<'_>,
    mut draft: Draft,
    refusal: ApiError,
) -> Result<Response, ApiError> {
    if refusal.status != StatusCode::BAD_REQUEST {
        return Err(refusal);
    }
    let notice = if draft.refused(&refusal) { None } else { Some(super::refusal(&refusal)) };
    Ok(page_with(StatusCode::BAD_REQUEST, sheet(app, viewer, of, &draft, notice).await?))
}

/// The form again beside what somebody else saved meanwhile.
async fn overtaken(app: &App, viewer: &Viewer, now: &Of<'_>, draft: Draft) -> Result<Response, ApiError> {
    let draft = draft.beside(&now.draft());
    let notice = Notice::new(Tone::Warning, say("policies-overtaken"), say("policies-overtaken-next"));
    let notice = Some(notice.with_code("E0000231"));
    Ok(page_with(StatusCode::PRECONDITION_FAILED, sheet(app, viewer, now, &draft, notice).await?))
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let of = Of::NewPolicy(wanted_type(&query)?);
    Ok(page(sheet(&app, &viewer, &of, &of.draft(), None).await?))
}

async fn make(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    query: Query,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (form, kind) = (form?, wanted_type(&query)?);
    let of = Of::NewPolicy(kind);
    let (draft, again) = typed(&app, &viewer, &of, &form).await?;
    if let Some(again) = again {
        return Ok(again);
    }
    let made = match draft.document().policy(kind, None) {
        Ok(new) => policies::create(&app, &by, kind, &new, Status::Active).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(policy) => Ok(Redirect::to(&address(policy.id)).into_response()),
        Err(refusal) => refused(&app, &viewer, &of, draft, refusal).await,
    }
}

async fn edit(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (kind, policy) = found(&app, &viewer, &id).await?;
    let of = Of::Policy(&policy, kind);
    Ok(page(sheet(&app, &viewer, &of, &of.draft(), None).await?))
}

async fn save(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let form = form?;
    let (kind, policy) = found(&app, &viewer, &id).await?;
    let of = Of::Policy(&policy, kind);
    let (draft, again) = typed(&app, &viewer, &of, &form).await?;
    if let Some(again) = again {
        return Ok(again);
    }
    let document = draft.document();
    let saved = policies::update(&app, &by, &id, |kind, present| {
        if version_of_policy(present) != draft.version {
            return Err(policies::changed_meanwhile());
        }
        document.policy(kind, Some(present))
    });
    match saved.await {
        Ok((_, policy)) => Ok(Redirect::to(&address(policy.id)).into_response()),
        Err(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => {
            let (kind, now) = found(&app, &viewer, &id).await?;
            overtaken(&app, &viewer, &Of::Policy(&now, kind), draft).await
        }
        Err(refusal) => refused(&app, &viewer, &of, draft, refusal).await,
    }
}

async fn ask_rule(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (kind, policy) = found(&app, &viewer, &id).await?;
    let of = Of::NewRule(&policy, kind);
    Ok(page(sheet(&app, &viewer, &of, &of.draft(), None).await?))
}

async fn make_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let form = form?;
    let (kind, policy) = found(&app, &viewer, &id).await?;
    let of = Of::NewRule(&policy, kind);
    let (draft, again) = typed(&app, &viewer, &of, &form).await?;
    if let Some(again) = again {
        return Ok(again);
    }
    let document = draft.document();
    let made = policies::create_rule(&app, &by, &id, |kind| document.rule(kind, None), Status::Active);
    match made.await {
        Ok((_, policy, _)) => Ok(Redirect::to(&address(policy.id)).into_response()),
        Err(refusal) => refused(&app, &viewer, &of, draft, refusal).await,
    }
}

async fn show_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((of, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(&app).await?;
    let (kind, policy, rule) = policies::rule(&app, &by, (&of, &which)).await?;
    let of = Of::Rule(&policy, kind, &rule);
    Ok(page(sheet(&app, &viewer, &of, &of.draft(), None).await?))
}

async fn save_rule(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path((policy, which)): Path<(String, String)>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let form = form?;
    let (kind, present, rule) = of_rule(&app, &viewer, (&policy, &which)).await?;
    let of = Of::Rule(&present, kind, &rule);
    let (draft, again) = typed(&app, &viewer, &of, &form).await?;
    if let Some(again) = again {
        return Ok(again);
    }
    let document = draft.document();
    let saved = policies::update_rule(&app, &by, (&policy, &which), |kind, present| {
        if version_of_rule(present) != draft.version {
            return Err(policies::changed_meanwhile());
        }
        document.rule(kind, Some(present))
    });
    match saved.await {
        Ok((_, policy, _)) => Ok(Redirect::to(&address(policy.id)).into_response()),
        Err(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => {
            let (kind, now, rule) = of_rule(&app, &viewer, (&policy, &which)).await?;
            overtaken(&app, &viewer, &Of::Rule(&now, kind, &rule), draft).await
        }
        Err(refusal) => refused(&app, &viewer, &of, draft, refusal).await,
    }
}

/// A policy, for whoever may read policies.
pub async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<(PolicyType, Policy), ApiError> {
    let by: Allowed<right::PoliciesRead> = viewer.require_everywhere(app).await?;
    policies::policy(app, &by, id).await
}
