//! A person: their computers with the way back in, how they can be reached, and what happened lately. Their factors have a
//! page beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::password::FOREVER;
use postern_authn::user::{self, ContactKind, Lifecycle, Readiness, Status, User};
use postern_codes::Timestamp;
use postern_codes::id::User as UserKind;
use postern_store::Error;

use super::cases::OfPerson;
use super::page::page;
use super::part::{self, Act, Link, Moment, Notice, Record, State, Tabs, Tone, Undo};
use super::recovery::{self, Recovery};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use super::{device, events, people, person_acts, person_factors, person_references};
use crate::App;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Delivery, StepRight, veil};
use crate::api::{ApiError, devices};

/// An address or a phone, now or once.
pub struct ContactPoint {
    /// "E-mail", "Phone".
    pub kind: Text,
    /// The address or number.
    pub value: String,
    /// Since when.
    pub from: Moment,
    /// Until when, if it is not theirs any more.
    pub until: Option<Moment>,
    /// Who or what says so.
    pub source: Text,
}

/// What was just done: taken back with a button where that is possible.
pub enum Done {
    /// For good.
    Said(Notice),
    /// Until it is taken back.
    Undo(Undo),
}

/// A person's page.
#[derive(Template)]
#[template(path = "console/person.html")]
pub struct Person {
    /// The frame.
    pub shell: Shell,
    /// Their full name.
    pub name: String,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
    /// The pages about them.
    pub tabs: Tabs,
    /// What was just done to the account.
    pub done: Option<Done>,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// Their recovery cases, for those who may see them.
    pub cases: Option<OfPerson>,
    /// Their computers.
    pub devices: Vec<Recovery>,
    /// How they can be reached, newest first, with those of the past.
    pub contacts: Vec<ContactPoint>,
    /// Name by name.
    pub facts: Vec<(Text, Text)>,
    /// What the viewer may do to it.
    pub acts: Vec<Act>,
    /// Where the profile is edited, for those who may.
    pub edit: Option<String>,
    /// The newest events about them.
    pub recent: Option<Record>,
}

/// `/admin/people/ID`, and what can be done to an account there.
pub fn routes() -> Routes {
    let of = Access::Permission;
    Routes::new()
        .get("/admin/people/{person}", of(Permission::UsersRead), show)
        .post("/admin/people/{person}/lifecycle/activate", of(Permission::UsersActivate), post_activate)
        .post(
            "/admin/people/{person}/lifecycle/deactivate",
            of(Permission::UsersDeactivate),
            post_step::<right::UsersDeactivate>,
        )
        .post(
            "/admin/people/{person}/lifecycle/suspend",
            of(Permission::UsersSuspend),
            post_step::<right::UsersSuspend>,
        )
        .post("/admin/people/{person}/lifecycle/unlock", of(Permission::UsersUnlock), post_unlock)
        .post(
            "/admin/people/{person}/lifecycle/unsuspend",
            of(Permission::UsersUnsuspend),
            post_step::<right::UsersUnsuspend>,
        )
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersRead>(&app).await?;
    let read = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, &by, &id)? else { return Ok(None) };
        let authority = tx.authority(person.id)?;
        let roles: Vec<_> = authority.grants().iter().map(viewer::granted).collect();
        let groups: Vec<_> = tx.groups_of(person.id)?.into_iter().map(|group| group.name).collect();
        let mut contacts = Vec::new();
        let seen = veil::attributes(tx, &by, Permission::UsersRead, person.id)?;
        for point in tx.contacts(person.id)?.into_iter().filter(|point| seen.has(point.kind.as_str())) {
            let changed_by = point.changed_by.parse().map_or(Ok(None), |id| tx.user(id))?;
            contacts.push(contact(&point, changed_by.as_ref(), &viewer));
        }
        contacts.reverse();
        let mut may = Vec::new();
        for permission in STEPS.iter().chain(person_acts::NEEDED) {
            if users::hindrance(tx, &by, *permission, person.id)?.is_none() {
                may.push(*permission);
            }
        }
        let failures = tx.password_policy(person.id)?.password.lockout.max_attempts;
        Ok::<_, Error>(Some((person, roles, groups, contacts, may, failures)))
    });
    let found = read.await?.ok_or_else(|| ApiError::not_found::<UserKind>(&id))?;
    let (person, roles, groups, contacts, may, failures) = found;
    Ok(page(Person {
        shell: viewer.shell(Place::People),
        name: person.name(),
        login: person.login.to_string(),
        status: people::standing(&person, viewer.now),
        tabs: tabs(&viewer, &person, Tab::Overview),
        done: query.text("done").and_then(|act| what_was_done(&person, act, &may)),
        notice: lock_notice(&person, failures, viewer.now),
        cases: OfPerson::read(&app, &viewer, &person).await?,
        devices: computers(&app, &viewer, &person).await?,
        contacts,
        facts: facts(&person, roles, &groups),
        edit: edit_address(&person, &may),
        acts: if person.id == by.user() {
            Vec::new()
        } else {
            acts(&person, &may, viewer.now).into_iter().chain(person_acts::acts(&person, &may)).collect()
        },
        recent: events::latest(&app, &viewer, Some(person.id.as_str())).await?,
    }))
}

