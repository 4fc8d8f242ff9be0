//! A person's factors, for whoever looks after them: what there is, one less, backup codes made for somebody who has
//! nothing left. All of them are reset in a case.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::audit::EventType;
use postern_authn::factor::Enrolled;
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::Secret;
use postern_codes::id::{Factor as FactorKind, Id, User as UserKind};
use postern_store::Error;
use postern_store::factors::OrgFactors;

use super::factor_words::{about, detail, named, refusal};
use super::page::{page, page_with};
use super::part::{Confirmation, Line, Link, Moment, Notice, State, Tabs, Tone};
use super::part_page::PartPage;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{people, person};
use crate::App;
use crate::api::factors::to_change;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, backup_codes, users};
use crate::app::to_the_end;
use crate::factors::{self, Doer};
use crate::portal::account::left;

/// A factor of somebody.
pub struct Row {
    /// Its kind, or the name that it was given.
    pub name: Text,
    /// The address, number or question.
    pub detail: Option<String>,
    /// What it is.
    pub about: Text,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// When it was last proved.
    pub last_used: Option<Moment>,
    /// The page that removes it, for those who may.
    pub remove: Option<String>,
}

/// Somebody's backup codes.
pub struct Codes {
    /// How many are left.
    pub state: State,
    /// Since when there is this sheet.
    pub since: Moment,
    /// When one was last used.
    pub last_used: Option<Moment>,
}

/// The page.
#[derive(Template)]
#[template(path = "console/person_factors.html")]
pub struct PersonFactors {
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
    /// What was just done.
    pub notice: Option<Notice>,
    /// Whether they are the viewer, who changes their own elsewhere.
    pub is_own: bool,
    /// Their factors, oldest first.
    pub factors: Vec<Row>,
    /// Their backup codes; nothing, where they have none.
    pub codes: Option<Codes>,
    /// Where backup codes are made for them, for those who may.
    pub make: Option<String>,
    /// The page from where everything is reset in a case, for those who may.
    pub reset: Option<String>,
}

/// Somebody's new backup codes. No `Debug`: they are shown this once.
#[derive(Template)]
#[template(path = "console/person_codes.html")]
pub struct NewCodes {
    /// The frame.
    pub shell: Shell,
    /// Whose they are.
    pub name: String,
    /// Their page.
    pub back: String,
    /// Each in groups of four.
    pub codes: Vec<Secret<String>>,
    /// All of them, a line each, to be copied.
    pub all: Secret<String>,
}

/// `/admin/people/ID/factors`.
pub fn routes() -> Routes {
    let (read, reset) = (Access::Permission(Permission::UsersRead), Access::Permission(Permission::UsersResetFactors));
    let make = Access::Permission(Permission::UsersCredentials);
    Routes::new()
        .get("/admin/people/{person}/factors", read, show)
        .get("/admin/people/{person}/factors/backup-codes", make, confirm_codes)
        .post("/admin/people/{person}/factors/backup-codes", make, make_codes)
        .get("/admin/people/{person}/factors/{factor}/remove", reset, confirm)
        .post("/admin/people/{person}/factors/{factor}/remove", reset, remove)
}

/// The page of a person's factors.
pub fn address(person: &User) -> String {
    format!("{}/factors", people::address(person))
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
        let mut held = tx.factors_of(person.id)?;
        held.retain(|factor| factor.kind.factor().is_listed());
        let (allowed, _) = tx.setting::<OrgFactors>()?;
        let mut may = |needed| users::hindrance(tx, &by, needed, person.id).map(|hindrance| hindrance.is_none());
        let (may_reset, may_make) = (may(Permission::UsersResetFactors)?, may(Permission::UsersCredentials)?);
        let codes = backup_codes::left(tx, person.id)?;
        Ok::<_, Error>(Some((person, held, allowed, may_reset, may_make, codes)))
    });
    let found = read.await?.ok_or_else(|| ApiError::not_found::<UserKind>(&id))?;
    let (person, held, allowed, may_reset, may_make, codes) = found;
    let is_own = person.id == by.user();
    let acts = !is_own && person.status.is_in_force();
    let own = address(&person);
    let row = |factor: &Enrolled| Row {
        name: named(factor),
        detail: detail(factor),
        about: about(factor),
        state: if allowed.allows_factor(factor) {
            State::new(Tone::Good, say("person-factor-active"))
        } else {
            State::new(Tone::Warning, say("person-factor-off"))
        },
        since: viewer.moment(factor.created_at),
        last_used: factor.last_used_at.map(|at| viewer.moment(at)),
        remove: (acts && may_reset).then(|| format!("{own}/{}/remove", factor.id)),
    };
    Ok(page(PersonFactors {
        shell: viewer.shell(Place::People),
        name: person.name(),
        login: person.login.to_string(),
        status: people::standing(&person, viewer.now),
        tabs: person::tabs(&viewer, &person, person::Tab::Factors),
        notice: query.text("done").and_then(|act| was_done(act, &person)),
        is_own,
        factors: held.iter().map(row).collect(),
        codes: codes.map(|set| Codes {
            state: left(set.remaining),
            since: viewer.moment(set.created_at),
            last_used: set.last_used_at.map(|at| viewer.moment(at)),
        }),
        make: (acts && may_make).then(|| format!("{own}/backup-codes")),
        reset: (acts && viewer.may(Permission::CasesManage)).then(|| format!("{}#cases", people::address(&person))),
    }))
}

