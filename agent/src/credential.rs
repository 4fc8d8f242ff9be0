//! What the computer holds since it was enrolled: its certificate and key, and the server's keys that it pinned.
//!
//! One file in the state folder, readable by its owner alone and replaced as a whole, so that certificate, key and pins
//! always belong together. It is read afresh for each use, and apart from the sealed state: a computer whose state is
//! refused can still ask the server.

use std::io;
use std::path::Path;

use anyhow::{Context as _, bail};
use postern_codes::id::{Device, Org};
use postern_codes::jws::{Header, KeySet, SigningKey};
use postern_codes::mac::sha256;
use postern_codes::{Env, Id, Secret, b64, jws};
use postern_wire::proof::{self, Claims, ProofClaims, Signed};
use postern_wire::{Bytes, Text, Whole, socket};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use x509_parser::pem::Pem;

use crate::disk::{Disk as _, Folder, replace};
use crate::state::Identity;

const FILE: &str = "device.json";

/// A computer's membership of an org.
pub struct Credential {
    /// The server's base URL.
    pub server: String,
    /// The org.
    pub org_id: Id<Org>,
    /// The computer.
    pub device_id: Id<Device>,
    /// PEM chain, the computer's certificate first.
    pub certificate: String,
    /// The keys that sign the server's answers.
    pub pins: KeySet,
    key: SigningKey,
    thumbprint: [u8; 32],
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    server: String,
    org_id: Id<Org>,
    device_id: Id<Device>,
    certificate: String,
    service_keys: KeySet,
    key: String,
}

/// Why there is no credential to work with.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file is there and cannot be used.
    #[error("the file device.json cannot be used: {0}. Run postern-agent unenrol, and enrol again")]
    Damaged(String),
    /// The computer is not enrolled.
    #[error("this computer is not enrolled: run postern-agent enrol")]
    Missing,
}

/// An answer that must not be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// Made for another computer, org or request.
    #[error("the server's answer was made for another computer or another request")]
    Elsewhere,
    /// Not of the form or purpose that was asked for.
    #[error("the server's answer is not of the form that this call takes")]
    Form,
    /// Not signed by a key that this computer pinned.
    #[error("the server's answer is not signed by a key that this computer knows")]
    Key,
}

