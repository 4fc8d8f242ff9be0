//! [`DeviceCall`]: a call of a computer whose proof holds. No handler of a computer's call can be reached without.
//!
//! The checks and their order are the documented ones: form, certificate, signature and claims, clock, the computer's state
//! and its certificate's, and at last that this very proof was not seen before.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, OriginalUri, Request};
use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client as AuditClient, Event, EventType};
use postern_authn::device::{Barred, Certificate, Device, bar};
use postern_authn::limit::{Charge, Limit};
use postern_codes::id::{Id, Org};
use postern_codes::jws::{self, PublicKey};
use postern_codes::{Env, b64, mac, strict};
use postern_store::Error;
use postern_wire::error::DeviceError;
use postern_wire::form::Whole;
use postern_wire::proof::{HEADER, MAX_LIFETIME_SECONDS, MAX_SKEW_SECONDS, ProofClaims, TYP};
use serde::de::DeserializeOwned;

use super::enroll::target as named;
use super::refusal::{actor, malformed, refusal};
use crate::App;
use crate::api::client::Client;
use crate::api::{ApiError, body};
use crate::perimeter::meter::{self, Meter};
use crate::service_key::Bond;

/// A `jti` has at least 96 random bits.
const JTI_BYTES: usize = 12;

/// A call of a computer that proved itself.
#[derive(Debug, Clone)]
pub struct DeviceCall {
    /// Its organisation.
    pub org: Id<Org>,
    /// The computer.
    pub device: Device,
    /// The body as it was sent.
    pub body: Bytes,
    /// Where it comes from.
    pub client: AuditClient,
    /// This moment.
    pub env: Env,
}

impl DeviceCall {
    /// The body, read strictly.
    ///
    /// # Errors
    /// `malformed`, with the field's name.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        strict::from_slice(&self.body).map_err(|fault| malformed(&fault))
    }

    /// What the answer is bound to.
    pub fn bond(&self) -> Bond {
        Bond { device: self.device.id, body: mac::sha256(&[&self.body]) }
    }
}

impl FromRequest<Arc<App>> for DeviceCall {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Client(client) = Client::from_request_parts(&mut parts, app).await.unwrap_or_default();
        let meter = parts.extensions.get::<Arc<Meter>>().cloned();
        let org = app.org().await?;
        // As on the request line: the path that is routed was tidied.
        let own = parts.uri.clone();
        let line = parts.extensions.get::<OriginalUri>().map_or(own, |original| original.0.clone());
        let target = line.path_and_query().map_or("", |target| target.as_str()).to_owned();
        let request = Request::from_parts(parts, body);
        let method = request.method().as_str().to_owned();
        let headers: Vec<_> = request.headers().get_all(HEADER).iter().cloned().collect();
        let body = read_body(request, app).await?;
        let proof = match headers.as_slice() {
            [one] => one.to_str().ok(),
            _ => None,
        };
        let env = app.env();
        let shown = Shown { proof, method: &method, target: &target, body: &body };
        match check(app, org, &shown, &env).await? {
            Ok(device) => {
                meter::count_device(app, meter.as_ref(), device.id, &client).await?;
                Ok(Self { org, device, body, client, env })
            }
            Err(refused) => Err(record(app, org, refused, &target, client, &env).await?),
        }
    }
}

/// The body of a computer's call.
///
/// # Errors
/// 413 with the word for computers where it is too large.
pub async fn read_body(request: Request, app: &Arc<App>) -> Result<Bytes, ApiError> {
    body::bytes(request, app).await.map_err(|error| match error.status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let mut refused = refusal(DeviceError::Malformed);
            refused.status = error.status;
            refused
        }
        _ => refusal(DeviceError::Malformed),
    })
}

/// What a call shows of itself.
struct Shown<'r> {
    proof: Option<&'r str>,
    method: &'r str,
    target: &'r str,
    body: &'r [u8],
}

/// Why a proof does not hold, and whose it is where that is known.
struct Refused {
    error: DeviceError,
    device: Option<Device>,
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        Self { error, device: None }
    }
}

