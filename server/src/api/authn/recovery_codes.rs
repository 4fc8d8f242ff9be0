//! The way back by a code that a telephone gets, over HTTP: it is answered, and sent anew.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use postern_authn::factor::Channel;
use postern_codes::Secret;
use serde::Deserialize;

use super::after;
use super::call::Call;
use super::shown::Extra;
use super::steps::{Named, blank};
use crate::App;
use crate::api::error::ApiError;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::sign_in::{Stage, Step};

/// The routes, by way.
pub fn routes() -> Routes {
    let open = Access::Anyone;
    let (call, sms) = (Channel::Call, Channel::Sms);
    Routes::new()
        .post("/api/v1/authn/recovery/factors/call/resend", open, async move |State(app), sent| {
            resend(app, sent, call).await
        })
        .post("/api/v1/authn/recovery/factors/call/verify", open, async move |State(app), sent| {
            verify(app, sent, call).await
        })
        .post("/api/v1/authn/recovery/factors/sms/resend", open, async move |State(app), sent| {
            resend(app, sent, sms).await
        })
        .post("/api/v1/authn/recovery/factors/sms/verify", open, async move |State(app), sent| {
            verify(app, sent, sms).await
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    state_token: Option<Secret<String>>,
    pass_code: Option<Secret<String>>,
}

async fn verify(app: Arc<App>, call: Call<Typed>, by: Channel) -> Result<Response, ApiError> {
    let Typed { state_token, pass_code } = call.body;
    let token = Named { state_token }.token()?;
    let client = call.client;
    to_the_end(async move {
        let stage = Stage::open(&app, &client, &token).await?;
        let typed = pass_code.filter(|typed| !typed.expose().is_empty()).ok_or_else(|| blank("passCode"))?;
        let step = stage.answer_code(by, typed).await?;
        after(&app, &client, &token, (step, Extra::default())).await
    })
    .await
}

async fn resend(app: Arc<App>, call: Call<Named>, by: Channel) -> Result<Response, ApiError> {
    let token = call.body.token()?;
    let client = call.client;
    to_the_end(async move {
        Stage::open(&app, &client, &token).await?.resend_code(by).await?;
        after(&app, &client, &token, (Step::Stands, Extra::default())).await
    })
    .await
}
