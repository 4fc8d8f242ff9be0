//! A computer joins an org with a one-time code, and renews its certificate.

use std::time::Duration;

use anyhow::{Context as _, bail};
use postern_codes::Secret;
use postern_codes::jws::{KeySet, SigningKey};
use postern_wire::Text;
use postern_wire::enroll::{Csr, ENROLL, EnrollAnswer, EnrollRequest, RENEW, RenewAnswer, RenewRequest};
use postern_wire::proof::Jwks;
use postern_wire::socket::Computer;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::client::{Client, Failed};
use crate::credential::Credential;
use crate::identity;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Trades `code` for a certificate.
///
/// # Errors
/// What the server refused, in a sentence that says what to do.
pub fn enrol(client: &Client, code: &str, computer: &Computer) -> anyhow::Result<Credential> {
    let (key, csr) = key_and_request()?;
    let request = EnrollRequest {
        enrollment_code: Text::new(code.trim()).context("the enrolment code is empty or too long")?,
        csr,
        profile: identity::profile(computer).context("this computer has no name: set one, or give computer.name")?,
    };
    let answer: EnrollAnswer = client.post_unproved(ENROLL, &request, TIMEOUT).map_err(explain)?;
    let ids = (
        answer.org_id.parse().context("the server's answer names no org")?,
        answer.device_id.parse().context("the server's answer names no computer")?,
    );
    Credential::new(client.server().to_owned(), ids, answer.certificate, pins(&answer.service_keys)?, key)
}

/// Trades the certificate for one of a new key; the old one ends when the new one is first used.
///
/// # Errors
/// [`Failed`] inside; the old certificate then stays.
pub fn renew(client: &Client, old: Credential) -> anyhow::Result<Credential> {
    let (key, csr) = key_and_request()?;
    let (answer, _): (RenewAnswer, _) = client.post(&old, RENEW, &RenewRequest { csr }, TIMEOUT)?;
    Credential::new(old.server, (old.org_id, old.device_id), answer.certificate, old.pins, key)
}

/// The service keys as pins: each is checked to be on the curve, and there is at least one.
///
/// # Errors
/// Where one is no key, or there is none.
pub fn pins(keys: &Jwks) -> anyhow::Result<KeySet> {
    let pins: KeySet =
        serde_json::from_value(serde_json::to_value(keys)?).context("a service key is not on its curve")?;
    if pins.keys.is_empty() {
        bail!("the server named no service key");
    }
    Ok(pins)
}

/// A new P-256 key and its signing request. The server sets subject and name itself.
fn key_and_request() -> anyhow::Result<(SigningKey, Csr)> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
    let request = CertificateParams::default().serialize_request(&pair).context("cannot make a signing request")?;
    let key = SigningKey::from_pkcs8(&Secret::new(pair.serialize_der())).context("cannot use the new key")?;
    Ok((key, Csr::new(request.der().to_vec()).context("the signing request is too long")?))
}

fn explain(failed: Failed) -> anyhow::Error {
    match failed.word() {
        Some(word) => anyhow::anyhow!("{}; {}", word.meaning(), word.fix()),
        None => failed.into(),
    }
}
