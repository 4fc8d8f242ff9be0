//! A server for tests: the real router on a scratch database, a test clock, mail kept in memory.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use lettre::Message as Mail;
use postern_codes::env::{TestWorld, World};
use postern_server::App;
use postern_server::config::Config;
use postern_server::delivery::{Sender, Sent, Telephoned};
use postern_store::migrate::Engine;
use postern_store::scratch::{self, Scratch};
use serde_json::Value;
use tower::ServiceExt as _;

/// A running server and its surroundings.
pub struct TestApp {
    pub app: Arc<App>,
    pub world: Arc<TestWorld>,
    pub mails: Arc<Outbox>,
    pub scratch: Scratch,
    router: Router,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

/// Mail that was sent, as text.
#[derive(Default)]
pub struct Outbox(Mutex<Vec<String>>);

impl TestApp {
    /// A server without an organisation.
    pub async fn new(engine: Engine) -> Self {
        Self::configured(engine, Config::default()).await
    }

    /// The same, with this `postern.toml`.
    pub async fn configured(engine: Engine, config: Config) -> Self {
        let scratch = scratch::store(engine).await;
        let world = TestWorld::new();
        let mails = Arc::new(Outbox::default());
        let app = App::new(
            scratch.store.clone(),
            Arc::clone(&world) as Arc<dyn World>,
            config,
            Arc::clone(&mails) as Arc<dyn Sender>,
        );
        let app = Arc::new(app);
        Self { router: postern_server::app::router(Arc::clone(&app)), app, world, mails, scratch }
    }

    /// Another server on the same database, with the same clock.
    pub fn second_server(&self) -> Router {
        let app = App::new(
            self.scratch.store.clone(),
            Arc::clone(&self.world) as Arc<dyn World>,
            self.app.config.clone(),
            Arc::clone(&self.mails) as Arc<dyn Sender>,
        );
        postern_server::app::router(Arc::new(app))
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(&self.router, request).await
    }
    /// A call of the API with an API token, or with none where it is empty; `Null` is no body.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("SSWS {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.header(header::CONTENT_TYPE, "application/json").body(body).expect("a request")).await
    }

    /// A GET with an API token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, &Value::Null).await
    }

    /// A POST with an API token.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, token, body).await
    }
}

impl Answer {
    /// What a server answers.
    pub async fn of(router: &Router, request: Request<Body>) -> Self {
        let response = router.clone().oneshot(request).await.expect("the router answers every request");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("the answer is whole").to_vec();
        Self { status: parts.status, headers: parts.headers, bytes }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("no JSON ({error}) in {} {}", self.status, String::from_utf8_lossy(&self.bytes))
        })
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body, where the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Checks status and error code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.json()["errorCode"].as_str()), (status, Some(code)), "{}", self.text());
    }
}

impl Outbox {
    /// Takes what was sent so far.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no test panicked while it held the lock"))
    }
}

impl Sender for Outbox {
    fn send(&self, mail: Mail) -> Sent<'_> {
        let text = String::from_utf8_lossy(&mail.formatted()).into_owned();
        self.0.lock().expect("no test panicked while it held the lock").push(text);
        Box::pin(async { Ok(()) })
    }

    fn telephone(&self, message: Telephoned) -> Sent<'_> {
        let Telephoned { channel, number, extension, text, .. } = message;
        let text = format!("{} {number},{extension}\n{}", channel.as_str(), text.expose());
        self.0.lock().expect("no test panicked while it held the lock").push(text);
        Box::pin(async { Ok(()) })
    }
}
