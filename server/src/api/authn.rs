//! The Authentication API: a program, or a page of one, leads somebody through a sign-in, a step a call, and ends with the
//! right to open one session. What is done is in [`sign_in`]; here requests become steps, and where the
//! sign-in stands becomes a transaction with links to what can be done next.

mod call;
mod cookie_redirect;
mod recovery;
mod recovery_codes;
mod shown;
mod steps;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::audit::Client;
use postern_authn::factor::Channel;
use postern_authn::permission::right;
use postern_authn::sign_in::{Purpose, Recovering, Wishes};
use postern_codes::{Secret, mac};
use serde::Deserialize;
use serde_json::Value;

use crate::App;
use crate::account::lost;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::sign_in::{self, Question, Refusal, Reply, Stage, Step, check};
use call::Call;
use shown::Extra;

/// Most characters of what a program wants back.
const RELAY_STATE: usize = 2048;
/// Most characters of what somebody steps up for.
const AUDIENCE: usize = 255;
/// Most characters of a device's token.
const DEVICE_TOKEN: usize = 32;

/// The routes of signing in by a program.
pub fn routes() -> Routes {
    let open = Access::Anyone;
    Routes::new()
        .post("/api/v1/authn", open, begin)
        .merge(recovery::routes())
        .merge(recovery_codes::routes())
        .merge(steps::routes())
        .merge(cookie_redirect::routes())
}

/// How somebody begins, or looks where it stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beginning {
    username: Option<String>,
    password: Option<Secret<String>>,
    state_token: Option<Secret<String>>,
    token: Option<Secret<String>>,
    relay_state: Option<String>,
    audience: Option<String>,
    options: Option<Options>,
    context: Option<Context>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    multi_optional_factor_enroll: bool,
    warn_before_password_expired: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    device_token: Option<String>,
}

impl Beginning {
    /// The same, in which what is blank is not there.
    fn without_blanks(self) -> Self {
        let said = |text: &String| !text.trim().is_empty();
        Self {
            username: self.username.filter(said),
            password: self.password.filter(|password| !password.expose().is_empty()),
            audience: self.audience.filter(said),
            ..self
        }
    }
}

async fn begin(State(app): State<Arc<App>>, mut call: Call<Beginning>) -> Result<Response, ApiError> {
    to_the_end(async move {
        call.body = call.body.without_blanks();
        if let Some(token) = call.body.state_token.take() {
            return resume(&app, call, &token).await;
        }
        let wishes = wishes(&call)?;
        if let Some(shown) = call.body.token {
            let link = (&[Recovering::Activation][..], &shown);
            let begun = sign_in::recovery::begin(&app, &call.client, link, wishes).await;
            let (token, step) = begun.map_err(|refused| match refused.status {
                StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => not_authenticated(),
                _ => refused,
            })?;
            return after(&app, &call.client, &token, (step, Extra::default())).await;
        }
        if let (Some(program), Some(_)) = (call.program, &wishes.audience) {
            let token = step_up(&app, program, call.body.username.as_deref(), wishes).await?;
            return after(&app, &call.client, &token, (Step::Stands, Extra::default())).await;
        }
        let Some(name) = call.body.username else {
            return Err(ApiError::validation("username", ["username: The field cannot be left blank"]));
        };
        let mut client = call.client;
        client.browser = wishes.device.or(client.browser);
        let relay_state = wishes.relay_state.clone();
        let (token, asked) = sign_in::begin_for(&app, &client, &name, (Purpose::Api, wishes)).await?;
        proved(&app, &client, (&token, relay_state.as_deref()), (&asked, call.body.password)).await
    })
    .await
}

/// Looks where a transaction stands; or somebody says who they are, where it was begun for nobody.
async fn resume(app: &App, call: Call<Beginning>, token: &Secret<String>) -> Result<Response, ApiError> {
    let opened = Stage::open(app, &call.client, token).await?;
    let Some(name) = call.body.username else {
        let view = opened.view().await?;
        return Ok(answer(shown::transaction(app, token, &view, &Extra::default())));
    };
    let asked = opened.say_name(token, &name).await?;
    proved(app, &call.client, (token, None), (&asked, call.body.password)).await
}

/// A program of the organisation's own has somebody step up; by whom, it says or leaves to its sign-in page.
async fn step_up(app: &App, program: Caller, name: Option<&str>, wishes: Wishes) -> Result<Secret<String>, ApiError> {
    let by = program.require::<right::UsersCredentials>(app).await?;
    let token = match name {
        Some(name) => check::begin(app, &by, name, wishes).await,
        None => check::begin_unnamed(app, &by, wishes).await,
    };
    // As at a sign-in: whom the program cannot see is nobody.
    token.map_err(|refused| match refused.status {
        StatusCode::NOT_FOUND => not_authenticated(),
        _ => refused,
    })
}

