//! What the policies would decide: asked without anybody signing in, answered by the same code that decides then.

use axum::http::StatusCode;
use postern_authn::permission::right;
use postern_authn::policy::condition::Finding;
use postern_authn::policy::decide;
use postern_authn::policy::{
    Entrance, Outcome, Policy, PolicyFinding, PolicyType, Rule, RuleFinding, Situation, Verdict,
};
use postern_codes::id::{Group, Id, User, Zone};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::caller::Allowed;
use crate::api::error::ApiError;

/// A situation to ask about.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Who; nobody in particular where only groups are given.
    pub user: Option<Id<User>>,
    /// Groups, in place of a person's.
    pub groups: Vec<Id<Group>>,
    /// The network address.
    pub ip: Option<String>,
    /// Zones, beside those of the address.
    pub zones: Vec<Id<Zone>>,
    /// By which entrance.
    pub entrance: Entrance,
}

/// What would be decided, and why.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// Of which type.
    pub kind: PolicyType,
    /// The policy and rule that answer; nothing, where none does or it cannot be told.
    pub answer: Option<(Policy, Rule)>,
    /// Every policy and rule that was looked at, in order.
    pub because: Vec<PolicyFinding>,
    /// Active policies behind the answer, which were not asked.
    pub not_asked: Vec<String>,
}

/// What the policies of a type decide of a situation.
///
/// # Errors
/// 404 for nobody, or no group of that id.
pub async fn what_if(
    app: &App,
    by: &Allowed<right::PoliciesRead>,
    kind: PolicyType,
    question: &Question,
) -> Result<WhatIf, ApiError> {
    // What is answered says who is in which group.
    by.caller().clone().require_everywhere::<right::UsersRead>(app).await?;
    app.store.read(by.org, |tx| ask(tx, kind, question)).await?
}

/// The same within a transaction.
///
/// # Errors
/// Of the database.
pub fn ask(tx: &mut Tx<'_>, kind: PolicyType, question: &Question) -> Result<Result<WhatIf, ApiError>, Error> {
    let situation = match situation(tx, question)? {
        Ok(situation) => situation,
        Err(refused) => return Ok(Err(refused)),
    };
    let policies = tx.policies(kind)?;
    let decision = decide(&policies, &situation);
    let answer = match decision.outcome {
        Outcome::Applies(policy, rule) => Some((policy.clone(), rule.clone())),
        Outcome::CannotTell(_) | Outcome::Nothing => None,
    };
    let because = decision.because;
    let was_asked = |policy: &&Policy| because.iter().any(|finding| finding.id == policy.id);
    let not_asked = policies.iter().filter(|policy| !was_asked(policy)).map(|policy| policy.name.clone()).collect();
    Ok(Ok(WhatIf { kind, answer, because, not_asked }))
}

fn situation(tx: &mut Tx<'_>, question: &Question) -> Result<Result<Situation, ApiError>, Error> {
    let mut situation = match question.user {
        Some(user) if tx.user(user)?.is_none() => return Ok(Err(ApiError::not_found::<User>(user.as_str()))),
        Some(user) => tx.situation_of(user, "")?,
        None => {
            for group in &question.groups {
                if tx.group(*group)?.is_none() {
                    return Ok(Err(ApiError::not_found::<Group>(group.as_str())));
                }
            }
            tx.situation_of_groups(&question.groups)?
        }
    };
    situation.entrance = question.entrance;
    let of_address = question.ip.as_deref().map(|ip| tx.zones_of_address(ip)).transpose()?.flatten();
    situation.zones = match (of_address, question.zones.as_slice()) {
        (None, []) => None,
        (zones, given) => Some(zones.into_iter().flatten().chain(given.iter().copied()).collect()),
    };
    Ok(Ok(situation))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(rename = "appInstance")]
    _app_instance: String,
    #[serde(default)]
    policy_context: Option<Context>,
    #[serde(default)]
    policy_types: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Context {
    #[serde(default)]
    user: Option<UserOf>,
    #[serde(default)]
    groups: Option<Ids<Id<Group>>>,
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    zones: Option<Ids<Id<Zone>>>,
}

#[derive(Deserialize)]
struct UserOf {
    #[serde(default)]
    id: Option<Id<User>>,
}

#[derive(Deserialize)]
struct Ids<I> {
    #[serde(default = "Vec::new", bound(deserialize = "I: Deserialize<'de>"))]
    ids: Vec<I>,
}

