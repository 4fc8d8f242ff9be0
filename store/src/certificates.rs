//! Certificates of computers. A new one revokes those before it when it is first used, not when it is made: its answer
//! may be lost on the way.

use postern_authn::device::Certificate;
use postern_codes::Timestamp;
use postern_codes::id::{Device, Id};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    /// Computers in use whose newest certificate ends before long.
    EXPIRING_COUNT = "SELECT COUNT(*) AS computers FROM devices d WHERE d.org_id = $1 AND d.status = 'ACTIVE' AND \
                      (SELECT MAX(c.expires_at) FROM device_certificates c WHERE c.org_id = d.org_id AND c.device_id = d.id \
                      AND c.revoked_at IS NULL) < $2";
    CERTIFICATE_INSERT = "INSERT INTO device_certificates (org_id, thumbprint, device_id, public_key, certificate, created_at, \
                          expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CERTIFICATE = "SELECT thumbprint, device_id, public_key, created_at, expires_at, first_used_at, revoked_at \
                   FROM device_certificates WHERE org_id = $1 AND thumbprint = $2";
    NEWEST = "SELECT thumbprint, device_id, public_key, created_at, expires_at, first_used_at, revoked_at \
              FROM device_certificates WHERE org_id = $1 AND device_id = $2 AND revoked_at IS NULL \
              ORDER BY created_at DESC LIMIT 1";
    FIRST_USED = "UPDATE device_certificates SET first_used_at = $3 \
                  WHERE org_id = $1 AND thumbprint = $2 AND first_used_at IS NULL";
    REVOKE_OLDER = "UPDATE device_certificates SET revoked_at = $5 WHERE org_id = $1 AND device_id = $2 \
                    AND thumbprint <> $3 AND created_at <= $4 AND revoked_at IS NULL";
}

impl Tx<'_> {
    /// How many computers in use have no certificate that holds until then.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_expiring_certificates(&mut self, until: Timestamp) -> Result<u64, Error> {
        self.row(EXPIRING_COUNT, values![until])?.map_or(Ok(0), |row| row.get("computers"))
    }

    /// Keeps a certificate that was made.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_certificate(&mut self, certificate: &Certificate, der: &[u8]) -> Result<(), Error> {
        let Certificate { thumbprint, device, public_key, created_at, expires_at, .. } = certificate;
        self.one(
            CERTIFICATE_INSERT,
            values![*thumbprint, *device, public_key.as_slice(), der, *created_at, *expires_at],
        )
    }

    /// A certificate by SHA-256 of its DER.
    ///
    /// # Errors
    /// Of the database.
    pub fn certificate(&mut self, thumbprint: [u8; 32]) -> Result<Option<Certificate>, Error> {
        self.row(CERTIFICATE, values![thumbprint])?.as_ref().map(certificate).transpose()
    }

    /// The newest certificate of a computer that was not revoked.
    ///
    /// # Errors
    /// Of the database.
    pub fn newest_certificate(&mut self, device: Id<Device>) -> Result<Option<Certificate>, Error> {
        self.row(NEWEST, values![device])?.as_ref().map(certificate).transpose()
    }

    /// Notes the first use of a certificate, which revokes those before it.
    ///
    /// # Errors
    /// Of the database.
    pub fn certificate_used(&mut self, used: &Certificate, now: Timestamp) -> Result<(), Error> {
        if self.execute(FIRST_USED, values![used.thumbprint, now])? == 1 {
            self.execute(REVOKE_OLDER, values![used.device, used.thumbprint, used.created_at, now])?;
        }
        Ok(())
    }
}

fn certificate(row: &Row) -> Result<Certificate, Error> {
    let thumbprint: Vec<u8> = row.get("thumbprint")?;
    Ok(Certificate {
        thumbprint: thumbprint.try_into().map_err(|_| Error::fault("a thumbprint is not 32 bytes"))?,
        device: row.get("device_id")?,
        public_key: row.get("public_key")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        first_used_at: row.get("first_used_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
