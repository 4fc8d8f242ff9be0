//! A case, as whoever leads it must see it with a caller on the line: what to do next, in one sentence with one thing to
//! press; then who it is about, what was found, what may be done, and the ways out.

pub mod action;
pub mod evidence;
pub mod next;
pub mod refusal;

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::demand::{Class, Demand};
use postern_authn::permission::{Permission, Role, right};
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Case as Led, LONGEST_TEXT, Stage};
use postern_authn::recovery::evidence::Kind;
use postern_authn::recovery::red_flags::Flag;
use serde_json::Value;

use self::evidence::{Piece, Way};
use self::next::{Next, Primary};
use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind as Input, Link, Moment, Notice, State, Summary, Tone};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use super::{cases as list, meanwhile, people};
use crate::App;
use crate::api::ApiError;
use crate::api::demands;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::cases::{self, At, By, Known, Looked, Names};

/// Something that was done or written down.
pub struct Entry {
    /// What.
    pub what: Text,
    /// By whom, and who agreed.
    pub by: Text,
    /// When.
    pub at: Moment,
    /// Why, or what was written down.
    pub text: String,
    /// The ticket elsewhere.
    pub ticket: String,
}

/// A form that opens in place.
pub struct Panel {
    /// Its mark in the page.
    pub id: &'static str,
    /// What it does.
    pub title: Text,
    /// What follows from it.
    pub about: Text,
    /// Where it goes.
    pub action: String,
    /// What it asks.
    pub fields: Vec<Field>,
    /// The word of its button.
    pub verb: Text,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
    /// Whether it is open.
    pub is_open: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "console/case.html")]
pub struct Case {
    /// The frame.
    pub shell: Shell,
    /// What it is called on the telephone.
    pub number: u64,
    /// Its page.
    pub address: String,
    /// The version that is looked at; every form sends it.
    pub version: u64,
    /// Whom it is about.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// How their account stands.
    pub standing: State,
    /// Whether they have administrator roles.
    pub is_privileged: bool,
    /// Where it stands.
    pub stage: State,
    /// Whose it is.
    pub agent: Text,
    /// When it was opened.
    pub opened: Moment,
    /// What comes next.
    pub next: Next,
    /// What was just done, or refused.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// What agent and person read out, while it is under way and the viewer leads it.
    pub words: Option<(String, String)>,
    /// Whether an agent said that the caller presses.
    pub is_pressed: bool,
    /// Whether the viewer may say so.
    pub may_press: bool,
    /// What deserves doubt, a sentence each.
    pub flags: Vec<Text>,
    /// Earlier cases of the person, with what became of each.
    pub earlier: Vec<(Link, State, Moment)>,
    /// What was found.
    pub found: Vec<Piece>,
    /// Ways to more, where the viewer leads it.
    pub ways: Vec<Way>,
    /// What never counts, and why.
    pub never: Vec<(Text, Text)>,
    /// What can be done.
    pub actions: Vec<action::Row>,
    /// What was approved and not yet used.
    pub approvals: Vec<Entry>,
    /// What was done, oldest first.
    pub done: Vec<Entry>,
    /// What was written down, oldest first.
    pub remarks: Vec<Entry>,
    /// What is known of a wrong one who was let in.
    pub incident: Vec<(Text, Text)>,
    /// Ways out, and notes.
    pub panels: Vec<Panel>,
}

