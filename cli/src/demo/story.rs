//! How far the visitor has come.

use std::sync::{Mutex, PoisonError};

use postern_wire::socket::OpenedBy;
use serde_json::{Map, Value};

/// The steps of the guide, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Grace calls: her screen was woken.
    Wake,
    /// Somebody signed in as the help desk.
    SignIn,
    /// Her computer was opened in the console.
    Find,
    /// A PIN was made.
    Pin,
    /// It let her in.
    In,
    /// It let her in without a network.
    Offline,
}

impl Step {
    const ALL: [(Self, &str); 6] = [
        (Self::Wake, "wake"),
        (Self::SignIn, "sign-in"),
        (Self::Find, "find"),
        (Self::Pin, "pin"),
        (Self::In, "in"),
        (Self::Offline, "offline"),
    ];
}

/// What was done so far.
#[derive(Debug, Default)]
pub struct Story(Mutex<Vec<Step>>);

impl Story {
    /// A step was done.
    pub fn note(&self, step: Step) {
        let mut done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !done.contains(&step) {
            done.push(step);
        }
    }

    /// The computer was opened.
    pub fn opened(&self, by: OpenedBy, is_offline: bool) {
        match by {
            OpenedBy::Pin | OpenedBy::PinAgain if is_offline => {
                self.note(Step::In);
                self.note(Step::Offline);
            }
            OpenedBy::Pin | OpenedBy::PinAgain => self.note(Step::In),
            OpenedBy::Factor => {}
        }
    }

    /// Every step: done, now or later. Who did a step has done those before it, in a way of their own.
    pub fn steps(&self) -> Map<String, Value> {
        let done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let furthest = done.iter().max();
        let mut is_next = true;
        let steps = Step::ALL.into_iter().map(|(step, name)| {
            let state = match furthest {
                Some(furthest) if step <= *furthest => "done",
                _ if std::mem::take(&mut is_next) => "now",
                _ => "later",
            };
            (name.to_owned(), Value::from(state))
        });
        steps.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_is_next_and_those_before_it_are_done() {
        let story = Story::default();
        assert_eq!(story.steps()["wake"], "now");
        assert_eq!(story.steps()["sign-in"], "later");
        story.note(Step::SignIn);
        assert_eq!(story.steps()["wake"], "done");
        assert_eq!(story.steps()["find"], "now");
        story.opened(OpenedBy::Factor, false);
        assert_eq!(story.steps()["in"], "later");
        story.opened(OpenedBy::Pin, true);
        assert!(story.steps().values().all(|state| state == "done"));
    }
}
