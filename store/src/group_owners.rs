//! Who looks after a group: people, or everybody in another group.

use postern_codes::Timestamp;
use postern_codes::id::{Group, Id};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    OWNERS = "SELECT owner_id, kind, added_at FROM group_owners WHERE org_id = $1 AND group_id = $2 AND owner_id > $3 \
              AND ($4 = '' OR kind = $4) ORDER BY owner_id LIMIT $5";
    OWNER_ADD = "INSERT INTO group_owners (org_id, group_id, owner_id, kind, added_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (org_id, group_id, owner_id) DO NOTHING";
    OWNER_REMOVE = "DELETE FROM group_owners WHERE org_id = $1 AND group_id = $2 AND owner_id = $3";
    OWNERS_CLEAR = "DELETE FROM group_owners WHERE org_id = $1 AND (group_id = $2 OR owner_id = $2)";
}

/// Who looks after a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// A person's or a group's id.
    pub id: String,
    /// `USER` or `GROUP`.
    pub kind: String,
    /// Since when.
    pub added_at: Timestamp,
}

impl Tx<'_> {
    /// The owners of a group behind `after`; of one kind, where it is not empty.
    ///
    /// # Errors
    /// Of the database.
    pub fn owners(&mut self, group: Id<Group>, after: &str, (kind, limit): (&str, u32)) -> Result<Vec<Owner>, Error> {
        self.rows(OWNERS, values![group, after, kind, limit])?.iter().map(owner).collect()
    }

    /// Names an owner; `false` where they were one.
    ///
    /// # Errors
    /// Of the database.
    pub fn add_owner(&mut self, group: Id<Group>, owner: &Owner) -> Result<bool, Error> {
        Ok(self.execute(OWNER_ADD, values![group, &owner.id, &owner.kind, owner.added_at])? == 1)
    }

    /// Removes an owner; `false` where they were none.
    ///
    /// # Errors
    /// Of the database.
    pub fn remove_owner(&mut self, group: Id<Group>, owner: &str) -> Result<bool, Error> {
        Ok(self.execute(OWNER_REMOVE, values![group, owner])? == 1)
    }

    /// Forgets the owners of a group, and that it owns others.
    pub(crate) fn clear_owners(&mut self, group: Id<Group>) -> Result<(), Error> {
        self.execute(OWNERS_CLEAR, values![group]).map(drop)
    }
}

fn owner(row: &Row) -> Result<Owner, Error> {
    Ok(Owner { id: row.get("owner_id")?, kind: row.get("kind")?, added_at: row.get("added_at")? })
}
