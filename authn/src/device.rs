//! Computers: what one says of itself, its life, and when its certificate counts.

use std::fmt;

use postern_codes::id::{Device as DeviceKind, Id};
use postern_codes::{Env, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A closed set of words, as columns and answers have them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or(())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a computer stands in its life, by Okta's words.
    DeviceStatus {
        /// In use.
        Active "ACTIVE",
        /// Known, not yet in use.
        Created "CREATED",
        /// Out of use; everybody was unlinked from it.
        Deactivated "DEACTIVATED",
        /// Gone from every list; kept to tell its certificates apart from unknown ones.
        Deleted "DELETED",
        /// Barred for a while.
        Suspended "SUSPENDED",
    }
}

words! {
    /// The operating system of a computer.
    Platform {
        /// Linux, which Okta's enumeration lacks.
        Linux "LINUX",
        /// macOS.
        Macos "MACOS",
        /// Windows.
        Windows "WINDOWS",
    }
}

/// A step in the life of a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Takes it into use.
    Activate,
    /// Takes it out of use and unlinks everybody.
    Deactivate,
    /// Removes it for good.
    Delete,
    /// Bars it for a while.
    Suspend,
    /// Ends the bar.
    Unsuspend,
}

impl Lifecycle {
    /// Where this step leads from `status`, if it may be taken there.
    pub const fn from(self, status: DeviceStatus) -> Option<DeviceStatus> {
        use DeviceStatus as S;
        match (self, status) {
            (Self::Activate, S::Created | S::Deactivated) | (Self::Unsuspend, S::Suspended) => Some(S::Active),
            (Self::Deactivate, S::Active | S::Created | S::Suspended) => Some(S::Deactivated),
            (Self::Delete, S::Deactivated) => Some(S::Deleted),
            (Self::Suspend, S::Active) => Some(S::Suspended),
            _ => None,
        }
    }

    /// The word in the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
        }
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a computer says of itself, by the names of the Devices API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The computer's name; never empty.
    pub display_name: String,
    /// Its operating system.
    pub platform: Platform,
    /// The maker's serial number, or empty.
    pub serial_number: String,
    /// The maker, or empty.
    pub manufacturer: String,
    /// The model, or empty.
    pub model: String,
    /// Name and version of the operating system, or empty.
    pub os_version: String,
    /// Whether it is enrolled here: always, for now.
    pub registered: bool,
    /// An identifier given by a management system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udid: Option<String>,
    /// Hash of the TPM's public endorsement key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm_public_key_hash: Option<String>,
    /// Whether it has a TPM or secure enclave.
    pub secure_hardware_present: bool,
}

/// A computer.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its id.
    pub id: Id<DeviceKind>,
    /// Where it stands.
    pub status: DeviceStatus,
    /// What it says of itself.
    pub profile: Profile,
    /// Version of its agent, since its first check-in.
    pub agent_version: Option<String>,
    /// Settings in force there, by name, as last reported.
    pub effective: Option<Map<String, Value>>,
    /// How far its wall clock was ahead of the server's at the last check-in, in microseconds.
    pub clock_offset: Option<i64>,
    /// When it enrolled.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it last proved itself to the server.
    pub last_seen_at: Option<Timestamp>,
}

impl Device {
    /// A computer that enrols now.
    pub fn enrolled(profile: Profile, env: &Env) -> Self {
        Self {
            id: Id::new(env),
            status: DeviceStatus::Active,
            profile,
            agent_version: None,
            effective: None,
            clock_offset: None,
            created_at: env.now,
            updated_at: env.now,
            last_seen_at: Some(env.now),
        }
    }
}

/// A certificate of a computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its DER.
    pub thumbprint: [u8; 32],
    /// Whose it is.
    pub device: Id<DeviceKind>,
    /// The uncompressed point of its key.
    pub public_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was first used; the ones before it were revoked then.
    pub first_used_at: Option<Timestamp>,
    /// Since when it is void.
    pub revoked_at: Option<Timestamp>,
}

/// Why a computer may not act, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// Deleted.
    Deleted,
    /// Deactivated, or not yet active.
    Deactivated,
    /// Suspended.
    Suspended,
    /// Its certificate was revoked.
    CertificateRevoked,
    /// Its certificate is over.
    CertificateExpired,
}

/// Whether a computer may act with this certificate: its own state first, then the certificate's.
pub fn bar(status: DeviceStatus, certificate: &Certificate, now: Timestamp) -> Option<Barred> {
    match status {
        DeviceStatus::Deleted => return Some(Barred::Deleted),
        DeviceStatus::Created | DeviceStatus::Deactivated => return Some(Barred::Deactivated),
        DeviceStatus::Suspended => return Some(Barred::Suspended),
        DeviceStatus::Active => {}
    }
    if certificate.revoked_at.is_some() {
        return Some(Barred::CertificateRevoked);
    }
    (certificate.expires_at <= now).then_some(Barred::CertificateExpired)
}

#[cfg(test)]
mod tests {
    use postern_codes::env::TestWorld;

    use super::*;

    #[test]
    fn only_a_deactivated_computer_is_deleted() {
        for status in DeviceStatus::ALL {
            assert_eq!(Lifecycle::Delete.from(*status).is_some(), *status == DeviceStatus::Deactivated, "{status}");
        }
    }

    #[test]
    fn a_deleted_computer_never_comes_back() {
        for step in
            [Lifecycle::Activate, Lifecycle::Deactivate, Lifecycle::Delete, Lifecycle::Suspend, Lifecycle::Unsuspend]
        {
            assert_eq!(step.from(DeviceStatus::Deleted), None, "{step}");
        }
    }

    #[test]
    fn the_state_of_a_computer_is_told_before_that_of_its_certificate() {
        let env = TestWorld::new().env();
        let mut certificate = Certificate {
            thumbprint: [0; 32],
            device: Id::new(&env),
            public_key: Vec::new(),
            created_at: env.now,
            expires_at: env.now,
            first_used_at: None,
            revoked_at: Some(env.now),
        };
        let barred = |status, certificate: &Certificate| bar(status, certificate, env.now);
        assert_eq!(barred(DeviceStatus::Deleted, &certificate), Some(Barred::Deleted));
        assert_eq!(barred(DeviceStatus::Suspended, &certificate), Some(Barred::Suspended));
        assert_eq!(barred(DeviceStatus::Active, &certificate), Some(Barred::CertificateRevoked));
        certificate.revoked_at = None;
        assert_eq!(barred(DeviceStatus::Active, &certificate), Some(Barred::CertificateExpired));
        certificate.expires_at = env.now.plus(std::time::Duration::from_secs(1));
        assert_eq!(barred(DeviceStatus::Active, &certificate), None);
    }
}
