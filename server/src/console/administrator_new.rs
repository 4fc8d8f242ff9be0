//! Giving a role: to whom, which, over what; first what will follow, then the act. What the viewer does not hold is not
//! offered.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Grant, Permission, Role, right};
use postern_store::groups::Group;
use postern_store::roles::Holder;
use postern_store::{Error, Tx};

use super::administrators::{self, holder};
use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::page;
use super::part::{Chooser, Confirmation, Field, Kind, Line, Link, Notice, Source, Tone};
use super::part_page::PartPage;
use super::people::capital;
use super::role_form::Wrong;
use super::roles;
use super::shell::Place;
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use super::{administrator, sets};
use crate::App;
use crate::api::demands::STEP_UP;
use crate::api::page::Query;
use crate::api::roles::{self as acts, MOST_IN_GROUP, To, Wanted, Who};
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, users};

/// The form's address.
pub const ADDRESS: &str = "/admin/administrators/new";
const GIVE: &str = "/admin/administrators/give";
/// What the form sends, by name.
const NAMES: &[&str] = &["person", "group", "role", "limit", "set"];

/// `/admin/administrators/new`, `/admin/administrators/give`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    Routes::new().get(ADDRESS, manage, ask).post(ADDRESS, manage, confirm).post(GIVE, manage, give)
}

/// What can be chosen from: what the viewer holds.
struct Offered {
    roles: Vec<(String, Text)>,
    sets: Vec<(String, Text)>,
}

/// A standard role is offered to whoever holds it whole; one that can be limited also to whoever holds all of it
/// somewhere; a role that was made here to whoever holds all of it. The act asks again, with the scope.
async fn offered(app: &App, by: &Allowed<right::RolesManage>) -> Result<Offered, ApiError> {
    let own = by.authority();
    let read = app.store.read(by.org, |tx| {
        let mut roles = Vec::new();
        for role in Role::ALL {
            let everywhere = own.covers(&tx.granting(vec![Grant::everywhere(*role)])?);
            let somewhere = role.takes_groups() && role.permissions().iter().all(|permission| own.has(*permission));
            if everywhere || somewhere {
                roles.push((role.as_str().to_owned(), viewer::role(*role)));
            }
        }
        for (id, label) in administrators::custom_roles(tx)? {
            let Ok(role) = id.parse() else { continue };
            let permissions = tx.role_permissions(role)?;
            if permissions.iter().all(|one| own.has_with(one.permission, &one.conditions.attributes())) {
                roles.push((id, label));
            }
        }
        Ok::<_, Error>(Offered { roles, sets: administrators::resource_sets(tx)? })
    });
    Ok(read.await?)
}

fn form(viewer: &Viewer, offered: Offered, typed: impl Fn(&str) -> String) -> FormPage {
    let none = || (String::new(), say("administrators-choose"));
    let chooser = |name, label, hint, source| {
        let field = Field::new(name, label, Kind::Text).hint(hint).optional().holding(typed(name));
        Asked::Chooser(Chooser { field, source })
    };
    let choice = |name, label, hint, choices: Vec<(String, Text)>| {
        let choices = std::iter::once(none()).chain(choices).collect();
        Field::new(name, label, Kind::Choice(choices)).hint(hint).holding(typed(name))
    };
    let mut asked = vec![
        chooser("person", say("administrators-to-person"), say("administrators-to-person-hint"), Source::People),
        chooser("group", say("administrators-to-group"), say("administrators-to-group-hint"), Source::Groups),
        Asked::Field(choice("role", say("administrators-role"), say("administrators-role-hint"), offered.roles)),
        chooser("limit", say("administrators-limit-to"), say("administrators-limit-to-hint"), Source::Groups),
    ];
    if !offered.sets.is_empty() {
        let set = choice("set", say("administrators-set"), say("administrators-set-hint"), offered.sets);
        asked.push(Asked::Field(set.optional()));
    }
    FormPage {
        shell: viewer.shell(Place::Administrators),
        list: administrators::list(),
        title: say("administrators-new"),
        lead: say("administrators-new-lead"),
        notice: None,
        action: ADDRESS.to_owned(),
        kept: Vec::new(),
        asked,
        save: say("administrators-next"),
        back: administrators::ADDRESS.to_owned(),
    }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let offered = offered(&app, &by).await?;
    Ok(page(form(&viewer, offered, |name| query.text(name).unwrap_or_default().to_owned())))
}

/// What a form asks for, understood.
struct Meant {
    who: Who,
    wanted: Wanted,
    limit: Option<Group>,
}

impl Meant {
    const fn holder(&self) -> Holder {
        match &self.who {
            Who::Group(group, _) => Holder::Group(group.id),
            Who::User(person) => Holder::User(person.id),
        }
    }
}

fn understood(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    offered: &Offered,
    typed: &Form,
) -> Result<Result<Meant, Wrong>, Error> {
    let mut wrong = Vec::new();
    let who = match (typed.text("person"), typed.text("group")) {
        ("", "") => Err(("person", say("administrators-nobody-chosen"))),
        (person, "") => match users::seen(tx, by, person)? {
            Some(person) => Ok(Who::User(person)),
            None => Err(("person", say("administrators-no-person"))),
        },
        ("", name) => group(tx, name)?.map_err(|why| ("group", why)),
        (..) => Err(("group", say("administrators-both"))),
    };
    let (role, set) = (typed.text("role"), typed.text("set"));
    let limit = match typed.text("limit") {
        "" => None,
        name => {
            let found = tx.group_named(name)?;
            if found.is_none() {
                wrong.push(("limit", say("administrators-no-group")));
            }
            found
        }
    };
    let wanted = match role.parse::<Role>() {
        _ if !offered.roles.iter().any(|(own, _)| own == role) => Err(("role", say("administrators-no-role"))),
        Ok(_) if !set.is_empty() => Err(("set", say("administrators-set-not"))),
        Ok(role) if limit.is_some() && !role.takes_groups() => Err(("limit", say("administrators-limit-not"))),
        Ok(role) => Ok(match &limit {
            Some(group) => Wanted::Limited(role, vec![group.id]),
            None => Wanted::Standard(role),
        }),
        Err(()) if limit.is_some() => Err(("limit", say("administrators-limit-not"))),
        Err(()) if !offered.sets.iter().any(|(own, _)| own == set) => Err(("set", say("administrators-set-needed"))),
        Err(()) => Ok(Wanted::Custom { role: role.to_owned(), set: set.to_owned() }),
    };
    Ok(match (who, wanted) {
        (Ok(who), Ok(wanted)) if wrong.is_empty() => Ok(Meant { who, wanted, limit }),
        (who, wanted) => {
            wrong.splice(0..0, who.err());
            wrong.extend(wanted.err());
            Err(wrong)
        }
    })
}

