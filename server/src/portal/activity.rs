//! What was done lately by oneself or to oneself: sign-ins, changes of factors and password, recovery PINs. Who else did it
//! is said by their part alone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::audit::EventType;
use postern_store::audit::StoredEvent;

use super::owner::{Frame, Owner};
use super::sessions::program;
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, logs};
use crate::console::events::{happened, outcome};
use crate::console::list::{PAGE, pages};
use crate::console::page::page;
use crate::console::part::{Event, Pages, Record};
use crate::console::words::{Text, say};

/// Where what is older is shown.
pub const ADDRESS: &str = "/account/activity";

/// What somebody does to nobody but themselves.
const BY_THEM: &[EventType] = &[EventType::SessionEnd, EventType::SessionStart, EventType::UserAuthFactor];
/// What concerns whom it is done to; what the server notes beside it says nothing to them.
const TO_THEM: &[EventType] = &[
    EventType::BrowsersForget,
    EventType::FactorActivate,
    EventType::FactorDeactivate,
    EventType::FactorResetAll,
    EventType::RecoveryEnroll,
    EventType::RecoveryPinActivate,
    EventType::RecoveryPinGenerate,
    EventType::RecoveryPinRevoke,
    EventType::ReportSuspicious,
    EventType::SessionEnd,
    EventType::SessionStart,
    EventType::SessionsClear,
    EventType::UserAccountLock,
    EventType::UserAuthFactor,
    EventType::UserPasswordReset,
    EventType::UserPasswordUpdate,
    EventType::UserProfileUpdate,
    EventType::UserUnlock,
];

/// A page of it.
#[derive(Template)]
#[template(path = "portal/activity.html")]
pub struct Activity {
    /// The frame.
    pub frame: Frame,
    /// The lines.
    pub record: Record,
    /// The other pages.
    pub pages: Pages,
}

/// `/account/activity`.
pub(super) fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::SignedIn, show)
}

/// The newest lines.
///
/// # Errors
/// Of the database.
pub async fn latest(app: &App, owner: &Owner, count: u32) -> Result<Record, ApiError> {
    let found = logs::of_oneself(app, &owner.caller, (TO_THEM, BY_THEM), (None, count)).await?;
    Ok(record(owner, &found))
}

async fn show(Shared(app): Shared<Arc<App>>, owner: Owner, query: Query) -> Result<Response, ApiError> {
    let mut found = logs::of_oneself(&app, &owner.caller, (TO_THEM, BY_THEM), (query.get("after")?, PAGE + 1)).await?;
    let pages = pages(&query, &mut found, |event| event.position.to_string());
    Ok(page(Activity { frame: owner.frame(), record: record(&owner, &found), pages }))
}

fn record(owner: &Owner, events: &[StoredEvent]) -> Record {
    Record { events: events.iter().map(|event| line(owner, event)).collect() }
}

fn line(owner: &Owner, event: &StoredEvent) -> Event {
    let actor = &event.body.actor;
    let is_own = actor["id"].as_str() == Some(owner.user.id.as_str());
    let personal = event.personal.as_ref();
    let mut details = vec![(say("events-type"), Text::from(&event.body.event_type))];
    let about = match personal.filter(|_| is_own) {
        Some(personal) => {
            details.push((say("events-address"), personal.ip.clone().into()));
            details.push((say("events-program"), personal.user_agent.clone().into()));
            let of = [program(&personal.user_agent), personal.ip.clone()];
            Text::list(of.into_iter().filter(|words| !words.is_empty()))
        }
        None if actor["type"] == "User" => say("account-by-administrator"),
        None => say("account-by-system"),
    };
    Event {
        at: owner.moment(event.published).for_the_record(),
        outcome: outcome(event),
        what: happened(event),
        about,
        details,
    }
}
