//! The server is killed again and again while it makes PINs: whatever PIN somebody was told is on record.

#[path = "../../agent/tests/computer/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod installation;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use computer::{Computer, LOGIN};
use installation::{Installation, next_code, now};
use postern_codes::drp1::Challenge;
use postern_wire::socket::{Answer, Request};
use serde_json::{Value, json};

const KILLS: u64 = 15;
const ASKERS: usize = 6;
const GENERATE: &str = "device.desktop_mfa.recovery_pin.generate";

#[test]
fn killed_while_it_makes_pins_the_server_has_told_none_without_its_record() {
    let installation = Installation::start();
    installation.switch_on();
    let pins = registered(&installation);
    let mut told = BTreeSet::new();
    // Nothing is ever sent here: it is a clock for delays that end at any point of a request.
    let (_silent, delay) = mpsc::channel::<()>();
    for round in 0..KILLS {
        let (teller, hearer) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..ASKERS {
                let (teller, installation, pins) = (teller.clone(), &installation, &pins);
                scope.spawn(move || {
                    while let Some(id) = issue(installation, pins) {
                        teller.send(id).expect("somebody hears");
                    }
                });
            }
            drop(teller);
            told.extend(hearer.recv_timeout(Duration::from_secs(30)));
            let _waited = delay.recv_timeout(Duration::from_micros(round * 7919 % 90_000));
            installation.kill();
            told.extend(hearer);
        });
        installation.run();
    }
    assert!(told.len() as u64 > KILLS, "only {} PINs were made", told.len());
    let rows = ids(&installation.call("GET", &pins, &Value::Null), |row| &row["id"]);
    let recorded = ids(&record(&installation), |event| &event["debugContext"]["debugData"]["issuance"]);
    let lost: Vec<_> = told.iter().filter(|id| !recorded.contains(*id)).collect();
    assert!(lost.is_empty(), "told, and not on record: {lost:?}");
    assert_eq!(rows, recorded, "a row without its event, or the other way round");
}

/// A computer that enrolled and a person who registered there; gives the path of their PINs.
fn registered(installation: &Installation) -> String {
    let grace = installation.person(LOGIN, "Grace", "Hopper");
    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern")), Path::new("agent")], "");
    computer.start();
    let code = installation.enrollment_code("PF-2K4");
    computer.must(&["enrol", "--server", &installation.url, "--code", &code]);
    computer.must(&["check-in"]);
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.totp(&next_code(&grace.secret)), Answer::Opened(_)), "{}", computer.log());
    assert!(matches!(talk.ask(&Request::Register), Answer::Registered { ready: true, .. }));
    let status: Value = serde_json::from_str(&computer.must(&["status", "--json"])).expect("JSON");
    let device = status["deviceId"].as_str().expect("an id");
    format!("/device-access/api/v1/devices/{device}/users/{}/recovery-pins", grace.id)
}

/// Makes a PIN; gives the id of its row, unless the server is gone.
fn issue(installation: &Installation, pins: &str) -> Option<String> {
    let challenge = Challenge::new(&now());
    let wanted = json!({ "mode": "CHALLENGE", "challenge": challenge.digits(), "reason": "lost phone" });
    let answer = installation.send("POST", pins, &wanted)?;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made: Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(made["pin"].as_str().map(str::len), Some(9));
    made["id"].as_str().map(str::to_owned)
}

/// Every event of a PIN that was made.
fn record(installation: &Installation) -> Value {
    let filter = format!("eventType%20eq%20%22{GENERATE}%22%20and%20outcome.result%20eq%20%22SUCCESS%22");
    let events = installation.call("GET", &format!("/api/v1/logs?limit=1000&filter={filter}"), &Value::Null);
    assert!(events.as_array().is_some_and(|events| events.len() < 1000), "there is another page");
    events
}

fn ids(list: &Value, id: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|one| id(one).as_str().expect("an id").to_owned()).collect()
}
