//! What a recovery case needs, by policy: how much evidence of which types, how many approvals, how long a wait, before
//! which [`Action`]. What no policy can go below is said here too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::evidence::Kind;
use crate::policy::BadDocument;

/// Most kinds of evidence, or approvals, that can be asked for.
const MOST: u8 = 3;
/// The longest wait, in minutes: a week.
const LONGEST_WAIT: u32 = 7 * 24 * 60;
/// The longest time to enrol after a reset, in hours.
const LONGEST_DEADLINE: u32 = 7 * 24;

/// What the cases of some people need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Rules {
    /// What each action that gives access needs.
    #[serde(deserialize_with = "named")]
    pub actions: BTreeMap<Action, Requirement>,
    /// How many days a number must have been on file before it is called, 1 to 90.
    pub number_ageing_days: u32,
    /// How somebody enrols after a reset.
    pub after_reset: AfterReset,
    /// Who sees backup codes that were made for somebody.
    pub codes_to: CodesTo,
    /// In how many hours whoever enrols with the password alone must have done it, before the account locks; 1 to 168.
    pub enrolment_deadline_hours: u32,
}

/// What an action needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// How many of the types below, at least.
    pub evidence: u8,
    /// The types that count.
    pub from: BTreeSet<Kind>,
    /// How many others must approve.
    #[serde(default)]
    pub approvals: u8,
    /// How long after the last of it the action waits, in minutes; the person is told, and can stop it.
    #[serde(default)]
    pub wait_minutes: u32,
}

/// How somebody enrols after a reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AfterReset {
    /// With the password alone, before a deadline.
    PasswordOnly,
    /// With the password and a one-time ticket.
    #[default]
    Ticket,
}

/// Who sees backup codes that were made for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CodesTo {
    /// The agent, once.
    Agent,
    /// The person, by a one-time ticket.
    #[default]
    Ticket,
}

/// What the case at hand adds to what policy says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// The person has administrator roles.
    pub is_privileged: bool,
    /// The agent said that the caller presses them.
    pub is_pressed: bool,
    /// Password and other factors are replaced in one case.
    pub takes_both: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let actions = Action::ALL.iter().filter(|action| action.gives_access());
        Self {
            actions: actions.map(|action| (*action, Requirement::any())).collect(),
            number_ageing_days: 7,
            after_reset: AfterReset::default(),
            codes_to: CodesTo::default(),
            enrolment_deadline_hours: 24,
        }
    }
}

impl Rules {
    /// What holds where no policy can be told: two people for everything.
    pub fn where_none_can_be_told() -> Self {
        let mut rules = Self::default();
        rules.actions.values_mut().for_each(|needed| needed.approvals = 1);
        rules
    }

    /// Whether these rules can be kept: they let something happen, and not everything.
    ///
    /// # Errors
    /// [`BadDocument`] with the member and the reason.
    pub fn check(&self) -> Result<(), BadDocument> {
        if !(1..=90).contains(&self.number_ageing_days) {
            return Err(BadDocument("numberAgeingDays: must be 1 to 90".to_owned()));
        }
        if !(1..=LONGEST_DEADLINE).contains(&self.enrolment_deadline_hours) {
            return Err(BadDocument(format!("enrolmentDeadlineHours: must be 1 to {LONGEST_DEADLINE}")));
        }
        self.actions.iter().try_for_each(|(action, needed)| {
            needed.check().map_err(|reason| BadDocument(format!("actions.{action}: {reason}")))
        })
    }

    /// How long a number must have been on file.
    pub fn number_ageing(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.number_ageing_days))
    }

    /// What an action that gives access needs in this case: what policy says, and what no policy goes below.
    pub fn needed(&self, action: Action, weight: Weight) -> Requirement {
        let mut needed = self.actions.get(&action).cloned().unwrap_or_else(Requirement::any);
        if weight.is_privileged || weight.is_pressed || weight.takes_both {
            needed.approvals = needed.approvals.max(1);
        }
        needed
    }
}

impl Requirement {
    /// One piece of evidence, of any type.
    fn any() -> Self {
        Self { evidence: 1, from: Kind::ALL.iter().copied().collect(), approvals: 0, wait_minutes: 0 }
    }

