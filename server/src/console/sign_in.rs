//! Sign-in: one question at a time; and sign-out.

pub mod enrol;
pub mod ways;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use postern_authn::audit;
use postern_authn::factor::Answer;
use postern_authn::limit::Limit;
use postern_authn::policy::{PolicyType, Status};
use postern_codes::{Secret, mac};
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
use ways::Card;

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
    /// The organisation's name.
    pub org: String,
    /// What is asked.
    pub question: Question,
    /// Who said to be there, once the name is given.
    pub name: Option<String>,
    /// Which attempt this belongs to, once there is one.
    pub state_token: Option<Secret<String>>,
    /// Where to go afterwards.
    pub to: String,
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
    /// The empty question.
    pub fn new(org: impl Into<String>, question: Question, name: Option<String>) -> Self {
        let field = match question {
            Question::Name => Field::new("username", say("sign-in-name"), Kind::Text).hint(say("sign-in-name-hint")),
            Question::Password => Field::new("password", say("sign-in-password"), Kind::Password),
            Question::AppCode => {
                Field::new("passCode", say("sign-in-code"), Kind::AppCode).hint(say("sign-in-code-hint"))
            }
        };
        Self {
            org: org.into(),
            question,
            name,
            state_token: None,
            to: String::new(),
            notice: None,
            field: field.first(),
            is_closed: false,
            takes_passkey: question == Question::Name,
            takes_others: false,
        }
    }
}

