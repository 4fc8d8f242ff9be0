//! By which entrance somebody comes.

use postern_codes::Id;
use postern_codes::id::Group;
use serde::{Deserialize, Serialize};

use super::super::{Entrance, PolicyType};
use super::{Condition, Place, Situation, Verdict, Why};

/// By which entrance somebody comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthContext {
    /// The entrance.
    pub auth_type: AuthType,
}

/// An entrance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthType {
    /// Any.
    #[default]
    Any,
    /// The LDAP interface.
    LdapInterface,
    /// RADIUS.
    Radius,
}

impl Condition for AuthContext {
    fn judge(&self, situation: &Situation) -> (Verdict, Why) {
        match (self.auth_type, situation.entrance) {
            (AuthType::Any, _) => (Verdict::Match, Why::Always),
            (AuthType::LdapInterface, Entrance::Ldap) | (AuthType::Radius, Entrance::Radius) => {
                (Verdict::Match, Why::RightEntrance)
            }
            (AuthType::LdapInterface, Entrance::Radius | Entrance::Web)
            | (AuthType::Radius, Entrance::Ldap | Entrance::Web) => (Verdict::NoMatch, Why::OtherEntrance),
        }
    }

    fn covers(&self, other: Option<&Self>, _: Id<Group>) -> bool {
        self.auth_type == AuthType::Any || other == Some(self)
    }

    fn check(&self, place: Place) -> Result<(), String> {
        if place == Place::Rule(PolicyType::OktaSignOn) {
            return Ok(());
        }
        Err("belongs to a rule of type SIGN_ON".to_owned())
    }
}
