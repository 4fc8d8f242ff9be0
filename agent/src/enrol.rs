//! A computer joins an org with a one-time code, renews its certificate, and leaves.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
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

/// Trades `code` for a certificate, and keeps it in `state_dir`.
///
/// # Errors
/// What the server refused, or what could not be kept, in a sentence that says what to do.
pub fn enrol(client: &Client, code: &str, computer: &Computer, state_dir: &Path) -> anyhow::Result<Credential> {
    if Credential::load(state_dir).ok().flatten().is_some() {
        bail!("this computer is enrolled already: run postern-agent unenrol first");
    }
    let folder = fs::DirBuilder::new().recursive(true).mode(0o700).create(state_dir);
    folder.with_context(|| format!("cannot make {}", state_dir.display()))?;
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
    let pins = pins(&answer.service_keys)?;
    let credential = Credential::new(client.server().to_owned(), ids, answer.certificate, pins, key)?;
    credential.store(state_dir).with_context(|| format!("cannot write to {}", state_dir.display()))?;
    Ok(credential)
}

/// Replaces the certificate by one for a new key; the old one ends when the new one is first used.
///
/// # Errors
/// [`Failed`] inside, or what could not be kept; the old certificate then stays.
pub fn renew(client: &Client, old: Credential, state_dir: &Path) -> anyhow::Result<Credential> {
    let (key, csr) = key_and_request()?;
    let (answer, _): (RenewAnswer, _) = client.post(&old, RENEW, &RenewRequest { csr }, TIMEOUT)?;
    let ids = (old.org_id, old.device_id);
    let credential = Credential::new(old.server, ids, answer.certificate, old.pins, key)?;
    credential.store(state_dir).with_context(|| format!("cannot write to {}", state_dir.display()))?;
    Ok(credential)
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
