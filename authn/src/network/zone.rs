//! A network zone: named ranges of addresses that policies speak of, or that are shut out.

use std::fmt;
use std::str::FromStr;

use super::AddressRange;

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Its addresses are refused everywhere.
    Blocklist,
    /// Policies and tokens speak of it.
    Policy,
}

impl Usage {
    /// Its word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocklist => "BLOCKLIST",
            Self::Policy => "POLICY",
        }
    }

    /// How many gateways a zone may have.
    const fn most_gateways(self) -> usize {
        match self {
            Self::Blocklist => 1000,
            Self::Policy => 150,
        }
    }
}

impl FromStr for Usage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Blocklist, Self::Policy].into_iter().find(|usage| usage.as_str() == text).ok_or(())
    }
}

/// A zone that every organisation has. It can be filled, not renamed, switched off or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SystemZone {
    /// Addresses that are shut out.
    BlockedIp,
    /// Addresses that no blocklist shuts out.
    ExemptIp,
    /// Addresses that policies speak of.
    LegacyIp,
}

impl SystemZone {
    /// Every zone of this kind. Okta's `DefaultEnhancedDynamicZone` is none: it is filled from data about who runs which
    /// network, which this product does not have.
    pub const ALL: &[Self] = &[Self::LegacyIp, Self::BlockedIp, Self::ExemptIp];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BlockedIp => "BlockedIpZone",
            Self::ExemptIp => "DefaultExemptIpZone",
            Self::LegacyIp => "LegacyIpZone",
        }
    }

    /// What it is for.
    pub const fn usage(self) -> Usage {
        match self {
            Self::BlockedIp => Usage::Blocklist,
            Self::ExemptIp | Self::LegacyIp => Usage::Policy,
        }
    }

    /// The system zone with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|zone| zone.name() == name)
    }
}

/// A zone's name: 1 to 128 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(String);

impl ZoneName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How names are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl From<SystemZone> for ZoneName {
    fn from(zone: SystemZone) -> Self {
        Self(zone.name().to_owned())
    }
}

impl FromStr for ZoneName {
    type Err = BadZone;

    fn from_str(text: &str) -> Result<Self, BadZone> {
        let text = text.trim();
        let fits = (1..=128).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(BadZone::Name)
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a zone is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneDraft {
    /// What people call it.
    pub name: ZoneName,
    /// What it is for.
    pub usage: Usage,
    /// Whose addresses make it.
    pub gateways: Vec<AddressRange>,
    /// Whose word about the address of others is taken.
    pub proxies: Vec<AddressRange>,
}

/// Why a zone cannot be so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadZone {
    /// The name is not of its form.
    #[error("name: a zone's name has 1 to 128 characters on one line")]
    Name,
    /// It holds nothing.
    #[error("gateways: an IP zone needs gateways or proxies")]
    Nothing,
    /// Nobody shut out is asked about others.
    #[error("proxies: a blocklist has no proxies")]
    BlockedProxies,
    /// More than are looked through.
    #[error("{0}: at most {1} ranges")]
    TooMany(&'static str, usize),
}

impl ZoneDraft {
    /// A zone of these ranges.
    ///
    /// # Errors
    /// [`BadZone`].
    pub fn new(
        name: ZoneName,
        usage: Usage,
        gateways: Vec<AddressRange>,
        proxies: Vec<AddressRange>,
    ) -> Result<Self, BadZone> {
        let is_system = SystemZone::named(name.as_str()).is_some();
        let most = if is_system { 5000 } else { usage.most_gateways() };
        if gateways.len() > most {
            return Err(BadZone::TooMany("gateways", most));
        }
        if proxies.len() > most {
            return Err(BadZone::TooMany("proxies", most));
        }
        if usage == Usage::Blocklist && !proxies.is_empty() {
            return Err(BadZone::BlockedProxies);
        }
        // A zone of the system is there before anybody fills it.
        if !is_system && gateways.is_empty() && proxies.is_empty() {
            return Err(BadZone::Nothing);
        }
        Ok(Self { name, usage, gateways, proxies })
    }
}
