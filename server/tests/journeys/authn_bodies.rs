//! Bodies of every wrong form, for every call by which somebody signs in or looks after factors: the table of routes is the
//! server's own, so that a new one cannot be forgotten. Whatever is sent, the server refuses it and does not break.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, header};
use futures_core::Stream;
use postern_server::app::route_table;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::authn::{Door, PASSWORD};
use crate::factors::{code, id};

/// What is sent in the place of a member that is right: a text that no database keeps, deep within where it goes deep; and
/// something of another form.
fn odd(engine: Engine, name: &str) -> Vec<Value> {
    let text = "a\u{0}b";
    let broken = match name {
        "context" => json!({ "deviceToken": text }),
        "profile" => json!({ "phoneNumber": text, "question": text, "answer": text, "email": text }),
        "translations" => json!({ "de": text }),
        _ => json!(text),
    };
    match engine {
        Engine::Postgres => vec![broken],
        Engine::Sqlite => vec![broken, json!({ "a": { "b": [null] } })],
    }
}

/// What the steps of a sign-in take, each right for one of them.
fn of_steps(state: &Value, login: &str) -> Value {
    json!({
        "stateToken": state["stateToken"], "username": login, "password": PASSWORD, "token": "unknown",
        "relayState": "r", "audience": "a", "options": { "multiOptionalFactorEnroll": true },
        "context": { "deviceToken": "d" }, "factorType": "sms", "provider": "OKTA",
        "profile": { "phoneNumber": "+15554151337", "question": "disliked_food", "answer": "soup" },
        "passCode": "123456", "answer": "soup", "clientData": "x", "oldPassword": PASSWORD,
        "newPassword": "another long one", "revokeSessions": true, "recoveryToken": "unknown",
    })
}

/// What the calls about factors and sessions take, likewise.
fn of_others() -> Value {
    json!({
        "factorType": "sms", "provider": "OKTA",
        "profile": { "phoneNumber": "+15554151337", "question": "disliked_food", "answer": "soup" },
        "passCode": "123456", "answer": "soup", "clientData": "x", "attestation": "x", "sessionToken": "unknown",
        "name": "x", "type": "SMS_VERIFY_CODE", "template": "${code}", "translations": {}, "settings": {},
        "factorProfileId": "unknown",
    })
}

/// The calls that take a body.
fn calls(door: &Door, factor: &str) -> Vec<(Method, String)> {
    let prefixes = [
        "/api/v1/authn",
        "/api/v1/sessions",
        "/api/v1/users/{who}/factors",
        "/api/v1/templates/sms",
        "/api/v1/org/factors",
        "/recovery/api/v1/users/{who}/backup-codes",
    ];
    let is_one = |path: &str| prefixes.iter().any(|prefix| path.starts_with(prefix));
    let routes = route_table().into_iter().filter(|route| route.method != Method::GET && is_one(route.path));
    let who = door.grace.id.to_string();
    let filled = |path: &str| path.replace("{who}", &who).replace("{factor}", factor).replace("{name}", "okta_sms");
    routes.map(|route| (route.method, filled(route.path))).filter(|(method, _)| *method != Method::DELETE).collect()
}

/// A body whose connection breaks off in the middle.
struct BrokenOff(bool);

impl Stream for BrokenOff {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let has_begun = mem::replace(&mut self.0, true);
        let part = if has_begun { Err(std::io::Error::other("gone")) } else { Ok(Bytes::from_static(b"{\"state")) };
        Poll::Ready(Some(part))
    }
}

async fn send(door: &Door, (method, path): &(Method, String), token: &str, body: impl Into<Body>) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("SSWS {token}"));
    }
    door.app().send(request.body(body.into()).expect("a request")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_too_deep_or_too_large_is_refused_by_every_call() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let asked = door.enter().await;
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5000), close.repeat(5000));
        let state = asked["stateToken"].as_str().expect("a token");
        let broken: Vec<(Vec<u8>, &str)> = vec![
            (b"".to_vec(), "E0000003"),
            (b"{".to_vec(), "E0000003"),
            (b"nonsense".to_vec(), "E0000003"),
            (b"{\"a\":1}{".to_vec(), "E0000003"),
            (b"{'a':1}".to_vec(), "E0000003"),
            (b"{\"stateToken\":\"\xff\xfe\"}".to_vec(), ""),
            (b"{\"stateToken\":\"\\ud800\"}".to_vec(), ""),
            (b"\xef\xbb\xbf{}".to_vec(), "E0000003"),
            (deep("[", "]").into_bytes(), "E0000001"),
            (deep("{\"a\":", "}").into_bytes(), ""),
            (format!("{{\"stateToken\":\"x\",\"profile\":{}}}", deep("[", "]")).into_bytes(), ""),
            (b"null".to_vec(), "E0000001"),
            (b"7".to_vec(), "E0000001"),
            (b"\"x\"".to_vec(), "E0000001"),
            (b"[]".to_vec(), "E0000001"),
            (b"[{}]".to_vec(), "E0000001"),
            (format!("{{\"stateToken\":\"{state}\",\"stateToken\":\"x\"}}").into_bytes(), "E0000001"),
        ];
        for call in calls(&door, id(&factor)) {
            let is_step = call.1.starts_with("/api/v1/authn") || call.1 == "/api/v1/sessions";
            let token = if is_step { "" } else { door.staff.root.token.as_str() };
            for (body, error) in &broken {
                let answer = send(&door, &call, token, body.clone()).await;
                let said = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
                assert!(answer.status.as_u16() < 500, "{call:?} {said}: {}", answer.text());
                // Where a member is not looked at, nor is what is in it.
                if is_step && !error.is_empty() {
                    let told = (answer.status.as_u16(), answer.json()["errorCode"].clone());
                    assert_eq!(told, (400, json!(error)), "{call:?} {said}: {}", answer.text());
                }
            }
            let large = send(&door, &call, token, vec![b' '; 64 * 1024 + 1]).await;
            assert!(!is_step || large.status == 413, "{call:?}: {} {}", large.status, large.text());
            // The connection breaks off in mid-body.
            let answer = send(&door, &call, token, Body::from_stream(BrokenOff(false))).await;
            assert!(answer.status.as_u16() < 500, "{call:?}: {}", answer.text());
        }
        // The sign-in stands where it stood.
        let verify = format!("/factors/{}/verify", id(&factor));
        let done = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_odd_breaks_no_call() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, _) = door.authenticator().await;
        let mut broken = Vec::new();
        for call in calls(&door, id(&factor)) {
            door.app().world.advance_seconds(3600);
            let asked = door.enter().await;
            let is_step = call.1.starts_with("/api/v1/authn");
            let good = if is_step { of_steps(&asked, &door.grace.login) } else { of_others() };
            for name in good.as_object().expect("an object").keys() {
                for odd in odd(engine, name) {
                    let mut body = good.clone();
                    body[name] = odd.clone();
                    // What is odd must be reached: no other way on is named beside it.
                    if call.1 == "/api/v1/authn" {
                        for way in ["stateToken", "token", "password"].into_iter().filter(|way| way != name) {
                            body[way] = Value::Null;
                        }
                    }
                    let token = if is_step { "" } else { &door.staff.root.token };
                    let answer = send(&door, &call, token, body.to_string()).await;
                    if answer.status.as_u16() >= 500 {
                        broken.push(format!("{call:?} {name}: {}", answer.text()));
                    }
                }
            }
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}
