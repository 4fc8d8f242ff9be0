//! Security > What if: what the policies would decide of a person who comes from somewhere, and why. Nobody signs in; the
//! answer comes from the code that decides then.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::policy::condition::{Finding, Verdict};
use postern_authn::policy::enroll::{EnrollSettings, Enrolment};
use postern_authn::policy::password::PasswordSettings;
use postern_authn::policy::{PolicyType, Settings};
use postern_authn::user::User;
use postern_codes::Env;
use postern_codes::id::{Id, Zone};
use postern_store::{Error, Tx};

use super::page::{page, page_with};
use super::part::{Chooser, Field, Kind, Link, Source, State, Tone};
use super::people;
use super::policies::{self, answer};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::policies::{Question, WhatIf as Found, what_if};
use crate::api::routes::{Access, Routes};
use crate::sign_in::ruling;

const ADDRESS: &str = "/admin/security/what-if";
const KNOWN: &str = "known";

/// A condition that was looked at.
pub struct Reason {
    /// Whether it held.
    pub state: State,
    /// Which one, and why.
    pub why: Text,
}

/// A policy or a rule that was looked at.
pub struct Step {
    /// Its name and page.
    pub name: Link,
    /// Whether it answers.
    pub state: State,
    /// Its conditions.
    pub reasons: Vec<Reason>,
    /// The rules of a policy.
    pub rules: Vec<Step>,
}

/// What is decided of one matter.
pub struct Answer {
    /// The matter.
    pub about: Text,
    /// The decision in a few words.
    pub decision: State,
    /// What it means.
    pub means: Text,
    /// What answers.
    pub by: Text,
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What was not asked any more.
    pub not_asked: Vec<Text>,
}

/// The question, and what comes of it.
#[derive(Template)]
#[template(path = "console/what_if.html")]
pub struct WhatIf {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub person: Chooser,
    /// From which address.
    pub address: Field,
    /// From which zone beside.
    pub zone: Chooser,
    /// In which browser.
    pub browser: Field,
    /// Who was found, and how their account stands.
    pub found: Option<(Link, State)>,
    /// Sign-on, password, enrolment.
    pub answers: Vec<Answer>,
}

/// `/admin/security/what-if`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::PoliciesRead), show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::PoliciesRead>(&app).await?;
    let mut view = asked(&viewer, &query);
    let login = query.text("person").unwrap_or_default().trim();
    if login.is_empty() {
        return Ok(page(view));
    }
    viewer.require_everywhere::<right::UsersRead>(&app).await?;
    let ip = query.text("ip").map(str::trim).filter(|ip| !ip.is_empty());
    let zone = query.text("zone").map(|name| name.trim().to_lowercase());
    let read = app.store.read(by.org, |tx| {
        let person = login.parse().map_or(Ok(None), |login| tx.user_by_login(&login))?;
        let zones = tx.zones()?;
        Ok((person, zone.as_ref().map(|zone| zones.iter().find(|own| own.name.folded() == *zone).map(|own| own.id))))
    });
    let (person, zone) = read.await?;
    let refused = |field: &Field, why| field.clone().refused(why);
    if person.is_none() {
        view.person.field = refused(&view.person.field, say("what-if-nobody"));
    }
    if ip.is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
        view.address = refused(&view.address, say("what-if-no-address"));
    }
    if zone == Some(None) {
        view.zone.field = refused(&view.zone.field, say("what-if-no-zone"));
    }
    let is_wrong = [&view.person.field, &view.address, &view.zone.field].iter().any(|field| field.error.is_some());
    let Some(person) = person.filter(|_| !is_wrong) else { return Ok(page_with(StatusCode::BAD_REQUEST, view)) };
    let zones: Vec<Id<Zone>> = zone.flatten().into_iter().collect();
    let question = Question { user: Some(person.id), ip: ip.map(str::to_owned), zones, ..Question::default() };
    for kind in [PolicyType::OktaSignOn, PolicyType::Password, PolicyType::MfaEnroll, PolicyType::Recovery] {
        let found = what_if(&app, &by, kind, &question).await?;
        let is_known = query.text("browser") == Some(KNOWN);
        let env = app.env();
        let decided = app.store.read(by.org, |tx| decision(tx, &person, (&found, is_known), &env)).await?;
        view.answers.push(shown(&found, decided));
    }
    view.found = Some((Link::new(person.name(), people::address(&person)), people::standing(&person, viewer.now)));
    Ok(page(view))
}

fn asked(viewer: &Viewer, query: &Query) -> WhatIf {
    let held = |name: &str| query.text(name).unwrap_or_default().to_owned();
    let field = |name, label, hint| Field::new(name, label, Kind::Text).hint(hint).holding(held(name));
    let browsers = vec![("new".to_owned(), say("what-if-new")), (KNOWN.to_owned(), say("what-if-known"))];
    let browser = Field::new("browser", say("what-if-browser"), Kind::Choice(browsers));
    WhatIf {
        shell: viewer.shell(Place::WhatIf),
        person: Chooser {
            field: field("person", say("what-if-person"), say("what-if-person-hint")).first(),
            source: Source::People,
        },
        address: field("ip", say("what-if-address"), say("what-if-address-hint")).optional(),
        zone: Chooser {
            field: field("zone", say("what-if-zone"), say("what-if-zone-hint")).optional(),
            source: Source::Zones,
        },
        browser: browser.hint(say("what-if-browser-hint")).holding(held("browser")),
        found: None,
        answers: Vec::new(),
    }
}

