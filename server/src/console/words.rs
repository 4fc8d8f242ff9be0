//! What a page says. A [`Text`] is a key of the catalogues with its arguments; it becomes words only when a page is
//! drawn, in the language and zone of whoever reads it, and escapes itself.
//!
//! A template and a view make one in the same way, and a test reads their sources for it, so the key stands there as it
//! is in the catalogue:
//!
//! ```text
//! {{ crate::say("home-matters").with("count", attention.len()) }}
//! State::new(Tone::Good, say("people-active"))
//! ```
//!
//! Names and whatever else people typed come in as a `String`, which is shown as it is. There is no way in for a literal.

use std::any::Any;
use std::fmt::{self, Write};

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use fluent_bundle::{FluentArgs, FluentValue};
use postern_codes::Timestamp;

use super::language::Reader;
use super::part::{Link, Moment, State};

/// The name by which the parts of a page find its [`Reader`].
const READER: &str = "reader";

/// Words for a reader, not yet in their language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Exact(Timestamp),
    List(Vec<Text>),
    Number(i64),
    Plain(String),
    Said(Box<Said>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    key: String,
    arguments: Vec<(&'static str, Argument)>,
    otherwise: Option<Text>,
}

/// What stands in the middle of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Marked words, such as a link.
    Inline(Inline),
    /// Other words, a name, a number, an instant.
    Text(Text),
}

/// Marks in the middle of a text; only where a page has words, not in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// What is typed as it stands.
    Code(String),
    /// A countdown to an instant.
    Countdown(Timestamp),
    /// A link.
    Link(Link),
    /// An instant that goes on by itself.
    Moment(Moment),
    /// How something stands.
    State(State),
    /// What matters.
    Strong(Text),
}

/// The text with this key.
pub fn say(key: &'static str) -> Text {
    Text::of(key.to_owned())
}

/// The text of one of a closed family: `say_of("events", "org.create")` is `events-org-create`.
pub fn say_of(family: &'static str, member: &str) -> Text {
    let member = member.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    Text::of(format!("{family}-{member}"))
}

impl Text {
    fn of(key: String) -> Self {
        Self(Form::Said(Box::new(Said { key, arguments: Vec::new(), otherwise: None })))
    }

    /// Puts words, a name, a number or an instant where the message has `{ $name }`.
    #[must_use]
    pub fn with(self, name: &'static str, argument: impl Into<Self>) -> Self {
        self.argument(name, Argument::Text(argument.into()))
    }

    /// Puts marked words where the message has `{ $name }`.
    #[must_use]
    pub fn around(self, name: &'static str, inline: impl Into<Inline>) -> Self {
        self.argument(name, Argument::Inline(inline.into()))
    }

    /// What is said where the catalogue of the reader's language has no such key.
    #[must_use]
    pub fn or(mut self, words: impl Into<Self>) -> Self {
        if let Form::Said(said) = &mut self.0 {
            said.otherwise = Some(words.into());
        }
        self
    }

    /// An instant with its date, its time and its zone.
    pub const fn exact(at: Timestamp) -> Self {
        Self(Form::Exact(at))
    }

    /// Several, with commas between them.
    pub fn list(texts: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self(Form::List(texts.into_iter().map(Into::into).collect()))
    }

    /// Several sentences, one after the other.
    pub fn sentences(texts: impl IntoIterator<Item = Self>) -> Self {
        let joined =
            texts.into_iter().reduce(|before, next| say("part-sentences").with("before", before).with("next", next));
        joined.unwrap_or_else(|| Self(Form::Plain(String::new())))
    }

    /// Whether there is nothing to say.
    pub const fn is_empty(&self) -> bool {
        match &self.0 {
            Form::List(texts) => texts.is_empty(),
            Form::Plain(words) => words.is_empty(),
            Form::Exact(_) | Form::Number(_) | Form::Said(_) => false,
        }
    }

