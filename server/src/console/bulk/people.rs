//! Many people.

use postern_authn::permission::{Permission, right};
use postern_authn::user::{Lifecycle, Readiness, User};

use super::{Many, Step, Words};
use crate::App;
use crate::api::users::{self, Delivery};
use crate::api::{Allowed, ApiError, users::Refusal};
use crate::console::part::{Link, State};
use crate::console::people;
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::say_of;

/// The list of people.
pub struct People;

impl Many for People {
    type Item = User;
    type Right = right::UsersRead;
    const PLACE: Place = Place::People;
    const ADDRESS: &'static str = "/admin/people/bulk";
    const APPLY: &'static str = "/admin/people/bulk/apply";
    const STEPS: &'static [Step] = &[
        Step { name: "new-link", needs: Permission::UsersActivate, is_dangerous: false, undo: None },
        Step { name: "unlock", needs: Permission::UsersUnlock, is_dangerous: false, undo: None },
        Step { name: "unsuspend", needs: Permission::UsersUnsuspend, is_dangerous: false, undo: Some("suspend") },
        Step { name: "sign-out", needs: Permission::UsersClearSessions, is_dangerous: true, undo: None },
        Step { name: "suspend", needs: Permission::UsersSuspend, is_dangerous: true, undo: Some("unsuspend") },
        Step { name: "deactivate", needs: Permission::UsersDeactivate, is_dangerous: true, undo: None },
    ];

    fn words(step: &Step, count: usize) -> Words {
        Words {
            act: say_of("bulk-people-act", step.name),
            title: say_of("bulk-people-title", step.name).with("count", count),
            about: say_of("bulk-people-about", step.name),
            effect: say_of("bulk-people-effect", step.name),
        }
    }

    async fn found(app: &App, by: &Allowed<right::UsersRead>, ids: &[String]) -> Result<Vec<User>, ApiError> {
        let read = app.store.read(by.org, |tx| {
            let mut found = Vec::new();
            for id in ids {
                found.extend(users::seen(tx, by, id)?);
            }
            Ok(found)
        });
        Ok(read.await?)
    }

    fn id(person: &User) -> String {
        person.id.to_string()
    }

    fn link(person: &User) -> Link {
        Link::new(person.name(), people::address(person))
    }

    fn state(person: &User, viewer: &Viewer) -> State {
        people::standing(person, viewer.now)
    }

    fn can(person: &User, step: &Step, viewer: &Viewer) -> bool {
        let open = |step: Lifecycle| step.is_open_to(person.status);
        // Nobody shuts themselves out with a row among many.
        person.id != viewer.caller.user()
            && match step.name {
                "new-link" => open(Lifecycle::Reactivate(Readiness::Ready)),
                "unlock" => person.is_locked_out(viewer.now),
                "unsuspend" => open(Lifecycle::Unsuspend),
                "suspend" => open(Lifecycle::Suspend),
                "deactivate" => open(Lifecycle::Deactivate),
                _ => person.status.is_in_force(),
            }
    }

    async fn change(app: &App, viewer: &Viewer, person: &User, step: &Step) -> Result<(), ApiError> {
        if person.id == viewer.caller.user() {
            return Err(Refusal::Oneself.into());
        }
        let id = person.id.as_str();
        match step.name {
            "new-link" => {
                let by = viewer.require::<right::UsersActivate>(app).await?;
                users::reactivate(app, &by, id, Delivery::Mailed).await.map(drop)
            }
            "unlock" => users::unlock(app, &viewer.require::<right::UsersUnlock>(app).await?, id).await,
            "unsuspend" => users::step(app, &viewer.require::<right::UsersUnsuspend>(app).await?, id, false).await,
            "sign-out" => {
                users::sign_out(app, &viewer.require::<right::UsersClearSessions>(app).await?, id, true).await
            }
            "suspend" => users::step(app, &viewer.require::<right::UsersSuspend>(app).await?, id, false).await,
            "deactivate" => users::step(app, &viewer.require::<right::UsersDeactivate>(app).await?, id, false).await,
            _ => Err(ApiError::no_such_path()),
        }
    }
}
