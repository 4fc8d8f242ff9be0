//! Parts that say what will happen, what has happened, and what to do where there is nothing yet.

use askama::Template;
use askama::filters::HtmlSafe;
use postern_codes::Secret;

use super::{Act, Icon, Link, State};
use crate::console::words::Text;

/// One effect of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whom or what it touches.
    pub who: Link,
    /// What happens to it, or why nothing does.
    pub effect: Text,
    /// How it stands, before an act; how it went, after it.
    pub state: Option<State>,
}

/// What will happen, line by line, before it does. Done to many, the script sends them a few at a time, with numbers and
/// a way to stop; without it one answer does it all.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/confirmation.html")]
pub struct Confirmation {
    /// What it is about: "Suspend 12 people".
    pub title: Text,
    /// What it means, and whether it can be undone.
    pub about: Text,
    /// The effects.
    pub lines: Vec<Line>,
    /// What the form sends, name and value; many ids are many `id`s.
    pub sent: Vec<(String, String)>,
    /// Where the form goes.
    pub action: String,
    /// The button, which names object and effect.
    pub verb: Text,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
    /// The way back.
    pub back: String,
}

/// How an act on many went.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/results.html")]
pub struct Results {
    /// One line each.
    pub lines: Vec<Line>,
    /// The way to take back what was done, where there is one.
    pub undo: Option<Undo>,
    /// Where to go on.
    pub back: Link,
}

/// What was just done, with the way to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/undo.html")]
pub struct Undo {
    /// What happened.
    pub happened: Text,
    /// Where taking it back is asked for.
    pub action: String,
    /// What the form sends.
    pub sent: Vec<(String, String)>,
}

/// A list with nothing in it: why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/empty.html")]
pub struct Empty {
    /// What there is nothing of.
    pub title: Text,
    /// What to do.
    pub next: Text,
    /// Where.
    pub act: Option<Link>,
}

/// A secret that is shown once. No `Debug`.
#[derive(Template)]
#[template(path = "console/parts/once.html")]
pub struct Once {
    /// What it is.
    pub label: Text,
    /// The secret.
    pub secret: Secret<String>,
}

/// What takes something from somebody, apart from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/danger.html")]
pub struct Danger {
    /// The acts.
    pub acts: Vec<Act>,
}

/// Names left, values right.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/facts.html")]
pub struct Facts {
    /// Name by name.
    pub facts: Vec<(Text, Text)>,
}

impl Confirmation {
    fn is_of_many(&self) -> bool {
        self.sent.iter().filter(|(name, _)| name == "id").count() > 1
    }
}

impl Results {
    fn done(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.state.as_ref().is_some_and(|state| state.tone == super::Tone::Good))
            .count()
    }
}

impl HtmlSafe for Confirmation {}
impl HtmlSafe for Results {}
impl HtmlSafe for Undo {}
impl HtmlSafe for Empty {}
impl HtmlSafe for Once {}
impl HtmlSafe for Danger {}
impl HtmlSafe for Facts {}
