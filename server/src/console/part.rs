//! What screens are made of. A part is a value that renders itself: `{{ part }}` in any template, escaped inside.

use askama::Template;
use askama::filters::HtmlSafe;
use postern_codes::env::Timestamp;

use super::words::{Text, say};

mod form;
mod list;
mod outcome;

pub use form::{Chooser, Source, Stepper, Summary, Tick, Tickable, Ticks};
pub use list::{Ask, Bulk, BulkAct, Filter, Filters, Head, Heads, Moves, Pick, Tab, Tabs};
pub use outcome::{Confirmation, Danger, Empty, Facts, Line, Once, Results, Undo};

/// How something stands; always said by word and shape as well as by colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say about it.
    Plain,
    /// Alive: it will change by itself.
    Busy,
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong, refused or dangerous.
    Danger,
}

impl Tone {
    /// The class that colours it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Busy => "busy",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    /// The shape that says the same without colour.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Plain => Icon::Dot,
            Self::Busy => Icon::Clock,
            Self::Good => Icon::Tick,
            Self::Warning => Icon::Triangle,
            Self::Danger => Icon::Octagon,
        }
    }
}

/// A drawing of 16 by 16; it decorates a word and is hidden from screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "console/parts/icon.html")]
pub enum Icon {
    /// Waiting.
    Clock,
    /// Two sheets.
    Copy,
    /// Neutral.
    Dot,
    /// Refused.
    Octagon,
    /// A magnifying glass.
    Search,
    /// Done.
    Tick,
    /// Careful.
    Triangle,
}

/// A word for how something stands.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/state.html")]
pub struct State {
    /// How it stands.
    pub tone: Tone,
    /// The word, sentence case.
    pub text: Text,
}

impl State {
    /// A word in a tone.
    pub fn new(tone: Tone, text: impl Into<Text>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// What happened, what it means, what to do: in that order, the code small beside it.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/notice.html")]
pub struct Notice {
    /// How bad it is.
    pub tone: Tone,
    /// What happened, one sentence.
    pub happened: Text,
    /// What it means and what to do, in the reader's words.
    pub next: Text,
    /// The stable code, for a search.
    pub code: Option<String>,
}

impl Notice {
    /// A notice without a code.
    pub fn new(tone: Tone, happened: impl Into<Text>, next: impl Into<Text>) -> Self {
        Self { tone, happened: happened.into(), next: next.into(), code: None }
    }

    /// The same, with the code that logs and answers carry.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }
}

/// An instant: relative for the person, exact on hover, machine-readable beneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "console/parts/moment.html")]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// From when it is looked at.
    pub now: Timestamp,
    /// Whether the exact form is shown and the relative one left out, as in the record.
    pub shows_exact: bool,
}

impl Moment {
    /// `at` as seen from `now`.
    pub const fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now, shows_exact: false }
    }

    /// The same instant with its date, for records.
    #[must_use]
    pub const fn for_the_record(self) -> Self {
        Self { shows_exact: true, ..self }
    }

    /// "22 Nov 2026, 14:05 CET", in the reader's zone.
    pub const fn exact(&self) -> Text {
        Text::exact(self.at)
    }

    /// RFC 3339 in UTC.
    pub fn iso(&self) -> String {
        Self::iso_of(self.at)
    }

    /// RFC 3339 in UTC.
    pub fn iso_of(at: Timestamp) -> String {
        let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// As it is shown.
    pub fn words(&self) -> Text {
        if self.shows_exact { self.exact() } else { self.relative() }
    }

    /// "2 minutes ago", "in 2 minutes". Days count up to 90, since "41 days" tells more than "1 month".
    pub fn relative(&self) -> Text {
        let is_ahead = self.at > self.now;
        let seconds = if is_ahead { self.at.since(self.now) } else { self.now.since(self.at) }.as_secs();
        let (count, text) = match (seconds, is_ahead) {
            (0..60, true) => return say("time-in-a-moment"),
            (0..60, false) => return say("time-just-now"),
            (60..3600, true) => (seconds / 60, say("time-in-minutes")),
            (60..3600, false) => (seconds / 60, say("time-minutes-ago")),
            (3600..86_400, true) => (seconds / 3600, say("time-in-hours")),
            (3600..86_400, false) => (seconds / 3600, say("time-hours-ago")),
            (86_400..7_776_000, true) => (seconds / 86_400, say("time-in-days")),
            (86_400..7_776_000, false) => (seconds / 86_400, say("time-days-ago")),
            (7_776_000..31_536_000, true) => (seconds / 2_592_000, say("time-in-months")),
            (7_776_000..31_536_000, false) => (seconds / 2_592_000, say("time-months-ago")),
            (_, true) => (seconds / 31_536_000, say("time-in-years")),
            (_, false) => (seconds / 31_536_000, say("time-years-ago")),
        };
        text.with("count", count)
    }
}

/// A link to something that has a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub text: Text,
    /// Its page.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<Text>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into() }
    }
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/pages.html")]
pub struct Pages {
    /// What is shown: "25 shown".
    pub summary: Text,
    /// The first page, if this is not it.
    pub first: Option<String>,
    /// The page after, if there is one.
    pub next: Option<String>,
}

/// One event of the record: a line that opens in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was committed.
    pub at: Moment,
    /// Success, failure, or worse.
    pub outcome: State,
    /// What happened, in words.
    pub what: Text,
    /// By whom and to whom: "Ida Helpdesk, about Grace Hopper on HARBOUR-07".
    pub about: Text,
    /// Everything else, name by name; the event's type first.
    pub details: Vec<(Text, Text)>,
}

