//! What an organisation says of itself beside its name. How its help desk is reached stands in the device settings, since
//! computers show it too: there is no second copy.

use jiff::tz::TimeZone;
use postern_codes::Timestamp;
use postern_store::settings::Setting;
use serde::{Deserialize, Serialize};

use crate::console::accent::{Accent, Colour};
use crate::console::language::{self, Language};

/// The facts, as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organisation {
    /// The language of mails, and of pages, to people who prefer none that we have.
    pub language: Language,
    /// Where the clock stands for people who have no zone of their own: an IANA name, empty for UTC.
    pub time_zone: String,
    /// The colour of links and buttons on a light page; ours where there is none.
    pub accent: Option<Colour>,
    /// And on a dark one; a shade of the other where there is none.
    pub accent_on_dark: Option<Colour>,
    /// The pages of the help desk; empty, or with `https:`.
    pub help_desk_website: String,
    /// Its own pages; empty, or with `https:`.
    pub website: String,
    /// Its telephone number.
    pub phone_number: String,
    /// Its address, in the lines that Okta's API has.
    pub address: Address,
    /// When any of it, or its name, last changed.
    pub updated_at: Option<Timestamp>,
}

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// What else the street needs.
    pub line2: String,
    /// Town.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: String,
}

impl Setting for Organisation {
    const NAME: &'static str = "organisation";
}

impl Organisation {
    /// Where its clock stands.
    pub fn zone(&self) -> TimeZone {
        language::zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Its colour, where it has one.
    pub fn accent(&self) -> Option<Accent> {
        Accent::of(self.accent, self.accent_on_dark)
    }
}
