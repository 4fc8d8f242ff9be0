//! Roles: the standard ones, and those that the organisation made; what each allows, and who holds it.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Area, Permission, Role, right};
use postern_codes::id::{Id, Role as RoleKind};
use postern_store::custom_roles::CustomRole;
use postern_store::roles::Held;
use postern_store::{Error, Tx};

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Link, Moment, Notice, Pages, Tabs, Tone};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use super::{administrator_new, administrators, role_form, sets};
use crate::App;
use crate::api::ApiError;
use crate::api::iam::custom;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// The list's address.
pub const ADDRESS: &str = "/admin/administrators/roles";

/// A role in the list.
pub struct Row {
    /// Its name and page.
    pub role: Link,
    /// What it is for.
    pub about: Text,
    /// When it last changed, where it can.
    pub changed: Option<Moment>,
}

/// The list: the standard roles on its first page, then those that the organisation made.
#[derive(Template)]
#[template(path = "console/roles.html")]
pub struct Roles {
    /// The frame.
    pub shell: Shell,
    /// Beside it: administrators and resource sets.
    pub tabs: Tabs,
    /// Those that the organisation made.
    pub own: Vec<Row>,
    /// The standard ones.
    pub standard: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
    /// Where one is made, for those who may.
    pub new: Option<&'static str>,
}

/// What a role allows in one area.
pub struct Allows {
    /// The area.
    pub area: Text,
    /// What may be done there, a sentence each.
    pub may: Vec<Text>,
}

/// A role's page.
#[derive(Template)]
#[template(path = "console/role.html")]
pub struct RolePage {
    /// The frame.
    pub shell: Shell,
    /// What people call it.
    pub name: Text,
    /// What it is for.
    pub about: Text,
    /// What it allows.
    pub allows: Vec<Allows>,
    /// The resource sets that it is bound to, each with how many hold it there; a standard role has none.
    pub bindings: Option<Vec<(Link, Text)>>,
    /// Who holds it.
    pub holders: Link,
    /// Where it is given, for those who may.
    pub give: Option<String>,
    /// Where it is changed, for those who may.
    pub edit: Option<String>,
    /// Where it is deleted, for those who may.
    pub delete: Option<String>,
    /// Why it cannot be deleted, where it could be otherwise.
    pub stays: Option<Notice>,
}

/// `/admin/administrators/roles`, `.../roles/ID`.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::RolesRead);
    Routes::new().get(ADDRESS, read, show_all).get("/admin/administrators/roles/{role}", read, show)
}

/// The page of the role that is held.
pub fn address(held: Held) -> String {
    match held {
        Held::Custom { role, .. } => page_of(role),
        Held::Standard(role) => format!("{ADDRESS}/{role}"),
    }
}

/// The page of a role that the organisation made.
pub fn page_of(id: Id<RoleKind>) -> String {
    format!("{ADDRESS}/{id}")
}

/// What a standard role is for.
pub fn meaning(role: Role) -> Text {
    say_of("domain-role-meaning", role.as_str()).or(role.meaning().to_owned())
}

/// What a permission lets its holder do.
pub fn sentence(permission: Permission) -> Text {
    say_of("domain-permission", permission.as_str()).or(permission.meaning().to_owned())
}

/// What an area is about.
pub fn area(area: Area) -> Text {
    say_of("roles-area", area.as_str())
}

/// What a role that the organisation made allows, a sentence each.
///
/// # Errors
/// Of the database.
pub fn sentences_of(tx: &mut Tx<'_>, role: Id<RoleKind>) -> Result<Vec<Text>, Error> {
    Ok(tx.role_permissions(role)?.into_iter().map(|own| sentence(own.permission)).collect())
}

/// What a role that is held allows, by area.
///
/// # Errors
/// Of the database.
pub fn allows_of(tx: &mut Tx<'_>, held: Held) -> Result<Vec<Allows>, Error> {
    Ok(match held {
        Held::Custom { role, .. } => allows_of_custom(tx, role)?,
        Held::Standard(role) => allows(role.permissions().iter().map(|permission| (*permission, false))),
    })
}

fn allows_of_custom(tx: &mut Tx<'_>, role: Id<RoleKind>) -> Result<Vec<Allows>, Error> {
    let own = tx.role_permissions(role)?;
    Ok(allows(own.iter().map(|own| (own.permission, !own.conditions.is_empty()))))
}