impl Credential {
    /// A new one, from what the server answered.
    ///
    /// # Errors
    /// Where the certificate is not one for this key.
    pub fn new(
        server: String,
        (org_id, device_id): (Id<Org>, Id<Device>),
        certificate: String,
        pins: KeySet,
        key: SigningKey,
    ) -> anyhow::Result<Self> {
        let der = first_certificate(&certificate)?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).context("the certificate is not readable")?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public().sec1() {
            bail!("the certificate was made for another key");
        }
        let thumbprint = sha256(&[&der]);
        Ok(Self { server, org_id, device_id, certificate, pins, key, thumbprint })
    }

    /// The one in `state_dir`.
    ///
    /// # Errors
    /// [`Unusable`]: a file that is damaged, or that others can read, is not used.
    pub fn load(state_dir: &Path) -> Result<Self, Unusable> {
        let damaged = |fault: &dyn std::fmt::Display| Unusable::Damaged(fault.to_string());
        let folder = Folder::open(state_dir).map_err(|fault| damaged(&fault))?;
        let bytes = folder.read(FILE).map_err(|fault| damaged(&fault))?.ok_or(Unusable::Missing)?;
        let bytes = Secret::new(bytes);
        if folder.is_open_to_others(FILE).unwrap_or(true) {
            return Err(damaged(&"others can read it"));
        }
        let stored: Stored = serde_json::from_slice(bytes.expose()).map_err(|fault| damaged(&fault))?;
        let pkcs8 = Secret::new(b64::decode(&stored.key).unwrap_or_default());
        let key = SigningKey::from_pkcs8(&pkcs8).map_err(|fault| damaged(&fault))?;
        let ids = (stored.org_id, stored.device_id);
        Self::new(stored.server, ids, stored.certificate, stored.service_keys, key).map_err(|fault| damaged(&fault))
    }

    /// Writes it to `state_dir`.
    ///
    /// # Errors
    /// Whatever the disk says; the old one is then still there.
    pub fn store(&self, state_dir: &Path) -> io::Result<()> {
        let stored = Stored {
            server: self.server.clone(),
            org_id: self.org_id,
            device_id: self.device_id,
            certificate: self.certificate.clone(),
            service_keys: self.pins.clone(),
            key: b64::encode(self.key.to_pkcs8().expose()),
        };
        replace(&mut Folder::open(state_dir)?, FILE, &serde_json::to_vec_pretty(&stored)?)
    }

    /// Forgets the one in `state_dir`, if there is one.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn discard(state_dir: &Path) -> io::Result<()> {
        match std::fs::remove_file(state_dir.join(FILE)) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
            Ok(()) | Err(_) => Folder::open(state_dir)?.sync_folder(),
        }
    }

    /// Who the computer is, as every recovery secret covers it.
    pub const fn identity(&self) -> Identity {
        Identity { org: self.org_id, device: self.device_id }
    }

    /// The `Device-Proof` of a call to the server at `aud`, whose `iat` is `at`, in Unix seconds.
    pub fn proof(&self, aud: &str, call: &Call<'_>, at: i64, env: &Env) -> String {
        let claims = ProofClaims {
            aud: aud.to_owned(),
            iat: Whole::clamped(at),
            exp: Whole::clamped(at.saturating_add(proof::MAX_LIFETIME_SECONDS.cast_signed())),
            jti: Text::cut(&b64::encode(&env.bytes::<16>()))
                .unwrap_or_else(|| unreachable!("16 bytes are 22 characters")),
            htm: Text::cut(call.method).unwrap_or_else(|| unreachable!("a method has letters")),
            htu: call.path.to_owned(),
            bdy: Bytes(sha256(&[call.body])),
        };
        self.key.sign(&Header::of_certificate(proof::TYP, &self.thumbprint), &claims)
    }

    /// The claims of an answer to the request with this body: signed by a pinned key, of the type that was asked for,
    /// for this computer and this request.
    ///
    /// # Errors
    /// [`Forged`]; such an answer counts as none.
    pub fn open<C: Claims + DeserializeOwned>(&self, answer: &str, body: &[u8]) -> Result<C, Forged> {
        let unverified = jws::parse(answer).map_err(|_| Forged::Form)?;
        if unverified.header.typ != C::TYPE.typ() {
            return Err(Forged::Form);
        }
        let kid = unverified.header.kid.clone().ok_or(Forged::Key)?;
        let signed: Signed<C> =
            unverified.verify(self.pins.key(&kid).ok_or(Forged::Key)?).map_err(|why| match why {
                jws::Rejected::Malformed(_) => Forged::Form,
                jws::Rejected::Signature => Forged::Key,
            })?;
        let ours =
            signed.org_id.as_str() == self.org_id.as_str() && signed.device_id.as_str() == self.device_id.as_str();
        let answers = signed.bdy.0 == sha256(&[body]);
        (ours && answers).then_some(signed.claims).ok_or(Forged::Elsewhere)
    }
}

/// A certificate as people read it, and when it should be renewed: after two thirds of its life.
pub fn describe(chain: &str, state_dir: &Path) -> Option<socket::Certificate> {
    let der = first_certificate(chain).ok()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).ok()?;
    Some(socket::Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        serial: parsed.raw_serial_as_string(),
        not_before: Whole::clamped(parsed.validity().not_before.timestamp()),
        not_after: Whole::clamped(parsed.validity().not_after.timestamp()),
        key: format!("{}, readable by its owner alone", state_dir.join(FILE).display()),
    })
}

/// A call to be proved.
pub struct Call<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
}

