//! Recovery cases over HTTP. An answer always shows the whole case, with what each action needs and what is missing of it,
//! so that a program, like an agent, sees what comes next.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Case, Decision, Done, Found};
use postern_authn::recovery::evidence;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::{Links, time};
use crate::api::page::{Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::cases::report::{self, Wanted};
use crate::cases::{self, At, Gained, Known, Request, Ticket, missing};

const ALL: &str = "/recovery/api/v1/cases";
const ONE: &str = "/recovery/api/v1/cases/{case}";

/// The routes.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::CasesRead), Access::Permission(Permission::CasesManage));
    Routes::new()
        .get(ALL, read, list)
        .post(ALL, manage, post)
        .get(ONE, read, get)
        .get("/recovery/api/v1/resets", Access::Permission(Permission::LogsRead), resets)
        .post("/recovery/api/v1/cases/{case}/take", manage, take)
        .post("/recovery/api/v1/cases/{case}/evidence", manage, evidence)
        .post("/recovery/api/v1/cases/{case}/manager", manage, manager)
        .post("/recovery/api/v1/cases/{case}/press", manage, press)
        .post("/recovery/api/v1/cases/{case}/approvals", manage, approve)
        .post("/recovery/api/v1/cases/{case}/actions", manage, act)
        .post("/recovery/api/v1/cases/{case}/ticket", manage, ticket)
        .post("/recovery/api/v1/cases/{case}/refuse", manage, refuse)
        .post("/recovery/api/v1/cases/{case}/escalate", manage, escalate)
        .post("/recovery/api/v1/cases/{case}/incident", manage, incident)
        .post("/recovery/api/v1/cases/{case}/restore", manage, restore)
        .post("/recovery/api/v1/cases/{case}/close", manage, close)
}

/// Every body may say which version was looked at; each reads its own of the other members.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    version: Option<u64>,
    user_id: String,
    number: Option<u64>,
    kind: String,
    finding: Value,
    action: String,
    reason: String,
    ticket: String,
    why_not_codes: String,
    factor: Option<String>,
    role: String,
    happened: String,
    discovered: String,
    review: String,
}

impl Body {
    const fn at<'a>(&self, which: &'a str) -> At<'a> {
        At { which, version: self.version }
    }

    fn action(&self) -> Result<Action, ApiError> {
        self.action.parse().map_err(|()| {
            let names: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
            ApiError::validation("action", [format!("action: there are {}", names.join(", "))])
        })
    }
}

type Sent = Result<Json<Body>, ApiError>;
type Answer = Result<Json<Value>, ApiError>;

async fn list(app: State<Arc<App>>, caller: Caller, query: Query) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::CasesRead>(&app).await?;
    let found = match query.text("userId") {
        Some(who) => cases::of_person(&app, &by, who).await?,
        None => cases::under_way(&app, &by).await?,
    };
    Ok(Json(found.iter().map(|case| of_case(&app, case)).collect()))
}

/// Everything that was done to give somebody their access back.
async fn resets(app: State<Arc<App>>, caller: Caller, query: Query) -> Result<Page, ApiError> {
    let by = caller.require::<right::LogsRead>(&app).await?;
    let wanted = Wanted { since: query.instant("since")?, until: query.instant("until")?, after: query.get("after")? };
    let (lines, next) = report::page(&app, by.org, wanted, query.limit(100, 500)?).await?;
    let next = next.map(|position| position.to_string());
    Ok(Page::new(&app, &query, lines.iter().map(report::Line::json).collect(), next))
}

async fn post(app: State<Arc<App>>, caller: Caller, body: Sent) -> Result<(StatusCode, Json<Value>), ApiError> {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = match body.number {
        Some(number) => cases::open_numbered(&app, &by, number).await?,
        None => cases::open(&app, &by, &body.user_id).await?,
    };
    Ok((StatusCode::CREATED, Json(shown(&app, &known))))
}

