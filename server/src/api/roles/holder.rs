//! Who can be given a role or lose one at a caller's hands.

use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::Status;
use postern_codes::Env;
use postern_store::roles::Holder;
use postern_store::{Error, Tx};

use super::MOST_IN_GROUP;
use crate::api::caller::Allowed;
use crate::api::change::Outcome;
use crate::api::error::ApiError;
use crate::api::groups;
use crate::api::users::{self, Refusal};

/// Whom a role is given to or taken from.
#[derive(Debug, Clone, Copy)]
pub enum To<'t> {
    /// A group, by what a path has in its place.
    Group(&'t str),
    /// Somebody by id.
    Known(Holder),
    /// A person, by id, login or the beginning of one.
    User(&'t str),
}

/// Somebody who may be given or lose a role at the caller's hands.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who.
    pub holder: Holder,
    /// As the record names them.
    pub target: Target,
    people: u64,
}

/// Whether a caller who may give roles may change what somebody holds: nobody above them.
///
/// # Errors
/// Of the database.
pub fn may_change(tx: &mut Tx<'_>, by: &Allowed<right::RolesManage>, holder: Holder) -> Result<bool, Error> {
    Ok(match holder {
        Holder::Group(id) => by.authority().covers(&tx.authority_of_group(id)?),
        Holder::User(id) => users::hindrance(tx, by, Permission::RolesManage, id)?.is_none(),
    })
}

/// Somebody whose roles the caller may change: nobody above them. A refusal is recorded as `kind`. A group is held until
/// the commit, so that nobody comes into it unseen; one that fills itself by rules is given none, since whoever changes
/// profiles would give the role.
///
/// # Errors
/// Of the database.
pub fn holder(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    to: To<'_>,
    kind: EventType,
    env: &Env,
) -> Outcome<Found> {
    let group = |tx: &mut Tx<'_>, which: &str| {
        match groups::named(tx, which)? {
            Ok(group) if group.kind == GroupKind::BuiltIn => return Ok(Err(built_in())),
            Ok(group) => tx.hold_group(group.id)?,
            Err(unknown) => return Ok(Err(unknown)),
        }
        let group = match groups::reached(tx, by, which, kind, env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let gives = matches!(kind, EventType::BindingAdd | EventType::GroupPrivilegeGrant | EventType::PrivilegeGrant);
        if gives && tx.is_filled_by_rule(group.id)? {
            let summary = "Roles cannot be granted to groups with group membership rules.";
            return Ok(Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000192", summary)));
        }
        let people = tx.count_members(group.id)?;
        Ok(Ok(Found { holder: Holder::Group(group.id), target: groups::target(&group), people }))
    };
    let user = |tx: &mut Tx<'_>, who: &str| {
        Ok(match users::reached(tx, by, who, kind, env)? {
            Ok(person) if person.status == Status::Deprovisioned => Err(Refusal::Ended.into()),
            Ok(person) => Ok(Found { holder: Holder::User(person.id), target: users::target(&person), people: 1 }),
            Err(refused) => Err(refused),
        })
    };
    match to {
        To::Group(which) => group(tx, which),
        To::Known(Holder::Group(id)) => group(tx, id.as_str()),
        To::Known(Holder::User(id)) => user(tx, id.as_str()),
        To::User(who) => user(tx, who),
    }
}

/// The same of somebody who can be given a role at all: no group of more people than one looks at.
///
/// # Errors
/// Of the database.
pub fn recipient(
    tx: &mut Tx<'_>,
    by: &Allowed<right::RolesManage>,
    to: To<'_>,
    kind: EventType,
    env: &Env,
) -> Outcome<Found> {
    let found = match holder(tx, by, to, kind, env)? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if found.people > MOST_IN_GROUP {
        let summary = "Roles can only be granted to groups with 5000 or less users.";
        return Ok(Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000193", summary)));
    }
    Ok(Ok(found))
}

impl Found {
    /// The event of a role that they are given, or lose.
    pub const fn event(&self, is_given: bool) -> EventType {
        match (self.holder, is_given) {
            (Holder::Group(_), true) => EventType::GroupPrivilegeGrant,
            (Holder::Group(_), false) => EventType::GroupPrivilegeRevoke,
            (Holder::User(_), true) => EventType::PrivilegeGrant,
            (Holder::User(_), false) => EventType::PrivilegeRevoke,
        }
    }
}

/// The event of giving a role to whomever a path names.
pub const fn grant_event(to: To<'_>) -> EventType {
    match to {
        To::Group(_) | To::Known(Holder::Group(_)) => EventType::GroupPrivilegeGrant,
        To::User(_) | To::Known(Holder::User(_)) => EventType::PrivilegeGrant,
    }
}

/// The event of taking it.
pub const fn revoke_event(from: To<'_>) -> EventType {
    match from {
        To::Group(_) | To::Known(Holder::Group(_)) => EventType::GroupPrivilegeRevoke,
        To::User(_) | To::Known(Holder::User(_)) => EventType::PrivilegeRevoke,
    }
}

fn built_in() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "E0000211", "Roles cannot be granted to built-in groups.")
}
