//! Codes that are sent: by text message, call and mail. What may be guessed, repeated, mixed up or lost on the way.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use postern_server::jobs;
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::TestApp;
use crate::factors::{Desk, code, id};

/// What was sent so far.
pub async fn messages(app: &TestApp) -> Vec<String> {
    jobs::once(&app.app).await.expect("the jobs run");
    app.mails.take()
}

/// The code that was sent; notices have none.
pub async fn sent(app: &TestApp) -> String {
    let all = messages(app).await;
    let codes: Vec<String> = all.iter().filter_map(|text| found(text)).collect();
    assert_eq!(codes.len(), 1, "{all:?}");
    codes[0].clone()
}

/// The code in a message.
pub fn code_of(text: &str) -> String {
    found(text).unwrap_or_else(|| panic!("a code in {text}"))
}

fn found(text: &str) -> Option<String> {
    let plain = text.replace(", ", "");
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = plain.split(|c: char| !c.is_ascii_alphanumeric() && c != '+');
    words.rfind(is_code).map(str::to_owned)
}

pub fn other(code: &str) -> String {
    let last = code.as_bytes()[5];
    format!("{}{}", &code[..5], if last == b'9' { '0' } else { char::from(last + 1) })
}

fn phone(kind: &str) -> Value {
    json!({ "factorType": kind, "provider": "OKTA", "profile": { "phoneNumber": "+1-555-415-1337" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_enrolled_by_the_code_that_it_gets() {
    for engine in scratch::engines() {
        for (kind, throttled) in [("sms", "E0000109"), ("call", "E0000133")] {
            let desk = Desk::new(engine).await;
            let app = desk.app();
            let factor = desk.enrol("", phone(kind)).await;
            assert_eq!(factor["profile"], json!({ "phoneNumber": "+15554151337" }));
            assert_eq!(
                (&factor["status"], &factor["_links"]["resend"]["name"]),
                (&json!("PENDING_ACTIVATION"), &json!(kind))
            );
            let all = messages(app).await;
            assert!(all.len() == 1 && all[0].starts_with(&format!("{} +15554151337,", kind.to_uppercase())), "{all:?}");
            let first = code_of(&all[0]);
            let resend = format!("/{}/resend", id(&factor));
            desk.post(&resend, phone(kind)).await.refused(429, throttled);
            app.world.advance_seconds(30);
            desk.post(&resend, phone(kind)).await.expect(200);
            let second = sent(app).await;
            // The code before is void.
            desk.activate(&factor, code(&first)).await.refused(403, "E0000083");
            desk.activate(&factor, code(&other(&second))).await.refused(403, "E0000068");
            assert_eq!(desk.activate(&factor, code(&second)).await.expect(200).json()["status"], "ACTIVE");
            desk.post(&resend, phone(kind)).await.refused(403, "E0000079");

            // A code for the enrolment proves nothing afterwards, used or not.
            desk.verify(&factor, code(&second)).await.refused(403, "E0000068");
            app.world.advance_seconds(30);
            let asked = desk.verify(&factor, json!({ "passCode": "" })).await.expect(200).json();
            assert_eq!((&asked["factorResult"], &asked["profile"]), (&json!("CHALLENGE"), &factor["profile"]));
            assert!(asked["_links"].get("verify").is_some() && asked["_links"].get("factor").is_some());
            desk.post(&format!("/{}/verify", id(&factor)), Value::Null).await.refused(429, throttled);
            let third = sent(app).await;
            desk.verify(&factor, code(&other(&third))).await.refused(403, "E0000068");
            desk.verify(&factor, code(&third)).await.expect(200);
            desk.verify(&factor, code(&third)).await.refused(403, "E0000082");

            app.world.advance_seconds(300);
            desk.verify(&factor, json!({})).await.expect(200);
            let fourth = sent(app).await;
            app.world.advance_seconds(300);
            desk.verify(&factor, code(&fourth)).await.refused(403, "E0000083");
            desk.post("", phone(kind)).await.refused(400, "E0000001");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_none_and_second_numbers_are_refused() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let ask = |kind: &str, profile: Value| json!({ "factorType": kind, "profile": profile });
        for number in [json!("5554151337"), json!("+1"), json!("+1555CALLME"), json!(7), Value::Null] {
            desk.post("", ask("sms", json!({ "phoneNumber": number }))).await.refused(400, "E0000098");
        }
        let extension = |extension: Value| json!({ "phoneNumber": "+15554151337", "phoneExtension": extension });
        for wrong in [json!("x12"), json!("1234567890123456"), json!(12)] {
            desk.post("", ask("call", extension(wrong))).await.refused(400, "E0000121");
        }
        let called = desk.enrol("", ask("call", extension(json!("1234")))).await;
        assert_eq!(called["profile"]["phoneExtension"], "1234");
        let all = messages(app).await;
        assert!(all[0].starts_with("CALL +15554151337,1234") && all[0].contains(", "), "{all:?}");

        let first = desk.enrol("", ask("sms", json!({ "phoneNumber": "+15554151337" }))).await;
        let another = ask("sms", json!({ "phoneNumber": "+15554151338" }));
        let refused = desk.post("", another.clone()).await;
        refused.refused(400, "E0000001");
        assert_eq!(refused.json()["errorCauses"][0]["errorSummary"], "There is an existing verified phone number.");
        let second = desk.enrol("?updatePhone=true", another).await;
        assert_ne!(id(&first), id(&second));
        desk.activate(&first, code("123456")).await.refused(404, "E0000007");
        let vouched =
            desk.enrol("?updatePhone=true&activate=true", ask("sms", json!({ "phoneNumber": "+15554151339" }))).await;
        assert_eq!(vouched["status"], "ACTIVE");
        assert_eq!(messages(app).await.iter().filter(|text| text.contains("+15554151339")).count(), 0);
        let again = desk.post("?activate=true", ask("sms", json!({ "phoneNumber": "+15554151339" }))).await;
        assert_eq!(again.json()["errorCauses"][0]["errorSummary"], "A factor of this type is already set up.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_to_an_address_of_the_person_alone() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let ask = |address: &str| json!({ "factorType": "email", "provider": "OKTA", "profile": { "email": address } });
        for wrong in ["mallory@evil.example", "", &format!("{}@acme.example", "x".repeat(200))] {
            let refused = desk.post("", ask(wrong)).await;
            refused.refused(400, "E0000001");
            let what = "Api validation failed: Only verified primary or secondary email can be enrolled.";
            assert_eq!(refused.json()["errorSummary"], what);
        }
        let factor = desk.enrol("?tokenLifetimeSeconds=60", ask("grace@acme.example")).await;
        let first = sent(app).await;
        let resend = format!("/{}/resend", id(&factor));
        desk.post(&resend, ask("grace@acme.example")).await.refused(429, "E0000118");
        app.world.advance_seconds(60);
        desk.activate(&factor, code(&first)).await.refused(403, "E0000083");
        desk.post(&resend, ask("grace@acme.example")).await.expect(200);
        desk.activate(&factor, code(&sent(app).await)).await.expect(200);
        app.world.advance_seconds(5);
        desk.verify(&factor, json!({})).await.expect(200);
        desk.verify(&factor, code(&sent(app).await)).await.expect(200);

        // An address that is theirs no more gets nothing.
        let path = format!("/api/v1/users/{}", desk.grace.id);
        let moved = json!({ "profile": { "email": "other@acme.example" } });
        app.post(&path, &desk.staff.root.token, &moved).await.expect(200);
        app.world.advance_seconds(5);
        messages(app).await;
        desk.verify(&factor, json!({})).await.refused(400, "E0000001");
        assert_eq!(messages(app).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_sends_so_many_a_day() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let counts = json!({ "sms_day": 1, "call_day": 1 });
        app.call(Method::PUT, "/device-access/api/v1/limits", root, &counts).await.expect(200);
        for (kind, capped) in [("sms", "E0000146"), ("call", "E0000147")] {
            let factor = desk.enrol("", phone(kind)).await;
            app.world.advance_seconds(30);
            desk.post(&format!("/{}/resend", id(&factor)), phone(kind)).await.refused(429, capped);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spent_tries_end_the_resending_too() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let factor = desk.enrol("", phone("sms")).await;
        let right = sent(app).await;
        for _ in 0..5 {
            desk.activate(&factor, code(&other(&right))).await.refused(403, "E0000068");
        }
        desk.activate(&factor, code(&right)).await.refused(429, "E0000047");
        app.world.advance_seconds(30);
        desk.post(&format!("/{}/resend", id(&factor)), phone("sms")).await.refused(429, "E0000047");
        app.world.advance_seconds(270);
        desk.post(&format!("/{}/resend", id(&factor)), phone("sms")).await.expect(200);
        desk.activate(&factor, code(&sent(app).await)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_submissions_of_one_sent_code_one_is_accepted() {
    for engine in scratch::engines() {
        let desk = Arc::new(Desk::new(engine).await);
        let factor = Arc::new(desk.enrol("?activate=true", phone("sms")).await);
        desk.verify(&factor, json!({})).await.expect(200);
        let right = sent(desk.app()).await;
        let start = Arc::new(tokio::sync::Barrier::new(50));
        let mut submissions = JoinSet::new();
        for _ in 0..50 {
            let (desk, factor, right, start) =
                (Arc::clone(&desk), Arc::clone(&factor), right.clone(), Arc::clone(&start));
            submissions.spawn(async move {
                start.wait().await;
                desk.verify(&factor, code(&right)).await.status == 200
            });
        }
        let accepted = submissions.join_all().await.into_iter().filter(|accepted| *accepted).count();
        assert_eq!(accepted, 1, "on {engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_speak_the_organisations_words_in_the_readers_language() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let path = "/api/v1/templates/sms";
        let text = |template: &str| json!({ "type": "SMS_VERIFY_CODE", "name": "Short", "template": template });
        for broken in [
            json!({}),
            text("without the code"),
            text(""),
            text(&format!("${{code}}{}", "x".repeat(160))),
            json!({ "type": "OTHER", "name": "x", "template": "${code}" }),
            json!({ "type": "SMS_VERIFY_CODE", "name": "", "template": "${code}" }),
            json!({ "type": "SMS_VERIFY_CODE", "name": "x", "template": "${code}", "translations": { "de": "ohne" } }),
            json!({ "type": "SMS_VERIFY_CODE", "name": "x", "template": "${code}", "translations": { "!": "${code}" } }),
        ] {
            app.post(path, root, &broken).await.refused(400, "E0000001");
        }
        let mut whole = text("${org.name}: ${code}");
        whole["translations"] = json!({ "de": "Ihr Code: ${code}" });
        let made = app.post(path, root, &whole).await.expect(200).json();
        let own = format!("{path}/{}", id(&made));
        assert_eq!(app.get(&own, root).await.expect(200).json(), made);
        assert_eq!(app.get(path, root).await.expect(200).json(), json!([made]));
        app.get("/api/v1/templates/sms/cst00000000000000000", root).await.refused(404, "E0000007");

        let said = async |query: &str, language: &str| {
            app.world.advance_seconds(30);
            let request = Request::post(format!("/api/v1/users/{}/factors{query}", desk.grace.id));
            let request = request.header("authorization", format!("SSWS {root}")).header("accept-language", language);
            app.send(request.body(Body::from(phone("sms").to_string())).unwrap()).await.expect(200);
            let text = messages(app).await.pop().expect("a message");
            text.replace(&code_of(&text), "CODE").split('\n').nth(1).expect("a text").to_owned()
        };
        assert_eq!(said("", "de-AT").await, "Ihr Code: CODE");
        assert_eq!(said("", "fr").await, "Acme: CODE");
        assert_eq!(said(&format!("?templateId={}", id(&made)), "fr").await, "Acme: CODE");
        assert_eq!(said("?templateId=nonsense", "de").await, "CODE is your verification code at Acme.");

        let changed = app.post(&own, root, &json!({ "template": "New ${code}" })).await.expect(200).json();
        assert_eq!((&changed["template"], &changed["name"]), (&json!("New ${code}"), &json!("Short")));
        app.post(&own, root, &json!({ "template": "no" })).await.refused(400, "E0000001");
        app.call(Method::PUT, &own, root, &json!({ "name": "x" })).await.refused(400, "E0000001");
        let replaced = app.call(Method::PUT, &own, root, &text("Whole ${code}")).await.expect(200).json();
        assert_eq!(replaced["translations"], json!({}));
        assert_eq!(said("", "de").await, "Whole CODE");
        app.call(Method::DELETE, &own, root, &Value::Null).await.expect(204);
        app.call(Method::DELETE, &own, root, &Value::Null).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_over_is_not_sent_any_more() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        desk.enrol("", phone("sms")).await;
        app.world.advance_seconds(300);
        assert_eq!(messages(app).await, Vec::<String>::new());
        // Nor is it tried for ever.
        app.world.advance_seconds(3600);
        assert_eq!(messages(app).await, Vec::<String>::new());
        let undelivered = app
            .app
            .store
            .read(desk.staff.org, |tx| tx.count_undelivered(postern_codes::Timestamp::from_unix_seconds(0)));
        assert_eq!(undelivered.await.expect("the database serves"), 1);
    }
}