fn first_certificate(chain: &str) -> anyhow::Result<Vec<u8>> {
    let first = Pem::iter_from_buffer(chain.as_bytes()).next().context("there is no certificate")?;
    Ok(first.context("the certificate is not PEM")?.contents)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use super::*;
    use postern_codes::Secret;
    use postern_codes::env::{System, World};
    use postern_codes::jws::PublicKey;

    use postern_wire::recovery::{DoneClaims, VerdictClaims};

    fn credential(pins: Vec<PublicKey>) -> Credential {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap().pem();
        let key = SigningKey::from_pkcs8(&Secret::new(pair.serialize_der())).unwrap();
        let world: Arc<dyn World> = Arc::new(System);
        let ids = (Id::new(&Env::of(&world)), Id::new(&Env::of(&world)));
        Credential::new("https://postern.example.com".into(), ids, certificate, KeySet { keys: pins }, key).unwrap()
    }

    fn answer(credential: &Credential, key: &SigningKey, typ: &str, body: &[u8]) -> String {
        let claims = Signed {
            org_id: Text::new(credential.org_id.as_str()).unwrap(),
            device_id: Text::new(credential.device_id.as_str()).unwrap(),
            bdy: Bytes(sha256(&[body])),
            claims: DoneClaims { eid: Text::new("ren1").unwrap(), generation: 1_u32.into() },
        };
        key.sign(&Header::of_key(typ, key.public()), &claims)
    }

    #[test]
    fn it_survives_the_disk_and_is_not_read_where_others_can() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Credential::load(folder.path()), Err(Unusable::Missing)));
        let credential = credential(vec![]);
        credential.store(folder.path()).unwrap();
        let again = Credential::load(folder.path()).unwrap();
        assert_eq!(again.identity(), credential.identity());
        assert!(describe(&again.certificate, folder.path()).unwrap().key.contains(FILE));
        let path = folder.path().join(FILE);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Credential::load(folder.path()), Err(Unusable::Damaged(_))));
        Credential::discard(folder.path()).unwrap();
        assert!(matches!(Credential::load(folder.path()), Err(Unusable::Missing)));
        Credential::discard(folder.path()).unwrap();
    }

    #[test]
    fn a_damaged_file_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        credential(vec![]).store(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for end in [0, 1, whole.len() / 2, whole.len() - 2] {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(matches!(Credential::load(folder.path()), Err(Unusable::Damaged(_))), "cut at {end}");
        }
    }

    #[test]
    fn only_a_pinned_key_of_the_right_purpose_for_this_request_is_believed() {
        let (service, stranger) = (SigningKey::generate(), SigningKey::generate());
        let ours = credential(vec![*service.public()]);
        let good = answer(&ours, &service, "drp+done", b"{}");
        assert_eq!(ours.open::<DoneClaims>(&good, b"{}").unwrap().eid.as_str(), "ren1");
        assert_eq!(ours.open::<DoneClaims>(&good, b"{ }"), Err(Forged::Elsewhere));
        assert_eq!(ours.open::<VerdictClaims>(&good, b"{}"), Err(Forged::Form));
        assert_eq!(ours.open::<DoneClaims>(&answer(&ours, &stranger, "drp+done", b"{}"), b"{}"), Err(Forged::Key));
        assert_eq!(ours.open::<DoneClaims>(&answer(&ours, &service, "drp+offer", b"{}"), b"{}"), Err(Forged::Form));
        assert_eq!(ours.open::<DoneClaims>("{}", b"{}"), Err(Forged::Form));
        let other = credential(vec![*service.public()]);
        assert_eq!(other.open::<DoneClaims>(&good, b"{}"), Err(Forged::Elsewhere));
    }

    #[test]
    fn a_proof_names_the_address_that_is_called() {
        let ours = credential(vec![]);
        let world: Arc<dyn World> = Arc::new(System);
        let call = Call { method: "POST", path: "/device-access/api/v1/check-in", body: b"{}" };
        let proof = ours.proof("https://new.example.com", &call, 100, &Env::of(&world));
        let claims: ProofClaims = jws::parse(&proof).unwrap().verify(ours.key.public()).unwrap();
        assert_eq!(claims.aud, "https://new.example.com");
    }

    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let ours = credential(vec![]);
        let ids = (ours.org_id, ours.device_id);
        let made = Credential::new(ours.server, ids, ours.certificate, ours.pins, SigningKey::generate());
        assert!(made.is_err());
    }
}
