//! Whether somebody or something lies within an administrator's reach, and the same as a condition on a list.

use postern_authn::permission::Reach;
use postern_codes::id::{Device, Group, Id, User};

use crate::search::Condition;
use crate::sql::{Error, Tx, Value, values};

crate::statements! {
    IS_MEMBER = "SELECT user_id FROM memberships WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
}

impl Tx<'_> {
    /// Whether a person is in a group that somebody made.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_member(&mut self, group: Id<Group>, user: Id<User>) -> Result<bool, Error> {
        Ok(self.row(IS_MEMBER, values![group, user])?.is_some())
    }

    /// Whether a person lies within it.
    ///
    /// # Errors
    /// Of the database.
    pub fn reaches_user(&mut self, reach: &Reach, user: Id<User>) -> Result<bool, Error> {
        if reach.everybody || reach.users.contains(&user) {
            return Ok(true);
        }
        for group in &reach.members {
            if self.is_member(*group, user)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a computer lies within it, by itself or by somebody who is linked with it.
    ///
    /// # Errors
    /// Of the database.
    pub fn reaches_device(&mut self, reach: &Reach, device: Id<Device>) -> Result<bool, Error> {
        if reach.whole || reach.devices.contains(&device) {
            return Ok(true);
        }
        for link in self.links_of_device(device)? {
            if self.reaches_user(reach, link.user)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a group lies within it.
pub fn reaches_group(reach: &Reach, group: Id<Group>) -> bool {
    reach.whole || reach.groups.contains(&group)
}

/// What keeps a list of people within it; none where everybody is.
pub(crate) fn people(reach: &Reach) -> Option<Condition> {
    (!reach.everybody).then(|| {
        let (members, users) = (|| ids(&reach.members), || ids(&reach.users));
        let member = "(EXISTS (SELECT 1 FROM memberships m WHERE m.org_id = users.org_id AND m.user_id = users.id \
                      AND m.group_id IN (";
        let of_groups = "SELECT m.user_id AS id FROM memberships m WHERE m.org_id = $1 AND m.group_id IN (";
        let single = "SELECT p.id AS id FROM users p WHERE p.org_id = $1 AND p.id IN (";
        Condition::listed(vec![(member, members()), (")) OR users.id IN (", users())], "))").lying_in(vec![
            Condition::listed(vec![(of_groups, members())], ")"),
            Condition::listed(vec![(single, users())], ")"),
        ])
    })
}

/// What keeps a list of groups within it; none where every group is.
pub(crate) fn groups(reach: &Reach) -> Option<Condition> {
    (!reach.whole).then(|| {
        let groups = || ids(&reach.groups);
        let single = "SELECT p.id AS id FROM groups p WHERE p.org_id = $1 AND p.id IN (";
        Condition::listed(vec![("groups.id IN (", groups())], ")")
            .lying_in(vec![Condition::listed(vec![(single, groups())], ")")])
    })
}

/// What keeps a list of computers within it; none where every computer is.
pub(crate) fn devices(reach: &Reach) -> Option<Condition> {
    if reach.whole {
        return None;
    }
    let own = ids(&reach.devices);
    if reach.everybody {
        let linked = "d.id IN (SELECT l.device_id FROM device_users l WHERE l.org_id = $1 UNION \
                      SELECT o.id FROM devices o WHERE o.org_id = $1 AND o.id IN (";
        return Some(Condition::listed(vec![(linked, own)], "))"));
    }
    let parts = vec![
        (
            "d.id IN (SELECT l.device_id FROM device_users l WHERE l.org_id = $1 AND l.user_id IN (\
          SELECT m.user_id FROM memberships m WHERE m.org_id = $1 AND m.group_id IN (",
            ids(&reach.members),
        ),
        (") UNION SELECT p.id FROM users p WHERE p.org_id = $1 AND p.id IN (", ids(&reach.users)),
        (")) UNION SELECT o.id FROM devices o WHERE o.org_id = $1 AND o.id IN (", own),
    ];
    Some(Condition::listed(parts, "))"))
}

fn ids<'i, K: 'i>(of: impl IntoIterator<Item = &'i Id<K>>) -> Vec<Value>
where
    Value: From<Id<K>>,
{
    of.into_iter().map(|id| Value::from(*id)).collect()
}
