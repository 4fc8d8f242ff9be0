//! Another way to prove that it is you, once something was proved: which there are, a code that is sent, the answer.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern_authn::audit;
use postern_authn::factor::{Answer, Enrolled, Kind};
use postern_authn::sign_in::Purpose;
use postern_codes::Secret;

use super::{Question, Shown};
use crate::App;
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::factor_words::refusal;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind as FieldKind, Notice, Tone};
use crate::console::words::{Text, say, say_of};
use crate::factors::Reply;
use crate::factors::sending::Sending;
use crate::sign_in::{self, Refusal, Stage, Step};

/// The form's name of the factor.
pub(super) const FACTOR: &str = "factor";
/// The form's name of what is answered.
const ANSWER: &str = "answer";

/// The ways that somebody has.
#[derive(Template)]
#[template(path = "console/sign_in_ways.html")]
pub struct Ways {
    /// What every card has.
    pub card: Card,
    /// One a factor, in the order in which they are offered.
    pub ways: Vec<Way>,
    /// Whether a passkey will do too.
    pub takes_passkey: bool,
}

/// A way.
pub struct Way {
    /// The factor's id.
    pub factor: String,
    /// What it is, and where a code would go.
    pub label: Text,
}

/// The question to one factor.
#[derive(Template)]
#[template(path = "console/sign_in_answer.html")]
pub struct Asked {
    /// What every card has.
    pub card: Card,
    /// The factor's id.
    pub factor: String,
    /// What is asked.
    pub title: Text,
    /// Where its code was sent, or what to do.
    pub lead: Option<Text>,
    /// Why no code was sent.
    pub notice: Option<Notice>,
    /// The one field.
    pub field: Field,
    /// Whether another code can be sent.
    pub is_sent: bool,
}

/// What every card of one sign-in has, and its forms bring along.
#[derive(Template)]
#[template(path = "console/parts/sign_in_card.html")]
pub struct Card {
    /// The organisation's name.
    pub org: String,
    /// Who said to be there.
    pub name: String,
    /// Which attempt this belongs to.
    pub state_token: Secret<String>,
    /// Where to go afterwards.
    pub to: String,
}

impl HtmlSafe for Card {}

/// `/signin/ways`, `/signin/factor`, `/signin/answer`.
pub(super) fn routes() -> Routes {
    Routes::new().post("/signin/ways", Access::Anyone, choose).post("/signin/factor", Access::Anyone, ask).post(
        "/signin/answer",
        Access::Anyone,
        answer,
    )
}

async fn choose(State(app): State<Arc<App>>, Client(client): Client, form: Form) -> Result<Response, ApiError> {
    match under_way(&app, &form).await? {
        Ok((shown, state)) => page_of(&app, &client, shown, state).await,
        Err(first) => Ok(first),
    }
}

/// The sign-in that a form belongs to; the first card, where it belongs to none.
pub(super) async fn under_way(app: &App, form: &Form) -> Result<Result<(Shown, Secret<String>), Response>, ApiError> {
    let (shown, state) = (Shown::read(app, form).await?, form.secret("stateToken"));
    if state.expose().is_empty() {
        return Ok(Err(page(shown.view(Question::Name, None))));
    }
    Ok(Ok((shown, state)))
}

/// The ways that the person of a sign-in has; the first card again, where nothing was proved in it.
pub(super) async fn page_of(
    app: &App,
    client: &audit::Client,
    shown: Shown,
    state: Secret<String>,
) -> Result<Response, ApiError> {
    let Some(own) = fitting(app, client, &state).await? else {
        return Ok(shown.refused(&Refusal::StartAgain, Question::Name, state));
    };
    let takes_passkey = own.iter().any(|factor| factor.kind == Kind::WebAuthn);
    let typed = own.iter().filter(|factor| factor.kind != Kind::WebAuthn);
    let ways = typed.map(|factor| Way { factor: factor.id.to_string(), label: label(factor) }).collect();
    Ok(page_with(StatusCode::OK, Ways { card: shown.card(state), ways, takes_passkey }))
}

