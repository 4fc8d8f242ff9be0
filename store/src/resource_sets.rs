//! Resource sets: what roles that an organisation made reach, and where such a role is bound to one.

use postern_authn::permission::{Area, Resource};
use postern_codes::id::{Binding as BindingKind, Id, Resource as ResourceKind, ResourceSet as ResourceSetKind, Role};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

macro_rules! set {
    ($rest:literal) => {
        concat!(
            "SELECT id, label, description, created_at, updated_at FROM resource_sets WHERE org_id = $1 AND ",
            $rest
        )
    };
}

macro_rules! resource {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, subject, created_at, updated_at FROM resources WHERE org_id = $1 AND set_id = $2 ",
            $rest
        )
    };
}

crate::statements! {
    SET = set!("id = $2");
    SET_BY_LABEL = set!("label_folded = $2");
    SETS = set!("id > $2 ORDER BY id LIMIT $3");
    SET_INSERT = "INSERT INTO resource_sets (org_id, id, label, label_folded, description, created_at, updated_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (org_id, label_folded) DO NOTHING";
    SET_SET = "UPDATE resource_sets SET label = $3, label_folded = $4, description = $5, updated_at = $6 \
               WHERE org_id = $1 AND id = $2";
    /// Holds the row until the commit: what the set holds, and which roles are bound to it, follow one another.
    SET_TOUCH = "UPDATE resource_sets SET updated_at = $3 WHERE org_id = $1 AND id = $2";
    SET_DELETE = "DELETE FROM resource_sets WHERE org_id = $1 AND id = $2";
    RESOURCES = resource!("ORDER BY id");
    RESOURCE_INSERT = "INSERT INTO resources (org_id, id, set_id, kind, subject, created_at, updated_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (org_id, set_id, kind, subject) DO NOTHING";
    RESOURCE_DELETE = "DELETE FROM resources WHERE org_id = $1 AND set_id = $2 AND id = $3";
    RESOURCES_DELETE = "DELETE FROM resources WHERE org_id = $1 AND set_id = $2";
    BINDING = "SELECT id, set_id, role_id, created_at FROM bindings WHERE org_id = $1 AND set_id = $2 AND role_id = $3";
    BINDINGS_OF_SET = "SELECT id, set_id, role_id, created_at FROM bindings \
                       WHERE org_id = $1 AND set_id = $2 AND role_id > $3 ORDER BY role_id LIMIT $4";
    BINDINGS_OF_ROLE = "SELECT id, set_id, role_id, created_at FROM bindings WHERE org_id = $1 AND role_id = $2 ORDER BY id";
    BINDING_INSERT = "INSERT INTO bindings (org_id, id, set_id, role_id, created_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (org_id, set_id, role_id) DO NOTHING";
    BINDING_MEMBERS_DELETE = "DELETE FROM role_assignments WHERE org_id = $1 AND binding_id = $2";
    BINDING_DELETE = "DELETE FROM bindings WHERE org_id = $1 AND id = $2";
}

/// A set of resources.
#[derive(Debug, Clone)]
pub struct ResourceSet {
    /// Its id.
    pub id: Id<ResourceSetKind>,
    /// What people call it; no two are called the same, in any case.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A resource in a set.
#[derive(Debug, Clone)]
pub struct SetResource {
    /// Its id in the set.
    pub id: Id<ResourceKind>,
    /// What it is.
    pub resource: Resource,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A role over a resource set.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Its id.
    pub id: Id<BindingKind>,
    /// What it reaches.
    pub set: Id<ResourceSetKind>,
    /// The role.
    pub role: Id<Role>,
    /// Since when.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// A resource set by id.
    ///
    /// # Errors
    /// Of the database.
    pub fn resource_set(&mut self, id: Id<ResourceSetKind>) -> Result<Option<ResourceSet>, Error> {
        self.row(SET, values![id])?.as_ref().map(set).transpose()
    }

    /// A resource set by what people call it.
    ///
    /// # Errors
    /// Of the database.
    pub fn resource_set_by_label(&mut self, label: &str) -> Result<Option<ResourceSet>, Error> {
        self.row(SET_BY_LABEL, values![label.to_lowercase()])?.as_ref().map(set).transpose()
    }

    /// Resource sets, oldest first, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn resource_sets(&mut self, after: &str, limit: u32) -> Result<Vec<ResourceSet>, Error> {
        self.rows(SETS, values![after, limit])?.iter().map(set).collect()
    }

