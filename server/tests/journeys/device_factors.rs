//! Passkeys over the Factors API: what a device is asked, what its answer must not be, and what an organisation demands.

use axum::body::Body;
use axum::http::{Method, Request};
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_codes::{Id, b64};
use postern_store::scratch;
use serde_json::{Value, json};

use crate::authn::{Door, path};
use crate::factors::Desk;

const ORIGIN: &str = "http://localhost:8080";

fn device() -> Authenticator {
    Authenticator::new(7, ORIGIN)
}

/// Base64 as the API's clients write it.
fn padded(text: &Value) -> String {
    let text = text.as_str().expect("a text").replace('-', "+").replace('_', "/");
    format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
}

/// What a device answers to the options of an enrolment, in the members of the API.
pub fn made(device: &mut Authenticator, factor: &Value) -> Value {
    let options = json!({ "publicKey": factor["_embedded"]["activation"] });
    let answer: Value = serde_json::from_str(&device.enrol(&options)).expect("JSON");
    let response = &answer["response"];
    json!({ "attestation": padded(&response["attestationObject"]), "clientData": padded(&response["clientDataJSON"]) })
}

fn proved(device: &Authenticator, asked: &Value) -> Value {
    signed(device, &asked["_embedded"]["challenge"])
}

/// What a device answers to a challenge, likewise.
pub fn signed(device: &Authenticator, challenge: &Value) -> Value {
    let options = json!({ "publicKey": challenge });
    let answer: Value = serde_json::from_str(&device.prove(&options)).expect("JSON");
    let response = &answer["response"];
    json!({
        "authenticatorData": padded(&response["authenticatorData"]),
        "clientData": padded(&response["clientDataJSON"]),
        "signatureData": padded(&response["signature"]),
    })
}

