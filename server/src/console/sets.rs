//! Resource sets: what the roles that an organisation made reach, and who holds which of them there.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Area, Permission, Resource, right};
use postern_codes::id::{Id, ResourceSet as SetKind};
use postern_store::resource_sets::ResourceSet;
use postern_store::roles::Holder;
use postern_store::{Error, Tx};

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Chooser, Empty, Field, Kind, Link, Moment, Notice, Pages, Source, Summary, Tabs};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{administrator, administrator_new, administrators, device, people, roles, set_form};
use crate::App;
use crate::api::ApiError;
use crate::api::iam::sets;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// The list's address.
pub const ADDRESS: &str = "/admin/administrators/sets";

/// A set in the list.
pub struct Row {
    /// Its name and page.
    pub set: Link,
    /// What it is for.
    pub about: String,
    /// How much is in it.
    pub resources: usize,
    /// When it last changed.
    pub changed: Moment,
}

/// The list.
#[derive(Template)]
#[template(path = "console/sets.html")]
pub struct Sets {
    /// The frame.
    pub shell: Shell,
    /// Beside it: administrators and roles.
    pub tabs: Tabs,
    /// This page of them.
    pub rows: Vec<Row>,
    /// Why there is nothing, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Where one is made, for those who may.
    pub new: Option<&'static str>,
}

/// A role that is bound to a set.
pub struct Bound {
    /// The role.
    pub role: Link,
    /// Who holds it here, each with the page of that.
    pub members: Vec<Link>,
    /// Where it is ended, for those who may.
    pub end: Option<String>,
}

/// A set's page.
#[derive(Template)]
#[template(path = "console/set.html")]
pub struct SetPage {
    /// The frame.
    pub shell: Shell,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What is in it, each with where it is taken out, for those who may.
    pub resources: Vec<(Link, Option<String>)>,
    /// Where something is put in, and what is asked, for those who may.
    pub add: Option<(String, Field, Vec<Chooser>)>,
    /// What was wrong with what was to be put in.
    pub wrong: Option<Summary>,
    /// The roles that reach it.
    pub bound: Vec<Bound>,
    /// Where a role over it is given, for those who may.
    pub give: Option<String>,
    /// Where it is renamed, for those who may.
    pub edit: Option<String>,
    /// Where it is deleted, for those who may.
    pub delete: Option<String>,
    /// Why it cannot be deleted, where it could be otherwise.
    pub stays: Option<Notice>,
}

/// `/admin/administrators/sets`, `.../sets/ID`.
pub fn routes() -> Routes {
    let read = Access::Permission(Permission::RolesRead);
    Routes::new().get(ADDRESS, read, show_all).get("/admin/administrators/sets/{set}", read, show)
}

/// The page of a set.
pub fn address(id: Id<SetKind>) -> String {
    format!("{ADDRESS}/{id}")
}

/// What a resource is called, with its page.
///
/// # Errors
/// Of the database.
pub fn resource(tx: &mut Tx<'_>, resource: Resource) -> Result<Link, Error> {
    Ok(match resource {
        Resource::All(area) => Link::new(everything(area), "/admin"),
        Resource::Device(id) => {
            let name = tx.device(id)?.map_or_else(|| id.to_string(), |device| device.profile.display_name);
            Link::new(name, device::address(id))
        }
        Resource::Group(id) => {
            let name = tx.group(id)?.map_or_else(|| id.to_string(), |group| group.name);
            Link::new(say("sets-group").with("group", name), format!("/admin/groups/{id}"))
        }
        Resource::Members(id) => {
            let name = tx.group(id)?.map_or_else(|| id.to_string(), |group| group.name);
            Link::new(say("sets-members").with("group", name), format!("/admin/groups/{id}"))
        }
        Resource::User(id) => match tx.user(id)? {
            Some(person) => Link::new(person.name(), people::address(&person)),
            None => Link::new(id.to_string(), "/admin/people"),
        },
    })
}

/// Everything of an area, in words.
pub fn everything(area: Area) -> Text {
    say_of("sets-all", area.as_str())
}

