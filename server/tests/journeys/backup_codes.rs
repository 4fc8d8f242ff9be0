//! Backup codes: made, counted, used where an app's code is asked for, made anew.

use std::sync::Arc;

use axum::http::Method;
use postern_authn::factor::Answer;
use postern_codes::Secret;
use postern_server::sign_in::{self, Refusal, Reply, Step};
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::factors::Desk;
use crate::people::{Person, client, organisation};

fn own(person: &Person) -> String {
    format!("/recovery/api/v1/users/{}/backup-codes", person.id)
}

async fn generated(browser: &mut Browser<'_>, person: &Person) -> Vec<String> {
    let made = browser.call(&own(person), &json!({})).await.expect(201).json();
    made["codes"].as_array().expect("codes").iter().map(|code| code.as_str().expect("a code").to_owned()).collect()
}

async fn answer(app: &TestApp, token: &Secret<String>, code: &str) -> Step {
    let reply = Reply::Factor(Answer::Code(Secret::new(code.to_owned())));
    sign_in::answer(&app.app, &client(), token, reply).await.expect("the database serves")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_lets_its_person_in_once() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(&own(&ada)).await.refused(404, "E0000007");
        let codes = generated(&mut browser, &ada).await;
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().all(|code| code.len() == 19 && code.split('-').all(|group| group.len() == 4)));
        let shown = browser.open(&own(&ada)).await.expect(200).json();
        assert_eq!((&shown["remaining"], &shown["total"], &shown["lastUsed"]), (&json!(10), &json!(10), &Value::Null));
        assert!(shown.get("codes").is_none(), "they are shown once");

        let token = ada.prove_password(&app).await;
        assert!(matches!(answer(&app, &token, &codes[0].to_lowercase().replace('-', " ")).await, Step::SignedIn(_)));
        let token = ada.prove_password(&app).await;
        assert!(matches!(answer(&app, &token, &codes[0]).await, Step::Refused(Refusal::WrongCode)));
        let shown = browser.open(&own(&ada)).await.expect(200).json();
        assert_eq!(shown["remaining"], 9);
        assert!(shown["lastUsed"].is_string());

        // A new set makes the old one void.
        let others = generated(&mut browser, &ada).await;
        assert!(matches!(answer(&app, &token, &codes[1]).await, Step::Refused(Refusal::WrongCode)));
        assert!(matches!(answer(&app, &token, &others[1]).await, Step::SignedIn(_)));
        // They are no factor of the API, and not the last factor of an administrator.
        let listed = browser.open("/api/v1/users/me/factors").await.expect(200).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        let told = crate::sent_codes::messages(&app).await.join("\n");
        assert!(told.contains("A new set of backup codes was made") && !told.contains(&others[0]), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_submissions_of_one_backup_code_one_is_accepted() {
    for engine in scratch::engines() {
        let app = Arc::new(TestApp::new(engine).await);
        let ada = organisation(&app).await;
        let code = generated(&mut Browser::of(&app, &ada).await, &ada).await.remove(0);
        let mut tokens = Vec::new();
        for _ in 0..10 {
            tokens.push(ada.prove_password(&app).await);
        }
        let start = Arc::new(tokio::sync::Barrier::new(50));
        let mut submissions = JoinSet::new();
        for turn in 0..50 {
            let (app, start, code, token) =
                (Arc::clone(&app), Arc::clone(&start), code.clone(), tokens[turn % 10].clone());
            submissions.spawn(async move {
                start.wait().await;
                matches!(answer(&app, &token, &code).await, Step::SignedIn(_))
            });
        }
        let accepted = submissions.join_all().await.into_iter().filter(|accepted| *accepted).count();
        assert_eq!(accepted, 1, "on {engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_backup_codes_are_limited() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        generated(&mut Browser::of(&app, &ada).await, &ada).await;
        let token = ada.prove_password(&app).await;
        for slip in ["ABCD-EFGH", "ABCD-EFGH-IJKL-MNO9"] {
            assert!(matches!(answer(&app, &token, slip).await, Step::Refused(Refusal::Slip)));
        }
        for _ in 0..5 {
            assert!(matches!(answer(&app, &token, "AAAA-AAAA-AAAA-AAAA").await, Step::Refused(Refusal::WrongCode)));
        }
        assert!(matches!(answer(&app, &token, "AAAA-AAAA-AAAA-AAAA").await, Step::Refused(Refusal::TooMany(_, _))));
        // The app has limits of its own.
        app.world.advance_seconds(30);
        assert!(matches!(answer(&app, &token, ada.code(&app).expose()).await, Step::SignedIn(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_a_set_for_somebody_and_takes_it_back() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let path = format!("/recovery/api/v1/users/{}/backup-codes", desk.grace.id);
        app.get(&path, root).await.refused(404, "E0000007");
        let made = app.post(&path, root, &Value::Null).await.expect(201).json();
        assert_eq!((made["codes"].as_array().map(Vec::len), &made["remaining"]), (Some(10), &json!(10)));
        app.call(Method::DELETE, &path, root, &Value::Null).await.expect(204);
        app.call(Method::DELETE, &path, root, &Value::Null).await.refused(404, "E0000007");
        let plain = desk.staff.with("plain", &[]).await;
        for method in [Method::GET, Method::POST, Method::DELETE] {
            app.call(method, &path, &plain.token, &Value::Null).await.refused(403, "E0000006");
        }
        // No token makes a set for its own owner.
        app.post("/recovery/api/v1/users/me/backup-codes", root, &Value::Null).await.refused(403, "step_up_required");
        app.get("/recovery/api/v1/users/nobody/backup-codes", root).await.refused(404, "E0000007");
        // A reset takes them too.
        app.post(&path, root, &Value::Null).await.expect(201);
        let reset = format!("/api/v1/users/{}/lifecycle/reset_factors", desk.grace.id);
        app.post(&reset, root, &Value::Null).await.expect(200);
        app.get(&path, root).await.refused(404, "E0000007");
    }
}
