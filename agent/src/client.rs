//! Calls to the server: proved, never redirected, and answered by a value that says what to do next.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use postern_codes::env::World;
use postern_codes::{Env, strict};
use postern_wire::error::{DeviceError, ErrorAnswer};
use postern_wire::{BASE_PATH, MAX_BODY, proof};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::credential::{Call, Credential, Forged};

/// Where Linux distributions keep the certificates that the system trusts.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A way to one server.
pub struct Client {
    http: ureq::Agent,
    server: String,
    world: Arc<dyn World>,
    /// Seconds to add to the wall clock for the `iat` of proofs, as the server told; it moves nothing else.
    skew: AtomicI64,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The answer is not to be believed.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// The server refused, and said why.
    #[error("{}", refusal_text(.0))]
    Refused(Box<Refused>),
    /// No answer came, or one that no server of this kind gives.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
}

/// A refusal.
#[derive(Debug)]
pub struct Refused {
    /// The word, where it is one for computers.
    pub word: Option<DeviceError>,
    /// The HTTP status.
    pub status: u16,
    /// The code as sent.
    pub code: String,
    /// The server's sentence.
    pub summary: String,
    /// How long to wait, where the server said so.
    pub retry_after: Option<Duration>,
    server_time: Option<i64>,
}

fn refusal_text(refused: &Refused) -> String {
    match refused.word {
        Some(word) => word.meaning().to_owned(),
        None => format!("the server refused with {} {}: {}", refused.status, refused.code, refused.summary),
    }
}

impl Failed {
    /// The word of a refusal, where it is one for computers.
    pub fn word(&self) -> Option<DeviceError> {
        match self {
            Self::Refused(refused) => refused.word,
            Self::Forged(_) | Self::Unreachable(_) => None,
        }
    }
}

impl Client {
    /// A client of the server at `server`, whose certificate must chain to one in `ca_file`, or to one of the system's.
    ///
    /// # Errors
    /// An address that is no base URL, plain HTTP to another computer, or no usable certificates to trust.
    pub fn new(server: &str, ca_file: Option<&Path>, world: Arc<dyn World>) -> anyhow::Result<Self> {
        let server = base_url(server)?;
        let mut tls = TlsConfig::builder().provider(TlsProvider::Rustls);
        if server.starts_with("https:") {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            tls = tls.unversioned_rustls_crypto_provider(provider).root_certs(roots(ca_file)?);
        }
        let http = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("postern-agent/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .max_idle_connections(1)
            .build()
            .new_agent();
        Ok(Self { http, server, world, skew: AtomicI64::new(0) })
    }

    /// The server's base URL, in the one form that proofs name.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// `POST path` with `request`, unproved.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn post_unproved<A: DeserializeOwned>(
        &self,
        path: &str,
        request: &impl Serialize,
        timeout: Duration,
    ) -> Result<A, Failed> {
        let body = to_bytes(request);
        self.send(&Call { method: "POST", path: &full(path), body: &body }, None, timeout)
    }

    /// `POST path` with `request`, proved by `credential`; gives the body too, to which signed answers are bound.
    ///
    /// # Errors
    /// [`Failed`]. A clock that is off is corrected, and the call repeated once.
    pub fn post<A: DeserializeOwned>(
        &self,
        credential: &Credential,
        path: &str,
        request: &impl Serialize,
        timeout: Duration,
    ) -> Result<(A, Vec<u8>), Failed> {
        let body = to_bytes(request);
        let path = full(path);
        let call = Call { method: "POST", path: &path, body: &body };
        let answer = match self.send(&call, Some(credential), timeout) {
            Err(Failed::Refused(refused)) if refused.word == Some(DeviceError::ClockSkew) => {
                self.correct(&refused)?;
                self.send(&call, Some(credential), timeout)?
            }
            answer => answer?,
        };
        Ok((answer, body))
    }

