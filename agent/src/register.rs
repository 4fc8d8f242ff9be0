//! Registers a person's recovery secret with the server, or rotates it: begin, keep, acknowledge, done.
//!
//! Whatever step fails, the computer accepts every generation from which the server may issue: a new one is kept before
//! it is acknowledged, and the old one goes only on the server's signed word.

use std::time::Duration;

use postern_codes::agree::EphemeralKey;
use postern_codes::drp1::transcript_hash;
use postern_codes::id::User;
use postern_codes::jws::PublicKey;
use postern_codes::{Env, Id};
use postern_wire::error::DeviceError;
use postern_wire::proof::Jwk;
use postern_wire::recovery::{
    ACK, AckAnswer, AckRequest, BEGIN, BeginAnswer, BeginRequest, Binding, DoneClaims, OfferClaims, Previous,
};
use postern_wire::{Bytes, Text};

use crate::client::{Client, Failed};
use crate::credential::{Credential, Forged, Unusable};
use crate::daemon::Daemon;
use crate::log::Category;
use crate::vault::{Fault, Link};

/// Whom to register, and by what right.
pub struct Wanted {
    /// The login at the server.
    pub login: String,
    /// The OS account's number.
    pub os_uid: u32,
    /// By what right.
    pub right: Right,
}

/// By what right a recovery secret is registered.
pub enum Right {
    /// The person showed a factor: a signed `drp+factor` answer of the server.
    Factor(String),
    /// The present secret of this person is known.
    Present(Id<User>),
}

/// Why a registration did not come about.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    /// The computer's own state.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The server, or the way to it.
    #[error(transparent)]
    Server(#[from] Failed),
    /// There is no certificate to ask with.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<Forged> for NotRegistered {
    fn from(forged: Forged) -> Self {
        Self::Server(Failed::Forged(forged))
    }
}

impl NotRegistered {
    /// The word that says what to do, where there is one.
    pub fn word(&self) -> Option<DeviceError> {
        match self {
            Self::Fault(_) => None,
            Self::Unusable(_) => Some(DeviceError::CertificateMissing),
            Self::Server(failed) => failed.word(),
        }
    }
}

/// Registers, and logs what came of it.
///
/// # Errors
/// [`NotRegistered`]; what was registered before still works.
pub fn register(daemon: &Daemon, wanted: &Wanted, timeout: Duration) -> Result<(), NotRegistered> {
    daemon.log.info_of(&wanted.login, Category::Recovery, "registering", "registering a recovery secret");
    let outcome = run(daemon, wanted, timeout);
    let (login, recovery) = (&wanted.login, Category::Recovery);
    match outcome.as_ref().err().map(|why| (why, why.word())) {
        None => daemon.log.info_of(login, recovery, "registered", "the recovery secret is registered"),
        Some((_, Some(word))) => daemon.log.refused(recovery, word, Some(login)),
        Some((why, None)) => {
            let fix = "the computer tries again at the next online sign-in";
            daemon.log.error_of(login, recovery, "register_failed", why, fix);
        }
    }
    outcome
}

fn run(daemon: &Daemon, wanted: &Wanted, timeout: Duration) -> Result<(), NotRegistered> {
    let credential = daemon.credential()?;
    let client = daemon.client(&credential.server).map_err(|fault| Failed::Unreachable(format!("{fault:#}")))?;
    let (link, mac) = begin(daemon, &client, &credential, wanted, timeout)?;
    acknowledge(daemon, &client, &credential, &link, mac, timeout)
}

