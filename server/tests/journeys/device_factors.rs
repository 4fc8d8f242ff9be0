//! Passkeys over the Factors API: what a device is asked, what its answer must not be, and what an organisation demands.

use axum::body::Body;
use axum::http::{Method, Request};
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_codes::{Id, b64};
use postern_store::scratch;
use serde_json::{Value, json};

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
            let asked = desk.verify(&factor, json!({})).await.expect(200).json();
            let mut answer = proved(&device, &asked);
            break_it(&mut answer);
            let refused = desk.verify(&factor, answer).await;
            assert!(matches!(refused.status.as_u16(), 403 | 429), "{}", refused.text());
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
        desk.activate(&factor, made(&mut careless, &factor)).await.refused(403, "E0000068");
        let factor = desk.enrol("", passkey()).await;
        desk.activate(&factor, made(&mut device(), &factor)).await.expect(200);
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
