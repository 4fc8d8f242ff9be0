//! Recovery cases: the shell around [`case`](postern_authn::recovery::case). Each act reads what is known, asks the case,
//! keeps it, and writes its event, in one transaction; a refusal is recorded too. API and console call the same acts.

mod acts;
mod known;
mod names;
pub mod objection;
mod opening;
pub mod protection;
pub mod references;
pub mod report;
pub mod slips;
mod telling;
pub mod tickets;
pub mod vouching;

use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType, Target};
use postern_authn::permission::{Permission, Role, right};
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Actor, Case, Missing, Refusal};
use postern_authn::recovery::evidence::{self, NotEvidence};
use postern_codes::id::{Id, RecoveryCase};
use postern_codes::{Env, Timestamp};
use postern_store::cases::Span;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::time;
use crate::api::users;

pub use acts::{Gained, RUNBOOK_RESET, Request, act, pin_in, pin_made, reset_of};
pub use known::{Known, actor};
pub use names::Names;
pub use opening::{open, open_numbered};
pub use tickets::Ticket;
pub use vouching::ask_manager;

/// So many cases are read at once.
const CHUNK: u32 = 100;
/// So often, for one page.
const TURNS: u32 = 20;

/// Whoever leads cases.
pub type By = Allowed<right::CasesManage>;

/// A case, and what the one who looks at it may do.
#[derive(Debug, Clone)]
pub struct Looked {
    /// Everything that is known.
    pub known: Known,
    /// Who looks.
    pub actor: Actor,
}

/// A case to look at.
///
/// # Errors
/// 404 for none, or for one of somebody out of sight.
pub async fn look(app: &App, by: &Allowed<right::CasesRead>, which: &str) -> Result<Looked, ApiError> {
    let env = app.env();
    let found = app.store.read(by.org, |tx| {
        let Some(case) = named(tx, which)? else { return Ok(None) };
        if !users::is_seen(tx, by, Permission::CasesRead, case.person)? {
            return Ok(None);
        }
        let actor = actor(tx, by, &case, env.now)?;
        Ok::<_, Error>(Some(Looked { known: Known::read(tx, case, &env)?, actor }))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<RecoveryCase>(which))
}

/// The cases under way that the caller may see, the last changed first.
///
/// # Errors
/// Of the database.
pub async fn under_way(app: &App, by: &Allowed<right::CasesRead>) -> Result<Vec<Case>, ApiError> {
    let found = app.store.read(by.org, |tx| {
        let cases = tx.cases_under_way()?;
        seen(tx, by, cases)
    });
    Ok(found.await?)
}

/// The cases of somebody, newest first.
///
/// # Errors
/// 404 for nobody.
pub async fn of_person(app: &App, by: &Allowed<right::CasesRead>, who: &str) -> Result<Vec<Case>, ApiError> {
    let found = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, by, who)? else { return Ok(None) };
        tx.cases_of(person.id).map(Some)
    });
    found.await?.ok_or_else(|| ApiError::not_found::<postern_codes::id::User>(who))
}

/// The case of a number that the caller may see: as people say it, "1001" or "case 1001".
///
/// # Errors
/// Of the database.
pub async fn of_number(
    app: &App,
    by: &Allowed<right::CasesRead>,
    said: &str,
) -> Result<Option<Id<RecoveryCase>>, ApiError> {
    let digits: String = said.chars().filter(char::is_ascii_digit).collect();
    let Ok(number) = digits.parse::<u32>() else { return Ok(None) };
    let found = app.store.read(by.org, |tx| {
        let Some(case) = tx.case_numbered(u64::from(number))? else { return Ok(None) };
        Ok(users::is_seen(tx, by, Permission::CasesRead, case.person)?.then_some(case.id))
    });
    Ok(found.await?)
}

