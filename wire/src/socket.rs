//! Frames of the agent's local Unix socket: one JSON object a line, in turns, the client first.
//!
//! One connection is one conversation. A login program says [`Begin`](Request::Begin), which answers whom to call, then
//! [`PasswordProved`](Request::PasswordProved), which answers the ways in, then tries them until one answers
//! [`Opened`](Answer::Opened); every other answer keeps the door shut. Who may ask what is decided by the agent, from the
//! peer's credentials.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::factors::Offered;
use crate::form::{Text, Whole};
use crate::place::Place;

/// The longest frame in bytes, its line end included.
pub const MAX_FRAME: usize = 64 * 1024;

/// The socket's path where nothing else is configured.
pub const DEFAULT_PATH: &str = "/run/postern/agent.sock";

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Until when a person's access by a recovery PIN lasts.
    Access {
        /// The OS account.
        user: Text,
    },
    /// Starts a conversation.
    Begin(Place),
    /// Asks for nine digits that the help desk answers.
    Challenge,
    /// Contacts the server now.
    CheckIn,
    /// What the person shows of a factor, checked online.
    Code {
        /// Its name, as it was offered.
        factor: Text,
        /// As typed.
        code: Typed,
    },
    /// Whom to call, and which computer this is.
    ContactAdmin,
    /// Whether recovery would work now, and how to mend it.
    Doctor,
    /// The password module before this one succeeded.
    PasswordProved,
    /// A recovery PIN, or the answer to the challenge on the screen.
    Pin {
        /// As typed.
        text: Typed,
    },
    /// Joins an org.
    Enrol {
        /// The server's base URL.
        server: Text,
        /// The one-time code.
        code: Typed,
    },
    /// Registers the person for recovery, after the computer was opened.
    Register,
    /// Has the server send a code.
    Send {
        /// The factor's name, as it was offered.
        factor: Text,
    },
    /// The state of the agent and of every person.
    Status,
    /// Leaves the org: forgets certificate, recovery secrets and reports.
    Unenrol,
}

/// What a person typed: never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Typed(pub Text<0, 255>);

impl Typed {
    /// What was typed, cut to the longest that is looked at.
    pub fn new(text: &str) -> Self {
        Self(Text::cut(text).unwrap_or_default())
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Answer {
    /// How long access by a PIN lasts, if it does.
    Access(Access),
    /// The digits to read out.
    Challenge(Challenge),
    /// Whom to call.
    Contact(Contact),
    /// One finding a check.
    Doctor {
        /// In the order in which they should be mended.
        findings: Vec<Finding>,
    },
    /// An operator's request was carried out, or not.
    Done {
        /// Whether it was.
        ok: bool,
        /// What was done, or what failed and what to do.
        detail: String,
    },
    /// The request came in a wrong order or form.
    Fault {
        /// What was wrong.
        detail: String,
    },
    /// The computer may be opened.
    Opened(Opened),
    /// What is known of the person, and the ways in.
    Person(Person),
    /// The way in stays shut.
    Refused(Refusal),
    /// A registration was tried.
    Registered {
        /// Whether a recovery PIN can now be issued.
        ready: bool,
        /// Why not, or nothing.
        detail: String,
    },
    /// A code is on its way.
    Sent,
    /// The whole state.
    Status(Box<Status>),
}

/// An instant to come, as a person wants it told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Unix microseconds.
    pub at: Whole,
    /// Seconds from now.
    pub seconds: Whole,
    /// In the computer's zone, such as `14:05` or `23 Nov 2026, 14:05`.
    pub clock: String,
}

/// What is known of the person at the keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The login that the OS account stands for, if any.
    pub login: Option<Text>,
    /// What may be shown and is checked online, in the order in which it is offered.
    pub factors: Vec<Offered>,
    /// Whether a recovery PIN may be entered.
    pub recovery: RecoveryWay,
    /// Until when a PIN that was used already keeps working.
    pub active_until: Option<Until>,
}

/// How recovery works for a person here and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum RecoveryWay {
    /// The help desk reads out a PIN for nine digits on the screen.
    Challenge {
        /// Why it is not a time PIN.
        why: ChallengeReason,
    },
    /// It does not.
    None {
        /// Why.
        why: Refusal,
    },
    /// The help desk reads out a PIN.
    Time,
}

/// Why a computer asks for a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeReason {
    /// The clock cannot be trusted.
    Clock,
    /// Too many wrong PINs.
    HardLock,
    /// The settings demand it.
    Policy,
    /// The recovery secret lies in a file, and the settings allow time PINs only for hardware.
    SoftBinding,
}

/// The computer may be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// By what.
    pub by: OpenedBy,
    /// Until when, for a recovery PIN.
    pub until: Option<Until>,
    /// Where a new factor is set up.
    pub enrol_at: Option<String>,
    /// Whether [`Request::Register`] should follow.
    pub register: bool,
}

/// What opened the computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenedBy {
    /// The first use of a recovery PIN.
    Pin,
    /// A recovery PIN within its duration.
    PinAgain,
    /// A factor that the server accepted.
    Factor,
}

/// The way in stays shut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub word: RefusalWord,
    /// When to try again, where waiting helps.
    pub until: Option<Until>,
    /// What the server or the state said, for the log and the help desk.
    pub detail: Option<String>,
}

impl Refusal {
    /// A refusal that a word says completely.
    pub const fn of(word: RefusalWord) -> Self {
        Self { word, until: None, detail: None }
    }

