//! A group: who is in it, who looks after it, what hangs on it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::User as UserKind;
use postern_store::groups::Group as Found;
use postern_store::people::PeopleQuery;

use super::form::Form;
use super::list::{PAGE, pages};
use super::page::{page, page_with};
use super::part::{Bulk, Chooser, Field, Kind, Link, Notice, Pages, Pick, Record, Source, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say};
use super::{events, group_members, meanwhile, people, rules};
use crate::App;
use crate::api::groups::{self, Membership};
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, group_owners, users};

/// Most owners that the page shows.
const OWNERS: u32 = 200;

/// Somebody in the group.
pub struct Member {
    /// For acts on many.
    pub pick: Pick,
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
}

/// Who looks after the group.
pub struct Owner {
    /// Their name and page.
    pub who: Link,
    /// Person or group.
    pub kind: Text,
    /// Their id, sent by the form that removes them.
    pub id: String,
}

/// A group's page.
#[derive(Template)]
#[template(path = "console/group.html")]
pub struct Group {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its page.
    pub address: String,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// Name by name.
    pub facts: Vec<(Text, Text)>,
    /// Rules that fill it.
    pub rules: Vec<Link>,
    /// This page of who is in it; nothing for a viewer who may not see people.
    pub members: Option<(Vec<Member>, Pages)>,
    /// Where somebody is put into it, and where many are.
    pub add: Option<(Chooser, Field)>,
    /// The bar of acts on members.
    pub bulk: Option<Bulk>,
    /// Who looks after it.
    pub owners: Vec<Owner>,
    /// Where an owner is named, a person and a group.
    pub own: Option<(Chooser, Chooser)>,
    /// Whether the viewer may change and delete it.
    pub may_manage: bool,
    /// The newest events about it.
    pub recent: Option<Record>,
}

/// `/admin/groups/ID`.
pub fn routes() -> Routes {
    let of = Access::Permission;
    Routes::new()
        .get("/admin/groups/{group}", of(Permission::GroupsRead), show)
        .post("/admin/groups/{group}/members", of(Permission::GroupsMembersManage), add)
        .post("/admin/groups/{group}/owners", of(Permission::GroupsManage), own)
        .post("/admin/groups/{group}/owners/remove", of(Permission::GroupsManage), disown)
}

/// The page of a group.
pub fn address(id: impl std::fmt::Display) -> String {
    format!("/admin/groups/{id}")
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    Ok(page(view(&app, &viewer, &id, Some(&query)).await?))
}

/// The page as it is, from its first members on where there is no query.
async fn view(app: &App, viewer: &Viewer, id: &str, query: Option<&Query>) -> Result<Group, ApiError> {
    let by = viewer.require::<right::GroupsRead>(app).await?;
    let group = groups::group(app, &by, id).await?;
    let is_own = group.kind == GroupKind::Own;
    let hanging = groups::effects::hanging_on(app, &by, &group).await?;
    let owners = group_owners::list(app, &by, id, ("", "", OWNERS)).await?;
    let owners = owners.into_iter().map(|(name, owner)| {
        let is_person = owner.kind == "USER";
        let href = if is_person { format!("/admin/people/{}", owner.id) } else { address(&owner.id) };
        let kind = if is_person { say("group-owner-person") } else { say("group-owner-group") };
        Owner { who: Link::new(name, href), kind, id: owner.id }
    });
    let may_fill =
        is_own && viewer.may(Permission::GroupsMembersManage) && viewer.may(Permission::UsersGroupMembership);
    let may_manage = is_own && viewer.may(Permission::GroupsManage);
    let may_see_rules = viewer.caller.authority().has_everywhere(Permission::GroupsRead);
    let members = members(app, viewer, &group, query).await?;
    Ok(Group {
        shell: viewer.shell(Place::Groups),
        name: group.name.clone(),
        description: group.description.clone(),
        address: address(group.id),
        notice: (!is_own).then(|| Notice::new(Tone::Plain, say("group-everyone"), say("group-everyone-about"))),
        facts: facts(&group, &hanging),
        rules: hanging
            .rules
            .iter()
            .filter(|_| may_see_rules)
            .map(|(id, name)| Link::new(name, rules::address(id)))
            .collect(),
        bulk: (may_fill && members.is_some()).then(group_members::bar),
        members,
        add: may_fill.then(|| {
            let one = Chooser { field: who("who", say("group-add-who")).optional(), source: Source::People };
            let many = Field::new("many", say("group-add-many"), Kind::Lines).hint(say("group-add-many-hint"));
            (one, many.optional())
        }),
        owners: owners.collect(),
        own: may_manage.then(|| {
            let person = Chooser { field: who("person", say("group-own-person")).optional(), source: Source::People };
            let group = Chooser { field: who("group", say("group-own-group")).optional(), source: Source::Groups };
            (person, group)
        }),
        may_manage,
        recent: events::latest(app, viewer, Some(group.id.as_str())).await?,
    })
}

fn who(name: &'static str, label: Text) -> Field {
    Field::new(name, label, Kind::Text)
}

