//! What a [`Chooser`](super::part::Chooser) offers: a few members of a set whose names begin with what was typed. The
//! value of each is text that a form's handler understands whether it was chosen or typed.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::network::Usage;
use postern_authn::permission::{Permission, Role, right};
use postern_authn::policy::condition::ALL_ZONES;
use postern_store::devices::DevicesQuery;
use postern_store::groups::GroupQuery;
use postern_store::people::PeopleQuery;

use super::language::{Language, Reader};
use super::page::page;
use super::viewer::{self, Viewer};
use super::words::{Text, say};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, groups, users};

/// At most so many are offered.
const MOST: u32 = 8;

/// One that can be chosen.
pub struct Choice {
    /// What the field holds afterwards.
    pub value: String,
    /// Its name.
    pub name: Text,
    /// What tells it from others of this name.
    pub detail: String,
}

/// The choices, without a frame: the script puts them below the field.
#[derive(Template)]
#[template(path = "console/choices.html")]
pub struct Choices {
    /// In the order of the list.
    pub choices: Vec<Choice>,
}

/// `/admin/choose/WHAT?q=`.
pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/choose/computers", Access::Permission(Permission::DevicesRead), computers)
        .get("/admin/choose/groups", Access::Permission(Permission::GroupsRead), of_groups)
        .get("/admin/choose/people", Access::Permission(Permission::UsersRead), people)
        .get("/admin/choose/roles", Access::Permission(Permission::RolesRead), roles)
        .get("/admin/choose/zones", Access::Permission(Permission::NetworkZonesRead), zones)
}

fn typed(query: &Query) -> String {
    query.text("q").unwrap_or_default().trim().chars().take(100).collect()
}

async fn computers(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::DevicesRead>(&app).await?;
    let wanted = DevicesQuery { words: Some(typed(&query)), ..DevicesQuery::default() };
    let found = app.store.read(by.org, |tx| tx.devices(&wanted, MOST)).await?;
    let choice = |device: &postern_authn::device::Device| Choice {
        value: device.id.to_string(),
        name: Text::from(&device.profile.display_name),
        detail: device.profile.serial_number.clone(),
    };
    Ok(page(Choices { choices: found.iter().map(choice).collect() }))
}

async fn of_groups(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let wanted = GroupQuery { name: Some(typed(&query)), ..GroupQuery::default() };
    let found = groups::list(&app, &by, wanted, MOST).await?;
    let choice = |group: &postern_store::groups::Group| Choice {
        value: group.name.clone(),
        name: Text::from(&group.name),
        detail: group.description.clone(),
    };
    Ok(page(Choices { choices: found.iter().take(MOST as usize).map(choice).collect() }))
}

async fn people(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersRead>(&app).await?;
    let wanted = PeopleQuery { words: Some(typed(&query)), ..PeopleQuery::default() };
    let found = users::list(&app, &by, wanted, MOST).await?;
    let choice = |person: &postern_authn::user::User| Choice {
        value: person.login.to_string(),
        name: person.name().into(),
        detail: person.login.to_string(),
    };
    Ok(page(Choices { choices: found.iter().take(MOST as usize).map(choice).collect() }))
}

async fn roles(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    viewer.require::<right::RolesRead>(&app).await?;
    let typed = typed(&query);
    let meant = Role::ALL.iter().filter(|role| is_meant(&viewer::role(**role), &typed));
    let choice = |role: &Role| Choice {
        value: role.as_str().to_owned(),
        name: viewer::role(*role),
        detail: role.as_str().to_owned(),
    };
    Ok(page(Choices { choices: meant.map(choice).collect() }))
}

async fn zones(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesRead>(&app).await?;
    let typed = typed(&query).to_lowercase();
    let all = Choice { value: ALL_ZONES.to_owned(), name: say("policies-all-zones"), detail: ALL_ZONES.to_owned() };
    let found = app.store.read(by.org, |tx| tx.zones()).await?;
    let meant = found.iter().filter(|zone| zone.usage == Usage::Policy && zone.name.folded().starts_with(&typed));
    let choice = |zone: &postern_store::zones::Zone| Choice {
        value: zone.name.as_str().to_owned(),
        name: zone.name.as_str().to_owned().into(),
        detail: zone.gateways.first().map(ToString::to_string).unwrap_or_default(),
    };
    let all = Some(all).filter(|_| typed.is_empty() || ALL_ZONES.to_lowercase().starts_with(&typed));
    let choices = all.into_iter().chain(meant.map(choice)).take(MOST as usize).collect();
    Ok(page(Choices { choices }))
}

/// Whether words, in any of our languages, have what was typed in them.
pub fn is_meant(words: &Text, typed: &str) -> bool {
    let typed = typed.to_lowercase();
    let said = |language: &Language| words.words(&Reader { language: *language, ..Reader::default() }).to_lowercase();
    Language::ALL.iter().any(|language| said(language).contains(&typed))
}
