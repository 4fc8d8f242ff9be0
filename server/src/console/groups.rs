//! Groups: sets of people, found by the beginning of their name.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_store::Error;
use postern_store::groups::{Group, GroupQuery};

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Empty, Filters, Link, Pages, Tabs};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use super::{group, rules};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, groups};

/// A group in the list.
pub struct Row {
    /// Its name and page.
    pub group: Link,
    /// What it is for.
    pub description: String,
    /// By what people come into it.
    pub filled: Text,
    /// How many people are in it.
    pub people: u64,
}

/// The list.
#[derive(Template)]
#[template(path = "console/groups.html")]
pub struct Groups {
    /// The frame.
    pub shell: Shell,
    /// Groups and their rules.
    pub tabs: Tabs,
    /// What is asked for.
    pub filters: Filters,
    /// This page of them.
    pub rows: Vec<Row>,
    /// Why there is none, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make groups.
    pub may_create: bool,
}

/// `/admin/groups`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/groups", Access::Permission(Permission::GroupsRead), show)
}

async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsRead>(&app).await?;
    let filters = Filters::new("/admin/groups").ask(&query, "q", say("groups-search"), Ask::Words);
    let name = Some(filters.value("q").to_owned()).filter(|name| !name.is_empty());
    let wanted = GroupQuery { name, after: query.get("after")?, ..GroupQuery::default() };
    let mut found = groups::list(&app, &by, wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |group| group.id.to_string());
    let rows = app.store.read(by.org, |tx| {
        let row = |found: &Group| {
            let filled = match found.kind {
                GroupKind::BuiltIn => say("groups-by-itself"),
                GroupKind::Own if tx.is_filled_by_rule(found.id)? => say("groups-by-rule"),
                GroupKind::Own => say("groups-by-hand"),
            };
            Ok(Row {
                group: Link::new(&found.name, group::address(found.id)),
                description: found.description.clone(),
                filled,
                people: groups::size(tx, found)?,
            })
        };
        found.iter().map(row).collect::<Result<Vec<_>, Error>>()
    });
    let may_create = viewer.caller.authority().has_everywhere(Permission::GroupsCreate);
    let act = may_create.then(|| Link::new(say("groups-new"), "/admin/groups/new"));
    Ok(page(Groups {
        tabs: rules::tabs(false),
        filters,
        rows: rows.await?,
        empty: Empty { title: say("groups-none"), next: say("groups-none-next"), act },
        pages,
        may_create,
        shell: viewer.shell(Place::Groups),
    }))
}
