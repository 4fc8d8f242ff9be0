//! Which policy answers, as an operator asks.

use std::net::IpAddr;

use postern_authn::policy::condition::Finding;
use postern_authn::policy::{PolicyType, Verdict};
use postern_authn::user::Login;
use postern_codes::id::{Id, Org};

use super::Answer;
use crate::App;
use crate::api::policies::{Question, WhatIf, ask};

/// Says which policy and rule of each type answer for a person, and because of what; without an address, what depends on
/// where they are cannot be told.
///
/// # Errors
/// Of the database.
pub async fn explain(app: &App, org: Id<Org>, login: &str, ip: Option<&str>) -> anyhow::Result<Answer> {
    let Ok(known) = login.parse::<Login>() else { return Ok(Answer::nobody(login)) };
    if let Some(ip) = ip
        && ip.parse::<IpAddr>().is_err()
    {
        return Ok(Answer::Refused(format!("{ip} is no network address: give one like 192.0.2.7 or 2001:db8::7")));
    }
    let asked = app.store.read(org, |tx| {
        let Some(user) = tx.user_by_login(&known)? else { return Ok(None) };
        let question = Question { user: Some(user.id), ip: ip.map(str::to_owned), ..Question::default() };
        let mut found = Vec::new();
        for kind in PolicyType::ALL {
            found.push(ask(tx, *kind, &question)?);
        }
        Ok(Some(found))
    });
    let Some(found) = asked.await? else { return Ok(Answer::nobody(login)) };
    let found: Result<Vec<WhatIf>, _> = found.into_iter().collect();
    let found = found.map_err(|error| anyhow::anyhow!(error.summary.clone()))?;
    Ok(Answer::Done(found.iter().flat_map(lines).collect()))
}

fn lines(found: &WhatIf) -> Vec<String> {
    let answer = found.answer.as_ref().map_or_else(
        || format!("{}: nothing answers, so it is denied", found.kind),
        |(policy, rule)| format!("{}: policy \"{}\", rule \"{}\"", found.kind, policy.name, rule.name),
    );
    let mut lines = vec![answer];
    for policy in &found.because {
        lines.push(format!("  {} policy \"{}\"", mark(policy.verdict), policy.name));
        lines.extend(policy.conditions.iter().map(|finding| format!("      {}", reason(finding))));
        for rule in &policy.rules {
            lines.push(format!("    {} rule \"{}\"", mark(rule.verdict), rule.name));
            lines.extend(rule.conditions.iter().map(|finding| format!("        {}", reason(finding))));
        }
    }
    if !found.not_asked.is_empty() {
        lines.push(format!("  not asked: {}", found.not_asked.join(", ")));
    }
    lines
}

const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "+",
        Verdict::NoMatch => "-",
        Verdict::CannotTell => "?",
    }
}

fn reason(finding: &Finding) -> String {
    format!("{} {}: {}", mark(finding.verdict), finding.condition, finding.why.text())
}
