//! The way back to a lost password, to a first one, and out of a lock: by a one-time link, through a sign-in. To the public
//! every name is answered alike.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::factor::Channel;
use postern_authn::permission::right;
use postern_authn::sign_in::{Recovering, Wishes};
use postern_codes::Secret;
use serde::Deserialize;

use super::call::Call;
use super::shown::{self, Extra};
use super::steps::{Named, blank};
use super::{RELAY_STATE, after, answer};
use crate::App;
use crate::account::lost;
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, Delivery};
use crate::app::to_the_end;
use crate::sign_in::{Stage, Step, recovery, recovery_code};

/// The routes.
pub fn routes() -> Routes {
    let open = Access::Anyone;
    Routes::new()
        .post("/api/v1/authn/credentials/reset_password", open, reset_password)
        .post("/api/v1/authn/recovery/answer", open, answer_question)
        .post("/api/v1/authn/recovery/password", open, async |State(app), call| {
            lost(app, call, Recovering::Password).await
        })
        .post("/api/v1/authn/recovery/token", open, by_token)
        .post("/api/v1/authn/recovery/unlock", open, async |State(app), call| lost(app, call, Recovering::Unlock).await)
}

/// Who is to come back, and by what way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lost {
    username: Option<String>,
    factor_type: Option<String>,
    relay_state: Option<String>,
}

async fn lost(app: Arc<App>, call: Call<Lost>, recovering: Recovering) -> Result<Response, ApiError> {
    let Lost { username, factor_type, relay_state } = call.body;
    let relay_state = short(relay_state)?;
    let name = username.filter(|name| !name.trim().is_empty()).ok_or_else(|| blank("username"))?;
    let way = factor_type.filter(|way| !way.is_empty()).map(|way| way.to_uppercase().parse::<Channel>());
    let way =
        way.transpose().map_err(|()| ApiError::validation("factorType", ["factorType: is one of EMAIL, SMS, CALL"]))?;
    let client = call.client;
    to_the_end(async move {
        let Some(way) = way else {
            // A program of the organisation's own hands the link on by itself.
            let program = call.program.ok_or_else(|| blank("factorType"))?;
            let made = match recovering {
                Recovering::Activation | Recovering::Password => {
                    let by = program.require::<right::UsersResetPassword>(&app).await?;
                    users::forgot(&app, &by, name.trim(), Delivery::Shown).await
                }
                Recovering::Unlock => {
                    let by = program.require::<right::UsersUnlock>(&app).await?;
                    users::unlock_link(&app, &by, name.trim()).await.map(Some)
                }
            };
            let link = made.map_err(to_program)?.ok_or_else(unknown)?;
            let token = (recovering, &link.token);
            return Ok(answer(shown::recovery_token(&app, token, relay_state.as_deref())));
        };
        let org = app.org().await?;
        if !app.store.read(org, |tx| lost::is_offered(tx, recovering, way)).await? {
            return Err(lost::refused(recovering));
        }
        if way != Channel::Email {
            let wishes = Wishes { relay_state, is_trusted: call.program.is_some(), ..Wishes::default() };
            let (to, how) = (((recovering, way), name.as_str()), (wishes, call.program));
            let begun = match recovering {
                Recovering::Activation | Recovering::Password => {
                    recovery_code::begin::<right::UsersResetPassword>(&app, &client, to, how).await
                }
                Recovering::Unlock => recovery_code::begin::<right::UsersUnlock>(&app, &client, to, how).await,
            };
            let token = begun.map_err(to_program)?;
            return after(&app, &client, &token, (Step::Stands, Extra::default())).await;
        }
        match lost::mail(&app, &client, (recovering, &name)).await? {
            Ok(()) => Ok(answer(shown::link_sent(recovering, relay_state.as_deref()))),
            Err((limit, at)) => Err(ApiError::too_many(limit.message(), at)),
        }
    })
    .await
}

/// What a program is told of a name that nobody has.
fn to_program(refused: ApiError) -> ApiError {
    if refused.status == StatusCode::NOT_FOUND { unknown() } else { refused }
}

fn unknown() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000095", "Recovery not allowed for unknown user.")
}

/// What a program wants back, where it is no longer than may be.
pub(super) fn short(relay_state: Option<String>) -> Result<Option<String>, ApiError> {
    match relay_state {
        Some(text) if text.chars().count() > RELAY_STATE => {
            Err(ApiError::validation("relayState", ["relayState: must have at most 2048 characters"]))
        }
        other => Ok(other),
    }
}

/// A one-time link's token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    recovery_token: Option<Secret<String>>,
    relay_state: Option<String>,
}

async fn by_token(State(app): State<Arc<App>>, call: Call<Shown>) -> Result<Response, ApiError> {
    let Shown { recovery_token, relay_state } = call.body;
    let shown = recovery_token.ok_or_else(|| blank("recoveryToken"))?;
    let wishes = Wishes { relay_state: short(relay_state)?, ..Wishes::default() };
    let client = call.client;
    to_the_end(async move {
        let any = &[Recovering::Password, Recovering::Unlock][..];
        let (token, step) = recovery::begin(&app, &client, (any, &shown), wishes).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody {
    state_token: Option<Secret<String>>,
    answer: Option<Secret<String>>,
}

async fn answer_question(State(app): State<Arc<App>>, call: Call<AnswerBody>) -> Result<Response, ApiError> {
    let AnswerBody { state_token, answer } = call.body;
    let token = Named { state_token }.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        let step = stage.answer_question(answer.ok_or_else(|| blank("answer"))?).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewBody {
    state_token: Option<Secret<String>>,
    new_password: Option<Secret<String>>,
}

/// Every session ends, whatever is said of that: whoever had the lost password may have them.
async fn reset_password(State(app): State<Arc<App>>, call: Call<NewBody>) -> Result<Response, ApiError> {
    let NewBody { state_token, new_password } = call.body;
    let token = Named { state_token }.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        let step = stage.reset_password(new_password.ok_or_else(|| blank("newPassword"))?).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}