/// `/admin/cases/CASE`, and what can be done in one.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::CasesRead), Access::Permission(Permission::CasesManage));
    Routes::new()
        .get("/admin/cases/{case}", read, show)
        .post("/admin/cases/{case}/approve", manage, approve)
        .post("/admin/cases/{case}/close", manage, close)
        .post("/admin/cases/{case}/escalate", manage, escalate)
        .post("/admin/cases/{case}/evidence", manage, record)
        .post("/admin/cases/{case}/incident", manage, incident)
        .post("/admin/cases/{case}/note", manage, note)
        .post("/admin/cases/{case}/press", manage, press)
        .post("/admin/cases/{case}/refuse", manage, refuse)
        .post("/admin/cases/{case}/restore", manage, restore)
        .post("/admin/cases/{case}/take", manage, take)
        .merge(action::routes())
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesRead>(&app).await?;
    let looked = cases::look(&app, &by, &which).await?;
    let shown = view(&app, &viewer, &looked, None).await?;
    Ok(page(Case { notice: query.text("done").and_then(|act| was_done(act, &looked.known)), ..shown }))
}

/// What can be said about something that the address names.
fn was_done(act: &str, known: &Known) -> Option<Notice> {
    const ACTS: &[&str] =
        &["approve", "close", "escalate", "evidence", "incident", "note", "press", "refuse", "restore", "take"];
    let person = known.person.name();
    if let Some(action) = action::OFFERED.iter().find(|action| action.as_str() == act) {
        // Only what the case itself says that it was.
        known.case.done.iter().find(|done| done.action == *action)?;
        let happened = say("cases-done").with("action", action::name(*action)).with("person", person);
        let next = say_of("cases-after", action.as_str()).or(say("person-done-recorded"));
        return Some(Notice::new(Tone::Good, happened, next));
    }
    let act = ACTS.iter().find(|own| **own == act)?;
    if *act == "press" {
        return known.case.is_pressed.then(|| Notice::new(Tone::Good, say("cases-pressed"), say("cases-pressed-next")));
    }
    Some(Notice::new(Tone::Good, say_of("cases-said", act), say("person-done-recorded")))
}

/// The form that was refused, and what is to be mended in it.
type Typed<'a> = (&'a Form, &'a [(&'static str, Text)]);

async fn view(app: &App, viewer: &Viewer, looked: &Looked, typed: Option<Typed<'_>>) -> Result<Case, ApiError> {
    let Looked { known, actor } = looked;
    let case = &known.case;
    let names = Names::of(app, &viewer.caller, std::slice::from_ref(case)).await?;
    let earlier = app.store.read(viewer.caller.org, |tx| tx.cases_of(case.person)).await?;
    let earlier = earlier.iter().filter(|other| other.id != case.id);
    let leads = viewer.may(Permission::CasesManage);
    let is_agent = leads && case.agent == Some(actor.id) && case.stage.is_under_way();
    let panels = panels(known, actor.reaches && leads, is_agent, typed);
    let ways = if is_agent { evidence::ways(known, viewer, typed) } else { Vec::new() };
    let of_ways = ways.iter().flat_map(|way| match &way.asks {
        evidence::Asks::Form { fields, .. } => fields.as_slice(),
        evidence::Asks::Elsewhere(_) | evidence::Asks::Never(_) => &[],
    });
    let summary = Summary::of(of_ways.chain(panels.iter().flat_map(|panel| &panel.fields)));
    Ok(Case {
        shell: viewer.shell(Place::Cases),
        number: case.number,
        address: list::address(case.id),
        version: case.version,
        person: Link::new(known.person.name(), people::address(&known.person)),
        login: known.person.login.to_string(),
        standing: people::standing(&known.person, viewer.now),
        is_privileged: known.is_privileged,
        stage: list::stage(case),
        agent: agent(case, &names),
        opened: viewer.moment(case.opened_at),
        next: Next::of(known, actor, leads),
        notice: None,
        summary,
        words: is_agent.then(|| (case.words.agent.clone(), case.words.person.clone())),
        is_pressed: case.is_pressed,
        may_press: is_agent && !case.is_pressed,
        flags: known.flags.iter().map(|flag| words_of(flag, viewer)).collect(),
        earlier: earlier
            .map(|other| (list::link(other), list::outcome(other), viewer.moment(other.opened_at)))
            .collect(),
        found: evidence::found(known, &names, viewer),
        ways,
        never: evidence::never(),
        actions: if case.stage.is_under_way() { action::rows(known, actor, is_agent) } else { Vec::new() },
        approvals: approvals(case, &names, viewer),
        done: done(case, &names, viewer),
        remarks: remarks(case, &names, viewer),
        incident: of_incident(case, &names),
        panels,
    })
}

