//! The locked computer as its person meets it: a real PAM stack, the real module, and the real agent as a process.

#[path = "../../agent/tests/computer/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[path = "../../agent/tests/server/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod server;
#[path = "../../pam/tests/stack/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod stack;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use computer::{ACCOUNT, Computer};
use server::{APP_CODE, ENROLLMENT_CODE, Server};
use stack::{SignIn, Stack};

/// A computer in contact with its server, and its login.
struct Locked {
    server: Arc<Server>,
    computer: Computer,
    stack: Stack,
}

impl Locked {
    fn new() -> Self {
        let server = Server::start();
        let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern")), Path::new("agent")], "");
        computer.start();
        computer.must(&["enrol", "--server", server.address(), "--code", ENROLLMENT_CODE]);
        computer.must(&["check-in"]);
        let socket = computer.path("agent.sock");
        Self { server, computer, stack: Stack::new(module(), &format!("socket={}", socket.display())) }
    }

    /// The same, after the person signed in once with an app code.
    fn registered() -> Self {
        let locked = Self::new();
        let first = locked.at_login(&[APP_CODE]);
        assert!(first.opened, "{}\n{}", first.shown, locked.computer.log());
        assert!(first.shown.contains("the help desk can now read you a recovery PIN"), "{}", first.shown);
        locked
    }

    fn at_login(&self, lines: &[&str]) -> SignIn {
        self.stack.sign_in("login", "tty1", ACCOUNT, lines)
    }

    fn unplug(&self) {
        self.server.mood(|mood| mood.unplugged = true);
    }
}

/// The module, built as it is shipped but for the profile.
fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "postern-pam"]).status();
        assert!(built.expect("cargo runs").success());
        Path::new(env!("CARGO_BIN_EXE_postern")).with_file_name("libpam_postern.so")
    })
}

fn assert_shut(sign_in: &SignIn, says: &str) {
    assert!(!sign_in.opened, "{}", sign_in.shown);
    assert_eq!(sign_in.code, Some(1), "{}", sign_in.shown);
    assert!(sign_in.shown.contains(says), "{}", sign_in.shown);
}

#[test]
fn without_phone_and_network_a_pin_opens_and_opens_again() {
    let locked = Locked::registered();
    locked.unplug();
    let pin = locked.server.issue();
    let spoken = format!("{} {} {}", &pin[..3], &pin[3..6], &pin[6..]);
    let first = locked.at_login(&[APP_CODE, "help", &spoken]);
    assert!(first.opened, "{}\n{}", first.shown, locked.computer.log());
    for says in ["The server cannot be reached", "PF-2K4", "+44 20 7946 0000", "You have access by recovery PIN until"]
    {
        assert!(first.shown.contains(says), "{says}: {}", first.shown);
    }
    assert!(first.shown.contains("(60 minutes)") && first.shown.contains(locked.server.address()), "{}", first.shown);
    let again = locked.at_login(&[&pin]);
    assert!(again.opened && again.shown.contains("works again until"), "{}", again.shown);
    let session = locked.stack.open_session("login", "tty1", ACCOUNT);
    assert!(session.opened && session.shown.contains("You have access by recovery PIN until"), "{}", session.shown);
}

#[test]
fn a_slip_is_told_from_a_wrong_pin() {
    let locked = Locked::registered();
    locked.unplug();
    let pin = locked.server.issue();
    let slip = format!("{}{}", &pin[..8], (pin.as_bytes()[8] - b'0' + 1) % 10);
    assert_shut(&locked.at_login(&[&slip]), "No attempt was counted");
    let other = if pin.starts_with("000") { "572438170" } else { "000000000" };
    assert_shut(&locked.at_login(&[other]), "That code is not right");
}

#[test]
fn a_challenge_is_shown_and_its_answer_opens() {
    let locked = Locked::registered();
    locked.unplug();
    let shown = locked.at_login(&["code"]).shown;
    let line = shown.lines().find(|line| line.starts_with("    ")).expect("digits in a line of their own");
    let answer = locked.server.answer(&line.split_whitespace().collect::<String>());
    let sign_in = locked.at_login(&[&answer]);
    assert!(sign_in.opened, "{}\n{}", sign_in.shown, locked.computer.log());
}

#[test]
fn over_ssh_and_for_sudo_a_right_pin_opens_nothing() {
    let locked = Locked::registered();
    let pin = locked.server.issue();
    for (host, service, tty) in [("10.0.0.7", "sshd", "ssh"), ("", "sudo", "/dev/tty1"), ("", "su", "/dev/tty1")] {
        let sign_in = locked.stack.sign_in_from(host, service, tty, ACCOUNT, &[&pin]);
        assert_shut(&sign_in, "only at the computer itself");
    }
}

#[test]
fn a_dead_agent_opens_nothing_and_back_again_it_does() {
    let mut locked = Locked::registered();
    locked.unplug();
    let pin = locked.server.issue();
    locked.computer.kill();
    assert_shut(&locked.at_login(&[&pin]), "systemctl start postern-agent");
    locked.computer.start();
    assert!(locked.at_login(&[&pin]).opened);
}

#[test]
fn an_account_without_a_login_is_told_so() {
    let locked = Locked::new();
    let sign_in = locked.stack.sign_in("login", "tty1", "mallory", &[APP_CODE]);
    assert_shut(&sign_in, "not linked to a person");
}

#[test]
fn a_wrong_password_asks_for_no_code() {
    let locked = Locked::new();
    let sign_in = locked.stack.sign_in_with_wrong_password("login", "tty1", ACCOUNT, &[APP_CODE]);
    assert!(!sign_in.opened && !sign_in.shown.contains("App code"), "{}", sign_in.shown);
}

#[test]
fn the_log_holds_no_code_and_no_pin() {
    let locked = Locked::registered();
    locked.unplug();
    let pin = locked.server.issue();
    assert!(locked.at_login(&["918273", "000000000", &pin]).opened);
    let log = locked.computer.log();
    assert!(log.contains("opened_by_pin") && log.contains("opened_by_factor"), "{log}");
    for secret in [pin.as_str(), APP_CODE, "918273", ENROLLMENT_CODE, stack::PASSWORD] {
        assert!(!log.contains(secret), "{secret}");
    }
}
