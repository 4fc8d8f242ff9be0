//! Web origins that are trusted: whose pages may call the API, be led back to, or show our pages in a frame.

use std::fmt;
use std::str::FromStr;

/// Scheme, host and port of a page, as a browser writes them in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin(String);

/// What a trusted origin may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginScope {
    /// Its pages may call the API.
    Cors,
    /// Its pages may show ours in a frame.
    IframeEmbed,
    /// People may be led back to it.
    Redirect,
}

impl OriginScope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::Cors, Self::IframeEmbed, Self::Redirect];

    /// Its word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cors => "CORS",
            Self::IframeEmbed => "IFRAME_EMBED",
            Self::Redirect => "REDIRECT",
        }
    }
}

impl FromStr for OriginScope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(())
    }
}

/// A trusted origin's name: 1 to 255 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginName(String);

impl OriginName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How names are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for OriginName {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim();
        let fits = (1..=255).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(BadOrigin::Name)
    }
}

/// Why an origin cannot be trusted so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// The name is not of its form.
    #[error("name: a trusted origin's name has 1 to 255 characters on one line")]
    Name,
    /// The origin is not of its form.
    #[error(
        "origin: must be scheme, host and port alone, like https://app.example.com or https://app.example.com:8443"
    )]
    Origin,
    /// None, or one of them twice.
    #[error("scopes: each of CORS, REDIRECT and IFRAME_EMBED at most once, and at least one")]
    Scopes,
    /// Pages that are none, or for what is no frame.
    #[error("allowedOktaApps: OKTA_ENDUSER, with IFRAME_EMBED alone")]
    Apps,
}

/// Schemes of pages and of apps that are made of pages.
const SCHEMES: &[(&str, &str)] =
    &[("http", ":80"), ("https", ":443"), ("ftp", ":21"), ("ionic", ""), ("capacitor", "")];

impl WebOrigin {
    /// The text, as a browser writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A slash at the end and the scheme's own port are left out, as browsers do; a path, a query, a name or a wildcard is
/// refused: what stands in `Origin` is compared byte for byte.
impl FromStr for WebOrigin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(BadOrigin::Origin)?;
        let (_, own_port) = SCHEMES.iter().find(|(known, _)| *known == scheme).ok_or(BadOrigin::Origin)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address stand within its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        let is_v6 = || {
            host.strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
        };
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
        };
        let fits = text.len() <= 255 && port.is_none_or(is_port) && (is_v6() || host.split('.').all(is_label));
        let written = format!("{scheme}://{authority}");
        let written = if own_port.is_empty() { &written } else { written.strip_suffix(own_port).unwrap_or(&written) };
        fits.then(|| Self(written.to_owned())).ok_or(BadOrigin::Origin)
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of ours an origin may do, and for frames which of our pages; none named are all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeGrant {
    /// What.
    pub scope: OriginScope,
    /// Which pages it may frame.
    pub apps: Vec<String>,
}

/// The pages that may be framed, by Okta's word.
const APPS: &[&str] = &["OKTA_ENDUSER"];

/// What a trusted origin is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginDraft {
    /// What people call it.
    pub name: OriginName,
    /// The origin.
    pub origin: WebOrigin,
    /// What it may do, each thing once.
    pub scopes: Vec<ScopeGrant>,
}

impl OriginDraft {
    /// An origin that may do these things.
    ///
    /// # Errors
    /// [`BadOrigin::Scopes`] or [`BadOrigin::Apps`].
    pub fn new(name: OriginName, origin: WebOrigin, mut scopes: Vec<ScopeGrant>) -> Result<Self, BadOrigin> {
        scopes.sort_by_key(|grant| grant.scope);
        if scopes.is_empty() || scopes.windows(2).any(|pair| pair[0].scope == pair[1].scope) {
            return Err(BadOrigin::Scopes);
        }
        let fits = |grant: &ScopeGrant| match grant.scope {
            OriginScope::Cors | OriginScope::Redirect => grant.apps.is_empty(),
            OriginScope::IframeEmbed => grant.apps.iter().all(|app| APPS.contains(&app.as_str())),
        };
        if scopes.iter().all(fits) { Ok(Self { name, origin, scopes }) } else { Err(BadOrigin::Apps) }
    }
}