/// The decision in a few words, and what it means for the person.
fn decision(
    tx: &mut Tx<'_>,
    person: &User,
    (found, is_known): (&Found, bool),
    env: &Env,
) -> Result<(State, Text), Error> {
    let Some((policy, rule)) = &found.answer else {
        let because = found.because.last().map(|last| last.verdict);
        return Ok(match (found.kind, because) {
            (PolicyType::OktaSignOn, Some(Verdict::CannotTell)) => {
                (State::new(Tone::Warning, say("what-if-cannot-tell")), say("what-if-cannot-tell-next"))
            }
            (PolicyType::OktaSignOn, _) => (State::new(Tone::Danger, say("what-if-denied")), say("what-if-nothing")),
            (PolicyType::MfaEnroll | PolicyType::Password | PolicyType::Recovery, _) => {
                (State::new(Tone::Warning, say("what-if-no-answer")), say("what-if-nothing"))
            }
        });
    };
    let means = match &policy.settings {
        Settings::OktaSignOn => {
            let remembered = is_known.then_some(env.now);
            let rule = rule.actions.sign_on().copied();
            let ruling = ruling::by_rule(tx, person.id, (rule, remembered), env)?;
            if !ruling.demands.lets_in() {
                return Ok((State::new(Tone::Danger, say("what-if-denied")), say("what-if-denied-means")));
            }
            let terms = ruling.terms();
            let minutes = |lasts: std::time::Duration| lasts.as_secs() / 60;
            let proof = if ruling.demands.wants_factor() { say("what-if-two") } else { say("what-if-password-alone") };
            let lasts = say("what-if-lasts").with("idle", minutes(terms.idle)).with("longest", minutes(terms.longest));
            let means = Text::sentences([proof, lasts]);
            return Ok((State::new(Tone::Good, say("what-if-let-in")), means));
        }
        Settings::Password(settings) => Text::sentences([password(settings), answer(&rule.actions)]),
        Settings::MfaEnroll(settings) => Text::sentences([enrolment(settings), answer(&rule.actions)]),
        Settings::Recovery => answer(&rule.actions),
    };
    Ok((State::new(Tone::Good, say("what-if-answers").with("name", policy.name.clone())), means))
}

fn password(settings: &PasswordSettings) -> Text {
    let rules = &settings.password;
    let length = say("what-if-length").with("count", rules.complexity.min_length);
    let lock = match rules.lockout.max_attempts {
        0 => say("what-if-never-locked"),
        count => say("what-if-locks").with("count", count),
    };
    let age = match rules.age.max_age_days {
        0 => say("what-if-lasts-forever"),
        days => say("what-if-lasts-days").with("days", days),
    };
    Text::sentences([length, age, lock, say("what-if-may-themselves")])
}

fn enrolment(settings: &EnrollSettings) -> Text {
    let all = postern_authn::factor::Kind::ALL.iter().map(|kind| (people::factor(*kind), settings.of(*kind)));
    let all: Vec<_> = all.chain([(say("what-if-a-password"), settings.password())]).collect();
    let of = |wanted: Enrolment| {
        let names = all.iter().filter(|(_, enrolment)| *enrolment == wanted).map(|(name, _)| name.clone());
        let names: Vec<Text> = names.collect();
        if names.is_empty() { say("what-if-none") } else { Text::list(names) }
    };
    let must = say("what-if-must").with("names", of(Enrolment::Required));
    Text::sentences([must, say("what-if-may").with("names", of(Enrolment::Optional)), say("what-if-asked")])
}

fn shown(found: &Found, (decision, means): (State, Text)) -> Answer {
    let by = found.answer.as_ref().map(|(policy, rule)| {
        let policy_link = Link::new(&policy.name, policies::address(policy.id));
        let rule_link = Link::new(&rule.name, policies::rule_address(policy.id, rule.id));
        say("what-if-by").around("rule", rule_link).around("policy", policy_link)
    });
    let step = |policy: &postern_authn::policy::PolicyFinding| Step {
        name: Link::new(&policy.name, policies::address(policy.id)),
        state: verdict(policy.verdict),
        reasons: policy.conditions.iter().map(reason).collect(),
        rules: policy
            .rules
            .iter()
            .map(|rule| Step {
                name: Link::new(&rule.name, policies::rule_address(policy.id, rule.id)),
                state: verdict(rule.verdict),
                reasons: rule.conditions.iter().map(reason).collect(),
                rules: Vec::new(),
            })
            .collect(),
    };
    Answer {
        about: say_of("policies-type", found.kind.as_str()),
        decision,
        means,
        by: by.unwrap_or_else(|| say("what-if-by-none")),
        steps: found.because.iter().map(step).collect(),
        not_asked: found.not_asked.iter().map(Text::from).collect(),
    }
}

fn verdict(verdict: Verdict) -> State {
    match verdict {
        Verdict::CannotTell => State::new(Tone::Warning, say("what-if-unknown")),
        Verdict::Match => State::new(Tone::Good, say("what-if-match")),
        Verdict::NoMatch => State::new(Tone::Plain, say("what-if-no-match")),
    }
}

fn reason(finding: &Finding) -> Reason {
    let why = say("what-if-reason")
        .with("condition", say_of("what-if-condition", finding.condition))
        .with("why", say_of("what-if-why", finding.why.as_str()).or(finding.why.text().to_owned()));
    Reason { state: verdict(finding.verdict), why }
}