/// Cases that are over and that the caller may see, newest first, behind one of them.
///
/// # Errors
/// Of the database.
pub async fn past(
    app: &App,
    by: &Allowed<right::CasesRead>,
    mut after: Option<(Timestamp, Id<RecoveryCase>)>,
    limit: u32,
) -> Result<Vec<Case>, ApiError> {
    let mut kept = Vec::new();
    // Whoever sees few of very many is shown what is found in so many turns.
    for _ in 0..TURNS {
        let span =
            Span { from: Timestamp::from_micros(0), until: Timestamp::from_micros(i64::MAX), after, limit: CHUNK };
        let read = app.store.read(by.org, |tx| {
            let found = tx.cases_between(&span)?;
            let last = found.last().map(|case| (case.opened_at, case.id));
            let is_whole = found.len() < CHUNK as usize;
            let over = found.into_iter().filter(|case| !case.stage.is_under_way()).collect();
            Ok::<_, Error>((seen(tx, by, over)?, last, is_whole))
        });
        let (found, last, is_whole) = read.await?;
        kept.extend(found);
        after = last;
        if is_whole || kept.len() >= limit as usize {
            break;
        }
    }
    kept.truncate(limit as usize);
    Ok(kept)
}

fn seen(tx: &mut Tx<'_>, by: &Caller, cases: Vec<Case>) -> Result<Vec<Case>, Error> {
    let mut kept = Vec::with_capacity(cases.len());
    for case in cases {
        if users::is_seen(tx, by, Permission::CasesRead, case.person)? {
            kept.push(case);
        }
    }
    Ok(kept)
}

/// Takes a case over.
///
/// # Errors
/// As [`change`].
pub async fn take(app: &App, by: &By, at: &At<'_>) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CaseTake, |known, actor| known.case.take(actor).map(|()| Vec::new())).await
}

/// Takes evidence that the agent found.
///
/// # Errors
/// As [`change`]; 400 for what never counts.
pub async fn record(app: &App, by: &By, at: &At<'_>, (kind, finding): (&str, &Value)) -> Result<Known, ApiError> {
    if let Some((_, why)) = evidence::NEVER.iter().find(|(name, _)| *name == kind) {
        let refused = ApiError::new(StatusCode::BAD_REQUEST, "never_counts", format!("this never counts: {why}"));
        return Err(refused_with(app, by, at, EventType::CaseEvidence, ("never_counts", kind), refused).await?);
    }
    let kind: evidence::Kind = kind.parse().map_err(|()| {
        let names: Vec<_> = evidence::Kind::ALL.iter().map(ToString::to_string).collect();
        ApiError::validation("kind", [format!("kind: there are {}", names.join(", "))])
    })?;
    change(app, by, at, EventType::CaseEvidence, |known, actor| {
        known.change(|case, known| {
            known.with_facts(None, |facts| case.record((kind, finding), actor, facts, &known.terms()))
        })?;
        Ok(vec![("evidence", kind.to_string())])
    })
    .await
}

/// Says that the caller presses the agent.
///
/// # Errors
/// As [`change`].
pub async fn press(app: &App, by: &By, at: &At<'_>) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CasePress, |known, actor| known.case.press(actor).map(|()| Vec::new())).await
}

/// Approves an action.
///
/// # Errors
/// As [`change`].
pub async fn approve(app: &App, by: &By, at: &At<'_>, action: Action) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CaseApprove, |known, actor| {
        known.change(|case, known| case.approve(action, actor, &known.terms()))?;
        Ok(vec![("action", action.to_string())])
    })
    .await
}

/// Refuses a case.
///
/// # Errors
/// As [`change`].
pub async fn refuse(app: &App, by: &By, at: &At<'_>, reason: &str) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CaseRefuse, |known, actor| {
        known.case.refuse(reason, actor, known.now)?;
        Ok(vec![("reason", reason.trim().to_owned())])
    })
    .await
}

/// Hands a case to whoever holds a role; they are told.
///
/// # Errors
/// As [`change`]; 400 for a role that leads no cases.
pub async fn escalate(app: &App, by: &By, at: &At<'_>, (role, reason): (&str, &str)) -> Result<Known, ApiError> {
    let role = roles().find(|known| known.as_str() == role).ok_or_else(|| {
        let names: Vec<_> = roles().map(Role::as_str).collect();
        ApiError::validation("role", [format!("role: there are {}", names.join(", "))])
    })?;
    let told = |tx: &mut Tx<'_>, known: &Known, env: &Env| {
        // Whoever hands it on doubts, perhaps, whom they gave it to.
        tickets::void(tx, known.person.id)?;
        telling::escalated(tx, app, known, role, env)
    };
    change_and(
        app,
        by,
        at,
        EventType::CaseEscalate,
        |known, actor| {
            known.case.escalate(role.as_str(), reason, actor, known.now)?;
            Ok(vec![("role", role.as_str().to_owned()), ("reason", reason.trim().to_owned())])
        },
        told,
    )
    .await
}

