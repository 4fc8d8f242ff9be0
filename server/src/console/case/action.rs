//! What can be done in a case: the list on its page, and a page for each with what is missing, what it will do, and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::factor::Enrolled;
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Actor, LONGEST_TEXT, Missing};
use postern_authn::recovery::reset::{Line as PlanLine, Plan};
use postern_codes::Secret;

use super::{next, refusal};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, backup_codes};
use crate::cases::{self, At, Gained, Known, Looked, Request};
use crate::console::cases::{address, link as case_link};
use crate::console::factor_words::named;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind, Line, Link, Notice, Once, State, Summary, Tone};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};
use crate::console::{case::evidence, meanwhile, people};

const ONE: &str = "/admin/cases/{case}/actions/{action}";

/// The order in which actions are offered: what takes least from the person first, and what gives no access last.
pub const OFFERED: &[Action] = &[
    Action::UseBackupCode,
    Action::RecoveryPin,
    Action::GenerateCodes,
    Action::ResetFactor,
    Action::ResetFactors,
    Action::TemporaryPassword,
    Action::EndSessions,
    Action::Suspend,
];

/// An action in the list.
pub struct Row {
    /// What it is.
    pub name: Text,
    /// What it does.
    pub about: Text,
    /// Whether it may be done now.
    pub state: State,
    /// What is missing.
    pub missing: Vec<Text>,
    /// The page where it is done, for the agent.
    pub open: Option<Link>,
    /// What the form of a second agent sends to approve it, and its word.
    pub approve: Option<(&'static str, Text)>,
}

/// The page of an action.
#[derive(Template)]
#[template(path = "console/case_action.html")]
pub struct ActionPage {
    /// The frame.
    pub shell: Shell,
    /// The case.
    pub case: Link,
    /// What is done, and to whom.
    pub title: Text,
    /// What follows.
    pub about: Text,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// What is missing; where something is, there is no form.
    pub missing: Vec<Text>,
    /// What will happen, line by line.
    pub lines: Vec<Line>,
    /// Something smaller that may do.
    pub instead: Option<Link>,
    /// Where the form goes.
    pub action: String,
    /// The version that is looked at.
    pub version: u64,
    /// What is asked.
    pub fields: Vec<Field>,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
}

/// What an action brought that is shown this once. No `Debug`.
#[derive(Template)]
#[template(path = "console/case_gained.html")]
pub struct GainedPage {
    /// The frame.
    pub shell: Shell,
    /// The case.
    pub case: Link,
    /// What was made, and for whom.
    pub title: Text,
    /// What to do with it.
    pub about: Text,
    /// Codes, each in groups of four.
    pub codes: Vec<Secret<String>>,
    /// All of them, a line each, to be copied.
    pub all: Secret<String>,
    /// A secret of one line.
    pub once: Option<Once>,
}

/// `/admin/cases/CASE/actions/ACTION`.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::CasesRead), Access::Permission(Permission::CasesManage));
    Routes::new().get(ONE, read, show).post(ONE, manage, act)
}

/// What an action is called, as in "approve: …".
pub fn name(action: Action) -> Text {
    say_of("cases-action", action.as_str())
}

/// The page of an action, by what is done there and to whom. A PIN is made for one computer of several: on its own page,
/// where the case is named.
pub fn link(known: &Known, action: Action) -> Link {
    let word = say_of("cases-do", action.as_str()).with("person", known.person.name());
    let href = if action == Action::RecoveryPin {
        people::address(&known.person)
    } else {
        format!("{}/actions/{action}", address(known.case.id))
    };
    Link::new(word, href)
}

/// What is missing, in words.
pub fn missing(missing: &Missing) -> Text {
    match missing {
        Missing::Approvals(have, need) => {
            say("cases-missing-approvals").with("have", *have).with("need", u64::from(*need))
        }
        Missing::Evidence(have, need, further) => say("cases-missing-evidence")
            .with("have", *have)
            .with("need", u64::from(*need))
            .with("further", Text::list(further.iter().map(|kind| evidence::name(*kind)))),
        Missing::Stage(stage) => say("cases-missing-stage").with("stage", say_of("cases-stage", stage.as_str())),
        Missing::Wait(until) => say("cases-missing-wait").with("until", *until),
    }
}