    /// What people typed in it, without what would begin a line or turn the direction of one.
    #[must_use]
    pub fn within_its_line(mut self) -> Self {
        match &mut self.0 {
            Form::Exact(_) | Form::Number(_) => {}
            Form::List(texts) => *texts = std::mem::take(texts).into_iter().map(Self::within_its_line).collect(),
            Form::Plain(words) => *words = words.replace(leaves_its_line, " "),
            Form::Said(said) => {
                said.otherwise = said.otherwise.take().map(Self::within_its_line);
                let arguments = std::mem::take(&mut said.arguments).into_iter();
                said.arguments = arguments.map(|(name, argument)| (name, argument.within_its_line())).collect();
            }
        }
        self
    }

    /// The words alone, as for a file.
    pub fn words(&self, reader: &Reader) -> String {
        match &self.0 {
            Form::Exact(at) => exact(*at, reader).words(reader),
            Form::List(texts) => texts.iter().map(|text| text.words(reader)).collect::<Vec<_>>().join(", "),
            Form::Number(number) => reader.language.number(*number),
            Form::Plain(plain) => plain.clone(),
            Form::Said(said) => said.words(reader, |inline| inline.words(reader)),
        }
    }

    fn argument(mut self, name: &'static str, argument: Argument) -> Self {
        if let Form::Said(said) = &mut self.0 {
            said.arguments.push((name, argument));
        }
        self
    }
}

impl Said {
    /// The message with its arguments; what stands for marked words is up to the caller.
    fn words(&self, reader: &Reader, mut inline: impl FnMut(&Inline) -> String) -> String {
        let Self { key, arguments, otherwise } = self;
        let catalogue = reader.language.catalogue();
        let Some(pattern) = catalogue.get_message(key).and_then(|message| message.value()) else {
            return otherwise.as_ref().map_or_else(|| key.clone(), |text| text.words(reader));
        };
        let mut values = FluentArgs::new();
        for (name, argument) in arguments {
            let value = match argument {
                Argument::Inline(marked) => FluentValue::from(inline(marked)),
                Argument::Text(Text(Form::Number(number))) => FluentValue::from(*number),
                Argument::Text(text) => FluentValue::from(text.words(reader)),
            };
            values.set(*name, value);
        }
        let mut faults = Vec::new();
        let words = catalogue.format_pattern(pattern, Some(&values), &mut faults).into_owned();
        // A test that draws it fails; a reader gets whatever it gives.
        debug_assert!(faults.is_empty(), "{key}: {faults:?}");
        words
    }
}

impl Argument {
    fn within_its_line(self) -> Self {
        match self {
            Self::Inline(_) => self,
            Self::Text(text) => Self::Text(text.within_its_line()),
        }
    }
}

/// Control characters, the two separators of lines, and the marks that turn the direction of writing.
fn leaves_its_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Inline {
    /// What is typed as it stands.
    pub fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    /// The time that is left.
    pub const fn countdown(until: &Moment) -> Self {
        Self::Countdown(until.at)
    }

    /// What matters.
    pub fn strong(text: impl Into<Text>) -> Self {
        Self::Strong(text.into())
    }

    fn words(&self, reader: &Reader) -> String {
        match self {
            Self::Code(text) => text.clone(),
            Self::Countdown(at) => Text::exact(*at).words(reader),
            Self::Link(link) => link.text.words(reader),
            Self::Moment(moment) => moment.words().words(reader),
            Self::State(state) => state.text.words(reader),
            Self::Strong(text) => text.words(reader),
        }
    }

    fn draw(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        match self {
            Self::Code(text) => {
                dest.write_str("<code>")?;
                escape(text, dest)?;
                dest.write_str("</code>")?;
            }
            Self::Countdown(at) => write!(dest, "<b data-until=\"{}\"></b>", Moment::iso_of(*at))?,
            Self::Link(link) => {
                dest.write_str("<a href=\"")?;
                escape(&link.href, dest)?;
                dest.write_str("\">")?;
                link.text.write_into(dest, values)?;
                dest.write_str("</a>")?;
            }
            Self::Moment(moment) => FastWritable::write_into(moment, dest, values)?,
            Self::State(state) => FastWritable::write_into(state, dest, values)?,
            Self::Strong(text) => {
                dest.write_str("<strong class=\"strong\">")?;
                text.write_into(dest, values)?;
                dest.write_str("</strong>")?;
            }
        }
        Ok(())
    }
}

