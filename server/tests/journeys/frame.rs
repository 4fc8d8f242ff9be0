//! What holds for every route: unknown paths and methods, request ids, error bodies.

use axum::http::Method;
use postern_server::jobs;
use postern_store::deliveries::Message;
use postern_store::scratch;
use serde_json::Value;

use crate::app::TestApp;
use crate::people;

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_body_with_code_and_id() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let answer = app.get("/nowhere", "").await;
        answer.refused(404, "E0000008");
        let body = answer.json();
        assert!(body["errorId"].as_str().is_some_and(|id| id.starts_with("oae")), "{body}");
        assert_eq!(body["errorCauses"], Value::Array(Vec::new()));
        assert!(answer.headers.contains_key("x-okta-request-id"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_have_two_ids() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let first = app.call(Method::GET, "/nowhere", "", &Value::Null).await;
    let second = app.call(Method::GET, "/nowhere", "", &Value::Null).await;
    assert_ne!(first.headers["x-okta-request-id"], second.headers["x-okta-request-id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_message_leaves_once_and_is_forgotten_after_a_month() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = people::organisation(&app).await;
        jobs::once(&app.app).await.expect("the jobs run");
        app.mails.take();
        let message = Message { subject: "A notice".to_owned(), text: "It was you.".to_owned() };
        let env = app.app.env();
        let queued = app.app.store.write(ada.org, |tx| tx.enqueue("ada@example.test", &message, &env)).await;
        queued.expect("it serves");
        for _ in 0..2 {
            jobs::once(&app.app).await.expect("the jobs run");
        }
        let mails = app.mails.take();
        assert_eq!(mails.len(), 1, "{engine:?}");
        assert!(mails[0].contains("Subject: A notice") && mails[0].contains("To: ada@example.test"), "{}", mails[0]);
        app.world.advance_seconds(31 * 86_400);
        let now = app.app.env().now;
        let swept = async || app.app.store.write(ada.org, |tx| tx.sweep(now)).await.expect("it serves");
        assert!(swept().await >= 1, "{engine:?}: the message goes");
        assert_eq!(swept().await, 0, "{engine:?}: nothing is left to go");
    }
}
