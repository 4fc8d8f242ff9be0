//! Groups and who is in them. Everybody is in the built-in group by being there: it has no rows of its own.

use postern_authn::group::{EVERYONE, GroupKind, GroupProfile};
use postern_authn::permission::Reach;
use postern_authn::user::fold;
use postern_codes::id::{Group as GroupKindId, GroupRule, Id, User};
use postern_codes::{Env, Timestamp};

use crate::reach;
use crate::search::{Attribute, Column, Condition};
use crate::sql::{Error, Row, Tx, values};
use crate::walk::{Cursor, Found, MOST_EXAMINED, Order, Sorting, Source, Table, Walk};

macro_rules! columns {
    () => {
        "g.id, g.kind, g.name, g.description, g.created_at, g.updated_at, g.members_changed_at"
    };
}

crate::statements! {
    GROUP = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1 AND g.id = $2");
    GROUP_INSERT = "INSERT INTO groups (org_id, id, kind, name, name_folded, description, description_folded, created_at, \
                    updated_at, members_changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8) \
                    ON CONFLICT (org_id, name_folded) DO NOTHING";
    NAMED = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1 AND g.name_folded = $2");
    NAME_TAKEN = "SELECT id FROM groups WHERE org_id = $1 AND name_folded = $2 AND id <> $3";
    GROUP_SET = "UPDATE groups SET name = $3, name_folded = $4, description = $5, description_folded = $6, \
                 updated_at = $7 \
                 WHERE org_id = $1 AND id = $2";
    SOMEBODY = "SELECT user_id FROM memberships WHERE org_id = $1 AND group_id = $2 LIMIT 1";
    GROUP_EMPTY = "DELETE FROM memberships WHERE org_id = $1 AND group_id = $2";
    GROUP_DELETE = "DELETE FROM groups WHERE org_id = $1 AND id = $2";
    GROUPS_OF = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1 AND (g.kind = 'BUILT_IN' OR EXISTS \
                        (SELECT 1 FROM memberships m WHERE m.org_id = g.org_id AND m.group_id = g.id AND m.user_id = $2)) \
                        ORDER BY g.id");
    MEMBER_ADD = "INSERT INTO memberships (org_id, group_id, user_id, added_at) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (org_id, group_id, user_id) DO NOTHING";
    /// Whom a rule put there stays now whatever the rules say.
    MEMBER_KEEP = "UPDATE memberships SET by_hand = TRUE WHERE org_id = $1 AND group_id = $2 AND user_id = $3 \
                   AND NOT by_hand";
    MEMBER_REMOVE = "DELETE FROM memberships WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    MEMBER_COUNT = "SELECT COUNT(*) AS people FROM memberships WHERE org_id = $1 AND group_id = $2";
    PEOPLE_COUNT = "SELECT COUNT(*) AS people FROM users WHERE org_id = $1 AND status <> 'DEPROVISIONED'";
    MEMBERS_CHANGED = "UPDATE groups SET members_changed_at = $3 WHERE org_id = $1 AND id = $2";
}

const GROUPS: Table = Table {
    name: "groups",
    columns: "org_id, id, kind, name, description, created_at, updated_at, members_changed_at, name_folded, \
              description_folded",
};

/// What groups can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "created", column: Column::Indexed(&Column::Time("created_at")) },
    Attribute { name: "id", column: Column::Indexed(&Column::Exact("id")) },
    Attribute { name: "lastMembershipUpdated", column: Column::Indexed(&Column::Time("members_changed_at")) },
    Attribute { name: "lastUpdated", column: Column::Indexed(&Column::Time("updated_at")) },
    Attribute { name: "profile.description", column: Column::Stored("description_folded") },
    Attribute { name: "profile.name", column: Column::Indexed(&Column::Stored("name_folded")) },
    Attribute { name: "type", column: Column::Indexed(&Column::Exact("kind")) },
];

