//! Parts of forms: what is to be mended, a chooser with suggestions of the server, the steps of a longer way.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Field, Tone};
use crate::console::words::Text;

/// What is wrong in a form, above it: takes the focus, and each line leads to its field.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/summary.html")]
pub struct Summary {
    /// The field's id, its label and what is wrong.
    pub wrong: Vec<(String, Text, Text)>,
}

impl Summary {
    /// The summary of these fields; nothing where nothing is wrong.
    pub fn of<'f>(fields: impl IntoIterator<Item = &'f Field>) -> Option<Self> {
        let wrong = fields
            .into_iter()
            .filter_map(|field| Some((field.name.to_owned(), field.label.clone(), field.error.clone()?)));
        let wrong: Vec<_> = wrong.collect();
        (!wrong.is_empty()).then_some(Self { wrong })
    }
}

/// What is chosen from: the server finds it while the person types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Computers, by name; the value is the serial number or the id.
    Computers,
    /// Groups; the value is the name.
    Groups,
    /// People; the value is the sign-in name.
    People,
    /// Roles; the value is the role's name in the API.
    Roles,
    /// Network zones that policies may speak of; the value is the name.
    Zones,
}

impl Source {
    /// Where the suggestions come from.
    pub const fn address(self) -> &'static str {
        match self {
            Self::Computers => "/admin/choose/computers",
            Self::Groups => "/admin/choose/groups",
            Self::People => "/admin/choose/people",
            Self::Roles => "/admin/choose/roles",
            Self::Zones => "/admin/choose/zones",
        }
    }
}

/// A text field with suggestions. What is chosen is text that a person could have typed, so it works without the script.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/chooser.html")]
pub struct Chooser {
    /// The field itself: name, label, value, hint, error.
    pub field: Field,
    /// What is chosen from.
    pub source: Source,
}

/// A box that can be ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// What is sent where it is.
    pub value: String,
    /// Its words.
    pub label: Text,
    /// What follows from it, a sentence.
    pub about: Option<Text>,
    /// Whether it is.
    pub is_on: bool,
}

/// Boxes about one thing, each of which can be ticked. What is ticked is sent many times under one name.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/ticks.html")]
pub struct Ticks {
    /// The form's name of them.
    pub name: &'static str,
    /// What they are about.
    pub legend: Text,
    /// A sentence of help.
    pub hint: Option<Text>,
    /// Why the last answer was refused, and what to do.
    pub error: Option<Text>,
    /// In their order.
    pub ticks: Vec<Tick>,
}

impl Ticks {
    /// Boxes without help.
    pub const fn new(name: &'static str, legend: Text, ticks: Vec<Tick>) -> Self {
        Self { name, legend, hint: None, error: None, ticks }
    }

    /// A sentence of help.
    #[must_use]
    pub fn hint(self, hint: Text) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// What is ticked.
    pub fn in_words(&self) -> Text {
        Text::list(self.ticks.iter().filter(|tick| tick.is_on).map(|tick| tick.label.clone()))
    }

    fn id(&self, tick: &Tick) -> String {
        format!("{}-{}", self.name, tick.value.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
    }
}

/// Several of a set: those that are there, each with a tick that keeps it, and a field for one more.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/tickable.html")]
pub struct Tickable {
    /// Those that are there.
    pub ticks: Ticks,
    /// The field for one more.
    pub more: Option<Chooser>,
}

/// The steps of a longer way and where the reader is.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/stepper.html")]
pub struct Stepper {
    /// The steps' names.
    pub steps: Vec<Text>,
    /// The present one, from 0.
    pub current: usize,
}

impl HtmlSafe for Summary {}
impl HtmlSafe for Chooser {}
impl HtmlSafe for Stepper {}
impl HtmlSafe for Ticks {}
impl HtmlSafe for Tickable {}
