//! What an administrator may do. A [`Permission`] says what, a [`Scope`] over what, [`Attributes`] how much of a person
//! is shown or changed; a [`Role`] is a set of permissions, and an [`Authority`] is what somebody holds in all.
//!
//! To add a permission, add a line to the list, say in [`Permission::implied`] whether another includes it, and name it
//! in the roles that have it.

use std::fmt;
use std::str::FromStr;

mod attributes;
mod authority;
mod role;
mod scope;

pub use attributes::{Attributes, Conditions};
pub use authority::{Authority, Grant, Reach};
pub use role::Role;
pub use scope::{Area, Resource, Scope};

macro_rules! permissions {
    ($(#[doc = $meaning:literal] $variant:ident $area:ident $text:literal;)*) => {
        /// One thing an administrator may do, by the name that Okta's API has for it where it has one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $(#[doc = $meaning] $variant),* }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What it lets its holder do, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii_start()),* }
            }

            /// What it is done to.
            pub const fn area(self) -> Area {
                match self { $(Self::$variant => Area::$area),* }
            }
        }

        /// The permissions as types: a function that takes an `Allowed<right::X>` cannot be called without the check.
        pub mod right {
            use super::{Permission, Right};
            $(
                #[doc = $meaning] #[derive(Debug, Clone, Copy)] pub enum $variant {}
                impl Right for $variant { const PERMISSION: Permission = Permission::$variant; }
            )*
        }
    };
}

/// A permission as a type.
pub trait Right {
    /// The permission.
    const PERMISSION: Permission;
}

permissions! {
    /// Make tokens for oneself, change and revoke those of others.
    ApiTokensManage Users "okta.users.apitokens.manage";
    /// See API tokens, without their text.
    ApiTokensRead Users "okta.users.apitokens.read";
    /// Lead recovery cases: open, verify, approve, refuse, escalate; what is done in one needs its own permission too.
    CasesManage Users "okta.recovery.cases.manage";
    /// See recovery cases and what became of them.
    CasesRead Users "okta.recovery.cases.read";
    /// Activate computers.
    DevicesActivate Devices "okta.devices.lifecycle.activate";
    /// Deactivate computers.
    DevicesDeactivate Devices "okta.devices.lifecycle.deactivate";
    /// Delete computers.
    DevicesDelete Devices "okta.devices.lifecycle.delete";
    /// Take computers through every step of their life.
    DevicesLifecycle Devices "okta.devices.lifecycle.manage";
    /// Change the lifecycle of computers, make enrolment codes, rotate secrets.
    DevicesManage Devices "okta.devices.manage";
    /// See computers and whether recovery would work.
    DevicesRead Devices "okta.devices.read";
    /// Suspend computers.
    DevicesSuspend Devices "okta.devices.lifecycle.suspend";
    /// Unsuspend computers.
    DevicesUnsuspend Devices "okta.devices.lifecycle.unsuspend";
    /// Issue, see and revoke recovery PINs.
    RecoveryPinGenerate Devices "okta.devices.recoveryPin.generate";
    /// Make groups.
    GroupsCreate Groups "okta.groups.create";
    /// Make and change groups and who is in them.
    GroupsManage Groups "okta.groups.manage";
    /// Put people into groups and take them out.
    GroupsMembersManage Groups "okta.groups.members.manage";
    /// See groups and who is in them.
    GroupsRead Groups "okta.groups.read";
    /// Read the record.
    LogsRead Logs "okta.logs.read";
    /// Make and change network zones and what they shut out.
    NetworkZonesManage Org "okta.networkZones.manage";
    /// See network zones.
    NetworkZonesRead Org "okta.networkZones.read";
    /// Give and take administrator roles, make roles and resource sets.
    RolesManage Iam "okta.iam.manage";
    /// See who is an administrator, and the roles and resource sets there are.
    RolesRead Iam "okta.iam.read";
    /// Change what holds for the whole organisation.
    OrgManage Org "okta.orgs.manage";
    /// See what holds for the whole organisation.
    OrgRead Org "okta.orgs.read";
    /// Make, change and delete policies.
    PoliciesManage Policies "okta.policies.manage";
    /// See policies.
    PoliciesRead Policies "okta.policies.read";
    /// Change how many requests are served, and to whom.
    RateLimitsManage Org "okta.rateLimits.manage";
    /// See how many requests are served, and to whom.
    RateLimitsRead Org "okta.rateLimits.read";
    /// Make and change web origins that are trusted.
    TrustedOriginsManage Org "okta.trustedOrigins.manage";
    /// See web origins that are trusted.
    TrustedOriginsRead Org "okta.trustedOrigins.read";
    /// Activate people.
    UsersActivate Users "okta.users.lifecycle.activate";
    /// Sign people out everywhere.
    UsersClearSessions Users "okta.users.lifecycle.clearSessions";
    /// Create people.
    UsersCreate Users "okta.users.create";
    /// Do everything that can be done to passwords and factors.
    UsersCredentials Users "okta.users.credentials.manage";
    /// Deactivate people.
    UsersDeactivate Users "okta.users.lifecycle.deactivate";
    /// Delete people who are deactivated.
    UsersDelete Users "okta.users.lifecycle.delete";
    /// Expire passwords.
    UsersExpirePassword Users "okta.users.credentials.expirePassword";
    /// Say which groups people may be put into or taken out of.
    UsersGroupMembership Users "okta.users.groupMembership.manage";
    /// Take people through every step of their life.
    UsersLifecycle Users "okta.users.lifecycle.manage";
    /// Create people, change them, and do everything that can be done to them.
    UsersManage Users "okta.users.manage";
    /// Change people's profile.
    UsersProfileManage Users "okta.users.userprofile.manage";
    /// See people.
    UsersRead Users "okta.users.read";
    /// Take people's factors away, so that they enrol new ones.
    UsersResetFactors Users "okta.users.credentials.resetFactors";
    /// Reset passwords.
    UsersResetPassword Users "okta.users.credentials.resetPassword";
    /// Suspend people.
    UsersSuspend Users "okta.users.lifecycle.suspend";
    /// Give people a temporary access code.
    UsersTemporaryCode Users "okta.users.credentials.manageTemporaryAccessCode";
    /// End people's lock before its time.
    UsersUnlock Users "okta.users.lifecycle.unlock";
    /// Unsuspend people.
    UsersUnsuspend Users "okta.users.lifecycle.unsuspend";
}