    fn check(&self) -> Result<(), String> {
        if self.evidence == 0 {
            return Err("evidence: must be at least 1, else whoever calls is let in".to_owned());
        }
        if usize::from(self.evidence) > self.from.len() {
            let given = self.from.len();
            return Err(format!("evidence: {} of {given} types can never be had", self.evidence));
        }
        if self.evidence > MOST || self.approvals > MOST {
            return Err(format!("evidence, approvals: must be at most {MOST}"));
        }
        if self.wait_minutes > LONGEST_WAIT {
            return Err(format!("waitMinutes: must be at most {LONGEST_WAIT}, which is a week"));
        }
        Ok(())
    }

    /// How long the action waits after the last of what it needs.
    pub fn wait(&self) -> Duration {
        Duration::from_mins(u64::from(self.wait_minutes))
    }
}

/// Actions that are not named keep their default; one that gives no access needs nothing and cannot be named.
fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Action, Requirement>, D::Error> {
    use serde::de::Error as _;
    let mut actions = Rules::default().actions;
    for (action, requirement) in BTreeMap::<Action, Requirement>::deserialize(deserializer)? {
        if !action.gives_access() {
            return Err(D::Error::custom(format!("{action}: gives no access, and needs nothing")));
        }
        actions.insert(action, requirement);
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: serde_json::Value) -> Result<Rules, String> {
        let rules: Rules = serde_json::from_value(document).map_err(|fault| fault.to_string())?;
        rules.check().map_err(|fault| fault.to_string())?;
        Ok(rules)
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        assert_eq!(read(json!({})), Ok(Rules::default()));
        let rules =
            read(json!({ "actions": { "RESET_FACTORS": { "evidence": 2, "from": ["VIDEO_CALL", "CALL_BACK"] } } }));
        let rules = rules.expect("it can be kept");
        assert_eq!(rules.actions[&Action::ResetFactors].evidence, 2);
        assert_eq!(rules.actions[&Action::RecoveryPin], Requirement::any());
        assert_eq!(read(json!(rules)), Ok(rules));
    }

    #[test]
    fn rules_that_let_everything_or_nothing_happen_are_refused_with_the_reason() {
        let reset = |needed: serde_json::Value| json!({ "actions": { "RESET_FACTORS": needed } });
        for (document, reason) in [
            (reset(json!({ "evidence": 0, "from": ["VIDEO_CALL"] })), "else whoever calls is let in"),
            (reset(json!({ "evidence": 0, "from": [] })), "else whoever calls is let in"),
            (reset(json!({ "evidence": 1, "from": [] })), "1 of 0 types can never be had"),
            (reset(json!({ "evidence": 2, "from": ["VIDEO_CALL"] })), "2 of 1 types can never be had"),
            (reset(json!({ "evidence": 1, "from": ["EMAIL_CODE"] })), "EMAIL_CODE: is no type of evidence"),
            (reset(json!({ "evidence": 1, "from": ["VIDEO_CALL"], "approvals": 200 })), "at most 3"),
            (reset(json!({ "evidence": 1, "from": ["VIDEO_CALL"], "waitMinutes": 1_000_000 })), "a week"),
            (json!({ "actions": { "SUSPEND": { "evidence": 1, "from": ["VIDEO_CALL"] } } }), "gives no access"),
            (json!({ "actions": { "OPEN_ALL_DOORS": { "evidence": 1, "from": ["VIDEO_CALL"] } } }), "unknown variant"),
            (json!({ "numberAgeingDays": 0 }), "1 to 90"),
            (json!({ "numberAgeingDays": 91 }), "1 to 90"),
            (json!({ "enrolmentDeadlineHours": 0 }), "1 to 168"),
            (json!({ "afterReset": "ANYBODY" }), "unknown variant"),
            (json!({ "askNicely": true }), "unknown field"),
        ] {
            let fault = read(document.clone()).expect_err("it is refused");
            assert!(fault.contains(reason), "{document}: {fault}");
        }
    }

    #[test]
    fn no_policy_goes_below_two_people_for_whoever_can_do_harm() {
        let rules = Rules::default();
        let plain = rules.needed(Action::ResetFactors, Weight::default());
        assert_eq!(plain.approvals, 0);
        for weight in [
            Weight { is_privileged: true, ..Weight::default() },
            Weight { is_pressed: true, ..Weight::default() },
            Weight { takes_both: true, ..Weight::default() },
        ] {
            assert_eq!(rules.needed(Action::ResetFactors, weight).approvals, 1, "{weight:?}");
        }
    }
}
