//! A conversation at the agent's socket: one JSON object a line, in turns.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// An open conversation.
pub struct Conversation(BufReader<UnixStream>);

impl Conversation {
    /// Connects.
    pub fn open(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| format!("no agent at {}", socket.display()))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// As a login window on the first terminal, with the password proved.
    pub fn at_login(socket: &Path, account: &str) -> Result<Self> {
        let mut conversation = Self::open(socket)?;
        let place = json!({ "ask": "begin", "service": "login", "rhost": "", "tty": "tty1", "user": account });
        conversation.must(&place, "contact")?;
        conversation.must(&json!({ "ask": "password_proved" }), "person")?;
        Ok(conversation)
    }

    /// Asks, and expects an answer of this kind.
    pub fn must(&mut self, question: &Value, kind: &str) -> Result<Value> {
        self.0.get_mut().write_all(format!("{question}\n").as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).context("the agent answered no JSON")?;
        ensure!(answer["is"] == kind, "the agent answered {answer} where {kind} was expected");
        Ok(answer)
    }
}

/// Whether an agent answers there.
pub fn answers(socket: &Path) -> bool {
    Conversation::open(socket).and_then(|mut agent| agent.must(&json!({ "ask": "status" }), "status")).is_ok()
}
