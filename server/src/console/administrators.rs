//! Administrators: who may do what.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_store::Error;

use super::page::page;
use super::part::{Link, Moment, State, Tone};
use super::people;
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::Text;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};
use crate::{App, say};

/// Somebody with a role.
pub struct Row {
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their roles, in words.
    pub roles: Text,
    /// Whether they may make recovery PINs.
    pub recovery: State,
    /// Since when they have the first of the roles.
    pub since: Moment,
}

/// The list.
#[derive(Template)]
#[template(path = "console/administrators.html")]
pub struct Administrators {
    /// The frame.
    pub shell: Shell,
    /// All of them.
    pub rows: Vec<Row>,
}

/// `/admin/administrators`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/administrators", Access::Permission(Permission::RolesRead), show)
}

/// At most so many are shown.
const MOST: u32 = 1_000;

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RolesRead>(&app).await?;
    let rows = app.store.read(by.org, |tx| {
        let mut rows = Vec::new();
        for id in tx.administrators("", MOST)? {
            let Some(person) = tx.user(id)? else { continue };
            let mut held = tx.role_assignments(id)?;
            held.extend(tx.role_assignments_by_groups(id)?);
            let since = held.iter().map(|assignment| assignment.created_at).min();
            let authority = tx.authority_of(&held)?;
            let roles = authority.grants().iter().map(viewer::granted);
            let may_make = authority.has(Permission::RecoveryPinGenerate);
            rows.push(Row {
                person: Link::new(person.name(), people::address(&person)),
                login: person.login.to_string(),
                roles: Text::list(roles),
                recovery: if may_make {
                    State::new(Tone::Good, say("administrators-may-make"))
                } else {
                    State::new(Tone::Plain, say("administrators-may-not"))
                },
                since: viewer.moment(since.unwrap_or(viewer.now)),
            });
        }
        Ok::<_, Error>(rows)
    });
    Ok(page(Administrators { shell: viewer.shell(Place::Administrators), rows: rows.await? }))
}