/// What deserves doubt, and what to do about it.
fn words_of(flag: &Flag, viewer: &Viewer) -> Text {
    match flag {
        Flag::AgentRate(count) => say("cases-flag-agent-rate").with("count", *count),
        Flag::Contacts(count) => say("cases-flag-contacts").with("count", *count),
        Flag::EarlierCases(count) => say("cases-flag-earlier").with("count", *count),
        Flag::Failures(count) => say("cases-flag-failures").with("count", *count),
        Flag::Networks(count, newest) => {
            say("cases-flag-networks").with("count", *count).with("newest", newest.clone())
        }
        Flag::YoungLink(since) => say("cases-flag-young-link").around("since", viewer.moment(*since)),
    }
}

fn agent(case: &Led, names: &Names) -> Text {
    let role = case.escalated_to.as_deref().and_then(|role| role.parse::<Role>().ok());
    match (case.agent, role) {
        (Some(agent), _) => names.of_one(agent).into(),
        (None, Some(role)) => viewer::role(role),
        (None, None) => say("cases-nobody"),
    }
}

fn approvals(case: &Led, names: &Names, viewer: &Viewer) -> Vec<Entry> {
    let entry = |one: &postern_authn::recovery::case::Approval| Entry {
        what: action::name(one.action),
        by: names.of_one(one.by).into(),
        at: viewer.moment(one.at),
        text: String::new(),
        ticket: String::new(),
    };
    case.approvals.iter().map(entry).collect()
}

fn done(case: &Led, names: &Names, viewer: &Viewer) -> Vec<Entry> {
    let entry = |one: &postern_authn::recovery::case::Done| {
        let approved: Vec<_> = one.approved_by.iter().map(|by| Text::from(names.of_one(*by))).collect();
        let by = Text::from(names.of_one(one.by));
        let by = if approved.is_empty() {
            by
        } else {
            say("cases-done-with").with("by", by).with("approved", Text::list(approved))
        };
        let (text, ticket) = (one.reason.clone(), one.ticket.clone());
        Entry { what: action::name(one.action), by, at: viewer.moment(one.at), text, ticket }
    };
    case.done.iter().map(entry).collect()
}

fn remarks(case: &Led, names: &Names, viewer: &Viewer) -> Vec<Entry> {
    let entry = |one: &postern_authn::recovery::case::Remark| Entry {
        what: say("cases-remark"),
        by: names.of_one(one.by).into(),
        at: viewer.moment(one.at),
        text: one.text.clone(),
        ticket: String::new(),
    };
    case.remarks.iter().map(entry).collect()
}

fn of_incident(case: &Led, names: &Names) -> Vec<(Text, Text)> {
    let Some(incident) = &case.incident else { return Vec::new() };
    let mut facts = vec![
        (
            say("cases-reported"),
            say("cases-reported-by").with("who", names.of_one(incident.by)).with("at", incident.at),
        ),
        (say("cases-happened"), incident.happened.clone().into()),
        (say("cases-discovered"), incident.discovered.clone().into()),
    ];
    facts.extend(incident.restored_at.map(|at| (say("cases-restored"), Text::exact(at))));
    facts.extend(incident.review.clone().map(|review| (say("cases-review"), review.into())));
    facts
}

