//! Sign-in: one question at a time; and sign-out.

pub mod enrol;
pub mod sent;
pub mod ways;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postern_authn::factor::Answer;
use postern_authn::limit::Limit;
use postern_authn::policy::{PolicyType, Status};
use postern_store::links::LinkPurpose;

use super::cookie;
use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Tone};
use super::problem::way_back;
use super::step_up;
use super::words::{Text, say, say_of};
use crate::api::client::Client;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Caller};
use crate::app::to_the_end;
use crate::sign_in::{self, Refusal, Reply, Step, passkey};
use crate::{App, account};
use sent::{Card, Sent};

/// What is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Who is there.
    Name,
    /// The password of the person named.
    Password,
    /// The code of the authenticator app.
    AppCode,
}

/// One question on a card.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub struct SignIn {
    /// What every card has.
    pub card: Card,
    /// What is asked.
    pub question: Question,
    /// What happened and what to do: a wrong password, a lock and until when.
    pub notice: Option<Notice>,
    /// The one field.
    pub field: Field,
    /// Whether another try would be refused now; the form is then left out.
    pub is_closed: bool,
    /// Whether a passkey will do too.
    pub takes_passkey: bool,
    /// Whether something else will.
    pub takes_others: bool,
}

impl SignIn {
    /// The empty question. Whoever is asked for their name begins anew.
    pub fn new(card: Card, question: Question) -> Self {
        let field = match question {
            Question::Name => Field::new("username", say("sign-in-name"), Kind::Text).hint(say("sign-in-name-hint")),
            Question::Password => Field::new("password", say("sign-in-password"), Kind::Password),
            Question::AppCode => {
                Field::new("passCode", say("sign-in-code"), Kind::AppCode).hint(say("sign-in-code-hint"))
            }
        };
        Self {
            card: if question == Question::Name { Card::new(card.org, &card.to) } else { card },
            question,
            notice: None,
            field: field.first(),
            is_closed: false,
            takes_passkey: question == Question::Name,
            takes_others: false,
        }
    }

    fn asking(card: Card, asked: &sign_in::Question) -> Self {
        let question = if asked.is_password() { Question::Password } else { Question::AppCode };
        Self { takes_passkey: asked.has_passkey, takes_others: asked.has_others, ..Self::new(card, question) }
    }
}

/// `/signin` and `/signin/out`.
pub fn routes() -> Routes {
    Routes::new()
        .get("/signin", Access::Anyone, ask)
        .post("/signin", Access::Anyone, answer)
        .post("/signin/passkey", Access::Anyone, ask_for_passkey)
        .post("/signin/out", Access::SignedIn, out)
        .merge(enrol::routes())
        .merge(ways::routes())
}

/// The first question; whoever is signed in goes on to where they wanted to be.
async fn ask(
    State(app): State<Arc<App>>,
    query: Query,
    caller: Result<Caller, ApiError>,
) -> Result<Response, ApiError> {
    let to = query.text("to").unwrap_or_default();
    if caller.is_ok() {
        return Ok(Redirect::to(way_back(to)).into_response());
    }
    Ok(page(SignIn::new(Card::new(org_name(&app).await?, to), Question::Name)))
}

/// The answer to whichever question was asked: a name begins, a password or a code goes on.
async fn answer(State(app): State<Arc<App>>, sent: Sent) -> Result<Response, ApiError> {
    to_the_end(judge(app, sent)).await
}

async fn judge(app: Arc<App>, mut sent: Sent) -> Result<Response, ApiError> {
    let (password, code) = (sent.form.secret("password"), sent.form.secret("passCode"));
    if !sent.form.text(step_up::PASSKEY).is_empty() {
        let (token, response) = (sent.form.secret(step_up::TOKEN), sent.form.secret(step_up::PASSKEY));
        let reply = passkey::Reply { token, response };
        let (step, token) = passkey::answer(&app, &sent.client, &sent.card.state_token, reply).await?;
        sent.card.state_token = token;
        return go_on(&app, sent, step, Question::AppCode).await;
    }
    if sent.card.name.is_empty() && sent.card.state_token.expose().is_empty() {
        return Ok(page(SignIn::new(sent.card, Question::Name)));
    }
    let (asked, reply) = match (password.expose().is_empty(), code.expose().is_empty()) {
        (true, true) => {
            let (token, next) = sign_in::begin(&app, &sent.client, &sent.card.name).await?;
            return Ok(page(SignIn::asking(Card { state_token: token, ..sent.card }, &next)));
        }
        (false, _) => (Question::Password, Reply::Password(password)),
        (true, false) => (Question::AppCode, Reply::Factor(Answer::Code(code))),
    };
    let step = sign_in::answer(&app, &sent.client, &sent.card.state_token, reply).await?;
    go_on(&app, sent, step, asked).await
}

