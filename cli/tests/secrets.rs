//! Secrets stay where they belong: after every journey with everything logged, none is in a log, in the bytes of the
//! database, or in the answer to a mistake.

#[path = "../../agent/tests/computer/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod installation;
mod other_maker;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use computer::{Computer, LOGIN};
use installation::{ADA, Answer, Installation, PASSWORD, next_code, now};
use other_maker::OtherMaker;
use postern_codes::drp1::Challenge;
use postern_codes::{Secret, b64, otp};
use postern_wire::socket::{Answer as Heard, Request};
use serde_json::{Value, json};

const WRONG_PASSWORD: &str = "canary never anybody's password";
const WRONG_TOKEN: &str = "canaryNeverAnybodysTokenAtAll4711";
const LIN: &str = "lin@example.com";

/// What must not be found, each with what it is.
#[derive(Default)]
struct Planted(Vec<(String, String)>);

impl Planted {
    fn text(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 8, "{what}: too short to be found by itself");
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    /// Bytes, in each way that somebody may have written them down.
    fn bytes(&mut self, what: &str, secret: &[u8]) {
        self.text(what, &searchable(secret));
        self.text(what, &b64::encode(secret));
        self.text(what, &secret.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat());
        self.text(what, otp::base32(&Secret::new(secret.to_vec())).expose());
    }

    fn pin(&mut self, what: &str, pin: &str) {
        self.text(what, pin);
        self.text(what, &format!("{} {} {}", &pin[..3], &pin[3..6], &pin[6..]));
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, bytes: &[u8]) {
        let text = searchable(bytes);
        for (what, secret) in &self.0 {
            assert!(!text.contains(secret), "{what} is in {place}");
        }
    }
}

/// A character a byte, so that bytes are searched as fast as text.
fn searchable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn no_secret_is_in_a_log_in_the_database_or_in_an_answer_to_a_mistake() {
    let installation = Installation::start_tracing("trace");
    installation.switch_on();
    let mut planted = Planted::default();
    planted.text("a password", PASSWORD);
    planted.text("a wrong password", WRONG_PASSWORD);
    planted.text("a wrong token", WRONG_TOKEN);
    planted.text("an API token", &installation.token);
    planted.text("the set-up link", installation.setup_link.rsplit('/').next().expect("a token"));
    planted.bytes("an app's secret", installation.ada_secret.expose());

    let computer = recover_at_our_computer(&installation, &mut planted);
    recover_at_the_other_computer(&installation, &mut planted);
    say_that_it_was_not_me(&installation, &mut planted);
    sign_in(&installation, &mut planted);
    for answer in mistakes(&installation) {
        planted.assert_absent("the answer to a mistake", answer.text.as_bytes());
    }
    let recovered = installation.operator(&["admin", "recover", ADA]);
    planted.text("a new password", recovered[0].split_whitespace().last().expect("a password"));
    installation.kill();

    let log = installation.log();
    assert!(log.contains("sqlx::query"), "the log is not what it should be");
    planted.assert_absent("the server's log", log.as_bytes());
    let data = fs::read_dir(installation.path("data")).expect("a folder").flatten().map(|entry| entry.path());
    let database: Vec<u8> = data
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postern.db")))
        .flat_map(|path| fs::read(path).expect("a file"))
        .collect();
    assert!(searchable(&database).contains("Harbour Lights"), "the database is not what it should be");
    planted.assert_absent("the database", &database);
    let log = computer.log();
    assert!(log.contains("opened_by_pin") && log.contains("opened_by_factor"), "{log}");
    planted.assert_absent("the agent's log", log.as_bytes());
    planted.assert_absent("what the agent complained of", &fs::read(computer.path("agent.stderr")).expect("a file"));
}

/// Enrols, registers, uses a PIN online and reports it, with the real agent.
fn recover_at_our_computer(installation: &Installation, planted: &mut Planted) -> Computer {
    let grace = installation.person(LOGIN, "Grace", "Hopper");
    planted.bytes("an app's secret", grace.secret.expose());
    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern")), Path::new("agent")], "");
    computer.start();
    let code = installation.enrollment_code("PF-2K4");
    planted.text("an enrolment code", &code);
    planted.text("an enrolment code", &code.replace('-', ""));
    computer.must(&["enrol", "--server", &installation.url, "--code", &code]);
    computer.must(&["check-in"]);
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.totp(&next_code(&grace.secret)), Heard::Opened(_)), "{}", computer.log());
    assert!(matches!(talk.ask(&Request::Register), Heard::Registered { ready: true, .. }));
    let status: Value = serde_json::from_str(&computer.must(&["status", "--json"])).expect("JSON");
    let pins = pins_of(status["deviceId"].as_str().expect("an id"), &grace.id);
    let made = installation.call("POST", &pins, &json!({ "mode": "TIME", "reason": "lost phone" }));
    let pin = made["pin"].as_str().expect("digits");
    planted.pin("a PIN", pin);
    let (mut talk, _) = computer.at_login();
    assert!(matches!(talk.pin("000000000"), Heard::Refused(_)));
    assert!(matches!(talk.pin(pin), Heard::Opened(_)), "{}", computer.log());
    computer.must(&["check-in"]);
    let kept: Value =
        serde_json::from_slice(&fs::read(computer.path("state/device.json")).expect("a file")).expect("JSON");
    planted.text("a computer's key", kept["key"].as_str().expect("a key"));
    computer
}

