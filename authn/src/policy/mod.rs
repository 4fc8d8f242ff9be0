//! Policies: who may sign in and how, what passwords must be, which factors may be enrolled. A policy is a list of rules
//! behind conditions; [`decide`] finds the rule that answers a situation and says why it is that one.
//!
//! Policies are asked by priority. All conditions of a policy must match, then the first rule whose conditions match
//! answers; where no rule does, the next policy is asked. A policy without rules never applies. Whatever cannot be judged
//! ends the search without an answer: the caller denies.
//!
//! A condition is a file in `condition/` and a line in its list. What a document asks for that is not in the lists is
//! refused when it is written, so that nothing is ever kept that would be ignored when it is asked.

pub mod condition;
pub mod effect;
pub mod enroll;
pub mod order;
pub mod password;
pub mod recovery;
pub mod sign_on;

use std::fmt;
use std::str::FromStr;

use postern_codes::id::{Group, Policy as PolicyKind, PolicyRule, User, Zone};
use postern_codes::{Id, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use condition::{Conditions, Finding, Verdict};

/// Most policies of one type in an organisation.
pub const MOST_POLICIES: usize = 200;
/// Most rules of a policy.
pub const MOST_RULES: usize = 100;
/// Most characters of a policy's or a rule's name.
pub const LONGEST_NAME: usize = 100;

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    /// Which factors may and must be enrolled.
    MfaEnroll,
    /// Who gets a session, after what proof, for how long.
    OktaSignOn,
    /// What passwords must be, how long they last, how they are recovered.
    Password,
    /// What a recovery case needs before which action.
    Recovery,
}

impl PolicyType {
    /// Every type.
    pub const ALL: &[Self] = &[Self::MfaEnroll, Self::OktaSignOn, Self::Password, Self::Recovery];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MfaEnroll => "MFA_ENROLL",
            Self::OktaSignOn => "OKTA_SIGN_ON",
            Self::Password => "PASSWORD",
            Self::Recovery => "RECOVERY",
        }
    }

    /// The type of its rules in the API.
    pub const fn rule_type(self) -> &'static str {
        match self {
            Self::MfaEnroll => "MFA_ENROLL",
            Self::OktaSignOn => "SIGN_ON",
            Self::Password => "PASSWORD",
            Self::Recovery => "RECOVERY",
        }
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PolicyType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Whether a policy or rule takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Active,
    /// It is kept, and passed over.
    Inactive,
}

impl Status {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// A policy with its rules, both in the order of their priority.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its id.
    pub id: Id<PolicyKind>,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// 1 is asked first.
    pub priority: u32,
    /// Whether it takes part.
    pub status: Status,
    /// Whether it came with the organisation: it is asked last and cannot be deleted.
    pub is_system: bool,
    /// When it applies.
    pub conditions: Conditions,
    /// What it sets, by its type.
    pub settings: Settings,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: Id<PolicyRule>,
    /// What people call it.
    pub name: String,
    /// 1 is asked first.
    pub priority: u32,
    /// Whether it takes part.
    pub status: Status,
    /// Whether it came with the organisation.
    pub is_system: bool,
    /// When it answers.
    pub conditions: Conditions,
    /// What it answers.
    pub actions: Actions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a policy sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Settings {
    /// Which factors may and must be enrolled.
    MfaEnroll(enroll::EnrollSettings),
    /// Nothing: its rules say it all.
    OktaSignOn,
    /// What passwords must be.
    Password(password::PasswordSettings),
    /// Nothing: its rules say it all.
    Recovery,
}

/// What a rule answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Actions {
    /// When to enrol.
    MfaEnroll(enroll::EnrollActions),
    /// Who gets a session.
    OktaSignOn(sign_on::SignOnActions),
    /// What people may do about their own password.
    Password(password::PasswordActions),
    /// What a recovery case needs.
    Recovery(recovery::RecoveryActions),
}

/// A part of a document is not of its form, or asks for what cannot be judged here; the text names it and says what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDocument(pub String);

impl Settings {
    /// Reads the settings of a policy of this type; those that are absent have their defaults.
    ///
    /// # Errors
    /// [`BadDocument`].
    pub fn read(kind: PolicyType, document: &Value) -> Result<Self, BadDocument> {
        match kind {
            PolicyType::MfaEnroll => {
                let settings: enroll::EnrollSettings = read("settings", document)?;
                settings.check()?;
                Ok(Self::MfaEnroll(settings))
            }
            PolicyType::OktaSignOn => none(kind, document).map(|()| Self::OktaSignOn),
            PolicyType::Password => {
                let settings: password::PasswordSettings = read("settings", document)?;
                settings.check()?;
                Ok(Self::Password(settings))
            }
            PolicyType::Recovery => none(kind, document).map(|()| Self::Recovery),
        }
    }

