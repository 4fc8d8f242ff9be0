//! A computer of another maker, written from the documents alone, against the real server: it enrols, links a person, and
//! computes the PIN that the administrator is shown.

#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod installation;
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod other_maker;

use installation::{Installation, next_code};
use other_maker::OtherMaker;
use postern_codes::drp1::Challenge;
use serde_json::{Value, json};

const LOGIN: &str = "grace@example.com";

#[test]
fn an_agent_of_another_maker_computes_the_pin_that_the_administrator_is_shown() {
    let installation = Installation::start();
    installation.switch_on();
    let grace = installation.person(LOGIN, "Grace", "Hopper");
    let other = OtherMaker { installation: &installation };

    let (done, refused) = other.says(&["enrol", &installation.url, "0000-0000-0000-0000", "THIRD-1"]);
    assert!(!done && refused["errorCode"] == "enrollment_code_invalid", "{refused}");
    let code = installation.enrollment_code("THIRD-1");
    let device = other.must(&["enrol", &installation.url, &code, "THIRD-1"]);
    let (done, wrong) = other.says(&["register", LOGIN, "000000"]);
    assert!(!done, "{wrong}");
    let linked = other.must(&["register", LOGIN, &next_code(&grace.secret)]);
    assert_eq!(linked["userId"], grace.id.as_str());
    assert_eq!(other.must(&["check-in"])["commands"], json!([]));

    let device = device["deviceId"].as_str().expect("an id");
    let pins = format!("/device-access/api/v1/devices/{device}/users/{}/recovery-pins", grace.id);
    let ask = |wanted: Value| installation.call("POST", &pins, &wanted);
    let state = |made: &Value| {
        let row = installation.call("GET", &format!("{pins}/{}", made["id"].as_str().expect("an id")), &Value::Null);
        (row["status"].as_str().map(str::to_owned), row["source"].as_str().map(str::to_owned))
    };

    let challenge = Challenge::new(&installation::now());
    let made = ask(json!({ "mode": "CHALLENGE", "challenge": challenge.digits(), "reason": "lost phone" }));
    assert_eq!(other.must(&["pin", "--challenge", challenge.digits()])["pin"], made["pin"]);

    let made = ask(json!({ "mode": "TIME", "reason": "lost phone" }));
    let issued: jiff::Timestamp = made["issuedAt"].as_str().expect("a time").parse().expect("RFC 3339");
    assert_eq!(other.must(&["pin", &issued.as_second().to_string()])["pin"], made["pin"]);
    let pin = made["pin"].as_str().expect("digits");
    let verdict = other.must(&["confirm", pin]);
    assert_eq!((&verdict["granted"], &verdict["step"]), (&json!(true), &json!(issued.as_second() / 30)));
    assert_eq!(other.must(&["confirm", pin])["reason"], "already_used");
    assert_eq!(state(&made), (Some("ACTIVATED".into()), Some("ONLINE".into())));
    assert_eq!(other.must(&["report", &issued.as_second().to_string()]), json!({ "acceptedThrough": 1 }));
}
