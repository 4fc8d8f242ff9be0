//! Home: what needs attention, and nothing else of weight.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::Rules;
use postern_store::audit::{self, EventQuery};
use postern_store::search::Condition;

use super::events;
use super::page::page;
use super::part::{Link, Record, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::Text;
use crate::api::device_access::settings::rules;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, logs};
use crate::{App, say};

/// How long something alarming is shown here.
const ALARM: Duration = Duration::from_hours(7 * 24);
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
    rules: Rules,
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let now = viewer.now;
    let numbers = app.store.read(viewer.caller.org, |tx| {
        let rules = rules(tx)?;
        Ok(Numbers {
            computers: tx.count_active_devices()?,
            silent: tx.count_silent_devices(now.minus(rules.max_offline))?,
            people: tx.count_people()?,
            pins: tx.count_issuances(now.minus(ALARM))?,
            rules,
        })
    });
    let numbers = numbers.await?;
    let mut attention = alarms(&app, &viewer).await?;
    attention.extend(matters(&numbers, &viewer));
    Ok(page(Home {
        shell: viewer.shell(Place::Home),
        attention,
        tallies: tallies(&numbers, &viewer),
        recent: events::latest(&app, &viewer, None).await?,
    }))
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

/// What the settings and the computers ask for.
fn matters(numbers: &Numbers, viewer: &Viewer) -> Vec<Attention> {
    let mut matters = Vec::new();
    if !numbers.rules.is_enabled && viewer.may(Permission::OrgManage) {
        matters.push(Attention {
            state: State::new(Tone::Warning, say("home-pins-off")),
            next: say("home-pins-off-next"),
            link: Link::new(say("home-pins-off-act"), "/admin/security/general?edit=yes"),
        });
    }
    if numbers.silent > 0 {
        let days = numbers.rules.max_offline.as_secs() / 86_400;
        matters.push(Attention {
            state: State::new(Tone::Warning, say("home-silent").with("count", numbers.silent).with("days", days)),
            next: say("home-silent-next").with("count", numbers.silent),
            link: Link::new(say("home-silent-act"), "/admin/devices"),
        });
    }
    matters
}

fn tallies(numbers: &Numbers, viewer: &Viewer) -> Vec<Tally> {
    let tally = |count, words: Text, href: &str, needed| {
        viewer.may(needed).then(|| Tally { count, of: Link::new(words, href) })
    };
    let pins = "/admin/reports?eventType=device.desktop_mfa.recovery_pin.generate&outcome=SUCCESS";
    let tallies = [
        tally(numbers.computers, say("home-tally-computers"), "/admin/devices?status=ACTIVE", Permission::DevicesRead),
        tally(numbers.people, say("home-tally-people"), "/admin/people", Permission::UsersRead),
        tally(numbers.pins, say("home-tally-pins"), pins, Permission::LogsRead),
    ];
    tallies.into_iter().flatten().collect()
}
