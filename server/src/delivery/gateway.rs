//! Telephones by somebody's gateway: one HTTP request a message, in the form that the gateway wants. It is signed, so that
//! the gateway can tell it from others' requests; no redirect is followed; whatever is not 2xx is a failed try.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lettre::Message as Mail;
use postern_codes::{Secret, Timestamp, mac};
use serde::Deserialize;
use ureq::http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{SendFault, Sender, Sent, Telephoned};

/// Where Linux distributions keep the certificates that the system trusts.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// The header with the time and the signature of a request.
pub const SIGNATURE: &str = "x-postern-signature";
/// What is sent where nothing is said.
const BODY: &str = r#"{"to":"{to}","extension":"{extension}","channel":"{channel}","text":"{text}"}"#;
const JSON: &str = "application/json";

/// A gateway to telephones.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where it takes requests: `https://`, or `http://` on this computer.
    pub url: Secret<String>,
    /// `POST` where absent; or `PUT`.
    #[serde(default = "post")]
    pub method: String,
    /// Further headers, such as `Authorization`.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret<String>>,
    /// What the body is: `application/json` where absent, `application/x-www-form-urlencoded`, `text/plain` or
    /// `application/xml`. What fills the body is escaped by it.
    #[serde(default = "json")]
    pub content_type: String,
    /// The body, with `{to}`, `{extension}`, `{channel}` and `{text}` where number, extension, `SMS` or `CALL`, and text
    /// stand.
    #[serde(default = "body")]
    pub body: String,
    /// The key of the signature in `X-Postern-Signature`: `t=SECONDS,v1=HEX`, the HMAC-SHA-256 of time, dot and body. No
    /// signature where absent.
    #[serde(default)]
    pub signature_key: Option<Secret<String>>,
    /// How many seconds it may take: 10 where absent.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// PEM certificates to trust in place of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn post() -> String {
    "POST".to_owned()
}

fn json() -> String {
    JSON.to_owned()
}

fn body() -> String {
    BODY.to_owned()
}

const fn ten() -> u64 {
    10
}

/// The sender to a gateway.
pub struct Telephones {
    inner: Arc<Inner>,
}

struct Inner {
    http: ureq::Agent,
    url: Uri,
    method: Method,
    headers: Vec<(HeaderName, Secret<String>)>,
    escape: Escape,
    settings: Gateway,
}

/// How text goes into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    Form,
    Json,
    Plain,
    Xml,
}

impl Escape {
    fn of(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            JSON => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "text/plain" => Some(Self::Plain),
            "application/xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        }
    }

    fn text(self, text: &str) -> String {
        match self {
            Self::Form => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Plain => text.to_owned(),
            Self::Xml => text.chars().fold(String::new(), |mut escaped, character| {
                match character {
                    '&' => escaped.push_str("&amp;"),
                    '<' => escaped.push_str("&lt;"),
                    '>' => escaped.push_str("&gt;"),
                    '"' => escaped.push_str("&quot;"),
                    '\'' => escaped.push_str("&apos;"),
                    other => escaped.push(other),
                }
                escaped
            }),
        }
    }
}

impl Telephones {
    /// The gateway that the configuration names.
    ///
    /// # Errors
    /// What is wrong with it, and what to do. No secret is in it.
    pub fn new(settings: &Gateway) -> anyhow::Result<Self> {
        let url: Uri = settings.url.expose().parse().map_err(|_| anyhow::anyhow!("url is no address"))?;
        let host = url.host().unwrap_or_default();
        let is_local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        ensure!(!host.is_empty(), "url is not of the form https://host/path");
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if is_local => {}
            _ => bail!("url must begin with https://: codes go over it"),
        }
        let method = match settings.method.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            other => bail!("method is POST or PUT, not {other}"),
        };
        let escape = Escape::of(&settings.content_type).context(
            "content_type is application/json, application/x-www-form-urlencoded, text/plain or application/xml",
        )?;
        ensure!(settings.body.contains("{text}"), "body must contain {{text}}, which is the message");
        ensure!((1..=60).contains(&settings.timeout_seconds), "timeout_seconds is 1 to 60");
        let header = |(name, value): (&String, &Secret<String>)| {
            HeaderValue::from_str(value.expose()).map_err(|_| anyhow::anyhow!("the header {name} cannot be sent"))?;
            let name = name.parse().map_err(|_| anyhow::anyhow!("`{name}` is no name of a header"))?;
            Ok((name, value.clone()))
        };
        let headers = settings.headers.iter().map(header).collect::<anyhow::Result<_>>()?;
        let mut tls = TlsConfig::builder().provider(TlsProvider::Rustls);
        if url.scheme_str() == Some("https") {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let roots = roots(settings.ca_file.as_deref())?;
            tls = tls.unversioned_rustls_crypto_provider(provider).root_certs(roots);
        }
        let http = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("postern/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(Duration::from_secs(settings.timeout_seconds)))
            .build()
            .new_agent();
        let settings = settings.clone();
        Ok(Self { inner: Arc::new(Inner { http, url, method, headers, escape, settings }) })
    }
}

