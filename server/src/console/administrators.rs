//! Administrators: who may do what.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Grant, Permission, right};
use postern_store::Error;

use super::page::page;
use super::part::{Link, Moment, State, Tone};
use super::people;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use crate::App;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};

/// Somebody with a role.
pub struct Row {
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their roles, in words.
    pub roles: String,
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
            let labels: Vec<_> = authority.grants().iter().map(Grant::label).collect();
            let may_make = authority.has(Permission::RecoveryPinGenerate);
            rows.push(Row {
                person: Link::new(person.name(), people::address(&person)),
                login: person.login.to_string(),
                roles: labels.join(", "),
                recovery: if may_make {
                    State::new(Tone::Good, "May make them")
                } else {
                    State::new(Tone::Plain, "No")
                },
                since: viewer.moment(since.unwrap_or(viewer.now)),
            });
        }
        Ok::<_, Error>(rows)
    });
    Ok(page(&Administrators { shell: viewer.shell(Place::Administrators), rows: rows.await? }))
}
