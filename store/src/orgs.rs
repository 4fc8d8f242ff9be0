//! Organisations and their keys.

use postern_authn::org::OrgName;
use postern_codes::id::{Id, Org};
use postern_codes::{Env, Place, Sealed, Secret, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    ORG_INSERT = "INSERT INTO orgs (org_id, name, created_at) VALUES ($1, $2, $3)";
    ORG = "SELECT org_id, name, created_at FROM orgs WHERE org_id = $1";
    ORG_RENAME = "UPDATE orgs SET name = $2 WHERE org_id = $1";
    KEY_INSERT = "INSERT INTO org_keys (org_id, id, purpose, private_key, certificate, created_at) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    KEYS = "SELECT id, private_key, certificate, created_at, retired_at FROM org_keys \
            WHERE org_id = $1 AND purpose = $2 ORDER BY created_at DESC, id";
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct OrgRecord {
    /// Its id.
    pub id: Id<Org>,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a key of an organisation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Signs the certificates of computers.
    DeviceCa,
    /// Signs the answers that computers keep or act on offline.
    Service,
}

impl KeyPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceCa => "DEVICE_CA",
            Self::Service => "SERVICE",
        }
    }
}

/// A private key of an organisation, sealed.
#[derive(Debug, Clone)]
pub struct OrgKey {
    /// RFC 7638 thumbprint of the public key.
    pub id: String,
    /// PKCS #8.
    pub private_key: Sealed<Vec<u8>>,
    /// DER, for the device CA.
    pub certificate: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs no more; it is still listed to computers for 90 days.
    pub retired_at: Option<Timestamp>,
}

impl Tx<'_> {
    /// Makes this transaction's organisation, and in it the group that everybody is in and the zones of the system.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_org(&mut self, name: &OrgName, env: &Env) -> Result<(), Error> {
        self.one(ORG_INSERT, values![name.as_str(), env.now])?;
        self.insert_everyone(env)?;
        self.insert_system_zones(env)
    }

    /// The organisation of this transaction, where it exists.
    ///
    /// # Errors
    /// Of the database.
    pub fn org_record(&mut self) -> Result<Option<OrgRecord>, Error> {
        self.row(ORG, values![])?.map(|row| org(&row)).transpose()
    }

    /// Gives the organisation another name.
    ///
    /// # Errors
    /// Of the database.
    pub fn rename_org(&mut self, name: &OrgName) -> Result<(), Error> {
        self.one(ORG_RENAME, values![name.as_str()])
    }

    /// Keeps a new key, sealed for its row.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_org_key(
        &mut self,
        purpose: KeyPurpose,
        id: &str,
        pkcs8: &Secret<Vec<u8>>,
        certificate: Option<&[u8]>,
        env: &Env,
    ) -> Result<(), Error> {
        let sealed: Sealed<Vec<u8>> = self.keyring().seal(key_place(id), pkcs8.expose(), env);
        self.one(KEY_INSERT, values![id, purpose.as_str(), &sealed, certificate, env.now])
    }

    /// The keys for a purpose, newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn org_keys(&mut self, purpose: KeyPurpose) -> Result<Vec<OrgKey>, Error> {
        let rows = self.rows(KEYS, values![purpose.as_str()])?;
        rows.iter()
            .map(|row| {
                let id: String = row.get("id")?;
                Ok(OrgKey {
                    private_key: row.sealed(key_place(&id))?,
                    id,
                    certificate: row.get("certificate")?,
                    created_at: row.get("created_at")?,
                    retired_at: row.get("retired_at")?,
                })
            })
            .collect()
    }
}

fn key_place(id: &str) -> Place {
    Place::new("org_keys", id, "private_key")
}

pub(crate) fn org(row: &Row) -> Result<OrgRecord, Error> {
    Ok(OrgRecord { id: row.get("org_id")?, name: row.get("name")?, created_at: row.get("created_at")? })
}
