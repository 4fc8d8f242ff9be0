//! `pam_postern.so` in a real PAM stack, with an agent that follows a script.

#[path = "stack/mod.rs"]
mod stack;

use std::io::{BufReader, ErrorKind};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;

use postern_login::wire::factors::{Offered, TOTP};
use postern_login::wire::socket::{
    Access, Answer, Computer, Contact, Opened, OpenedBy, Person, RecoveryWay, Refusal, RefusalWord, Request, Until,
    read_frame, write_frame,
};
use postern_login::wire::{Text, Whole};
use stack::{SignIn, Stack, built};
use tempfile::TempDir;

const PIN: &str = "482193077";

/// An agent for one conversation that knows one PIN; at another it hangs up where `dies`.
struct ScriptedAgent {
    socket: PathBuf,
    _folder: TempDir,
}

impl ScriptedAgent {
    fn start(dies: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                converse(&stream.unwrap(), dies);
            }
        });
        Self { socket, _folder: folder }
    }

    fn stack(&self) -> Stack {
        Stack::new(&built("pam_postern"), &format!("socket={}", self.socket.display()))
    }
}

fn converse(stream: &UnixStream, dies: bool) {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Ok(Some(request)) = read_frame(&mut reader) {
        let answer = match request {
            Request::Begin(_) | Request::ContactAdmin => Answer::Contact(contact()),
            Request::PasswordProved => Answer::Person(Person {
                login: Text::new("grace@example.com"),
                factors: vec![Offered { factor: Text::new(TOTP).unwrap(), sent_to: None }],
                recovery: RecoveryWay::Time,
                active_until: None,
            }),
            Request::Pin { text } if text.0.as_str() == PIN => Answer::Opened(Opened {
                by: OpenedBy::Pin,
                until: Some(until()),
                enrol_at: Some("https://postern.example.com/account".into()),
                register: false,
            }),
            Request::Access { .. } => Answer::Access(Access { until: Some(until()), enrol_at: None }),
            _ if dies => return,
            _ => Answer::Refused(Refusal::of(RefusalWord::Wrong)),
        };
        match write_frame(&mut writer, &answer) {
            Err(fault) if fault.kind() == ErrorKind::BrokenPipe => return,
            written => written.unwrap(),
        }
    }
}

fn until() -> Until {
    Until { at: Whole::clamped(1), seconds: Whole::clamped(3600), clock: "14:05".into() }
}

fn contact() -> Contact {
    let computer = Computer {
        name: "WIDGET-7".into(),
        manufacturer: "Lenovo".into(),
        model: "ThinkPad X1".into(),
        serial_number: "PF-2K4".into(),
    };
    Contact { computer, email: String::new(), phone: "+44 20 7946 0000".into(), info: String::new() }
}

fn assert_shut(sign_in: &SignIn) {
    assert!(!sign_in.opened, "{}", sign_in.shown);
    assert_eq!(sign_in.code, Some(1), "the host must survive: {}", sign_in.shown);
}

#[test]
fn the_right_pin_opens_and_says_until_when() {
    let agent = ScriptedAgent::start(false);
    let sign_in = agent.stack().sign_in("login", "tty1", "grace", &["482 193 077"]);
    assert!(sign_in.opened, "{}", sign_in.shown);
    assert!(sign_in.shown.contains("until 14:05"), "{}", sign_in.shown);
}

#[test]
fn a_wrong_pin_keeps_the_door_shut() {
    let agent = ScriptedAgent::start(false);
    let sign_in = agent.stack().sign_in("login", "tty1", "grace", &["482193078", "123456"]);
    assert_shut(&sign_in);
    assert!(sign_in.shown.contains("That code is not right"), "{}", sign_in.shown);
}

#[test]
fn a_wrong_password_reaches_no_prompt_of_ours() {
    let agent = ScriptedAgent::start(false);
    let sign_in = agent.stack().sign_in_with_wrong_password("login", "tty1", "grace", &[PIN]);
    assert_shut(&sign_in);
    assert!(!sign_in.shown.contains("App code"), "{}", sign_in.shown);
}

#[test]
fn help_names_the_computer() {
    let agent = ScriptedAgent::start(false);
    let sign_in = agent.stack().sign_in("login", "tty1", "grace", &["help"]);
    assert_shut(&sign_in);
    assert!(sign_in.shown.contains("WIDGET-7") && sign_in.shown.contains("PF-2K4"), "{}", sign_in.shown);
}

#[test]
fn over_the_network_and_for_commands_no_pin_opens() {
    let agent = ScriptedAgent::start(false);
    let stack = agent.stack();
    for (host, service, tty) in [
        ("", "sshd", "tty1"),
        ("", "sudo", "tty1"),
        ("", "su", "tty1"),
        ("10.0.0.7", "login", "tty1"),
        ("", "login", "pts/0"),
    ] {
        let sign_in = stack.sign_in_from(host, service, tty, "grace", &[PIN]);
        assert_shut(&sign_in);
        assert!(sign_in.shown.contains("only at the computer itself"), "{service}: {}", sign_in.shown);
    }
}

#[test]
fn a_missing_agent_keeps_the_door_shut() {
    let stack = Stack::new(&built("pam_postern"), "socket=/nonexistent/agent.sock");
    let sign_in = stack.sign_in("login", "tty1", "grace", &[PIN]);
    assert_shut(&sign_in);
    assert!(sign_in.shown.contains("systemctl start postern-agent"), "{}", sign_in.shown);
}

#[test]
fn an_agent_that_dies_in_the_conversation_keeps_the_door_shut() {
    let agent = ScriptedAgent::start(true);
    let sign_in = agent.stack().sign_in("login", "tty1", "grace", &["000000000", PIN]);
    assert_shut(&sign_in);
    assert!(sign_in.shown.contains("stopped answering"), "{}", sign_in.shown);
}

#[test]
fn a_panic_keeps_the_door_shut_and_the_host_alive() {
    let sign_in = Stack::new(&built("pam_panics"), "").sign_in("login", "tty1", "grace", &[PIN]);
    assert_shut(&sign_in);
}

#[test]
fn a_mistake_in_the_configuration_keeps_the_door_shut() {
    let stack = Stack::new(&built("pam_postern"), "sockt=/run/postern/agent.sock");
    assert_shut(&stack.sign_in("login", "tty1", "grace", &[PIN]));
}

#[test]
fn a_session_begins_with_a_reminder() {
    let agent = ScriptedAgent::start(false);
    let session = agent.stack().open_session("login", "tty1", "grace");
    assert!(session.opened, "{}", session.shown);
    assert!(session.shown.contains("until 14:05"), "{}", session.shown);
}
