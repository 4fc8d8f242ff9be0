//! The agent is killed at random, again and again, while a person enters a recovery PIN.

#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod server;

use std::ops::Range;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use computer::Computer;
use postern_wire::socket::{Answer, Opened, OpenedBy, Request, Typed};
use server::{APP_CODE, ENROLLMENT_CODE, Server};

const COMPUTERS: u64 = 4;
const KILLS_EACH: u64 = 50;

#[test]
fn killed_two_hundred_times_a_pin_is_activated_once_and_every_use_is_known() {
    thread::scope(|scope| {
        for number in 0..COMPUTERS {
            scope.spawn(move || a_computer_is_killed(number * KILLS_EACH..(number + 1) * KILLS_EACH));
        }
    });
}

fn a_computer_is_killed(rounds: Range<u64>) {
    let server = Server::start();
    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern-agent"))], "");
    computer.start();
    computer.must(&["enrol", "--server", server.address(), "--code", ENROLLMENT_CODE]);
    computer.must(&["check-in"]);
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.totp(APP_CODE), Answer::Opened(_)));
    assert!(matches!(talk.ask(&Request::Register), Answer::Registered { ready: true, .. }));

    server.mood(|mood| mood.unplugged = true);
    let pin = server.issue();
    let (mut activated, mut again) = (0, 0);
    let mut note = |answer: Option<Answer>| match answer {
        Some(Answer::Opened(Opened { by: OpenedBy::Pin, .. })) => activated += 1,
        Some(Answer::Opened(Opened { by: OpenedBy::PinAgain, .. })) => again += 1,
        Some(_) | None => {}
    };
    // Nothing is ever sent here: it is a clock for delays that end at any point of a check.
    let (_silent, delay) = mpsc::channel::<()>();
    for round in rounds {
        let (mut talk, _) = computer.at_login();
        if round % 4 == 3 {
            note(Some(talk.pin(&pin)));
        }
        talk.say(&Request::Pin { text: Typed::new(&pin) });
        let _waited = delay.recv_timeout(Duration::from_micros(round * 97 % 9000));
        computer.kill();
        note(talk.hear());
        computer.start();
    }
    assert!(activated <= 1, "activated {activated} times");
    assert!(again > 0, "no entry got through: {}", computer.log());

    server.mood(|mood| mood.unplugged = false);
    computer.must(&["check-in"]);
    let reports = server.reports();
    let of_type = |wanted: &str| reports.iter().filter(|entry| entry["type"] == wanted).count();
    assert_eq!(of_type("activated"), 1);
    assert!(of_type("reused") >= again, "the server knows {} of {again} uses", of_type("reused"));
}
