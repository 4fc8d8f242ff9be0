//! `postern.toml`: where the server listens, what it is called from outside, how it sends mail.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use postern_authn::network::AddressRange;
use postern_codes::Secret;
use serde::{Deserialize, Deserializer};

use crate::delivery::Gateway;

/// The file's name in the data folder.
pub const FILE: &str = "postern.toml";

/// The whole configuration. An unknown name is refused, so that a slip of the pen is seen.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// One or several base URLs: scheme, host, port unless it is the default, no path. The first makes links; all are
    /// accepted as the audience of a computer's proof. `http://localhost:8080` where absent.
    pub public_url: PublicUrls,
    /// Where to listen; `127.0.0.1:8080` where absent. Plain HTTP on loopback only.
    pub listen: SocketAddr,
    /// PEM chain; with `tls_key` the server speaks TLS itself.
    pub tls_cert: Option<PathBuf>,
    /// PEM private key.
    pub tls_key: Option<PathBuf>,
    /// `postgres://...`; the embedded database where absent.
    pub database: Option<Secret<String>>,
    /// Reverse proxies whose `X-Forwarded-For` is believed: addresses, ranges or CIDR blocks. None where absent.
    #[serde(deserialize_with = "ranges")]
    pub trusted_proxies: Vec<AddressRange>,
    /// How mail leaves; into files in `outbox/` where absent.
    pub smtp: Option<Smtp>,
    /// The gateway for text messages; into files in `outbox/` where absent.
    pub sms: Option<Gateway>,
    /// The gateway for calls; into files in `outbox/` where absent.
    pub call: Option<Gateway>,
}

/// A mail server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// `smtps://`, `smtp://...?tls=required` or, on loopback only, `smtp://`, with user and password where needed.
    pub url: Secret<String>,
    /// The sender's address.
    pub from: String,
}

/// At least one base URL.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub struct PublicUrls(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Why the configuration cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// The file is not of its form.
    #[error("{0}: {1}")]
    Form(PathBuf, String),
    /// Plain HTTP where others could listen in.
    #[error(
        "refusing plain HTTP on {0}, where others can listen in: set tls_cert and tls_key, or listen on 127.0.0.1 behind a proxy that speaks TLS"
    )]
    PlainHttp(SocketAddr),
    /// One of two that go together.
    #[error("tls_cert and tls_key go together: set both or neither")]
    HalfTls,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: PublicUrls(vec!["http://localhost:8080".to_owned()]),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            tls_cert: None,
            tls_key: None,
            database: None,
            trusted_proxies: Vec::new(),
            smtp: None,
            sms: None,
            call: None,
        }
    }
}

impl Config {
    /// Reads `postern.toml` in the data folder; the defaults where there is none.
    ///
    /// # Errors
    /// [`ConfigError`], each with what to do.
    pub fn load(data: &Path) -> Result<Self, ConfigError> {
        let path = data.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError::Io(path, error)),
        };
        let config: Self = toml::from_str(&text).map_err(|error| ConfigError::Form(path, error.to_string()))?;
        config.checked()
    }

    /// The same, where it can be used.
    ///
    /// # Errors
    /// [`ConfigError::PlainHttp`] off loopback, [`ConfigError::HalfTls`].
    pub fn checked(self) -> Result<Self, ConfigError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), Some(_)) => Ok(self),
            (None, None) if self.listen.ip().is_loopback() => Ok(self),
            (None, None) => Err(ConfigError::PlainHttp(self.listen)),
            _ => Err(ConfigError::HalfTls),
        }
    }
}

impl PublicUrls {
    /// The one that links are made of.
    ///
    /// # Panics
    /// Never: there is at least one.
    pub fn first(&self) -> &str {
        self.0.first().expect("checked when parsed")
    }

    /// Whether `url` is one of them, byte for byte.
    pub fn contains(&self, url: &str) -> bool {
        self.0.iter().any(|own| own == url)
    }
}

impl TryFrom<Vec<String>> for PublicUrls {
    type Error = String;

    fn try_from(urls: Vec<String>) -> Result<Self, String> {
        if urls.is_empty() {
            return Err("public_url needs at least one URL".to_owned());
        }
        match urls.iter().find(|url| !is_base_url(url)) {
            Some(wrong) => Err(format!(
                "public_url `{wrong}` is not of the form https://host or https://host:port, without a slash at the end"
            )),
            None => Ok(Self(urls)),
        }
    }
}

impl TryFrom<OneOrMany> for PublicUrls {
    type Error = String;

    fn try_from(urls: OneOrMany) -> Result<Self, String> {
        match urls {
            OneOrMany::One(url) => vec![url],
            OneOrMany::Many(urls) => urls,
        }
        .try_into()
    }
}

/// In a file a range is one text; in the API it says its form.
fn ranges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AddressRange>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let ranges: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
    ranges.map_err(serde::de::Error::custom)
}

fn is_base_url(url: &str) -> bool {
    let Some((scheme, authority)) = url.split_once("://") else { return false };
    let host_characters = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    matches!(scheme, "http" | "https")
        && !authority.is_empty()
        && authority.chars().all(host_characters)
        && !authority.ends_with(default_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.checked().map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_listen_on_loopback_only() {
        let config = parse("").unwrap();
        assert!(config.listen.ip().is_loopback());
    }

    #[test]
    fn plain_http_off_loopback_is_refused_with_a_remedy() {
        let refusal = parse("listen = '0.0.0.0:8080'").err().unwrap();
        assert!(refusal.contains("tls_cert"), "{refusal}");
        assert!(parse("listen = '0.0.0.0:8080'\ntls_cert = 'a'").err().unwrap().contains("both"));
        assert!(parse("listen = '0.0.0.0:8443'\ntls_cert = 'a'\ntls_key = 'b'").is_ok());
    }

    #[test]
    fn trusted_proxies_are_ranges() {
        let config = parse("trusted_proxies = ['127.0.0.1', '10.0.0.0/8', '2001:db8::1-2001:db8::9']").unwrap();
        assert!(config.trusted_proxies[1].contains("10.1.2.3".parse().unwrap()));
        let refusal = parse("trusted_proxies = ['proxy.example.com']").err().unwrap();
        assert!(refusal.contains("`proxy.example.com`"), "{refusal}");
    }

    #[test]
    fn a_slip_of_the_pen_is_named() {
        assert!(parse("publicurl = 'https://a.example'").err().unwrap().contains("publicurl"));
        for wrong in
            ["a.example", "https://a.example/", "https://a.example/x", "ftp://a.example", "https://a.example:443"]
        {
            let refusal = parse(&format!("public_url = '{wrong}'")).err().unwrap();
            assert!(refusal.contains("slash at the end") || refusal.contains("variant"), "{wrong}: {refusal}");
        }
        assert_eq!(
            parse("public_url = ['https://a.example', 'https://b.example:8443']").unwrap().public_url.first(),
            "https://a.example"
        );
    }
}
