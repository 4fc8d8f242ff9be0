//! Making policies and rules, and changing them. A change is meant for what the form showed: where somebody else saved
//! meanwhile, both are shown side by side, and nothing of either is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, State as Shared};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::{Policy, PolicyType, Rule, Status};
use postern_codes::id::{Id, Policy as PolicyKind};

use super::draft::{Draft, Shown, version_of_policy, version_of_rule};
use super::member::rule_acts;
use super::saying::refusal as refusal_of;
use super::{address, found, found_rule, list_address, rule_address, wanted_type};
use crate::App;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::policies;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};
use crate::console::form::Form;
use crate::console::meanwhile;
use crate::console::page::{page, page_with};
use crate::console::part::{Act, Field, Link, Notice, Summary};
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
        .get("/admin/security/policies/new", manage, show)
        .post("/admin/security/policies/new", manage, save)
        .get("/admin/security/policies/{policy}/edit", manage, show)
        .post("/admin/security/policies/{policy}/edit", manage, save)
        .get("/admin/security/policies/{policy}/rules/new", manage, show)
        .post("/admin/security/policies/{policy}/rules/new", manage, save)
        .get("/admin/security/policies/{policy}/rules/{rule}", read, show)
        .post("/admin/security/policies/{policy}/rules/{rule}", manage, save)
}

/// What a form is about, as its address says it.
enum At {
    NewPolicy(PolicyType),
    NewRule(String),
    Policy(String),
    Rule(String, String),
}

/// What a form is about.
enum Of {
    NewPolicy(PolicyType),
    NewRule(Policy, PolicyType),
    Policy(Policy, PolicyType),
    Rule(Policy, PolicyType, Box<Rule>),
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let is_new = parts.uri.path().ends_with("/rules/new");
        let Path(mut members) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state).await?;
        match (members.remove("policy"), members.remove("rule")) {
            (Some(policy), Some(rule)) => Ok(Self::Rule(policy, rule)),
            (Some(policy), None) if is_new => Ok(Self::NewRule(policy)),
            (Some(policy), None) => Ok(Self::Policy(policy)),
            (None, _) => wanted_type(&Query::from_request_parts(parts, state).await?).map(Self::NewPolicy),
        }
    }
}

impl At {
    async fn found(&self, app: &App, viewer: &Viewer) -> Result<Of, ApiError> {
        Ok(match self {
            Self::NewPolicy(kind) => Of::NewPolicy(*kind),
            Self::NewRule(policy) => {
                let (kind, policy) = found(app, viewer, policy).await?;
                Of::NewRule(policy, kind)
            }
            Self::Policy(policy) => {
                let (kind, policy) = found(app, viewer, policy).await?;
                Of::Policy(policy, kind)
            }
            Self::Rule(policy, rule) => {
                let (kind, policy, rule) = found_rule(app, viewer, (policy, rule)).await?;
                Of::Rule(policy, kind, Box::new(rule))
            }
        })
    }
}

impl Of {
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

    /// Keeps what was typed; answers with the policy that has it now.
    async fn keep(
        &self,
        app: &App,
        by: &Allowed<right::PoliciesManage>,
        draft: &Draft,
    ) -> Result<Id<PolicyKind>, ApiError> {
        let document = draft.document();
        let still_is = |now: String| if now == draft.version { Ok(()) } else { Err(policies::changed_meanwhile()) };
        Ok(match self {
            Self::NewPolicy(kind) => {
                let new = document.policy(*kind, None)?;
                policies::create(app, by, *kind, &new, Status::Active).await?.id
            }
            Self::NewRule(policy, _) => {
                let new = |kind| document.rule(kind, None);
                policies::create_rule(app, by, policy.id.as_str(), new, Status::Active).await?.1.id
            }
            Self::Policy(policy, _) => {
                let wanted = |kind, present: &Policy| {
                    still_is(version_of_policy(present))?;
                    document.policy(kind, Some(present))
                };
                policies::update(app, by, policy.id.as_str(), wanted).await?.1.id
            }
            Self::Rule(policy, _, rule) => {
                let wanted = |kind, present: &Rule| {
                    still_is(version_of_rule(present))?;
                    document.rule(kind, Some(present))
                };
                policies::update_rule(app, by, (policy.id.as_str(), rule.id.as_str()), wanted).await?.1.id
            }
        })
    }
}

/// A draft as a page.
async fn sheet(app: &App, viewer: &Viewer, of: &Of, draft: &Draft, notice: Option<Notice>) -> Result<Sheet, ApiError> {
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

async fn show(app: Shared<Arc<App>>, viewer: Viewer, at: Result<At, ApiError>) -> Result<Response, ApiError> {
    // A rule is shown to whoever may read it; everything else is there to be changed.
    if !matches!(at, Ok(At::Rule(..))) {
        viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    }
    let of = at?.found(&app, &viewer).await?;
    Ok(page(sheet(&app, &viewer, &of, &of.draft(), None).await?))
}

async fn save(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    at: Result<At, ApiError>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesManage>(&app).await?;
    let (at, form) = (at?, form?);
    let of = at.found(&app, &viewer).await?;
    let draft = app.store.read(viewer.caller.org, |tx| of.draft().read(tx, &viewer, &form)).await?;
    if draft.is_to_be_shown_again() {
        let status = if draft.is_wrong() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        return Ok(page_with(status, sheet(&app, &viewer, &of, &draft, None).await?));
    }
    match of.keep(&app, &by, &draft).await {
        Ok(policy) => Ok(Redirect::to(&address(policy)).into_response()),
        Err(refusal) if meanwhile::is_overtaken(&refusal) => {
            overtaken(&app, &viewer, &at.found(&app, &viewer).await?, draft).await
        }
        Err(refusal) => refused(&app, &viewer, &of, draft, refusal).await,
    }
}

/// The form again, with what to mend; what is no matter of the form goes to the page of problems.
async fn refused(
    app: &App,
    viewer: &Viewer,
    of: &Of,
    mut draft: Draft,
    refusal: ApiError,
) -> Result<Response, ApiError> {
    if refusal.status != StatusCode::BAD_REQUEST {
        return Err(refusal);
    }
    let notice = if draft.refused(&refusal) { None } else { Some(refusal_of(&refusal)) };
    Ok(page_with(StatusCode::BAD_REQUEST, sheet(app, viewer, of, &draft, notice).await?))
}

/// The form again beside what somebody else saved meanwhile.
async fn overtaken(app: &App, viewer: &Viewer, now: &Of, draft: Draft) -> Result<Response, ApiError> {
    let draft = draft.beside(&now.draft());
    Ok(page_with(StatusCode::PRECONDITION_FAILED, sheet(app, viewer, now, &draft, Some(meanwhile::notice())).await?))
}
