//! What holds for every route: unknown paths and methods, request ids, error bodies.

use axum::http::Method;
use postern_store::scratch;
use serde_json::Value;

use crate::app::TestApp;

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