/// Events, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Template)]
#[template(path = "console/parts/record.html")]
pub struct Record {
    /// The lines.
    pub events: Vec<Event>,
}

/// Something that a viewer may do to what the screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What it does, and to what: "Suspend Grace Hopper".
    pub words: Text,
    /// What follows from it, one sentence.
    pub effect: Text,
    /// Where its form goes.
    pub address: String,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Six digits of an authenticator app.
    AppCode,
    /// One of a few: value and words.
    Choice(Vec<(String, Text)>),
    /// A code of any form: of an app, a token, a message or a sheet of paper.
    Code,
    /// A day, `2026-11-22`.
    Day,
    /// An e-mail address.
    Email,
    /// Many short lines, an entry each.
    Lines,
    /// Several lines, of at most so many characters.
    Long(u32),
    /// Nine digits read out by a caller; spaces are welcome, and the check digit is tested while typing.
    NineDigits,
    /// A whole number between two bounds, both included.
    Number(u32, u32),
    /// A password that exists; never shown again.
    Password,
    /// A password that is being chosen.
    PasswordNew,
    /// A telephone number.
    Telephone,
    /// One line.
    Text,
}

/// A labelled input with its hint and, after a refusal, what to mend.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/field.html")]
pub struct Field {
    /// The form's name of it.
    pub name: &'static str,
    /// What is asked, in words.
    pub label: Text,
    /// What it takes.
    pub kind: Kind,
    /// What was typed before; passwords and codes are never put back.
    pub value: String,
    /// A sentence below the label.
    pub hint: Option<Text>,
    /// Why the last try was refused, and what to do.
    pub error: Option<Text>,
    /// Whether an empty answer is refused.
    pub is_required: bool,
    /// Whether the cursor starts here.
    pub is_first: bool,
}

impl Field {
    /// What it holds, as a reader would say it.
    pub fn in_words(&self) -> Text {
        match &self.kind {
            Kind::Choice(choices) => {
                let chosen = choices.iter().find(|(value, _)| *value == self.value);
                chosen.map_or_else(|| (&self.value).into(), |(_, words)| words.clone())
            }
            Kind::Lines => Text::list(super::meanwhile::lines(&self.value).map(|line| Text::from(line.to_owned()))),
            _ => (&self.value).into(),
        }
    }

    /// A required field.
    pub fn new(name: &'static str, label: impl Into<Text>, kind: Kind) -> Self {
        Self {
            name,
            label: label.into(),
            kind,
            value: String::new(),
            hint: None,
            error: None,
            is_required: true,
            is_first: false,
        }
    }

    /// A sentence of help.
    #[must_use]
    pub fn hint(self, hint: impl Into<Text>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Takes an empty answer too.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { is_required: false, ..self }
    }

    /// Takes the cursor.
    #[must_use]
    pub fn first(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// Holds what was typed or chosen before.
    #[must_use]
    pub fn holding(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// Says why the answer was refused; the cursor goes there.
    #[must_use]
    pub fn refused(self, why: impl Into<Text>) -> Self {
        Self { error: Some(why.into()), is_first: true, ..self }
    }

    /// The ids of the sentences that describe the input, for `aria-describedby`.
    fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The bounds of a number, where they tell anything.
    const fn range(&self) -> Option<(u32, u32)> {
        match self.kind {
            Kind::Number(least, most) if most < u32::MAX => Some((least, most)),
            _ => None,
        }
    }

    fn wrapper_class(&self) -> &'static str {
        match self.kind {
            Kind::AppCode => "field six",
            Kind::NineDigits => "field nine",
            Kind::Choice(_)
            | Kind::Code
            | Kind::Day
            | Kind::Email
            | Kind::Lines
            | Kind::Long(_)
            | Kind::Number(..)
            | Kind::Password
            | Kind::PasswordNew
            | Kind::Telephone
            | Kind::Text => "field",
        }
    }
}

// Each of these escapes what it is given; their own marks must reach the page as they are.
impl HtmlSafe for Icon {}
impl HtmlSafe for State {}
impl HtmlSafe for Notice {}
impl HtmlSafe for Moment {}
impl HtmlSafe for Pages {}
impl HtmlSafe for Record {}
impl HtmlSafe for Field {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_says_how_long_ago_in_whole_units() {
        let now = Timestamp::from_unix_seconds(1_795_334_700);
        let said = |seconds| Moment::new(now.minus(Duration::from_secs(seconds)), now).relative().to_string();
        assert_eq!(said(59), "just now");
        assert_eq!(said(60), "1 minute ago");
        assert_eq!(said(7_199), "1 hour ago");
        assert_eq!(said(41 * 86_400), "41 days ago");
        assert_eq!(said(100 * 86_400), "3 months ago");
        assert_eq!(Moment::new(now.plus(Duration::from_mins(2)), now).relative().to_string(), "in 2 minutes");
    }

    #[test]
    fn what_a_person_typed_is_escaped_in_every_part() {
        let spiteful = "<script>\"'&";
        let parts = [
            State::new(Tone::Good, spiteful).to_string(),
            Notice::new(Tone::Danger, spiteful, spiteful).with_code(spiteful).to_string(),
            Field::new("name", spiteful, Kind::Text).holding(spiteful).hint(spiteful).refused(spiteful).to_string(),
            Pages { summary: spiteful.into(), first: Some(spiteful.into()), next: None }.to_string(),
        ];
        for part in parts {
            assert!(!part.contains("<script"), "{part}");
            assert!(!part.contains("\"'"), "{part}");
        }
    }
}
