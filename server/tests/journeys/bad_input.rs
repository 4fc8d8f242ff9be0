//! Input of every wrong form, for every call of computers and for the calls about PINs: each is refused with its code, by
//! the name of the member, and never with its value.

use std::collections::BTreeMap;

use aws_lc_rs::signature::KeyPair as _;
use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::computer::{Secret, b64, enrolment, key_and_csr, nonce};
use crate::harbour::Harbour;
use crate::staff::{founded, member};

/// What no answer may repeat.
const CANARY: &str = "canary-4711";

/// A good body of every call of a computer.
fn good_bodies(harbour: &Harbour, secret: &Secret) -> BTreeMap<&'static str, Value> {
    let (nonce, mac, (key, csr)) = (b64(&nonce()), b64(&[7; 32]), key_and_csr());
    let link = json!({ "eid": secret.eid, "generation": secret.generation });
    let with = |further: Value| {
        let mut body = link.clone();
        body.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
        body
    };
    let point = json!({ "kty": "EC", "crv": "P-256", "x": b64(&key.public_key().as_ref()[1..33]), "y": b64(&key.public_key().as_ref()[33..]) });
    let entry = json!({
        "seq": 1, "prev": mac, "type": "failed", "mode": "TIME", "wall": harbour.app.app.env().now.micros(),
        "boottime": 1, "bootId": "b", "counter": 1, "mac": mac,
    });
    BTreeMap::from([
        ("/enroll", enrolment("0000-0000", &csr, "S")),
        ("/renew", json!({ "csr": csr })),
        (
            "/check-in",
            json!({ "agentVersion": "1", "osVersion": "1", "bootId": "b", "wall": 1, "nonce": nonce, "enrolments": [] }),
        ),
        (
            "/recovery/begin",
            json!({ "login": "grace", "osUid": 1, "ephemeralKey": point, "binding": "soft", "nonce": nonce }),
        ),
        ("/recovery/ack", with(json!({ "mac": mac }))),
        ("/recovery/confirm", with(json!({ "nonce": nonce, "mac": mac }))),
        ("/recovery/reports", with(json!({ "entries": [entry] }))),
        ("/factors/verify", json!({ "login": "grace", "factor": "OV_TOTP", "passCode": "000000", "nonce": nonce })),
    ])
}