impl Inner {
    fn send(&self, message: &Telephoned) -> Result<(), SendFault> {
        let never = |error: &dyn std::error::Error| SendFault::Never(error.to_string());
        let body = filled(&self.settings.body, self.escape, message);
        let mut request = Request::builder()
            .method(&self.method)
            .uri(&self.url)
            .header(header::CONTENT_TYPE, &self.settings.content_type);
        for (name, value) in &self.headers {
            request = request.header(name, value.expose());
        }
        if let Some(key) = &self.settings.signature_key {
            request = request.header(SIGNATURE, signature(key, message.at, body.expose()));
        }
        let request = request.body(body.expose().as_str()).map_err(|error| never(&error))?;
        match self.http.run(request) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(SendFault::Later(format!("the gateway answered {}", answer.status().as_u16()))),
            // The address may hold a secret, so what is said of it is not passed on.
            Err(ureq::Error::Timeout(_)) => Err(SendFault::Later("the gateway took too long".to_owned())),
            Err(_) => Err(SendFault::Later("the gateway cannot be reached".to_owned())),
        }
    }
}

impl Sender for Telephones {
    fn send(&self, _: Mail) -> Sent<'_> {
        Box::pin(async { Err(SendFault::Never("a gateway to telephones takes no mail".to_owned())) })
    }

    fn telephone(&self, message: Telephoned) -> Sent<'_> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let sent = tokio::task::spawn_blocking(move || inner.send(&message)).await;
            sent.unwrap_or_else(|error| Err(SendFault::Later(error.to_string())))
        })
    }
}

/// A body with its places filled, each once.
fn filled(template: &str, escape: Escape, message: &Telephoned) -> Secret<String> {
    let channel = message.channel.as_str();
    let places: [(&str, &str); 4] = [
        ("{to}", &message.number),
        ("{extension}", &message.extension),
        ("{channel}", channel),
        ("{text}", message.text.expose()),
    ];
    let (mut body, mut rest) = (String::with_capacity(template.len() + 200), template);
    while let Some(at) = rest.find('{') {
        body.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = places.iter().find(|(name, _)| rest.starts_with(name));
        let length = place.map_or(1, |(name, _)| name.len());
        match place {
            Some((_, text)) => body.push_str(&escape.text(text)),
            None => body.push('{'),
        }
        rest = &rest[length..];
    }
    body.push_str(rest);
    Secret::new(body)
}

/// Time and signature of a body.
fn signature(key: &Secret<String>, at: Timestamp, body: &str) -> String {
    let seconds = at.unix_seconds().to_string();
    let tag = mac::hmac_sha256(key.expose().as_bytes(), &[seconds.as_bytes(), b".", body.as_bytes()]);
    let hex = tag.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("t={seconds},v1={hex}")
}

