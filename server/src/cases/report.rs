//! For the auditor: everything that an administrator did to give somebody their access back, with what it rested on and
//! what happened next. The lines come from the record, so that what was done outside any case is there too.

use std::fmt::Write as _;

use postern_authn::audit::EventType;
use postern_authn::recovery::case::Case;
use postern_codes::Timestamp;
use postern_codes::id::{Id, Org, RecoveryCase, User as UserKind};
use postern_store::audit::{self, EventQuery, StoredEvent};
use postern_store::search::Condition;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use crate::App;
use crate::api::error::ApiError;
use crate::api::hal::time;
use crate::api::logs;
use crate::console::export;

/// What the record calls such an act. An act that is none by its details is left out.
const KINDS: &[EventType] = &[
    EventType::CaseUse,
    EventType::FactorDeactivate,
    EventType::FactorResetAll,
    EventType::UserPasswordExpire,
    EventType::UserPasswordReset,
];
/// What can happen next.
const NEXT: &[EventType] =
    &[EventType::CaseIncident, EventType::CaseRestore, EventType::FactorActivate, EventType::ReportSuspicious];
/// So many of what happened next are told.
const MOST_NEXT: u32 = 3;

/// One act.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its place in the record.
    pub position: i64,
    /// When.
    pub at: Timestamp,
    /// Its name in the record.
    pub event: String,
    /// What was done, where a case says it.
    pub action: Option<String>,
    /// Who did it: login, or id where the names were erased.
    pub by: String,
    /// For whom.
    pub person: String,
    /// The case; none, where it was done outside any.
    pub case: Option<Id<RecoveryCase>>,
    /// Its number.
    pub number: Option<u64>,
    /// What it rested on: type, who, when.
    pub evidence: Vec<String>,
    /// Who approved it.
    pub approved_by: Vec<String>,
    /// Why.
    pub reason: String,
    /// The ticket elsewhere.
    pub ticket: String,
    /// What happened next: what, when.
    pub next: Vec<(String, Timestamp)>,
}

/// Which acts are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Then or earlier.
    pub until: Option<Timestamp>,
    /// Beyond this place in the record.
    pub after: Option<i64>,
}

/// The acts of a span of time, newest first, and where the next page begins.
///
/// # Errors
/// Of the database.
pub async fn page(app: &App, org: Id<Org>, wanted: Wanted, limit: u32) -> Result<(Vec<Line>, Option<i64>), ApiError> {
    logs::place(app, org).await?;
    let text = format!("outcome.result eq \"SUCCESS\" and ({})", logs::any(KINDS));
    let condition = Some(Condition::parse(&text, audit::ATTRIBUTES).map_err(ApiError::fault)?);
    let Wanted { since, until, after } = wanted;
    let query = EventQuery { condition, descending: true, after, since, until };
    let next = logs::any(NEXT);
    let found = app.store.read(org, |tx| {
        let events = tx.events(&query, limit)?;
        let further = (events.len() == limit as usize).then(|| events.last().map(|event| event.position)).flatten();
        let lines = events.iter().filter(|event| gives_access_back(event)).map(|event| line(tx, event, &next));
        Ok::<_, Error>((lines.collect::<Result<Vec<_>, _>>()?, further))
    });
    Ok(found.await?)
}

/// Whether an administrator did it for somebody else, and it helps that person in.
fn gives_access_back(event: &StoredEvent) -> bool {
    let details = &event.body.details;
    let is = |kind: EventType| event.body.event_type == kind.as_str();
    let for_another = person(event).is_some_and(|person| event.body.actor["id"] != person);
    let is_in_case = details.contains_key("caseId");
    for_another
        && (is(EventType::FactorResetAll)
            || is(EventType::UserPasswordReset)
            || (is(EventType::CaseUse) && is_in_case)
            || is(EventType::UserPasswordExpire) && (is_in_case || details.contains_key("temporary"))
            || is(EventType::FactorDeactivate))
}

fn person(event: &StoredEvent) -> Option<&str> {
    event.body.targets.iter().find(|target| target["type"] == "User").and_then(|target| target["id"].as_str())
}

fn line(tx: &mut Tx<'_>, event: &StoredEvent, next: &str) -> Result<Line, Error> {
    let detail = |name: &str| event.body.details.get(name).cloned().unwrap_or_default();
    let case: Option<Id<RecoveryCase>> = detail("caseId").parse().ok();
    let kept = case.map_or(Ok(None), |id| tx.case(id))?;
    let evidence = kept.iter().map(|case| rested_on(tx, case, event.published)).collect::<Result<Vec<_>, _>>()?;
    let about = person(event).unwrap_or_default().to_owned();
    let approved = detail("approvedBy");
    let approved_by = approved.split_whitespace().map(|id| login(tx, id)).collect::<Result<_, _>>()?;
    Ok(Line {
        position: event.position,
        at: event.published,
        event: event.body.event_type.clone(),
        action: event.body.details.get("action").cloned(),
        by: login(tx, event.body.actor["id"].as_str().unwrap_or_default())?,
        next: happened_next(tx, &about, event.published, next)?,
        person: login(tx, &about)?,
        case,
        number: kept.as_ref().map(|case| case.number),
        evidence: evidence.into_iter().flatten().collect(),
        approved_by,
        reason: detail("reason"),
        ticket: detail("ticket"),
    })
}