/// Every action, with what is missing of it.
pub fn rows(known: &Known, actor: &Actor, is_agent: bool) -> Vec<Row> {
    let approvable = next::approvable(known, actor);
    let row = |action: &Action| {
        let decision = known.case.decide(*action, &known.terms());
        let state = if decision.missing.is_empty() {
            State::new(Tone::Good, say("cases-may"))
        } else {
            State::new(Tone::Plain, say("cases-may-not"))
        };
        let approve = approvable.contains(action);
        Row {
            name: name(*action),
            about: say_of("cases-about-action", action.as_str()),
            state,
            missing: decision.missing.iter().map(missing).collect(),
            open: (is_agent && decision.missing.is_empty()).then(|| link(known, *action)),
            approve: approve.then(|| (action.as_str(), say("cases-approve").with("action", name(*action)))),
        }
    };
    OFFERED.iter().filter(|action| **action != Action::UseBackupCode || known.codes_left > 0).map(row).collect()
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((which, action)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesRead>(&app).await?;
    let looked = cases::look(&app, &by, &which).await?;
    let action = parsed(&action)?;
    Ok(page(view(&app, &viewer, &looked, action).await?))
}

fn parsed(action: &str) -> Result<Action, ApiError> {
    let mut own = OFFERED.iter().copied().filter(|own| *own != Action::RecoveryPin);
    let known = own.find(|own| own.as_str() == action);
    known.ok_or_else(ApiError::no_such_path)
}

async fn view(app: &App, viewer: &Viewer, looked: &Looked, action: Action) -> Result<ActionPage, ApiError> {
    let Looked { known, actor } = looked;
    let (person, now) = (known.person.id, viewer.now);
    let read = app.store.read(viewer.caller.org, |tx| {
        let mut held = tx.factors_of(person)?;
        held.retain(|factor| factor.kind.factor().is_listed());
        let plan = if action == Action::ResetFactors { tx.plan_reset(person, now)? } else { Plan::default() };
        Ok((held, plan, backup_codes::left(tx, person)?.map_or(0, |set| set.remaining)))
    });
    let (held, plan, codes) = read.await?;
    let decision = known.case.decide(action, &known.terms());
    let mut missing: Vec<_> = decision.missing.iter().map(self::missing).collect();
    if known.case.agent != Some(actor.id) {
        missing.push(say("cases-refusal-not-theirs"));
    }
    if action == Action::ResetFactor && held.is_empty() {
        missing.push(say("cases-no-factor"));
    }
    let instead = (action != Action::UseBackupCode && action.gives_access() && known.codes_left > 0)
        .then(|| link(known, Action::UseBackupCode));
    Ok(ActionPage {
        shell: viewer.shell(Place::Cases),
        case: case_link(&known.case),
        title: link(known, action).text,
        about: say_of("cases-about-action", action.as_str()),
        notice: None,
        summary: None,
        missing,
        lines: lines(known, action, (&held, &plan, codes)),
        instead,
        action: format!("{}/actions/{action}", address(known.case.id)),
        version: known.case.version,
        fields: fields(known, action, &held),
        is_dangerous: action != Action::UseBackupCode,
    })
}

/// What will happen, line by line.
fn lines(known: &Known, action: Action, (held, plan, codes): (&[Enrolled], &Plan, u64)) -> Vec<Line> {
    let who = || Link::new(known.person.name(), people::address(&known.person));
    let line = |who, effect| Line { who, effect, state: None };
    let mut lines = Vec::new();
    if action == Action::ResetFactors {
        lines.extend(held.iter().map(|factor| line(Link::new(named(factor), who().href), say("person-factor-goes"))));
        // Each factor has a line of its own.
        let further = plan.lines().filter(|(what, _)| *what != PlanLine::Factors);
        lines.extend(
            further.map(|(what, count)| line(who(), say_of("person-reset", what.as_str()).with("count", count))),
        );
    }
    if action == Action::GenerateCodes && codes > 0 {
        lines.push(line(who(), say("account-codes-void").with("count", codes)));
    }
    lines.push(line(who(), say_of("cases-effect", action.as_str())));
    if action.gives_access() {
        lines.push(line(who(), say("cases-effect-told")));
    }
    lines
}

fn fields(known: &Known, action: Action, held: &[Enrolled]) -> Vec<Field> {
    let mut fields = Vec::new();
    if action == Action::ResetFactor {
        let choices = held.iter().map(|factor| (factor.id.to_string(), named(factor))).collect();
        fields.push(Field::new("factor", say("cases-factor"), Kind::Choice(choices)));
    }
    if action == Action::ResetFactors && known.codes_left > 0 {
        let label = say("cases-why-not-codes").with("count", known.codes_left);
        fields.push(Field::new("whyNotCodes", label, Kind::Long(2_000)).hint(say("cases-why-not-codes-hint")));
    }
    fields.push(Field::new("reason", say("cases-reason"), Kind::Long(2_000)).hint(say("cases-reason-hint")));
    fields.push(Field::new("ticket", say("cases-ticket"), Kind::Text).hint(say("cases-ticket-hint")));
    fields
}

async fn act(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((which, action)): Path<(String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesManage>(&app).await?;
    let action = parsed(&action)?;
    let at = At { which: &which, version: form.text("version").parse().ok() };
    let request = Request {
        action,
        reason: form.text("reason").to_owned(),
        ticket: form.text("ticket").to_owned(),
        why_not_codes: form.text("whyNotCodes").to_owned(),
        factor: form.some("factor"),
    };
    match cases::act(&app, &by, &at, &request).await {
        Ok((known, gained)) => Ok(done(&viewer, &known, action, gained)),
        Err(refused) => {
            let words = refusal::words(&refused)?;
            let looked = cases::look(&app, &viewer.require::<right::CasesRead>(&app).await?, &which).await?;
            let mut view = view(&app, &viewer, &looked, action).await?;
            let wrong = wrong(&form, &view.fields, &refused);
            meanwhile::mend(&mut view.fields, &form, &wrong);
            view.summary = Summary::of(&view.fields);
            let notice = Notice::new(Tone::Danger, say("cases-not-done"), words).with_code(refused.code);
            view.notice = if view.summary.is_some() { None } else { Some(notice) };
            Ok(page_with(refused.status, view))
        }
    }
}

/// Which fields a refusal is about, and what to do.
fn wrong(form: &Form, asked: &[Field], refused: &ApiError) -> Vec<(&'static str, Text)> {
    match refused.code {
        "backup_codes_left" => vec![("whyNotCodes", say("cases-refusal-backup-codes-left"))],
        "text_required" => {
            let is_wrong = |field: &&Field| {
                let length = form.text(field.name).chars().count();
                matches!(field.kind, Kind::Long(_) | Kind::Text) && !(1..=LONGEST_TEXT).contains(&length)
            };
            let line = || say("cases-line").with("most", LONGEST_TEXT);
            asked.iter().filter(is_wrong).map(|field| (field.name, line())).collect()
        }
        "E0000001" | "E0000007" if form.has("factor") => vec![("factor", say("cases-factor-gone"))],
        _ => Vec::new(),
    }
}

fn done(viewer: &Viewer, known: &Known, action: Action, gained: Gained) -> Response {
    let person = known.person.name();
    let view = |title: Text, about: Text| GainedPage {
        shell: viewer.shell(Place::Cases),
        case: case_link(&known.case),
        title,
        about,
        codes: Vec::new(),
        all: Secret::new(String::new()),
        once: None,
    };
    match gained {
        Gained::Nothing => Redirect::to(&format!("{}?done={action}", address(known.case.id))).into_response(),
        Gained::Codes(codes) => {
            let all = backup_codes::in_lines(&codes);
            let shown = view(say("person-codes-made").with("person", person), say("person-codes-made-about"));
            page(GainedPage { codes, all, ..shown })
        }
        Gained::Ticket(ticket) => {
            let once = Once { label: say("cases-ticket"), secret: ticket.code };
            let shown = view(
                say("cases-ticket-made").with("person", person),
                say("cases-ticket-about").with("until", Text::exact(ticket.expires_at)),
            );
            page(GainedPage { once: Some(once), ..shown })
        }
        Gained::Password(secret) => {
            let once = Once { label: say("cases-password"), secret };
            let shown = view(say("accounts-temporary").with("person", person), say("accounts-temporary-about"));
            page(GainedPage { once: Some(once), ..shown })
        }
    }
}
