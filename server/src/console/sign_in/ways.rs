//! Another way to prove that it is you, once something was proved: which there are, a code that is sent, the answer.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern_authn::factor::{Answer, Enrolled, Kind};

use super::Question;
use super::sent::{Card, Sent, UnderWay, is_over};
use crate::App;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::factor_words::refusal;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind as FieldKind, Notice, Tone};
use crate::console::words::{Text, say, say_of};
use crate::factors::Reply;
use crate::factors::sending::Sending;
use crate::sign_in::view::View;
use crate::sign_in::{self, Refusal, Step};

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

/// `/signin/ways`, `/signin/factor`, `/signin/answer`.
pub(super) fn routes() -> Routes {
    Routes::new().post("/signin/ways", Access::Anyone, choose).post("/signin/factor", Access::Anyone, ask).post(
        "/signin/answer",
        Access::Anyone,
        answer,
    )
}

async fn choose(State(app): State<Arc<App>>, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    page_of(&app, sent).await
}

/// The ways that the person of a sign-in has; the first card again, where nothing was proved in it.
pub(super) async fn page_of(app: &App, sent: Sent) -> Result<Response, ApiError> {
    let Some(own) = fitting(app, &sent).await? else { return Ok(sent.over()) };
    let takes_passkey = own.iter().any(|factor| factor.kind == Kind::WebAuthn);
    let typed = own.iter().filter(|factor| factor.kind != Kind::WebAuthn);
    let ways = typed.map(|factor| Way { factor: factor.id.to_string(), label: label(factor) }).collect();
    Ok(page(Ways { card: sent.card, ways, takes_passkey }))
}

/// What could prove the person of a sign-in now; nothing, where it is over, or nothing was proved in it yet.
async fn fitting(app: &App, sent: &Sent) -> Result<Option<Vec<Enrolled>>, ApiError> {
    let Some(View { asking, known: Some(known), .. }) = sent.view(app).await? else { return Ok(None) };
    let mut usable = known.usable;
    usable.retain(|factor| asking.takes(&factor.traits()));
    Ok(Some(usable))
}

/// The one of them that a form names.
async fn named(app: &App, sent: &Sent) -> Result<Option<Enrolled>, ApiError> {
    let own = fitting(app, sent).await?.unwrap_or_default();
    Ok(own.into_iter().find(|factor| factor.id.as_str() == sent.form.text(FACTOR)))
}

async fn ask(State(app): State<Arc<App>>, headers: HeaderMap, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    to_the_end(async move {
        let Some(factor) = named(&app, &sent).await? else { return Ok(sent.over()) };
        let mut asked = Asked::of(&factor, sent.card.clone());
        if factor.kind.factor().channel().is_none() {
            return Ok(page(asked));
        }
        let opened = sent.stage(&app).await?;
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

async fn answer(State(app): State<Arc<App>>, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    to_the_end(async move {
        let Some(factor) = named(&app, &sent).await? else { return Ok(sent.over()) };
        let typed = sent.form.secret(ANSWER);
        let step = if matches!(factor.kind, Kind::BackupCodes | Kind::EnrolmentTicket) {
            let reply = sign_in::Reply::Factor(Answer::Code(typed));
            sign_in::answer(&app, &sent.client, &sent.card.state_token, reply).await
        } else {
            sent.stage(&app).await?.answer_with(factor.id.as_str(), Reply::Typed(typed)).await
        };
        let (status, why) = match step {
            Ok(Step::Refused(Refusal::Slip | Refusal::WrongCode)) => {
                (StatusCode::UNAUTHORIZED, say("sign-in-wrong-code"))
            }
            Ok(step) => return super::go_on(&app, sent, step, Question::AppCode).await,
            Err(refused) if is_over(&refused) => return Ok(sent.over()),
            Err(refused) => (refused.status, refusal(&refused)?),
        };
        let mut asked = Asked::of(&factor, sent.card);
        asked.field = asked.field.refused(why);
        Ok(page_with(status, asked))
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
            Kind::BackupCodes | Kind::EnrolmentTicket | Kind::Hotp => FieldKind::Code,
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
