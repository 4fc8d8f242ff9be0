//! People put into a group and taken out of it, many at once: what will happen to each, and how it went.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::{Group as GroupKind, Id, User as UserKind};
use postern_store::groups::Group;
use postern_store::{Error, Tx};

use super::form::Form;
use super::page::page;
use super::part::{Bulk, BulkAct, Confirmation, Line, Link, Results, State, Tone, Undo};
use super::part_page::PartPage;
use super::shell::Place;
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{group, people};
use crate::App;
use crate::api::groups::{self, Membership};
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, demands, users};

const ADDRESS: &str = "/admin/groups/members";
const APPLY: &str = "/admin/groups/members/apply";
const RESTORE: &str = "/admin/groups/members/restore";
/// At most so many at once.
const MOST: usize = 500;
/// At most so many lines that name nobody are said again.
const FEW: usize = 10;

/// `/admin/groups/members`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsMembersManage);
    Routes::new().post(ADDRESS, manage, ask).post(APPLY, manage, apply).post(RESTORE, manage, restore)
}

/// The bar below the members.
pub fn bar() -> Bulk {
    Bulk { action: ADDRESS, acts: vec![BulkAct { value: "remove", label: say("group-remove"), is_dangerous: true }] }
}

/// What a ticked row sends: who, and of which group.
pub fn pair(group: Id<GroupKind>, person: Id<UserKind>) -> String {
    format!("{group}.{person}")
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsMembersManage>(&app).await?;
    let (group, found) = chosen(&app, &by, &form).await?;
    let line = |person: &User| Line {
        who: Link::new(person.name(), people::address(person)),
        effect: say("group-remove-effect"),
        state: Some(people::standing(person, viewer.now)),
    };
    let title = say("group-remove-title").with("count", found.len()).with("group", group.name.clone());
    let part = Confirmation {
        title: title.clone(),
        about: say("group-remove-about"),
        lines: found.iter().map(line).collect(),
        sent: found.iter().map(|person| ("id".to_owned(), pair(group.id, person.id))).collect(),
        action: APPLY.to_owned(),
        verb: title.clone(),
        is_dangerous: true,
        back: group::address(group.id),
    };
    Ok(page(PartPage { shell: viewer.shell(Place::Groups), title, list: back(&group), part }))
}

async fn apply(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    carry_out(&app, &viewer, &form, Membership::Stranger).await
}

async fn restore(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    carry_out(&app, &viewer, &form, Membership::Member).await
}

async fn carry_out(app: &App, viewer: &Viewer, form: &Form, wanted: Membership) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsMembersManage>(app).await?;
    let (group, found) = chosen(app, &by, form).await?;
    let (title, effect) = match wanted {
        Membership::Member => (say("group-add"), say("group-restored")),
        Membership::Stranger => (say("group-remove"), say("group-removed")),
    };
    let Done { lines, changed, .. } = each(app, &by, (&group, &found), wanted, &effect).await?;
    let undo = (wanted == Membership::Stranger && !changed.is_empty()).then(|| Undo {
        happened: say("group-removed-so-many").with("count", changed.len()),
        action: RESTORE.to_owned(),
        sent: changed,
    });
    let part = Results { lines, back: back(&group), undo };
    Ok(page(PartPage { shell: viewer.shell(Place::Groups), title, list: back(&group), part }))
}

/// How it went.
struct Done {
    /// With each.
    lines: Vec<Line>,
    /// Whom it changed: what is sent to take it back.
    changed: Vec<(String, String)>,
    /// Whether it went well with everybody.
    is_whole: bool,
}

