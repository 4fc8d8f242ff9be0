//! Who holds which role.

use postern_authn::permission::right;
use postern_authn::user::{Status, User, fold};
use postern_codes::id::{RoleAssignment as AssignmentKind, User as UserKind};
use postern_store::groups::Group;
use postern_store::roles::{Held, Holder, RoleAssignment};
use postern_store::{Error, Tx};

use super::To;
use crate::App;
use crate::api::caller::Allowed;
use crate::api::change::Outcome;
use crate::api::error::ApiError;
use crate::api::{groups, users};

/// A role that is held, with what people call it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The assignment.
    pub assignment: RoleAssignment,
    /// What people call the role.
    pub label: String,
}

/// The roles that somebody holds; of a person, those of their groups too.
///
/// # Errors
/// 404 for nobody.
pub async fn held(app: &App, by: &Allowed<right::RolesRead>, who: To<'_>) -> Result<Vec<Shown>, ApiError> {
    let held = app.store.read(by.org, |tx| {
        let found = match seen(tx, by, who)? {
            Ok(holder) => holder,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let all = all_of(tx, found)?;
        all.into_iter().map(|one| shown(tx, one)).collect::<Result<Vec<_>, Error>>().map(Ok)
    });
    held.await?
}

/// Who holds a role, with what they are called.
#[derive(Debug, Clone)]
pub enum Who {
    /// A group, with how many people are in it.
    Group(Group, u64),
    /// A person.
    User(User),
}

/// Which of the roles that are held are wanted.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// A part of the holder's name or login.
    pub words: String,
    /// Whether groups hold them, or people themselves.
    pub by_groups: Option<bool>,
    /// Which role: a standard one by its name, one that the organisation made by its id.
    pub role: Option<String>,
    /// Only those that follow this one.
    pub after: String,
}

/// So many are looked at before those are left out that are not wanted.
const BATCH: u32 = 200;

/// The first `limit` of the roles that anybody holds and that are wanted, oldest first, with their holders.
///
/// # Errors
/// Of the database.
pub async fn all(
    app: &App,
    by: &Allowed<right::RolesRead>,
    sought: &Sought,
    limit: u32,
) -> Result<Vec<(Shown, Who)>, ApiError> {
    let words = fold(&sought.words);
    let is_meant = |own: &RoleAssignment| {
        let role = match own.held {
            Held::Custom { role, .. } => role.to_string(),
            Held::Standard(role) => role.as_str().to_owned(),
        };
        let is_group = matches!(own.holder, Holder::Group(_));
        sought.by_groups.is_none_or(|wanted| wanted == is_group) && sought.role.as_ref().is_none_or(|own| *own == role)
    };
    let found = app.store.read(by.org, |tx| {
        let (mut found, mut after) = (Vec::new(), sought.after.clone());
        loop {
            let batch = tx.all_role_assignments(&after, BATCH)?;
            let is_last = batch.len() < BATCH as usize;
            if let Some(last) = batch.last() {
                after = last.id.to_string();
            }
            for own in batch.into_iter().filter(is_meant) {
                if found.len() >= limit as usize {
                    return Ok(found);
                }
                let Some(who) = who(tx, own.holder)? else { continue };
                let is_called = match &who {
                    Who::Group(group, _) => fold(&group.name).contains(&words),
                    Who::User(person) => {
                        [&person.name(), person.login.as_str()].iter().any(|own| fold(own).contains(&words))
                    }
                };
                if is_called {
                    found.push((shown(tx, own)?, who));
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    });
    Ok(found.await?)
}

/// One role that somebody holds.
///
/// # Errors
/// 404 where nobody holds it.
pub async fn one(app: &App, by: &Allowed<right::RolesRead>, which: &str) -> Result<(Shown, Who), ApiError> {
    let found = app.store.read(by.org, |tx| {
        let found = match which.parse() {
            Ok(id) => tx.role_assignment(id)?,
            Err(_) => None,
        };
        let Some(own) = found else { return Ok(None) };
        let Some(who) = who(tx, own.holder)? else { return Ok(None) };
        Ok(Some((shown(tx, own)?, who)))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<AssignmentKind>(which))
}

fn who(tx: &mut Tx<'_>, holder: Holder) -> Result<Option<Who>, Error> {
    Ok(match holder {
        Holder::Group(id) => match tx.group(id)? {
            Some(group) => Some(Who::Group(group, tx.count_members(id)?)),
            None => None,
        },
        // Whose account has ended does nothing by it.
        Holder::User(id) => tx.user(id)?.filter(|own| own.status != Status::Deprovisioned).map(Who::User),
    })
}

/// Everything that somebody holds; of a person, what their groups hold too.
///
/// # Errors
/// Of the database.
pub fn all_of(tx: &mut Tx<'_>, holder: Holder) -> Result<Vec<RoleAssignment>, Error> {
    match holder {
        Holder::Group(id) => tx.role_assignments_of_group(id),
        Holder::User(id) => {
            let mut all = tx.role_assignments(id)?;
            all.extend(tx.role_assignments_by_groups(id)?);
            Ok(all)
        }
    }
}

/// The role that `which` names among those that somebody holds themselves.
///
/// # Errors
/// Of the database.
pub fn own(tx: &mut Tx<'_>, holder: Holder, which: &str) -> Outcome<RoleAssignment> {
    let found = all_of(tx, holder)?.into_iter().find(|held| held.id.as_str() == which);
    Ok(match found {
        Some(held) if held.holder == holder => Ok(held),
        Some(_) => Err(ApiError::forbidden().cause("a group holds this role: take it from the group")),
        None => Err(ApiError::not_found::<AssignmentKind>(which)),
    })
}

/// Somebody to look at.
///
/// # Errors
/// Of the database.
pub fn seen(tx: &mut Tx<'_>, by: &Allowed<right::RolesRead>, who: To<'_>) -> Outcome<Holder> {
    Ok(match who {
        To::Group(which) => groups::seen(tx, by, which)?.map(|group| Holder::Group(group.id)),
        To::Known(holder) => Ok(holder),
        To::User(who) => {
            let person = users::seen(tx, by, who)?;
            person.map(|person| Holder::User(person.id)).ok_or_else(|| ApiError::not_found::<UserKind>(who))
        }
    })
}

/// A role that is held, with what people call it.
///
/// # Errors
/// Of the database.
pub fn shown(tx: &mut Tx<'_>, assignment: RoleAssignment) -> Result<Shown, Error> {
    let label = match assignment.held {
        Held::Custom { role, .. } => tx.custom_role(role)?.map_or_else(String::new, |role| role.label),
        Held::Standard(role) => role.label().to_owned(),
    };
    Ok(Shown { assignment, label })
}