    /// The settings of a password policy.
    pub const fn password(&self) -> Option<&password::PasswordSettings> {
        match self {
            Self::Password(settings) => Some(settings),
            Self::MfaEnroll(_) | Self::OktaSignOn | Self::Recovery => None,
        }
    }

    /// The settings of an enrolment policy.
    pub const fn enroll(&self) -> Option<&enroll::EnrollSettings> {
        match self {
            Self::MfaEnroll(settings) => Some(settings),
            Self::OktaSignOn | Self::Password(_) | Self::Recovery => None,
        }
    }
}

impl Actions {
    /// Reads the actions of a rule of a policy of this type; those that are absent have their defaults.
    ///
    /// # Errors
    /// [`BadDocument`].
    pub fn read(kind: PolicyType, document: &Value) -> Result<Self, BadDocument> {
        match kind {
            PolicyType::MfaEnroll => Ok(Self::MfaEnroll(read("actions", document)?)),
            PolicyType::OktaSignOn => {
                let actions: sign_on::SignOnActions = read("actions", document)?;
                actions.signon.check()?;
                Ok(Self::OktaSignOn(actions))
            }
            PolicyType::Password => {
                let actions: password::PasswordActions = read("actions", document)?;
                actions.check()?;
                Ok(Self::Password(actions))
            }
            PolicyType::Recovery => {
                let actions: recovery::RecoveryActions = read("actions", document)?;
                actions.check()?;
                Ok(Self::Recovery(actions))
            }
        }
    }

    /// What a rule of an enrolment policy answers.
    pub const fn enroll(&self) -> Option<&enroll::EnrollActions> {
        match self {
            Self::MfaEnroll(actions) => Some(actions),
            Self::OktaSignOn(_) | Self::Password(_) | Self::Recovery(_) => None,
        }
    }

    /// What a rule of a password policy answers.
    pub const fn password(&self) -> Option<&password::PasswordActions> {
        match self {
            Self::Password(actions) => Some(actions),
            Self::MfaEnroll(_) | Self::OktaSignOn(_) | Self::Recovery(_) => None,
        }
    }

    /// What a rule of a recovery policy answers.
    pub const fn recovery(&self) -> Option<&crate::recovery::rules::Rules> {
        match self {
            Self::Recovery(actions) => Some(&actions.recovery),
            Self::MfaEnroll(_) | Self::OktaSignOn(_) | Self::Password(_) => None,
        }
    }

    /// What a sign-on rule answers.
    pub const fn sign_on(&self) -> Option<&sign_on::SignOn> {
        match self {
            Self::OktaSignOn(actions) => Some(&actions.signon),
            Self::MfaEnroll(_) | Self::Password(_) | Self::Recovery(_) => None,
        }
    }
}

fn none(kind: PolicyType, settings: &Value) -> Result<(), BadDocument> {
    let is_empty = settings.is_null() || settings.as_object().is_some_and(serde_json::Map::is_empty);
    is_empty.then_some(()).ok_or_else(|| BadDocument(format!("settings: a policy of type {kind} has none")))
}

/// Reads one part of a document. A member that is not known is refused by its name: it would be kept and never asked.
pub(crate) fn read<T: DeserializeOwned + Default>(part: &str, document: &Value) -> Result<T, BadDocument> {
    if document.is_null() {
        return Ok(T::default());
    }
    // A list would be read as an object whose members have no names.
    if !document.is_object() {
        return Err(BadDocument(format!("{part}: must be an object")));
    }
    T::deserialize(document).map_err(|error| {
        let what: String = error.to_string().chars().take(200).collect();
        BadDocument(format!("{part}: {what}; a policy takes nothing that cannot be evaluated here"))
    })
}

/// What a policy is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    /// Who; nobody in particular, where only groups are given.
    pub user: Option<Id<User>>,
    /// The groups they are in, the one of everybody among them.
    pub groups: Vec<Id<Group>>,
    /// The network zones that the request comes from; nothing, where that cannot be told.
    pub zones: Option<Vec<Id<Zone>>>,
    /// By which entrance.
    pub entrance: Entrance,
}

/// By what somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entrance {
    /// The LDAP interface.
    Ldap,
    /// RADIUS.
    Radius,
    /// A browser, or the API.
    #[default]
    Web,
}

/// What [`decide`] found, and why.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Decision<'p> {
    /// What answers.
    pub outcome: Outcome<'p>,
    /// Every policy and rule that was looked at, in order, the answering one last.
    pub because: Vec<PolicyFinding>,
}

/// What answers a situation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome<'p> {
    /// This rule.
    Applies(&'p Policy, &'p Rule),
    /// A condition of this policy could not be judged: nothing behind it may answer in its place.
    CannotTell(&'p Policy),
    /// No policy matches.
    Nothing,
}