    /// Takes the server's clock for later proofs.
    fn correct(&self, refused: &Refused) -> Result<(), Failed> {
        let missing = || Failed::Unreachable("it says that the clock is wrong, but not what time it is".to_owned());
        let time = refused.server_time.ok_or_else(missing)?;
        self.skew.store(time.div_euclid(1_000_000) - self.world.now().unix_seconds(), Ordering::Relaxed);
        Ok(())
    }

    fn send<A: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        credential: Option<&Credential>,
        timeout: Duration,
    ) -> Result<A, Failed> {
        let mut request = self
            .http
            .post(format!("{}{}", self.server, call.path))
            .header("content-type", "application/json")
            .config()
            .timeout_global(Some(timeout))
            .build();
        if let Some(credential) = credential {
            let env = Env::of(&self.world);
            let at = env.now.unix_seconds().saturating_add(self.skew.load(Ordering::Relaxed));
            request = request.header(proof::HEADER, credential.proof(&self.server, call, at, &env));
        }
        let mut response = request.send(call.body).map_err(|fault| Failed::Unreachable(fault.to_string()))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX) * 4;
        let body = response.body_mut().with_config().limit(limit).read_to_vec();
        let body = body.map_err(|fault| Failed::Unreachable(fault.to_string()))?;
        if (200..300).contains(&status) {
            return strict::from_slice(&body).map_err(|_| Failed::Forged(Forged::Form));
        }
        let error: ErrorAnswer = strict::from_slice(&body)
            .map_err(|_| Failed::Unreachable(format!("it answered {status} in a form that no such server has")))?;
        Err(Failed::Refused(Box::new(Refused {
            word: error.word(),
            status,
            code: printable(&error.error_code),
            summary: printable(&error.error_summary),
            retry_after: retry_after.map(Duration::from_secs),
            server_time: error.server_time.map(postern_wire::Whole::signed),
        })))
    }
}

/// What a stranger says, for logs and terminals: one line, and nothing that steers them.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn full(path: &str) -> String {
    format!("{BASE_PATH}{path}")
}

fn to_bytes(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).unwrap_or_else(|_| unreachable!("requests are structs that have a JSON form"))
}

/// Scheme, host, and port unless it is the default: the form that `aud` has.
fn base_url(text: &str) -> anyhow::Result<String> {
    let uri: Uri = text.trim().parse().with_context(|| format!("{text} is not the address of a server"))?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        bail!("{text} is not the address of a server: it needs https:// and a name");
    };
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" if is_loopback(&host) => 80,
        "http" => bail!("{text} is not encrypted: use https://, plain http is for this computer itself"),
        _ => bail!("{text} is neither https nor http"),
    };
    if !matches!(uri.path_and_query().map(ureq::http::uri::PathAndQuery::as_str), None | Some("/")) {
        bail!("{text} has a path: give the address of the server alone");
    }
    let port = uri.port_u16().filter(|port| *port != default_port).map(|port| format!(":{port}"));
    Ok(format!("{scheme}://{host}{}", port.unwrap_or_default()))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn roots(ca_file: Option<&Path>) -> anyhow::Result<RootCerts> {
    let system = || SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists());
    let path = ca_file.or_else(system).context("no certificates to trust: set ca_file in agent.toml")?;
    let pem = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect();
    if certificates.is_empty() {
        bail!("{} holds no certificate", path.display());
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_has_one_form() {
        for (text, form) in [
            ("https://Postern.Example.com/", "https://postern.example.com"),
            ("https://postern.example.com:443", "https://postern.example.com"),
            ("https://postern.example.com:8443", "https://postern.example.com:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://localhost", "http://localhost"),
        ] {
            assert_eq!(base_url(text).unwrap(), form);
        }
    }

    #[test]
    fn plain_http_leaves_this_computer_never() {
        for text in [
            "http://postern.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.7",
            "ftp://localhost",
            "postern.example.com",
            "https://postern.example.com/path",
            "https://",
            "",
        ] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }
}
