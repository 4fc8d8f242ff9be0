//! The pages that people use without the console: a file a page, each with the view that its template in
//! `templates/portal/` shows. Those that need no sign-in look as it does, and say nothing that a stranger may not know; those
//! of one's own account are cards below one another.

pub mod account;
pub mod activity;
pub mod backup_codes;
pub mod factors;
pub mod forgot;
pub mod help;
pub mod own_password;
pub mod owner;
mod password;
pub mod sessions;
pub mod unlock;

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};

/// One's own account.
pub const ACCOUNT: &str = "/account";

/// The script of these pages.
const SCRIPT: &str = include_str!("../../static/portal.js");

/// Every page.
pub fn routes() -> Routes {
    Routes::new()
        .get("/static/portal.js", Access::Anyone, async || {
            let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
            let kept = (header::CACHE_CONTROL, "public, max-age=3600");
            ([kind, kept, (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], SCRIPT).into_response()
        })
        .merge(account::routes())
        .merge(activity::routes())
        .merge(backup_codes::routes())
        .merge(factors::routes())
        .merge(forgot::routes())
        .merge(help::routes())
        .merge(own_password::routes())
        .merge(password::routes())
        .merge(sessions::routes())
        .merge(unlock::routes())
}

/// The account, which says what was just done.
fn done(what: &str) -> Response {
    Redirect::to(&format!("{ACCOUNT}?done={what}")).into_response()
}

async fn org_name(app: &App) -> Result<String, ApiError> {
    let org = app.org().await?;
    let name = app.store.read(org, |tx| Ok(tx.org_record()?.map(|org| org.name))).await?;
    Ok(name.unwrap_or_default())
}
