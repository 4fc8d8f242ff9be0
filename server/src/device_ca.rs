//! The built-in certificate authority of computers. It says itself who a certificate is for; of a request it takes the key
//! alone, once the request's own signature holds.

use std::time::Duration;

use postern_authn::device::Certificate;
use postern_codes::id::{Device, Id};
use postern_codes::jws::{PublicKey, SigningKey};
use postern_codes::{Env, Timestamp, mac};
use postern_store::orgs::{KeyPurpose, OrgRecord};
use postern_store::{Error, Tx};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

/// How long a certificate of a computer lasts; the agent renews it after two thirds.
pub const CERTIFICATE_LIFE: Duration = Duration::from_hours(2160);
const CA_LIFE: Duration = Duration::from_hours(20 * 365 * 24);
/// Certificates begin a little early, for computers whose clock is behind.
const EARLIER: Duration = Duration::from_mins(5);
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
/// DER of the one purpose that these certificates serve, "recovery client", under an arc of its own:
/// `2.25.147690576524792051208076771644727143204`, which is made of a random UUID (ITU-T X.667).
const RECOVERY_CLIENT: [u8; 24] = [
    0x30, 0x16, 0x06, 0x14, 0x69, 0x81, 0xde, 0x9c, 0x95, 0xe7, 0xc7, 0xd4, 0xba, 0xb1, 0xb1, 0x9a, 0x87, 0x94, 0xba,
    0xbc, 0xbf, 0xa2, 0xd6, 0x24,
];

/// A certificate that was made, with its chain as computers get it.
#[derive(Debug, Clone)]
pub struct Made {
    /// What the server keeps of it.
    pub certificate: Certificate,
    /// Its DER.
    pub der: Vec<u8>,
    /// PEM, the computer's certificate first.
    pub chain: String,
}

/// A signed request for a certificate: its key, nothing else.
#[derive(Debug, Clone)]
pub struct Request {
    key: PublicKey,
    spki: Vec<u8>,
}

/// It is no PKCS #10 request for a P-256 key, or not signed by that key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signed request for the certificate of a P-256 key")]
pub struct NotARequest;

impl Request {
    /// Reads a PKCS #10 request and checks its own signature.
    ///
    /// # Errors
    /// [`NotARequest`].
    pub fn parse(der: &[u8]) -> Result<Self, NotARequest> {
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| NotARequest)?;
        let spki = &request.certification_request_info.subject_pki;
        let key = PublicKey::from_sec1(&spki.subject_public_key.data).map_err(|_| NotARequest)?;
        if !rest.is_empty() || request.verify_signature().is_err() {
            return Err(NotARequest);
        }
        Ok(Self { key, spki: spki.raw.to_vec() })
    }
}

/// Makes the certificate authority of an organisation.
///
/// # Errors
/// Of the database.
pub fn create(tx: &mut Tx<'_>, org: &OrgRecord, env: &Env) -> Result<(), Error> {
    let key = SigningKey::generate();
    let pkcs8 = key.to_pkcs8();
    let mut params = params(&format!("{} device CA", org.name), env, CA_LIFE);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key_pair(pkcs8.expose())?).map_err(Error::fault)?;
    tx.insert_org_key(KeyPurpose::DeviceCa, &key.public().thumbprint(), &pkcs8, Some(certificate.der()), env)
}

/// Certifies the key of a request for a computer. The caller keeps the certificate in the same transaction.
///
/// # Errors
/// A fault where the authority is missing or does not open.
pub fn certify(tx: &mut Tx<'_>, request: &Request, device: Id<Device>, env: &Env) -> Result<Made, Error> {
    let keys = tx.org_keys(KeyPurpose::DeviceCa)?;
    let authority = keys.first().ok_or_else(|| Error::fault("the organisation has no device CA"))?;
    let ca = authority.certificate.clone().ok_or_else(|| Error::fault("the device CA has no certificate"))?;
    let ca = CertificateDer::from(ca);
    let signing = key_pair(tx.keyring().open(&authority.private_key)?.expose())?;
    let issuer = Issuer::from_ca_cert_der(&ca, signing).map_err(Error::fault)?;

    let name = format!("urn:postern:device:{device}");
    let mut params = params(device.as_str(), env, CERTIFICATE_LIFE);
    params.subject_alt_names = vec![SanType::URI(name.try_into().map_err(Error::fault)?)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions = vec![CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, RECOVERY_CLIENT.to_vec())];
    params.use_authority_key_identifier_extension = true;
    let subject = SubjectPublicKeyInfo::from_der(&request.spki).map_err(Error::fault)?;
    let made = params.signed_by(&subject, &issuer).map_err(Error::fault)?;

    let certificate = Certificate {
        thumbprint: mac::sha256(&[made.der()]),
        device,
        public_key: request.key.sec1().to_vec(),
        created_at: env.now,
        expires_at: env.now.plus(CERTIFICATE_LIFE),
        first_used_at: None,
        revoked_at: None,
    };
    Ok(Made { certificate, der: made.der().to_vec(), chain: format!("{}{}", made.pem(), pem(&ca)) })
}

