//! The guide page: what it is made of, and what it asks for. It stands in front of the server on the same address; only
//! a page of this address may make it do something.

use std::sync::{Arc, OnceLock};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use postern_server::console::assets::STYLE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::stage::Stage;
use super::story::Step;
use super::{fraud, record};

const PAGE: &str = include_str!("../../guide/index.html");
const GUIDE_STYLE: &str = include_str!("../../guide/guide.css");
const SCRIPT: &str = include_str!("../../guide/guide.js");
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The stage, once it is set.
pub type Curtain = Arc<OnceLock<Arc<Stage>>>;

/// The guide's routes; until the stage is set they answer that it will be.
pub fn routes(curtain: Curtain, port: u16) -> Router {
    Router::new()
        .route("/", get(async || text("text/html; charset=utf-8", PAGE)))
        .route("/style.css", get(async || text("text/css; charset=utf-8", STYLE)))
        .route("/guide.css", get(async || text("text/css; charset=utf-8", GUIDE_STYLE)))
        .route("/guide.js", get(async || text("text/javascript; charset=utf-8", SCRIPT)))
        .route("/state", get(state))
        .route("/cable", post(cable))
        .route("/screen", get(async |On(stage): On| Json(stage.monitor.view())))
        .route("/screen/start", post(wake))
        .route("/screen/answer", post(answer))
        .route("/record", get(grown_record))
        .route("/impostor", post(impostor))
        .route("/help-desk/sign-in", post(sign_in))
        .route("/help-desk/computer", get(computer))
        .layer(from_fn_with_state(port, own_pages_only))
        .with_state(curtain)
}

fn text(kind: &'static str, body: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body)
}

/// Another site must not reach the guide through a visitor's browser: neither under a name of its own nor by a form.
async fn own_pages_only(State(port): State<u16>, request: Request, next: Next) -> Response {
    if is_from_own_page(&request, port) {
        return next.run(request).await;
    }
    trouble(StatusCode::FORBIDDEN, "the guide is served to its own page only")
}

fn is_from_own_page(request: &Request, port: u16) -> bool {
    let own = [format!("localhost:{port}"), format!("127.0.0.1:{port}")];
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_own_host = header(header::HOST).is_some_and(|host| own.iter().any(|own| own == host));
    let origin = header(header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    let is_own_page = header(header::ORIGIN).is_none() || origin.is_some_and(|host| own.iter().any(|own| own == host));
    is_own_host && is_own_page
}

fn trouble(status: StatusCode, sentence: &str) -> Response {
    (status, Json(json!({ "error": sentence }))).into_response()
}

/// The stage, where it is set.
struct On(Arc<Stage>);

impl axum::extract::FromRequestParts<Curtain> for On {
    type Rejection = Response;

    async fn from_request_parts(_: &mut axum::http::request::Parts, curtain: &Curtain) -> Result<Self, Response> {
        let set = curtain.get().map(|stage| Self(Arc::clone(stage)));
        set.ok_or_else(|| trouble(StatusCode::SERVICE_UNAVAILABLE, "The demo is being set up; it takes a few seconds."))
    }
}

/// What does not work is told to the visitor.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        trouble(StatusCode::INTERNAL_SERVER_ERROR, &format!("{:#}", self.0))
    }
}

async fn state(On(stage): On) -> Result<Json<Value>, Failed> {
    let (code, seconds_left) = stage.phone.shown(stage.world());
    let facts = &stage.facts;
    Ok(Json(json!({
        "steps": stage.story.steps(),
        "codes": { "helpDesk": { "code": code.expose(), "secondsLeft": seconds_left } },
        "links": { "console": "/admin", "device": "/help-desk/computer" },
        "cable": { "pulled": stage.cable.is_pulled() },
        "device": {
            "name": super::computer::NAME, "make": super::computer::MAKE, "model": super::computer::MODEL,
            "serialNumber": facts.device.serial_number,
        },
        "person": {
            "name": super::cast::GRACE.name(), "login": facts.person.account(), "password": facts.person.password.expose(),
        },
        "helpDesk": { "name": super::cast::HELP_DESK.name(), "login": facts.help_desk.person.login },
        "duration": stage.duration,
    })))
}

#[derive(Deserialize)]
struct CableCommand {
    pulled: bool,
}

async fn cable(On(stage): On, Json(command): Json<CableCommand>) -> Json<Value> {
    stage.cable.set_pulled(command.pulled);
    Json(json!({ "pulled": stage.cable.is_pulled() }))
}

async fn wake(On(stage): On) -> Response {
    stage.story.note(Step::Wake);
    let (story, cable) = (Arc::clone(&stage.story), stage.cable.clone());
    Json(stage.monitor.wake(move |by| story.opened(by, cable.is_pulled())).await).into_response()
}

#[derive(Deserialize)]
struct Typed {
    text: String,
}

async fn answer(On(stage): On, Json(typed): Json<Typed>) -> Response {
    Json(stage.monitor.enter(typed.text).await).into_response()
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: String,
}

async fn grown_record(On(stage): On, Query(from): Query<After>) -> Result<Json<Value>, Failed> {
    let grown = {
        let stage = Arc::clone(&stage);
        let after = if from.after.is_empty() { stage.record_from.clone() } else { from.after };
        tokio::task::spawn_blocking(move || record::after(&stage.administrator, &after)).await??
    };
    if grown.has_issued_pin() {
        stage.story.note(Step::Pin);
    }
    Ok(Json(serde_json::to_value(grown)?))
}

async fn impostor(On(stage): On) -> Result<Json<Value>, Failed> {
    let scenes = tokio::task::spawn_blocking(move || fraud::all(&stage)).await??;
    Ok(Json(json!({ "scenes": scenes })))
}

async fn sign_in(On(stage): On) -> Result<Response, Failed> {
    let cookie = {
        let stage = Arc::clone(&stage);
        tokio::task::spawn_blocking(move || stage.sign_in_as_help_desk()).await??
    };
    stage.story.note(Step::SignIn);
    let headers = [(header::SET_COOKIE, HeaderValue::from_str(cookie.expose())?)];
    Ok((headers, Json(json!({ "href": "/admin" }))).into_response())
}

async fn computer(On(stage): On) -> Redirect {
    stage.story.note(Step::Find);
    Redirect::to(&format!("/admin/devices/{}", stage.facts.device.id))
}