async fn show_all(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesRead>(&app).await?;
    let mut found = sets::list(&app, &by, query.text("after").unwrap_or_default()).await?;
    found.truncate(PAGE as usize + 1);
    let pages = pages(&query, &mut found, |set| set.id.to_string());
    let rows = app.store.read(by.org, |tx| {
        let row = |set: &ResourceSet| {
            Ok(Row {
                set: Link::new(&set.label, address(set.id)),
                about: set.description.clone(),
                resources: tx.resources_of_set(set.id)?.len(),
                changed: viewer.moment(set.updated_at),
            })
        };
        found.iter().map(row).collect::<Result<Vec<_>, Error>>()
    });
    let new = viewer.may(Permission::RolesManage).then_some(set_form::NEW);
    let act = new.map(|new| Link::new(say("sets-new"), new));
    Ok(page(Sets {
        shell: viewer.shell(Place::Administrators),
        tabs: administrators::tabs(ADDRESS),
        rows: rows.await?,
        empty: Empty { title: say("sets-none"), next: say("sets-none-next"), act },
        pages,
        new,
    }))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(view(&app, &viewer, &id, |_| String::new(), Vec::new()).await?))
}

/// A set's page, with what was to be put into it and what is wrong with that.
///
/// # Errors
/// 404 for no set; of the database.
pub async fn view(
    app: &App,
    viewer: &Viewer,
    id: &str,
    typed: impl Fn(&str) -> String,
    wrong: Vec<(&str, Text)>,
) -> Result<SetPage, ApiError> {
    let by = viewer.require::<right::RolesRead>(app).await?;
    let may = viewer.may(Permission::RolesManage);
    let (set, own) = sets::resources(app, &by, id).await?;
    let further = |step: String| may.then(|| format!("{}/{step}", address(set.id)));
    let read = app.store.read(by.org, |tx| {
        let mut resources = Vec::new();
        for one in &own {
            resources.push((resource(tx, one.resource)?, further(format!("resources/{}/remove", one.id))));
        }
        let mut bound = Vec::new();
        for binding in tx.bindings_of_set(set.id, "", u32::MAX)? {
            let Some(role) = tx.custom_role(binding.role)? else { continue };
            let mut members = Vec::new();
            for member in tx.members_of_binding(binding.id, "", u32::MAX)? {
                let name = match member.holder {
                    Holder::Group(id) => tx.group(id)?.map(|group| group.name),
                    Holder::User(id) => tx.user(id)?.map(|person| person.name()),
                };
                members.extend(name.map(|name| Link::new(name, administrator::address(member.id))));
            }
            let end = further(format!("bindings/{}/end", role.id));
            bound.push(Bound { role: Link::new(&role.label, roles::page_of(role.id)), members, end });
        }
        Ok::<_, Error>((resources, bound))
    });
    let (resources, bound) = read.await?;
    let is_bound = !bound.is_empty();
    let (mut all, mut choosers) = asked(&typed);
    for (name, why) in wrong {
        let fields = choosers.iter_mut().map(|chooser| &mut chooser.field).chain([&mut all]);
        for field in fields.filter(|field| field.name == name) {
            *field = field.clone().refused(why.clone());
        }
    }
    let fields = std::iter::once(&all).chain(choosers.iter().map(|chooser| &chooser.field));
    Ok(SetPage {
        shell: viewer.shell(Place::Administrators),
        resources,
        wrong: Summary::of(fields),
        add: further("resources".to_owned()).map(|action| (action, all, choosers)),
        bound,
        give: may.then(|| format!("{}?set={}", administrator_new::ADDRESS, set.id)),
        edit: further("edit".to_owned()),
        delete: further("delete".to_owned()).filter(|_| !is_bound),
        stays: (may && is_bound).then(|| roles::in_use(say("sets-in-use"))),
        name: set.label,
        about: set.description,
    })
}

/// What can be put into a set: everything of an area, or single things.
pub fn asked(typed: impl Fn(&str) -> String) -> (Field, Vec<Chooser>) {
    let areas = Area::ALL.iter().map(|area| (area.as_str().to_owned(), everything(*area)));
    let all = std::iter::once((String::new(), say("sets-no-area"))).chain(areas).collect();
    let chooser = |name, label, source| Chooser {
        field: Field::new(name, label, Kind::Text).optional().holding(typed(name)),
        source,
    };
    let choosers = vec![
        chooser("members", say("sets-add-members"), Source::Groups),
        chooser("group", say("sets-add-group"), Source::Groups),
        chooser("person", say("sets-add-person"), Source::People),
        chooser("device", say("sets-add-device"), Source::Computers),
    ];
    (Field::new("area", say("sets-add-all"), Kind::Choice(all)).optional().holding(typed("area")), choosers)
}