fn roots(ca_file: Option<&Path>) -> anyhow::Result<RootCerts> {
    let system = || SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists());
    let path = ca_file.or_else(system).context("no certificates to trust: set ca_file")?;
    let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect();
    ensure!(!certificates.is_empty(), "{} holds no certificate", path.display());
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use postern_authn::factor::Channel;

    use super::*;

    fn message() -> Telephoned {
        Telephoned {
            channel: Channel::Sms,
            number: "+15554151337".into(),
            extension: String::new(),
            text: Secret::new("\"123456\" & <{to}>".into()),
            at: Timestamp::from_unix_seconds(1_795_348_800),
        }
    }

    fn settings(text: &str) -> Gateway {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_fills_a_body_is_escaped_and_filled_once() {
        for (content_type, template, wanted) in [
            (JSON, BODY, r#"{"to":"+15554151337","extension":"","channel":"SMS","text":"\"123456\" & <{to}>"}"#),
            (
                "application/x-www-form-urlencoded",
                "To={to}&Body={text}",
                "To=%2B15554151337&Body=%22123456%22+%26+%3C%7Bto%7D%3E",
            ),
            ("text/plain", "{to} {text} {other}", "+15554151337 \"123456\" & <{to}> {other}"),
            ("text/xml", "<m to='{to}'>{text}</m>", "<m to='+15554151337'>&quot;123456&quot; &amp; &lt;{to}&gt;</m>"),
        ] {
            let escape = Escape::of(content_type).unwrap();
            assert_eq!(filled(template, escape, &message()).expose(), wanted);
        }
    }

    #[test]
    fn what_cannot_work_is_said_at_the_start() {
        for (wrong, says) in [
            ("url = 'http://gateway.example'", "https://"),
            ("url = 'gateway'", "https://"),
            ("url = 'https://a.example'\nmethod = 'GET'", "POST or PUT"),
            ("url = 'https://a.example'\nbody = '{}'", "{text}"),
            ("url = 'https://a.example'\ncontent_type = 'image/png'", "content_type"),
            ("url = 'https://a.example'\ntimeout_seconds = 0", "timeout_seconds"),
            ("url = 'https://a.example'\nheaders = { 'a b' = 'x' }", "no name of a header"),
        ] {
            let refused = Telephones::new(&settings(wrong)).err().unwrap().to_string();
            assert!(refused.contains(says), "{wrong}: {refused}");
        }
    }

    /// A gateway that answers once, like this; gives what it was sent.
    fn gateway(answer: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap();
                heard.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&heard).into_owned();
                let length = text
                    .to_lowercase()
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
                let begin = text.find("\r\n\r\n").map(|at| at + 4);
                if read == 0 || begin.zip(length).is_some_and(|(begin, length)| heard.len() >= begin + length) {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(heard).unwrap()
        });
        (url, heard)
    }

    async fn sent(answer: &'static str, further: &str) -> (Result<(), SendFault>, String) {
        let (url, heard) = gateway(answer);
        let telephones = Telephones::new(&settings(&format!("url = '{url}'\n{further}"))).unwrap();
        let result = telephones.telephone(message()).await;
        (result, heard.join().unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_message_is_sent_signed_in_the_form_that_is_wanted() {
        let further = "signature_key = 'k'\nheaders = { Authorization = 'Bearer x' }";
        let (result, heard) = sent("HTTP/1.1 204 No Content\r\n\r\n", further).await;
        assert!(result.is_ok());
        let lower = heard.to_lowercase();
        assert!(heard.starts_with("POST /send HTTP/1.1\r\n") && lower.contains("authorization: bearer x"), "{heard}");
        let body = heard.split("\r\n\r\n").nth(1).unwrap();
        let wanted = signature(&Secret::new("k".into()), message().at, body);
        assert!(lower.contains(&format!("{SIGNATURE}: {wanted}")), "{heard}");
        assert!(wanted.starts_with("t=1795348800,v1=") && wanted.len() == 16 + 64);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whatever_is_not_2xx_is_tried_again_and_no_redirect_is_followed() {
        for answer in [
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            "nonsense\r\n\r\n",
            "",
        ] {
            let (result, _) = sent(answer, "").await;
            let Err(SendFault::Later(fault)) = result else { panic!("{answer}: {result:?}") };
            assert!(!fault.contains("123456") && !fault.contains("http"), "{fault}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_gateway_that_is_gone_or_silent_is_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let silent = Telephones::new(&settings(&format!("url = '{url}'\ntimeout_seconds = 1"))).unwrap();
        assert!(matches!(silent.telephone(message()).await, Err(SendFault::Later(_))));
        drop(listener);
        assert!(matches!(silent.telephone(message()).await, Err(SendFault::Later(_))));
    }
}
