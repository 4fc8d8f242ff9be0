//! Home: what needs attention, and nothing else of weight.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_authn::policy::effect::{Idle, idle};
use postern_authn::policy::password::FOREVER;
use postern_authn::policy::{Policy, PolicyType, Status};
use postern_authn::recovery::Rules;
use postern_authn::recovery::case::Case;
use postern_authn::user::User;
use postern_codes::id::{Group, Id, Policy as PolicyKind};
use postern_store::audit::{self, EventQuery};
use postern_store::search::Condition;
use postern_store::{Error, Tx};

use super::page::page;
use super::part::{Link, Record, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::Text;
use super::{cases, events, people, policies};
use crate::api::device_access::settings::rules;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Caller, logs, tokens, users};
use crate::{App, cases as recovery_cases, portal, say};

/// How long something alarming is shown here.
const ALARM: Duration = Duration::from_hours(7 * 24);
/// At most so many people who are locked out, and so many idle policies, are shown here.
const FEW: u32 = 5;
/// A certificate is renewed by itself long before this.
const RENEWED: Duration = Duration::from_hours(14 * 24);
/// At most so many alarms; the record has them all.
const ALARMS: u32 = 5;

/// One matter that somebody should look at.
pub struct Attention {
    /// How it stands, in a few words.
    pub state: State,
    /// What it means and what to do.
    pub next: Text,
    /// Where to do it.
    pub link: Link,
}

/// A number and what it counts.
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Of what, and where they are listed.
    pub of: Link,
}

/// The first screen after sign-in.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct Home {
    /// The frame.
    pub shell: Shell,
    /// Most pressing first.
    pub attention: Vec<Attention>,
    /// A few numbers.
    pub tallies: Vec<Tally>,
    /// The newest events.
    pub recent: Option<Record>,
}

/// `/admin`.
pub fn routes() -> Routes {
    Routes::new().get("/admin", Access::SignedIn, show)
}

/// The numbers of the first screen.
struct Numbers {
    computers: u64,
    silent: u64,
    people: u64,
    pins: u64,
    undelivered: u64,
    certificates: u64,
    tokens: Vec<String>,
    rules: Rules,
}

/// The first page of administrators; whoever is none has an account to look after.
async fn show(Shared(app): Shared<Arc<App>>, caller: Caller, headers: HeaderMap) -> Result<Response, ApiError> {
    if !caller.authority().is_administrator() {
        return Ok(Redirect::to(portal::ACCOUNT).into_response());
    }
    let viewer = Viewer::of(&app, caller, &headers).await?;
    let now = viewer.now;
    let numbers = app.store.read(viewer.caller.org, |tx| {
        let rules = rules(tx)?;
        Ok(Numbers {
            computers: tx.count_active_devices()?,
            silent: tx.count_silent_devices(now.minus(rules.max_offline))?,
            people: tx.count_people()?,
            pins: tx.count_issuances(now.minus(ALARM))?,
            undelivered: tx.count_undelivered(now.minus(ALARM))?,
            certificates: tx.count_expiring_certificates(now.plus(RENEWED))?,
            tokens: expiring(tx, &viewer)?,
            rules,
        })
    });
    let numbers = numbers.await?;
    let mut attention = alarms(&app, &viewer).await?;
    attention.extend(own_cases(&app, &viewer).await?);
    attention.extend(own_password(&app, &viewer).await?);
    attention.extend(locked_out(&app, &viewer).await?);
    attention.extend(matters(&numbers, &viewer));
    attention.extend(idle_policies(&app, &viewer).await?);
    Ok(page(Home {
        shell: viewer.shell(Place::Home),
        attention,
        tallies: tallies(&numbers, &viewer),
        recent: events::latest(&app, &viewer, None).await?,
    }))
}

/// Cases that the viewer has not finished, and those that wait for their role.
async fn own_cases(app: &App, viewer: &Viewer) -> Result<Vec<Attention>, ApiError> {
    if !viewer.may(Permission::CasesManage) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::CasesRead>(app).await?;
    let mut found = recovery_cases::under_way(app, &by).await?;
    found.retain(|case| case.agent == Some(by.user()) || cases::is_for(viewer, case));
    found.truncate(FEW as usize);
    let names = recovery_cases::Names::of(app, &by, &found).await?;
    let matter = |case: &Case| {
        let words = if case.agent.is_some() { say("cases-home-mine") } else { say("cases-home-handed") };
        let words = words.with("number", case.number.to_string()).with("person", names.of_one(case.person));
        let link = say("cases-go-to").with("number", case.number.to_string());
        Attention {
            state: State::new(Tone::Warning, words),
            next: say("cases-home-next"),
            link: Link::new(link, cases::address(case.id)),
        }
    };
    Ok(found.iter().map(matter).collect())
}

