//! Groups: sets of people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_store::groups::GroupQuery;

use super::list::{PAGE, pages};
use super::page::page;
use super::part::Pages;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, groups};

/// A group in the list.
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many people are in it.
    pub people: u64,
}

/// The list.
#[derive(Template)]
#[template(path = "console/groups.html")]
pub struct Groups {
    /// The frame.
    pub shell: Shell,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
}

/// `/admin/groups`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/groups", Access::Permission(Permission::GroupsRead), show)
}

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let wanted = GroupQuery { after: query.get("after")?, ..GroupQuery::default() };
    let mut found = groups::list(&app, &by, wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |group| group.id.to_string());
    let sizes = app.store.read(by.org, |tx| {
        found
            .iter()
            .map(|group| if group.kind == GroupKind::BuiltIn { tx.count_people() } else { tx.count_members(group.id) })
            .collect::<Result<Vec<_>, _>>()
    });
    let rows = found.iter().zip(sizes.await?);
    let rows =
        rows.map(|(group, people)| Row { name: group.name.clone(), description: group.description.clone(), people });
    Ok(page(Groups { shell: viewer.shell(Place::Groups), rows: rows.collect(), pages }))
}
