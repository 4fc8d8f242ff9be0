//! Groups: made, changed, deleted, listed, and which of them a caller reaches.

pub mod effects;
mod http;
mod members;

use postern_authn::audit::{EventType, Target};
use postern_authn::demand::Class;
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::permission::{Permission, Right, Role, right};
use postern_codes::Env;
use postern_codes::id::{Group as GroupKindId, Id};
use postern_store::groups::{Group, GroupQuery};
use postern_store::reach;
use postern_store::roles::Loss;
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::page::{Gathering, Listed};
use crate::api::users::Refusal;
use crate::api::{demands, policies};

pub use http::{routes, shown};
pub use members::{Membership, set_member};

/// Makes a group.
///
/// # Errors
/// 400 where the name is taken.
pub async fn create(app: &App, by: &Allowed<right::GroupsCreate>, profile: &GroupProfile) -> Result<Group, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let Some(id) = tx.insert_group(GroupKind::Own, profile, &env)? else { return Ok(Err(name_taken())) };
        let made = named(tx, id.as_str())?;
        if let Ok(group) = &made {
            tx.record(&by.success(EventType::GroupCreate).target(target(group)), &env)?;
        }
        Ok(made)
    });
    made.await?
}

/// Gives a group another profile.
///
/// # Errors
/// 404 for no group, 400 for the built-in one and where the name is taken.
pub async fn update(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    which: &str,
    profile: &GroupProfile,
) -> Result<Group, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        let group = match reached(tx, by, which, EventType::GroupUpdate, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        if !tx.set_group(group.id, profile, env.now)? {
            return Ok(Err(name_taken()));
        }
        tx.record(&by.success(EventType::GroupUpdate).target(target(&group)), &env)?;
        named(tx, which)
    });
    changed.await?
}