impl Permission {
    /// What this includes, directly; what follows from that is included too.
    pub const fn implied(self) -> &'static [Self] {
        match self {
            Self::ApiTokensManage => &[Self::ApiTokensRead],
            Self::DevicesLifecycle => &[
                Self::DevicesActivate,
                Self::DevicesDeactivate,
                Self::DevicesDelete,
                Self::DevicesSuspend,
                Self::DevicesUnsuspend,
            ],
            Self::CasesManage => &[Self::CasesRead],
            Self::DevicesManage => &[Self::DevicesLifecycle, Self::DevicesRead],
            Self::GroupsManage => &[Self::GroupsCreate, Self::GroupsMembersManage, Self::GroupsRead],
            Self::NetworkZonesManage => &[Self::NetworkZonesRead],
            Self::OrgManage => &[Self::OrgRead],
            Self::PoliciesManage => &[Self::PoliciesRead],
            Self::RateLimitsManage => &[Self::RateLimitsRead],
            Self::RolesManage => &[Self::RolesRead],
            Self::TrustedOriginsManage => &[Self::TrustedOriginsRead],
            Self::UsersCredentials => &[
                Self::UsersExpirePassword,
                Self::UsersResetFactors,
                Self::UsersResetPassword,
                Self::UsersTemporaryCode,
            ],
            Self::UsersLifecycle => &[
                Self::UsersActivate,
                Self::UsersClearSessions,
                Self::UsersDeactivate,
                Self::UsersDelete,
                Self::UsersSuspend,
                Self::UsersUnlock,
                Self::UsersUnsuspend,
            ],
            Self::UsersManage => &[
                Self::UsersCreate,
                Self::UsersCredentials,
                Self::UsersGroupMembership,
                Self::UsersLifecycle,
                Self::UsersProfileManage,
                Self::UsersRead,
            ],
            Self::ApiTokensRead
            | Self::CasesRead
            | Self::DevicesActivate
            | Self::DevicesDeactivate
            | Self::DevicesDelete
            | Self::DevicesRead
            | Self::DevicesSuspend
            | Self::DevicesUnsuspend
            | Self::GroupsCreate
            | Self::GroupsMembersManage
            | Self::GroupsRead
            | Self::LogsRead
            | Self::NetworkZonesRead
            | Self::OrgRead
            | Self::PoliciesRead
            | Self::RateLimitsRead
            | Self::RecoveryPinGenerate
            | Self::RolesRead
            | Self::TrustedOriginsRead
            | Self::UsersActivate
            | Self::UsersClearSessions
            | Self::UsersCreate
            | Self::UsersDeactivate
            | Self::UsersDelete
            | Self::UsersExpirePassword
            | Self::UsersGroupMembership
            | Self::UsersProfileManage
            | Self::UsersRead
            | Self::UsersResetFactors
            | Self::UsersResetPassword
            | Self::UsersSuspend
            | Self::UsersTemporaryCode
            | Self::UsersUnlock
            | Self::UsersUnsuspend => &[],
        }
    }

    /// This and everything that it includes.
    pub fn with_implied(self) -> Vec<Self> {
        std::iter::once(self).chain(self.implied().iter().flat_map(|implied| implied.with_implied())).collect()
    }

    /// Whether it can be limited to some attributes of a profile.
    pub const fn has_attributes(self) -> bool {
        matches!(self, Self::UsersProfileManage | Self::UsersRead)
    }

    /// Whether what holds for people holds for the computers that they are linked with: to see a computer, and to let
    /// its person back in. To change a computer touches everybody on it.
    pub const fn follows_people(self) -> bool {
        matches!(self, Self::DevicesRead | Self::RecoveryPinGenerate)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests;
