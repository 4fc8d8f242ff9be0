//! The server is killed again and again at its work: whatever somebody was told by then is on the disk.

#[path = "../../agent/tests/computer/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod installation;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use computer::{Computer, LOGIN};
use installation::{Installation, PASSWORD, next_code, now};
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_codes::Secret;
use postern_codes::drp1::Challenge;
use postern_codes::otp::{self, Algorithm};
use postern_wire::socket::{Answer, Request};
use serde_json::{Value, json};

const KILLS: u64 = 15;
/// So many at once that most of what is written waits for the writer.
const ASKERS: usize = 12;
const GENERATE: &str = "device.desktop_mfa.recovery_pin.generate";

#[test]
fn killed_while_it_makes_pins_the_server_has_told_none_without_its_record() {
    let installation = Installation::start();
    installation.switch_on();
    let pins = registered(&installation);
    let (mut told, mut recorded) = (BTreeSet::new(), BTreeSet::new());
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
        // Each holds more of the newest than a round makes.
        recorded.extend(ids(&record(&installation), |event| &event["debugContext"]["debugData"]["issuance"]));
        let rows = ids(&installation.call("GET", &pins, &Value::Null), |row| &row["id"]);
        let silent: Vec<_> = rows.difference(&recorded).collect();
        assert!(silent.is_empty(), "a row, and not on record: {silent:?}");
    }
    assert!(told.len() as u64 > KILLS, "only {} PINs were made", told.len());
    let lost: Vec<_> = told.difference(&recorded).collect();
    assert!(lost.is_empty(), "told, and not on record: {lost:?}");
    for id in &recorded {
        installation.call("GET", &format!("{pins}/{id}"), &Value::Null);
    }
}

#[test]
fn killed_while_it_verifies_the_server_has_accepted_no_code_that_counts_again() {
    let installation = Installation::start();
    let tokens: Vec<Token> = (0..ASKERS).map(|number| Token::enrol(&installation, number)).collect();
    let (_silent, delay) = mpsc::channel::<()>();
    let mut accepted = 0;
    for round in 0..KILLS {
        let (teller, hearer) = mpsc::channel();
        let mut last = vec![None; ASKERS];
        thread::scope(|scope| {
            for (number, token) in tokens.iter().enumerate() {
                let (teller, installation) = (teller.clone(), &installation);
                scope.spawn(move || {
                    // Where the answer was lost, it may have been accepted: then the next one is right.
                    while let Some(counter) = token.next(installation) {
                        teller.send((number, counter)).expect("somebody hears");
                    }
                });
            }
            drop(teller);
            let mut hear = |(number, counter): (usize, u64)| last[number] = Some(counter);
            hearer.recv_timeout(Duration::from_secs(30)).into_iter().for_each(&mut hear);
            let _waited = delay.recv_timeout(Duration::from_micros(round * 7919 % 90_000));
            installation.kill();
            hearer.iter().for_each(&mut hear);
        });
        installation.run();
        for (token, counter) in tokens.iter().zip(&last).filter_map(|(token, counter)| Some((token, (*counter)?))) {
            accepted += 1;
            let again = token.show(&installation, counter).expect("it runs");
            assert_eq!(again.status, 403, "the code {counter} counted twice: {}", again.text);
        }
    }
    assert!(accepted > KILLS, "only {accepted} codes were accepted");
}

#[test]
fn killed_between_a_question_and_its_answer_the_server_takes_the_answer_once() {
    let installation = Installation::start();
    for factor in ["okta_sms", "fido_webauthn"] {
        installation.call("POST", &format!("/api/v1/org/factors/{factor}/lifecycle/activate"), &json!({}));
    }
    let (answers, signing_in) = asked(&installation);
    installation.kill();
    installation.run();
    let stands = installation.call("POST", "/api/v1/authn", &json!({ "stateToken": signing_in }));
    assert_eq!(stands["status"], "MFA_REQUIRED");
    let mut rights = Vec::new();
    for (path, answer) in &answers {
        let taken = installation.call("POST", path, answer);
        assert!(taken["factorResult"] == "SUCCESS" || taken["status"] == "SUCCESS", "{path}: {taken}");
        rights.extend(taken.get("sessionToken").map(|token| json!({ "sessionToken": token })));
    }
    assert_eq!(rights.len(), 2);
    installation.call("POST", "/api/v1/sessions", &rights[0]);
    installation.kill();
    installation.run();
    for (path, answer) in &answers {
        let again = installation.send("POST", path, answer).expect("it runs");
        assert!(matches!(again.status, 401 | 403), "{path} was answered twice: {}", again.text);
    }
    // The right to a session is there still where it was not used, and once.
    let opened = |right| installation.send("POST", "/api/v1/sessions", right).expect("it runs").status;
    assert_eq!((opened(&rights[0]), opened(&rights[1]), opened(&rights[1])), (401, 200, 401));
}