/// Deletes a group; those who were in it stay.
///
/// # Errors
/// 404 for no group, 400 for the built-in one, for one that a policy speaks of and for one that a rule fills.
pub async fn delete(app: &App, by: &Allowed<right::GroupsManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        let group = match reached(tx, by, which, EventType::GroupDelete, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Err(refused) = policies::refuse_if_used(tx, group.id.as_str(), &group.name)? {
            tx.record(&by.failure(EventType::GroupDelete, "in_use").target(target(&group)), &env)?;
            return Ok(Err(refused));
        }
        if tx.authority_of_group(group.id)?.holds(Role::Super) && tx.leaves_no_super(Loss::Group(group.id))? {
            return refuse(tx, by, EventType::GroupDelete, &group, Refusal::LastSuper, &env);
        }
        tx.lock_rules()?;
        if let Some((_, rule)) = tx.rules_that_fill(group.id)?.into_iter().next() {
            tx.record(&by.failure(EventType::GroupDelete, "in_use").target(target(&group)), &env)?;
            let cause = format!("group: the rule {rule} fills it; delete the rule first");
            return Ok(Err(ApiError::validation("group", [cause])));
        }
        tx.delete_group(group.id)?;
        tx.record(&by.success(EventType::GroupDelete).target(target(&group)), &env)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// A page of the groups that are wanted and that the caller may see.
///
/// # Errors
/// E0000031 where none is found among as many as one question may look at.
pub async fn listed(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    mut query: GroupQuery,
    limit: u32,
) -> Result<Listed<Group>, ApiError> {
    query.within = Some(by.authority().reach(Permission::GroupsRead));
    let mut gathering = Gathering::new(limit, query.after.take());
    while let Some((after, missing)) = gathering.turn() {
        query.after = after;
        gathering.add(app.store.read(by.org, |tx| tx.some_groups(&query, missing)).await?);
    }
    gathering.end()
}

/// The groups that are wanted and that the caller may see, one more than `limit` where there are more.
///
/// # Errors
/// As [`listed`].
pub async fn list(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    query: GroupQuery,
    limit: u32,
) -> Result<Vec<Group>, ApiError> {
    Ok(listed(app, by, query, limit.saturating_add(1)).await?.rows)
}

/// One group.
///
/// # Errors
/// 404 where there is none.
pub async fn group(app: &App, by: &Allowed<right::GroupsRead>, which: &str) -> Result<Group, ApiError> {
    app.store.read(by.org, |tx| seen(tx, by, which)).await?
}

/// A group to look at: within the scope in which the caller holds `R`.
///
/// # Errors
/// Of the database.
pub fn seen<R: Right>(tx: &mut Tx<'_>, by: &Allowed<R>, which: &str) -> Result<Result<Group, ApiError>, Error> {
    let reach = by.authority().reach(R::PERMISSION);
    Ok(named(tx, which)?.and_then(|group| {
        let is_seen = reach::reaches_group(&reach, group.id);
        if is_seen { Ok(group) } else { Err(ApiError::not_found::<GroupKindId>(which)) }
    }))
}

/// A group to change: one that an administrator made, within the scope in which the caller holds `R`. A group that holds
/// roles is changed by those alone who could give them. A group that the caller may not see is not there; that they may not
/// change it is recorded. Until the commit nobody else changes who is in it, or which roles it holds.
///
/// # Errors
/// Of the database.
pub fn reached<R: Right>(
    tx: &mut Tx<'_>,
    by: &Allowed<R>,
    which: &str,
    kind: EventType,
    env: &Env,
) -> Result<Result<Group, ApiError>, Error> {
    let group = match named(tx, which)? {
        Ok(group) => group,
        Err(unknown) => return Ok(Err(unknown)),
    };
    if !reach::reaches_group(&by.authority().reach(R::PERMISSION), group.id) {
        tx.record(&by.failure(kind, "out_of_scope").target(target(&group)), env)?;
        let is_seen = reach::reaches_group(&by.authority().reach(Permission::GroupsRead), group.id);
        return Ok(Err(if is_seen {
            ApiError::forbidden().cause("your role does not reach this group")
        } else {
            ApiError::not_found::<GroupKindId>(which)
        }));
    }
    if group.kind == GroupKind::BuiltIn {
        let why = "group: everybody is in the built-in group; it cannot be changed";
        return Ok(Err(ApiError::validation("group", [why])));
    }
    tx.hold_group(group.id)?;
    let theirs = tx.authority_of_group(group.id)?;
    if theirs.is_administrator() && !(by.authority().has(Permission::RolesManage) && by.authority().covers(&theirs)) {
        return refuse(tx, by, kind, &group, Refusal::Above, env);
    }
    // Who comes into such a group is given roles, and who leaves it loses them.
    if theirs.is_administrator()
        && let Err(refused) = demands::hold_in(tx, by, Class::Roles, env)?
    {
        return Ok(Err(refused));
    }
    Ok(Ok(group))
}

/// Records that the caller may not act on a group, and says so.
fn refuse<T>(
    tx: &mut Tx<'_>,
    by: &Caller,
    kind: EventType,
    group: &Group,
    refusal: Refusal,
    env: &Env,
) -> Result<Result<T, ApiError>, Error> {
    tx.record(&by.failure(kind, refusal.code()).target(target(group)), env)?;
    let error: ApiError = refusal.into();
    let why = "the group holds administrator roles that you could not give";
    Ok(Err(if refusal == Refusal::Above { ApiError::forbidden().cause(why) } else { error }))
}

/// A group by id.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<Group, ApiError>, Error> {
    let found = match which.parse::<Id<GroupKindId>>() {
        Ok(id) => tx.group(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<GroupKindId>(which)))
}

/// A group as the record names it.
pub fn target(group: &Group) -> Target {
    Target::new("UserGroup", group.id, "", &group.name)
}

fn name_taken() -> ApiError {
    ApiError::validation("name", ["name: An object with this field already exists in the current organization"])
}

/// How many people are in a group.
///
/// # Errors
/// Of the database.
pub fn size(tx: &mut Tx<'_>, group: &Group) -> Result<u64, Error> {
    match group.kind {
        GroupKind::BuiltIn => tx.count_people(),
        GroupKind::Own => tx.count_members(group.id),
    }
}
