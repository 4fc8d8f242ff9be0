//! The agent as a process, from enrolment to a recovery PIN, against a server that speaks the real protocol.

mod computer;
mod server;

use std::path::Path;
use std::sync::Arc;

use computer::{Computer, word};
use postern_wire::Text;
use postern_wire::check_in::Command;
use postern_wire::socket::{Answer, Opened, OpenedBy, RecoveryWay, RefusalWord, Request};
use serde_json::{Value, json};
use server::{APP_CODE, ENROLLMENT_CODE, Server};

/// A computer that was enrolled, runs, and has been in contact.
fn enrolled() -> (Arc<Server>, Computer) {
    let server = Server::start();
    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern-agent"))], "");
    computer.start();
    computer.must(&["enrol", "--server", server.address(), "--code", ENROLLMENT_CODE]);
    computer.must(&["check-in"]);
    (server, computer)
}

/// The same, with a person who is registered for recovery.
fn registered() -> (Arc<Server>, Computer) {
    let (server, computer) = enrolled();
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.totp(APP_CODE), Answer::Opened(Opened { register: true, .. })));
    assert_eq!(talk.ask(&Request::Register), Answer::Registered { ready: true, detail: String::new() });
    (server, computer)
}

fn opened_by(answer: &Answer) -> OpenedBy {
    match answer {
        Answer::Opened(opened) => opened.by,
        other => panic!("{other:?}"),
    }
}

/// A well-formed PIN that is not this one.
fn another(pin: &str) -> String {
    let other = format!("{:08}", (pin[..8].parse::<u32>().unwrap() + 1) % 100_000_000);
    let check = postern_codes::damm::check_digit(other.as_bytes());
    format!("{other}{}", char::from(check))
}

#[test]
fn a_person_without_a_factor_gets_in_offline_and_the_server_learns_of_it() {
    let (server, computer) = registered();
    server.mood(|mood| mood.unplugged = true);
    let pin = server.issue();
    let (mut talk, person) = computer.at_login();
    assert_eq!(person.recovery, RecoveryWay::Time);
    assert_eq!(word(&talk.totp(APP_CODE)), RefusalWord::Offline);
    assert_eq!(word(&talk.pin(&another(&pin))), RefusalWord::Wrong);
    let Answer::Opened(opened) = talk.pin(&pin) else { panic!("{}", computer.log()) };
    assert_eq!(opened.by, OpenedBy::Pin);
    assert!((3500..=3600).contains(&opened.until.unwrap().seconds.get()));
    let (mut again, person) = computer.at_login();
    assert!(person.active_until.is_some());
    assert_eq!(opened_by(&again.pin(&pin)), OpenedBy::PinAgain);
    server.mood(|mood| mood.unplugged = false);
    computer.must(&["check-in"]);
    let types: Vec<String> = server.reports().iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, ["failed", "activated", "reused"]);
}

#[test]
fn online_the_server_decides() {
    let (server, computer) = registered();
    let pin = server.issue();
    let (mut talk, _) = computer.at_login();
    assert_eq!(opened_by(&talk.pin(&pin)), OpenedBy::Pin);
    let (_, denied) = registered();
    let (mut talk, _) = denied.at_login();
    assert_eq!(word(&talk.pin(&another("000000000"))), RefusalWord::Wrong);
}

#[test]
fn a_killed_agent_opens_nothing_and_forgets_nothing() {
    let (server, mut computer) = registered();
    server.mood(|mood| mood.unplugged = true);
    let pin = server.issue();
    let (mut talk, _) = computer.at_login();
    assert_eq!(opened_by(&talk.pin(&pin)), OpenedBy::Pin);
    computer.kill();
    computer.start();
    let (mut talk, person) = computer.at_login();
    assert!(person.active_until.is_some());
    assert_eq!(opened_by(&talk.pin(&pin)), OpenedBy::PinAgain);
}

