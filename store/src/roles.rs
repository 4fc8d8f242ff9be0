//! Administrator roles: who holds which. What a role may do is in `postern-authn`.

use postern_authn::permission::Role;
use postern_codes::id::{Id, RoleAssignment as RoleAssignmentKind, User};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    ASSIGNMENTS = "SELECT id, user_id, role, created_at FROM role_assignments WHERE org_id = $1 AND user_id = $2 ORDER BY id";
    ADMINISTRATORS = "SELECT id, user_id, role, created_at FROM role_assignments WHERE org_id = $1 ORDER BY user_id, role";
    ASSIGNMENT = "SELECT id, user_id, role, created_at FROM role_assignments WHERE org_id = $1 AND id = $2";
    ASSIGN = "INSERT INTO role_assignments (org_id, id, user_id, role, created_at, created_by) \
              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, user_id, role) DO NOTHING";
    TAKE = "DELETE FROM role_assignments WHERE org_id = $1 AND id = $2";
    /// Those of a role who can sign in, but for one; $4 is the only status that can.
    OTHERS = "SELECT r.user_id FROM role_assignments r JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id \
              WHERE r.org_id = $1 AND r.role = $2 AND r.user_id <> $3 AND u.status = $4 LIMIT 1";
    /// Changes nothing; two changes of who may sign in as what follow one another.
    LOCK = "UPDATE orgs SET name = name WHERE org_id = $1";
}

/// A role held by a person.
#[derive(Debug, Clone)]
pub struct RoleAssignment {
    /// Its id.
    pub id: Id<RoleAssignmentKind>,
    /// Who holds it.
    pub user: Id<User>,
    /// Which.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// The roles that a person holds, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignments(&mut self, user: Id<User>) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(ASSIGNMENTS, values![user])?.iter().map(assignment).collect()
    }

    /// Every role held by anybody, person by person.
    ///
    /// # Errors
    /// Of the database.
    pub fn administrators(&mut self) -> Result<Vec<RoleAssignment>, Error> {
        self.rows(ADMINISTRATORS, values![])?.iter().map(assignment).collect()
    }

    /// One role held by somebody.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_assignment(&mut self, id: Id<RoleAssignmentKind>) -> Result<Option<RoleAssignment>, Error> {
        self.row(ASSIGNMENT, values![id])?.as_ref().map(assignment).transpose()
    }

    /// Gives a person a role; `None` where they hold it already. `by` is who gives it, by id.
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
        let id = Id::new(env);
        let made = self.execute(ASSIGN, values![id, user, role.as_str(), env.now, by])?;
        Ok((made == 1).then_some(RoleAssignment { id, user, role, created_at: env.now }))
    }

    /// Takes a role away; `false` where nobody holds it any more.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_role(&mut self, id: Id<RoleAssignmentKind>) -> Result<bool, Error> {
        Ok(self.execute(TAKE, values![id])? == 1)
    }

    /// Whether nobody but this person could act as super administrator. Until the commit no other transaction that asks
    /// gets an answer: otherwise the last two could remove each other.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_last_super(&mut self, user: Id<User>) -> Result<bool, Error> {
        self.one(LOCK, values![])?;
        let others = self.row(OTHERS, values![Role::Super.as_str(), user, "ACTIVE"])?;
        let own = self.role_assignments(user)?;
        Ok(others.is_none() && own.iter().any(|held| held.role == Role::Super))
    }
}

fn assignment(row: &Row) -> Result<RoleAssignment, Error> {
    Ok(RoleAssignment {
        id: row.get("id")?,
        user: row.get("user_id")?,
        role: row.parse("role")?,
        created_at: row.get("created_at")?,
    })
}