async fn get(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Answer {
    let by = caller.require::<right::CasesRead>(&app).await?;
    let looked = cases::look(&app, &by, &which.0).await?;
    Ok(Json(shown(&app, &looked.known)))
}

async fn take(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let known = cases::take(&app, &by, &body?.0.at(&which.0)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn evidence(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::record(&app, &by, &body.at(&which.0), (&body.kind, &body.finding)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn manager(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let known = cases::ask_manager(&app, &by, &body?.0.at(&which.0)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn press(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let known = cases::press(&app, &by, &body?.0.at(&which.0)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn approve(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::approve(&app, &by, &body.at(&which.0), body.action()?).await?;
    Ok(Json(shown(&app, &known)))
}

async fn act(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Result<Response, ApiError> {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let at = body.at(&which.0);
    let action = body.action()?;
    let Body { reason, ticket, why_not_codes, factor, .. } = body;
    let request = Request { action, reason, ticket, why_not_codes, factor };
    let (known, gained) = cases::act(&app, &by, &at, &request).await?;
    let mut shown = shown(&app, &known);
    match &gained {
        Gained::Codes(codes) => shown["codes"] = codes.iter().map(|code| code.expose().as_str()).collect(),
        Gained::Nothing => {}
        Gained::Password(password) => shown["temporaryPassword"] = password.expose().as_str().into(),
        Gained::Ticket(ticket) => shown["ticket"] = of_ticket(ticket),
    }
    Ok(shown_once(shown))
}

/// A ticket, as the agent speaks it.
pub fn of_ticket(ticket: &Ticket) -> Value {
    json!({ "code": ticket.code.expose().as_str(), "expiresAt": time(ticket.expires_at) })
}

/// An answer that no cache keeps.
fn shown_once(shown: Value) -> Response {
    let mut response = axum::Json(shown).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn ticket(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Result<Response, ApiError> {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let (known, ticket) = cases::tickets::renew(&app, &by, &body?.0.at(&which.0)).await?;
    let mut shown = shown(&app, &known);
    shown["ticket"] = of_ticket(&ticket);
    Ok(shown_once(shown))
}

async fn refuse(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::refuse(&app, &by, &body.at(&which.0), &body.reason).await?;
    Ok(Json(shown(&app, &known)))
}

async fn escalate(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::escalate(&app, &by, &body.at(&which.0), (&body.role, &body.reason)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn incident(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::report(&app, &by, &body.at(&which.0), (&body.happened, &body.discovered)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn restore(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let known = cases::restore(&app, &by, &body?.0.at(&which.0)).await?;
    Ok(Json(shown(&app, &known)))
}

async fn close(app: State<Arc<App>>, caller: Caller, which: Path<String>, body: Sent) -> Answer {
    let by = caller.require::<right::CasesManage>(&app).await?;
    let Json(body) = body?;
    let known = cases::close(&app, &by, &body.at(&which.0), &body.review).await?;
    Ok(Json(shown(&app, &known)))
}

/// A case with everything that its agent must know.
pub fn shown(app: &App, known: &Known) -> Value {
    let mut shown = of_case(app, &known.case);
    let person = &known.person;
    shown["user"] = json!({ "id": person.id, "login": person.login.as_str(), "name": person.name() });
    shown["isPrivileged"] = known.is_privileged.into();
    shown["backupCodesLeft"] = known.codes_left.into();
    shown["decisions"] = known.decisions().map(|(action, decision)| decided(action, &decision)).collect();
    shown["numbers"] = known.with_facts(None, |facts| {
        let numbers = evidence::numbers(facts).into_iter().map(|number| {
            let contact = number.contact;
            json!({
                "id": contact.id,
                "number": contact.value,
                "since": time(contact.from_at),
                "source": contact.source,
                "isFromRecords": number.is_from_records,
            })
        });
        numbers.collect()
    });
    let flags = known.flags.iter().map(|flag| json!({ "what": flag.code(), "meaning": flag.meaning() }));
    shown["redFlags"] = flags.collect();
    let references = known.references.iter().map(|kept| {
        json!({ "id": kept.id, "text": kept.reference.text, "since": time(kept.reference.since), "hasPhoto": kept.has_photo })
    });
    shown["references"] = references.collect();
    let manager = known.manager.as_ref();
    shown["manager"] = manager.map_or(Value::Null, |manager| json!({ "id": manager.id, "name": manager.name() }));
    shown
}

fn decided(action: Action, decision: &Decision) -> Value {
    json!({
        "action": action,
        "label": action.label(),
        "isAllowed": decision.missing.is_empty(),
        "needs": decision.needed,
        "missing": decision.missing.iter().map(missing).collect::<Vec<_>>(),
    })
}

/// A case as a list shows it.
pub fn of_case(app: &App, case: &Case) -> Value {
    let path = format!("/recovery/api/v1/cases/{}", case.id);
    let is_open = case.stage.is_under_way();
    let mut links = Links::new(app).to("self", "GET", &path);
    for act in [
        "take",
        "evidence",
        "manager",
        "press",
        "approvals",
        "actions",
        "ticket",
        "refuse",
        "escalate",
        "incident",
        "restore",
        "close",
    ] {
        links = links.to_if(is_open, act, "POST", format!("{path}/{act}"));
    }
    let found =
        |found: &Found| json!({ "kind": found.kind, "finding": found.finding, "by": found.by, "at": time(found.at) });
    let done = |done: &Done| {
        json!({
            "action": done.action,
            "by": done.by,
            "approvedBy": done.approved_by,
            "at": time(done.at),
            "reason": done.reason,
            "ticket": done.ticket,
        })
    };
    let incident = case.incident.as_ref().map(|incident| {
        json!({
            "by": incident.by,
            "at": time(incident.at),
            "happened": incident.happened,
            "discovered": incident.discovered,
            "restoredAt": incident.restored_at.map(time),
            "review": incident.review,
        })
    });
    json!({
        "id": case.id,
        "number": case.number,
        "version": case.version,
        "userId": case.person,
        "stage": case.stage,
        "openedAt": time(case.opened_at),
        "openedBy": case.opened_by,
        "agentId": case.agent,
        "words": { "agent": case.words.agent, "person": case.words.person },
        "isPressed": case.is_pressed,
        "evidence": case.evidence.iter().map(found).collect::<Vec<_>>(),
        "approvals": case.approvals.iter().map(|one| json!({ "action": one.action, "by": one.by, "at": time(one.at) })).collect::<Vec<_>>(),
        "done": case.done.iter().map(done).collect::<Vec<_>>(),
        "remarks": case.remarks.iter().map(|one| json!({ "by": one.by, "at": time(one.at), "text": one.text })).collect::<Vec<_>>(),
        "enrolUntil": case.enrol_until.map(time),
        "managerAsked": case.manager_asked,
        "escalatedTo": case.escalated_to,
        "incident": incident,
        "_links": Value::from(links),
    })
}