fn was_done(act: &str, person: &User) -> Option<Notice> {
    let act = Some("factor-removed").filter(|own| *own == act)?;
    let happened = say_of("person-done", act).with("person", person.name());
    Some(Notice::new(Tone::Good, happened, say("person-done-recorded")))
}

/// Somebody whom the viewer may see, and what they have.
async fn seen<R: postern_authn::permission::Right>(
    app: &App,
    by: &Allowed<R>,
    id: &str,
) -> Result<(User, Vec<Enrolled>), ApiError> {
    let read = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, by, id)? else { return Ok(None) };
        let held = tx.factors_of(person.id)?;
        Ok::<_, Error>(Some((person, held)))
    });
    read.await?.ok_or_else(|| ApiError::not_found::<UserKind>(id))
}

fn asked(viewer: &Viewer, person: &User, part: Confirmation) -> PartPage<Confirmation> {
    let list = Link::new(person.name(), address(person));
    PartPage { shell: viewer.shell(Place::People), title: part.title.clone(), list, part }
}

async fn confirm(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((id, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersResetFactors>(&app).await?;
    let (person, held) = seen(&app, &by, &id).await?;
    Ok(page(asked(&viewer, &person, removal(&person, &held, &which)?)))
}

fn removal(person: &User, held: &[Enrolled], which: &str) -> Result<Confirmation, ApiError> {
    let factor = held.iter().find(|factor| factor.id.as_str() == which && factor.kind.factor().is_listed());
    let factor = factor.ok_or_else(|| ApiError::not_found::<FactorKind>(which))?;
    let verb = say("person-factor-remove").with("name", named(factor)).with("person", person.name());
    Ok(Confirmation {
        title: verb.clone(),
        about: say("person-factor-remove-about"),
        lines: vec![Line {
            who: Link::new(named(factor), address(person)),
            effect: say("person-factor-goes"),
            state: None,
        }],
        sent: Vec::new(),
        action: format!("{}/{}/remove", address(person), factor.id),
        verb,
        is_dangerous: true,
        back: address(person),
    })
}

async fn remove(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((id, which)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersResetFactors>(&app).await?;
    let kind = EventType::FactorDeactivate;
    let user = to_change::<right::UsersResetFactors>(&app, by.caller(), &id, kind).await?.user;
    let missing = || ApiError::not_found::<FactorKind>(&which);
    let factor: Id<FactorKind> = which.parse().map_err(|_| missing())?;
    let (env, doer) = (app.env(), Doer::of(&by));
    let removed = app.store.write(by.org, |tx| factors::remove_in(tx, &doer, &user, factor, &env)).await?;
    let back = address(&user);
    match removed {
        Ok(()) => Ok(Redirect::to(&format!("{back}?done=factor-removed")).into_response()),
        Err(refused) if refused.status == StatusCode::CONFLICT => {
            let notice = Notice::new(Tone::Danger, say("account-stays"), refusal(&refused)?).with_code(refused.code);
            let list = Link::new(user.name(), back);
            let title = say("account-stays");
            Ok(page_with(refused.status, PartPage { shell: viewer.shell(Place::People), title, list, part: notice }))
        }
        Err(refused) => Err(refused),
    }
}

async fn confirm_codes(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersCredentials>(&app).await?;
    let (person, _) = seen(&app, &by, &id).await?;
    let left = app.store.read(by.org, |tx| backup_codes::left(tx, person.id)).await?;
    let verb = say("person-codes-make").with("person", person.name());
    let who = Link::new(person.name(), address(&person));
    let void = left.map(|set| Line {
        who: who.clone(),
        effect: say("account-codes-void").with("count", set.remaining),
        state: None,
    });
    let told = Line { who, effect: say("person-codes-told"), state: None };
    let part = Confirmation {
        title: verb.clone(),
        about: say("person-codes-about"),
        lines: void.into_iter().chain([told]).collect(),
        sent: Vec::new(),
        action: format!("{}/backup-codes", address(&person)),
        verb,
        is_dangerous: true,
        back: address(&person),
    };
    Ok(page(asked(&viewer, &person, part)))
}

async fn make_codes(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersCredentials>(&app).await?;
    let kind = EventType::FactorActivate;
    let user = to_change::<right::UsersCredentials>(&app, by.caller(), &id, kind).await?.user;
    let codes = to_the_end({
        let (app, user, doer) = (Arc::clone(&app), user.clone(), Doer::of(&by));
        async move { backup_codes::generate(&app, by.org, &doer, &user).await }
    });
    let codes = codes.await?;
    let all = backup_codes::in_lines(&codes);
    Ok(page(NewCodes { shell: viewer.shell(Place::People), name: user.name(), back: address(&user), codes, all }))
}
