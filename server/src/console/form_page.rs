//! A page that is one form: what is asked, what is to be mended, the way out.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::page::page_with;
use super::part::{Chooser, Field, Link, Notice, Summary, Ticks};
use super::shell::Shell;
use super::words::Text;

/// What a form asks.
pub enum Asked {
    /// Text, with suggestions of the server.
    Chooser(Chooser),
    /// An input.
    Field(Field),
    /// Boxes that can be ticked.
    Ticks(Ticks),
}

/// The page.
#[derive(Template)]
#[template(path = "console/form_page.html")]
pub struct FormPage {
    /// The frame.
    pub shell: Shell,
    /// Where it came from.
    pub list: Link,
    /// What is done.
    pub title: Text,
    /// What follows from it.
    pub lead: Text,
    /// What stands above everything else.
    pub notice: Option<Notice>,
    /// Where the form goes.
    pub action: String,
    /// What the form sends beside what is asked.
    pub kept: Vec<(String, String)>,
    /// In their order.
    pub asked: Vec<Asked>,
    /// The word of the button.
    pub save: Text,
    /// Where to go without saving.
    pub back: String,
}

impl FormPage {
    /// The form again, with what to mend at each of these fields.
    pub fn refused(mut self, status: StatusCode, wrong: Vec<(&str, Text)>) -> Response {
        for (name, why) in wrong {
            for asked in &mut self.asked {
                match asked {
                    Asked::Chooser(Chooser { field, .. }) | Asked::Field(field) if field.name == name => {
                        *field = field.clone().refused(why);
                    }
                    Asked::Ticks(ticks) if ticks.name == name => ticks.error = Some(why),
                    Asked::Chooser(_) | Asked::Field(_) | Asked::Ticks(_) => continue,
                }
                break;
            }
        }
        page_with(status, self)
    }

    /// Its fields.
    pub fn fields(&mut self) -> impl Iterator<Item = &mut Field> {
        self.asked.iter_mut().filter_map(|asked| match asked {
            Asked::Chooser(Chooser { field, .. }) | Asked::Field(field) => Some(field),
            Asked::Ticks(_) => None,
        })
    }

    /// The form again, with a sentence above it.
    pub fn noticed(self, status: StatusCode, notice: Notice) -> Response {
        page_with(status, Self { notice: Some(notice), ..self })
    }

    fn summary(&self) -> Option<Summary> {
        let wrong = self.asked.iter().filter_map(|asked| match asked {
            Asked::Chooser(Chooser { field, .. }) | Asked::Field(field) => {
                Some((field.name.to_owned(), field.label.clone(), field.error.clone()?))
            }
            Asked::Ticks(ticks) => Some((ticks.name.to_owned(), ticks.legend.clone(), ticks.error.clone()?)),
        });
        let wrong: Vec<_> = wrong.collect();
        (!wrong.is_empty()).then_some(Summary { wrong })
    }
}