#[test]
fn a_slip_costs_nothing_and_is_told_from_a_wrong_code() {
    let (server, computer) = registered();
    server.mood(|mood| mood.unplugged = true);
    let pin = server.issue();
    let (mut talk, _) = computer.at_login();
    let slip = format!("{}{}", &pin[..8], (pin.as_bytes()[8] - b'0' + 1) % 10);
    assert_eq!(word(&talk.pin(&slip)), RefusalWord::Mistyped);
    let status: Value = serde_json::from_str(&computer.must(&["status", "--json"])).unwrap();
    assert_eq!(status["people"][0]["failures"], 0);
}

#[test]
fn over_the_network_and_for_commands_no_pin_is_taken() {
    let (server, computer) = registered();
    let pin = server.issue();
    for (service, rhost, tty) in [
        ("sshd", "", "tty1"),
        ("sudo", "", "tty1"),
        ("su", "", "tty1"),
        ("login", "10.0.0.7", "tty1"),
        ("login", "", "pts/0"),
    ] {
        let (mut talk, person) = computer.after_password(service, rhost, tty);
        assert!(matches!(person.recovery, RecoveryWay::None { .. }));
        assert_eq!(word(&talk.pin(&pin)), RefusalWord::NotHere, "{service}");
        assert_eq!(word(&talk.ask(&Request::Challenge)), RefusalWord::NotHere, "{service}");
    }
}

#[test]
fn a_pin_before_the_password_is_not_heard() {
    let (server, computer) = registered();
    let pin = server.issue();
    let mut talk = computer.talk();
    assert!(matches!(talk.pin(&pin), Answer::Fault { .. }));
    assert!(matches!(talk.ask(&Request::PasswordProved), Answer::Fault { .. }));
    assert!(matches!(talk.ask(&Request::Register), Answer::Fault { .. }));
}

#[test]
fn a_challenge_on_the_screen_is_answered() {
    let (server, computer) = registered();
    server.mood(|mood| mood.unplugged = true);
    let (mut talk, _) = computer.at_login();
    let Answer::Challenge(challenge) = talk.ask(&Request::Challenge) else { panic!() };
    let answer = server.answer(&challenge.digits);
    assert_eq!(opened_by(&talk.pin(&answer)), OpenedBy::Pin);
}

#[test]
fn a_secret_rotates_after_its_use_and_on_command() {
    let (server, computer) = registered();
    assert_eq!(server.generation(), Some(1));
    let eid = Text::new(server.eid(1)).unwrap();
    server.mood(|mood| mood.commands = vec![Command::Rotate { eid }]);
    computer.must(&["check-in"]);
    assert_eq!(server.generation(), Some(2));
    server.mood(|mood| mood.unplugged = true);
    let (mut talk, _) = computer.at_login();
    assert_eq!(opened_by(&talk.pin(&server.issue())), OpenedBy::Pin);
}

#[test]
fn a_retired_secret_opens_nothing_any_more() {
    let (server, computer) = registered();
    let pin = server.issue();
    let (mut talk, _) = computer.at_login();
    assert_eq!(opened_by(&talk.pin(&pin)), OpenedBy::Pin);
    let eid = Text::new(server.eid(1)).unwrap();
    server.mood(|mood| mood.commands = vec![Command::Retire { eid }]);
    computer.must(&["check-in"]);
    let (mut talk, person) = computer.at_login();
    assert_eq!(person.active_until, None);
    assert_eq!(word(&talk.pin(&pin)), RefusalWord::NotRegistered);
}

#[test]
fn a_server_that_is_not_ours_is_not_believed() {
    let (server, computer) = enrolled();
    server.mood(|mood| mood.impostor = true);
    let (mut talk, _) = computer.at_login();
    assert_eq!(word(&talk.totp(APP_CODE)), RefusalWord::ServerRefuses);
    assert!(!computer.run(&["check-in"]).status.success());
}