/// What is named by itself, and whether conditions limit it; what another of them includes is not said again.
fn allows(named: impl Iterator<Item = (Permission, bool)>) -> Vec<Allows> {
    let named: Vec<(Permission, bool)> = named.collect();
    let included: BTreeSet<Permission> =
        named.iter().flat_map(|(one, _)| one.with_implied().into_iter().skip(1)).collect();
    let of_area = |wanted: &Area| {
        let own = named.iter().filter(|(one, _)| one.area() == *wanted && !included.contains(one));
        let may: Vec<Text> = own
            .map(|(one, is_limited)| match is_limited {
                true => say("roles-limited").with("may", sentence(*one)),
                false => sentence(*one),
            })
            .collect();
        (!may.is_empty()).then(|| Allows { area: area(*wanted), may })
    };
    Area::ALL.iter().filter_map(of_area).collect()
}

async fn show_all(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesRead>(&app).await?;
    let after = query.text("after").unwrap_or_default();
    let mut found = custom::list(&app, &by, after).await?;
    found.truncate(PAGE as usize + 1);
    let pages = pages(&query, &mut found, |role| role.id.to_string());
    let own = found.into_iter().map(|role| Row {
        role: Link::new(&role.label, page_of(role.id)),
        about: role.description.into(),
        changed: Some(viewer.moment(role.updated_at)),
    });
    let standard = Role::ALL.iter().map(|role| Row {
        role: Link::new(viewer::role(*role), address(Held::Standard(*role))),
        about: meaning(*role),
        changed: None,
    });
    Ok(page(Roles {
        shell: viewer.shell(Place::Administrators),
        tabs: administrators::tabs(ADDRESS),
        own: own.collect(),
        standard: standard.filter(|_| after.is_empty()).collect(),
        pages,
        new: viewer.may(Permission::RolesManage).then_some(role_form::NEW),
    }))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesRead>(&app).await?;
    let may_manage = viewer.may(Permission::RolesManage);
    let give = |role: &str| may_manage.then(|| format!("{}?role={role}", administrator_new::ADDRESS));
    let holders = |role: &str| Link::new(say("roles-holders"), format!("{}?role={role}", administrators::ADDRESS));
    if let Ok(role) = id.parse::<Role>() {
        return Ok(page(RolePage {
            shell: viewer.shell(Place::Administrators),
            name: viewer::role(role),
            about: meaning(role),
            allows: allows(role.permissions().iter().map(|permission| (*permission, false))),
            bindings: None,
            holders: holders(role.as_str()),
            give: give(role.as_str()),
            edit: None,
            delete: None,
            stays: None,
        }));
    }
    let read = app.store.read(by.org, |tx| match custom::named(tx, &id)? {
        Ok(role) => {
            let (allows, bindings) = (allows_of_custom(tx, role.id)?, bindings(tx, &role)?);
            Ok(Ok((role, allows, bindings)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    let (role, allows, bindings) = read.await??;
    let is_bound = !bindings.is_empty();
    let further = |step: &str| may_manage.then(|| format!("{}/{step}", page_of(role.id)));
    Ok(page(RolePage {
        shell: viewer.shell(Place::Administrators),
        allows,
        holders: holders(role.id.as_str()),
        give: give(role.id.as_str()),
        edit: further("edit"),
        delete: further("delete").filter(|_| !is_bound),
        stays: (may_manage && is_bound).then(|| in_use(say("roles-in-use"))),
        bindings: Some(bindings),
        name: role.label.into(),
        about: role.description.into(),
    }))
}

/// What is in use and cannot go.
pub fn in_use(happened: Text) -> Notice {
    Notice::new(Tone::Plain, happened, say("roles-in-use-next")).with_code("E0000107")
}

fn bindings(tx: &mut Tx<'_>, role: &CustomRole) -> Result<Vec<(Link, Text)>, Error> {
    let mut found = Vec::new();
    for binding in tx.bindings_of_role(role.id)? {
        let Some(set) = tx.resource_set(binding.set)? else { continue };
        let members = tx.members_of_binding(binding.id, "", u32::MAX)?.len();
        found.push((Link::new(&set.label, sets::address(set.id)), say("roles-held-by").with("count", members)));
    }
    Ok(found)
}