/// The answer once somebody said who they are, and proved it where they gave their password at once.
async fn proved(
    app: &App,
    client: &Client,
    (token, relay_state): (&Secret<String>, Option<&str>),
    (asked, password): (&Question, Option<Secret<String>>),
) -> Result<Response, ApiError> {
    // Where something else is asked for first, no password is looked at before it, whoever sends one.
    let step = match password.filter(|_| asked.is_password()) {
        Some(password) => Stage::open(app, client, token).await?.answer(Reply::Password(password)).await?,
        None => Step::Stands,
    };
    match step {
        Step::Refused(Refusal::Locked(_)) => locked_out(app, relay_state).await,
        step => after(app, client, token, (step, Extra::default())).await,
    }
}

/// Somebody whose policy says openly that they are locked out.
async fn locked_out(app: &App, relay_state: Option<&str>) -> Result<Response, ApiError> {
    let org = app.org().await?;
    let may_unlock = app.store.read(org, |tx| lost::is_offered(tx, Recovering::Unlock, Channel::Email)).await?;
    Ok(answer(shown::locked_out(app, may_unlock, relay_state)))
}

/// What was asked for. What a device is known by, and that it is to be remembered, is believed of a program of the
/// organisation's own alone.
fn wishes(call: &Call<Beginning>) -> Result<Wishes, ApiError> {
    let body = &call.body;
    if body.audience.as_ref().is_some_and(|audience| audience.chars().count() > AUDIENCE) {
        return Err(ApiError::validation("audience", ["audience: must have at most 255 characters"]));
    }
    let relay_state = recovery::short(body.relay_state.clone())?;
    let device_token = body.context.as_ref().and_then(|context| context.device_token.as_deref());
    if device_token.is_some_and(|token| token.chars().count() > DEVICE_TOKEN) {
        return Err(ApiError::validation("deviceToken", ["context.deviceToken: must have at most 32 characters"]));
    }
    let token = device_token.filter(|token| !token.is_empty());
    let device = token.map(|token| ("token", token)).or_else(|| call.fingerprint().map(|print| ("print", print)));
    let device = device.map(|(kind, text)| mac::sha256(&[b"device ", kind.as_bytes(), b" ", text.as_bytes()]));
    let options = body.options.unwrap_or_default();
    Ok(Wishes {
        // With a password it is a sign-in like any other.
        audience: body
            .audience
            .clone()
            .filter(|_| call.is_trusted() && body.password.is_none() && body.token.is_none()),
        relay_state,
        warns_of_expiry: options.warn_before_password_expired,
        offers_optional: options.multi_optional_factor_enroll,
        is_trusted: call.is_trusted(),
        remembers: false,
        device: device.filter(|_| call.is_trusted()),
    })
}

/// The answer after a step: where it stands now, or what it ended with.
async fn after(
    app: &App,
    client: &Client,
    token: &Secret<String>,
    (step, extra): (Step, Extra),
) -> Result<Response, ApiError> {
    match step {
        Step::Stands => {
            let view = Stage::open(app, client, token).await?.view().await?;
            Ok(answer(shown::transaction(app, token, &view, &extra)))
        }
        Step::Checked(checked) => Ok(answer(shown::checked(&checked))),
        Step::Granted(granted) => Ok(answer(shown::success(&granted))),
        Step::Recovered(recovered) => Ok(answer(shown::recovered(&recovered))),
        Step::Refused(refusal) => Err(refused(&refusal)),
        // A sign-in of this purpose ends in none of these.
        Step::Asked(_) | Step::Expired(_) | Step::SignedIn(_) => Err(sign_in::choice::wrong_state()),
    }
}

/// What was refused, in the API's words; why nobody comes in is not said.
fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::Locked(_) | Refusal::NothingEnrolled | Refusal::PhoneTwice | Refusal::WrongNameOrPassword => {
            not_authenticated()
        }
        Refusal::Slip | Refusal::WrongCode | Refusal::WrongPasskey => shown::wrong_code(),
        Refusal::StartAgain => sign_in::choice::wrong_state(),
        Refusal::TooMany(limit, at) => ApiError::too_many(limit.message(), *at),
    }
}

fn not_authenticated() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "E0000004", "Authentication failed")
}

/// Tokens are in it: nobody keeps it.
fn answer(transaction: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(transaction)).into_response()
}
