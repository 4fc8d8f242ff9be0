//! Administrator roles: who holds which, over what. What a standard role may do is in `postern-authn`; the roles that an
//! organisation made are in [`custom_roles`](crate::custom_roles), what they reach in [`resource_sets`](crate::resource_sets).

use postern_authn::permission::Role;
use postern_authn::policy::password::FOREVER;
use postern_codes::id::{
    Binding as BindingKind, Group, Id, ResourceSet, Role as RoleKind, RoleAssignment as RoleAssignmentKind, User,
};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "a.id, a.user_id, a.group_id, a.role, a.is_limited, a.created_at, a.updated_at, a.binding_id, b.set_id, b.role_id"
    };
}

/// An assignment and, where it is of a role that the organisation made, its binding.
macro_rules! assignments {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM role_assignments a LEFT JOIN bindings b ON b.org_id = a.org_id AND b.id = a.binding_id \
             WHERE a.org_id = $1 AND ",
            $rest
        )
    };
}

/// A super administrator who would be left if the assignment $2 went, the account $3, the group $4, or the membership of $6
/// in $5; an empty text is none. Counted are those of whom `$counts` is true.
macro_rules! supers_left {
    ($counts:literal) => {
        concat!(
            "SELECT u.id FROM role_assignments a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id \
             WHERE a.org_id = $1 AND a.role = 'SUPER_ADMIN' AND a.id <> $2 AND u.id <> $3 AND ",
            $counts,
            " UNION ALL \
             SELECT u.id FROM role_assignments a JOIN memberships m ON m.org_id = a.org_id AND m.group_id = a.group_id \
             JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id \
             WHERE a.org_id = $1 AND a.role = 'SUPER_ADMIN' AND a.id <> $2 AND u.id <> $3 AND a.group_id <> $4 \
             AND NOT (m.group_id = $5 AND m.user_id = $6) AND ",
            $counts,
            " LIMIT 1"
        )
    };
}

crate::statements! {
    OF_USER = assignments!("a.user_id = $2 ORDER BY a.id");
    OF_GROUP = assignments!("a.group_id = $2 ORDER BY a.id");
    /// Those that somebody holds as a member of a group; who holds them themselves is in `OF_USER`.
    BY_GROUPS = assignments!("a.group_id IN (SELECT m.group_id FROM memberships m WHERE m.org_id = $1 AND m.user_id = $2) \
                              ORDER BY a.id");
    OF_BINDING = assignments!("a.binding_id = $2 AND a.id > $3 ORDER BY a.id LIMIT $4");
    ASSIGNMENT = assignments!("a.id = $2");
    ASSIGNMENTS = assignments!("a.id > $2 ORDER BY a.id LIMIT $3");
    ASSIGN = "INSERT INTO role_assignments (org_id, id, user_id, group_id, role, binding_id, is_limited, created_at, \
              updated_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $7, $8) ON CONFLICT DO NOTHING";
    TARGETS_END = "DELETE FROM role_targets WHERE org_id = $1 AND assignment_id = $2";
    TAKE = "DELETE FROM role_assignments WHERE org_id = $1 AND id = $2";
    /// People who hold a role, themselves or as members of a group, in the order of their ids.
    HOLDERS = "SELECT u.id FROM users u WHERE u.org_id = $1 AND u.id > $2 AND u.status <> 'DEPROVISIONED' AND u.id IN (\
               SELECT a.user_id FROM role_assignments a WHERE a.org_id = $1 AND a.user_id > $2 UNION \
               SELECT m.user_id FROM role_assignments a JOIN memberships m ON m.org_id = a.org_id \
               AND m.group_id = a.group_id WHERE a.org_id = $1 AND m.user_id > $2) ORDER BY u.id LIMIT $3";
    TARGETS = "SELECT group_id FROM role_targets WHERE org_id = $1 AND assignment_id = $2 ORDER BY group_id";
    TARGET_ADD = "INSERT INTO role_targets (org_id, assignment_id, group_id, created_at) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (org_id, assignment_id, group_id) DO NOTHING";
    TARGET_REMOVE = "DELETE FROM role_targets WHERE org_id = $1 AND assignment_id = $2 AND group_id = $3";
    LIMIT = "UPDATE role_assignments SET is_limited = TRUE, updated_at = $3 WHERE org_id = $1 AND id = $2";
    GROUP_TARGETS_END = "DELETE FROM role_targets WHERE org_id = $1 AND group_id = $2";
    GROUP_RESOURCES_END = "DELETE FROM resources WHERE org_id = $1 AND subject = $2";
    GROUP_ROLE_TARGETS_END = "DELETE FROM role_targets WHERE org_id = $1 AND assignment_id IN \
                              (SELECT a.id FROM role_assignments a WHERE a.org_id = $1 AND a.group_id = $2)";
    GROUP_ROLES_END = "DELETE FROM role_assignments WHERE org_id = $1 AND group_id = $2";
    USER_ROLE_TARGETS_END = "DELETE FROM role_targets WHERE org_id = $1 AND assignment_id IN \
                             (SELECT a.id FROM role_assignments a WHERE a.org_id = $1 AND a.user_id = $2)";
    USER_ROLES_END = "DELETE FROM role_assignments WHERE org_id = $1 AND user_id = $2";
    /// Whoever comes back in by themselves: an expired password is changed at the sign-in, and a lock ends unless it holds to
    /// the end of time ($7). Not whose password was switched off or is to be replaced by a link: that needs somebody else.
    SUPERS_LEFT = supers_left!("u.status IN ('ACTIVE', 'PASSWORD_EXPIRED') AND u.password_ended_at IS NULL \
                                AND (u.locked_until IS NULL OR u.locked_until < $7)");
    /// Whoever has an account in force, however they come in.
    SUPERS_AT_ALL = supers_left!("u.status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY')");
    /// Changes nothing; two changes of who may sign in as what follow one another.
    LOCK = "UPDATE orgs SET name = name WHERE org_id = $1";
    /// Changes nothing; who comes and goes, and which roles the group holds, follow one another.
    GROUP_HOLD = "UPDATE groups SET name = name WHERE org_id = $1 AND id = $2";
}