/// The roles that a case can be handed to, the nearest first.
pub fn roles() -> impl Iterator<Item = Role> {
    let leads =
        |role: &Role| role.permissions().iter().any(|held| held.with_implied().contains(&Permission::CasesManage));
    [Role::HelpDesk, Role::Org, Role::Super].into_iter().filter(leads)
}

/// Closes a case.
///
/// # Errors
/// As [`change`].
pub async fn close(app: &App, by: &By, at: &At<'_>, review: &str) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CaseClose, |known, actor| {
        known.case.close(review, actor)?;
        Ok(vec![("review", review.trim().to_owned())])
    })
    .await
}

/// Reports that the wrong one was let in: the account is suspended, everything that it opened ends, and the person is told
/// first where an impostor could not have edited.
///
/// # Errors
/// As [`change`].
pub async fn report(app: &App, by: &By, at: &At<'_>, (happened, discovered): (&str, &str)) -> Result<Known, ApiError> {
    change_and(
        app,
        by,
        at,
        EventType::CaseIncident,
        |known, actor| {
            known.case.report(happened, discovered, actor, known.now)?;
            Ok(vec![("happened", happened.trim().to_owned()), ("discovered", discovered.trim().to_owned())])
        },
        |tx, known, env| {
            protection::shut(tx, &event(by.success(EventType::UserSuspend), known), known, env)?;
            telling::incident(tx, app, known, env)
        },
    )
    .await
}

/// Gives the account back after an incident.
///
/// # Errors
/// As [`change`].
pub async fn restore(app: &App, by: &By, at: &At<'_>) -> Result<Known, ApiError> {
    change(app, by, at, EventType::CaseRestore, |known, actor| {
        known.change(|case, known| case.restore(actor, &known.terms())).map(|()| Vec::new())
    })
    .await
}

/// Which case is meant, and as of which version it was looked at, where that was said.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// Its id or number.
    pub which: &'a str,
    /// The version that was looked at.
    pub version: Option<u64>,
}

/// What the record is told of an act beside the case.
type Details = Vec<(&'static str, String)>;

/// Changes a case by its rules.
///
/// # Errors
/// 404 for none; 409 where it was changed since it was looked at; the [`Refusal`].
async fn change(
    app: &App,
    by: &By,
    at: &At<'_>,
    kind: EventType,
    rule: impl Fn(&mut Known, &Actor) -> Result<Details, Refusal> + Send,
) -> Result<Known, ApiError> {
    change_and(app, by, at, kind, rule, |_, _, _| Ok(())).await
}

async fn change_and(
    app: &App,
    by: &By,
    at: &At<'_>,
    kind: EventType,
    rule: impl Fn(&mut Known, &Actor) -> Result<Details, Refusal> + Send,
    then: impl Fn(&mut Tx<'_>, &Known, &Env) -> Result<(), Error> + Send,
) -> Result<Known, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        let (mut known, actor) = match held(tx, by, at, kind, &env)? {
            Ok(held) => held,
            Err(refused) => return Ok(Err(refused)),
        };
        let said = rule(&mut known, &actor);
        if let Err(refused) = keep(tx, by, &mut known, (kind, said), &env)? {
            return Ok(Err(refused));
        }
        then(tx, &known, &env)?;
        Ok(Ok(Known::read(tx, known.case, &env)?))
    });
    changed.await?
}

/// Keeps what a rule said of a case: the case as it is now and the event of it, or the refusal's.
fn keep(
    tx: &mut Tx<'_>,
    by: &Caller,
    known: &mut Known,
    (kind, said): (EventType, Result<Details, Refusal>),
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    match said {
        Ok(details) => {
            tx.save_case(&mut known.case, env.now)?;
            let event = event(by.success(kind), known);
            let event = details.into_iter().fold(event, |event, (name, value)| event.detail(name, value));
            tx.record(&event, env)?;
            Ok(Ok(()))
        }
        Err(refusal) => {
            tx.record(&event(by.failure(kind, refusal.code()), known), env)?;
            Ok(Err(refused(&refusal)))
        }
    }
}

