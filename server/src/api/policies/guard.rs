//! What no change of policies may do: speak of what does not exist, or shut administrators out.

use std::fmt;

use axum::http::StatusCode;
use postern_authn::policy::condition::{ALL_ZONES, Condition as _};
use postern_authn::policy::sign_on::Access;
use postern_authn::policy::{Outcome, Policy, PolicyType, Situation, decide};
use postern_authn::user::Status;
use postern_codes::id::{Id, Zone};
use postern_store::{Error, Tx};

use super::missing;
use crate::api::caller::Caller;
use crate::api::error::{ApiError, Reason};

/// What a refused change is answered, and its stable word for the record.
pub type Refused = (ApiError, &'static str);

/// Whom a change would shut out, and what denies them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutOut {
    /// Whether it is whoever makes the change, from where they are; otherwise it is every super administrator.
    pub is_caller: bool,
    /// What denies them.
    pub why: Denial,
}

/// Why somebody gets no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// This policy cannot be evaluated for them.
    CannotTell(String),
    /// No policy applies.
    Nothing,
    /// A rule says no.
    Rule {
        /// Its name.
        rule: String,
        /// The name of its policy.
        policy: String,
    },
}

impl fmt::Display for ShutOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_caller {
            "you could not sign in from here any more: "
        } else {
            "no super administrator could sign in any more: "
        })?;
        match &self.why {
            Denial::CannotTell(policy) => write!(formatter, "policy \"{policy}\" cannot be evaluated for it"),
            Denial::Nothing => formatter.write_str("no policy applies"),
            Denial::Rule { rule, policy } => write!(formatter, "rule \"{rule}\" of policy \"{policy}\" denies it"),
        }
    }
}

/// A refusal that has nothing to do with the other policies.
pub fn plain(refused: ApiError) -> Refused {
    let word = match refused.status {
        StatusCode::FORBIDDEN => "read_only",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::PRECONDITION_FAILED => "changed_meanwhile",
        _ => "invalid",
    };
    (refused, word)
}

/// Judges a change of the policies of one type.
///
/// # Errors
/// Of the database.
pub fn judge(
    tx: &mut Tx<'_>,
    by: &Caller,
    kind: PolicyType,
    (before, after): (&[Policy], &[Policy]),
) -> Result<Result<(), Refused>, Error> {
    for policy in after.iter().filter(|policy| !before.contains(policy)) {
        let of_rules = policy.rules.iter().map(|rule| &rule.conditions);
        for conditions in std::iter::once(&policy.conditions).chain(of_rules) {
            if let Some(id) = missing(tx, conditions)? {
                let cause = format!("conditions: there is no {id}");
                let refused = ApiError::validation("conditions", [cause]).for_reason(Reason::Missing(id));
                return Ok(Err(plain(refused)));
            }
        }
    }
    match kind {
        PolicyType::OktaSignOn => Ok(match shut_out(tx, by, (before, after))? {
            Some(out) => {
                let cause = format!("this would shut administrators out: {out}");
                Err((ApiError::validation("policy", [cause]).for_reason(Reason::ShutsOut(out)), "shuts_out"))
            }
            None => Ok(()),
        }),
        PolicyType::MfaEnroll | PolicyType::Password | PolicyType::Recovery => Ok(Ok(())),
    }
}

/// Why a change would shut out whoever makes it, or every super administrator.
fn shut_out(tx: &mut Tx<'_>, by: &Caller, (before, after): (&[Policy], &[Policy])) -> Result<Option<ShutOut>, Error> {
    // Where a browser of the caller's stands is known of a session alone: a token may be used from anywhere.
    if by.session().is_some() {
        let here = tx.situation_of(by.user(), &by.client.0.ip)?;
        if let (None, Some(why)) = (denial(before, &here), denial(after, &here)) {
            return Ok(Some(ShutOut { is_caller: true, why }));
        }
    }
    let mut first = None;
    for person in tx.super_administrators()? {
        // Whose password is to be replaced first gets in by no policy.
        if person.status == Status::Recovery || tx.is_password_ended(person.id)? {
            continue;
        }
        let somewhere = tx.situation_of(person.id, "")?;
        let Some(why) = denial_everywhere(after, &somewhere) else { return Ok(None) };
        first.get_or_insert(why);
    }
    Ok(first.map(|why| ShutOut { is_caller: false, why }))
}

/// Why somebody gets no session from any place that the policies tell apart.
fn denial_everywhere(policies: &[Policy], person: &Situation) -> Option<Denial> {
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    let networks = rules.filter_map(|rule| rule.conditions.network.as_ref());
    let named = networks.flat_map(|network| network.references()).filter(|zone| zone != ALL_ZONES);
    let zones: Vec<Id<Zone>> = named.filter_map(|zone| zone.parse().ok()).collect();
    let alone = zones.iter().map(|zone| vec![*zone]);
    let mut places = std::iter::once(Vec::new()).chain(alone).chain([zones.clone()]);
    let mut first = None;
    let is_let_in = places.any(|zones| {
        let why = denial(policies, &Situation { zones: Some(zones), ..person.clone() });
        let is_let_in = why.is_none();
        first = first.take().or(why);
        is_let_in
    });
    if is_let_in { None } else { first }
}

/// Why a situation gets no session.
fn denial(policies: &[Policy], situation: &Situation) -> Option<Denial> {
    match decide(policies, situation).outcome {
        Outcome::Applies(policy, rule) => {
            let is_let_in = rule.actions.sign_on().is_some_and(|sign_on| sign_on.access == Access::Allow);
            (!is_let_in).then(|| Denial::Rule { rule: rule.name.clone(), policy: policy.name.clone() })
        }
        Outcome::CannotTell(policy) => Some(Denial::CannotTell(policy.name.clone())),
        Outcome::Nothing => Some(Denial::Nothing),
    }
}
