//! Everybody who holds a role, themselves or as a member of a group.

use std::sync::Arc;

use axum::extract::State;
use postern_authn::permission::{Permission, Resource, right};
use postern_codes::id::{Id, User};
use serde_json::{Map, Value, json};

use super::{PAGE, orn, page};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::hal::Links;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};

/// The routes of those who hold roles.
pub fn routes() -> Routes {
    Routes::new().get("/api/v1/iam/assignees/users", Access::Permission(Permission::RolesRead), get_users)
}

async fn get_users(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let limit = query.limit(PAGE, PAGE)?.max(1);
    let after = query.text("after").unwrap_or_default();
    let found = app.store.read(by.org, |tx| tx.administrators(after, limit + 1)).await?;
    let one = |user: &Id<User>| {
        let path = format!("/api/v1/users/{user}");
        let links = Links::new(&app).to("self", "GET", &path).to("roles", "GET", format!("{path}/roles"));
        json!({ "id": user, "orn": orn(by.org, Resource::User(*user)), "_links": Value::from(links) })
    };
    Ok(Json(page(&app, &query, "value", found, limit, Map::new(), (Id::<User>::to_string, one))))
}