/// Who holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Everybody in a group.
    Group(Id<Group>),
    /// A person.
    User(Id<User>),
}

/// Which role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// One that the organisation made, over a resource set.
    Custom {
        /// The two together.
        binding: Id<BindingKind>,
        /// The role.
        role: Id<RoleKind>,
        /// What it reaches.
        set: Id<ResourceSet>,
    },
    /// A standard role.
    Standard(Role),
}

/// A role held by a person or a group.
#[derive(Debug, Clone)]
pub struct RoleAssignment {
    /// Its id.
    pub id: Id<RoleAssignmentKind>,
    /// Who holds it.
    pub holder: Holder,
    /// Which.
    pub held: Held,
    /// Whether it reaches some groups alone.
    pub is_limited: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When its targets last changed.
    pub updated_at: Timestamp,
}

/// What is about to go, by which somebody may cease to be super administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A role, taken.
    Assignment(Id<RoleAssignmentKind>),
    /// A group, with the roles it holds.
    Group(Id<Group>),
    /// A person, from a group.
    Member(Id<Group>, Id<User>),
    /// An account.
    User(Id<User>),
}

impl Tx<'_> {
    /// The roles that a person holds themselves, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignments(&mut self, user: Id<User>) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(OF_USER, values![user])?.iter().map(assignment).collect()
    }

    /// The roles that a person holds as a member of groups, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignments_by_groups(&mut self, user: Id<User>) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(BY_GROUPS, values![user])?.iter().map(assignment).collect()
    }

    /// The roles that a group holds, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignments_of_group(&mut self, group: Id<Group>) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(OF_GROUP, values![group])?.iter().map(assignment).collect()
    }

    /// Who holds a role over a resource set, in the order of their assignments, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn members_of_binding(
        &mut self,
        binding: Id<BindingKind>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(OF_BINDING, values![binding, after, limit])?.iter().map(assignment).collect()
    }

    /// Every role held by anybody, in the order of their ids, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn all_role_assignments(&mut self, after: &str, limit: u32) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(ASSIGNMENTS, values![after, limit])?.iter().map(assignment).collect()
    }

    /// Those who hold any role, themselves or by a group, in the order of their ids, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn administrators(&mut self, after: &str, limit: u32) -> Result<Vec<Id<User>>, Error> {
        self.rows(HOLDERS, values![after, limit])?.iter().map(|row| row.get("id")).collect()
    }

    /// One role held by somebody.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignment(&mut self, id: Id<RoleAssignmentKind>) -> Result<Option<RoleAssignment>, Error> {
        self.row(ASSIGNMENT, values![id])?.as_ref().map(assignment).transpose()
    }

    /// Gives somebody a role; `None` where they hold it already. `by` is who gives it, by id.
    ///
    /// # Errors
    /// Of the database.
    pub fn assign(&mut self, holder: Holder, held: Held, by: &str, env: &Env) -> Result<Option<RoleAssignment>, Error> {
        let id = Id::new(env);
        let (user, group) = match holder {
            Holder::Group(group) => (None, Some(group)),
            Holder::User(user) => (Some(user), None),
        };
        let (role, binding) = match held {
            Held::Custom { binding, .. } => (CUSTOM, Some(binding)),
            Held::Standard(role) => (role.as_str(), None),
        };
        let made = self.execute(ASSIGN, values![id, user, group, role, binding, env.now, by])?;
        let (created_at, updated_at) = (env.now, env.now);
        Ok((made == 1).then_some(RoleAssignment { id, holder, held, is_limited: false, created_at, updated_at }))
    }

    /// Gives a person a standard role over everything; `None` where they hold it already.
    ///
    /// # Errors
    /// Of the database.
    pub fn assign_role(
        &mut self,
        user: Id<User>,
        role: Role,
        by: &str,
        env: &Env,
    ) -> Result<Option<RoleAssignment>, Error> {
        self.assign(Holder::User(user), Held::Standard(role), by, env)
    }

    /// Takes a role away; `false` where nobody holds it any more.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_role(&mut self, id: Id<RoleAssignmentKind>) -> Result<bool, Error> {
        self.execute(TARGETS_END, values![id])?;
        Ok(self.execute(TAKE, values![id])? == 1)
    }

    /// The groups that an assignment is limited to.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_targets(&mut self, id: Id<RoleAssignmentKind>) -> Result<Vec<Id<Group>>, Error> {
        self.rows(TARGETS, values![id])?.iter().map(|row| row.get("group_id")).collect()
    }

    /// Limits an assignment to a group, beside those that it is limited to already.
    ///
    /// # Errors
    /// Of the database.
    pub fn add_role_target(
        &mut self,
        id: Id<RoleAssignmentKind>,
        group: Id<Group>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.one(LIMIT, values![id, now])?;
        Ok(self.execute(TARGET_ADD, values![id, group, now])? == 1)
    }

    /// Takes a group out of what an assignment is limited to; it stays limited.
    ///
    /// # Errors
    /// Of the database.
    pub fn remove_role_target(
        &mut self,
        id: Id<RoleAssignmentKind>,
        group: Id<Group>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.one(LIMIT, values![id, now])?;
        Ok(self.execute(TARGET_REMOVE, values![id, group])? == 1)
    }

    /// Holds every role of the organisation until the commit, and from where its tokens may be used: changes of them follow
    /// one another.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_roles(&mut self) -> Result<(), Error> {
        self.one(LOCK, values![])
    }

    /// Holds a group until the commit: its members and its roles are judged as they are then.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_group(&mut self, group: Id<Group>) -> Result<(), Error> {
        self.one(GROUP_HOLD, values![group])
    }

    /// Takes a group out of everything that roles have to do with: what it holds, and what is limited to it.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_roles_of_group(&mut self, group: Id<Group>) -> Result<(), Error> {
        for statement in [GROUP_TARGETS_END, GROUP_RESOURCES_END, GROUP_ROLE_TARGETS_END, GROUP_ROLES_END] {
            self.execute(statement, values![group])?;
        }
        Ok(())
    }

    /// Takes a person out of everything that roles have to do with: what they hold, and resource sets that name them.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_roles_of_user(&mut self, user: Id<User>) -> Result<(), Error> {
        for statement in [GROUP_RESOURCES_END, USER_ROLE_TARGETS_END, USER_ROLES_END] {
            self.execute(statement, values![user])?;
        }
        Ok(())
    }

    /// Whether this takes the last super administrator who can come back in by themselves. Until the commit no other transaction that asks
    /// gets an answer: otherwise the last two could remove each other.
    ///
    /// # Errors
    /// Of the database.
    pub fn leaves_no_super(&mut self, loss: Loss) -> Result<bool, Error> {
        self.hold_roles()?;
        self.would_leave_no_super(loss)
    }

    /// The same as it stands now, to be said before anybody tries.
    ///
    /// # Errors
    /// Of the database.
    pub fn would_leave_no_super(&mut self, loss: Loss) -> Result<bool, Error> {
        let none = String::new;
        let without: [String; 5] = match loss {
            Loss::Assignment(id) => [id.to_string(), none(), none(), none(), none()],
            Loss::Group(id) => [none(), none(), id.to_string(), none(), none()],
            Loss::Member(group, user) => [none(), none(), none(), group.to_string(), user.to_string()],
            Loss::User(id) => [none(), id.to_string(), none(), none(), none()],
        };
        // The last who comes in by themselves stays, and where there is none such, the last at all.
        let [assignment, user, group, from, member] = without.each_ref().map(String::as_str);
        let left = self.row(SUPERS_LEFT, values![assignment, user, group, from, member, FOREVER])?;
        if left.is_none() && self.row(SUPERS_LEFT, values!["", "", "", "", "", FOREVER])?.is_some() {
            return Ok(true);
        }
        let left = self.row(SUPERS_AT_ALL, values![assignment, user, group, from, member])?;
        Ok(left.is_none() && self.row(SUPERS_AT_ALL, values!["", "", "", "", ""])?.is_some())
    }

    /// Whether nobody but this person could act as super administrator.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_last_super(&mut self, user: Id<User>) -> Result<bool, Error> {
        self.leaves_no_super(Loss::User(user))
    }
}

/// The word in the place of a standard role's.
const CUSTOM: &str = "CUSTOM";

fn assignment(row: &Row) -> Result<RoleAssignment, Error> {
    let holder = match (row.get("user_id")?, row.get("group_id")?) {
        (Some(user), None) => Holder::User(user),
        (None, Some(group)) => Holder::Group(group),
        (Some(_), Some(_)) | (None, None) => return Err(Error::fault("a role that nobody or two hold")),
    };
    let binding: Option<Id<BindingKind>> = row.get("binding_id")?;
    let held = match binding {
        None => Held::Standard(row.parse("role")?),
        Some(binding) => Held::Custom { binding, role: row.get("role_id")?, set: row.get("set_id")? },
    };
    Ok(RoleAssignment {
        id: row.get("id")?,
        holder,
        held,
        is_limited: row.get("is_limited")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
