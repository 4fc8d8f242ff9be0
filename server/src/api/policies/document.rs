//! Policies and rules as requests write them. What an answer carries may come back in a request and is passed over where it
//! is not for the caller to say; what is not known at all is refused by its name.

use postern_authn::policy::condition::Place;
use postern_authn::policy::{Actions, BadDocument, Conditions, LONGEST_NAME, Policy, PolicyType, Rule, Settings};
use serde_json::{Map, Value};

use super::{NewPolicy, NewRule};
use crate::api::error::ApiError;

/// What only the server says.
const SERVERS: &[&str] = &["id", "created", "lastUpdated", "system", "status", "_links", "_embedded"];
/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 1000;

/// A document that was sent.
pub struct Document(pub Map<String, Value>);

impl Document {
    /// The type that it says it has.
    pub fn kind(&self) -> Result<PolicyType, ApiError> {
        let text = self.text("type")?.ok_or_else(|| wrong("type", "type: the field cannot be left blank"))?;
        let known = || PolicyType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        text.parse().map_err(|()| wrong("type", format!("type: is one of {}", known())))
    }

    /// The policy of this type that it describes; what it leaves out is as in `present`.
    pub fn policy(&self, kind: PolicyType, present: Option<&Policy>) -> Result<NewPolicy, ApiError> {
        self.knows(&["type", "name", "description", "priority", "conditions", "settings"])?;
        if self.text("type")?.is_some_and(|text| text != kind.as_str()) {
            return Err(wrong("type", format!("type: is {kind}, and stays so")));
        }
        let conditions = match (self.part("conditions"), present) {
            (Value::Null, Some(present)) => present.conditions.clone(),
            (document, _) => Conditions::read(Place::Policy(kind), document).map_err(refused)?,
        };
        let settings = match (self.part("settings"), present) {
            (Value::Null, Some(present)) => present.settings.clone(),
            (document, _) => Settings::read(kind, document).map_err(refused)?,
        };
        Ok(NewPolicy {
            name: self.name(present.map(|present| present.name.as_str()))?,
            description: self.description(present.map(|present| present.description.as_str()))?,
            priority: self.priority()?,
            conditions,
            settings,
        })
    }

    /// The rule of a policy of this type that it describes; what it leaves out is as in `present`.
    pub fn rule(&self, kind: PolicyType, present: Option<&Rule>) -> Result<NewRule, ApiError> {
        self.knows(&["type", "name", "priority", "conditions", "actions"])?;
        if self.text("type")?.is_some_and(|text| text != kind.rule_type()) {
            return Err(wrong("type", format!("type: is {} in a policy of type {kind}", kind.rule_type())));
        }
        let conditions = match (self.part("conditions"), present) {
            (Value::Null, Some(present)) => present.conditions.clone(),
            (document, _) => Conditions::read(Place::Rule(kind), document).map_err(refused)?,
        };
        let actions = match (self.part("actions"), present) {
            (Value::Null, Some(present)) => present.actions.clone(),
            (Value::Null, None) if kind == PolicyType::OktaSignOn => {
                return Err(wrong("actions", "actions.signon.access: is ALLOW or DENY"));
            }
            (document, _) => Actions::read(kind, document).map_err(refused)?,
        };
        Ok(NewRule {
            name: self.name(present.map(|present| present.name.as_str()))?,
            priority: self.priority()?,
            conditions,
            actions,
        })
    }

    fn knows(&self, own: &[&str]) -> Result<(), ApiError> {
        let is_known = |name: &&String| own.contains(&name.as_str()) || SERVERS.contains(&name.as_str());
        match self.0.keys().find(|name| !is_known(name)) {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(40).collect();
                Err(wrong(&name, format!("{name}: cannot be evaluated here")))
            }
        }
    }

    fn part(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.part(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(wrong(name, format!("{name}: must be text"))),
        }
    }

    fn name(&self, present: Option<&str>) -> Result<String, ApiError> {
        let name = self.text("name")?.or(present).unwrap_or_default().trim();
        if name.is_empty() {
            return Err(wrong("name", "name: The field cannot be left blank"));
        }
        if name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(wrong("name", format!("name: has at most {LONGEST_NAME} characters on one line")));
        }
        Ok(name.to_owned())
    }

    fn description(&self, present: Option<&str>) -> Result<String, ApiError> {
        let text = self.text("description")?.or(present).unwrap_or_default();
        if text.chars().count() > LONGEST_DESCRIPTION || text.contains('\0') {
            return Err(wrong("description", format!("description: has at most {LONGEST_DESCRIPTION} characters")));
        }
        Ok(text.to_owned())
    }

    fn priority(&self) -> Result<Option<u32>, ApiError> {
        match self.part("priority") {
            Value::Null => Ok(None),
            Value::Number(number) => {
                let priority = number.as_u64().filter(|priority| *priority >= 1);
                let priority = priority.ok_or_else(|| wrong("priority", "priority: is a whole number from 1"))?;
                Ok(Some(u32::try_from(priority).unwrap_or(u32::MAX)))
            }
            _ => Err(wrong("priority", "priority: is a whole number from 1")),
        }
    }
}

fn wrong(object: &str, cause: impl Into<String>) -> ApiError {
    ApiError::validation(object, [cause.into()])
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn refused(bad: BadDocument) -> ApiError {
    let object = bad.0.split([':', '.']).next().unwrap_or("policy").to_owned();
    ApiError::validation(&object, bad.0.split("; ").map(str::to_owned))
}