fn params(common_name: &str, env: &Env, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let start = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = start + since_1970(env.now.minus(EARLIER));
    params.not_after = start + since_1970(env.now.plus(life));
    let mut serial: [u8; 16] = env.bytes();
    // RFC 5280 section 4.1.2.2: positive, so the first bit is zero; never zero as a whole.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.key_identifier_method = KeyIdMethod::Sha256;
    params
}

fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(at.unix_seconds().max(0).unsigned_abs())
}

fn key_pair(pkcs8: &[u8]) -> Result<KeyPair, Error> {
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8), &PKCS_ECDSA_P256_SHA256)
        .map_err(Error::fault)
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use postern_codes::env::TestWorld;
    use postern_codes::id::Org;
    use postern_store::{Store, scratch};
    use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate};

    use super::*;

    async fn store_with_keys() -> (scratch::Scratch, Id<Org>) {
        let scratch = scratch::store(postern_store::migrate::Engine::Sqlite).await;
        let env = TestWorld::new().env();
        let org = Id::new(&env);
        let make = |tx: &mut Tx<'_>| {
            tx.insert_org(&"Harbour".parse().map_err(Error::fault)?, &env)?;
            crate::org_keys::make_org_keys(tx, &env)
        };
        scratch.store.write(org, make).await.unwrap();
        (scratch, org)
    }

    async fn certified(store: &Store, org: Id<Org>, csr: &[u8]) -> Made {
        let request = Request::parse(csr).unwrap();
        let env = TestWorld::new().env();
        let device = Id::new(&env);
        store.write(org, |tx| certify(tx, &request, device, &env)).await.unwrap()
    }

    /// A request that asks to be somebody else.
    fn csr() -> Vec<u8> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec!["admin.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "root");
        params.serialize_request(&key).unwrap().der().to_vec()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_authority_says_who_a_certificate_is_for() {
        let (scratch, org) = store_with_keys().await;
        let made = certified(&scratch.store, org, &csr()).await;
        let (_, certificate) = X509Certificate::from_der(&made.der).unwrap();
        assert_eq!(certificate.subject().to_string(), format!("CN={}", made.certificate.device));
        let san = certificate.subject_alternative_name().unwrap().unwrap();
        let uri = format!("urn:postern:device:{}", made.certificate.device);
        assert_eq!(san.value.general_names, vec![GeneralName::URI(&uri)]);
        let usage = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::ExtendedKeyUsage(usage) => Some(usage),
            _ => None,
        });
        let purposes: Vec<String> = usage.unwrap().other.iter().map(ToString::to_string).collect();
        assert_eq!(purposes.len(), 1);
        assert!(!usage.unwrap().client_auth, "no ordinary TLS client");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_certificate_is_signed_by_the_authority_of_the_chain() {
        let (scratch, org) = store_with_keys().await;
        let made = certified(&scratch.store, org, &csr()).await;
        let pems: Vec<_> = x509_parser::pem::Pem::iter_from_buffer(made.chain.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(pems.len(), 2);
        assert_eq!(pems[0].contents, made.der);
        let (_, ca) = X509Certificate::from_der(&pems[1].contents).unwrap();
        let (_, certificate) = X509Certificate::from_der(&made.der).unwrap();
        certificate.verify_signature(Some(ca.public_key())).unwrap();
        assert!(ca.is_ca());
        assert!(!certificate.is_ca());
    }

    #[test]
    fn a_request_that_its_key_did_not_sign_is_refused() {
        let good = csr();
        assert!(Request::parse(&good).is_ok());
        // What comes before and after the signed part is a header, the name of the algorithm, and the signature.
        let (_, parsed) = X509CertificationRequest::from_der(&good).unwrap();
        let signed = parsed.certification_request_info.raw;
        let start = good.windows(signed.len()).position(|window| window == signed).unwrap();
        for at in start..start + signed.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert!(Request::parse(&changed).is_err(), "byte {at}");
        }
        assert!(Request::parse(&[good.as_slice(), &[0]].concat()).is_err());
    }
}
