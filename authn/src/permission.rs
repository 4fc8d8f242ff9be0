//! What an administrator may do. A role is a set of permissions; a permission may imply another.
//!
//! To add a permission, add a line to the list and name it in the roles that have it.

use std::fmt;
use std::str::FromStr;

macro_rules! permissions {
    ($(#[doc = $meaning:literal] $variant:ident $text:literal;)*) => {
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
    /// Make tokens for oneself, see and revoke those of others.
    ApiTokensManage "okta.users.apitokens.manage";
    /// Change the lifecycle of computers, make enrolment codes, rotate secrets.
    DevicesManage "okta.devices.manage";
    /// See computers and whether recovery would work.
    DevicesRead "okta.devices.read";
    /// Issue, see and revoke recovery PINs.
    RecoveryPinGenerate "okta.devices.recoveryPin.generate";
    /// Make and change groups and who is in them.
    GroupsManage "okta.groups.manage";
    /// See groups and who is in them.
    GroupsRead "okta.groups.read";
    /// Read the record.
    LogsRead "okta.logs.read";
    /// Give and take administrator roles.
    RolesManage "okta.iam.manage";
    /// See who is an administrator.
    RolesRead "okta.iam.read";
    /// Change what holds for the whole organisation.
    OrgManage "okta.orgs.manage";
    /// See what holds for the whole organisation.
    OrgRead "okta.orgs.read";
    /// Create people and change their profile.
    UsersManage "okta.users.manage";
    /// Suspend, unsuspend and deactivate people.
    UsersLifecycle "okta.users.lifecycle.manage";
    /// See people.
    UsersRead "okta.users.read";
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The standard administrator roles of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Stands with a caller on the line: computers, recovery PINs, people to look at.
    HelpDesk,
    /// Everything but what holds for the whole organisation and its administrators.
    Org,
    /// Sees everything, changes nothing.
    ReadOnly,
    /// Everything.
    Super,
}

impl Role {
    /// Every role.
    pub const ALL: &[Self] = &[Self::HelpDesk, Self::Org, Self::ReadOnly, Self::Super];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HelpDesk => "HELP_DESK_ADMIN",
            Self::Org => "ORG_ADMIN",
            Self::ReadOnly => "READ_ONLY_ADMIN",
            Self::Super => "SUPER_ADMIN",
        }
    }

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::HelpDesk => "Help desk administrator",
            Self::Org => "Organisation administrator",
            Self::ReadOnly => "Read-only administrator",
            Self::Super => "Super administrator",
        }
    }

    /// What its holder may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::HelpDesk => &[P::DevicesRead, P::GroupsRead, P::RecoveryPinGenerate, P::UsersLifecycle, P::UsersRead],
            Self::Org => &[
                P::ApiTokensManage,
                P::DevicesManage,
                P::DevicesRead,
                P::GroupsManage,
                P::GroupsRead,
                P::LogsRead,
                P::OrgRead,
                P::RolesRead,
                P::UsersLifecycle,
                P::UsersManage,
                P::UsersRead,
            ],
            Self::ReadOnly => &[P::DevicesRead, P::GroupsRead, P::LogsRead, P::OrgRead, P::RolesRead, P::UsersRead],
            Self::Super => Permission::ALL,
        }
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

/// What one person may do now: the union of their roles, and what that implies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authority {
    roles: Vec<Role>,
    /// Whether managing computers includes issuing their recovery PINs; an organisation may switch that off.
    manage_implies_pin: bool,
}

impl Authority {
    /// The authority of somebody with `roles`.
    pub fn new(roles: Vec<Role>, manage_implies_pin: bool) -> Self {
        Self { roles, manage_implies_pin }
    }

    /// The roles held.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether any role is held: whether the console is for them at all.
    pub fn is_administrator(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Whether this may be done.
    pub fn has(&self, permission: Permission) -> bool {
        let held = |permission| self.roles.iter().any(|role| role.permissions().contains(&permission));
        held(permission)
            || (permission == Permission::RecoveryPinGenerate
                && self.manage_implies_pin
                && held(Permission::DevicesManage))
    }

    /// Whether everything `other` may do, this may do too: nobody acts on somebody who is above them.
    pub fn covers(&self, other: &Self) -> bool {
        Permission::ALL.iter().all(|permission| !other.has(*permission) || self.has(*permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managing_computers_implies_their_pins_until_switched_off() {
        assert!(Authority::new(vec![Role::Org], true).has(Permission::RecoveryPinGenerate));
        assert!(!Authority::new(vec![Role::Org], false).has(Permission::RecoveryPinGenerate));
        assert!(Authority::new(vec![Role::HelpDesk], false).has(Permission::RecoveryPinGenerate));
    }

    #[test]
    fn read_only_changes_nothing() {
        let authority = Authority::new(vec![Role::ReadOnly], true);
        for permission in Permission::ALL {
            assert!(
                !authority.has(*permission) || permission.as_str().rsplit('.').next() == Some("read"),
                "{permission}"
            );
        }
    }

    #[test]
    fn help_desk_does_not_cover_administrators_above_it() {
        let desk = Authority::new(vec![Role::HelpDesk], true);
        assert!(desk.covers(&Authority::default()));
        assert!(!desk.covers(&Authority::new(vec![Role::Org], true)));
        assert!(Authority::new(vec![Role::Super], true).covers(&Authority::new(vec![Role::Org], true)));
    }
}
