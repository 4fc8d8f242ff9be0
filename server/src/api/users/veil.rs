//! Conditions on what an administrator sees and changes of people: attributes that their role leaves out are neither shown,
//! nor searched or sorted by, nor changed. Login and names are always shown: people are told apart by them.

use std::collections::{BTreeMap, BTreeSet};

use postern_authn::permission::{Area, Attributes, Permission, Resource};
use postern_authn::user::User;
use postern_codes::id::{Id, User as UserKind};
use postern_store::search::Attribute;
use postern_store::walk::Order;
use postern_store::{Error, Tx};
use serde_json::{Map, Value};

use crate::App;
use crate::api::caller::Caller;
use crate::api::error::ApiError;

/// Attributes that whoever sees a person sees.
pub const ALWAYS: &[&str] = &["firstName", "lastName", "login"];

/// What an administrator sees of some people.
#[derive(Debug, Clone, Default)]
pub struct Veil(BTreeMap<Id<UserKind>, Attributes>);

impl Veil {
    /// What the caller sees of these people: what they may look at, and what they may change.
    ///
    /// # Errors
    /// Of the database.
    pub async fn of(app: &App, by: &Caller, people: &[User]) -> Result<Self, ApiError> {
        if by.authority().attributes_everywhere(Permission::UsersRead).is_all() {
            return Ok(Self::default());
        }
        let veil = app.store.read(by.org, |tx| {
            let mut veil = BTreeMap::new();
            for person in people {
                let read = attributes(tx, by, Permission::UsersRead, person.id)?;
                let change = attributes(tx, by, Permission::UsersProfileManage, person.id)?;
                veil.insert(person.id, read.or(change));
            }
            Ok(Self(veil))
        });
        Ok(veil.await?)
    }

    /// A person as answers have them, without what is not to be seen.
    #[must_use]
    pub fn over(&self, person: Id<UserKind>, mut shown: Value) -> Value {
        if let Some(seen) = self.0.get(&person)
            && let Some(profile) = shown.get_mut("profile").and_then(Value::as_object_mut)
        {
            profile.retain(|name, _| ALWAYS.contains(&name.as_str()) || seen.has(name));
        }
        shown
    }
}

/// The attributes of a person that the caller holds a permission over.
///
/// # Errors
/// Of the database.
pub fn attributes(
    tx: &mut Tx<'_>,
    by: &Caller,
    permission: Permission,
    person: Id<UserKind>,
) -> Result<Attributes, Error> {
    let mut within = BTreeSet::new();
    for resource in by.authority().resources(permission) {
        let is_within = match resource {
            Resource::All(area) => area == Area::Users,
            Resource::Members(group) => tx.is_member(group, person)?,
            Resource::User(id) => id == person,
            Resource::Device(_) | Resource::Group(_) => false,
        };
        if is_within {
            within.insert(resource);
        }
    }
    Ok(by.authority().attributes(permission, |resource| within.contains(&resource)))
}

/// A profile as it shall be, where the caller may change only some of it: what they may not see they need not repeat.
///
/// # Errors
/// 403 with the attribute that is not theirs to change.
pub fn kept(
    allowed: &Attributes,
    before: &Map<String, Value>,
    mut after: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    if allowed.is_all() {
        return Ok(after);
    }
    for (name, value) in before {
        if !allowed.has(name) && !after.contains_key(name) {
            after.insert(name.clone(), value.clone());
        }
    }
    let differs = |name: &String, value: &Value| before.get(name).unwrap_or(&Value::Null) != value;
    match after.iter().find(|(name, value)| !allowed.has(name) && differs(name, value)) {
        Some((name, _)) => {
            let name: String = name.chars().take(64).collect();
            Err(ApiError::forbidden().cause(format!("{name}: your role does not change this")))
        }
        None => Ok(after),
    }
}

/// What the caller may search by: attributes that they see of everybody within their reach.
pub fn searchable(by: &Caller, attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| is_seen(by, attribute.name)).copied().collect()
}

/// What the caller may sort by.
pub fn sortable(by: &Caller, orders: &[Order]) -> Vec<Order> {
    orders.iter().filter(|order| is_seen(by, order.name)).copied().collect()
}

/// Whether the caller may look for people by the beginning of what they are called.
///
/// # Errors
/// 400 where they do not see it of everybody within their reach.
pub fn check_words(by: &Caller) -> Result<(), ApiError> {
    let seen = by.authority().attributes_everywhere(Permission::UsersRead);
    if seen.has("email") {
        return Ok(());
    }
    Err(ApiError::validation("q", ["q: your role does not show the mail addresses that this looks at; use search"]))
}

fn is_seen(by: &Caller, name: &str) -> bool {
    let seen = by.authority().attributes_everywhere(Permission::UsersRead);
    name.strip_prefix("profile.").is_none_or(|name| ALWAYS.contains(&name) || seen.has(name))
}