/// Which of the pages about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Their factors.
    Factors,
    /// What everything hangs on.
    Overview,
    /// What is kept to compare them with.
    References,
}

/// The pages about a person.
pub fn tabs(viewer: &Viewer, person: &User, current: Tab) -> Tabs {
    let tab = |label, href, own| part::Tab { label, href, is_current: own == current };
    let references = tab(say("cases-tab-references"), person_references::address(person), Tab::References);
    let mut tabs = vec![
        tab(say("person-overview"), people::address(person), Tab::Overview),
        tab(say("people-factors"), person_factors::address(person), Tab::Factors),
    ];
    tabs.extend(viewer.may(Permission::CasesRead).then_some(references));
    Tabs { label: say("person-tabs").with("person", person.name()), tabs }
}

/// The person's page, which says that `act` was done.
pub fn done(id: &str, act: &str) -> Response {
    Redirect::to(&format!("/admin/people/{id}?done={act}")).into_response()
}

/// What can be said about an act that the address names, as the person stands now; nothing about one that there is not.
fn what_was_done(person: &User, act: &str, may: &[Permission]) -> Option<Done> {
    const ACTS: &[&str] = &[
        "activate",
        "deactivate",
        "expire-password",
        "reactivate",
        "reset-password",
        "sign-out",
        "suspend",
        "unlock",
        "unsuspend",
    ];
    let act = ACTS.iter().find(|own| **own == act)?;
    let happened = say_of("person-done", act).with("person", person.name());
    let undo = match (*act, person.status) {
        ("suspend", Status::Suspended) => Some(("unsuspend", Permission::UsersUnsuspend)),
        ("unsuspend", Status::Active) => Some(("suspend", Permission::UsersSuspend)),
        _ => None,
    };
    Some(match undo.filter(|(_, needed)| may.contains(needed)) {
        Some((back, _)) => {
            let action = format!("{}/lifecycle/{back}", people::address(person));
            Done::Undo(Undo { happened, action, sent: Vec::new() })
        }
        None => Done::Said(Notice::new(Tone::Good, happened, say("person-done-recorded"))),
    })
}

/// Whoever is deactivated is changed no more.
fn edit_address(person: &User, may: &[Permission]) -> Option<String> {
    let may_edit = may.contains(&Permission::UsersProfileManage) && person.status != Status::Deprovisioned;
    may_edit.then(|| format!("{}/edit", people::address(person)))
}

/// Their computers, for whoever may see computers.
async fn computers(app: &App, viewer: &Viewer, person: &User) -> Result<Vec<Recovery>, ApiError> {
    if !viewer.may(Permission::DevicesRead) {
        return Ok(Vec::new());
    }
    let by = viewer.require::<right::DevicesRead>(app).await?;
    let mut rows = Vec::new();
    for (link, own) in devices::of_person(app, &by, person.id).await? {
        let who = Link::new(&own.profile.display_name, device::address(own.id));
        let serial = device::or_unknown(&own.profile.serial_number);
        rows.push(recovery::row(app, viewer, (link.device, link.user), (who, serial)).await?);
    }
    Ok(rows)
}

