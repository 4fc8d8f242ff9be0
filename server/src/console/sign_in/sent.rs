//! What a form of a sign-in brings along: every card of it has that, and hands it on to the next.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use postern_authn::audit;
use postern_authn::sign_in::Purpose;
use postern_codes::{Secret, mac};

use super::{Question, SignIn};
use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Notice, Tone};
use crate::console::problem::way_back;
use crate::console::words::say;
use crate::sign_in::Stage;
use crate::sign_in::view::View;

/// What every card of one sign-in has, and its forms bring along.
#[derive(Clone, Template)]
#[template(path = "console/parts/sign_in_card.html")]
pub struct Card {
    /// The organisation's name.
    pub org: String,
    /// Who said to be there; empty before.
    pub name: String,
    /// Which attempt this belongs to; empty before there is one.
    pub state_token: Secret<String>,
    /// Where to go afterwards.
    pub to: String,
}

impl HtmlSafe for Card {}

impl Card {
    /// The first one.
    pub fn new(org: impl Into<String>, to: &str) -> Self {
        let (name, state_token) = (String::new(), Secret::new(String::new()));
        Self { org: org.into(), name, state_token, to: way_back(to).to_owned() }
    }
}

/// A form that was sent. Its browser is known from here on, if it signs somebody in: under the token that it has, or a new
/// one.
pub(super) struct Sent {
    pub form: Form,
    pub client: audit::Client,
    /// The new one.
    pub fresh: Option<Secret<String>>,
    pub card: Card,
}

/// The same, of a sign-in that has begun.
pub(super) struct UnderWay(pub Sent);

impl FromRequest<Arc<App>> for Sent {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (mut parts, sent) = request.into_parts();
        let Client(mut client) = Client::from_request_parts(&mut parts, app).await.unwrap_or_default();
        let form = Form::from_request(Request::from_parts(parts, sent), app).await?;
        let fresh = client.browser.is_none().then(|| app.env().token());
        if let Some(token) = &fresh {
            client.browser = Some(mac::sha256(&[token.expose().as_bytes()]));
        }
        let (name, state_token) = (form.text("username").to_owned(), form.secret("stateToken"));
        let card = Card { name, state_token, ..Card::new(super::org_name(app).await?, form.text("to")) };
        Ok(Self { form, client, fresh, card })
    }
}

impl FromRequest<Arc<App>> for UnderWay {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let sent = Sent::from_request(request, app).await.map_err(ApiError::into_response)?;
        if sent.card.state_token.expose().is_empty() {
            return Err(page(SignIn::new(sent.card, Question::Name)));
        }
        Ok(Self(sent))
    }
}

impl Sent {
    /// The sign-in itself.
    pub async fn stage<'a>(&self, app: &'a App) -> Result<Stage<'a>, ApiError> {
        Stage::open_for(app, &self.client, &self.card.state_token, Purpose::Console).await
    }

    /// Where it stands; nothing, where it is over.
    pub async fn view(&self, app: &App) -> Result<Option<View>, ApiError> {
        let view = match self.stage(app).await {
            Ok(opened) => opened.view().await,
            Err(refused) => Err(refused),
        };
        match view {
            Ok(view) => Ok(Some(view)),
            Err(refused) if is_over(&refused) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    /// The card that says to begin again.
    pub fn over(self) -> Response {
        let notice = Notice::new(Tone::Danger, say("sign-in-start-again"), say("sign-in-start-again-next"));
        let first = SignIn::new(self.card, Question::Name);
        page_with(StatusCode::UNAUTHORIZED, SignIn { notice: Some(notice.with_code("expired")), ..first })
    }
}

/// Whether a refusal says that the sign-in is over, or stands elsewhere.
pub(super) fn is_over(refused: &ApiError) -> bool {
    refused.status == StatusCode::UNAUTHORIZED || refused.code == "E0000079"
}
