//! API tokens: credentials of programs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::token::Grant;

use super::page::page;
use super::part::{Link, Moment, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::say;
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, tokens};

/// A token, without the token.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Whose permissions it has.
    pub owner: Link,
    /// Whether it may make recovery PINs.
    pub grants: State,
    /// Since when.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Where to revoke it, for those who may.
    pub revoke: Option<String>,
}

/// The list.
#[derive(Template)]
#[template(path = "console/tokens.html")]
pub struct Tokens {
    /// The frame.
    pub shell: Shell,
    /// All of them.
    pub rows: Vec<Row>,
}

/// `/admin/security/tokens`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::ApiTokensManage);
    Routes::new().get("/admin/security/tokens", manage, show).post(
        "/admin/security/tokens/{token}/revoke",
        manage,
        revoke,
    )
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    let found = tokens::list(&app, &by).await?;
    let rows = app.store.read(by.org, |tx| {
        let mut rows = Vec::new();
        for token in &found {
            let owner = tx.user(token.user)?.map_or_else(|| token.user.to_string(), |owner| owner.name());
            let may_make = token.grants.iter().any(|grant| grant == Grant::RecoveryPins.as_str());
            rows.push(Row {
                name: token.name.clone(),
                owner: Link::new(owner, format!("/admin/people/{}", token.user)),
                grants: if may_make {
                    State::new(Tone::Warning, say("administrators-may-make"))
                } else {
                    State::new(Tone::Plain, say("administrators-may-not"))
                },
                created: viewer.moment(token.created_at),
                last_used: token.last_used_at.map(|at| viewer.moment(at)),
                revoke: Some(format!("/admin/security/tokens/{}/revoke", token.id)),
            });
        }
        Ok(rows)
    });
    Ok(page(Tokens { shell: viewer.shell(Place::Tokens), rows: rows.await? }))
}

async fn revoke(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    tokens::revoke(&app, &by, &token).await?;
    Ok(Redirect::to("/admin/security/tokens").into_response())
}
