//! People > Export: everybody whom the list shows, as a file.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_store::people::PeopleQuery;

use super::people;
use super::stream::{self, AsyncPages};
use super::viewer::Viewer;
use crate::App;
use crate::api::imports::export;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError};

/// Where the list as a file is; the filter follows as in the list's address.
pub const ADDRESS: &str = "/admin/people/export.csv";
/// So many people are a page of the file.
const PAGE: u32 = 500;

/// `/admin/people/export.csv`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::UsersRead), file)
}

async fn file(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersRead>(&app).await?;
    let wanted = PeopleQuery { after: None, ..people::wanted(&viewer, &query)? };
    let (first, next) = export::page(&app, &by, wanted.clone(), PAGE).await?;
    // The mark at the start tells spreadsheets that this is UTF-8.
    Ok(stream::csv("people.csv", (format!("\u{feff}{first}"), next), Pages { app: Arc::clone(&app), by, wanted }))
}

struct Pages {
    app: Arc<App>,
    by: Allowed<right::UsersRead>,
    wanted: PeopleQuery,
}

impl AsyncPages for Pages {
    async fn page(&self, after: String) -> Result<(String, Option<String>), ApiError> {
        let after = after.parse().map_err(|_| ApiError::malformed())?;
        let wanted = PeopleQuery { after: Some(after), ..self.wanted.clone() };
        export::page(&self.app, &self.by, wanted, PAGE).await
    }
}