    /// The same, with what the help desk should know.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Why a way in stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalWord {
    /// The PIN was used, and its time is over.
    AccessEnded,
    /// The PIN was used before.
    AlreadyUsed,
    /// A challenge must be shown first, or the shown one is over.
    ChallengeOver,
    /// The PIN is older than two minutes.
    Expired,
    /// Something broke; the door stays shut.
    Fault,
    /// Too many wrong PINs: only a challenge PIN or the server helps.
    HardLocked,
    /// Too many wrong entries; waiting helps.
    Locked,
    /// The check digit does not fit: a slip, which costs no attempt.
    Mistyped,
    /// This place does not take recovery PINs: not at the computer itself.
    NotHere,
    /// The OS account stands for nobody at the server.
    NotLinked,
    /// No recovery secret was registered for this person here.
    NotRegistered,
    /// The server could not be reached.
    Offline,
    /// An administrator took the PIN back.
    Revoked,
    /// A code was sent just now: the next one has to wait.
    SentJustNow,
    /// The server refuses this computer or this person.
    ServerRefuses,
    /// A newer PIN was issued.
    Superseded,
    /// The clock cannot be trusted: a challenge is needed.
    UntrustedClock,
    /// Not the right code.
    Wrong,
}

/// Nine digits for the help desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The digits, the check digit last, without spaces.
    pub digits: String,
    /// Seconds that they live.
    pub seconds: Whole,
    /// Why a challenge is needed.
    pub why: ChallengeReason,
}

/// Whom to call, and what they will ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// This computer.
    pub computer: Computer,
    /// `AdminEmail`.
    pub email: String,
    /// `AdminPhone`.
    pub phone: String,
    /// `AdminContactInfo`.
    pub info: String,
}

/// What names a computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// Its name.
    pub name: String,
    /// Its maker.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// The maker's serial number.
    pub serial_number: String,
}

/// Access by a recovery PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Its end, if there is such access.
    pub until: Option<Until>,
    /// Where a new factor is set up.
    pub enrol_at: Option<String>,
}

/// One check of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `computer`, or an OS account.
    pub subject: String,
    /// A stable word.
    pub code: String,
    /// Whether it is in order.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// How to mend it; empty where there is nothing to mend.
    pub fix: String,
}

/// The state of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Version of the agent.
    pub version: String,
    /// The server's base URL.
    pub server: Option<String>,
    /// The org's id, once enrolled.
    pub org_id: Option<String>,
    /// The computer's id, once enrolled.
    pub device_id: Option<String>,
    /// This computer.
    pub computer: Computer,
    /// The certificate, once there is one.
    pub certificate: Option<Certificate>,
    /// The last contact, Unix microseconds.
    pub last_contact: Option<Whole>,
    /// Whether the last try reached the server.
    pub online: bool,
    /// Whether the clock is trusted.
    pub clock_trusted: bool,
    /// Settings in force, by name.
    pub settings: Map<String, Value>,
    /// Everybody who is configured or registered here.
    pub people: Vec<PersonStatus>,
}

/// The certificate of a computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// First second, Unix.
    pub not_before: Whole,
    /// Last second, Unix.
    pub not_after: Whole,
    /// Where the private key lives.
    pub key: String,
}

/// The state of one person on a computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonStatus {
    /// The login at the server.
    pub login: String,
    /// The OS account's number.
    pub os_uid: Whole,
    /// The recovery secret.
    pub eid: Option<String>,
    /// Its generation.
    pub generation: Option<Whole>,
    /// How a PIN would work now.
    pub recovery: RecoveryWay,
    /// Attempts since the last success.
    pub failures: Whole,
    /// Until when access by a PIN lasts.
    pub active_until: Option<Until>,
    /// Report entries that the server does not have yet.
    pub unsent_reports: Whole,
}

/// Writes one frame.
///
/// # Errors
/// Whatever the writer says; a frame over [`MAX_FRAME`] is refused.
pub fn write_frame(writer: &mut impl Write, frame: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    if line.len() > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    writer.write_all(&line)?;
    writer.flush()
}

/// Reads one frame, or nothing where the other side hung up between frames.
///
/// # Errors
/// Whatever the reader says; a frame that is too long, cut off or no frame is `InvalidData`.
pub fn read_frame<T: DeserializeOwned>(reader: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_FRAME).unwrap_or(u64::MAX);
    if reader.take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long or cut off"));
    }
    serde_json::from_slice(&line).map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "this is no frame"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_socket() {
        let request = Request::Pin { text: Typed::new("482 193 077") };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &request).unwrap();
        assert_eq!(bytes, b"{\"ask\":\"pin\",\"text\":\"482 193 077\"}\n");
        assert_eq!(read_frame::<Request>(&mut bytes.as_slice()).unwrap(), Some(request));
        assert_eq!(read_frame::<Request>(&mut [].as_slice()).unwrap(), None);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let long = [vec![b' '; MAX_FRAME], b"{\"ask\":\"status\"}\n".to_vec()].concat();
        let wrong: [&[u8]; 6] = [b"{\"ask\":\"status\"}", b"{}\n", b"\n", b"\xff\n", b"{\"ask\":\"open\"}\n", &long];
        for mut bytes in wrong {
            let fault = read_frame::<Request>(&mut bytes).unwrap_err();
            assert_eq!(fault.kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn what_was_typed_is_not_printed() {
        let request = Request::Pin { text: Typed::new("482193077") };
        assert!(!format!("{request:?}").contains("482193077"));
    }
}