#[test]
fn a_clock_that_is_off_is_corrected_once() {
    let (server, computer) = enrolled();
    let skew = json!({"errorCode": "clock_skew", "errorSummary": "no", "errorCauses": [], "serverTime": 1_795_348_800_000_000_i64});
    server.mood(|mood| mood.next = Some((401, skew)));
    computer.must(&["check-in"]);
}

#[test]
fn a_deleted_computer_forgets_its_certificate_and_says_how_to_enrol_again() {
    let (server, computer) = registered();
    let gone = json!({"errorCode": "device_deleted", "errorSummary": "no", "errorCauses": []});
    server.mood(|mood| mood.next = Some((410, gone)));
    assert!(!computer.run(&["check-in"]).status.success());
    let (_, person) = computer.at_login();
    assert!(matches!(person.recovery, RecoveryWay::None { .. }));
    let line = computer.log().lines().find(|line| line.contains("device_deleted")).map(str::to_owned).unwrap();
    assert!(line.contains("Recovery-Management") && line.contains("postern-agent enrol"), "{line}");
    computer.must(&["enrol", "--server", server.address(), "--code", ENROLLMENT_CODE]);
    computer.must(&["check-in"]);
}

#[test]
fn a_wrong_enrolment_code_says_what_to_do() {
    let server = Server::start();
    let computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern-agent"))], "");
    let output = computer.run(&["enrol", "--server", server.address(), "--code", "AAAA"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("make a new enrolment code"));
    let second = computer.run(&["enrol", "--server", "http://postern.example.com", "--code", "AAAA"]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("use https://"));
}

#[test]
fn doctor_names_what_to_mend_in_order() {
    let server = Server::start();
    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern-agent"))], "");
    let bad = |computer: &Computer| -> Vec<String> {
        let output = computer.run(&["doctor", "--json"]);
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let bad = findings.iter().filter(|finding| finding["ok"] == false);
        bad.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(bad(&computer), ["agent", "certificate_missing"]);
    computer.start();
    computer.must(&["enrol", "--server", server.address(), "--code", ENROLLMENT_CODE]);
    assert_eq!(bad(&computer), ["not_registered"]);
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.totp(APP_CODE), Answer::Opened(_)));
    assert!(matches!(talk.ask(&Request::Register), Answer::Registered { ready: true, .. }));
    assert!(bad(&computer).is_empty());
    assert!(computer.must(&["doctor"]).contains("a time PIN would work now"));
    server.mood(|mood| mood.switched_off = true);
    assert_eq!(bad(&computer), ["feature_disabled"]);
}

#[test]
fn a_damaged_or_older_state_is_refused_with_what_to_do() {
    let (server, mut computer) = registered();
    let state = computer.path("state/state");
    let older = std::fs::read(&state).unwrap();
    computer.must(&["check-in"]);
    let newest = std::fs::read(&state).unwrap();
    let pin = server.issue();
    for (bytes, says) in [(older, "older copy"), (newest[..newest.len() / 2].to_vec(), "truncated or altered")] {
        computer.kill();
        std::fs::write(&state, bytes).unwrap();
        computer.start();
        let (mut talk, person) = computer.at_login();
        assert!(matches!(person.recovery, RecoveryWay::None { .. }));
        assert_eq!(word(&talk.pin(&pin)), RefusalWord::Fault);
        assert!(computer.log().contains(says), "{}", computer.log());
    }
}

#[test]
fn two_agents_never_share_a_state() {
    let (_server, computer) = enrolled();
    let second = computer.run(&["run"]);
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another agent works in"));
}

#[test]
fn unenrolling_forgets_everything() {
    let (_server, computer) = registered();
    computer.must(&["unenrol"]);
    let status: Value = serde_json::from_str(&computer.must(&["status", "--json"])).unwrap();
    assert_eq!(status["deviceId"], Value::Null);
    assert_eq!(status["people"][0]["eid"], Value::Null);
}
