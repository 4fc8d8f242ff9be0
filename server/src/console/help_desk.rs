//! How the help desk is reached: below every page that is not of the console, and below every mail, for whoever does not
//! get on.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use postern_wire::form::Text as Words;
use postern_wire::settings::DeviceSettings;

use super::part::Link;
use super::words::{Text, reader, say};
use crate::organisation::Organisation;

/// What the organisation has set of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpDesk {
    ways: String,
    website: String,
}

impl HelpDesk {
    /// Nothing, where the organisation has set nothing.
    pub fn of(device: &DeviceSettings, organisation: &Organisation) -> Option<Self> {
        let ways = [&device.admin_phone, &device.admin_email, &device.admin_contact_info];
        let ways: Vec<_> = ways.into_iter().map(Words::as_str).filter(|way| !way.is_empty()).collect();
        let help = Self { ways: ways.join(", "), website: organisation.help_desk_website.clone() };
        (!help.ways.is_empty() || !help.website.is_empty()).then_some(help)
    }
}

impl HelpDesk {
    /// One line that says it.
    pub fn said(&self) -> Text {
        let link = Link::new(self.website.clone(), self.website.clone());
        match (self.ways.is_empty(), self.website.is_empty()) {
            (_, true) => say("frame-help").with("ways", self.ways.clone()),
            (true, false) => say("frame-help-website").around("website", link),
            (false, false) => say("frame-help-both").with("ways", self.ways.clone()).around("website", link),
        }
    }
}

/// The line of a page.
pub struct Line;

impl FastWritable for Line {
    fn write_into(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        let Some(help) = reader(values).help else { return Ok(()) };
        dest.write_str("<p class=\"below\"><span>")?;
        help.said().write_into(dest, values)?;
        Ok(dest.write_str("</span></p>")?)
    }
}

/// Where nobody reads.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES).map_err(|_| fmt::Error)
    }
}

// A text escapes itself.
impl HtmlSafe for Line {}
