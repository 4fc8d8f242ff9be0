//! What a privileged action demands of the session that does it, beyond the permission: a factor proved in the last five
//! minutes, or one that no false page can pass on.
//!
//! A class of actions is a line in the list. It hangs on the permissions that its actions ask for, so that whatever asks
//! for the permission is demanded of, whichever page or call it is; a class without one is asked for by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::permission::Permission;

macro_rules! classes {
    ($($(#[doc = $meaning:literal])* $variant:ident $name:literal least $least:ident, tokens $tokens:literal, [$($permission:ident),*];)*) => {
        /// A class of privileged actions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Class { $($(#[doc = $meaning])* $variant),* }

        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in the settings.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is, in a few words.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),*).trim().trim_end_matches('.')),* }
            }

            /// What it demands where nothing is set, and at least.
            pub const fn least(self) -> Demand {
                match self { $(Self::$variant => Demand::$least),* }
            }

            /// Whether an API token may do it although something is demanded: a token cannot prove a factor.
            pub const fn tokens_may(self) -> bool {
                match self { $(Self::$variant => $tokens),* }
            }

            /// The permissions whose use it is.
            pub const fn permissions(self) -> &'static [Permission] {
                match self { $(Self::$variant => &[$(Permission::$permission),*]),* }
            }
        }
    };
}

classes! {
    /// Change one's own factors.
    OwnFactors "ownFactors" least Fresh, tokens false, [];
    /// Make recovery PINs.
    RecoveryPins "recoveryPins" least Fresh, tokens false, [];
    /// Give and take administrator roles.
    Roles "roles" least Nothing, tokens false, [RolesManage];
    /// Make and revoke API tokens.
    Tokens "apiTokens" least Nothing, tokens false, [ApiTokensManage];
    /// Change policies and what holds for the whole organisation.
    OrgSettings "orgSettings" least Nothing, tokens true,
        [NetworkZonesManage, OrgManage, PoliciesManage, RateLimitsManage, TrustedOriginsManage];
    /// Reset factors and passwords of others.
    Credentials "credentials" least Nothing, tokens true,
        [UsersCredentials, UsersExpirePassword, UsersResetFactors, UsersResetPassword, UsersTemporaryCode];
    /// Let people in and shut them out: activate, suspend, deactivate, delete, unlock, sign out.
    Lifecycle "lifecycle" least Nothing, tokens true,
        [UsersActivate, UsersClearSessions, UsersDeactivate, UsersDelete, UsersLifecycle, UsersSuspend, UsersUnlock, UsersUnsuspend];
    /// Create, import and change people.
    People "people" least Nothing, tokens true,
        [UsersCreate, UsersGroupMembership, UsersManage, UsersProfileManage];
    /// Make and change groups and who is in them.
    Groups "groups" least Nothing, tokens true, [GroupsCreate, GroupsManage, GroupsMembersManage];
    /// Change computers.
    Devices "devices" least Nothing, tokens true,
        [DevicesActivate, DevicesDeactivate, DevicesDelete, DevicesLifecycle, DevicesManage, DevicesSuspend, DevicesUnsuspend];
}

/// What is demanded, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Demand {
    /// The session is enough.
    Nothing,
    /// A factor proved in the last five minutes.
    Fresh,
    /// A factor proved in the last five minutes that no false page can pass on.
    PhishingResistant,
}

impl Demand {
    /// Every demand, least first.
    pub const ALL: &[Self] = &[Self::Nothing, Self::Fresh, Self::PhishingResistant];

    /// Its name in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "NOTHING",
            Self::Fresh => "FRESH",
            Self::PhishingResistant => "PHISHING_RESISTANT",
        }
    }
}

/// What an organisation demands, by the class's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Demands(pub BTreeMap<String, Demand>);

impl Demands {
    /// What a class demands here: never less than its least.
    pub fn of(&self, class: Class) -> Demand {
        self.0.get(class.name()).copied().unwrap_or(class.least()).max(class.least())
    }

    /// What the use of a permission demands here, and as which class.
    pub fn of_permission(&self, permission: Permission) -> Option<(Class, Demand)> {
        let class = Class::ALL.iter().find(|class| class.permissions().contains(&permission))?;
        Some((*class, self.of(*class)))
    }

    /// The most that anything demands here.
    pub fn most(&self) -> Demand {
        Class::ALL.iter().map(|class| self.of(*class)).max().unwrap_or(Demand::Fresh)
    }

    /// What is wrong with them: a name that no class has, or less than its least.
    pub fn faults(&self) -> Vec<String> {
        let fault = |(name, demand): (&String, &Demand)| match Class::ALL.iter().find(|class| class.name() == name) {
            None => Some(format!("{name}: no such class of actions")),
            Some(class) if *demand < class.least() => Some(format!("{name}: at least {}", class.least().as_str())),
            Some(_) => None,
        };
        self.0.iter().filter_map(fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_belongs_to_one_class() {
        for permission in Permission::ALL {
            let classes = Class::ALL.iter().filter(|class| class.permissions().contains(permission));
            assert!(classes.count() <= 1, "{permission}");
        }
    }

    #[test]
    fn what_changes_something_is_demanded_of() {
        // Asked for by name, where the act is; in a case, of the permission that what is done in it needs.
        let by_name = ["okta.devices.recoveryPin.generate", "okta.recovery.cases.manage"];
        for permission in Permission::ALL {
            let name = permission.as_str();
            let is_demanded = Class::ALL.iter().any(|class| class.permissions().contains(permission));
            assert!(
                is_demanded || name.rsplit('.').next() == Some("read") || by_name.contains(&name),
                "{name} is in no class"
            );
        }
    }

    #[test]
    fn no_setting_goes_below_the_least() {
        let set = |name: &str, demand| Demands(BTreeMap::from([(name.to_owned(), demand)]));
        let loose = set("recoveryPins", Demand::Nothing);
        assert_eq!(loose.of(Class::RecoveryPins), Demand::Fresh);
        assert_eq!(loose.faults(), ["recoveryPins: at least FRESH"]);
        assert_eq!(set("nonsense", Demand::Fresh).faults(), ["nonsense: no such class of actions"]);
        let strict = set("roles", Demand::PhishingResistant);
        assert!(strict.faults().is_empty());
        assert_eq!(strict.of_permission(Permission::RolesManage), Some((Class::Roles, Demand::PhishingResistant)));
        assert_eq!(strict.of_permission(Permission::RolesRead), None);
        assert_eq!((strict.most(), Demands::default().most()), (Demand::PhishingResistant, Demand::Fresh));
    }

    #[test]
    fn every_class_has_a_name_and_a_meaning() {
        for class in Class::ALL {
            assert!(!class.name().is_empty() && !class.meaning().ends_with('.') && class.meaning().len() > 5);
        }
        assert_eq!(Class::OwnFactors.meaning(), "Change one's own factors");
    }
}
