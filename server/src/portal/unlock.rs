//! The end of a lock by a one-time link: one press, and the recovery question where the policy has it asked. To open the page
//! uses nothing up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::audit;
use postern_authn::user::User;
use postern_codes::Secret;
use postern_store::links::LinkPurpose;

use super::org_name;
use crate::account::{self, lost};
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind};
use crate::{App, say};

/// What the page knows.
pub enum Stage {
    /// The link works: whose lock it is, where the form goes, and what is asked.
    Asked {
        /// The name to sign in with.
        login: String,
        /// The link itself.
        action: String,
        /// `answer`, labelled by the question.
        question: Option<Field>,
    },
    /// The lock is over, of this name.
    Done(String),
    /// The link does not work.
    Over,
}

/// The page.
#[derive(Template)]
#[template(path = "portal/unlock.html")]
pub struct Unlock {
    /// The organisation's name.
    pub org: String,
    /// What it knows.
    pub stage: Stage,
}

/// `/unlock/LINK`.
pub(super) fn routes() -> Routes {
    Routes::new().get("/unlock/{token}", Access::Anyone, ask).post("/unlock/{token}", Access::Anyone, answer)
}

async fn ask(State(app): State<Arc<App>>, Path(link): Path<String>) -> Result<Response, ApiError> {
    let org = org_name(&app).await?;
    let Some(person) = account::look(&app, LinkPurpose::Unlock, &Secret::new(link.clone())).await? else {
        return Ok(over(org));
    };
    Ok(page(Unlock { org, stage: asked(&app, &person, &link).await? }))
}

async fn answer(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Client(client): Client,
    form: Form,
) -> Result<Response, ApiError> {
    to_the_end(unlock(app, link, client, form.secret("answer"))).await
}

async fn unlock(
    app: Arc<App>,
    link: String,
    client: audit::Client,
    answer: Secret<String>,
) -> Result<Response, ApiError> {
    let org = org_name(&app).await?;
    match lost::unlock(&app, &client, &Secret::new(link.clone()), &answer).await? {
        lost::Unlocked::Done(person) => Ok(page(Unlock { org, stage: Stage::Done(person.login.to_string()) })),
        lost::Unlocked::LinkOver => Ok(over(org)),
        lost::Unlocked::WrongAnswer(person) => {
            let mut stage = asked(&app, &person, &link).await?;
            if let Stage::Asked { question, .. } = &mut stage {
                *question = question.take().map(|field| field.refused(say("unlock-wrong")));
            }
            Ok(page_with(StatusCode::BAD_REQUEST, Unlock { org, stage }))
        }
    }
}

async fn asked(app: &App, person: &User, link: &str) -> Result<Stage, ApiError> {
    let question = account::question(app, person, LinkPurpose::Unlock).await?;
    let question = question.map(|question| Field::new("answer", question, Kind::Text).first());
    let action = format!("{}/{link}", account::page(LinkPurpose::Unlock));
    Ok(Stage::Asked { login: person.login.to_string(), action, question })
}

fn over(org: String) -> Response {
    page_with(StatusCode::NOT_FOUND, Unlock { org, stage: Stage::Over })
}
