//! Devices: every protected computer, found by serial number, computer name or person.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::device::Device;
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::Link as Linked;
use postern_authn::user::User;
use postern_store::devices::{ATTRIBUTES, DevicesQuery};
use postern_store::search::Condition;

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Bulk, Empty, Filters, Heads, Link, Moment, Pages, Pick, State, Tone};
use super::recovery::{self, Way};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{bulk, device, enrolment_code, people};
use crate::App;
use crate::api::page::Query;
use crate::api::recovery_pins::{self, Pair};
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, devices};

/// A computer in the list.
pub struct Row {
    /// The tick that chooses it for an act on many.
    pub pick: Option<Pick>,
    /// Its name and page.
    pub computer: Link,
    /// Make and model.
    pub model: String,
    /// As on its case.
    pub serial: Text,
    /// Whose it is.
    pub people: Vec<Link>,
    /// Its life cycle.
    pub status: State,
    /// When it was last in contact.
    pub last_seen: Option<Moment>,
    /// Whether its people could be let in now.
    pub recovery: State,
}

/// The list. Its filters live in the address: `q` and `status`.
#[derive(Template)]
#[template(path = "console/devices.html")]
pub struct Devices {
    /// The frame.
    pub shell: Shell,
    /// What is asked for.
    pub filters: Filters,
    /// The heads of the table.
    pub heads: Heads,
    /// This page of them.
    pub rows: Vec<Row>,
    /// What can be done to many, for those who may.
    pub bulk: Option<Bulk>,
    /// Why there is nothing, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Where a computer's enrolment begins, for those who may.
    pub enrol: Option<&'static str>,
}

fn filters(query: &Query) -> Filters {
    let statuses = vec![
        (String::new(), say("devices-all")),
        ("ACTIVE".to_owned(), say("device-active")),
        ("SUSPENDED".to_owned(), say("device-suspended")),
        ("DEACTIVATED".to_owned(), say("device-deactivated")),
    ];
    Filters::new("/admin/devices").ask(query, "q", say("devices-search"), Ask::Words).ask(
        query,
        "status",
        say("devices-status"),
        Ask::Choice(statuses),
    )
}

/// `/admin/devices`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/devices", Access::Permission(Permission::DevicesRead), show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesRead>(&app).await?;
    let filters = filters(&query);
    let (q, status) = (filters.value("q").to_owned(), filters.value("status"));
    let has_status = matches!(status, "ACTIVE" | "DEACTIVATED" | "SUSPENDED");
    let condition = has_status.then(|| Condition::parse(&format!("status eq \"{status}\""), ATTRIBUTES).ok());
    let wanted = DevicesQuery {
        words: Some(q.clone()),
        condition: condition.flatten(),
        after: query.get("after")?,
        within: Some(by.authority().reach(Permission::DevicesRead)),
        ..DevicesQuery::default()
    };
    let mut found = app.store.read(by.org, |tx| tx.devices(&wanted, PAGE + 1)).await?;
    let pages = pages(&query, &mut found, |device| device.id.to_string());
    let mut rows = Vec::new();
    for found in &found {
        rows.push(row(&app, &viewer, &by, found).await?);
    }
    let bulk = bulk::bar::<bulk::Computers>(&viewer);
    let heads = if bulk.is_some() { Heads::new().with_picks() } else { Heads::new() };
    let heads = heads
        .plain(say("devices-computer"))
        .plain(say("device-serial"))
        .plain(say("device-people"))
        .plain(say("devices-status"))
        .plain(say("device-last-seen"))
        .plain(say("readiness-title"));
    let enrol = viewer.may(Permission::DevicesManage).then_some(enrolment_code::ADDRESS);
    let empty = if filters.are_set() {
        Empty { title: say("devices-no-match").with("words", q), next: say("devices-no-match-next"), act: None }
    } else {
        let act = enrol.map(|address| Link::new(say("enrolment-title"), address));
        Empty { title: say("devices-none"), next: say("devices-none-next"), act }
    };
    let shell = viewer.shell(Place::Devices);
    Ok(page(Devices { shell, filters, heads, rows, bulk, empty, pages, enrol }))
}

async fn row(app: &App, viewer: &Viewer, by: &Allowed<right::DevicesRead>, own: &Device) -> Result<Row, ApiError> {
    let people = devices::people(app, by, own.id).await?;
    let profile = &own.profile;
    let has_acts = bulk::bar::<bulk::Computers>(viewer).is_some();
    Ok(Row {
        pick: has_acts.then(|| Pick { value: own.id.to_string(), of: Text::from(&profile.display_name) }),
        computer: Link::new(&profile.display_name, device::address(own.id)),
        model: format!("{} {}", profile.manufacturer, profile.model).trim().to_owned(),
        serial: device::or_unknown(&profile.serial_number),
        people: people.iter().map(|(_, person)| Link::new(person.name(), people::address(person))).collect(),
        status: device::standing(own.status),
        last_seen: own.last_seen_at.map(|at| viewer.moment(at)),
        recovery: recovery_of(app, viewer, by, &people).await?,
    })
}

/// Whether everybody who uses a computer could be let in; the worst case counts.
async fn recovery_of(
    app: &App,
    viewer: &Viewer,
    by: &Allowed<right::DevicesRead>,
    people: &[(Linked, User)],
) -> Result<State, ApiError> {
    let mut ways = Vec::new();
    for (link, _) in people {
        let pair = Pair { device: link.device, user: link.user };
        ways.push(recovery::way(&recovery_pins::readiness(app, by, pair).await?, viewer.now));
    }
    let worst = ways.iter().find(|way| matches!(way, Way::None(_)));
    let worst = worst.or_else(|| ways.iter().find(|way| matches!(way, Way::Challenge(_))));
    Ok(worst
        .or(ways.first())
        .map_or_else(|| State::new(Tone::Plain, say("devices-nobody-registered")), recovery::state))
}
