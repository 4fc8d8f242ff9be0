//! Lines of the record, as people read them.

use postern_authn::audit::{EventType, Severity};
use postern_authn::permission::{Permission, right};
use postern_store::audit::{self, EventQuery, StoredEvent};
use postern_store::search::Condition;
use serde_json::Value;

use super::part::{Event, Record, State, Tone};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::{ApiError, logs};

/// How many lines a screen shows beside other things.
const FEW: u32 = 8;

/// The latest that was done to somebody or something, or by them; nothing for a viewer who may not read the record.
///
/// # Errors
/// Of the database.
pub async fn latest(app: &App, viewer: &Viewer, about: Option<&str>) -> Result<Option<Record>, ApiError> {
    if !viewer.may(Permission::LogsRead) {
        return Ok(None);
    }
    let by = viewer.require::<right::LogsRead>(app).await?;
    let condition = about.and_then(|id| {
        let id = Value::from(id);
        Condition::parse(&format!("actor.id eq {id} or target.id eq {id}"), audit::ATTRIBUTES).ok()
    });
    let query = EventQuery { condition, descending: true, ..EventQuery::default() };
    let (found, _) = logs::list(app, &by, &query, FEW).await?;
    Ok(Some(Record { events: found.iter().map(|event| line(event, viewer)).collect() }))
}

/// One line. Names that were erased are shown by id.
pub fn line(event: &StoredEvent, viewer: &Viewer) -> Event {
    let body = &event.body;
    let personal = event.personal.as_ref();
    let named = |who: &Value, name: Option<&str>| {
        let name = name.filter(|name| !name.is_empty());
        name.or_else(|| who["id"].as_str()).unwrap_or_default().to_owned()
    };
    let actor = named(&body.actor, personal.map(|personal| personal.actor.display_name.as_str()));
    let targets: Vec<String> = body
        .targets
        .iter()
        .enumerate()
        .map(|(at, target)| {
            let person = personal.and_then(|personal| personal.targets.get(at));
            named(target, person.map(|person| person.display_name.as_str()))
        })
        .collect();
    let reason = body.outcome["reason"].as_str().unwrap_or_default();
    let client = personal.map(|personal| (personal.ip.clone(), personal.user_agent.clone())).unwrap_or_default();
    let id_of = |who: &Value| who["id"].as_str().unwrap_or_default().to_owned();
    let mut details = vec![(say("events-type"), Text::from(&body.event_type))];
    let mut add = |name: Text, value: String| {
        if !value.is_empty() {
            details.push((name, value.into()));
        }
    };
    add(say("events-reason"), reason.to_owned());
    add(say("events-by"), format!("{actor} ({})", id_of(&body.actor)));
    for (target, name) in body.targets.iter().zip(&targets) {
        add(say("events-about"), format!("{name} ({})", id_of(target)));
    }
    for (name, value) in &body.details {
        add(name.into(), value.clone());
    }
    add(say("events-address"), client.0);
    add(say("events-program"), client.1);
    add(say("events-request"), body.request.clone().unwrap_or_default());
    add(say("events-entry"), format!("{} ({})", event.position, event.id));
    let seen = body.targets.iter().zip(&targets).filter(|(target, _)| target["type"] != "Session");
    let seen: Vec<&str> = seen.map(|(_, name)| name.as_str()).collect();
    let about = match seen.join(", ") {
        about if about.is_empty() || about == actor => actor.into(),
        about => say("events-actor-about").with("actor", actor).with("targets", about),
    };
    Event {
        at: viewer.moment(event.published).for_the_record(),
        outcome: outcome(event),
        what: happened(event),
        about,
        details,
    }
}

/// How it went.
pub fn outcome(event: &StoredEvent) -> State {
    match (event.body.outcome["result"].as_str(), event.body.severity) {
        (Some("SUCCESS"), Severity::Info) => State::new(Tone::Good, say("events-done")),
        (Some("SUCCESS"), Severity::Warn) => State::new(Tone::Warning, say("events-done")),
        (Some("SUCCESS"), Severity::Error) => State::new(Tone::Danger, say("events-alert")),
        _ => State::new(Tone::Danger, say("events-refused")),
    }
}

/// What happened, and why it did not.
pub fn happened(event: &StoredEvent) -> Text {
    let body = &event.body;
    let kind = EventType::ALL.iter().find(|kind| kind.as_str() == body.event_type);
    let what = say_of("domain-event", &body.event_type);
    let what = what.or(kind.map_or(body.event_type.as_str(), |kind| kind.message()).to_owned());
    match body.outcome["reason"].as_str().unwrap_or_default() {
        "" => what,
        reason => {
            let reason = say_of("domain-reason", reason).or(reason.replace('_', " "));
            say("events-what-reason").with("what", what).with("reason", reason)
        }
    }
}
