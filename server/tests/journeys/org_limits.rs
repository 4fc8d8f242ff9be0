//! How many texts of messages and makes of tokens an organisation may have, and how long they may be.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::factors::{Desk, id};
use crate::staff::{founded, member};

const TEXTS: &str = "/api/v1/templates/sms";
const MAKES: &str = "/api/v1/org/factors/hotp/profiles";

fn text(name: &str, template: &str, translations: &Value) -> Value {
    json!({ "type": "SMS_VERIFY_CODE", "name": name, "template": template, "translations": translations })
}

fn make(name: &str) -> Value {
    let settings = json!({
        "hmacAlgorithm": "HMacSHA1", "passCodeLength": 6, "timeStep": 30, "sharedSecretEncoding": "hexadecimal",
    });
    json!({ "name": name, "settings": settings })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_has_so_many_texts_and_makes_and_room_for_one_again_after_one_is_gone() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let plain = |number: usize| text(&format!("Text {number}"), "${code}", &json!({}));
        let made = |number: usize| make(&format!("Make {number}"));
        let kinds = [(TEXTS, 50, &plain as &dyn Fn(usize) -> Value), (MAKES, 100, &made)];
        for (path, most, body) in kinds {
            let mut last = Value::Null;
            for number in 2..=most {
                let answer = app.post(path, root, &body(number)).await;
                assert!(answer.status.is_success(), "{number}: {}", answer.text());
                last = answer.json();
            }
            // Of two that come at once for the last place one has it.
            let (first, second) = (body(0), body(1));
            let (one, other) = tokio::join!(app.post(path, root, &first), app.post(path, root, &second));
            let (taken, refused) = if one.status.is_success() { (one, other) } else { (other, one) };
            assert!(taken.status.is_success(), "{}", taken.text());
            refused.refused(400, "E0000001");
            let why = refused.json()["errorCauses"][0]["errorSummary"].as_str().map(str::to_owned);
            assert!(why.is_some_and(|why| why.contains(&most.to_string())), "{}", refused.text());
            assert_eq!(app.get(path, root).await.expect(200).json().as_array().map(Vec::len), Some(most));
            app.call(Method::DELETE, &format!("{path}/{}", id(&last)), root, &Value::Null).await.expect(204);
            assert!(app.post(path, root, &body(most + 1)).await.status.is_success());
            app.post(path, root, &body(most + 2)).await.refused(400, "E0000001");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_and_its_translations_are_so_long_and_so_many() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let long = |characters: usize| format!("${{code}}{}", "ü".repeat(characters - 7));
        let languages = |many: usize, text: &str| {
            let all = (0..many).map(|number| (format!("x-{number}"), Value::from(text)));
            Value::Object(all.collect())
        };
        let fits = text(&"ü".repeat(50), &long(161), &languages(100, &long(161)));
        let own = format!("{TEXTS}/{}", id(&app.post(TEXTS, root, &fits).await.expect(200).json()));
        for (wrong, member) in [
            (json!({ "template": long(162) }), "template"),
            (json!({ "template": "" }), "template"),
            (json!({ "template": "{code} $code ${CODE}" }), "template"),
            (json!({ "name": "ü".repeat(51) }), "name"),
            (json!({ "name": " " }), "name"),
            (json!({ "name": "a\nb" }), "name"),
            (json!({ "name": "a\u{0}b" }), "name"),
            (json!({ "translations": languages(101, "${code}") }), "translations"),
            (json!({ "translations": { "de": long(162) } }), "translations"),
            (json!({ "translations": { "de": "" } }), "translations"),
            (json!({ "translations": { "d": "${code}" } }), "translations"),
            (json!({ "translations": { "x".repeat(21): "${code}" } }), "translations"),
            (json!({ "translations": { "de": 7 } }), ""),
            (json!({ "translations": ["${code}"] }), ""),
            (json!({ "template": 7 }), ""),
        ] {
            let mut whole = text("Short", "${code}", &json!({}));
            whole.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
            for (method, path, body) in
                [(Method::POST, TEXTS, &whole), (Method::POST, &own, &wrong), (Method::PUT, &own, &whole)]
            {
                let refused = app.call(method, path, root, body).await;
                refused.refused(400, "E0000001");
                let cause = refused.json()["errorCauses"][0]["errorSummary"].as_str().map(str::to_owned);
                assert!(cause.is_some_and(|cause| cause.starts_with(member)), "{wrong}: {}", refused.text());
            }
        }
        // Nothing of what was refused was kept.
        let kept = app.get(&own, root).await.expect(200).json();
        assert_eq!((&kept["name"], &kept["translations"]), (&fits["name"], &fits["translations"]));
        assert_eq!(app.get(TEXTS, root).await.expect(200).json().as_array().map(Vec::len), Some(1));
        app.get(&format!("{TEXTS}?templateType=OTHER"), root).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_or_make_that_is_unknown_or_of_another_organisation_is_not_there() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let own_text = app.post(TEXTS, root, &text("Own", "${code}", &json!({}))).await.expect(200).json();
        let own_make = app.post(MAKES, root, &make("Own")).await.expect(201).json();
        let elsewhere = member(app, founded(app, "Elsewhere").await, "mallory", &[Role::Super]).await;
        let (mine, theirs) = (root.as_str(), elsewhere.token.as_str());
        for (token, which) in [
            (theirs, id(&own_text)),
            (mine, id(&own_make)),
            (mine, "cst00000000000000000"),
            (mine, "x"),
            (mine, "%00"),
            (mine, "..%2F..%2Fusers"),
        ] {
            let path = format!("{TEXTS}/{which}");
            let body = text("Theirs", "${code}", &json!({}));
            for (method, body) in [
                (Method::GET, &Value::Null),
                (Method::POST, &json!({ "name": "Theirs" })),
                (Method::PUT, &body),
                (Method::DELETE, &Value::Null),
            ] {
                let refused = app.call(method.clone(), &path, token, body).await;
                let is_hidden = matches!(refused.status.as_u16(), 401 | 404);
                assert!(is_hidden, "{method} {path}: {} {}", refused.status, refused.text());
            }
        }
        for (token, which) in [(theirs, id(&own_make)), (mine, id(&own_text)), (mine, "x")] {
            for method in [Method::GET, Method::DELETE] {
                let refused = app.call(method, &format!("{MAKES}/{which}"), token, &Value::Null).await;
                assert!(matches!(refused.status.as_u16(), 401 | 404), "{}", refused.text());
            }
        }
        assert_eq!(app.get(TEXTS, root).await.expect(200).json(), json!([own_text]));
        assert_eq!(app.get(MAKES, root).await.expect(200).json().as_array().map(Vec::len), Some(1));
    }
}
