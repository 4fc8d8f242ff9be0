//! What an organisation says of itself beside its name.

use jiff::tz::TimeZone;
use postern_store::settings::Setting;
use serde::{Deserialize, Serialize};

use crate::console::language::{self, Language};

/// The facts, as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organisation {
    /// The language of mails to people who prefer none that we have.
    pub language: Language,
    /// Where the clock of mails stands for people who have no zone of their own: an IANA name, empty for UTC.
    pub time_zone: String,
}

impl Setting for Organisation {
    const NAME: &'static str = "organisation";
}

impl Organisation {
    /// Where its clock stands.
    pub fn zone(&self) -> TimeZone {
        language::zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}