/// What groups can be sorted by.
pub const ORDERS: &[Order] = &[
    Order { name: "created", column: "created_at", is_unique: false, is_time: true },
    Order::ID,
    Order { name: "lastMembershipUpdated", column: "members_changed_at", is_unique: false, is_time: true },
    Order { name: "lastUpdated", column: "updated_at", is_unique: false, is_time: true },
    Order { name: "profile.name", column: "name_folded", is_unique: true, is_time: false },
    Order { name: "type", column: "kind", is_unique: false, is_time: false },
];

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: Id<GroupKindId>,
    /// Whether it came with the organisation.
    pub kind: GroupKind,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its profile last changed.
    pub updated_at: Timestamp,
    /// When somebody last came or went.
    pub members_changed_at: Timestamp,
}

/// Which groups are wanted.
#[derive(Debug, Clone, Default)]
pub struct GroupQuery {
    /// Beginning of the name.
    pub name: Option<String>,
    /// A filter over [`ATTRIBUTES`].
    pub condition: Option<Condition>,
    /// In which order.
    pub sorting: Sorting,
    /// Only those that follow this one.
    pub after: Option<Cursor<GroupKindId>>,
    /// Only those within this reach; every group where there is none.
    pub within: Option<Reach>,
}

impl Tx<'_> {
    /// The first `limit` of the groups that are wanted, as far as one question may look.
    ///
    /// # Errors
    /// Of the database.
    pub fn groups(&mut self, query: &GroupQuery, limit: u32) -> Result<Vec<Group>, Error> {
        let (mut query, mut groups, mut examined) = (query.clone(), Vec::new(), 0);
        loop {
            let missing = limit.saturating_sub(u32::try_from(groups.len()).unwrap_or(u32::MAX));
            let found = self.some_groups(&query, missing)?;
            groups.extend(found.rows);
            examined += found.examined;
            match found.next {
                Some(next) if groups.len() < limit as usize && examined < MOST_EXAMINED => query.after = Some(next),
                _ => return Ok(groups),
            }
        }
    }

    /// At most `limit` of the groups that are wanted, found by judging a bounded number.
    ///
    /// # Errors
    /// Of the database.
    pub fn some_groups(&mut self, query: &GroupQuery, limit: u32) -> Result<Found<Group, GroupKindId>, Error> {
        let found = walk(query).stride(limit, self)?;
        let rows = found.rows.iter().map(group).collect::<Result<_, _>>()?;
        Ok(Found { rows, next: found.next, examined: found.examined })
    }

    /// One group.
    ///
    /// # Errors
    /// Of the database.
    pub fn group(&mut self, id: Id<GroupKindId>) -> Result<Option<Group>, Error> {
        self.row(GROUP, values![id])?.as_ref().map(group).transpose()
    }

    /// The group with this name, whatever its case.
    ///
    /// # Errors
    /// Of the database.
    pub fn group_named(&mut self, name: &str) -> Result<Option<Group>, Error> {
        self.row(NAMED, values![fold(name)])?.as_ref().map(group).transpose()
    }

    /// The groups that a person is in.
    ///
    /// # Errors
    /// Of the database.
    pub fn groups_of(&mut self, user: Id<User>) -> Result<Vec<Group>, Error> {
        self.rows(GROUPS_OF, values![user])?.iter().map(group).collect()
    }

    /// Whether anybody is in a group that is not the one of everybody.
    ///
    /// # Errors
    /// Of the database.
    pub fn has_members(&mut self, id: Id<GroupKindId>) -> Result<bool, Error> {
        Ok(self.row(SOMEBODY, values![id])?.is_some())
    }

    /// How many people are in a group that somebody made.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_members(&mut self, id: Id<GroupKindId>) -> Result<u64, Error> {
        self.row(MEMBER_COUNT, values![id])?.map_or(Ok(0), |row| row.get("people"))
    }

    /// How many people there are, without those whose account has ended.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_people(&mut self) -> Result<u64, Error> {
        self.row(PEOPLE_COUNT, values![])?.map_or(Ok(0), |row| row.get("people"))
    }

    /// Makes a group; `None` where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_group(
        &mut self,
        kind: GroupKind,
        profile: &GroupProfile,
        env: &Env,
    ) -> Result<Option<Id<GroupKindId>>, Error> {
        let id = Id::new(env);
        let (name, description) = (profile.name(), profile.description());
        let folded = (fold(name), fold(description));
        let made =
            self.execute(GROUP_INSERT, values![id, kind.as_str(), name, folded.0, description, folded.1, env.now])?;
        Ok((made == 1).then_some(id))
    }

    /// Gives a group another profile; `false` where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_group(&mut self, id: Id<GroupKindId>, profile: &GroupProfile, now: Timestamp) -> Result<bool, Error> {
        let folded = fold(profile.name());
        if self.row(NAME_TAKEN, values![&folded, id])?.is_some() {
            return Ok(false);
        }
        let description = profile.description();
        self.one(GROUP_SET, values![id, profile.name(), folded, description, fold(description), now])?;
        Ok(true)
    }

    /// Deletes a group; those who were in it stay, the roles it held are nobody's.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_group(&mut self, id: Id<GroupKindId>) -> Result<(), Error> {
        self.end_roles_of_group(id)?;
        self.clear_owners(id)?;
        self.let_go_of_rules(id)?;
        self.execute(GROUP_EMPTY, values![id])?;
        self.one(GROUP_DELETE, values![id])
    }

    /// Puts a person into a group by hand; `false` where they were in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn add_member(&mut self, id: Id<GroupKindId>, user: Id<User>, now: Timestamp) -> Result<bool, Error> {
        let added = self.execute(MEMBER_ADD, values![id, user, now])? == 1;
        if added || self.execute(MEMBER_KEEP, values![id, user])? == 1 {
            self.queue_check(user)?;
        }
        self.note_members(id, added, now)
    }

    /// Takes a person out of a group by hand; a rule that held them there leaves them out from now on. Gives the rules of
    /// which that is true, or nothing where they were not in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn remove_member(
        &mut self,
        id: Id<GroupKindId>,
        user: Id<User>,
        now: Timestamp,
    ) -> Result<Option<Vec<Id<GroupRule>>>, Error> {
        let holders = self.exclude_from_holders(id, user)?;
        let removed = self.execute(MEMBER_REMOVE, values![id, user])? == 1;
        if removed {
            self.queue_check(user)?;
        }
        Ok(self.note_members(id, removed, now)?.then_some(holders))
    }

    pub(crate) fn note_members(&mut self, id: Id<GroupKindId>, changed: bool, now: Timestamp) -> Result<bool, Error> {
        if changed {
            self.one(MEMBERS_CHANGED, values![id, now])?;
        }
        Ok(changed)
    }

    /// Makes the group that everybody is in, once in the life of an organisation.
    pub(crate) fn insert_everyone(&mut self, env: &Env) -> Result<(), Error> {
        match self.insert_group(GroupKind::BuiltIn, &GroupProfile::everyone(), env)? {
            Some(_) => Ok(()),
            None => Err(Error::fault(format!("there is a group {EVERYONE} already"))),
        }
    }
}

fn group(row: &Row) -> Result<Group, Error> {
    Ok(Group {
        id: row.get("id")?,
        kind: row.parse("kind")?,
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        members_changed_at: row.get("members_changed_at")?,
    })
}

fn walk(query: &GroupQuery) -> Walk<'_, GroupKindId> {
    let name = query.name.as_deref().map(|name| Condition::beginning("name_folded", &fold(name)));
    Walk {
        table: &GROUPS,
        source: Source::Whole,
        always: None,
        condition: [name, query.condition.clone(), query.within.as_ref().and_then(reach::groups)]
            .into_iter()
            .flatten()
            .reduce(Condition::and),
        sorting: query.sorting,
        after: query.after.as_ref().filter(|after| after.fits(&query.sorting.order)),
    }
}

/// Every statement that a question may become: for tests of their plans.
#[cfg(feature = "scratch")]
pub fn texts(query: &GroupQuery) -> Vec<(&'static str, String, usize)> {
    walk(query).texts()
}
