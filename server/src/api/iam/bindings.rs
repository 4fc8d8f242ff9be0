//! Bindings: a role that the organisation made, over a resource set. Its [`members`](super::members) hold it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Role as RoleKind, RoleAssignment as AssignmentKind};
use postern_store::Tx;
use postern_store::custom_roles::CustomRole;
use postern_store::resource_sets::{Binding, ResourceSet};
use postern_store::roles::{Held, Holder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PAGE, custom, held, orn, page, sets};
use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;
use crate::api::hal::Links;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::roles::{self, To};
use crate::api::routes::{Access, Routes};

/// A binding with its two sides.
pub struct Bound {
    /// What it reaches.
    pub set: ResourceSet,
    /// The role.
    pub role: CustomRole,
    /// The binding.
    pub binding: Binding,
}

impl Bound {
    /// What its members hold.
    pub const fn held(&self) -> Held {
        Held::Custom { binding: self.binding.id, role: self.role.id, set: self.set.id }
    }
}

/// The path of a binding in the API.
pub fn path(binding: &Binding) -> String {
    format!("/api/v1/iam/resource-sets/{}/bindings/{}", binding.set, binding.role)
}

/// Binds a role to a resource set, and gives it to some.
///
/// # Errors
/// 404 for no set, role or member, 403 where it gives more than the caller holds or a member is above the caller.
pub async fn create(
    app: &App,
    by: &Allowed<right::RolesManage>,
    (set, role): (&str, &str),
    members: &[Holder],
) -> Result<Binding, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        tx.hold_roles()?;
        let (set, role) = match (sets::named(tx, set)?, custom::named(tx, role)?) {
            (Ok(set), Ok(role)) => (set, role),
            (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
        };
        let grant = tx.custom_grant(role.id, set.id)?;
        let event = |event: postern_authn::audit::Event| event.target(custom::target(&role)).target(sets::target(&set));
        if !by.authority().covers(&tx.granting(vec![grant])?) {
            tx.record(&event(by.failure(EventType::BindingAdd, "beyond")), &env)?;
            return Ok(Err(super::beyond()));
        }
        let before = tx.binding(set.id, role.id)?.is_some();
        // Everybody is looked at before anything is written: a refusal leaves its line in the record alone.
        let mut found = Vec::new();
        for member in members {
            match roles::recipient(tx, by, To::Known(*member), EventType::BindingAdd, &env)? {
                Ok(holder) => found.push(holder),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        let binding = tx.bind_role(set.id, role.id, &env)?;
        if !before {
            tx.record(&event(by.success(EventType::BindingAdd)), &env)?;
        }
        let held = Held::Custom { binding: binding.id, role: role.id, set: set.id };
        for holder in found {
            roles::give(tx, by, &holder, held, &env)?;
        }
        Ok(Ok(binding))
    });
    made.await?
}

