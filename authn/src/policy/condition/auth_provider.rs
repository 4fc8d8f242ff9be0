//! Who keeps the password. Here that is always this server.

use postern_codes::Id;
use postern_codes::id::Group;
use serde::{Deserialize, Serialize};

use super::super::PolicyType;
use super::{Condition, Place, Situation, Verdict, Why};

/// Who keeps the password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthProvider {
    /// The provider.
    pub provider: Provider,
    /// Which directories of that provider, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
}

/// A keeper of passwords.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provider {
    /// Active Directory.
    ActiveDirectory,
    /// Any.
    Any,
    /// An LDAP directory.
    Ldap,
    /// This server.
    #[default]
    Okta,
}

impl Condition for AuthProvider {
    fn judge(&self, _: &Situation) -> (Verdict, Why) {
        match self.provider {
            Provider::Any => (Verdict::Match, Why::Always),
            Provider::Okta => (Verdict::Match, Why::RightProvider),
            Provider::ActiveDirectory | Provider::Ldap => (Verdict::NoMatch, Why::OtherProvider),
        }
    }

    fn covers(&self, other: Option<&Self>, _: Id<Group>) -> bool {
        matches!(self.provider, Provider::Any | Provider::Okta) || other == Some(self)
    }

    fn check(&self, place: Place) -> Result<(), String> {
        if place != Place::Policy(PolicyType::Password) {
            return Err("belongs to a policy of type PASSWORD".to_owned());
        }
        match self.include.as_deref() {
            None | Some([]) => Ok(()),
            Some(_) => Err("`include` names a directory; there is none here".to_owned()),
        }
    }
}