/// What somebody was asked for by every way, with the answers; and the token of a sign-in that waits for one of them.
fn asked(installation: &Installation) -> (Vec<(String, Value)>, Value) {
    let post = |path: &str, body: &Value| installation.call("POST", path, body);
    let grace = installation.person(LOGIN, "Grace", "Hopper");
    let user = format!("/api/v1/users/{}", grace.id);
    post(&user, &json!({ "credentials": { "password": { "value": PASSWORD } } }));
    let factors = format!("{user}/factors");
    let of = |factor: &Value| format!("/factors/{}/verify", factor["id"].as_str().expect("an id"));

    let phone = json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } });
    let phone = of(&post(&format!("{factors}?activate=true"), &phone));
    post(&format!("{user}{phone}"), &json!({}));
    let mut answers = vec![(format!("{user}{phone}"), json!({ "passCode": texted(installation) }))];

    let mut key = Authenticator::new(1, &installation.url);
    let begun = post(&factors, &json!({ "factorType": "webauthn", "provider": "FIDO" }));
    let options = json!({ "publicKey": begun["_embedded"]["activation"] });
    let made = response(&key.enrol(&options));
    let activation = json!({ "attestation": made["attestationObject"], "clientData": made["clientDataJSON"] });
    let activate = of(&begun).replace("verify", "lifecycle/activate");
    post(&format!("{user}{activate}"), &activation);
    let asked = post(&format!("{user}{}", of(&begun)), &json!({}));
    answers.push((format!("{user}{}", of(&begun)), signed(&mut key, &asked["_embedded"]["challenge"])));

    let enter = || post("/api/v1/authn", &json!({ "username": LOGIN, "password": PASSWORD }))["stateToken"].clone();
    let step = |path: &str| format!("/api/v1/authn{path}");
    let (by_key, by_app) = (enter(), enter());
    let challenged = post(&step(&of(&begun)), &json!({ "stateToken": by_key }));
    assert_eq!(challenged["status"], "MFA_CHALLENGE");
    let mut proof = signed(&mut key, &challenged["_embedded"]["factor"]["_embedded"]["challenge"]);
    proof["stateToken"] = by_key;
    answers.push((step(&of(&begun)), proof));
    let code = json!({ "stateToken": by_app, "passCode": next_code(&grace.secret) });
    answers.push((step("/factors/token:software:totp/verify"), code));
    (answers, by_app)
}

/// The code in the one text message that was sent.
fn texted(installation: &Installation) -> String {
    // Nothing is ever sent here: the wait ends with its time.
    let (_silent, delay) = mpsc::channel::<()>();
    for _ in 0..600 {
        let files = fs::read_dir(installation.path("data/outbox")).expect("a folder").flatten();
        let is_text = |path: &std::path::PathBuf| path.extension().is_some_and(|kind| kind == "sms");
        if let Some(path) = files.map(|file| file.path()).find(is_text) {
            let text = fs::read_to_string(path).expect("a text");
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
            return words.rfind(is_code).expect("a code").to_owned();
        }
        let _waited = delay.recv_timeout(Duration::from_millis(50));
    }
    panic!("nothing was sent: {}", installation.log())
}

/// What a key answers to a challenge, in the members of the API.
fn signed(key: &mut Authenticator, challenge: &Value) -> Value {
    key.counter += 1;
    let proof = response(&key.prove(&json!({ "publicKey": challenge })));
    json!({
        "authenticatorData": proof["authenticatorData"], "clientData": proof["clientDataJSON"],
        "signatureData": proof["signature"],
    })
}

/// The texts of a key's answer; the API takes base 64 of the plain alphabet.
fn response(answer: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    let texts = answer["response"].as_object().expect("members").iter().filter_map(|(name, text)| {
        let text = text.as_str()?.replace('-', "+").replace('_', "/");
        Some((name.clone(), format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4)).into()))
    });
    Value::Object(texts.collect())
}

/// Somebody's token that counts its codes.
struct Token {
    verify: String,
    secret: Secret<Vec<u8>>,
    /// How many codes were shown.
    shown: AtomicU64,
}

impl Token {
    fn enrol(installation: &Installation, number: usize) -> Self {
        let login = format!("holder{number}@example.com");
        let person = installation.person(&login, "Token", "Holder");
        let settings = json!({ "hmacAlgorithm": "HMacSHA1", "passCodeLength": 6, "timeStep": 0, "sharedSecretEncoding": "base32" });
        let make = json!({ "name": format!("Make {number}"), "settings": settings });
        installation.call("POST", "/api/v1/org/factors/custom_hotp/lifecycle/activate", &json!({}));
        let make = installation.call("POST", "/api/v1/org/factors/hotp/profiles", &make);
        let secret = Secret::new(now().bytes::<20>().to_vec());
        let profile = json!({ "sharedSecret": otp::base32(&secret).expose() });
        let wanted = json!({
            "factorType": "token:hotp", "provider": "CUSTOM", "factorProfileId": make["id"], "profile": profile,
        });
        let factors = format!("/api/v1/users/{}/factors", person.id);
        let factor = installation.call("POST", &format!("{factors}?activate=true"), &wanted);
        let verify = format!("{factors}/{}/verify", factor["id"].as_str().expect("an id"));
        Self { verify, secret, shown: AtomicU64::new(0) }
    }

    /// Shows the next code; its number, where it was accepted.
    fn next(&self, installation: &Installation) -> Option<u64> {
        let counter = self.shown.fetch_add(1, Ordering::Relaxed);
        let answer = self.show(installation, counter)?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Some(counter)
    }

    fn show(&self, installation: &Installation, counter: u64) -> Option<installation::Answer> {
        let code = otp::hotp(&self.secret, counter, 6, Algorithm::Sha1);
        installation.send("POST", &self.verify, &json!({ "passCode": code.expose() }))
    }
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

/// The newest events of PINs that were made.
fn record(installation: &Installation) -> Value {
    let filter = format!("eventType%20eq%20%22{GENERATE}%22%20and%20outcome.result%20eq%20%22SUCCESS%22");
    let path = format!("/api/v1/logs?limit=1000&sortOrder=DESCENDING&filter={filter}");
    installation.call("GET", &path, &Value::Null)
}

fn ids(list: &Value, id: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|one| id(one).as_str().expect("an id").to_owned()).collect()
}