/// Puts people into a group or takes them out, each by an act of its own: one that is refused holds up no other. Where the
/// server fails, nobody after that is tried.
async fn each(
    app: &App,
    by: &Allowed<right::GroupsMembersManage>,
    (group, people): (&Group, &[User]),
    wanted: Membership,
    effect: &Text,
) -> Result<Done, ApiError> {
    let mut done = Done { lines: Vec::new(), changed: Vec::new(), is_whole: true };
    let mut is_broken = false;
    for person in people {
        if is_broken {
            let state = State::new(Tone::Warning, say("group-not-tried"));
            let who = Link::new(person.name(), people::address(person));
            done.lines.push(Line { who, effect: say("group-not-tried-next"), state: Some(state) });
            continue;
        }
        let set = groups::set_member(app, by, (group.id.as_str(), person.id.as_str()), wanted).await;
        let (effect, state) = match set {
            Ok(is_changed) => {
                if is_changed {
                    done.changed.push(("id".to_owned(), pair(group.id, person.id)));
                }
                (effect.clone(), State::new(Tone::Good, say("events-done")))
            }
            // Of the viewer, who is asked for a factor.
            Err(error) if error.code == demands::STEP_UP => return Err(error),
            Err(error) => {
                done.is_whole = false;
                is_broken = error.status.is_server_error();
                let why = say_of("domain-error", error.code).or(error.summary.clone());
                let why = if is_broken { say("group-broken") } else { why };
                (why, State::new(Tone::Danger, say("events-refused")))
            }
        };
        done.lines.push(Line { who: Link::new(person.name(), people::address(person)), effect, state: Some(state) });
    }
    Ok(done)
}

/// Puts everybody into a group whom these lines name; nobody where one of them names nobody, which is what is answered
/// then: a list that was carried out in part is hard to look through.
///
/// # Errors
/// 404 for no group.
pub async fn put(
    app: &App,
    viewer: &Viewer,
    by: &Allowed<right::GroupsMembersManage>,
    (which, lines): (&str, &[&str]),
) -> Result<Result<Response, Text>, ApiError> {
    if lines.len() > MOST {
        return Ok(Err(say("group-add-too-many").with("most", MOST)));
    }
    let read = app.store.read(by.org, |tx| {
        let group = match groups::seen(tx, by, which)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let (mut found, mut unknown) = (Vec::<User>::new(), Vec::new());
        for line in lines {
            match seen(tx, by, line)? {
                Some(person) if found.iter().any(|own| own.id == person.id) => {}
                Some(person) => found.push(person),
                None => unknown.push((*line).chars().take(100).collect::<String>()),
            }
        }
        Ok(Ok((group, found, unknown)))
    });
    let (group, found, unknown) = read.await??;
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(FEW);
        let more = (more > 0).then(|| say("policies-and-more").with("count", more));
        let named = unknown.into_iter().take(FEW).map(Text::from).chain(more);
        return Ok(Err(say("group-add-unknown").with("lines", Text::list(named))));
    }
    let Done { lines, is_whole, .. } = each(app, by, (&group, &found), Membership::Member, &say("group-added")).await?;
    if is_whole {
        return Ok(Ok(Redirect::to(&group::address(group.id)).into_response()));
    }
    let part = Results { lines, back: back(&group), undo: None };
    Ok(Ok(page(PartPage { shell: viewer.shell(Place::Groups), title: say("group-add"), list: back(&group), part })))
}

/// Somebody by login or id whom the caller may know of.
fn seen(tx: &mut Tx<'_>, by: &Allowed<right::GroupsMembersManage>, who: &str) -> Result<Option<User>, Error> {
    let Some(person) = users::named(tx, by, who)? else { return Ok(None) };
    Ok(if users::is_seen(tx, by, Permission::UsersRead, person.id)? { Some(person) } else { None })
}

fn back(group: &Group) -> Link {
    Link::new(&group.name, group::address(group.id))
}

/// The group and the people who were ticked; those who are gone meanwhile are left out.
async fn chosen(
    app: &App,
    by: &Allowed<right::GroupsMembersManage>,
    form: &Form,
) -> Result<(Group, Vec<User>), ApiError> {
    let pairs: Vec<(&str, &str)> = form.all("id").filter_map(|id| id.split_once('.')).take(MOST).collect();
    let Some((first, _)) = pairs.first() else {
        return Err(ApiError::validation("id", ["tick at least one row"]));
    };
    let read = app.store.read(by.org, |tx| {
        let group = match groups::seen(tx, by, first)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut found = Vec::new();
        for (_, person) in pairs.iter().filter(|(group, _)| group == first) {
            found.extend(seen(tx, by, person)?);
        }
        Ok(Ok((group, found)))
    });
    read.await?
}
