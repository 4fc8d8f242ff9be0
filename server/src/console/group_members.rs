//! People taken out of a group, many at once: first what will happen to each, then how it went.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::{Group as GroupKind, Id, User as UserKind};
use postern_store::groups::Group;

use super::form::Form;
use super::page::page;
use super::part::{Bulk, BulkAct, Confirmation, Line, Link, Results, State, Tone, Undo};
use super::part_page::PartPage;
use super::shell::Place;
use super::viewer::Viewer;
use super::words::{say, say_of};
use super::{group, people};
use crate::App;
use crate::api::groups::{self, Membership};
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, users};

const ADDRESS: &str = "/admin/groups/members";
const APPLY: &str = "/admin/groups/members/apply";
const RESTORE: &str = "/admin/groups/members/restore";
/// At most so many at once.
const MOST: usize = 500;

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
    let (mut lines, mut done) = (Vec::new(), Vec::new());
    let (title, effect) = match wanted {
        Membership::Member => (say("group-add"), say("group-restored")),
        Membership::Stranger => (say("group-remove"), say("group-removed")),
    };
    for person in found {
        // Each is an act of its own: one that fails holds up no other.
        let set = groups::set_member(app, &by, (group.id.as_str(), person.id.as_str()), wanted).await;
        let (effect, state) = match set {
            Ok(()) => {
                done.push(("id".to_owned(), pair(group.id, person.id)));
                (effect.clone(), State::new(Tone::Good, say("events-done")))
            }
            Err(error) if error.status.is_server_error() => return Err(error),
            Err(error) => {
                let why = say_of("domain-error", error.code).or(error.summary.clone());
                (why, State::new(Tone::Danger, say("events-refused")))
            }
        };
        lines.push(Line { who: Link::new(person.name(), people::address(&person)), effect, state: Some(state) });
    }
    let undo = (wanted == Membership::Stranger && !done.is_empty()).then(|| Undo {
        happened: say("group-removed-so-many").with("count", done.len()),
        action: RESTORE.to_owned(),
        sent: done,
    });
    let part = Results { lines, back: back(&group), undo };
    Ok(page(PartPage { shell: viewer.shell(Place::Groups), title, list: back(&group), part }))
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
            if let Some(person) = users::named(tx, by, person)?
                && users::is_seen(tx, by, Permission::UsersRead, person.id)?
            {
                found.push(person);
            }
        }
        Ok(Ok((group, found)))
    });
    read.await?
}