/// What was found of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFinding {
    /// Its id.
    pub id: Id<PolicyKind>,
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub verdict: Verdict,
    /// Its conditions.
    pub conditions: Vec<Finding>,
    /// Its rules that were looked at: none, where its own conditions do not match.
    pub rules: Vec<RuleFinding>,
}

/// What was found of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFinding {
    /// Its id.
    pub id: Id<PolicyRule>,
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub verdict: Verdict,
    /// Its conditions.
    pub conditions: Vec<Finding>,
}

/// Finds the rule that answers a situation. Policies are those of one type, in any order.
pub fn decide<'p>(policies: &'p [Policy], situation: &Situation) -> Decision<'p> {
    let mut because = Vec::new();
    for policy in in_order(policies) {
        let conditions = policy.conditions.judge(situation);
        let mut finding = PolicyFinding {
            id: policy.id,
            name: policy.name.clone(),
            verdict: Verdict::all(&conditions),
            conditions,
            rules: Vec::new(),
        };
        let outcome = match finding.verdict {
            Verdict::Match => answering_rule(policy, situation, &mut finding),
            Verdict::NoMatch => None,
            Verdict::CannotTell => Some(Outcome::CannotTell(policy)),
        };
        because.push(finding);
        if let Some(outcome) = outcome {
            return Decision { outcome, because };
        }
    }
    Decision { outcome: Outcome::Nothing, because }
}

/// The policy whose settings hold in a situation: the first whose conditions match and that has a rule. Its rules decide
/// what people may do, not what holds for them.
pub fn settings_for<'p>(policies: &'p [Policy], situation: &Situation) -> Option<&'p Policy> {
    in_order(policies).into_iter().find(|policy| {
        policy.rules.iter().any(|rule| rule.status == Status::Active)
            && Verdict::all(&policy.conditions.judge(situation)) == Verdict::Match
    })
}

fn answering_rule<'p>(policy: &'p Policy, situation: &Situation, finding: &mut PolicyFinding) -> Option<Outcome<'p>> {
    finding.verdict = Verdict::NoMatch;
    for rule in effect::active_rules(policy) {
        let conditions = rule.conditions.judge(situation);
        let verdict = Verdict::all(&conditions);
        finding.rules.push(RuleFinding { id: rule.id, name: rule.name.clone(), verdict, conditions });
        match verdict {
            Verdict::Match => {
                finding.verdict = Verdict::Match;
                return Some(Outcome::Applies(policy, rule));
            }
            Verdict::NoMatch => {}
            Verdict::CannotTell => {
                finding.verdict = Verdict::CannotTell;
                return Some(Outcome::CannotTell(policy));
            }
        }
    }
    None
}

/// Those that take part, by priority, those that came with the organisation last.
fn in_order(policies: &[Policy]) -> Vec<&Policy> {
    let mut active: Vec<&Policy> = policies.iter().filter(|policy| policy.status == Status::Active).collect();
    active.sort_by_key(|policy| (policy.is_system, policy.priority, policy.id));
    active
}

/// The policy that every organisation has of a type, and its rule: whoever no other answers, this one does.
pub fn default_policy(
    kind: PolicyType,
    (id, rule): (Id<PolicyKind>, Id<PolicyRule>),
    everyone: Id<Group>,
    created_at: Timestamp,
) -> Policy {
    let (settings, actions) = match kind {
        PolicyType::MfaEnroll => (
            Settings::MfaEnroll(enroll::EnrollSettings::default()),
            Actions::MfaEnroll(enroll::EnrollActions::default()),
        ),
        PolicyType::OktaSignOn => {
            (Settings::OktaSignOn, Actions::OktaSignOn(sign_on::SignOnActions { signon: sign_on::SignOn::ours() }))
        }
        PolicyType::Password => (
            Settings::Password(password::PasswordSettings::default()),
            Actions::Password(password::PasswordActions::ours()),
        ),
        PolicyType::Recovery => (Settings::Recovery, Actions::Recovery(recovery::RecoveryActions::default())),
    };
    Policy {
        id,
        name: "Default Policy".to_owned(),
        description: "The default policy applies in all situations if no other policy applies.".to_owned(),
        priority: 1,
        status: Status::Active,
        is_system: true,
        conditions: Conditions::of_groups(vec![everyone]),
        settings,
        rules: vec![Rule {
            id: rule,
            name: "Default Rule".to_owned(),
            priority: 1,
            status: Status::Active,
            is_system: true,
            conditions: Conditions::default(),
            actions,
            created_at,
            updated_at: created_at,
        }],
        created_at,
        updated_at: created_at,
    }
}

#[cfg(test)]
mod tests;