/// Most situations of one request.
const MOST: usize = 20;
/// The types that may be asked about, and whether there are policies of them here.
const TYPES: &[(&str, Option<PolicyType>)] = &[
    ("ACCESS_POLICY", None),
    ("MFA_ENROLL", Some(PolicyType::MfaEnroll)),
    ("OKTA_SIGN_ON", Some(PolicyType::OktaSignOn)),
    ("PROFILE_ENROLLMENT", None),
];

/// What a request asks: a situation and the types it is asked about.
pub type Asked = (Question, Vec<(&'static str, Option<PolicyType>)>);

/// Reads a request.
///
/// # Errors
/// E0000001 where it is not of its form.
pub fn read(document: &Value) -> Result<Vec<Asked>, ApiError> {
    let wrong = |cause: &str| ApiError::validation("simulation", [cause.to_owned()]);
    let Value::Array(list) = document else { return Err(wrong("body: must be a list of simulations")) };
    if list.len() > MOST {
        return Err(wrong("body: has at most 20 simulations"));
    }
    list.iter()
        .map(|one| {
            if !one.is_object() {
                return Err(wrong("body: each simulation must be an object"));
            }
            let body: Body = serde_json::from_value(one.clone())
                .map_err(|_| wrong("a member is missing or not of its form; `appInstance` is needed"))?;
            let context = body.policy_context.unwrap_or_default();
            let user = context.user.and_then(|user| user.id);
            let groups = context.groups.map(|groups| groups.ids).unwrap_or_default();
            if user.is_some() && !groups.is_empty() {
                return Err(wrong("policyContext: a person or groups, not both"));
            }
            if context.ip.as_deref().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
                return Err(wrong("policyContext.ip: is no network address"));
            }
            let zones = context.zones.map(|zones| zones.ids).unwrap_or_default();
            let question = Question { user, groups, ip: context.ip, zones, entrance: Entrance::Web };
            let types = match body.policy_types {
                None => TYPES.to_vec(),
                Some(names) => names
                    .iter()
                    .map(|name| TYPES.iter().copied().find(|(known, _)| known == name))
                    .collect::<Option<_>>()
                    .ok_or_else(|| {
                        wrong("policyTypes: ACCESS_POLICY, MFA_ENROLL, OKTA_SIGN_ON or PROFILE_ENROLLMENT")
                    })?,
            };
            Ok((question, types))
        })
        .collect()
}

/// Which details an answer has.
#[derive(Debug, Clone, Copy)]
pub struct Expand {
    /// Policies that were looked at and do not answer.
    pub evaluated: bool,
    /// The conditions of rules.
    pub rules: bool,
}

/// What there is no policy of cannot be told.
pub fn undefined(name: &str) -> Value {
    json!({ "policyType": [name], "status": "UNDEFINED", "result": { "policies": [] } })
}

/// One evaluation as answers have it.
pub fn shown(found: &WhatIf, expand: Expand) -> Value {
    let of = |verdict| {
        let policies = found.because.iter().filter(|policy| policy.verdict == verdict);
        policies.map(|policy| shown_policy(policy, expand)).collect::<Vec<_>>()
    };
    let status = found.because.last().map_or(Verdict::NoMatch, |last| last.verdict);
    let mut shown = json!({
        "policyType": [found.kind.as_str()],
        "status": status.as_str(),
        "result": { "policies": of(Verdict::Match) },
    });
    if expand.evaluated {
        shown["evaluated"] = json!({ "policies": of(Verdict::NoMatch) });
        shown["undefined"] = json!({ "policies": of(Verdict::CannotTell) });
    }
    shown
}

fn shown_policy(policy: &PolicyFinding, expand: Expand) -> Value {
    let rule = |rule: &RuleFinding| {
        let conditions = if expand.rules { shown_conditions(&rule.conditions) } else { Vec::new() };
        json!({ "id": rule.id, "name": rule.name, "status": rule.verdict.as_str(), "conditions": conditions })
    };
    json!({
        "id": policy.id,
        "name": policy.name,
        "status": policy.verdict.as_str(),
        "conditions": shown_conditions(&policy.conditions),
        "rules": policy.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn shown_conditions(findings: &[Finding]) -> Vec<Value> {
    let one = |finding: &Finding| json!({ "type": finding.condition, "status": finding.verdict.as_str() });
    findings.iter().map(one).collect()
}

/// The refusal of what belongs to applications, of which there are none.
pub fn no_applications() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: mapping")
        .cause("resourceId: policies of these types are mapped to no application")
}