/// The ways out of a case, and its notes: those that its stage leaves open.
fn panels(known: &Known, reaches: bool, is_agent: bool, typed: Option<Typed<'_>>) -> Vec<Panel> {
    let case = &known.case;
    let address = list::address(case.id);
    let long = |name, label| Field::new(name, label, Input::Long(2_000));
    let panel = |id: &'static str, fields: Vec<Field>, is_dangerous| Panel {
        id,
        title: say_of("cases-panel", id),
        about: say_of("cases-panel-about", id),
        action: format!("{address}/{id}"),
        fields,
        verb: say_of("cases-panel-verb", id),
        is_dangerous,
        is_open: false,
    };
    let roles = cases::roles().map(|role| (role.as_str().to_owned(), viewer::role(role))).collect();
    let can_end = matches!(case.stage, Stage::Open | Stage::Verified | Stage::Verifying);
    let can_escalate = can_end || matches!(case.stage, Stage::Acting | Stage::AwaitingEnrolment);
    let can_close = !matches!(case.stage, Stage::AwaitingEnrolment | Stage::Incident);
    let mut panels = Vec::new();
    if is_agent && can_end {
        let reason = long("refuseReason", say("cases-why")).hint(say("cases-why-refuse-hint"));
        panels.push(panel("refuse", vec![reason], true));
    }
    if is_agent && can_escalate {
        let role = Field::new("role", say("cases-role"), Input::Choice(roles));
        panels.push(panel("escalate", vec![role, long("escalateReason", say("cases-why"))], false));
    }
    if is_agent {
        panels.push(panel("note", vec![long("note", say("cases-note"))], false));
    }
    if is_agent && can_close {
        let review = long("review", say("cases-review")).hint(say("cases-review-hint"));
        let fields = case.incident.is_some().then_some(review);
        let is_open = fields.is_some();
        panels.push(Panel { is_open, ..panel("close", fields.into_iter().collect(), false) });
    }
    if reaches && known.case.stage != Stage::Incident {
        let fields = vec![long("happened", say("cases-happened")), long("discovered", say("cases-discovered"))];
        panels.push(panel("incident", fields, true));
    }
    if let Some((form, wrong)) = typed {
        for panel in &mut panels {
            panel.is_open |= panel.fields.iter().any(|field| form.has(field.name));
            meanwhile::mend(&mut panel.fields, form, wrong);
        }
    }
    panels
}

