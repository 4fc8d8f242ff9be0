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
use super::part::{Link, Moment, Pages, State, Tone};
use super::recovery::{self, Way};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{device, enrolment_code, people};
use crate::App;
use crate::api::page::Query;
use crate::api::recovery_pins::{self, Pair};
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, devices};

/// A computer in the list.
pub struct Row {
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
    /// What was searched for.
    pub q: String,
    /// `ACTIVE`, `SUSPENDED`, `DEACTIVATED`, or empty for all.
    pub status: String,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
    /// Where a computer's enrolment begins, for those who may.
    pub enrol: Option<&'static str>,
}

impl Devices {
    fn statuses() -> [(&'static str, Text); 4] {
        [
            ("", say("devices-all")),
            ("ACTIVE", say("device-active")),
            ("SUSPENDED", say("device-suspended")),
            ("DEACTIVATED", say("device-deactivated")),
        ]
    }
}

/// `/admin/devices`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/devices", Access::Permission(Permission::DevicesRead), show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesRead>(&app).await?;
    let text = |name| query.text(name).unwrap_or_default().to_owned();
    let (q, status) = (text("q"), text("status"));
    let has_status = Devices::statuses().iter().any(|(value, _)| *value == status) && !status.is_empty();
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
    let shell = Shell { searched: q.clone(), ..viewer.shell(Place::Devices) };
    let enrol = viewer.may(Permission::DevicesManage).then_some(enrolment_code::ADDRESS);
    Ok(page(Devices { shell, q, status, rows, pages, enrol }))
}

async fn row(app: &App, viewer: &Viewer, by: &Allowed<right::DevicesRead>, own: &Device) -> Result<Row, ApiError> {
    let people = devices::people(app, by, own.id).await?;
    let profile = &own.profile;
    Ok(Row {
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