fn facts(group: &Found, hanging: &groups::effects::Hanging) -> Vec<(Text, Text)> {
    let none = || say("person-none");
    let roles: Vec<Text> = hanging.grants.iter().map(viewer::granted).collect();
    let policies: Vec<String> = hanging.policies.iter().map(|(name, _)| name.clone()).collect();
    vec![
        (say("groups-people"), hanging.people.to_string().into()),
        (say("group-roles"), if roles.is_empty() { none() } else { Text::list(roles) }),
        (say("group-policies"), if policies.is_empty() { none() } else { policies.join(", ").into() }),
        (say("person-created"), Text::exact(group.created_at)),
        (say("group-changed"), Text::exact(group.updated_at)),
        (say("group-members-changed"), Text::exact(group.members_changed_at)),
        (say("person-id"), group.id.to_string().into()),
    ]
}

async fn members(
    app: &App,
    viewer: &Viewer,
    group: &Found,
    query: Option<&Query>,
) -> Result<Option<(Vec<Member>, Pages)>, ApiError> {
    if !viewer.may(Permission::UsersRead) {
        return Ok(None);
    }
    let by = viewer.require::<right::UsersRead>(app).await?;
    let after = query.map(|query| query.get("after")).transpose()?.flatten();
    let wanted = PeopleQuery { group: Some(group.id), without_ended: true, after, ..PeopleQuery::default() };
    let mut found = users::list(app, &by, wanted, PAGE).await?;
    let pages = if let Some(query) = query {
        pages(query, &mut found, |person| person.id.to_string())
    } else {
        found.truncate(PAGE as usize);
        Pages { summary: say("list-shown").with("count", found.len()), first: None, next: None }
    };
    let member = |person: &User| Member {
        pick: Pick { value: group_members::pair(group.id, person.id), of: person.name().into() },
        person: Link::new(person.name(), people::address(person)),
        login: person.login.to_string(),
        status: people::standing(person, viewer.now),
    };
    Ok(Some((found.iter().map(member).collect(), pages)))
}

async fn add(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsMembersManage>(&app).await?;
    let (one, many) = (form.text("who"), form.text("many"));
    let lines: Vec<&str> = meanwhile::lines(many).collect();
    if !lines.is_empty() {
        let lines: Vec<&str> = lines.into_iter().chain((!one.is_empty()).then_some(one)).collect();
        let why = match group_members::put(&app, &viewer, &by, (&id, &lines)).await? {
            Ok(done) => return Ok(done),
            Err(why) => why,
        };
        let mut view = view(&app, &viewer, &id, None).await?;
        view.add = view.add.map(|(mut chooser, field)| {
            chooser.field = chooser.field.holding(one);
            (chooser, field.holding(many).refused(why))
        });
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    }
    match groups::set_member(&app, &by, (&id, one), Membership::Member).await {
        Ok(_) => Ok(Redirect::to(&address(&id)).into_response()),
        Err(error) => {
            let mut view = refused(&app, &viewer, &id, &error).await?;
            view.add = view.add.map(|(mut chooser, field)| {
                chooser.field = chooser.field.holding(one).refused(why(&error));
                (chooser, field)
            });
            Ok(page_with(error.status, view))
        }
    }
}

async fn own(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let (person, group) = (form.text("person"), form.text("group"));
    let found = app.store.read(by.org, |tx| {
        if !person.is_empty() {
            let found = users::named(tx, &by, person)?;
            let Some(found) = found else { return Ok(None) };
            let is_seen = users::is_seen(tx, &by, Permission::UsersRead, found.id)?;
            return Ok(is_seen.then(|| ("USER", found.id.to_string())));
        }
        let found = tx.group_named(group)?;
        let Some(found) = found else { return Ok(None) };
        Ok(groups::seen(tx, &by, found.id.as_str())?.ok().map(|group| ("GROUP", group.id.to_string())))
    });
    let named = match found.await? {
        Some((kind, owner)) => group_owners::add(&app, &by, &id, (kind, &owner)).await.map(drop),
        None => Err(ApiError::not_found::<UserKind>(if person.is_empty() { group } else { person })),
    };
    match named {
        Ok(()) => Ok(Redirect::to(&address(&id)).into_response()),
        Err(error) => {
            let mut view = refused(&app, &viewer, &id, &error).await?;
            if let Some((people, groups)) = &mut view.own {
                let chosen = if person.is_empty() { &mut groups.field } else { &mut people.field };
                let typed = if person.is_empty() { group } else { person };
                *chosen = chosen.clone().holding(typed).refused(why(&error));
            }
            Ok(page_with(error.status, view))
        }
    }
}

async fn disown(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    group_owners::remove(&app, &by, &id, form.text("id")).await?;
    Ok(Redirect::to(&address(&id)).into_response())
}

/// The page again, after a refusal that belongs to one of its fields; a group that is not there has no page.
async fn refused(app: &App, viewer: &Viewer, id: &str, error: &ApiError) -> Result<Group, ApiError> {
    let belongs_here = matches!(error.status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
    if !belongs_here || !viewer.may(Permission::GroupsRead) {
        return Err(error.clone());
    }
    view(app, viewer, id, None).await
}

fn why(error: &ApiError) -> Text {
    match error.status {
        StatusCode::NOT_FOUND => say("group-nobody"),
        StatusCode::FORBIDDEN => say("group-above"),
        _ => error.causes.first().unwrap_or(&error.summary).clone().into(),
    }
}