/// The way back to a case's page: what was done is said there; why something was not is said with what was typed.
async fn answer(
    app: &App,
    viewer: &Viewer,
    (which, form): (&str, &Form),
    (said, done): (&str, Result<Known, ApiError>),
) -> Result<Response, ApiError> {
    match done {
        Ok(known) => Ok(Redirect::to(&format!("{}?done={said}", list::address(known.case.id))).into_response()),
        Err(refused) => {
            let line = || say("cases-line").with("most", LONGEST_TEXT);
            let is_wrong =
                |name: &&&str| form.has(name) && !(1..=LONGEST_TEXT).contains(&form.text(name).chars().count());
            let texts: &[&'static str] =
                &["refuseReason", "escalateReason", "happened", "discovered", "review", "note"];
            let wrong: Vec<_> = match refused.code {
                "text_required" => texts.iter().filter(is_wrong).map(|name| (*name, line())).collect(),
                _ => Vec::new(),
            };
            let words = refusal::words(&refused)?;
            not_done(app, viewer, (which, form), &refused, (words, &wrong)).await
        }
    }
}

/// The page again, with why nothing was done and everything that was typed.
async fn not_done(
    app: &App,
    viewer: &Viewer,
    (which, form): (&str, &Form),
    refused: &ApiError,
    (words, wrong): (Text, &[(&'static str, Text)]),
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesRead>(app).await?;
    let looked = cases::look(app, &by, which).await?;
    let shown = view(app, viewer, &looked, Some((form, wrong))).await?;
    let notice = Notice::new(Tone::Danger, say("cases-not-done"), words).with_code(refused.code);
    let notice = if shown.summary.is_some() { None } else { Some(notice) };
    Ok(page_with(refused.status, Case { notice, ..shown }))
}

fn at<'a>(which: &'a str, form: &Form) -> At<'a> {
    At { which, version: form.text("version").parse().ok() }
}

async fn manages(app: &App, viewer: &Viewer) -> Result<By, ApiError> {
    viewer.require::<right::CasesManage>(app).await
}

async fn take(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let done = cases::take(&app, &by, &at(&which.0, &form)).await;
    answer(&app, &viewer, (&which.0, &form), ("take", done)).await
}

async fn press(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let done = cases::press(&app, &by, &at(&which.0, &form)).await;
    answer(&app, &viewer, (&which.0, &form), ("press", done)).await
}

/// A second person agrees. What agrees must not be passed on by a false page: it is asked for in place.
async fn approve(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let action: Action = form.text("action").parse().map_err(|()| ApiError::no_such_path())?;
    let done = cases::approve(&app, &by, &at(&which.0, &form), action).await;
    match done {
        Err(refused) if refused.code == "phishable_sign_in" && by.session().is_some() => {
            Err(demands::refusal(Class::Credentials, Demand::PhishingResistant, false))
        }
        done => answer(&app, &viewer, (&which.0, &form), ("approve", done)).await,
    }
}

async fn record(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let name = form.text("kind");
    let read = name.parse::<Kind>().map(|kind| (kind, evidence::finding(kind, &form, &viewer.reader.zone)));
    let (kind, finding) = match read {
        Ok((kind, Ok(finding))) => (Some(kind), finding),
        Ok((_, Err((field, why)))) => {
            let refused = ApiError::new(StatusCode::BAD_REQUEST, "not_evidence", "a day is none");
            return not_done(&app, &viewer, (&which.0, &form), &refused, (say("cases-mend"), &[(field, why)])).await;
        }
        Err(()) => (None, Value::Null),
    };
    let done = cases::record(&app, &by, &at(&which.0, &form), (name, &finding)).await;
    match (done, kind) {
        (Err(refused), Some(kind)) if refused.code == "not_evidence" => {
            let looked = cases::look(&app, &viewer.require::<right::CasesRead>(&app).await?, &which.0).await?;
            let (words, wrong) = evidence::why(&looked.known, kind, &finding);
            not_done(&app, &viewer, (&which.0, &form), &refused, (words, &wrong)).await
        }
        (done, _) => answer(&app, &viewer, (&which.0, &form), ("evidence", done)).await,
    }
}

async fn refuse(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let done = cases::refuse(&app, &by, &at(&which.0, &form), form.text("refuseReason")).await;
    answer(&app, &viewer, (&which.0, &form), ("refuse", done)).await
}

async fn escalate(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    which: Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let (role, reason) = (form.text("role"), form.text("escalateReason"));
    let done = cases::escalate(&app, &by, &at(&which.0, &form), (role, reason)).await;
    answer(&app, &viewer, (&which.0, &form), ("escalate", done)).await
}

async fn note(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let request = cases::Request {
        action: Action::Note,
        reason: form.text("note").to_owned(),
        ticket: String::new(),
        why_not_codes: String::new(),
        factor: None,
    };
    let done = cases::act(&app, &by, &at(&which.0, &form), &request).await.map(|(known, _)| known);
    answer(&app, &viewer, (&which.0, &form), ("note", done)).await
}

async fn close(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let done = cases::close(&app, &by, &at(&which.0, &form), form.text("review")).await;
    answer(&app, &viewer, (&which.0, &form), ("close", done)).await
}

async fn incident(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    which: Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let (happened, discovered) = (form.text("happened"), form.text("discovered"));
    let done = cases::report(&app, &by, &at(&which.0, &form), (happened, discovered)).await;
    answer(&app, &viewer, (&which.0, &form), ("incident", done)).await
}

async fn restore(app: Shared<Arc<App>>, viewer: Viewer, which: Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = manages(&app, &viewer).await?;
    let done = cases::restore(&app, &by, &at(&which.0, &form)).await;
    answer(&app, &viewer, (&which.0, &form), ("restore", done)).await
}