/// Stands for the first marked words until the text around them is escaped; the next ones follow it. Nobody types it.
const PLACE: u32 = 0xF_0000;

impl FastWritable for Text {
    fn write_into(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        let reader = reader(values);
        let Form::Said(said) = &self.0 else { return Ok(escape(&self.words(&reader), dest)?) };
        let inlines: Vec<&Inline> = said
            .arguments
            .iter()
            .filter_map(|(_, argument)| match argument {
                Argument::Inline(inline) => Some(inline),
                Argument::Text(_) => None,
            })
            .collect();
        if inlines.is_empty() {
            return Ok(escape(&self.words(&reader), dest)?);
        }
        let mut places = (PLACE..).filter_map(char::from_u32);
        let words = said.words(&reader, |_| places.next().map(String::from).unwrap_or_default());
        let mut rest = words.as_str();
        while let Some(at) = rest.find(|c: char| u32::from(c) >= PLACE) {
            escape(&rest[..at], dest)?;
            let place = rest[at..].chars().next().unwrap_or_default();
            if let Some(inline) = inlines.get((u32::from(place) - PLACE) as usize) {
                inline.draw(dest, values)?;
            }
            rest = &rest[at + place.len_utf8()..];
        }
        Ok(escape(rest, dest)?)
    }
}

/// Escapes as askama does.
fn escape(words: &str, dest: &mut dyn Write) -> fmt::Result {
    use askama::filters::Escaper as _;
    askama::filters::Html.write_escaped_str(dest, words)
}

/// A page finds its reader where it looks for one.
impl Values for Reader {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == READER).then_some(self as &dyn Any)
    }
}

/// For whom the page is drawn; English and UTC where nobody said.
pub fn reader(values: &dyn Values) -> Reader {
    askama::get_value::<Reader>(values, READER).cloned().unwrap_or_default()
}

fn exact(at: Timestamp, reader: &Reader) -> Text {
    let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let local = instant.to_zoned(reader.zone.clone());
    say("time-exact")
        .with("day", local.day().to_string())
        .with("month", say_of("time-month", &local.month().to_string()))
        .with("year", local.year().to_string())
        .with("clock", local.strftime("%H:%M").to_string())
        .with("zone", local.strftime("%Z").to_string())
}

/// In English and UTC, where no page is drawn.
impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut drawn = String::new();
        self.write_into(&mut drawn, askama::NO_VALUES).map_err(|_| fmt::Error)?;
        formatter.write_str(&drawn)
    }
}

// It escapes itself, since the marks within must reach the page as they are.
impl HtmlSafe for Text {}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self(Form::Plain(words))
    }
}

/// Templates hand over references.
impl<T: Clone + Into<Text>> From<&T> for Text {
    fn from(words: &T) -> Self {
        words.clone().into()
    }
}

impl<T: Clone + Into<Inline>> From<&T> for Inline {
    fn from(marked: &T) -> Self {
        marked.clone().into()
    }
}

impl From<Link> for Inline {
    fn from(link: Link) -> Self {
        Self::Link(link)
    }
}

impl From<Moment> for Inline {
    fn from(moment: Moment) -> Self {
        Self::Moment(moment)
    }
}

impl From<State> for Inline {
    fn from(state: State) -> Self {
        Self::State(state)
    }
}

impl From<Timestamp> for Text {
    fn from(at: Timestamp) -> Self {
        Self::exact(at)
    }
}

impl From<u64> for Text {
    fn from(number: u64) -> Self {
        Self(Form::Number(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<u32> for Text {
    fn from(number: u32) -> Self {
        Self(Form::Number(number.into()))
    }
}

impl From<usize> for Text {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

/// In tests a sample may be said as it is.
#[cfg(test)]
impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self(Form::Plain(words.to_owned()))
    }
}

#[cfg(test)]
mod tests;
