//! What an organisation may set for itself. Each is a document with a default, kept under its name.

use serde::{Deserialize, Serialize};

/// How administrator roles behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleSettings {
    /// Whether managing computers includes issuing their recovery PINs.
    pub manage_implies_recovery_pin: bool,
}

impl Default for RoleSettings {
    fn default() -> Self {
        Self { manage_implies_recovery_pin: true }
    }
}
