//! What no change of policies may do: speak of what does not exist, or shut administrators out.

use axum::http::StatusCode;
use postern_authn::policy::condition::{ALL_ZONES, Condition as _};
use postern_authn::policy::sign_on::Access;
use postern_authn::policy::{Outcome, Policy, PolicyType, Situation, decide};
use postern_authn::user::Status;
use postern_codes::id::{Id, Zone};
use postern_store::{Error, Tx};

use super::missing;
use crate::api::caller::Caller;
use crate::api::error::ApiError;

/// What a refused change is answered, and its stable word for the record.
pub type Refused = (ApiError, &'static str);

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
                return Ok(Err(plain(ApiError::validation("conditions", [cause]))));
            }
        }
    }
    match kind {
        PolicyType::OktaSignOn => Ok(match shut_out(tx, by, (before, after))? {
            Some(why) => Err((
                ApiError::validation("policy", [format!("this would shut administrators out: {why}")]),
                "shuts_out",
            )),
            None => Ok(()),
        }),
        PolicyType::MfaEnroll | PolicyType::Password => Ok(Ok(())),
    }
}

/// Why a change would shut out whoever makes it, or every super administrator.
fn shut_out(tx: &mut Tx<'_>, by: &Caller, (before, after): (&[Policy], &[Policy])) -> Result<Option<String>, Error> {
    // Where a browser of the caller's stands is known of a session alone: a token may be used from anywhere.
    if by.session().is_some() {
        let here = tx.situation_of(by.user(), &by.client.0.ip)?;
        if let (None, Some(why)) = (denial(before, &here), denial(after, &here)) {
            return Ok(Some(format!("you could not sign in from here any more: {why}")));
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
    Ok(first.map(|why| format!("no super administrator could sign in any more: {why}")))
}

/// Why somebody gets no session from any place that the policies tell apart.
fn denial_everywhere(policies: &[Policy], person: &Situation) -> Option<String> {
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
fn denial(policies: &[Policy], situation: &Situation) -> Option<String> {
    match decide(policies, situation).outcome {
        Outcome::Applies(policy, rule) => {
            let is_let_in = rule.actions.sign_on().is_some_and(|sign_on| sign_on.access == Access::Allow);
            (!is_let_in).then(|| format!("rule \"{}\" of policy \"{}\" denies it", rule.name, policy.name))
        }
        Outcome::CannotTell(policy) => Some(format!("policy \"{}\" cannot be evaluated for it", policy.name)),
        Outcome::Nothing => Some("no policy applies".to_owned()),
    }
}
