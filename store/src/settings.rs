//! Settings of an organisation: a JSON document each, loaded whole, with a version that rises at each change.

use postern_codes::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::{Error, Tx, values};

crate::statements! {
    SETTING = "SELECT document, version FROM settings WHERE org_id = $1 AND name = $2";
    SETTING_PUT = "INSERT INTO settings (org_id, name, document, version, updated_at) VALUES ($1, $2, $3, 1, $4) \
                   ON CONFLICT (org_id, name) DO UPDATE SET document = excluded.document, \
                   version = settings.version + 1, updated_at = excluded.updated_at RETURNING version";
    HOLD = "INSERT INTO settings (org_id, name, document, version, updated_at) VALUES ($1, 'configuration', '{}', 1, 0) \
            ON CONFLICT (org_id, name) DO UPDATE SET version = settings.version + 1";
}

/// A kind of settings document.
pub trait Setting: Serialize + DeserializeOwned + Default {
    /// Its name in the table.
    const NAME: &'static str;
}

impl Tx<'_> {
    /// Holds what administrators set until the commit: changes of it follow one another, each reads what the one before
    /// left. Whoever reads something to change it takes it first, before any other hold.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_configuration(&mut self) -> Result<(), Error> {
        self.one(HOLD, values![])
    }

    /// The settings document and its version; the default and 0 where it was never changed.
    ///
    /// # Errors
    /// Of the database.
    pub fn setting<S: Setting>(&mut self) -> Result<(S, i64), Error> {
        match self.row(SETTING, values![S::NAME])? {
            Some(row) => Ok((row.json("document")?, row.get("version")?)),
            None => Ok((S::default(), 0)),
        }
    }

    /// Replaces the settings document; gives its new version.
    ///
    /// # Errors
    /// Of the database.
    pub fn put_setting<S: Setting>(&mut self, setting: &S, now: Timestamp) -> Result<i64, Error> {
        let document = serde_json::to_string(setting)?;
        let row = self.row(SETTING_PUT, values![S::NAME, document, now])?;
        row.ok_or_else(|| Error::fault("a setting was not written"))?.get("version")
    }
}
