//! "This was not me": what a person says by the link in a notice of a case. Before anything was done it stops the case;
//! afterwards the account is shut, and the case is an incident.

use postern_authn::audit::{Actor, Event, EventType};
use postern_authn::recovery::case::{self, Case, Stage};
use postern_codes::id::{Id, RecoveryCase};
use postern_codes::{Env, Secret};
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use super::{Known, event, protection, telling};
use crate::App;
use crate::api::client::Client;
use crate::api::error::ApiError;

/// What the link does, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is an incident already, or over without anything that gives access.
    Nothing,
    /// The account is shut, and the case is an incident.
    Shuts,
    /// The case is stopped.
    Stops,
}

impl Effect {
    fn on(case: &Case) -> Self {
        match (case.gave_access(), case.stage) {
            (_, Stage::Incident) => Self::Nothing,
            (true, _) => Self::Shuts,
            (false, stage) if stage.is_under_way() => Self::Stops,
            (false, _) => Self::Nothing,
        }
    }
}

/// What a link is about, and would do, without doing it; nothing, where it is unknown, used or too old.
///
/// # Errors
/// Of the database.
pub async fn look(app: &App, token: &Secret<String>) -> Result<Option<(u64, Effect)>, ApiError> {
    let (org, now) = (app.org().await?, app.env().now);
    let found = app.store.read(org, |tx| {
        let Some(id) = id(tx.link_subject(LinkPurpose::CaseNotMe, token, now)?) else { return Ok(None) };
        Ok::<_, Error>(tx.case(id)?.map(|case| (case.number, Effect::on(&case))))
    });
    Ok(found.await?)
}

/// Uses a link up, and does what it does.
///
/// # Errors
/// Of the database; the link is not used up then.
pub async fn act(app: &App, token: &Secret<String>, client: &Client) -> Result<Option<(u64, Effect)>, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let done = app.store.write(org, |tx| {
        let Some(id) = id(tx.use_link(LinkPurpose::CaseNotMe, token, env.now)?) else { return Ok(None) };
        let Some(case) = tx.hold_case(id)? else { return Ok(None) };
        let (number, effect) = (case.number, Effect::on(&case));
        match effect {
            Effect::Nothing => {}
            Effect::Shuts => shut(tx, app, (case, client), &env)?,
            Effect::Stops => stop(tx, (case, client), &env)?,
        }
        Ok(Some((number, effect)))
    });
    Ok(done.await?)
}

fn id(subject: Option<String>) -> Option<Id<RecoveryCase>> {
    subject.and_then(|subject| subject.parse().ok())
}

fn stop(tx: &mut Tx<'_>, (mut case, client): (Case, &Client), env: &Env) -> Result<(), Error> {
    if case.stop(env.now).is_err() {
        return Ok(());
    }
    tx.save_case(&mut case, env.now)?;
    let known = Known::read(tx, case, env)?;
    tx.record(&said(EventType::CaseStop, &known, client), env)
}

/// A person has one case under way; where that is another than the one that was not theirs, it is the incident.
fn shut(tx: &mut Tx<'_>, app: &App, (case, client): (Case, &Client), env: &Env) -> Result<(), Error> {
    let number = case.number;
    let open = tx.open_case_of(case.person)?.filter(|open| open.id != case.id);
    let held = open.map_or(Ok(None), |open| tx.hold_case(open.id))?;
    let mut case = held.unwrap_or(case);
    let by = case::Actor { id: case.person, reaches: true, resists_phishing: false, is_escalated_to: false };
    let happened = format!("the person says that case {number} was not theirs");
    if case.report(&happened, "by the link in a notice", &by, env.now).is_ok() {
        tx.save_case(&mut case, env.now)?;
    }
    let known = Known::read(tx, case, env)?;
    tx.record(&said(EventType::CaseIncident, &known, client).detail("happened", happened), env)?;
    protection::shut(tx, &said(EventType::UserSuspend, &known, client), &known, env)?;
    telling::incident(tx, app, &known, env)
}

/// An event of whoever holds the link of a person.
fn said(kind: EventType, known: &Known, client: &Client) -> Event {
    let person = &known.person;
    let actor = Actor::user(person.id, person.login.as_str(), &person.name());
    event(Event::success(kind, actor, client.0.clone()), known).detail("reason", "not_me")
}
