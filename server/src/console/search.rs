//! The search of the frame: computers, people, groups, and the pages of the console, by one field.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_store::devices::DevicesQuery;
use postern_store::groups::GroupQuery;
use postern_store::people::PeopleQuery;

use super::choose::is_meant;
use super::page::page;
use super::part::{Link, State};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{device, people};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, groups, users};

/// At most so many of a kind; a list has them all.
const MOST: u32 = 8;

/// Something that was found.
pub struct Hit {
    /// Its name and page.
    pub link: Link,
    /// What tells it from others.
    pub detail: String,
    /// How it stands.
    pub state: Option<State>,
}

/// What was found of one kind.
pub struct Kind {
    /// The kind.
    pub label: Text,
    /// The first few.
    pub hits: Vec<Hit>,
    /// The list with all of them, where there are more.
    pub more: Option<String>,
}

/// The answer.
#[derive(Template)]
#[template(path = "console/search.html")]
pub struct Search {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// Kind by kind; none is empty.
    pub kinds: Vec<Kind>,
}

/// `/admin/search?q=`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/search", Access::SignedIn, show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let q: String = query.text("q").unwrap_or_default().trim().chars().take(100).collect();
    let mut kinds = Vec::new();
    if !q.is_empty() {
        let list = |path: &str| {
            let words: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
            format!("{path}?q={words}")
        };
        kinds.push(kind(say("devices-computers"), computers(&app, &viewer, &q).await?, list("/admin/devices")));
        kinds.push(kind(say("people-title"), of_people(&app, &viewer, &q).await?, list("/admin/people")));
        kinds.push(kind(say("groups-title"), of_groups(&app, &viewer, &q).await?, list("/admin/groups")));
        kinds.push(kind(say("search-pages"), pages(&viewer, &q), String::new()));
        kinds.retain(|kind| !kind.hits.is_empty());
    }
    let shell = Shell { searched: q.clone(), ..viewer.shell(Place::Nowhere) };
    Ok(page(Search { shell, q, kinds }))
}

fn kind(label: Text, mut hits: Vec<Hit>, list: String) -> Kind {
    let more = (hits.len() > MOST as usize).then_some(list);
    hits.truncate(MOST as usize);
    Kind { label, hits, more }
}

async fn computers(app: &App, viewer: &Viewer, q: &str) -> Result<Vec<Hit>, ApiError> {
    if !viewer.may(Permission::DevicesRead) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::DevicesRead>(app).await?;
    let wanted = DevicesQuery { words: Some(q.to_owned()), ..DevicesQuery::default() };
    let found = app.store.read(by.org, |tx| tx.devices(&wanted, MOST + 1)).await?;
    let hit = |own: &postern_authn::device::Device| Hit {
        link: Link::new(&own.profile.display_name, device::address(own.id)),
        detail: own.profile.serial_number.clone(),
        state: Some(device::standing(own.status)),
    };
    Ok(found.iter().map(hit).collect())
}

async fn of_people(app: &App, viewer: &Viewer, q: &str) -> Result<Vec<Hit>, ApiError> {
    if !viewer.may(Permission::UsersRead) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::UsersRead>(app).await?;
    let wanted = PeopleQuery { words: Some(q.to_owned()), ..PeopleQuery::default() };
    let found = users::list(app, &by, wanted, MOST + 1).await?;
    let hit = |person: &postern_authn::user::User| Hit {
        link: Link::new(person.name(), people::address(person)),
        detail: person.login.to_string(),
        state: Some(people::standing(person, viewer.now)),
    };
    Ok(found.iter().map(hit).collect())
}

async fn of_groups(app: &App, viewer: &Viewer, q: &str) -> Result<Vec<Hit>, ApiError> {
    if !viewer.may(Permission::GroupsRead) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::GroupsRead>(app).await?;
    let wanted = GroupQuery { name: Some(q.to_owned()), ..GroupQuery::default() };
    let found = groups::list(app, &by, wanted, MOST + 1).await?;
    let hit = |group: &postern_store::groups::Group| Hit {
        link: Link::new(&group.name, format!("/admin/groups/{}", group.id)),
        detail: group.description.clone(),
        state: None,
    };
    Ok(found.iter().map(hit).collect())
}

/// The pages that are open to the viewer and are called so in any language.
fn pages(viewer: &Viewer, q: &str) -> Vec<Hit> {
    let open = Place::ALL.iter().filter(|place| place.needs().is_none_or(|needed| viewer.may(needed)));
    let meant = open.filter(|place| is_meant(&place.label(), q));
    meant
        .map(|place| Hit { link: Link::new(place.label(), place.address()), detail: String::new(), state: None })
        .collect()
}
