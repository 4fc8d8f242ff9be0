//! What hangs on a group: what changes for whom when somebody comes, goes, or the group itself goes.

use postern_authn::permission::{Grant, Right};
use postern_authn::policy::PolicyType;
use postern_codes::id::{GroupRule, Id};
use postern_store::groups::Group;

use super::size;
use crate::App;
use crate::api::caller::Allowed;
use crate::api::error::ApiError;

/// What hangs on a group.
pub struct Hanging {
    /// How many people are in it.
    pub people: u64,
    /// What it lets them do.
    pub grants: Vec<Grant>,
    /// Policies that speak of it, which keep it from being deleted.
    pub policies: Vec<(String, PolicyType)>,
    /// Rules that fill it, which do so too.
    pub rules: Vec<(Id<GroupRule>, String)>,
}

/// What hangs on a group that the caller was shown.
///
/// # Errors
/// Of the database.
pub async fn hanging_on<R: Right>(app: &App, by: &Allowed<R>, group: &Group) -> Result<Hanging, ApiError> {
    let found = app.store.read(by.org, |tx| {
        Ok(Hanging {
            people: size(tx, group)?,
            grants: tx.authority_of_group(group.id)?.grants().to_vec(),
            policies: tx.policies_about(group.id.as_str())?,
            rules: tx.rules_that_fill(group.id)?,
        })
    });
    Ok(found.await?)
}