async fn check(app: &App, org: Id<Org>, shown: &Shown<'_>, env: &Env) -> Result<Result<Device, Refused>, Error> {
    let Some((proof, thumbprint)) = shown.proof.and_then(parse) else {
        return Ok(Err(DeviceError::ProofInvalid.into()));
    };
    let known = app
        .store
        .read(org, |tx| {
            let Some(certificate) = tx.certificate(thumbprint)? else { return Ok(None) };
            let device = tx.device_or_deleted(certificate.device)?;
            Ok(device.map(|device| (certificate, device)))
        })
        .await?;
    let Some((certificate, device)) = known else { return Ok(Err(DeviceError::CertificateUnknown.into())) };
    let refused = |error, device| Ok(Err(Refused { error, device: Some(device) }));
    let Some(claims) = verify(app, proof, &certificate, shown) else {
        return refused(DeviceError::ProofInvalid, device);
    };
    if claims.iat.get().abs_diff(env.now.unix_seconds().unsigned_abs()) > MAX_SKEW_SECONDS {
        return refused(DeviceError::ClockSkew, device);
    }
    if let Some(barred) = bar(device.status, &certificate, env.now) {
        return refused(word(barred), device);
    }
    let is_new = app
        .store
        .write(org, |tx| {
            let is_new = tx.remember_proof(thumbprint, &claims.jti, env.now)?;
            if is_new {
                tx.certificate_used(&certificate, env.now)?;
                tx.device_seen(device.id, env.now)?;
            }
            Ok(is_new)
        })
        .await?;
    if is_new { Ok(Ok(device)) } else { refused(DeviceError::ProofReplayed, device) }
}

fn parse(proof: &str) -> Option<(jws::Unverified<'_>, [u8; 32])> {
    let proof = jws::parse(proof).ok().filter(|proof| proof.header.typ == TYP)?;
    let thumbprint = b64::decode_array(proof.header.certificate.as_deref()?)?;
    Some((proof, thumbprint))
}

/// The claims, where the key of the certificate signed them for this very request.
fn verify(app: &App, proof: jws::Unverified<'_>, certificate: &Certificate, shown: &Shown<'_>) -> Option<ProofClaims> {
    let key = PublicKey::from_sec1(&certificate.public_key).ok()?;
    let claims: ProofClaims = proof.verify(&key).ok()?;
    let lifetime = claims.exp.get().checked_sub(claims.iat.get());
    let holds = app.config.public_url.contains(&claims.aud)
        && claims.htm.as_str() == shown.method
        && claims.htu == shown.target
        && claims.bdy.0 == mac::sha256(&[shown.body])
        && lifetime.is_some_and(|seconds| (1..=MAX_LIFETIME_SECONDS).contains(&seconds))
        && b64::decode(&claims.jti).is_some_and(|jti| jti.len() >= JTI_BYTES);
    holds.then_some(claims)
}

const fn word(barred: Barred) -> DeviceError {
    match barred {
        Barred::Deleted => DeviceError::DeviceDeleted,
        Barred::Deactivated => DeviceError::DeviceDeactivated,
        Barred::Suspended => DeviceError::DeviceSuspended,
        Barred::CertificateRevoked => DeviceError::CertificateRevoked,
        Barred::CertificateExpired => DeviceError::CertificateExpired,
    }
}

/// Records a refusal, unless strangers from one address would fill the record.
async fn record(
    app: &App,
    org: Id<Org>,
    refused: Refused,
    target: &str,
    client: AuditClient,
    env: &Env,
) -> Result<ApiError, Error> {
    let Refused { error, device } = refused;
    let is_registration = ["/recovery/begin", "/recovery/ack"].iter().any(|path| target.ends_with(path));
    let kind = if is_registration { EventType::RecoveryRegisterFailed } else { EventType::PermissionDenied };
    // Whoever cannot sign is not the computer that they name.
    let is_stranger = matches!(error, DeviceError::ProofInvalid | DeviceError::CertificateUnknown);
    let by = device.as_ref().filter(|_| !is_stranger).map_or_else(Actor::anonymous, actor);
    let mut event =
        Event::failure(kind, by, client, error.word()).detail("path", target.chars().take(255).collect::<String>());
    event.targets.extend(device.as_ref().filter(|_| is_stranger).map(named));
    app.store
        .write(org, |tx| {
            if is_stranger {
                let allowed = tx.allowance(Limit::UnknownProofs)?;
                if tx.charge(Limit::UnknownProofs, &event.client.ip, allowed, env.now)? != Charge::Allowed {
                    return Ok(());
                }
            }
            tx.record(&event, env)
        })
        .await?;
    let answer = refusal(error);
    Ok(match error {
        DeviceError::ClockSkew => answer.member("serverTime", Whole::clamped(env.now.micros()).get()),
        _ => answer,
    })
}
