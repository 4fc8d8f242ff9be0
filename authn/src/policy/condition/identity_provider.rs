//! Who vouches for the person. Here that is always this server.

use postern_codes::Id;
use postern_codes::id::Group;
use serde::{Deserialize, Serialize};

use super::super::PolicyType;
use super::{Condition, Place, Situation, Verdict, Why};

/// Who vouches for the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityProvider {
    /// The provider.
    pub provider: Voucher,
    /// Which ones, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_ids: Option<Vec<String>>,
}

/// Somebody who vouches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Voucher {
    /// Anybody.
    #[default]
    Any,
    /// This server.
    Okta,
}

impl Condition for IdentityProvider {
    fn judge(&self, _: &Situation) -> (Verdict, Why) {
        match self.provider {
            Voucher::Any => (Verdict::Match, Why::Always),
            Voucher::Okta => (Verdict::Match, Why::RightProvider),
        }
    }

    fn covers(&self, _: Option<&Self>, _: Id<Group>) -> bool {
        true
    }

    fn check(&self, place: Place) -> Result<(), String> {
        if place != Place::Rule(PolicyType::OktaSignOn) {
            return Err("belongs to a rule of type SIGN_ON".to_owned());
        }
        match self.idp_ids.as_deref() {
            None | Some([]) => Ok(()),
            Some(_) => Err("`idpIds` names an identity provider; there is none here".to_owned()),
        }
    }
}
