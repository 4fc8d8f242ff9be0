//! The steps of a sign-in over HTTP: each names its transaction by `stateToken`, and answers with where it stands then.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use postern_authn::factor::{Answer, Kind, question};
use postern_authn::sign_in::Place;
use postern_codes::Secret;
use postern_codes::id::Factor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::shown::{self, Extra};
use super::{after, answer, locked_out};
use crate::App;
use crate::api::body;
use crate::api::error::ApiError;
use crate::api::factors::http::{FactorBody, origin, reply, sending};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::factors::Reply;
use crate::sign_in::choice::{Chosen, wrong_state};
use crate::sign_in::new_password::Change;
use crate::sign_in::{self, Refusal, Stage, Step};

/// The routes of the steps.
pub fn routes() -> Routes {
    let open = Access::Anyone;
    Routes::new()
        .post("/api/v1/authn/cancel", open, cancel)
        .post("/api/v1/authn/credentials/change_password", open, change_password)
        .post("/api/v1/authn/factors", open, enrol)
        .get("/api/v1/authn/factors/questions", open, async || {
            Json(question::QUESTIONS.iter().map(shown::question).collect::<Vec<Value>>())
        })
        .post("/api/v1/authn/factors/{factor}/lifecycle/activate", open, activate)
        .post("/api/v1/authn/factors/{factor}/lifecycle/resend", open, resend_enrolment)
        .post("/api/v1/authn/factors/{factor}/verify", open, verify)
        .post("/api/v1/authn/factors/{factor}/verify/resend", open, resend)
        .post("/api/v1/authn/previous", open, previous)
        .post("/api/v1/authn/skip", open, skip)
}

/// What every step names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub state_token: Option<Secret<String>>,
}

impl Named {
    /// The transaction's token.
    pub(super) fn token(self) -> Result<Secret<String>, ApiError> {
        self.state_token.ok_or_else(|| blank("stateToken"))
    }
}

pub(super) fn blank(member: &str) -> ApiError {
    ApiError::validation(member, [format!("{member}: The field cannot be left blank")])
}

async fn verify(
    State(app): State<Arc<App>>,
    Path(which): Path<String>,
    call: Call<Named>,
) -> Result<Response, ApiError> {
    let reply = reply_or_password(&call.bytes)?;
    let (sending, origin) = (sending(&call.query, &call.headers)?, origin(&call.headers));
    let remembers = call.query.get("rememberDevice")?.unwrap_or(false);
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?.remembering(remembers);
        let done = match (Chosen::read(&which), reply) {
            (Chosen::Password, Some(Reply::Typed(password))) => {
                let relay_state = stage.asking().wishes().relay_state.clone();
                match stage.answer(sign_in::Reply::Password(password)).await? {
                    Step::Refused(Refusal::Locked(_)) => return locked_out(&app, relay_state.as_deref()).await,
                    step => (step, Extra::default()),
                }
            }
            (Chosen::Kind(Kind::WebAuthn), None) => {
                let asked = stage.challenge_keys(origin.as_deref()).await?;
                (Step::Stands, Extra::asked(asked))
            }
            (Chosen::Kind(Kind::WebAuthn), Some(reply)) => (stage.answer_keys(reply).await?, Extra::default()),
            // Whatever the person types codes of.
            (Chosen::Kind(Kind::Totp), Some(Reply::Typed(code))) => {
                if stage.asking().wanted().is_none() {
                    return Err(wrong_state());
                }
                let code = sign_in::Reply::Factor(Answer::Code(code));
                (stage.answer(code).await?, Extra::default())
            }
            (Chosen::Factor(which), None) => {
                let asked = stage.challenge(&which, (sending, origin.as_deref())).await?;
                (Step::Stands, Extra::asked(asked))
            }
            (Chosen::Factor(which), Some(reply)) => (stage.answer_with(&which, reply).await?, Extra::default()),
            (Chosen::Password | Chosen::Kind(Kind::Totp), None) => return Err(blank("passCode")),
            (Chosen::Password | Chosen::Kind(_), _) => return Err(ApiError::not_found::<Factor>(&which)),
        };
        after(&app, &client, &token, done).await
    })
    .await
}

