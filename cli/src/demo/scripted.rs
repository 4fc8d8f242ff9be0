//! Somebody at the screen who types what was decided before: for the frauds and the check.

use std::collections::VecDeque;
use std::path::Path;

use postern_login::{Agent, AgentFault, Conversation, Echo, HungUp, Outcome, sign_in, socket};
use postern_wire::place::{PIN_SERVICES, Place};
use postern_wire::socket::{Answer, Opened, Refusal, RefusalWord, Request};

/// What came of it.
pub struct Played {
    /// How it ended.
    pub outcome: Outcome,
    /// What the screen said, sentence by sentence.
    pub said: Vec<String>,
    /// Why the agent refused, entry by entry.
    pub refused: Vec<Refusal>,
}

/// Types `entries` after a right password, one a prompt, then walks away.
pub fn play(agent: &Path, place: &Place, entries: &[&str]) -> Played {
    let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
    let mut typist = Typist { entries, said: Vec::new() };
    let mut agent = Overheard { agent: socket::agent(agent), refused: Vec::new() };
    let outcome = sign_in(place, place.takes_pins(PIN_SERVICES), &mut agent, &mut typist);
    Played { outcome, said: typist.said, refused: agent.refused }
}

impl Played {
    /// The terms of the access, where the computer was opened.
    pub const fn opened(&self) -> Option<&Opened> {
        match &self.outcome {
            Outcome::Opened(terms) => Some(terms),
            Outcome::Shut(_) => None,
        }
    }

    /// Whether the computer stayed shut, and the last refusal was this one.
    pub fn is_shut_by(&self, word: RefusalWord) -> bool {
        self.opened().is_none() && self.refused.last().is_some_and(|refusal| refusal.word == word)
    }

    /// The last sentence on the screen.
    pub fn last(&self) -> &str {
        self.said.last().map_or("The screen said nothing.", String::as_str)
    }
}

struct Typist {
    entries: VecDeque<String>,
    said: Vec<String>,
}

impl Conversation for Typist {
    fn ask(&mut self, _prompt: &str, _echo: Echo) -> Result<String, HungUp> {
        self.entries.pop_front().ok_or(HungUp)
    }

    fn tell(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }

    fn warn(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }
}

/// The real agent, with somebody who listens.
struct Overheard {
    agent: Box<dyn Agent>,
    refused: Vec<Refusal>,
}

impl Agent for Overheard {
    fn ask(&mut self, request: &Request) -> Result<Answer, AgentFault> {
        let answer = self.agent.ask(request)?;
        if let Answer::Refused(refusal) = &answer {
            self.refused.push(refusal.clone());
        }
        Ok(answer)
    }
}
