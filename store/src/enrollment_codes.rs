//! One-time rights to enrol a computer.

use postern_codes::Timestamp;
use postern_codes::id::{Device, EnrollmentCode, Id};

use crate::devices::fold;
use crate::sql::{Error, Tx, values};

crate::statements! {
    CODE_INSERT = "INSERT INTO enrollment_codes (org_id, id, code_hash, serial_folded, created_by, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Of two calls at once one changes the row.
    CODE_USE = "UPDATE enrollment_codes SET used_at = $5, device_id = $4 WHERE org_id = $1 AND code_hash = $2 \
                AND (serial_folded IS NULL OR serial_folded = $3) AND used_at IS NULL AND expires_at > $5";
}

/// A right to enrol one computer. The code itself is not kept.
#[derive(Debug, Clone)]
pub struct NewCode<'a> {
    /// Its id.
    pub id: Id<EnrollmentCode>,
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// The only serial number it serves for.
    pub serial: Option<&'a str>,
    /// Who made it, by id.
    pub created_by: &'a str,
    /// When.
    pub created_at: Timestamp,
    /// Until when it serves.
    pub expires_at: Timestamp,
}

impl Tx<'_> {
    /// Keeps a new code.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_enrollment_code(&mut self, code: &NewCode<'_>) -> Result<(), Error> {
        let NewCode { id, hash, serial, created_by, created_at, expires_at } = code;
        self.one(CODE_INSERT, values![*id, *hash, serial.map(fold), *created_by, *created_at, *expires_at])
    }

    /// Uses up a code for a computer with this serial number; `false` where it is unknown, used, too old or for another.
    ///
    /// # Errors
    /// Of the database.
    pub fn use_enrollment_code(
        &mut self,
        hash: [u8; 32],
        serial: &str,
        device: Id<Device>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(CODE_USE, values![hash, fold(serial), device, now])? == 1)
    }
}