/// Ends a binding: nobody holds the role over the set any more.
///
/// # Errors
/// 404 for no binding, 403 where it gives more than the caller holds or a member is above the caller.
pub async fn delete(app: &App, by: &Allowed<right::RolesManage>, which: (&str, &str)) -> Result<(), ApiError> {
    let kind = EventType::BindingDelete;
    change(app, by, (held(bound), which), |tx, bound, env| {
        let grant = tx.custom_grant(bound.role.id, bound.set.id)?;
        let event = |event: postern_authn::audit::Event| {
            event.target(custom::target(&bound.role)).target(sets::target(&bound.set))
        };
        if !by.authority().covers(&tx.granting(vec![grant])?) {
            tx.record(&event(by.failure(kind, "beyond")), env)?;
            return Ok(Err(super::beyond()));
        }
        let members = tx.members_of_binding(bound.binding.id, "", u32::MAX)?;
        let mut holders = Vec::new();
        for member in &members {
            match roles::holder(tx, by, To::Known(member.holder), kind, env)? {
                Ok(holder) => holders.push(holder),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        for (member, holder) in members.iter().zip(&holders) {
            roles::withdraw(tx, by, holder, member, env)?;
        }
        tx.delete_binding(bound.binding.id)?;
        tx.record(&event(by.success(kind)), env)?;
        Ok(Ok(()))
    })
    .await
}

/// A binding by its set and its role, each by id or label.
///
/// # Errors
/// Of the database.
pub fn bound(tx: &mut Tx<'_>, (set, role): (&str, &str)) -> Outcome<Bound> {
    let (set, role_found) = match (sets::named(tx, set)?, custom::named(tx, role)?) {
        (Ok(set), Ok(role)) => (set, role),
        (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
    };
    let binding = tx.binding(set.id, role_found.id)?;
    Ok(match binding {
        Some(binding) => Ok(Bound { set, role: role_found, binding }),
        None => Err(ApiError::not_found::<RoleKind>(role)),
    })
}

/// Who members of a request are, by address or ORN of people and groups.
///
/// # Errors
/// 400 where one names neither.
pub fn read(by: &Caller, members: &[String]) -> Result<Vec<Holder>, ApiError> {
    use postern_authn::permission::Resource;
    if members.len() > sets::MOST {
        return Err(ApiError::validation("members", [format!("members: at most {} at once", sets::MOST)]));
    }
    let member = |text: &String| match orn::parse(text, by.org) {
        Some(Resource::Group(id)) => Ok(Holder::Group(id)),
        Some(Resource::User(id)) => Ok(Holder::User(id)),
        Some(Resource::All(_) | Resource::Device(_) | Resource::Members(_)) | None => {
            let text: String = text.chars().take(128).collect();
            Err(ApiError::validation("members", [format!("members: `{text}` is the address of no person or group")]))
        }
    };
    members.iter().map(member).collect()
}

/// The answer to a change of a binding.
pub fn changed(app: &App, binding: &Binding) -> Value {
    let set = format!("/api/v1/iam/resource-sets/{}", binding.set);
    let links = Links::new(app).to("self", "GET", path(binding)).to("bindings", "GET", format!("{set}/bindings"));
    json!({ "_links": Value::from(links.to("resource-set", "GET", set)) })
}

/// The routes of bindings.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::RolesManage);
    let read = Access::Permission(Permission::RolesRead);
    Routes::new()
        .get("/api/v1/iam/resource-sets/{set}/bindings", read, get_bindings)
        .post("/api/v1/iam/resource-sets/{set}/bindings", manage, post_binding)
        .get("/api/v1/iam/resource-sets/{set}/bindings/{role}", read, get_binding)
        .delete("/api/v1/iam/resource-sets/{set}/bindings/{role}", manage, delete_binding)
}

#[derive(Deserialize)]
struct BindingBody {
    role: String,
    #[serde(default)]
    members: Vec<String>,
}

async fn get_bindings(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let query = query?;
    let after = query.text("after").unwrap_or_default();
    let read = app.store.read(by.org, |tx| match sets::named(tx, &which.0)? {
        Ok(set) => {
            let found = tx.bindings_of_set(set.id, after, PAGE + 1)?;
            Ok(Ok((set, found)))
        }
        Err(unknown) => Ok(Err(unknown)),
    });
    let (set, found) = read.await??;
    let path = format!("/api/v1/iam/resource-sets/{}", set.id);
    let own = Links::new(&app).to("self", "GET", format!("{path}/bindings")).to("resource-set", "GET", path);
    let Value::Object(links) = Value::from(own) else { unreachable!("links are an object") };
    let one = |binding: &Binding| {
        let links = Links::new(&app).to("self", "GET", format!("/api/v1/iam/roles/{}", binding.role));
        let links = links.to("members", "GET", format!("{}/members", self::path(binding)));
        json!({ "id": binding.role, "_links": Value::from(links) })
    };
    Ok(Json(page(&app, &query, "roles", found, PAGE, links, (|binding: &Binding| binding.role.to_string(), one))))
}

async fn post_binding(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<BindingBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    let Json(body) = body?;
    let members = read(&by, &body.members)?;
    let binding = create(&app, &by, (&which.0, &body.role), &members).await?;
    Ok(Json(changed(&app, &binding)))
}

async fn get_binding(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::RolesRead>(&app).await?;
    let bound = app.store.read(by.org, |tx| bound(tx, (&set, &role))).await??;
    let path = path(&bound.binding);
    let links = Links::new(&app).to("self", "GET", &path).to("members", "GET", format!("{path}/members"));
    let links = links.to("resource-set", "GET", format!("/api/v1/iam/resource-sets/{}", bound.set.id));
    Ok(Json(json!({ "id": bound.role.id, "_links": Value::from(links) })))
}

async fn delete_binding(
    app: State<Arc<App>>,
    caller: Caller,
    Path((set, role)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::RolesManage>(&app).await?;
    delete(&app, &by, (&set, &role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// No such member of a binding.
pub fn no_member(id: &str) -> ApiError {
    ApiError::not_found::<AssignmentKind>(id)
}
