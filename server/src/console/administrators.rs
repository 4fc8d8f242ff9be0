//! Administrators: who holds which role, themselves or as a group, and over what.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, Role, right};
use postern_authn::user::fold;
use postern_store::roles::Held;
use postern_store::{Error, Tx};

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Empty, Filters, Heads, Link, Moment, Pages, Tab, Tabs};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say};
use super::{administrator, administrator_new, people, roles, sets};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::roles::{self as acts, Shown, Sought, Who};
use crate::api::routes::{Access, Routes};

/// The list's address.
pub const ADDRESS: &str = "/admin/administrators";

/// Somebody with a role.
pub struct Row {
    /// Their name and page.
    pub holder: Link,
    /// A person's sign-in name, or how many people are in a group.
    pub detail: Text,
    /// The role, and the page of their holding it.
    pub role: Link,
    /// Over what.
    pub reach: Text,
    /// Since when.
    pub since: Moment,
}

/// The list. Its filters live in the address: `q`, `kind` and `role`.
#[derive(Template)]
#[template(path = "console/administrators.html")]
pub struct Administrators {
    /// The frame.
    pub shell: Shell,
    /// Beside it: roles and resource sets.
    pub tabs: Tabs,
    /// What is asked for.
    pub filters: Filters,
    /// The heads of the table.
    pub heads: Heads,
    /// This page of them.
    pub rows: Vec<Row>,
    /// Why there is nothing, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Where a role is given, for those who may.
    pub new: Option<&'static str>,
}

/// `/admin/administrators`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::RolesRead), show)
}

/// The three lists about who may do what; the present one by its address.
pub fn tabs(current: &str) -> Tabs {
    let tab = |label, href: &str| Tab { label, href: href.to_owned(), is_current: href == current };
    Tabs {
        label: say("administrators-title"),
        tabs: vec![
            tab(say("administrators-holders"), ADDRESS),
            tab(say("roles-title"), roles::ADDRESS),
            tab(say("sets-title"), sets::ADDRESS),
        ],
    }
}

/// The way back to the list.
pub fn list() -> Link {
    Link::new(say("administrators-title"), ADDRESS)
}

fn filters(query: &Query, custom: &[(String, Text)]) -> Filters {
    let any = || (String::new(), say("administrators-any"));
    let kinds = vec![
        any(),
        ("people".to_owned(), say("administrators-people")),
        ("groups".to_owned(), say("administrators-groups")),
    ];
    let standard = Role::ALL.iter().map(|role| (role.as_str().to_owned(), viewer::role(*role)));
    let all = std::iter::once(any()).chain(standard).chain(custom.iter().cloned()).collect();
    Filters::new(ADDRESS)
        .ask(query, "q", say("administrators-search"), Ask::Words)
        .ask(query, "kind", say("administrators-kind"), Ask::Choice(kinds))
        .ask(query, "role", say("administrators-role"), Ask::Choice(all))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesRead>(&app).await?;
    let custom = app.store.read(by.org, custom_roles).await?;
    let filters = filters(&query, &custom);
    let sought = Sought {
        words: filters.value("q").to_owned(),
        by_groups: match filters.value("kind") {
            "groups" => Some(true),
            "people" => Some(false),
            _ => None,
        },
        role: Some(filters.value("role").to_owned()).filter(|role| !role.is_empty()),
        after: query.text("after").unwrap_or_default().to_owned(),
    };
    let mut found = acts::all(&app, &by, &sought, PAGE + 1).await?;
    let pages = pages(&query, &mut found, |(shown, _)| shown.assignment.id.to_string());
    let rows = app.store.read(by.org, |tx| {
        let row = |(shown, who): &(Shown, Who)| {
            Ok(Row {
                holder: holder(who),
                detail: detail(who),
                role: Link::new(role_words(shown), administrator::address(shown.assignment.id)),
                reach: reach(tx, shown)?,
                since: viewer.moment(shown.assignment.created_at),
            })
        };
        found.iter().map(row).collect::<Result<Vec<_>, Error>>()
    });
    let new = viewer.may(Permission::RolesManage).then_some(administrator_new::ADDRESS);
    Ok(page(Administrators {
        shell: viewer.shell(Place::Administrators),
        tabs: tabs(ADDRESS),
        filters,
        heads: Heads::new()
            .plain(say("administrators-holder"))
            .plain(say("administrators-role"))
            .plain(say("administrators-reach"))
            .plain(say("administrators-since")),
        rows: rows.await?,
        empty: Empty { title: say("administrators-no-match"), next: say("administrators-no-match-next"), act: None },
        pages,
        new,
    }))
}

/// At most so many roles and resource sets are offered in a choice.
const MOST: u32 = 500;

/// The roles that the organisation made, by id and label.
///
/// # Errors
/// Of the database.
pub fn custom_roles(tx: &mut Tx<'_>) -> Result<Vec<(String, Text)>, Error> {
    let mut found: Vec<_> =
        tx.custom_roles("", MOST)?.into_iter().map(|role| (role.id.to_string(), role.label)).collect();
    found.sort_by_key(|(_, label)| fold(label));
    Ok(found.into_iter().map(|(id, label)| (id, Text::from(label))).collect())
}

/// The resource sets there are, by id and label.
///
/// # Errors
/// Of the database.
pub fn resource_sets(tx: &mut Tx<'_>) -> Result<Vec<(String, Text)>, Error> {
    let mut found: Vec<_> =
        tx.resource_sets("", MOST)?.into_iter().map(|set| (set.id.to_string(), set.label)).collect();
    found.sort_by_key(|(_, label)| fold(label));
    Ok(found.into_iter().map(|(id, label)| (id, Text::from(label))).collect())
}

/// Who holds a role, with their page.
pub fn holder(who: &Who) -> Link {
    match who {
        Who::Group(group, _) => Link::new(&group.name, format!("/admin/groups/{}", group.id)),
        Who::User(person) => Link::new(person.name(), people::address(person)),
    }
}

/// A person's sign-in name, or how many people are in a group.
pub fn detail(who: &Who) -> Text {
    match who {
        Who::Group(_, people) => say("administrators-group-of").with("count", *people),
        Who::User(person) => person.login.to_string().into(),
    }
}

/// What people call a role that is held.
pub fn role_words(shown: &Shown) -> Text {
    match shown.assignment.held {
        Held::Custom { .. } => shown.label.clone().into(),
        Held::Standard(role) => viewer::role(role),
    }
}

/// Over what a role is held, in words.
///
/// # Errors
/// Of the database.
pub fn reach(tx: &mut Tx<'_>, shown: &Shown) -> Result<Text, Error> {
    Ok(match shown.assignment.held {
        Held::Custom { set, .. } => {
            let label = tx.resource_set(set)?.map_or_else(String::new, |set| set.label);
            say("administrators-reach-set").with("set", label)
        }
        Held::Standard(_) if shown.assignment.is_limited => {
            let mut groups = Vec::new();
            for id in tx.role_targets(shown.assignment.id)? {
                groups.extend(tx.group(id)?.map(|group| group.name));
            }
            match groups.as_slice() {
                [] => say("administrators-reach-nothing"),
                _ => say("administrators-reach-groups").with("groups", Text::list(groups)),
            }
        }
        Held::Standard(_) => say("administrators-reach-all"),
    })
}
