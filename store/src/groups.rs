//! Groups and who is in them. Everybody is in the built-in group by being there: it has no rows of its own.

use postern_authn::group::{EVERYONE, GroupKind, GroupProfile};
use postern_codes::id::{Group as GroupKindId, Id, User};
use postern_codes::{Env, Timestamp};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "g.id, g.kind, g.name, g.description, g.created_at, g.updated_at, g.members_changed_at"
    };
}

crate::statements! {
    GROUP = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1 AND g.id = $2");
    GROUP_INSERT = "INSERT INTO groups (org_id, id, kind, name, name_folded, description, created_at, updated_at, \
                    members_changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7) \
                    ON CONFLICT (org_id, name_folded) DO NOTHING";
    NAME_TAKEN = "SELECT id FROM groups WHERE org_id = $1 AND name_folded = $2 AND id <> $3";
    GROUP_SET = "UPDATE groups SET name = $3, name_folded = $4, description = $5, updated_at = $6 \
                 WHERE org_id = $1 AND id = $2";
    GROUP_EMPTY = "DELETE FROM memberships WHERE org_id = $1 AND group_id = $2";
    GROUP_DELETE = "DELETE FROM groups WHERE org_id = $1 AND id = $2";
    GROUPS_OF = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1 AND (g.kind = 'BUILT_IN' OR EXISTS \
                        (SELECT 1 FROM memberships m WHERE m.org_id = g.org_id AND m.group_id = g.id AND m.user_id = $2)) \
                        ORDER BY g.id");
    MEMBER_ADD = "INSERT INTO memberships (org_id, group_id, user_id, added_at) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (org_id, group_id, user_id) DO NOTHING";
    MEMBER_REMOVE = "DELETE FROM memberships WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    MEMBER_COUNT = "SELECT COUNT(*) AS people FROM memberships WHERE org_id = $1 AND group_id = $2";
    PEOPLE_COUNT = "SELECT COUNT(*) AS people FROM users WHERE org_id = $1 AND status <> 'DEPROVISIONED'";
    MEMBERS_CHANGED = "UPDATE groups SET members_changed_at = $3 WHERE org_id = $1 AND id = $2";
}

const LIST: &str = concat!("SELECT ", columns!(), " FROM groups g WHERE g.org_id = $1");

/// What groups can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "created", column: Column::Time("g.created_at") },
    Attribute { name: "id", column: Column::Exact("g.id") },
    Attribute { name: "lastMembershipUpdated", column: Column::Time("g.members_changed_at") },
    Attribute { name: "lastUpdated", column: Column::Time("g.updated_at") },
    Attribute { name: "profile.name", column: Column::Folded("g.name") },
    Attribute { name: "type", column: Column::Exact("g.kind") },
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
    /// Only those that follow this one.
    pub after: Option<Id<GroupKindId>>,
}

impl Tx<'_> {
    /// Groups, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn groups(&mut self, query: &GroupQuery, limit: u32) -> Result<Vec<Group>, Error> {
        let name = query.name.as_deref().map(|name| {
            let name = fold(name);
            Condition::new("substr(g.name_folded, 1, length(CAST(? AS TEXT))) = ?", values![&name, &name])
        });
        let after = query.after.map(|after| Condition::new("g.id > ?", values![after]));
        let search = Search::of(LIST).and_if(name).and_if(query.condition.clone()).and_if(after);
        search.run(self, "g.id", limit)?.iter().map(group).collect()
    }

    /// One group.
    ///
    /// # Errors
    /// Of the database.
    pub fn group(&mut self, id: Id<GroupKindId>) -> Result<Option<Group>, Error> {
        self.row(GROUP, values![id])?.as_ref().map(group).transpose()
    }

    /// The groups that a person is in.
    ///
    /// # Errors
    /// Of the database.
    pub fn groups_of(&mut self, user: Id<User>) -> Result<Vec<Group>, Error> {
        self.rows(GROUPS_OF, values![user])?.iter().map(group).collect()
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
        let made = self.execute(GROUP_INSERT, values![id, kind.as_str(), name, fold(name), description, env.now])?;
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
        self.one(GROUP_SET, values![id, profile.name(), folded, profile.description(), now])?;
        Ok(true)
    }

    /// Deletes a group; those who were in it stay.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_group(&mut self, id: Id<GroupKindId>) -> Result<(), Error> {
        self.execute(GROUP_EMPTY, values![id])?;
        self.one(GROUP_DELETE, values![id])
    }

    /// Puts a person into a group; `false` where they were in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn add_member(&mut self, id: Id<GroupKindId>, user: Id<User>, now: Timestamp) -> Result<bool, Error> {
        let added = self.execute(MEMBER_ADD, values![id, user, now])? == 1;
        self.note_members(id, added, now)
    }

    /// Takes a person out of a group; `false` where they were not in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn remove_member(&mut self, id: Id<GroupKindId>, user: Id<User>, now: Timestamp) -> Result<bool, Error> {
        let removed = self.execute(MEMBER_REMOVE, values![id, user])? == 1;
        self.note_members(id, removed, now)
    }

    fn note_members(&mut self, id: Id<GroupKindId>, changed: bool, now: Timestamp) -> Result<bool, Error> {
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

fn fold(name: &str) -> String {
    name.to_lowercase()
}