/// Completes what was begun and never heard of again: a lost answer, or an agent that was killed. Repeating an
/// acknowledgement is harmless.
///
/// # Errors
/// [`NotRegistered`]; both generations still work.
pub fn resume(daemon: &Daemon, timeout: Duration) -> Result<(), NotRegistered> {
    let begun: Vec<(Link, [u8; 32])> = daemon.vault(|vault| {
        let unfinished = vault.state().people.iter().filter_map(|person| Some((person, person.unfinished()?)));
        Ok(unfinished.map(|(person, generation)| (Link::of(person, generation), generation.ack)).collect())
    })?;
    if begun.is_empty() {
        return Ok(());
    }
    let credential = daemon.credential()?;
    let client = daemon.client(&credential.server).map_err(|fault| Failed::Unreachable(format!("{fault:#}")))?;
    for (link, mac) in begun {
        match acknowledge(daemon, &client, &credential, &link, mac, timeout) {
            Err(NotRegistered::Server(failed)) if failed.word().is_some() => {
                let fix = "sign in online once with a factor";
                daemon.log.error_of(&link.login, Category::Recovery, "resume_failed", failed, fix);
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Whether the server would make PINs of a person's recovery secret: repeats its acknowledgement, which changes nothing.
///
/// # Errors
/// [`NotRegistered`], with the server's word.
pub fn probe(daemon: &Daemon, link: &Link, mac: [u8; 32]) -> Result<(), NotRegistered> {
    let credential = daemon.credential()?;
    let client = daemon.client(&credential.server).map_err(|fault| Failed::Unreachable(format!("{fault:#}")))?;
    ask_done(&client, &credential, link, mac, daemon.patience())
}

/// Steps 1 to 3: agrees on a secret and keeps it; gives the tag that acknowledges it.
fn begin(
    daemon: &Daemon,
    client: &Client,
    credential: &Credential,
    wanted: &Wanted,
    timeout: Duration,
) -> Result<(Link, [u8; 32]), NotRegistered> {
    let ephemeral = EphemeralKey::generate();
    let nonce = Env::of(&daemon.world).bytes::<16>();
    let mut request = BeginRequest {
        login: text(&wanted.login)?,
        os_uid: wanted.os_uid.into(),
        ephemeral_key: jwk(ephemeral.public()),
        binding: Binding::Soft,
        nonce: Bytes(nonce),
        factor_verdict: None,
        previous: None,
        attestation: None,
    };
    match &wanted.right {
        Right::Factor(verdict) => request.factor_verdict = postern_wire::form::Jws::new(verdict.clone()),
        Right::Present(user) => {
            let proof = daemon.vault(|vault| vault.rotation_proof(*user, &nonce))?;
            let proof = proof.ok_or(Fault::Corrupt("state"))?;
            request.previous = Some(Previous {
                eid: text(proof.eid.as_str())?,
                generation: proof.generation.into(),
                mac: Bytes(proof.mac),
            });
        }
    }
    let (answer, body): (BeginAnswer, _) = client.post(credential, BEGIN, &request, timeout)?;
    let offer: OfferClaims = credential.open(&answer.offer, &body)?;
    let theirs = PublicKey::from_sec1(&[&[4][..], &offer.ephemeral_key.x.0, &offer.ephemeral_key.y.0].concat());
    let shared = theirs.and_then(|theirs| ephemeral.agree(&theirs)).map_err(|_| Forged::Form)?;
    let link = Link {
        user: offer.user_id.parse().map_err(|_| Forged::Form)?,
        login: wanted.login.clone(),
        os_uid: wanted.os_uid,
        eid: offer.eid.parse().map_err(|_| Forged::Form)?,
        generation: u32::try_from(offer.generation.get()).map_err(|_| Forged::Form)?,
    };
    let transcript = transcript_hash(&body, &answer.offer);
    let mac = daemon.vault(|vault| vault.begin(&link, &shared, &transcript, daemon.now()))?;
    Ok((link, mac))
}

/// Steps 4 and 5: the server goes over to the new generation, and says so.
fn acknowledge(
    daemon: &Daemon,
    client: &Client,
    credential: &Credential,
    link: &Link,
    mac: [u8; 32],
    timeout: Duration,
) -> Result<(), NotRegistered> {
    ask_done(client, credential, link, mac, timeout)?;
    Ok(daemon.vault(|vault| vault.done(link))?)
}

fn ask_done(
    client: &Client,
    credential: &Credential,
    link: &Link,
    mac: [u8; 32],
    timeout: Duration,
) -> Result<(), NotRegistered> {
    let request = AckRequest { eid: text(link.eid.as_str())?, generation: link.generation.into(), mac: Bytes(mac) };
    let (answer, body): (AckAnswer, _) = client.post(credential, ACK, &request, timeout)?;
    let done: DoneClaims = credential.open(&answer.done, &body)?;
    if done.eid != request.eid || done.generation != request.generation {
        return Err(Forged::Elsewhere.into());
    }
    Ok(())
}

fn text(value: &str) -> Result<Text, Fault> {
    Text::new(value).ok_or(Fault::Corrupt("state"))
}

fn jwk(key: &PublicKey) -> Jwk {
    let (mut x, mut y) = ([0; 32], [0; 32]);
    x.copy_from_slice(&key.sec1()[1..33]);
    y.copy_from_slice(&key.sec1()[33..]);
    Jwk::new(x, y)
}