/// A case to be changed, and who changes it.
fn held(
    tx: &mut Tx<'_>,
    by: &By,
    at: &At<'_>,
    kind: EventType,
    env: &Env,
) -> Result<Result<(Known, Actor), ApiError>, Error> {
    let missing = || ApiError::not_found::<RecoveryCase>(at.which);
    let Some(id) = named(tx, at.which)?.map(|case| case.id) else { return Ok(Err(missing())) };
    let Some(case) = tx.hold_case(id)? else { return Ok(Err(missing())) };
    if !users::is_seen(tx, by, Permission::CasesRead, case.person)? {
        return Ok(Err(missing()));
    }
    if let Some(looked_at) = at.version.filter(|version| *version != case.version) {
        let summary = "somebody changed this case since you looked at it: look again, then decide";
        let refused = ApiError::new(StatusCode::CONFLICT, "changed_meanwhile", summary);
        let known = Known::read(tx, case, env)?;
        tx.record(&event(by.failure(kind, "changed_meanwhile"), &known), env)?;
        return Ok(Err(refused.member("lookedAt", looked_at).member("version", known.case.version)));
    }
    let actor = actor(tx, by, &case, env.now)?;
    Ok(Ok((Known::read(tx, case, env)?, actor)))
}

async fn refused_with(
    app: &App,
    by: &By,
    at: &At<'_>,
    kind: EventType,
    (code, what): (&str, &str),
    refused: ApiError,
) -> Result<ApiError, ApiError> {
    let env = app.env();
    let kept = app.store.write(by.org, |tx| {
        let (known, _) = match held(tx, by, at, kind, &env)? {
            Ok(held) => held,
            Err(missing) => return Ok(Some(missing)),
        };
        tx.record(&event(by.failure(kind, code), &known).detail("evidence", what), &env)?;
        Ok(None)
    });
    Ok(kept.await?.unwrap_or(refused))
}

/// The case of an id or a number.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Option<Case>, Error> {
    if let Ok(id) = which.parse::<Id<RecoveryCase>>() {
        return tx.case(id);
    }
    which.parse().map_or(Ok(None), |number| tx.case_numbered(number))
}

/// An event of a case.
pub fn event(event: Event, known: &Known) -> Event {
    let case = &known.case;
    let number = case.number.to_string();
    event
        .target(Target::new("RecoveryCase", case.id, &number, &number))
        .target(users::target(&known.person))
        .detail("caseId", case.id.to_string())
        .detail("caseNumber", number.clone())
        .detail("stage", case.stage.as_str())
}

/// The error object of a refusal.
pub fn refused(refusal: &Refusal) -> ApiError {
    let status = match refusal {
        Refusal::Empty(_) | Refusal::NotEvidence(_) => StatusCode::BAD_REQUEST,
        Refusal::AlreadyOneOfThem
        | Refusal::Barred
        | Refusal::NotTheirs
        | Refusal::Oneself
        | Refusal::OutOfReach
        | Refusal::Phishable => StatusCode::FORBIDDEN,
        Refusal::CodesLeft(_) | Refusal::Missing(_) | Refusal::Stage(_) => StatusCode::CONFLICT,
    };
    let error = ApiError::new(status, refusal.code(), refusal.meaning());
    match refusal {
        Refusal::Missing(all) => error.member("missing", all.iter().map(missing).collect::<Vec<_>>()),
        Refusal::CodesLeft(left) => error.member("codesLeft", *left),
        Refusal::NotEvidence(NotEvidence::NumberTooYoung(from)) => error.member("countsFrom", time(*from)),
        _ => error,
    }
}

/// What is missing, as the API shows it.
pub fn missing(missing: &Missing) -> Value {
    let mut shown = json!({ "what": missing.code(), "meaning": missing.meaning() });
    match missing {
        Missing::Approvals(have, need) => {
            shown["have"] = json!(have);
            shown["need"] = json!(need);
        }
        Missing::Evidence(have, need, further) => {
            shown["have"] = json!(have);
            shown["need"] = json!(need);
            shown["from"] = json!(further);
        }
        Missing::Stage(stage) => shown["stage"] = stage.as_str().into(),
        Missing::Wait(until) => shown["until"] = time(*until).into(),
    }
    shown
}