/// A group that can hold a role, or why it cannot.
fn group(tx: &mut Tx<'_>, name: &str) -> Result<Result<Who, Text>, Error> {
    let Some(group) = tx.group_named(name)? else { return Ok(Err(say("administrators-no-group"))) };
    if group.kind == GroupKind::BuiltIn {
        return Ok(Err(say("administrators-group-built-in")));
    }
    if tx.is_filled_by_rule(group.id)? {
        return Ok(Err(say("administrators-group-rules")));
    }
    let people = tx.count_members(group.id)?;
    if people > MOST_IN_GROUP {
        return Ok(Err(say("administrators-group-large").with("count", MOST_IN_GROUP)));
    }
    Ok(Ok(Who::Group(group, people)))
}

async fn confirm(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let offered = offered(&app, &by).await?;
    let meant = match app.store.read(by.org, |tx| understood(tx, &by, &offered, &typed)).await? {
        Ok(meant) => meant,
        Err(wrong) => {
            let form = form(&viewer, offered, |name| typed.text(name).to_owned());
            return Ok(form.refused(StatusCode::BAD_REQUEST, wrong));
        }
    };
    let label = |of: &[(String, Text)], id: &str| {
        of.iter().find(|(own, _)| own == id).map_or_else(|| Text::from(id.to_owned()), |(_, label)| label.clone())
    };
    let holder = holder(&meant.who);
    let role_words = label(&offered.roles, typed.text("role"));
    let line = |who: Link, effect| Line { who, effect, state: None };
    let gains = match &meant.who {
        Who::Group(_, people) => say("administrators-give-group").with("count", *people),
        Who::User(_) => say("administrators-give-person"),
    };
    let (role_link, meaning, reach) = match &meant.wanted {
        Wanted::Custom { role, set } => {
            let allows = app.store.read(by.org, |tx| match role.parse() {
                Ok(id) => roles::sentences_of(tx, id),
                Err(_) => Ok(Vec::new()),
            });
            let address = format!("{}/{role}", roles::ADDRESS);
            let set_words = label(&offered.sets, set);
            let reach = line(
                Link::new(set_words.clone(), format!("{}/{set}", sets::ADDRESS)),
                say("administrators-reach-set").with("set", set_words),
            );
            (address, Text::sentences(allows.await?), reach)
        }
        Wanted::Limited(role, _) | Wanted::Standard(role) => {
            let reach = match &meant.limit {
                Some(group) => say("administrators-reach-groups").with("groups", group.name.clone()),
                None => say("administrators-reach-all"),
            };
            (format!("{}/{role}", roles::ADDRESS), roles::meaning(*role), line(holder.clone(), reach))
        }
    };
    let lines = vec![line(holder.clone(), gains), line(Link::new(role_words.clone(), role_link), meaning), reach];
    let title = say("administrators-give").with("role", role_words).with("holder", holder.text.clone());
    let sent = NAMES.iter().map(|name| ((*name).to_owned(), typed.text(name).to_owned()));
    let part = Confirmation {
        title: title.clone(),
        about: say("administrators-give-about"),
        lines,
        sent: sent.filter(|(_, value)| !value.is_empty()).collect(),
        action: GIVE.to_owned(),
        verb: title.clone(),
        is_dangerous: false,
        back: administrators::ADDRESS.to_owned(),
    };
    Ok(page(PartPage { shell: viewer.shell(Place::Administrators), title, list: administrators::list(), part }))
}

async fn give(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesManage>(&app).await?;
    let typed = typed?;
    let offered = offered(&app, &by).await?;
    let understood = app.store.read(by.org, |tx| understood(tx, &by, &offered, &typed)).await?;
    let form = form(&viewer, offered, |name| typed.text(name).to_owned());
    let meant = match understood {
        Ok(meant) => meant,
        Err(wrong) => return Ok(form.refused(StatusCode::BAD_REQUEST, wrong)),
    };
    match acts::assign(&app, &by, To::Known(meant.holder()), &meant.wanted).await {
        Ok(given) => Ok(Redirect::to(&administrator::address(given.assignment.id)).into_response()),
        Err(wrong) if wrong.status.is_server_error() || wrong.code == STEP_UP => Err(wrong),
        Err(wrong) if wrong.status == StatusCode::CONFLICT => {
            Ok(form.refused(StatusCode::CONFLICT, vec![("role", say("administrators-held-already"))]))
        }
        Err(wrong) => {
            let next = wrong.causes.iter().map(|cause| capital(cause) + ". ").collect::<String>();
            let happened = say_of("domain-error", wrong.code).or(wrong.summary.clone());
            let status = wrong.status;
            Ok(form.noticed(status, Notice::new(Tone::Danger, happened, next).with_code(wrong.code)))
        }
    }
}
