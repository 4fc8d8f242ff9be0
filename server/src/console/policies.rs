//! Security > Policies: the policies of each type, each with its rules, what can be done to them, and their form.

mod acts;
mod asks;
mod draft;
mod fields;
mod form;
mod list;
mod member;
mod saying;
mod who;

use postern_authn::permission::right;
use postern_authn::policy::{Policy, PolicyType, Rule};
use postern_codes::id::{Id, Policy as PolicyKind, PolicyRule};

pub use draft::Shown;
pub use fields::Fields;
pub use form::Sheet;
pub use list::{Policies, Row};
pub use member::OnePolicy;
pub use saying::answer;
pub use who::Names;

use super::viewer::Viewer;
use crate::App;
use crate::api::page::Query;
use crate::api::routes::Routes;
use crate::api::{ApiError, policies};

/// The list.
pub const ADDRESS: &str = "/admin/security/policies";
/// The types in the order of the tabs.
const TYPES: &[PolicyType] =
    &[PolicyType::OktaSignOn, PolicyType::Password, PolicyType::MfaEnroll, PolicyType::Recovery];

/// `/admin/security/policies` and below.
pub fn routes() -> Routes {
    let pages = list::routes().merge(member::routes()).merge(form::routes());
    pages.merge(acts::routes()).merge(asks::routes())
}

/// The page of a policy.
pub fn address(id: Id<PolicyKind>) -> String {
    format!("{ADDRESS}/{id}")
}

/// The page of a rule.
pub fn rule_address(of: Id<PolicyKind>, id: Id<PolicyRule>) -> String {
    format!("{ADDRESS}/{of}/rules/{id}")
}

/// The list of a type.
pub fn list_address(kind: PolicyType) -> String {
    format!("{ADDRESS}?type={kind}")
}

fn wanted_type(query: &Query) -> Result<PolicyType, ApiError> {
    let asked = query.text("type").map(str::parse);
    let wrong = |()| ApiError::validation("type", ["type: there are no policies of this type"]);
    Ok(asked.transpose().map_err(wrong)?.unwrap_or(TYPES[0]))
}

/// A policy, for whoever may read policies.
async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<(PolicyType, Policy), ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    policies::policy(app, &by, id).await
}

/// A rule with its policy, likewise.
async fn found_rule(
    app: &App,
    viewer: &Viewer,
    (of, which): (&str, &str),
) -> Result<(PolicyType, Policy, Rule), ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(app).await?;
    policies::rule(app, &by, (of, which)).await
}
