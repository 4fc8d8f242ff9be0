//! The organisation's service key: signs the answers that computers keep or act on offline.

use postern_codes::id::{Device, Id};
use postern_codes::jws::{Header, KeySet, SigningKey};
use postern_codes::{Env, Timestamp};
use postern_store::orgs::{KeyPurpose, OrgKey};
use postern_store::{Error, Tx};
use postern_wire::proof::{Claims, Signed};
use postern_wire::{Bytes, Text};
use serde::Serialize;

/// How long a retired key is still listed to computers.
const LISTED: std::time::Duration = std::time::Duration::from_hours(2160);

/// The key that signs now, and those that computers trust.
#[derive(Debug)]
pub struct ServiceKey {
    signing: SigningKey,
    trusted: KeySet,
}

/// What an answer is bound to: this computer, and the request that it answers.
#[derive(Debug, Clone, Copy)]
pub struct Bond {
    /// The computer.
    pub device: Id<Device>,
    /// SHA-256 of the request's body.
    pub body: [u8; 32],
}

/// Makes the first service key of an organisation.
///
/// # Errors
/// Of the database.
pub fn create(tx: &mut Tx<'_>, env: &Env) -> Result<(), Error> {
    let key = SigningKey::generate();
    tx.insert_org_key(KeyPurpose::Service, &key.public().thumbprint(), &key.to_pkcs8(), None, env)
}

impl ServiceKey {
    /// The keys of this transaction's organisation.
    ///
    /// # Errors
    /// A fault where there is none or it does not open.
    pub fn load(tx: &mut Tx<'_>, now: Timestamp) -> Result<Self, Error> {
        let keys = tx.org_keys(KeyPurpose::Service)?;
        let newest = keys.iter().find(|key| key.retired_at.is_none());
        let signing = open(tx, newest.ok_or_else(|| Error::fault("the organisation has no service key"))?)?;
        let mut trusted = KeySet::default();
        for key in keys.iter().filter(|key| key.retired_at.is_none_or(|at| now.since(at) < LISTED)) {
            trusted.keys.push(*open(tx, key)?.public());
        }
        Ok(Self { signing, trusted })
    }

    /// The keys that computers pin.
    pub const fn trusted(&self) -> &KeySet {
        &self.trusted
    }

    /// The compact JWS of `claims`, bound to one computer and one request.
    ///
    /// # Errors
    /// Never for identifiers of ours; a fault where one is no text of the wire.
    pub fn sign<C: Claims + Serialize>(&self, bond: Bond, tx: &Tx<'_>, claims: C) -> Result<String, Error> {
        let signed = Signed {
            org_id: text(tx.org().as_str())?,
            device_id: text(bond.device.as_str())?,
            bdy: Bytes(bond.body),
            claims,
        };
        Ok(self.signing.sign(&Header::of_key(C::TYPE.typ(), self.signing.public()), &signed))
    }
}

/// An identifier as a text of the wire.
///
/// # Errors
/// A fault where it is empty or longer than the wire allows.
pub fn text(id: &str) -> Result<Text, Error> {
    Text::new(id).ok_or_else(|| Error::fault("an identifier is no text of the wire"))
}

fn open(tx: &Tx<'_>, key: &OrgKey) -> Result<SigningKey, Error> {
    SigningKey::from_pkcs8(&tx.keyring().open(&key.private_key)?).map_err(Error::fault)
}
