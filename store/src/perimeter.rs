//! A number that rises whenever zones, trusted origins, request limits or what pages say of the organisation change: by it a server sees whether what it holds
//! in memory is still so, without reading it all again.

use postern_codes::Timestamp;

use crate::sql::{Error, Tx, values};

crate::statements! {
    VERSION = "SELECT version FROM settings WHERE org_id = $1 AND name = 'perimeter'";
    VERSION_RISE = "INSERT INTO settings (org_id, name, document, version, updated_at) VALUES ($1, 'perimeter', '{}', 1, $2) \
                    ON CONFLICT (org_id, name) DO UPDATE SET version = settings.version + 1, updated_at = excluded.updated_at";
}

impl Tx<'_> {
    /// The number.
    ///
    /// # Errors
    /// Of the database.
    pub fn perimeter_version(&mut self) -> Result<i64, Error> {
        self.row(VERSION, values![])?.map_or(Ok(0), |row| row.get("version"))
    }

    /// Has it rise; whoever changes what servers hold in memory calls it in the same transaction.
    ///
    /// # Errors
    /// Of the database.
    pub fn note_perimeter(&mut self, now: Timestamp) -> Result<(), Error> {
        self.one(VERSION_RISE, values![now])
    }
}