/// What could prove the person of a sign-in now; nothing, where it is over, or nothing was proved in it yet.
async fn fitting(app: &App, client: &audit::Client, state: &Secret<String>) -> Result<Option<Vec<Enrolled>>, ApiError> {
    let view = match Stage::open_for(app, client, state, Purpose::Console).await {
        Ok(opened) => opened.view().await,
        Err(refused) => Err(refused),
    };
    let view = match view {
        Ok(view) => view,
        Err(refused) if is_over(&refused) => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let asking = view.asking;
    Ok(view.known.map(|known| {
        let mut usable = known.usable;
        usable.retain(|factor| asking.takes(&factor.traits()));
        usable
    }))
}

/// Whether a refusal says that the sign-in is over, or stands elsewhere.
pub(super) fn is_over(refused: &ApiError) -> bool {
    refused.status == StatusCode::UNAUTHORIZED || refused.code == "E0000079"
}

async fn ask(
    State(app): State<Arc<App>>,
    Client(client): Client,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    to_the_end(async move {
        let (shown, state) = match under_way(&app, &form).await? {
            Ok(under_way) => under_way,
            Err(first) => return Ok(first),
        };
        let own = fitting(&app, &client, &state).await?.unwrap_or_default();
        let Some(factor) = own.into_iter().find(|factor| factor.id.as_str() == form.text(FACTOR)) else {
            return Ok(shown.refused(&Refusal::StartAgain, Question::Name, state));
        };
        let mut asked = Asked::of(&factor, shown.card(state));
        if factor.kind.factor().channel().is_none() {
            return Ok(page_with(StatusCode::OK, asked));
        }
        let opened = Stage::open_for(&app, &client, &asked.card.state_token, Purpose::Console).await?;
        let status = match opened.challenge(factor.id.as_str(), (Sending::to_reader(&headers), None)).await {
            Ok(_) => StatusCode::OK,
            // One that was sent a moment ago is still good.
            Err(refused) => {
                let notice = Notice::new(Tone::Warning, say("account-not-sent"), refusal(&refused)?);
                asked.notice = Some(notice.with_code(refused.code));
                refused.status
            }
        };
        Ok(page_with(status, asked))
    })
    .await
}

async fn answer(State(app): State<Arc<App>>, Client(client): Client, form: Form) -> Result<Response, ApiError> {
    to_the_end(async move {
        let (shown, state) = match under_way(&app, &form).await? {
            Ok(under_way) => under_way,
            Err(first) => return Ok(first),
        };
        let (client, fresh) = super::known_from_here(&app, client);
        let own = fitting(&app, &client, &state).await?.unwrap_or_default();
        let Some(factor) = own.into_iter().find(|factor| factor.id.as_str() == form.text(FACTOR)) else {
            return Ok(shown.refused(&Refusal::StartAgain, Question::Name, state));
        };
        let typed = form.secret(ANSWER);
        let step = if factor.kind == Kind::BackupCodes {
            let reply = sign_in::Reply::Factor(Answer::Code(typed));
            sign_in::answer(&app, &client, &state, reply).await
        } else {
            let opened = Stage::open_for(&app, &client, &state, Purpose::Console).await?;
            opened.answer_with(factor.id.as_str(), Reply::Typed(typed)).await
        };
        let asked = Asked::of(&factor, shown.card(state.clone()));
        match step {
            Ok(Step::Refused(Refusal::Slip | Refusal::WrongCode)) => {
                let field = asked.field.clone().refused(say("sign-in-wrong-code"));
                Ok(page_with(StatusCode::UNAUTHORIZED, Asked { field, ..asked }))
            }
            Ok(step) => super::go_on(&app, &client, shown, (step, Question::AppCode), (state, fresh.as_ref())).await,
            Err(refused) if is_over(&refused) => Ok(shown.refused(&Refusal::StartAgain, Question::Name, state)),
            Err(refused) => {
                let field = asked.field.clone().refused(refusal(&refused)?);
                Ok(page_with(refused.status, Asked { field, ..asked }))
            }
        }
    })
    .await
}

/// Where a code is sent, as whoever proved one thing alone is shown it.
fn sent_to(factor: &Enrolled) -> Option<String> {
    let shown = factor.kind.factor().masked(&factor.profile);
    ["phoneNumber", "email"].into_iter().find_map(|member| shown[member].as_str().map(str::to_owned))
}

fn label(factor: &Enrolled) -> Text {
    let label = say_of("sign-in-way", factor.kind.as_str()).or(factor.kind.factor().label().to_owned());
    match sent_to(factor) {
        Some(to) => label.with("to", to),
        None => label,
    }
}

impl Asked {
    /// The empty question to a factor.
    pub fn of(factor: &Enrolled, card: Card) -> Self {
        let kind = factor.kind;
        let question = factor.profile["questionText"].as_str().filter(|_| kind == Kind::Question);
        let input = match kind {
            Kind::Question => FieldKind::Password,
            Kind::BackupCodes | Kind::Hotp => FieldKind::Code,
            _ => FieldKind::AppCode,
        };
        let label = match question {
            Some(question) => Text::from(question.to_owned()),
            None => say_of("account-code", kind.as_str()),
        };
        Self {
            card,
            factor: factor.id.to_string(),
            title: say_of("sign-in-ask", kind.as_str()),
            lead: sent_to(factor).map(|to| say("account-sent").with("to", to)),
            notice: None,
            field: Field::new(ANSWER, label, input).first(),
            is_sent: kind.factor().channel().is_some(),
        }
    }
}
