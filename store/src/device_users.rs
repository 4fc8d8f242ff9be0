//! Who uses which computer.

use postern_authn::recovery::Link;
use postern_codes::id::{Device, Id, User};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    /// A link keeps its age; what is known better now replaces what was known before.
    LINK_PUT = "INSERT INTO device_users (org_id, device_id, user_id, os_uid, proof, since) VALUES ($1, $2, $3, $4, $5, $6) \
                ON CONFLICT (org_id, device_id, user_id) DO UPDATE SET os_uid = excluded.os_uid, \
                proof = CASE WHEN device_users.proof = 'FACTOR' THEN 'FACTOR' ELSE excluded.proof END RETURNING since";
    LINK = "SELECT device_id, user_id, os_uid, proof, since FROM device_users \
            WHERE org_id = $1 AND device_id = $2 AND user_id = $3";
    LINKS_OF_DEVICE = "SELECT device_id, user_id, os_uid, proof, since FROM device_users \
                       WHERE org_id = $1 AND device_id = $2 ORDER BY user_id";
    LINKS_OF_USER = "SELECT device_id, user_id, os_uid, proof, since FROM device_users \
                     WHERE org_id = $1 AND user_id = $2 ORDER BY device_id";
    UNLINK = "DELETE FROM device_users WHERE org_id = $1 AND device_id = $2";
}

impl Tx<'_> {
    /// Links a person with a computer; `true` where they were not linked before.
    ///
    /// # Errors
    /// Of the database.
    pub fn link_device(&mut self, link: &Link) -> Result<bool, Error> {
        let Link { device, user, os_uid, proof, since } = *link;
        let is_new = self.device_link(device, user)?.is_none();
        self.row(LINK_PUT, values![device, user, os_uid, proof.as_str(), since])?;
        Ok(is_new)
    }

    /// The link of a person with a computer.
    ///
    /// # Errors
    /// Of the database.
    pub fn device_link(&mut self, device: Id<Device>, user: Id<User>) -> Result<Option<Link>, Error> {
        self.row(LINK, values![device, user])?.as_ref().map(link).transpose()
    }

    /// Everybody who uses a computer.
    ///
    /// # Errors
    /// Of the database.
    pub fn links_of_device(&mut self, device: Id<Device>) -> Result<Vec<Link>, Error> {
        self.rows(LINKS_OF_DEVICE, values![device])?.iter().map(link).collect()
    }

    /// Every computer that a person uses.
    ///
    /// # Errors
    /// Of the database.
    pub fn links_of_user(&mut self, user: Id<User>) -> Result<Vec<Link>, Error> {
        self.rows(LINKS_OF_USER, values![user])?.iter().map(link).collect()
    }

    /// Unlinks everybody from a computer.
    ///
    /// # Errors
    /// Of the database.
    pub fn unlink_device(&mut self, device: Id<Device>) -> Result<(), Error> {
        self.execute(UNLINK, values![device]).map(drop)
    }
}

fn link(row: &Row) -> Result<Link, Error> {
    Ok(Link {
        device: row.get("device_id")?,
        user: row.get("user_id")?,
        os_uid: row.get("os_uid")?,
        proof: row.parse("proof")?,
        since: row.get("since")?,
    })
}
