//! The device log: one JSON object a line, for people who must find out why recovery does not work on a computer.
//!
//! `category` and `code` are stable, `message` says what happened, `fix` what to do. No secret, code or PIN has a place
//! in it: entries are made of words of ours and of names.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use postern_codes::env::World;
use postern_wire::error::DeviceError;
use serde::Serialize;

/// What an entry is about. The words are stable: monitoring watches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Category {
    /// Contact with the server.
    #[serde(rename = "Check-In")]
    CheckIn,
    /// Certificate and enrolment of the computer.
    #[serde(rename = "Device-Enrollment")]
    Enrollment,
    /// Registering and keeping recovery secrets.
    #[serde(rename = "Recovery-Management")]
    Recovery,
    /// The agent itself.
    #[serde(rename = "Service")]
    Service,
    /// People who sign in.
    #[serde(rename = "Sign-In")]
    SignIn,
}

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Info,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    category: Category,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    fix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

/// The log of one agent. The file is opened for each entry, so that it can be rotated by moving it away.
#[derive(Clone)]
pub struct Log {
    path: PathBuf,
    world: Arc<dyn World>,
}

impl Log {
    /// A log at `path`.
    pub fn new(path: PathBuf, world: Arc<dyn World>) -> Self {
        Self { path, world }
    }

    /// Something happened as it should.
    pub fn info(&self, category: Category, code: &str, message: impl Display) {
        self.write(Level::Info, category, code, &message.to_string(), "", None);
    }

    /// The same, about one person.
    pub fn info_of(&self, user: &str, category: Category, code: &str, message: impl Display) {
        self.write(Level::Info, category, code, &message.to_string(), "", Some(user));
    }

    /// Something went wrong; `fix` says what to do.
    pub fn error(&self, category: Category, code: &str, message: impl Display, fix: &str) {
        self.write(Level::Error, category, code, &message.to_string(), fix, None);
    }

    /// The same, about one person.
    pub fn error_of(&self, user: &str, category: Category, code: &str, message: impl Display, fix: &str) {
        self.write(Level::Error, category, code, &message.to_string(), fix, Some(user));
    }

    /// The server, or this computer, refused for a known reason.
    pub fn refused(&self, category: Category, error: DeviceError, user: Option<&str>) {
        self.write(Level::Error, category, error.word(), error.meaning(), error.fix(), user);
    }

    fn write(&self, level: Level, category: Category, code: &str, message: &str, fix: &str, user: Option<&str>) {
        let time = jiff::Timestamp::from_microsecond(self.world.now().micros());
        let time = time.map(|time| format!("{time:.3}")).unwrap_or_default();
        let line = Line { time, level, category, code, message, fix, user };
        let Ok(mut bytes) = serde_json::to_vec(&line) else { return };
        bytes.push(b'\n');
        // A log that cannot be written must not stop a sign-in; `doctor` finds it out.
        let _unwritten = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o640)
            .open(&self.path)
            .and_then(|mut file| file.write_all(&bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::env::TestWorld;

    #[test]
    fn an_entry_is_one_line_with_category_code_and_fix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device-access.log");
        let log = Log::new(path.clone(), TestWorld::new());
        log.refused(Category::Recovery, DeviceError::CertificateMissing, Some("grace"));
        log.info(Category::Service, "started", "a line\nthat breaks");
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["time"], "2026-11-22T12:00:00.000Z");
        assert_eq!(lines[0]["category"], "Recovery-Management");
        assert_eq!(lines[0]["code"], "certificate_missing");
        assert!(lines[0]["fix"].as_str().unwrap().contains("postern-agent enrol"));
        assert_eq!(lines[1]["message"], "a line\nthat breaks");
    }
}
