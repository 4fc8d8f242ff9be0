//! A page that holds one part: what will happen, or what has happened.

use askama::Template;
use axum::response::Response;

use super::page::page;
use super::part::{Confirmation, Line, Link};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::Text;

/// The page.
#[derive(Template)]
#[template(path = "console/part_page.html")]
pub struct PartPage<P: askama::filters::HtmlSafe + askama::FastWritable> {
    /// The frame.
    pub shell: Shell,
    /// Its title.
    pub title: Text,
    /// The list that it came from.
    pub list: Link,
    /// The part.
    pub part: P,
}

/// The question before something is taken away: what is lost stands in its lines.
pub struct Taking {
    /// Where it is in the console.
    pub place: Place,
    /// The list that it came from.
    pub list: Link,
    /// What is done, and to what: the title and the button.
    pub verb: Text,
    /// What it means.
    pub about: Text,
    /// Who or what loses what.
    pub lines: Vec<Line>,
    /// Where the answer goes.
    pub action: String,
    /// The way back.
    pub back: String,
}

impl Taking {
    /// Asks.
    pub fn asked(self, viewer: &Viewer) -> Response {
        let Self { place, list, verb, about, lines, action, back } = self;
        let part = Confirmation {
            title: verb.clone(),
            about,
            lines,
            sent: Vec::new(),
            action,
            verb: verb.clone(),
            is_dangerous: true,
            back,
        };
        page(PartPage { shell: viewer.shell(place), title: verb, list, part })
    }
}
