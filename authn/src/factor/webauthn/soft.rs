//! An authenticator in software, for tests: it makes one credential and signs for whatever page it is shown, so that a
//! test can be every wrong page and every bad device.

use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use postern_codes::{Secret, b64, mac};
use serde_json::{Value, json};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// Who vouches for a device.
#[derive(Debug, Clone)]
pub enum Attestation {
    /// Nobody.
    None,
    /// The device itself, by the key of its credential.
    Own,
    /// Its maker.
    Maker {
        /// The private key of the first certificate, as PKCS #8.
        key: Vec<u8>,
        /// The certificates, the device's own first.
        chain: Vec<Vec<u8>>,
    },
}

/// A device with one credential, and how it behaves.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way to behave wrongly by itself")]
pub struct Authenticator {
    /// Which device it is.
    pub seed: u8,
    /// The page that it is shown.
    pub origin: String,
    /// The site that it signs for; the one that asks, where there is none.
    pub party: Option<String>,
    /// What it is asked; what the options say, where there is none.
    pub challenge: Option<String>,
    /// Its signature counter.
    pub counter: u32,
    /// Whether it makes sure of its owner.
    pub verifies: bool,
    /// Whether its credential may be backed up.
    pub is_backup_eligible: bool,
    /// Whether its credential is backed up.
    pub is_backed_up: bool,
    /// Whether it says that a person touched it.
    pub is_touched: bool,
    /// Whose it says to be; nobody's, where there is none.
    pub owner: Option<String>,
    /// Whether it signs with another key.
    pub is_forger: bool,
    /// Which model it says to be.
    pub aaguid: [u8; 16],
    /// Who vouches for it.
    pub attestation: Attestation,
}

impl Authenticator {
    /// A device that does everything right; another seed is another device.
    pub fn new(seed: u8, origin: &str) -> Self {
        Self {
            seed,
            origin: origin.to_owned(),
            party: None,
            challenge: None,
            counter: 0,
            verifies: true,
            is_backup_eligible: false,
            is_backed_up: false,
            is_touched: true,
            owner: None,
            is_forger: false,
            aaguid: [0; 16],
            attestation: Attestation::None,
        }
    }

    /// The device whose enrolment gave this secret.
    ///
    /// # Panics
    /// Where it is no secret of such a factor.
    pub fn of_secret(secret: &Secret<Vec<u8>>, origin: &str) -> Self {
        let kept: Value = serde_json::from_slice(secret.expose()).expect("a secret of a passkey");
        let id = b64::decode(kept["credential"]["cred_id"].as_str().expect("a credential")).expect("base64url");
        Self::new(id[0], origin)
    }

    /// Answers the options of an enrolment.
    ///
    /// # Panics
    /// On options that are none.
    pub fn enrol(&mut self, options: &Value) -> String {
        let options = &options["publicKey"];
        let owner = b64::decode(options["user"]["id"].as_str().expect("a user")).expect("base64url");
        self.owner = Some(String::from_utf8(owner).expect("an id"));
        let party = options["rp"]["id"].as_str().expect("a site");
        let id = self.credential_id();
        let mut data = self.data(party, HAS_CREDENTIAL);
        data.extend(self.aaguid);
        data.extend(u16::try_from(id.len()).expect("a short id").to_be_bytes());
        data.extend(&id);
        let point = self.public_key();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        let client = self.client_data("webauthn.create", options);
        let mut attestation = b"\xa3\x63fmt".to_vec();
        attestation.extend(self.statement(&[data.as_slice(), &mac::sha256(&[client.as_bytes()])].concat()));
        attestation.extend(b"\x68authData\x58");
        attestation.push(u8::try_from(data.len()).expect("short data"));
        attestation.extend(&data);
        json!({
            "id": b64::encode(&id), "rawId": b64::encode(&id), "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": b64::encode(&attestation),
                "clientDataJSON": b64::encode(client.as_bytes()),
                "transports": ["usb"],
            },
        })
        .to_string()
    }

    /// Answers the options of a sign-in or a step-up.
    ///
    /// # Panics
    /// On options that are none.
    pub fn prove(&self, options: &Value) -> String {
        let options = &options["publicKey"];
        let party = options["rpId"].as_str().expect("a site");
        let (id, data) = (self.credential_id(), self.data(party, 0));
        let client = self.client_data("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(mac::sha256(&[client.as_bytes()]));
        json!({
            "id": b64::encode(&id), "rawId": b64::encode(&id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": b64::encode(&data),
                "clientDataJSON": b64::encode(client.as_bytes()),
                "signature": b64::encode(&self.sign(&signed)),
                "userHandle": self.owner.as_ref().map(|owner| b64::encode(owner.as_bytes())),
            },
        })
        .to_string()
    }

    /// The format and the statement about what is signed, as CBOR.
    #[expect(clippy::disallowed_methods, reason = "an ECDSA signature needs randomness that no test depends on")]
    fn statement(&self, signed: &[u8]) -> Vec<u8> {
        let bytes = |bytes: &[u8]| {
            let length = u16::try_from(bytes.len()).expect("short bytes").to_be_bytes();
            [&[0x59], length.as_slice(), bytes].concat()
        };
        match &self.attestation {
            Attestation::None => b"\x64none\x67attStmt\xa0".to_vec(),
            Attestation::Own => {
                [b"\x66packed\x67attStmt\xa2\x63alg\x26\x63sig".as_slice(), &bytes(&self.sign(signed))].concat()
            }
            Attestation::Maker { key, chain } => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key).expect("a key pair");
                let signature = pair.sign(&SystemRandom::new(), signed).expect("a signature");
                let mut statement = b"\x66packed\x67attStmt\xa3\x63alg\x26\x63sig".to_vec();
                statement.extend(bytes(signature.as_ref()));
                statement.extend(b"\x63x5c");
                statement.push(0x80 | u8::try_from(chain.len()).expect("a short chain"));
                statement.extend(chain.iter().flat_map(|certificate| bytes(certificate)));
                statement
            }
        }
    }

    fn credential_id(&self) -> Vec<u8> {
        vec![self.seed; 32]
    }

    fn data(&self, party: &str, further: u8) -> Vec<u8> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = flag(self.is_touched, USER_PRESENT)
            | flag(self.verifies, USER_VERIFIED)
            | flag(self.is_backup_eligible, BACKUP_ELIGIBLE)
            | flag(self.is_backed_up, BACKED_UP)
            | further;
        let mut data = mac::sha256(&[self.party.as_deref().unwrap_or(party).as_bytes()]).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = self.challenge.as_deref().or(options["challenge"].as_str()).expect("a challenge");
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn private_key(&self) -> [u8; 32] {
        [self.seed; 32]
    }

    fn public_key(&self) -> Vec<u8> {
        let key = PrivateKey::from_private_key(&agreement::ECDH_P256, &self.private_key()).expect("a key");
        key.compute_public_key().expect("its public half").as_ref().to_vec()
    }

    #[expect(clippy::disallowed_methods, reason = "an ECDSA signature needs randomness that no test depends on")]
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let mut signer = self.clone();
        signer.seed ^= if self.is_forger { 0x40 } else { 0 };
        let (private, public) = (signer.private_key(), signer.public_key());
        let pair = EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_ASN1_SIGNING, &private, &public);
        pair.expect("a key pair").sign(&SystemRandom::new(), bytes).expect("a signature").as_ref().to_vec()
    }
}