fn rested_on(tx: &mut Tx<'_>, case: &Case, until: Timestamp) -> Result<Vec<String>, Error> {
    let found = case.evidence.iter().filter(|found| found.at <= until);
    let told = found.map(|found| {
        let by = found.by.map_or(Ok("the system".to_owned()), |by| login(tx, by.as_str()))?;
        Ok(format!("{} by {by} at {}", found.kind, time(found.at)))
    });
    told.collect()
}

/// The login of an id; the id, where nobody has it any more, or where it is no person's.
fn login(tx: &mut Tx<'_>, id: &str) -> Result<String, Error> {
    let found = id.parse::<Id<UserKind>>().ok().map_or(Ok(None), |id| tx.user(id))?;
    Ok(found.map_or_else(|| id.to_owned(), |user| user.login.as_str().to_owned()))
}

fn happened_next(
    tx: &mut Tx<'_>,
    person: &str,
    since: Timestamp,
    kinds: &str,
) -> Result<Vec<(String, Timestamp)>, Error> {
    let text = format!("target.id eq {} and outcome.result eq \"SUCCESS\" and ({kinds})", Value::from(person));
    let condition = Condition::parse(&text, audit::ATTRIBUTES).map_err(|_| Error::fault("no filter of the record"))?;
    let query = EventQuery { condition: Some(condition), since: Some(since), ..EventQuery::default() };
    let found = tx.events(&query, MOST_NEXT)?;
    Ok(found.into_iter().map(|event| (event.body.event_type, event.published)).collect())
}

impl Line {
    /// It as an object, for programs.
    pub fn json(&self) -> Value {
        let next = self.next.iter().map(|(what, at)| json!({ "eventType": what, "at": time(*at) }));
        json!({
            "at": time(self.at),
            "eventType": self.event,
            "action": self.action,
            "by": self.by,
            "person": self.person,
            "caseId": self.case,
            "caseNumber": self.number,
            "isOutsideCase": self.case.is_none(),
            "evidence": self.evidence,
            "approvedBy": self.approved_by,
            "reason": self.reason,
            "ticket": self.ticket,
            "next": next.collect::<Vec<_>>(),
        })
    }

    /// It as a line of text, for people.
    pub fn text(&self) -> String {
        let mut text = format!("{}  {}  {} for {}", time(self.at), self.what(), self.by, self.person);
        match self.number {
            Some(number) => write!(text, "  case {number}"),
            None => write!(text, "  OUTSIDE ANY CASE"),
        }
        .ok();
        for (name, said) in [
            ("evidence", self.evidence.join("; ")),
            ("approved by", self.approved_by.join(", ")),
            ("reason", self.reason.clone()),
            ("ticket", self.ticket.clone()),
            ("then", self.told_next()),
        ] {
            if !said.is_empty() {
                write!(text, "\n    {name}: {}", said.replace(char::is_control, " ")).ok();
            }
        }
        text
    }

    /// What was done: the action of a case, else the name in the record.
    pub fn what(&self) -> &str {
        self.action.as_deref().unwrap_or(&self.event)
    }

    fn told_next(&self) -> String {
        let told = self.next.iter().map(|(what, at)| format!("{what} at {}", time(*at)));
        told.collect::<Vec<_>>().join("; ")
    }

    fn cells(&self) -> [String; 11] {
        [
            time(self.at),
            self.event.clone(),
            self.what().to_owned(),
            self.by.clone(),
            self.person.clone(),
            self.number.map_or_else(|| "outside any case".to_owned(), |number| number.to_string()),
            self.evidence.join("; "),
            self.approved_by.join(", "),
            self.reason.clone(),
            self.ticket.clone(),
            self.told_next(),
        ]
    }
}

/// What a file of lines looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// A table for a spreadsheet.
    Csv,
    /// An object a line.
    JsonLines,
    /// For people.
    Text,
}

/// At most so many acts a file.
pub const MOST: usize = 20_000;
const PART: u32 = 500;

/// Every act of a span of time as a file, newest first.
///
/// # Errors
/// Of the database.
pub async fn file(app: &App, org: Id<Org>, wanted: Wanted, format: Format) -> Result<String, ApiError> {
    let mut file = String::new();
    if format == Format::Csv {
        let heads = [
            "at",
            "event",
            "action",
            "by",
            "person",
            "case",
            "evidence",
            "approved by",
            "reason",
            "ticket",
            "what happened next",
        ];
        // The mark at the start tells spreadsheets that this is UTF-8.
        file.push('\u{feff}');
        export::line(&mut file, heads.map(str::to_owned));
    }
    let (mut wanted, mut taken) = (wanted, 0);
    loop {
        let (lines, next) = page(app, org, wanted, PART).await?;
        for line in &lines {
            match format {
                Format::Csv => export::line(&mut file, line.cells()),
                Format::JsonLines => writeln!(file, "{}", line.json()).unwrap_or_default(),
                Format::Text => writeln!(file, "{}", line.text()).unwrap_or_default(),
            }
        }
        taken += lines.len();
        match next.filter(|_| taken < MOST) {
            Some(after) => wanted.after = Some(after),
            None => return Ok(file),
        }
    }
}