/// What comes after an answer: the next question, the same one, or the page that was asked for.
async fn go_on(app: &App, sent: Sent, step: Step, asked: Question) -> Result<Response, ApiError> {
    match step {
        // Whoever has no app is not asked for its code.
        Step::Asked(next) if !next.is_password() && !next.has_app => ways::page_of(app, sent).await,
        Step::Asked(next) => Ok(page(SignIn::asking(sent.card, &next))),
        Step::Expired(token) => {
            let page = account::page(LinkPurpose::Expired);
            Ok(Redirect::to(&format!("{page}/{}", token.expose())).into_response())
        }
        Step::Refused(refusal) => refused(app, sent, &refusal, asked).await,
        Step::SignedIn(token) => {
            let fresh = sent.fresh.as_ref().map(cookie::know);
            let cookies: Vec<_> = cookie::set(&token).into_iter().chain(fresh).collect();
            Ok((AppendHeaders(cookies), Redirect::to(&sent.card.to)).into_response())
        }
        Step::Stands => enrol::page_of(app, sent).await,
        // What a program is told of a sign-in that it leads.
        Step::Checked(_) | Step::Granted(_) | Step::Recovered(_) => Ok(sent.over()),
    }
}

/// The card that was refused: the same question with what to mend, the first one, or none at all.
async fn refused(app: &App, sent: Sent, refusal: &Refusal, asked: Question) -> Result<Response, ApiError> {
    let (status, happened, next, code) = match refusal {
        Refusal::Locked(until) => {
            let next = say("sign-in-locked-next").with("until", *until);
            (StatusCode::LOCKED, say("sign-in-locked"), next, "locked_out")
        }
        Refusal::NothingEnrolled => {
            let next = say("sign-in-nothing-next");
            (StatusCode::FORBIDDEN, say("sign-in-nothing"), next, "nothing_enrolled")
        }
        Refusal::PhoneTwice => {
            let next = say("sign-in-phone-twice-next");
            (StatusCode::FORBIDDEN, say("sign-in-phone-twice"), next, "telephone_twice")
        }
        Refusal::Slip => return Ok(to_mend(sent.card, asked, say("sign-in-slip"))),
        Refusal::StartAgain => return Ok(sent.over()),
        Refusal::TooMany(limit, until) => {
            let next = say("sign-in-wait-next").with("limit", limited(*limit)).with("until", *until);
            (StatusCode::TOO_MANY_REQUESTS, say("sign-in-wait"), next, "rate_limit")
        }
        Refusal::WrongCode => return Ok(to_mend(sent.card, asked, say("sign-in-wrong-code"))),
        Refusal::WrongNameOrPassword => {
            (StatusCode::UNAUTHORIZED, say("sign-in-wrong"), warning(lockout(app).await?), "E0000004")
        }
        Refusal::WrongPasskey => {
            let next = say("passkeys-wrong-next");
            (StatusCode::UNAUTHORIZED, say("passkeys-wrong"), next, "passkey_refused")
        }
    };
    let notice = Notice::new(Tone::Danger, happened, next).with_code(code);
    let question = if *refusal == Refusal::WrongPasskey { Question::Name } else { asked };
    let is_closed = status != StatusCode::UNAUTHORIZED;
    Ok(page_with(status, SignIn { notice: Some(notice), is_closed, ..SignIn::new(sent.card, question) }))
}

fn to_mend(card: Card, asked: Question, why: Text) -> Response {
    let mut view = SignIn::new(card, asked);
    view.field = view.field.refused(why);
    page_with(StatusCode::UNAUTHORIZED, view)
}

/// What the script hands to the browser, for a passkey at the sign-in page.
async fn ask_for_passkey(
    State(app): State<Arc<App>>,
    Client(client): Client,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let origin = step_up::origin(&app, &headers);
    let asked = passkey::ask_at_sign_in(&app, &client, origin, &form.secret("stateToken")).await?;
    Ok(step_up::for_script(&asked))
}

async fn out(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, ApiError> {
    sign_in::sign_out(&app, &caller).await?;
    Ok((cookie::clear(), Redirect::to("/signin")).into_response())
}

async fn org_name(app: &App) -> Result<String, ApiError> {
    let org = app.org().await?;
    let name = app.store.read(org, |tx| Ok(tx.org_record()?.map(|org| org.name))).await?;
    Ok(name.unwrap_or_default())
}

/// When guessing locks, as all password policies say with one voice; nothing where they do not, for who falls to which of
/// them is nobody's business who guesses.
async fn lockout(app: &App) -> Result<Option<(u32, u32)>, ApiError> {
    let policies = app.store.read(app.org().await?, |tx| tx.policies(PolicyType::Password)).await?;
    let active = policies.iter().filter(|policy| policy.status == Status::Active);
    let lockouts = active.filter_map(|policy| policy.settings.password()).map(|settings| &settings.password.lockout);
    let mut lockouts = lockouts.map(|lockout| (lockout.max_attempts, lockout.auto_unlock_minutes));
    let first = lockouts.next();
    Ok(first.filter(|first| lockouts.all(|other| other == *first)))
}

/// What a wrong name or password may lead to.
fn warning(lockout: Option<(u32, u32)>) -> Text {
    match lockout {
        None => say("sign-in-wrong-next"),
        Some((0, _)) => say("sign-in-wrong-check"),
        Some((count, 0)) => say("sign-in-wrong-for-good").with("count", count),
        Some((count, minutes)) => say("sign-in-wrong-counted").with("count", count).with("minutes", minutes),
    }
}

/// What was done too often.
pub fn limited(limit: Limit) -> Text {
    say_of("domain-limit", limit.name()).or(limit.message().to_owned())
}