/// What was answered; a password is one of what may be.
fn reply_or_password(bytes: &[u8]) -> Result<Option<Reply>, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        password: Option<Secret<String>>,
    }
    let password = body::parse::<Body>(bytes)?.password.filter(|password| !password.expose().is_empty());
    match password {
        Some(password) => Ok(Some(Reply::Typed(password))),
        None => reply(bytes),
    }
}

async fn resend(
    State(app): State<Arc<App>>,
    Path(which): Path<String>,
    call: Call<Named>,
) -> Result<Response, ApiError> {
    let sending = sending(&call.query, &call.headers)?;
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        Stage::open(&app, &client, &token).await?.resend(&which, sending).await?;
        after(&app, &client, &token, (Step::Stands, Extra::default())).await
    })
    .await
}

async fn previous(State(app): State<Arc<App>>, call: Call<Named>) -> Result<Response, ApiError> {
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        Stage::open(&app, &client, &token).await?.back().await?;
        after(&app, &client, &token, (Step::Stands, Extra::default())).await
    })
    .await
}

async fn skip(State(app): State<Arc<App>>, call: Call<Named>) -> Result<Response, ApiError> {
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        let step = Stage::open(&app, &client, &token).await?.skip().await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}

async fn cancel(State(app): State<Arc<App>>, call: Call<Named>) -> Result<Response, ApiError> {
    let token = call.body.token()?;
    let relay_state = Stage::open(&app, &call.client, &token).await?.cancel().await?;
    Ok(answer(relay_state.map_or_else(|| json!({}), |relay_state| json!({ "relayState": relay_state }))))
}

async fn enrol(State(app): State<Arc<App>>, call: Call<FactorBody>) -> Result<Response, ApiError> {
    let token = body::parse::<Named>(&call.bytes)?.token()?;
    let (sending, origin) = (sending(&call.query, &call.headers)?, origin(&call.headers));
    let updates_phone = call.query.get("updatePhone")?.unwrap_or(false);
    let asked = call.body.parse();
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        let mut asked = asked?;
        (asked.sending, asked.origin, asked.updates_phone) = (sending, origin, updates_phone);
        let (step, begun) = stage.enrol(asked).await?;
        after(&app, &client, &token, (step, Extra::begun(begun))).await
    })
    .await
}

async fn activate(
    State(app): State<Arc<App>>,
    Path(which): Path<String>,
    call: Call<Named>,
) -> Result<Response, ApiError> {
    let reply = reply(&call.bytes)?;
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        let reply = reply.ok_or_else(|| blank("passCode"))?;
        let step = stage.activate(&which, reply).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}

async fn resend_enrolment(
    State(app): State<Arc<App>>,
    Path(which): Path<String>,
    call: Call<Named>,
) -> Result<Response, ApiError> {
    let sending = sending(&call.query, &call.headers)?;
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        Stage::open(&app, &client, &token).await?.resend_enrolment(&which, sending).await?;
        after(&app, &client, &token, (Step::Stands, Extra::default())).await
    })
    .await
}

/// A password in place of another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeBody {
    state_token: Option<Secret<String>>,
    old_password: Option<Secret<String>>,
    new_password: Option<Secret<String>>,
    #[serde(default)]
    revoke_sessions: bool,
}

async fn change_password(State(app): State<Arc<App>>, call: Call<ChangeBody>) -> Result<Response, ApiError> {
    let ChangeBody { state_token, old_password, new_password, revoke_sessions } = call.body;
    let token = Named { state_token }.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        if !matches!(stage.asking().place(), Place::PasswordExpired | Place::PasswordWarn) {
            return Err(wrong_state());
        }
        let old = old_password.ok_or_else(|| blank("oldPassword"))?;
        let new = new_password.ok_or_else(|| blank("newPassword"))?;
        let step = stage.change_password(Change { old, new, revokes_sessions: revoke_sessions }).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}
