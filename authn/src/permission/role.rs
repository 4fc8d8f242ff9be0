//! The standard administrator roles: sets of permissions that every organisation has. An organisation makes others of its
//! own; those are rows, not code.

use std::fmt;
use std::str::FromStr;

use super::Permission;

macro_rules! roles {
    ($(#[doc = $meaning:literal] $variant:ident $text:literal $label:literal;)*) => {
        /// A standard administrator role.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role { $(#[doc = $meaning] $variant),* }

        impl Role {
            /// Every role.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What people call it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// What it is for, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii_start()),* }
            }
        }
    };
}

roles! {
    /// Sees whom API access is for: people and groups.
    ApiAccess "API_ACCESS_MANAGEMENT_ADMIN" "API access management administrator";
    /// Sees whom applications are for: people and groups.
    App "APP_ADMIN" "Application administrator";
    /// Puts people into groups and takes them out.
    GroupMembership "GROUP_MEMBERSHIP_ADMIN" "Group membership administrator";
    /// Stands with a caller on the line: computers, recovery PINs, passwords, factors, locks.
    HelpDesk "HELP_DESK_ADMIN" "Help desk administrator";
    /// Everything but what holds for the whole organisation and its administrators.
    Org "ORG_ADMIN" "Organisation administrator";
    /// Sees everything, changes nothing.
    ReadOnly "READ_ONLY_ADMIN" "Read-only administrator";
    /// Reads the record.
    Report "REPORT_ADMIN" "Report administrator";
    /// Everything.
    Super "SUPER_ADMIN" "Super administrator";
    /// Creates and changes people and puts them into groups.
    User "USER_ADMIN" "User administrator";
}

impl Role {
    /// What its holder may do; what that implies comes on top.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::ApiAccess | Self::App => &[P::GroupsRead, P::UsersRead],
            Self::GroupMembership => &[P::GroupsMembersManage, P::GroupsRead, P::UsersGroupMembership, P::UsersRead],
            Self::HelpDesk => &[
                P::CasesManage,
                P::DevicesRead,
                P::GroupsRead,
                P::RecoveryPinGenerate,
                P::UsersClearSessions,
                P::UsersExpirePassword,
                P::UsersRead,
                P::UsersResetFactors,
                P::UsersResetPassword,
                P::UsersSuspend,
                P::UsersTemporaryCode,
                P::UsersUnlock,
                P::UsersUnsuspend,
            ],
            Self::Org => &[
                P::ApiTokensManage,
                P::CasesManage,
                P::DevicesManage,
                P::GroupsManage,
                P::LogsRead,
                P::NetworkZonesManage,
                P::OrgRead,
                P::PoliciesManage,
                P::RateLimitsRead,
                P::RolesRead,
                P::TrustedOriginsManage,
                P::UsersManage,
            ],
            Self::ReadOnly => &[
                P::ApiTokensRead,
                P::CasesRead,
                P::DevicesRead,
                P::GroupsRead,
                P::LogsRead,
                P::NetworkZonesRead,
                P::OrgRead,
                P::PoliciesRead,
                P::RateLimitsRead,
                P::RolesRead,
                P::TrustedOriginsRead,
                P::UsersRead,
            ],
            Self::Report => &[P::CasesRead, P::LogsRead],
            Self::Super => Permission::ALL,
            Self::User => &[P::DevicesRead, P::GroupsMembersManage, P::GroupsRead, P::UsersManage],
        }
    }

    /// Whether an assignment of it can be limited to groups.
    pub const fn takes_groups(self) -> bool {
        matches!(self, Self::GroupMembership | Self::HelpDesk | Self::User)
    }

    /// Whether its holder acts on other administrators, as far as those are not above them. A help desk never does, and
    /// no role that an organisation made.
    pub const fn reaches_administrators(self) -> bool {
        matches!(self, Self::Org | Self::Super)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text).ok_or(())
    }
}
