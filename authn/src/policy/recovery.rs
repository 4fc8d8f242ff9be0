//! What a rule of a recovery policy answers: what the cases of the people it matches need.

use serde::{Deserialize, Serialize};

use super::BadDocument;
use crate::recovery::rules::Rules;

/// What a rule of a recovery policy answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecoveryActions {
    /// What cases need.
    pub recovery: Rules,
}

impl RecoveryActions {
    /// Whether the rules can be kept.
    ///
    /// # Errors
    /// [`BadDocument`] with the member and the reason.
    pub fn check(&self) -> Result<(), BadDocument> {
        self.recovery.check().map_err(|BadDocument(reason)| BadDocument(format!("actions.recovery.{reason}")))
    }
}