/// The same with the agent of another maker, which does not hide its seed and its key from us.
fn recover_at_the_other_computer(installation: &Installation, planted: &mut Planted) {
    let lin = installation.person(LIN, "Lin", "Clark");
    let other = OtherMaker { installation };
    let code = installation.enrollment_code("THIRD-1");
    planted.text("an enrolment code", &code);
    let device = other.must(&["enrol", &installation.url, &code, "THIRD-1"]);
    other.must(&["register", LIN, &next_code(&lin.secret)]);
    let pins = pins_of(device["deviceId"].as_str().expect("an id"), &lin.id);
    let challenge = Challenge::new(&now());
    let ask = json!({ "mode": "CHALLENGE", "challenge": challenge.digits(), "reason": "lost phone" });
    let made = installation.call("POST", &pins, &ask);
    let pin = made["pin"].as_str().expect("digits");
    planted.pin("the answer to a challenge", pin);
    assert_eq!(other.must(&["confirm", pin])["granted"], true);
    other.must(&["report", &now().now.unix_seconds().to_string()]);
    let state = other.state();
    planted.bytes("a seed", &b64::decode(state["seed"].as_str().expect("a seed")).expect("base64url"));
    for line in state["key"].as_str().expect("PEM").lines().filter(|line| !line.starts_with('-')) {
        planted.text("a computer's key", line);
    }
}

fn say_that_it_was_not_me(installation: &Installation, planted: &mut Planted) {
    // Nothing is ever sent here: the mail leaves within seconds.
    let (_silent, later) = mpsc::channel::<()>();
    let link = (0..600).find_map(|_| {
        let mails = fs::read_dir(installation.path("data/outbox")).into_iter().flatten().flatten();
        let texts = mails.filter_map(|mail| fs::read_to_string(mail.path()).ok());
        let link = texts.filter_map(|text| {
            let unfolded = text.replace("=\r\n", "").replace("\r\n", "\n");
            Some(unfolded.split_once("/not-me/")?.1.split_whitespace().next()?.to_owned())
        });
        let link = link.last();
        if link.is_none() {
            let _waited = later.recv_timeout(Duration::from_millis(100));
        }
        link
    });
    let link = link.expect("a notice with a link");
    planted.text("the link of a notice", &link);
    let path = format!("/not-me/{link}");
    assert_eq!(installation.browse(&path, None, &[]).status, 200);
    assert_eq!(installation.browse(&path, None, &[("sure", "yes")]).status, 200);
}

fn sign_in(installation: &Installation, planted: &mut Planted) {
    let named = installation.browse("/signin", None, &[("username", ADA)]);
    let state = named.text.split("name=\"stateToken\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let state = state.expect("a sign-in under way").to_owned();
    planted.text("the token of a sign-in", &state);
    let answers = |name, value| [("username", ADA), ("stateToken", state.as_str()), (name, value)];
    let wrong = installation.browse("/signin", None, &answers("password", WRONG_PASSWORD));
    assert!(wrong.status == 401 && !wrong.text.contains(WRONG_PASSWORD), "{}", wrong.text);
    assert_eq!(installation.browse("/signin", None, &answers("password", PASSWORD)).status, 200);
    let code = next_code(&installation.ada_secret);
    let cookie = installation.browse("/signin", None, &answers("passCode", &code)).cookie.expect("a session");
    planted.text("a session's cookie", &cookie);
    let report = installation.browse("/admin/reports", Some(&cookie), &[]);
    assert_eq!(report.status, 200, "{}", report.text);
    planted.assert_absent("the report", report.text.as_bytes());
}

/// Requests that hold a secret and fail.
fn mistakes(installation: &Installation) -> Vec<Answer> {
    let enroll = json!({ "enrollmentCode": WRONG_TOKEN, "csr": WRONG_TOKEN, "profile": WRONG_PASSWORD });
    let base = "/device-access/api/v1";
    let api = [
        ("POST", format!("{base}/enroll"), enroll),
        ("POST", format!("{base}/factors/verify"), json!({ "login": ADA, "passCode": WRONG_TOKEN })),
        ("POST", format!("{base}/recovery/begin"), json!({ "factorVerdict": WRONG_TOKEN })),
        ("PUT", format!("{base}/device-settings"), json!({ "DeviceRecoveryPINDuration": WRONG_TOKEN })),
        ("POST", "/api/v1/users".into(), json!({ "credentials": { "password": { "value": [WRONG_PASSWORD] } } })),
        ("POST", "/api/v1/users".into(), json!({ "credentials": WRONG_PASSWORD })),
    ];
    let api = api.into_iter().map(|(method, path, body)| installation.send(method, &path, &body).expect("it answers"));
    let pages = [
        installation.browse(&format!("/setup/{WRONG_TOKEN}"), None, &[]),
        installation.browse(&format!("/not-me/{WRONG_TOKEN}"), None, &[]),
        installation.browse("/admin/people", Some(WRONG_TOKEN), &[]),
        installation.browse(
            "/signin",
            None,
            &[("username", ADA), ("stateToken", WRONG_TOKEN), ("password", WRONG_PASSWORD)],
        ),
    ];
    let answers: Vec<Answer> = api.chain(pages).collect();
    assert!(answers.iter().all(|answer| answer.status >= 303), "a mistake was taken");
    // The way back in a form may show what came with the address, and the state of a sign-in is the form's own.
    answers.into_iter().filter(|answer| !answer.text.contains("name=\"stateToken\"")).collect()
}

fn pins_of(device: &str, person: &str) -> String {
    format!("/device-access/api/v1/devices/{device}/users/{person}/recovery-pins")
}