/// That the viewer's own password expires within the days of which their policy tells them.
async fn own_password(app: &App, viewer: &Viewer) -> Result<Option<Attention>, ApiError> {
    let (user, now) = (viewer.caller.user(), viewer.now);
    let expires = app.store.read(viewer.caller.org, |tx| {
        let Some(set_at) = tx.user(user)?.and_then(|user| user.password_changed_at) else { return Ok(None) };
        Ok(tx.password_policy(user)?.password.age.warning(set_at, now))
    });
    Ok(expires.await?.map(|at| Attention {
        state: State::new(Tone::Warning, say("home-password").with("when", at)),
        next: say("home-password-next"),
        link: Link::new(say("home-password-act"), "/forgot"),
    }))
}

/// The names of tokens that end within a week and that the viewer may change.
fn expiring(tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Vec<String>, Error> {
    if !viewer.may(Permission::ApiTokensManage) {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for token in tx.tokens(viewer.now, "", u32::MAX)? {
        if token.expires_at < viewer.now.plus(ALARM) && tokens::may_change(tx, &viewer.caller, &token)? {
            names.push(token.name);
        }
    }
    Ok(names)
}

/// What the record has of alarms, newest first.
async fn alarms(app: &App, viewer: &Viewer) -> Result<Vec<Attention>, ApiError> {
    if !viewer.may(Permission::LogsRead) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::LogsRead>(app).await?;
    let kinds = [EventType::RecoveryPinUnissued, EventType::RecoveryChainBroken, EventType::ReportSuspicious];
    let any = kinds.map(|kind| format!("eventType eq \"{kind}\"")).join(" or ");
    let query = EventQuery {
        condition: Condition::parse(&any, audit::ATTRIBUTES).ok(),
        descending: true,
        since: Some(viewer.now.minus(ALARM)),
        ..EventQuery::default()
    };
    let (found, _) = logs::list(app, &by, &query, ALARMS).await?;
    let alarm = |event| {
        let line = events::line(event, viewer);
        let relative = viewer.moment(event.published);
        let href = format!("/admin/reports?eventType={}", event.body.event_type);
        Attention {
            state: State::new(Tone::Danger, line.what),
            next: say("home-alarm-next").with("about", line.about).around("when", relative),
            link: Link::new(say("home-alarm-see"), href),
        }
    };
    Ok(found.iter().map(alarm).collect())
}

/// People who are locked out and whom the viewer may unlock.
async fn locked_out(app: &App, viewer: &Viewer) -> Result<Vec<Attention>, ApiError> {
    if !(viewer.may(Permission::UsersUnlock) && viewer.may(Permission::UsersRead)) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::UsersRead>(app).await?;
    let found = app.store.read(by.org, |tx| {
        let mut found = Vec::new();
        for person in tx.locked_out(viewer.now, 10 * FEW)? {
            if found.len() < FEW as usize
                && users::hindrance(tx, &by, Permission::UsersUnlock, person.id)?.is_none()
                && users::hindrance(tx, &by, Permission::UsersRead, person.id)?.is_none()
            {
                found.push(person);
            }
        }
        Ok::<_, Error>(found)
    });
    let matter = |person: &User| {
        let until = person.lock(viewer.now).filter(|until| *until < FOREVER);
        let next = match until {
            Some(until) => say("home-locked-until").with("until", until),
            None => say("home-locked-for-good"),
        };
        Attention {
            state: State::new(Tone::Warning, say("home-locked").with("person", person.name())),
            next,
            link: Link::new(say("home-locked-act").with("person", person.name()), people::address(person)),
        }
    };
    Ok(found.await?.iter().map(matter).collect())
}

/// Policies and rules that take part and never answer.
async fn idle_policies(app: &App, viewer: &Viewer) -> Result<Vec<Attention>, ApiError> {
    if !viewer.may(Permission::PoliciesRead) {
        return Ok(Vec::new());
    }
    let read = app.store.read(viewer.caller.org, |tx| {
        let everyone = tx.everyone()?.0;
        let mut matters = Vec::new();
        for kind in PolicyType::ALL {
            let all = tx.policies(*kind)?;
            let idle = idle(&all, everyone);
            for Idle { policy, rule, behind } in &idle {
                let words = match (rule, behind) {
                    (Some(rule), Some(behind)) => say("home-idle-rule")
                        .with("name", rule.name.clone())
                        .with("policy", policy.name.clone())
                        .with("behind", (*behind).to_owned()),
                    (_, Some(behind)) => {
                        say("home-idle-behind").with("name", policy.name.clone()).with("behind", (*behind).to_owned())
                    }
                    (_, None) => say("home-idle-no-rule").with("name", policy.name.clone()),
                };
                matters.push((policy.id, words));
            }
            let rest = all.iter().filter(|policy| policy.status == Status::Active && !policy.is_system);
            for policy in rest.filter(|policy| !idle.iter().any(|idle| idle.policy.id == policy.id)) {
                if is_for_nobody(tx, policy, everyone)? {
                    matters.push((policy.id, say("home-idle-nobody").with("name", policy.name.clone())));
                }
            }
        }
        Ok::<_, Error>(matters)
    });
    let matter = |(id, words): (Id<PolicyKind>, Text)| Attention {
        state: State::new(Tone::Warning, words),
        next: say("home-idle-next"),
        link: Link::new(say("home-idle-act"), policies::address(id)),
    };
    Ok(read.await?.into_iter().take(FEW as usize).map(matter).collect())
}

/// Whether nobody is in any of the groups that a policy is for, and no person is named.
fn is_for_nobody(tx: &mut Tx<'_>, policy: &Policy, everyone: Id<Group>) -> Result<bool, Error> {
    let Some(people) = &policy.conditions.people else { return Ok(false) };
    let (groups, users) = people.included();
    if groups.is_empty() || !users.is_empty() || groups.contains(&everyone) {
        return Ok(false);
    }
    for group in groups {
        if tx.has_members(*group)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What people, messages, credentials, settings and computers ask for.
fn matters(numbers: &Numbers, viewer: &Viewer) -> Vec<Attention> {
    let warning = |text| State::new(Tone::Warning, text);
    let mut matters = Vec::new();
    let mut matter = |is_there: bool, needed, make: &dyn Fn() -> Attention| {
        // What counts the whole organisation is for those who may see all of it; whose tokens are named was asked before.
        let is_told = needed == Permission::ApiTokensManage || viewer.caller.authority().has_everywhere(needed);
        if is_there && is_told {
            matters.push(make());
        }
    };
    matter(numbers.undelivered > 0, Permission::OrgRead, &|| Attention {
        state: State::new(Tone::Danger, say("home-undelivered").with("count", numbers.undelivered)),
        next: say("home-undelivered-next"),
        link: Link::new(say("home-undelivered-act"), "/admin/reports"),
    });
    matter(!numbers.rules.is_enabled, Permission::OrgManage, &|| Attention {
        state: warning(say("home-pins-off")),
        next: say("home-pins-off-next"),
        link: Link::new(say("home-pins-off-act"), "/admin/security/general?edit=yes"),
    });
    let days = numbers.rules.max_offline.as_secs() / 86_400;
    matter(numbers.silent > 0, Permission::DevicesRead, &|| Attention {
        state: warning(say("home-silent").with("count", numbers.silent).with("days", days)),
        next: say("home-silent-next").with("count", numbers.silent),
        link: Link::new(say("home-silent-act"), "/admin/devices?status=ACTIVE"),
    });
    matter(numbers.certificates > 0, Permission::DevicesRead, &|| Attention {
        state: warning(say("home-certificates").with("count", numbers.certificates)),
        next: say("home-certificates-next"),
        link: Link::new(say("home-silent-act"), "/admin/devices?status=ACTIVE"),
    });
    matter(!numbers.tokens.is_empty(), Permission::ApiTokensManage, &|| Attention {
        state: warning(say("home-tokens").with("count", numbers.tokens.len())),
        next: say("home-tokens-next").with("names", numbers.tokens.join(", ")),
        link: Link::new(say("home-tokens-act"), "/admin/security/tokens"),
    });
    matters
}

/// Each counts the whole organisation: whose role reaches a part of it is not told.
fn tallies(numbers: &Numbers, viewer: &Viewer) -> Vec<Tally> {
    let tally = |count, words: Text, href: &str, needed| {
        viewer.caller.authority().has_everywhere(needed).then(|| Tally { count, of: Link::new(words, href) })
    };
    let pins = "/admin/reports?eventType=device.desktop_mfa.recovery_pin.generate&outcome=SUCCESS";
    let tallies = [
        tally(numbers.computers, say("home-tally-computers"), "/admin/devices?status=ACTIVE", Permission::DevicesRead),
        tally(numbers.people, say("home-tally-people"), "/admin/people", Permission::UsersRead),
        tally(numbers.pins, say("home-tally-pins"), pins, Permission::LogsRead),
    ];
    tallies.into_iter().flatten().collect()
}