impl SignIn {
    fn with(self, question: &sign_in::Question) -> Self {
        Self { takes_passkey: question.has_passkey, takes_others: question.has_others, ..self }
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
    let view = SignIn::new(org_name(&app).await?, Question::Name, None);
    Ok(page(SignIn { to: way_back(to).to_owned(), ..view }))
}

/// The answer to whichever question was asked: a name begins, a password or a code goes on.
async fn answer(State(app): State<Arc<App>>, Client(client): Client, form: Form) -> Result<Response, ApiError> {
    to_the_end(judge(app, client, form)).await
}

async fn judge(app: Arc<App>, client: audit::Client, form: Form) -> Result<Response, ApiError> {
    let (state_token, password, code) = (form.secret("stateToken"), form.secret("password"), form.secret("passCode"));
    let shown = Shown::read(&app, &form).await?;
    let (client, fresh) = known_from_here(&app, client);
    if !form.text(step_up::PASSKEY).is_empty() {
        let reply = passkey::Reply { token: form.secret(step_up::TOKEN), response: form.secret(step_up::PASSKEY) };
        let (step, token) = passkey::answer(&app, &client, &state_token, reply).await?;
        return go_on(&app, &client, shown, (step, Question::AppCode), (token, fresh.as_ref())).await;
    }
    if shown.name.is_empty() && state_token.expose().is_empty() {
        return Ok(page(shown.view(Question::Name, None)));
    }
    let (question, reply) = match (password.expose().is_empty(), code.expose().is_empty()) {
        (true, true) => {
            let (token, next) = sign_in::begin(&app, &client, &shown.name).await?;
            return Ok(page(shown.view(question(&next), Some(token)).with(&next)));
        }
        (false, _) => (Question::Password, Reply::Password(password)),
        (true, false) => (Question::AppCode, Reply::Factor(Answer::Code(code))),
    };
    let step = sign_in::answer(&app, &client, &state_token, reply).await?;
    go_on(&app, &client, shown, (step, question), (state_token, fresh.as_ref())).await
}

/// What comes after an answer.
async fn go_on(
    app: &App,
    client: &audit::Client,
    shown: Shown,
    (step, asked): (Step, Question),
    (state_token, fresh): (Secret<String>, Option<&Secret<String>>),
) -> Result<Response, ApiError> {
    match step {
        // Whoever has no app is not asked for its code.
        Step::Asked(next) if !next.is_password() && !next.has_app => {
            ways::page_of(app, client, shown, state_token).await
        }
        Step::Stands => enrol::page_of(app, client, shown, state_token).await,
        step => Ok(shown.after(step, asked, state_token, fresh)),
    }
}

/// The browser is known from here on, if it signs somebody in: under the token that it has, or a new one.
fn known_from_here(app: &App, mut client: audit::Client) -> (audit::Client, Option<Secret<String>>) {
    let fresh = client.browser.is_none().then(|| app.env().token());
    if let Some(token) = &fresh {
        client.browser = Some(mac::sha256(&[token.expose().as_bytes()]));
    }
    (client, fresh)
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

fn question(asked: &sign_in::Question) -> Question {
    if asked.is_password() { Question::Password } else { Question::AppCode }
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

/// What every card of one sign-in shows.
struct Shown {
    org: String,
    lockout: Option<(u32, u32)>,
    name: String,
    to: String,
}

impl Shown {
    /// Reads what every form of a sign-in brings along.
    async fn read(app: &App, form: &Form) -> Result<Self, ApiError> {
        let (name, to) = (form.text("username").to_owned(), way_back(form.text("to")).to_owned());
        Ok(Self { org: org_name(app).await?, lockout: lockout(app).await?, name, to })
    }

    /// Whether its reader asked for no page in particular.
    fn is_to_nowhere(&self) -> bool {
        self.to == way_back("")
    }

    fn card(&self, state_token: Secret<String>) -> Card {
        Card { org: self.org.clone(), name: self.name.clone(), state_token, to: self.to.clone() }
    }

    /// What comes after an answer: the next question, the same one, or the page that was asked for.
    fn after(
        self,
        step: Step,
        asked: Question,
        state_token: Secret<String>,
        fresh: Option<&Secret<String>>,
    ) -> Response {
        match step {
            Step::Asked(next) => page(self.view(question(&next), Some(state_token)).with(&next)),
            Step::Expired(token) => {
                let page = account::page(LinkPurpose::Expired);
                Redirect::to(&format!("{page}/{}", token.expose())).into_response()
            }
            Step::Refused(refusal) => self.refused(&refusal, asked, state_token),
            // What a program is told of a sign-in that it leads, and what [`go_on`] has answered.
            Step::Checked(_) | Step::Granted(_) | Step::Recovered(_) | Step::Stands => {
                self.refused(&Refusal::StartAgain, asked, state_token)
            }
            Step::SignedIn(token) => {
                let cookies: Vec<_> = cookie::set(&token).into_iter().chain(fresh.map(cookie::know)).collect();
                (AppendHeaders(cookies), Redirect::to(&self.to)).into_response()
            }
        }
    }

    fn view(self, question: Question, state_token: Option<Secret<String>>) -> SignIn {
        let name = Some(self.name).filter(|name| question != Question::Name && !name.is_empty());
        SignIn { state_token, to: self.to, ..SignIn::new(self.org, question, name) }
    }

    /// The card that was refused: the same question with what to mend, the first one, or none at all.
    fn refused(self, refusal: &Refusal, asked: Question, state_token: Secret<String>) -> Response {
        let (status, question, notice, is_closed) = match refusal {
            Refusal::Locked(until) => {
                let next = say("sign-in-locked-next").with("until", *until);
                (423, asked, Some((say("sign-in-locked"), next, "locked_out")), true)
            }
            Refusal::NothingEnrolled => {
                let next = say("sign-in-nothing-next");
                (403, asked, Some((say("sign-in-nothing"), next, "nothing_enrolled")), true)
            }
            Refusal::Slip | Refusal::WrongCode => (401, asked, None, false),
            Refusal::StartAgain => {
                let next = say("sign-in-start-again-next");
                (401, Question::Name, Some((say("sign-in-start-again"), next, "expired")), false)
            }
            Refusal::TooMany(limit, until) => {
                let next = say("sign-in-wait-next").with("limit", limited(*limit)).with("until", *until);
                (429, asked, Some((say("sign-in-wait"), next, "rate_limit")), true)
            }
            Refusal::WrongPasskey => {
                let next = say("passkeys-wrong-next");
                (401, Question::Name, Some((say("passkeys-wrong"), next, "passkey_refused")), false)
            }
            Refusal::WrongNameOrPassword => {
                let next = warning(self.lockout);
                (401, asked, Some((say("sign-in-wrong"), next, "E0000004")), false)
            }
        };
        let mut view = self.view(question, (question != Question::Name).then_some(state_token));
        view.notice = notice.map(|(happened, next, code)| Notice::new(Tone::Danger, happened, next).with_code(code));
        view.is_closed = is_closed;
        let mend = match refusal {
            Refusal::Slip => Some(say("sign-in-slip")),
            Refusal::WrongCode => Some(say("sign-in-wrong-code")),
            Refusal::Locked(_)
            | Refusal::NothingEnrolled
            | Refusal::StartAgain
            | Refusal::TooMany(..)
            | Refusal::WrongNameOrPassword
            | Refusal::WrongPasskey => None,
        };
        if let Some(mend) = mend {
            view.field = view.field.refused(mend);
        }
        page_with(StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN), view)
    }
}
