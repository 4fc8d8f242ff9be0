//! The pages that people use without the console: a file a page, each with the view that its template in
//! `templates/portal/` shows. They look as the sign-in does, and say nothing that a stranger may not know.

mod forgot;
mod password;

use axum::http::header;
use axum::response::IntoResponse;

use crate::App;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};

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
        .merge(forgot::routes())
        .merge(password::routes())
}

async fn org_name(app: &App) -> Result<String, ApiError> {
    let org = app.org().await?;
    let name = app.store.read(org, |tx| Ok(tx.org_record()?.map(|org| org.name))).await?;
    Ok(name.unwrap_or_default())
}
