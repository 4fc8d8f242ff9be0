//! Cases: who waits for a way back in, whose case it is, one by its number, and those of the past.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, Role, right};
use postern_authn::recovery::case::{Case, Stage};
use postern_codes::Timestamp;
use postern_codes::id::{Id, RecoveryCase, User as UserKind};

use super::form::Form;
use super::list::PAGE;
use super::page::page;
use super::part::{Empty, Link, Moment, Notice, Pages, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};
use crate::cases::{self, Names};

/// The list, and where a case is opened.
pub const ADDRESS: &str = "/admin/cases";

/// A case in a list.
pub struct Row {
    /// Its number and page.
    pub case: Link,
    /// Whom it is about.
    pub person: String,
    /// Where it stands.
    pub stage: State,
    /// Whose it is.
    pub agent: Text,
    /// When it was opened.
    pub opened: Moment,
}

/// Cases that belong together.
pub struct Block {
    /// Why.
    pub heading: Text,
    /// What to do with them.
    pub about: Text,
    /// The last changed first.
    pub rows: Vec<Row>,
}

/// The list.
#[derive(Template)]
#[template(path = "console/cases.html")]
pub struct Cases {
    /// The frame.
    pub shell: Shell,
    /// That there is no case of the number that was asked for.
    pub notice: Option<Notice>,
    /// The number that was asked for.
    pub number: String,
    /// Whether those of the past are shown.
    pub is_past: bool,
    /// Those under way, or one block of the past; none is empty.
    pub blocks: Vec<Block>,
    /// What to do where there is none.
    pub empty: Empty,
    /// The other pages of the past.
    pub pages: Option<Pages>,
}

/// `/admin/cases`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::CasesRead), show).post(
        ADDRESS,
        Access::Permission(Permission::CasesManage),
        open,
    )
}

/// The page of a case.
pub fn address(case: Id<RecoveryCase>) -> String {
    format!("{ADDRESS}/{case}")
}

/// Where a case stands, in words.
pub fn stage(case: &Case) -> State {
    let tone = match case.stage {
        Stage::Acting | Stage::AwaitingEnrolment | Stage::Verifying => Tone::Busy,
        Stage::Closed => Tone::Plain,
        Stage::Escalated | Stage::Open => Tone::Warning,
        Stage::Incident | Stage::Refused => Tone::Danger,
        Stage::Verified => Tone::Good,
    };
    State::new(tone, say_of("cases-stage", case.stage.as_str()))
}

/// What became of a case, for whoever opens the next one of the same person: a refusal or an incident stands out, and so
/// does that it was handed on.
pub fn outcome(case: &Case) -> State {
    match (&case.incident, &case.escalated_to) {
        (Some(_), _) => State::new(Tone::Danger, say("cases-outcome-incident")),
        (None, Some(_)) if case.stage != Stage::Refused => State::new(Tone::Warning, say("cases-outcome-escalated")),
        _ => stage(case),
    }
}

/// "Case 1001".
pub fn link(case: &Case) -> Link {
    Link::new(say("cases-numbered").with("number", case.number.to_string()), address(case.id))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesRead>(&app).await?;
    let number = query.text("number").unwrap_or_default().trim().to_owned();
    let mut notice = None;
    if !number.is_empty() {
        if let Some(case) = cases::of_number(&app, &by, &number).await? {
            return Ok(Redirect::to(&address(case)).into_response());
        }
        let happened = say("cases-no-such").with("number", number.chars().take(20).collect::<String>());
        notice = Some(Notice::new(Tone::Warning, happened, say("cases-no-such-next")));
    }
    let is_past = query.text("past").is_some();
    let (blocks, pages) =
        if is_past { past(&app, &viewer, &by, &query).await? } else { (under_way(&app, &viewer, &by).await?, None) };
    let act = viewer.may(Permission::UsersRead).then(|| Link::new(say("cases-find-person"), "/admin/people"));
    let (title, next) = if is_past {
        (say("cases-none-past"), say("cases-none-past-next"))
    } else {
        (say("cases-none"), say("cases-none-next"))
    };
    let empty = Empty { title, next, act };
    Ok(page(Cases { shell: viewer.shell(Place::Cases), notice, number, is_past, blocks, empty, pages }))
}

async fn under_way(app: &App, viewer: &Viewer, by: &Allowed<right::CasesRead>) -> Result<Vec<Block>, ApiError> {
    let mut all = cases::under_way(app, by).await?;
    let names = Names::of(app, by, &all).await?;
    let mut block = |kind: &str, belongs: &dyn Fn(&Case) -> bool| {
        let own: Vec<_> = all.extract_if(.., |case| belongs(case)).collect();
        Block {
            heading: say_of("cases-block", kind),
            about: say_of("cases-about", kind),
            rows: own.iter().map(|case| row(viewer, case, &names)).collect(),
        }
    };
    let me = by.user();
    let blocks = [
        block("mine", &|case| case.agent == Some(me)),
        block("handed", &|case| is_for(viewer, case)),
        block("nobodys", &|case| case.agent.is_none() && case.stage != Stage::Escalated && case.person != me),
        block("others", &|_| true),
    ];
    Ok(blocks.into_iter().filter(|block| !block.rows.is_empty()).collect())
}