fn contact(point: &user::ContactPoint, changed_by: Option<&User>, viewer: &Viewer) -> ContactPoint {
    let kind = match point.kind {
        ContactKind::Email => say("person-email"),
        ContactKind::MobilePhone => say("person-mobile-phone"),
        ContactKind::PrimaryPhone => say("person-phone"),
        ContactKind::SecondEmail => say("person-second-email"),
    };
    let by = changed_by.map_or_else(|| point.changed_by.clone(), User::name);
    ContactPoint {
        kind,
        value: point.value.clone(),
        from: viewer.moment(point.from_at),
        until: point.until_at.map(|until| viewer.moment(until)),
        source: say("person-contact-source").with("by", by).with("source", point.source.clone()),
    }
}

fn lock_notice(person: &User, failures: u32, now: Timestamp) -> Option<Notice> {
    let until = person.lock(now)?;
    let next = match failures {
        // The policy no longer locks.
        0 => say("person-locked-since").with("until", until),
        _ if until >= FOREVER => say("person-locked-for-good").with("count", failures),
        _ => say("person-locked-next").with("count", failures).with("until", until),
    };
    Some(Notice::new(Tone::Warning, say("person-locked"), next).with_code("locked_out"))
}

fn facts(person: &User, roles: Vec<Text>, groups: &[String]) -> Vec<(Text, Text)> {
    let moment = |at: Option<Timestamp>| at.map_or_else(|| say("time-never"), Text::exact);
    vec![
        (say("person-roles"), if roles.is_empty() { say("person-none") } else { Text::list(roles) }),
        (say("person-groups"), groups.join(", ").into()),
        (say("people-last-sign-in"), moment(person.last_login_at)),
        (say("person-password-set"), moment(person.password_changed_at)),
        (say("person-created"), moment(Some(person.created_at))),
        (say("person-id"), person.id.to_string().into()),
    ]
}

/// What can be done to an account here.
const STEPS: &[Permission] = &[
    Permission::UsersActivate,
    Permission::UsersDeactivate,
    Permission::UsersSuspend,
    Permission::UsersUnlock,
    Permission::UsersUnsuspend,
];

fn acts(person: &User, may: &[Permission], now: Timestamp) -> Vec<Act> {
    let act = |needed: Permission, word: &str, words: Text, effect, is_dangerous| {
        may.contains(&needed).then(|| Act {
            words: words.with("person", person.name()),
            effect,
            address: format!("{}/lifecycle/{word}", people::address(person)),
            is_dangerous,
        })
    };
    let step = |step: Lifecycle, act: Option<Act>| step.apply(person.status).and(act);
    let is_locked = person.is_locked_out(now);
    let unlock = act(Permission::UsersUnlock, "unlock", say("person-unlock"), say("person-unlock-effect"), false);
    let acts = [
        unlock.filter(|_| is_locked),
        step(
            Lifecycle::Unsuspend,
            act(
                Permission::UsersUnsuspend,
                "unsuspend",
                say("person-unsuspend"),
                say("person-unsuspend-effect"),
                false,
            ),
        ),
        step(
            Lifecycle::Activate(Readiness::Ready),
            act(Permission::UsersActivate, "activate", say("person-activate"), say("person-activate-effect"), false),
        ),
        step(
            Lifecycle::Suspend,
            act(Permission::UsersSuspend, "suspend", say("person-suspend"), say("person-suspend-effect"), true),
        ),
        step(
            Lifecycle::Deactivate,
            act(
                Permission::UsersDeactivate,
                "deactivate",
                say("person-deactivate"),
                say("person-deactivate-effect"),
                true,
            ),
        ),
    ];
    acts.into_iter().flatten().collect()
}

async fn post_step<R: StepRight>(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<R>(&app).await?;
    users::step(&app, &by, &id, false).await?;
    Ok(done(&id, R::WORD))
}

async fn post_activate(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersActivate>(&app).await?;
    users::activate(&app, &by, &id, Delivery::Mailed).await?;
    Ok(done(&id, "activate"))
}

async fn post_unlock(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersUnlock>(&app).await?;
    users::unlock(&app, &by, &id).await?;
    Ok(done(&id, "unlock"))
}
