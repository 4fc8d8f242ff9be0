//! Who is in a group: people put into it and taken out by hand.

use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, Role, right};
use postern_codes::id::{Id, User as UserKind};
use postern_store::groups::Group;
use postern_store::roles::Loss;
use postern_store::{Error, Tx};

use super::{reached, target};
use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::users::{self, Refusal};

/// A person in a group, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// In it.
    Member,
    /// Not in it.
    Stranger,
}

/// Puts a person into a group or takes them out; says whether that changed anything. To repeat it changes nothing.
///
/// # Errors
/// 404 for no group or nobody, 400 for the built-in group, 403 where the person is above the caller: a group may decide
/// what is asked of its members.
pub async fn set_member(
    app: &App,
    by: &Allowed<right::GroupsMembersManage>,
    (which, who): (&str, &str),
    wanted: Membership,
) -> Result<bool, ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let kind = match wanted {
            Membership::Member => EventType::GroupUserAdd,
            Membership::Stranger => EventType::GroupUserRemove,
        };
        let group = match reached(tx, by, which, kind, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let person = match users::reached_with(tx, by, Permission::UsersGroupMembership, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(refusal) = hindrance(tx, by, &group, person.id, wanted)? {
            return users::refuse(tx, by, kind, &person, refusal, &env);
        }
        let changed = match wanted {
            Membership::Member => tx.add_member(group.id, person.id, env.now)?,
            Membership::Stranger => {
                let holders = tx.remove_member(group.id, person.id, env.now)?;
                for rule in holders.iter().flatten() {
                    let event = by.success(EventType::GroupRuleExclude).target(users::target(&person));
                    tx.record(&event.target(Target::new("GroupRule", rule, "", "")), &env)?;
                }
                holders.is_some()
            }
        };
        if changed {
            tx.record(&by.success(kind).target(users::target(&person)).target(target(&group)), &env)?;
        }
        Ok(Ok(changed))
    });
    done.await?
}

/// Why the caller may not put a person into a group or take them out: it would bring them within reach of what the caller
/// holds over the group's people alone, or take the last super administrator.
fn hindrance(
    tx: &mut Tx<'_>,
    by: &Caller,
    group: &Group,
    person: Id<UserKind>,
    wanted: Membership,
) -> Result<Option<Refusal>, Error> {
    match wanted {
        Membership::Member if tx.is_member(group.id, person)? => {}
        Membership::Member => {
            for permission in by.authority().over_members(group.id) {
                if !users::is_seen(tx, by, permission, person)? {
                    return Ok(Some(Refusal::OutOfScope));
                }
            }
        }
        Membership::Stranger => {
            let is_super = tx.authority_of_group(group.id)?.holds(Role::Super);
            if is_super && tx.leaves_no_super(Loss::Member(group.id, person))? {
                return Ok(Some(Refusal::LastSuper));
            }
        }
    }
    Ok(None)
}