/// Whether a case was handed to a role that the viewer holds.
pub fn is_for(viewer: &Viewer, case: &Case) -> bool {
    let role = case.escalated_to.as_deref().and_then(|role| role.parse::<Role>().ok());
    let is_out = case.barred.contains(&viewer.caller.user()) || case.person == viewer.caller.user();
    case.stage == Stage::Escalated && !is_out && role.is_some_and(|role| viewer.caller.authority().holds(role))
}

async fn past(
    app: &App,
    viewer: &Viewer,
    by: &Allowed<right::CasesRead>,
    query: &Query,
) -> Result<(Vec<Block>, Option<Pages>), ApiError> {
    let after = query.text("after").and_then(|text| {
        let (at, id) = text.split_once('.')?;
        Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
    });
    let mut found = cases::past(app, by, after, PAGE + 1).await?;
    let cursor = |case: &Case| format!("{}.{}", case.opened_at.micros(), case.id);
    let pages = super::list::pages(query, &mut found, cursor);
    let names = Names::of(app, by, &found).await?;
    let rows: Vec<_> = found.iter().map(|case| Row { stage: outcome(case), ..row(viewer, case, &names) }).collect();
    let block = Block { heading: say_of("cases-block", "past"), about: say_of("cases-about", "past"), rows };
    Ok((Some(block).into_iter().filter(|block| !block.rows.is_empty()).collect(), Some(pages)))
}

fn row(viewer: &Viewer, case: &Case, names: &Names) -> Row {
    let agent = match (&case.agent, case.escalated_to.as_deref().and_then(|role| role.parse().ok())) {
        (Some(agent), _) => names.of_one(*agent).into(),
        (None, Some(role)) => viewer::role(role),
        (None, None) => say("cases-nobody"),
    };
    Row {
        case: link(case),
        person: names.of_one(case.person),
        stage: stage(case),
        agent,
        opened: viewer.moment(case.opened_at),
    }
}

/// Opens a case for somebody. Where one is under way, that one is shown.
async fn open(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::CasesManage>(&app).await?;
    match cases::open(&app, &by, form.text("person")).await {
        Ok(known) => Ok(Redirect::to(&address(known.case.id)).into_response()),
        Err(refused) if refused.code == "case_under_way" => {
            let id = refused.members.get("caseId").and_then(serde_json::Value::as_str).map(str::to_owned);
            Ok(Redirect::to(&id.map_or_else(|| ADDRESS.to_owned(), |id| format!("{ADDRESS}/{id}"))).into_response())
        }
        Err(refused) => Err(refused),
    }
}

/// The cases of somebody, as their page shows them.
pub struct OfPerson {
    /// The one under way.
    pub current: Option<Link>,
    /// Where one is opened, and what the form sends, for those who may.
    pub open: Option<String>,
    /// Those of before, newest first, each with what became of it.
    pub earlier: Vec<(Link, State, Moment)>,
}

impl OfPerson {
    /// What the viewer may see and do of it; nothing for whoever may not see cases.
    ///
    /// # Errors
    /// Of the database.
    pub async fn read(
        app: &App,
        viewer: &Viewer,
        person: &postern_authn::user::User,
    ) -> Result<Option<Self>, ApiError> {
        if !viewer.may(Permission::CasesRead) {
            return Ok(None);
        }
        let by = viewer.require::<right::CasesRead>(app).await?;
        let id: Id<UserKind> = person.id;
        let read = app.store.read(by.org, |tx| {
            if !crate::api::users::is_seen(tx, &by, Permission::CasesRead, id)? {
                return Ok(None);
            }
            let may = crate::api::users::hindrance(tx, &by, Permission::CasesManage, id)?.is_none();
            Ok(Some((tx.cases_of(id)?, may)))
        });
        let Some((all, may)) = read.await? else { return Ok(None) };
        let current = all.iter().find(|case| case.stage.is_under_way());
        let may_open = may && id != by.user() && person.status.is_in_force() && current.is_none();
        let of_before = all.iter().filter(|case| !case.stage.is_under_way());
        Ok(Some(Self {
            current: current
                .map(|case| Link::new(say("cases-go-to").with("number", case.number.to_string()), address(case.id))),
            open: may_open.then(|| person.id.to_string()),
            earlier: of_before.map(|case| (link(case), outcome(case), viewer.moment(case.opened_at))).collect(),
        }))
    }
}