/// Every body that is wrong in one member, with that member's name. An app code may be left out.
fn wrong_in_one_member(good: &Value) -> Vec<(String, Value)> {
    let members = good.as_object().expect("an object");
    let mut wrong = Vec::new();
    for (name, value) in members {
        let other = if value.is_string() { json!(7) } else { json!(CANARY) };
        let mut instead = vec![other, json!([[CANARY]]), json!(-1), json!(1.5), json!(1_u64 << 53)];
        instead.extend((!value.is_object()).then(|| json!({ CANARY: 1 })));
        if value.is_string() {
            instead.extend([json!(""), json!("x".repeat(9000))]);
        }
        if name != "passCode" {
            instead.push(json!(null));
            let mut without = members.clone();
            without.remove(name);
            wrong.push((name.clone(), without.into()));
        }
        for instead in instead {
            let mut body = good.clone();
            body[name] = instead;
            wrong.push((name.clone(), body));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computers_body_that_is_wrong_in_one_member_is_refused_by_its_name() {
    let harbour = Harbour::new(scratch::engines()[0]).await;
    let (app, computer) = (&harbour.app, harbour.computer().await);
    let secret = harbour.register(&computer).await;
    for (path, good) in good_bodies(&harbour, &secret) {
        let send = async |body: Vec<u8>| match path {
            "/enroll" => {
                let request = Request::post("/device-access/api/v1/enroll").body(Body::from(body));
                app.send(request.expect("a request")).await
            }
            _ => computer.post_bytes(app, path, body).await,
        };
        let accepted = send(good.to_string().into_bytes()).await;
        assert!(accepted.json()["errorCode"] != "malformed", "{path}: {}", accepted.text());
        for (name, body) in wrong_in_one_member(&good) {
            let refused = send(body.to_string().into_bytes()).await;
            let text = refused.text();
            assert_eq!(refused.json()["errorCode"], "malformed", "{path} {name} {body}: {text}");
            assert_eq!(refused.status, 400, "{path} {name}");
            // What is wrong within a list may be named by its own place.
            assert!(text.contains(&name) || good[&name].is_array(), "{path} {name}: {text}");
            assert!(!text.contains(CANARY), "{path} {name}: {text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000)).into_bytes();
        for body in [b"".to_vec(), b"\"\xff\"".to_vec(), b"{\"a\":1".to_vec(), b"null".to_vec(), deep] {
            send(body).await.refused(400, "malformed");
        }
        send(vec![b' '; 64 * 1024 + 1]).await.refused(413, "malformed");
    }
}

async fn post_text(harbour: &Harbour, path: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(path).header(header::AUTHORIZATION, format!("SSWS {}", harbour.desk_token));
    harbour.app.send(request.body(Body::from(body)).expect("a request")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_for_a_pin_is_refused_with_its_code() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let pins = harbour.pins(&computer);
        let long = "x".repeat(256);
        let reason = "phone lost";
        for (body, code) in [
            (json!({ "mode": "TIME" }), "reason_required"),
            (json!({ "mode": "TIME", "reason": " \t" }), "reason_required"),
            (json!({ "mode": "TIME", "reason": 7 }), "E0000001"),
            (json!({ "mode": "TIME", "reason": long }), "E0000001"),
            (json!({ "mode": "TIME", "reason": reason, "caseId": long }), "E0000001"),
            (json!({ "mode": "TIME", "reason": reason, "ticket": long }), "E0000001"),
            (json!({ "mode": 7, "reason": reason }), "E0000001"),
            (json!({ "mode": "time", "reason": reason }), "E0000001"),
            (json!({ "mode": "CHALLENGE", "reason": reason }), "challenge_mistyped"),
            (json!({ "mode": "CHALLENGE", "challenge": "123456789", "reason": reason }), "challenge_mistyped"),
            (json!({ "mode": "CHALLENGE", "challenge": "12345678", "reason": reason }), "challenge_mistyped"),
            (json!({ "mode": "CHALLENGE", "challenge": CANARY, "reason": reason }), "challenge_mistyped"),
            (json!({ "mode": "CHALLENGE", "challenge": 123_456_782, "reason": reason }), "E0000001"),
            (json!([]), "E0000001"),
            (json!("reason"), "E0000001"),
        ] {
            let refused = harbour.ask(&computer, &body).await;
            assert!(!refused.text().contains(CANARY), "{}", refused.text());
            assert_eq!((refused.status.as_u16(), &refused.json()["errorCode"]), (400, &json!(code)), "{body}");
        }
        let deep = ("[".repeat(20_000) + &"]".repeat(20_000)).into_bytes();
        for body in [b"".to_vec(), b"{".to_vec(), b"{\"reason\":\"\xff\"}".to_vec(), deep] {
            post_text(&harbour, &pins, body).await.refused(400, "E0000003");
        }
        post_text(&harbour, &pins, vec![b' '; 64 * 1024 + 1]).await.refused(413, "E0000001");

        harbour.app.world.advance_seconds(30);
        let made = harbour.ask(&computer, &json!({ "reason": reason })).await.expect(201).json();
        let revoke = format!("{pins}/{}/revoke", made["id"].as_str().expect("an id"));
        for (body, code) in [
            (json!({ "reason": "" }), "reason_required"),
            (json!({ "reason": long }), "E0000001"),
            (json!([]), "E0000001"),
        ] {
            harbour.app.post(&revoke, &harbour.desk_token, &body).await.refused(400, code);
        }
        assert_eq!(harbour.status(&computer, &made).await["status"], "ISSUED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_or_of_another_organisation_is_not_found() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        harbour.register(&computer).await;
        let (made, _) = harbour.issue(&computer).await;
        let elsewhere = founded(app, "Elsewhere").await;
        let stranger = member(app, elsewhere, "stranger", &[Role::Super]).await;
        let moved = app.app.store.read(harbour.ada.org, |tx| tx.device(computer.id.parse().expect("an id"))).await;
        let mut theirs = moved.expect("the database serves").expect("it is there");
        theirs.id = postern_codes::Id::new(&app.app.env());
        app.app.store.write(elsewhere, |tx| tx.insert_device(&theirs)).await.expect("a device");

        let base = "/device-access/api/v1/devices";
        let (own_device, own_user) = (computer.id.as_str(), harbour.grace.id.as_str());
        let (their_device, their_user) = (theirs.id.as_str(), stranger.id.as_str());
        let unknown_device = "guo00000000000000000";
        let unknown_user = "00u00000000000000000";
        let pin = made["id"].as_str().expect("an id");
        for (device, user) in [
            (unknown_device, own_user),
            (own_device, unknown_user),
            (their_device, own_user),
            (own_device, their_user),
            (their_device, their_user),
            ("x", own_user),
            (own_device, "%00"),
            (own_user, own_device),
        ] {
            let pair = format!("{base}/{device}/users/{user}");
            let ask = json!({ "reason": "phone lost" });
            app.post(&format!("{pair}/recovery-pins"), &harbour.desk_token, &ask).await.refused(404, "E0000007");
            for path in ["recovery-pins", "recovery-readiness", &format!("recovery-pins/{pin}")] {
                app.get(&format!("{pair}/{path}"), &harbour.desk_token).await.refused(404, "E0000007");
            }
            let revoke = format!("{pair}/recovery-pins/{pin}/revoke");
            app.post(&revoke, &harbour.desk_token, &ask).await.refused(404, "E0000007");
            let rotate = format!("{pair}/recovery-enrolments/ren00000000000000000/rotate");
            app.post(&rotate, &harbour.super_token, &ask).await.refused(404, "E0000007");
        }
        for device in [unknown_device, their_device, "x"] {
            let path = format!("/api/v1/devices/{device}");
            app.get(&path, &harbour.super_token).await.refused(404, "E0000007");
            app.get(&format!("{path}/users"), &harbour.super_token).await.refused(404, "E0000007");
            let suspend = format!("{path}/lifecycle/suspend");
            app.post(&suspend, &harbour.super_token, &Value::Null).await.refused(404, "E0000007");
            app.call(Method::DELETE, &path, &harbour.super_token, &Value::Null).await.refused(404, "E0000007");
        }
        app.get(&harbour.pins(&computer), &stranger.token).await.refused(401, "E0000011");
        assert_eq!(harbour.status(&computer, &made).await["status"], "ISSUED");
    }
}