    /// Makes an empty resource set; `None` where the label is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_resource_set(
        &mut self,
        label: &str,
        description: &str,
        env: &Env,
    ) -> Result<Option<Id<ResourceSetKind>>, Error> {
        let id = Id::new(env);
        let made = self.execute(SET_INSERT, values![id, label, label.to_lowercase(), description, env.now])?;
        Ok((made == 1).then_some(id))
    }

    /// Gives a resource set another label and description; that the label is free is the caller's to rule out.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_resource_set(
        &mut self,
        id: Id<ResourceSetKind>,
        label: &str,
        description: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.one(SET_SET, values![id, label, label.to_lowercase(), description, now])
    }

    /// Notes that a resource set changes, and holds it until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn touch_resource_set(&mut self, id: Id<ResourceSetKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(SET_TOUCH, values![id, now])? == 1)
    }

    /// Deletes a resource set to which no role is bound.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_resource_set(&mut self, id: Id<ResourceSetKind>) -> Result<(), Error> {
        self.execute(RESOURCES_DELETE, values![id])?;
        self.one(SET_DELETE, values![id])
    }

    /// What is in a resource set, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn resources_of_set(&mut self, set: Id<ResourceSetKind>) -> Result<Vec<SetResource>, Error> {
        self.rows(RESOURCES, values![set])?.iter().map(resource).collect()
    }

    /// Puts a resource into a set; `None` where it is there.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_resource(
        &mut self,
        set: Id<ResourceSetKind>,
        resource: Resource,
        env: &Env,
    ) -> Result<Option<Id<ResourceKind>>, Error> {
        let id = Id::new(env);
        let (kind, subject) = stored(resource);
        let made = self.execute(RESOURCE_INSERT, values![id, set, kind, subject, env.now])?;
        Ok((made == 1).then_some(id))
    }

    /// Takes a resource out of a set; `false` where it is not there.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_resource(&mut self, set: Id<ResourceSetKind>, id: Id<ResourceKind>) -> Result<bool, Error> {
        Ok(self.execute(RESOURCE_DELETE, values![set, id])? == 1)
    }

    /// Where a role is bound to a set.
    ///
    /// # Errors
    /// Of the database.
    pub fn binding(&mut self, set: Id<ResourceSetKind>, role: Id<Role>) -> Result<Option<Binding>, Error> {
        self.row(BINDING, values![set, role])?.as_ref().map(binding).transpose()
    }

    /// The roles bound to a set, in the order of their ids, beyond `after`.
    ///
    /// # Errors
    /// Of the database.
    pub fn bindings_of_set(
        &mut self,
        set: Id<ResourceSetKind>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Binding>, Error> {
        self.rows(BINDINGS_OF_SET, values![set, after, limit])?.iter().map(binding).collect()
    }

    /// The sets that a role is bound to.
    ///
    /// # Errors
    /// Of the database.
    pub fn bindings_of_role(&mut self, role: Id<Role>) -> Result<Vec<Binding>, Error> {
        self.rows(BINDINGS_OF_ROLE, values![role])?.iter().map(binding).collect()
    }

    /// Binds a role to a set, where it is not bound yet.
    ///
    /// # Errors
    /// Of the database.
    pub fn bind_role(&mut self, set: Id<ResourceSetKind>, role: Id<Role>, env: &Env) -> Result<Binding, Error> {
        self.execute(BINDING_INSERT, values![Id::<BindingKind>::new(env), set, role, env.now])?;
        self.binding(set, role)?.ok_or_else(|| Error::fault("a binding was not written"))
    }

    /// Ends a binding; nobody holds the role over the set any more.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_binding(&mut self, id: Id<BindingKind>) -> Result<(), Error> {
        self.execute(BINDING_MEMBERS_DELETE, values![id])?;
        self.one(BINDING_DELETE, values![id])
    }
}

/// Kind and subject of a resource, as its row has them.
fn stored(resource: Resource) -> (&'static str, String) {
    match resource {
        Resource::All(area) => ("ALL", area.to_string()),
        Resource::Device(id) => ("DEVICE", id.to_string()),
        Resource::Group(id) => ("GROUP", id.to_string()),
        Resource::Members(id) => ("MEMBERS", id.to_string()),
        Resource::User(id) => ("USER", id.to_string()),
    }
}

fn resource(row: &Row) -> Result<SetResource, Error> {
    let kind: String = row.get("kind")?;
    let resource = match kind.as_str() {
        "ALL" => {
            let word: String = row.get("subject")?;
            let area = Area::ALL.iter().copied().find(|area| area.as_str() == word);
            Resource::All(area.ok_or_else(|| Error::fault("column subject holds no area"))?)
        }
        "DEVICE" => Resource::Device(row.get("subject")?),
        "GROUP" => Resource::Group(row.get("subject")?),
        "MEMBERS" => Resource::Members(row.get("subject")?),
        "USER" => Resource::User(row.get("subject")?),
        _ => return Err(Error::fault("column kind holds an unknown word")),
    };
    Ok(SetResource {
        id: row.get("id")?,
        resource,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn set(row: &Row) -> Result<ResourceSet, Error> {
    Ok(ResourceSet {
        id: row.get("id")?,
        label: row.get("label")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn binding(row: &Row) -> Result<Binding, Error> {
    Ok(Binding {
        id: row.get("id")?,
        set: row.get("set_id")?,
        role: row.get("role_id")?,
        created_at: row.get("created_at")?,
    })
}
