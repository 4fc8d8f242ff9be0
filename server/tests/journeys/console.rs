//! The console as a browser meets it: pages, forms, refusals.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_store::scratch;

use crate::app::{Answer, TestApp};

/// What a browser says of a form on one of our own pages.
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn open(app: &TestApp, path: &str) -> Answer {
    app.send(Request::get(path).body(Body::empty()).expect("a request")).await
}

async fn send(app: &TestApp, path: &str, (name, value): (&str, &str)) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header(name, value);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    app.send(request.body(Body::from("username=ida")).expect("a request")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn before_set_up_every_page_says_what_to_do() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let page = open(&app, "/admin/parts").await.expect(503).text();
        assert!(page.contains("set-up link") && page.contains("<h1"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_a_page_with_the_request_id() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let answer = open(&app, "/admin/nowhere").await.expect(404);
    let id = answer.headers["x-okta-request-id"].to_str().expect("ASCII").to_owned();
    assert!(answer.headers[header::CONTENT_TYPE].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text().contains(&id), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_another_site_changes_nothing_here() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "")] {
        let page = send(&app, "/signin", foreign).await.expect(403).text();
        assert!(page.contains("cross_origin"), "{page}");
    }
    assert_ne!(send(&app, "/signin", OURS).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_style_and_the_script_need_no_sign_in() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    assert!(open(&app, "/static/style.css").await.expect(200).text().contains("--accent"));
    assert!(open(&app, "/static/console.js").await.expect(200).text().contains("data-live"));
}
