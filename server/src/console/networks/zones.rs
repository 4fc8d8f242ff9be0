//! The network zones, and where the viewer is among them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::network::{AddressRange, Usage};
use postern_authn::permission::{Permission, right};
use postern_store::search::Condition;
use postern_store::zones::{self as rows, Zone};

use super::kept::Kept as _;
use super::{ZONES, state, tabs};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, zones};
use crate::console::list::{PAGE, pages};
use crate::console::page::page;
use crate::console::part::{Ask, Empty, Filters, Link, Pages, State, Tabs, Tone};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say};

/// At most so many ranges of a zone stand in its line.
const FEW: usize = 3;

/// A zone in the list.
pub struct Row {
    /// Its name and page.
    pub zone: Link,
    /// What it is for.
    pub usage: State,
    /// The first of its ranges.
    pub ranges: Text,
    /// Whether it counts.
    pub state: State,
    /// Whether it came with the organisation.
    pub is_system: bool,
}

/// The zones.
#[derive(Template)]
#[template(path = "console/networks.html")]
pub struct Zones {
    /// The frame.
    pub shell: Shell,
    /// Zones and trusted origins.
    pub tabs: Tabs,
    /// Where the viewer is.
    pub here: Text,
    /// In which zones that is.
    pub here_in: Vec<Link>,
    /// What is asked for.
    pub filters: Filters,
    /// This page of them.
    pub rows: Vec<Row>,
    /// What stands where there are none.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make zones.
    pub may_create: bool,
}

/// `/admin/security/networks`.
pub fn routes() -> Routes {
    Routes::new().get(ZONES, Access::Permission(Permission::NetworkZonesRead), show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesRead>(&app).await?;
    let choices = std::iter::once((String::new(), say("networks-any"))).chain(usages()).collect();
    let filters = Filters::new(ZONES).ask(&query, "usage", say("networks-usage"), Ask::Choice(choices));
    let condition = match filters.value("usage").parse::<Usage>() {
        Ok(usage) => Condition::parse(&format!("usage eq \"{}\"", usage.as_str()), rows::ATTRIBUTES).ok(),
        Err(()) => None,
    };
    let mut found = zones::list(&app, &by, condition, query.get("after")?, PAGE).await?;
    let pages = pages(&query, &mut found, |zone| zone.id.to_string());
    let client = &by.client.0;
    let all = app.store.read(by.org, |tx| tx.zones()).await?;
    let here: Vec<&Zone> =
        client.ip.parse().map_or_else(|_| Vec::new(), |ip| all.iter().filter(|zone| zone.contains(ip)).collect());
    let may_create = viewer.may(Permission::NetworkZonesManage);
    let act = may_create.then(|| Link::new(say("networks-new"), "/admin/security/networks/new"));
    Ok(page(Zones {
        shell: viewer.shell(Place::Networks),
        tabs: tabs(&viewer, ZONES),
        here: say("networks-here").with("address", client.ip.clone()),
        here_in: here.iter().map(|zone| Link::new(zone.name.as_str().to_owned(), zone.address())).collect(),
        filters,
        rows: found.iter().map(row).collect(),
        empty: Empty { title: say("networks-none"), next: say("networks-none-next"), act },
        pages,
        may_create,
    }))
}

fn row(zone: &Zone) -> Row {
    let all: Vec<&AddressRange> = zone.gateways.iter().chain(&zone.proxies).collect();
    let few = all.iter().take(FEW).map(|range| range.as_str().to_owned().into());
    let more = (all.len() > FEW).then(|| say("policies-and-more").with("count", all.len() - FEW));
    Row {
        zone: Link::new(zone.name.as_str().to_owned(), zone.address()),
        usage: usage_state(zone.usage),
        ranges: if all.is_empty() { say("networks-empty") } else { Text::list(few.chain(more)) },
        state: state(zone.is_active),
        is_system: zone.system.is_some(),
    }
}

/// What a zone can be for, as a choice.
pub fn usages() -> [(String, Text); 2] {
    [Usage::Policy, Usage::Blocklist].map(|usage| (usage.as_str().to_owned(), usage_words(usage)))
}

fn usage_words(usage: Usage) -> Text {
    match usage {
        Usage::Blocklist => say("networks-blocklist"),
        Usage::Policy => say("networks-policy"),
    }
}

/// The same, with its colour.
pub fn usage_state(usage: Usage) -> State {
    let tone = match usage {
        Usage::Blocklist => Tone::Danger,
        Usage::Policy => Tone::Plain,
    };
    State::new(tone, usage_words(usage))
}
