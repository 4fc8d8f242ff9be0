//! The locked screen as the guide page shows it: the conversation runs on a thread of its own, the page looks at what it
//! says and types into it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postern_login::{Conversation, Echo, HungUp, Outcome};
use postern_wire::socket::{Opened, OpenedBy};
use serde::Serialize;
use tokio::sync::watch;

use super::facts::Facts;
use super::screen;

/// How long an answer may take until the page shows the screen as it is.
const PATIENCE: Duration = Duration::from_secs(45);

/// What is on the screen.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    lines: Vec<Line>,
    prompt: Option<Prompt>,
    opened_until: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Error,
    Info,
    Prompt,
    Typed,
}

#[derive(Debug, Clone, Serialize)]
struct Prompt {
    text: String,
    hidden: bool,
}

/// The screen and its keyboard. Waking it again ends the conversation before.
pub struct Monitor {
    facts: Arc<Facts>,
    now: Mutex<Session>,
}

struct Session {
    view: watch::Receiver<View>,
    keyboard: Option<Sender<String>>,
}

impl Monitor {
    /// A screen that is asleep.
    pub fn asleep(facts: Arc<Facts>) -> Self {
        let (_, view) = watch::channel(View::default());
        Self { facts, now: Mutex::new(Session { view, keyboard: None }) }
    }

    /// What is on it now.
    pub fn view(&self) -> View {
        self.session(|session| session.view.borrow().clone())
    }

    /// Wakes it: a new conversation. `opened` hears how the computer was opened, if it is.
    pub async fn wake(&self, opened: impl FnOnce(OpenedBy) + Send + 'static) -> View {
        let (shows, mut view) = watch::channel(View::default());
        let (keyboard, keys) = channel();
        let facts = Arc::clone(&self.facts);
        self.session(|session| *session = Session { view: view.clone(), keyboard: Some(keyboard) });
        // No task of the runtime: it may wait for the keyboard for ever, and must not hold up the end.
        std::thread::spawn(move || {
            let mut glass = Glass { shows, keys };
            match screen::from_the_name_on(&facts, &mut glass) {
                Some(Outcome::Opened(terms)) => {
                    opened(terms.by);
                    glass.open(&terms);
                }
                Some(Outcome::Shut(_)) | None => glass.tell("The screen is locked. Wake it to try again."),
            }
        });
        settled(&mut view).await
    }

    /// Types a line; gives the screen once it has answered. A screen that asks nothing stays as it is.
    pub async fn enter(&self, text: String) -> View {
        let (mut view, keyboard) = self.session(|session| (session.view.clone(), session.keyboard.clone()));
        let is_asked = view.borrow_and_update().prompt.is_some();
        if is_asked && keyboard.is_some_and(|keyboard| keyboard.send(text).is_ok()) {
            return settled(&mut view).await;
        }
        self.view()
    }

    fn session<T>(&self, look: impl FnOnce(&mut Session) -> T) -> T {
        look(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The screen once it asks again, or once the conversation is over.
async fn settled(view: &mut watch::Receiver<View>) -> View {
    let _ = tokio::time::timeout(PATIENCE, async {
        while view.changed().await.is_ok() {
            if view.borrow_and_update().prompt.is_some() {
                break;
            }
        }
    })
    .await;
    view.borrow().clone()
}

/// The conversation's side of the screen.
struct Glass {
    shows: watch::Sender<View>,
    keys: Receiver<String>,
}

impl Glass {
    fn line(&self, kind: Kind, text: &str) {
        let line = Line { kind, text: text.to_owned() };
        self.shows.send_modify(|view| view.lines.push(line));
    }

    fn open(&self, terms: &Opened) {
        let until = terms.until.as_ref().map_or("she locks it again", |until| until.clock.as_str());
        self.shows.send_modify(|view| view.opened_until = Some(until.to_owned()));
    }
}

impl Conversation for Glass {
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<String, HungUp> {
        let hidden = echo == Echo::Hidden;
        self.shows.send_modify(|view| view.prompt = Some(Prompt { text: prompt.to_owned(), hidden }));
        let typed = self.keys.recv().map_err(|_| HungUp)?;
        let seen = if hidden { "(hidden)" } else { typed.as_str() };
        self.shows.send_modify(|view| {
            view.prompt = None;
            view.lines.push(Line { kind: Kind::Prompt, text: prompt.to_owned() });
            view.lines.push(Line { kind: Kind::Typed, text: seen.to_owned() });
        });
        Ok(typed)
    }

    fn tell(&mut self, text: &str) {
        self.line(Kind::Info, text);
    }

    fn warn(&mut self, text: &str) {
        self.line(Kind::Error, text);
    }
}