fn passkey() -> Value {
    json!({ "factorType": "webauthn", "provider": "FIDO" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_enrolled_asked_and_verified() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let factor = desk.enrol("", passkey()).await;
        let embedded = &factor["_embedded"]["activation"];
        assert_eq!((&embedded["rp"]["id"], &embedded["attestation"]), (&json!("localhost"), &json!("none")));
        let handle = b64::encode(desk.grace.id.as_str().as_bytes());
        assert_eq!(embedded["user"]["id"], handle);
        assert_eq!(factor["profile"], json!({}));
        let mut device = device();
        let answer = made(&mut device, &factor);
        let active = desk.activate(&factor, answer.clone()).await.expect(200).json();
        let profile = json!({ "credentialId": b64::encode(&[7; 32]), "authenticatorName": "Passkey" });
        assert_eq!((&active["status"], &active["profile"]), (&json!("ACTIVE"), &profile));
        desk.activate(&factor, answer).await.refused(403, "E0000079");

        let asked = desk.verify(&factor, json!({})).await.expect(200).json();
        assert_eq!(asked["factorResult"], "CHALLENGE");
        let answer = proved(&device, &asked);
        let verified = desk.verify(&factor, answer.clone()).await.expect(200).json();
        assert_eq!(verified, json!({ "factorResult": "SUCCESS", "profile": profile }));
        // The question is answered: the same answer answers nothing.
        desk.verify(&factor, answer).await.refused(403, "E0000068");

        // Somebody may have several, and no device twice.
        let second = desk.enrol("", passkey()).await;
        assert_eq!(second["_embedded"]["activation"]["excludeCredentials"][0]["id"], profile["credentialId"]);
        desk.activate(&second, made(&mut device, &second)).await.refused(400, "E0000001");
        let third = desk.enrol("", passkey()).await;
        desk.activate(&third, made(&mut Authenticator::new(8, ORIGIN), &third)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_must_not_answer_is_refused() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let wrong: &[fn(&mut Authenticator)] = &[
            |device| device.origin = "https://evil.example".into(),
            |device| device.party = Some("evil.example".into()),
            |device| device.challenge = Some(b64::encode(&[7; 32])),
            |device| device.is_touched = false,
        ];
        for behave in wrong {
            let factor = desk.enrol("", passkey()).await;
            let mut device = device();
            behave(&mut device);
            desk.activate(&factor, made(&mut device, &factor)).await.refused(403, "E0000068");
            // What was asked is asked no more, even of the right device.
            let right = made(&mut self::device(), &factor);
            desk.activate(&factor, right).await.refused(403, "E0000068");
            // First answers are counted by person and type, not by the factor that was begun.
            app.world.advance_seconds(300);
        }
        let mut device = device();
        let factor = desk.enrol("", passkey()).await;
        let late = made(&mut device, &factor);
        app.world.advance_seconds(300);
        desk.activate(&factor, late).await.refused(403, "E0000068");
        let factor = desk.enrol("", passkey()).await;
        desk.activate(&factor, made(&mut device, &factor)).await.expect(200);

        let mut wrong = wrong.to_vec();
        wrong.push(|device| device.is_forger = true);
        let broken: Vec<fn(&mut Value)> = vec![
            |answer| answer["signatureData"] = "AAAA".into(),
            |answer| answer["authenticatorData"] = "***".into(),
            |answer| answer["authenticatorData"] = "".into(),
            |answer| answer["clientData"] = "e30=".into(),
            |answer| answer["clientData"] = json!({ "deep": [[[]]] }),
            |answer| *answer = json!({ "clientData": "e30=" }),
        ];
        for behave in wrong {
            app.world.advance_seconds(300);
            let asked = desk.verify(&factor, json!({})).await.expect(200).json();
            let mut device = device.clone();
            behave(&mut device);
            desk.verify(&factor, proved(&device, &asked)).await.refused(403, "E0000068");
            desk.app().app.store.write(desk.staff.org, |tx| tx.user_proved(desk.grace.id)).await.expect("it serves");
        }
        for break_it in broken {
            app.world.advance_seconds(300);
            let asked = desk.verify(&factor, json!({})).await.expect(200).json();
            let mut answer = proved(&device, &asked);
            break_it(&mut answer);
            desk.verify(&factor, answer).await.refused(403, "E0000068");
            desk.app().app.store.write(desk.staff.org, |tx| tx.user_proved(desk.grace.id)).await.expect("it serves");
        }
        // What a device signed is nothing without what it was asked.
        for part in [
            json!({ "attestation": "AAAA" }),
            json!({ "authenticatorData": "AAAA", "signatureData": "AAAA" }),
            json!({ "signatureData": "AAAA", "clientData": null }),
        ] {
            for act in ["verify", "lifecycle/activate"] {
                let refused = desk.post(&format!("/{}/{act}", factor["id"].as_str().unwrap()), part.clone()).await;
                refused.refused(400, "E0000001");
                assert!(refused.text().contains("clientData:"), "{}", refused.text());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_one_device_is_none_to_another_nor_to_its_enrolment() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (mut first, mut second) = (Authenticator::new(1, ORIGIN), Authenticator::new(2, ORIGIN));
        let (one, two) = (desk.enrol("", passkey()).await, desk.enrol("", passkey()).await);
        // The answer to one enrolment finishes no other.
        let crossed = made(&mut second, &one);
        desk.activate(&two, crossed).await.refused(403, "E0000068");
        desk.activate(&one, made(&mut first, &one)).await.expect(200);
        let two = desk.enrol("", passkey()).await;
        desk.activate(&two, made(&mut second, &two)).await.expect(200);
        let asked = desk.verify(&one, json!({})).await.expect(200).json();
        desk.verify(&two, proved(&second, &asked)).await.refused(403, "E0000068");
        desk.verify(&one, proved(&first, &asked)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_may_demand_to_know_the_maker() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let path = "/api/v1/org/factors/fido_webauthn";
        let set = async |settings: Value| app.call(Method::PUT, path, root, &json!({ "settings": settings })).await;
        for broken in [
            json!({ "attestation": "TRUSTED" }),
            json!({ "attestation": "TRUSTED", "attestationRoots": ["no PEM"] }),
            json!({ "attestation": "SOME" }),
            json!({ "nonsense": true }),
        ] {
            set(broken).await.refused(400, "E0000001");
        }
        app.call(Method::PUT, "/api/v1/org/factors/okta_sms", root, &json!({ "settings": {} }))
            .await
            .refused(400, "E0000001");
        let key = rcgen::KeyPair::generate().unwrap();
        let root_pem =
            rcgen::CertificateParams::new(vec!["maker".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
        let strict =
            json!({ "attestation": "TRUSTED", "attestationRoots": [root_pem], "userVerification": "REQUIRED" });
        let shown = set(strict.clone()).await.expect(200).json();
        assert_eq!(shown["settings"], strict);
        let factor = desk.enrol("", passkey()).await;
        let embedded = &factor["_embedded"]["activation"];
        assert_eq!(embedded["attestation"], "direct");
        assert_eq!(embedded["authenticatorSelection"]["userVerification"], "required");
        desk.activate(&factor, made(&mut device(), &factor)).await.refused(403, "E0000068");

        set(json!({ "userVerification": "REQUIRED" })).await.expect(200);
        let factor = desk.enrol("", passkey()).await;
        let mut careless = Authenticator { verifies: false, ..device() };
        desk.activate(&factor, made(&mut careless, &factor)).await.refused(400, "E0000158");
        let factor = desk.enrol("", passkey()).await;
        desk.activate(&factor, made(&mut device(), &factor)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_makes_sure_of_its_owner_from_when_that_is_demanded() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        let own = format!("/api/v1/users/{}/factors", door.grace.id);
        let key = app.post(&own, root, &passkey()).await.expect(200).json();
        let mut device = Authenticator { verifies: false, ..device() };
        let activate = format!("{own}/{}/lifecycle/activate", key["id"].as_str().unwrap());
        app.post(&activate, root, &made(&mut device, &key)).await.expect(200);
        let verify = format!("{own}/{}/verify", key["id"].as_str().unwrap());
        let asked = app.post(&verify, root, &json!({})).await.expect(200).json();
        assert_eq!(asked["_embedded"]["challenge"]["userVerification"], "preferred");
        app.post(&verify, root, &proved(&device, &asked)).await.expect(200);

        let settings = json!({ "settings": { "userVerification": "REQUIRED" } });
        app.call(Method::PUT, "/api/v1/org/factors/fido_webauthn", root, &settings).await.expect(200);
        let sure = Authenticator { verifies: true, ..device.clone() };
        for (device, is_taken) in [(&device, false), (&sure, true)] {
            let asked = app.post(&verify, root, &json!({})).await.expect(200).json();
            assert_eq!(asked["_embedded"]["challenge"]["userVerification"], "required");
            let answer = app.post(&verify, root, &proved(device, &asked)).await;
            if is_taken {
                drop(answer.expect(200));
            } else {
                answer.refused(403, "E0000068");
            }
            for path in
                ["/factors/webauthn/verify".to_owned(), format!("/factors/{}/verify", key["id"].as_str().unwrap())]
            {
                let begun = door.enter().await;
                let asked = door.step(&path, &begun, json!({})).await.expect(200).json();
                let by_type = &asked["_embedded"]["challenge"];
                let by_id = &asked["_embedded"]["factor"]["_embedded"]["challenge"];
                let challenge = if by_type.is_null() { by_id } else { by_type };
                assert_eq!(challenge["userVerification"], "required", "{asked}");
                let answer = door.step(&path, &begun, signed(device, challenge)).await;
                if is_taken {
                    drop(answer.expect(200));
                } else {
                    answer.refused(403, "E0000068");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_must_not_answer_is_refused_at_sign_in() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        let own = format!("/api/v1/users/{}/factors", door.grace.id);
        let key = app.post(&own, root, &passkey()).await.expect(200).json();
        let mut device = Authenticator { counter: 5, ..device() };
        let activate = format!("{own}/{}/lifecycle/activate", key["id"].as_str().unwrap());
        app.post(&activate, root, &made(&mut device, &key)).await.expect(200);
        let by_id = format!("/factors/{}/verify", key["id"].as_str().unwrap());
        let wrong: [fn(&mut Authenticator); 4] = [
            |device| device.origin = "https://evil.example".into(),
            |device| device.party = Some("evil.example".into()),
            |device| device.verifies = false,
            |device| device.counter = 4,
        ];
        device.counter = 6;
        for path in [by_id.as_str(), "/factors/webauthn/verify"] {
            let challenge = async |begun: &Value| {
                let asked = door.step(path, begun, json!({})).await.expect(200).json();
                let by_id = &asked["_embedded"]["factor"]["_embedded"]["challenge"];
                if by_id.is_null() { asked["_embedded"]["challenge"].clone() } else { by_id.clone() }
            };
            for behave in wrong {
                app.world.advance_seconds(300);
                let begun = door.enter().await;
                let mut device = device.clone();
                behave(&mut device);
                let answer = signed(&device, &challenge(&begun).await);
                door.step(path, &begun, answer).await.refused(403, "E0000068");
                app.app.store.write(door.staff.org, |tx| tx.user_proved(door.grace.id)).await.expect("it serves");
            }
            app.world.advance_seconds(300);
            let begun = door.enter().await;
            // A code is no answer of a key, and what is signed is none without what was asked.
            door.step(path, &begun, json!({ "passCode": "123456" })).await.refused(403, "E0000068");
            door.step(path, &begun, json!({ "signatureData": "AAAA" })).await.refused(400, "E0000001");
            let here = signed(&device, &challenge(&begun).await);
            // An answer for one way in is none for another.
            let verify = format!("{own}/{}/verify", key["id"].as_str().unwrap());
            let asked = app.post(&verify, root, &json!({})).await.expect(200).json();
            app.post(&verify, root, &here).await.refused(403, "E0000068");
            let there = signed(&device, &challenge(&begun).await);
            let asked_anew = app.post(&verify, root, &json!({})).await.expect(200).json();
            door.step(path, &begun, proved(&device, &asked)).await.refused(403, "E0000068");
            app.post(&verify, root, &there).await.refused(403, "E0000068");
            app.post(&verify, root, &proved(&device, &asked_anew)).await.refused(403, "E0000068");
            app.app.store.write(door.staff.org, |tx| tx.user_proved(door.grace.id)).await.expect("it serves");
            device.counter += 1;
            app.world.advance_seconds(300);
            let begun = door.enter().await;
            let answer = signed(&device, &challenge(&begun).await);
            assert_eq!(door.step(path, &begun, answer).await.expect(200).json()["status"], "SUCCESS");
            device.counter += 1;
        }
    }
}

/// What is done to an answer of a device.
type Breaking = Box<dyn Fn(&mut Value)>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_of_a_device_enrols_nothing() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let cbor = |bytes: &[u8]| json!(b64::encode(bytes));
        let broken: Vec<(&str, Breaking)> = vec![
            ("no base64", Box::new(|answer| answer["attestation"] = "***".into())),
            ("no text", Box::new(|answer| answer["attestation"] = json!({ "x": [1] }))),
            ("nothing", Box::new(|answer| answer["attestation"] = "".into())),
            ("no CBOR", Box::new(move |answer| answer["attestation"] = cbor(&[0xff; 40]))),
            ("a map that never ends", Box::new(move |answer| answer["attestation"] = cbor(&[0xbf; 3000]))),
            ("a long one", Box::new(|answer| answer["attestation"] = "A".repeat(17 * 1024).into())),
            (
                "cut short",
                Box::new(|answer| {
                    let text = answer["attestation"].as_str().unwrap();
                    answer["attestation"] = text[..text.len() / 8 * 4].into();
                }),
            ),
            (
                "a key of no curve",
                Box::new(|answer| {
                    let mut bytes = b64::decode_any(answer["attestation"].as_str().unwrap()).unwrap();
                    let end = bytes.len();
                    bytes[end - 71] = 0x09;
                    answer["attestation"] = b64::encode(&bytes).into();
                }),
            ),
        ];
        for (what, break_it) in &broken {
            app.world.advance_seconds(300);
            let factor = desk.enrol("", passkey()).await;
            let mut answer = made(&mut device(), &factor);
            break_it(&mut answer);
            let refused = desk.activate(&factor, answer).await;
            assert_eq!(refused.json()["errorCode"], "E0000068", "{what}: {}", refused.text());
        }
        let door = Door::new(engine).await;
        for (what, break_it) in &broken {
            door.app().world.advance_seconds(300);
            let begun = door.enter().await;
            let asked = door.step("/factors", &begun, passkey()).await.expect(200).json();
            let mut answer = made(&mut device(), &asked["_embedded"]["factor"]);
            break_it(&mut answer);
            let refused = door.step(&path(&asked["_links"]["next"]), &begun, answer).await;
            assert_eq!(refused.json()["errorCode"], "E0000068", "{what}: {}", refused.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_gets_no_question() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let request = Request::post(format!("/api/v1/users/{}/factors", desk.grace.id))
            .header("authorization", format!("SSWS {}", desk.staff.root.token))
            .header("origin", "https://evil.example");
        let answer = desk.app().send(request.body(Body::from(passkey().to_string())).unwrap()).await;
        answer.refused(400, "E0000001");
        let nobody = Id::<postern_codes::id::Factor>::with_prefix("fwf", &desk.app().app.env());
        desk.verify(&json!({ "id": nobody }), json!({})).await.refused(404, "E0000007");
    }
}
