//! Roles that an organisation made: their names, and what each may do. Who holds one is in [`roles`](crate::roles).

use postern_authn::permission::{Conditions, Permission};
use postern_codes::id::{Id, Role as RoleKind};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

macro_rules! role {
    ($rest:literal) => {
        concat!("SELECT id, label, description, created_at, updated_at FROM roles WHERE org_id = $1 AND ", $rest)
    };
}

crate::statements! {
    ROLE = role!("id = $2");
    ROLE_BY_LABEL = role!("label_folded = $2");
    ROLES = role!("id > $2 ORDER BY id LIMIT $3");
    ROLE_INSERT = "INSERT INTO roles (org_id, id, label, label_folded, description, created_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (org_id, label_folded) DO NOTHING";
    ROLE_SET = "UPDATE roles SET label = $3, label_folded = $4, description = $5, updated_at = $6 \
                WHERE org_id = $1 AND id = $2";
    /// Holds the row until the commit: what the role may do, and where it is bound, follow one another.
    ROLE_TOUCH = "UPDATE roles SET updated_at = $3 WHERE org_id = $1 AND id = $2";
    ROLE_DELETE = "DELETE FROM roles WHERE org_id = $1 AND id = $2";
    PERMISSIONS = "SELECT permission, conditions, created_at, updated_at FROM role_permissions \
                   WHERE org_id = $1 AND role_id = $2 ORDER BY permission";
    PERMISSION_INSERT = "INSERT INTO role_permissions (org_id, role_id, permission, conditions, created_at, updated_at) \
                         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (org_id, role_id, permission) DO NOTHING";
    PERMISSION_SET = "UPDATE role_permissions SET conditions = $4, updated_at = $5 \
                      WHERE org_id = $1 AND role_id = $2 AND permission = $3";
    PERMISSION_DELETE = "DELETE FROM role_permissions WHERE org_id = $1 AND role_id = $2 AND permission = $3";
    PERMISSIONS_DELETE = "DELETE FROM role_permissions WHERE org_id = $1 AND role_id = $2";
}

/// A role that an organisation made.
#[derive(Debug, Clone)]
pub struct CustomRole {
    /// Its id.
    pub id: Id<RoleKind>,
    /// What people call it; no two are called the same, in any case.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Something that a role may do.
#[derive(Debug, Clone)]
pub struct RolePermission {
    /// What.
    pub permission: Permission,
    /// What limits it.
    pub conditions: Conditions,
    /// Since when.
    pub created_at: Timestamp,
    /// When its conditions last changed.
    pub updated_at: Timestamp,
}

impl Tx<'_> {
    /// A role by id.
    ///
    /// # Errors
    /// Of the database.
    pub fn custom_role(&mut self, id: Id<RoleKind>) -> Result<Option<CustomRole>, Error> {
        self.row(ROLE, values![id])?.as_ref().map(role).transpose()
    }

    /// A role by what people call it.
    ///
    /// # Errors
    /// Of the database.
    pub fn custom_role_by_label(&mut self, label: &str) -> Result<Option<CustomRole>, Error> {
        self.row(ROLE_BY_LABEL, values![label.to_lowercase()])?.as_ref().map(role).transpose()
    }

    /// Roles, oldest first, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn custom_roles(&mut self, after: &str, limit: u32) -> Result<Vec<CustomRole>, Error> {
        self.rows(ROLES, values![after, limit])?.iter().map(role).collect()
    }

    /// Makes a role that may do nothing yet; `None` where the label is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_custom_role(
        &mut self,
        label: &str,
        description: &str,
        env: &Env,
    ) -> Result<Option<Id<RoleKind>>, Error> {
        let id = Id::new(env);
        let made = self.execute(ROLE_INSERT, values![id, label, label.to_lowercase(), description, env.now])?;
        Ok((made == 1).then_some(id))
    }

    /// Gives a role another label and description; that the label is free is the caller's to rule out.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_custom_role(
        &mut self,
        id: Id<RoleKind>,
        label: &str,
        description: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.one(ROLE_SET, values![id, label, label.to_lowercase(), description, now])
    }

    /// Notes that a role changes, and holds it until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn touch_custom_role(&mut self, id: Id<RoleKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(ROLE_TOUCH, values![id, now])? == 1)
    }

    /// Deletes a role that is bound nowhere.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_custom_role(&mut self, id: Id<RoleKind>) -> Result<(), Error> {
        self.execute(PERMISSIONS_DELETE, values![id])?;
        self.one(ROLE_DELETE, values![id])
    }

    /// What a role may do.
    ///
    /// # Errors
    /// Of the database.
    pub fn role_permissions(&mut self, id: Id<RoleKind>) -> Result<Vec<RolePermission>, Error> {
        self.rows(PERMISSIONS, values![id])?.iter().map(permission).collect()
    }

    /// Gives a role a permission; `false` where it has it.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_role_permission(
        &mut self,
        id: Id<RoleKind>,
        permission: Permission,
        conditions: &Conditions,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let conditions = serde_json::to_string(conditions)?;
        Ok(self.execute(PERMISSION_INSERT, values![id, permission.as_str(), conditions, now])? == 1)
    }

    /// Gives a permission of a role other conditions; `false` where it has no such permission.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_role_permission(
        &mut self,
        id: Id<RoleKind>,
        permission: Permission,
        conditions: &Conditions,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let conditions = serde_json::to_string(conditions)?;
        Ok(self.execute(PERMISSION_SET, values![id, permission.as_str(), conditions, now])? == 1)
    }

    /// Takes a permission from a role; `false` where it has no such permission.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_role_permission(&mut self, id: Id<RoleKind>, permission: Permission) -> Result<bool, Error> {
        Ok(self.execute(PERMISSION_DELETE, values![id, permission.as_str()])? == 1)
    }
}

fn role(row: &Row) -> Result<CustomRole, Error> {
    Ok(CustomRole {
        id: row.get("id")?,
        label: row.get("label")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn permission(row: &Row) -> Result<RolePermission, Error> {
    Ok(RolePermission {
        permission: row.parse("permission")?,
        conditions: row.json("conditions")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
