//! Step-up: a fresh code or a passkey for a weighty act, asked in place; what was typed before travels along.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{FromRequestParts as _, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postern_authn::demand::{Class, Demand};
use postern_authn::factor::{Answer, Category, Enrolled, Kind as FactorKind};
use postern_codes::Secret;
use postern_store::factor_codes::Bond;
use serde_json::json;

use super::cookie;
use super::factor_words;
use super::form::{self, Form};
use super::page::page_with;
use super::part::{Field, Kind};
use super::people;
use super::shell::{Place, Shell};
use super::sign_in::limited;
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::caller::COOKIE;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, Caller, Json, body, demands};
use crate::app::to_the_end;
use crate::factors::sending::Sending;
use crate::factors::{self, Doer};
use crate::portal::owner::{self, Owner};
use crate::sign_in::{self, Refusal, passkey};

/// The form's name of the code.
pub const FIELD: &str = "passCode";
/// The form's name of what a device answered.
pub const PASSKEY: &str = "passkey";
/// The form's name of what names the question to the device.
pub const TOKEN: &str = "passkeyToken";
/// The form's name of what the question is asked for.
const ACT: &str = "stepUp";
/// The form's name of what is demanded.
const DEMAND: &str = "stepUpDemand";
/// The form's name of the factor that a code is to be sent for.
const SEND: &str = "stepUpSend";

/// Whether a weighty act may go on.
#[must_use]
pub enum Fresh {
    /// This is to be asked for.
    Asked(Box<Ask>),
    /// A second factor was proved within five minutes.
    Proved(Renewed),
}

/// The session's new token, where the proof just made has changed it. Without it in the answer the browser is signed out.
#[must_use]
pub struct Renewed(Option<Secret<String>>);

impl Renewed {
    /// The answer, with the new cookie where there is one.
    pub fn on(self, answer: impl IntoResponse) -> Response {
        match self.0 {
            Some(token) => (cookie::set(&token), answer).into_response(),
            None => answer.into_response(),
        }
    }
}

/// Makes sure that the caller has a fresh second factor, by the form's answer where it has one.
///
/// ```text
/// let renewed = match step_up::prove(&app, &mut viewer.caller, &form).await? {
///     Fresh::Asked(code) => {
///         let sheet = Sheet { act, action, kept: form.without(&[step_up::FIELD]), code: *code };
///         return Ok(page(StepUp { shell, sheet }));
///     }
///     Fresh::Proved(renewed) => renewed,
/// };
/// // ... the act itself
/// Ok(renewed.on(Redirect::to(address)))
/// ```
///
/// # Errors
/// 403 for a caller without a session; of the database.
pub async fn prove(app: &App, caller: &mut Caller, form: &Form) -> Result<Fresh, ApiError> {
    prove_for(app, caller, form, Demand::Fresh).await
}

/// Makes sure that the caller has proved what an act demands.
///
/// # Errors
/// 403 for a caller without a session; of the database.
pub async fn prove_for(app: &App, caller: &mut Caller, form: &Form, demand: Demand) -> Result<Fresh, ApiError> {
    let now = app.env().now;
    if caller.meets(demand, now) {
        return Ok(Fresh::Proved(Renewed(None)));
    }
    let who = caller.user();
    let (user, mut own) = app.store.read(caller.org, |tx| Ok((tx.user(who)?, tx.usable_factors_of(who)?))).await?;
    let has_any = own.iter().any(is_typed);
    own.retain(|factor| user.as_ref().is_some_and(|user| user.may_prove_by(factor.kind)));
    let mut ask = Ask::of(&own, demand);
    if has_any && ask.has_nothing {
        ask = ask.refused(say("sign-in-phone-twice-next"));
    }
    let is_passkey = !form.text(PASSKEY).is_empty();
    let answer = if is_passkey {
        let reply = passkey::Reply { token: form.secret(TOKEN), response: form.secret(PASSKEY) };
        match passkey::step_up_answer(app, caller, reply).await? {
            Some(answer) => answer,
            None => return Ok(Fresh::Asked(Box::new(ask.refused(say("passkeys-too-late"))))),
        }
    } else if ask.code.is_some() && !form.text(FIELD).is_empty() {
        Answer::Code(form.secret(FIELD))
    } else {
        return Ok(Fresh::Asked(Box::new(ask)));
    };
    let refusal = match sign_in::step_up(app, caller, &answer).await? {
        Ok(token) => return Ok(Fresh::Proved(Renewed(Some(token)))),
        Err(refusal) => refusal,
    };
    let why = match refusal {
        Refusal::Locked(until) => say("step-up-locked").with("until", until),
        Refusal::NothingEnrolled => say("step-up-nothing"),
        Refusal::PhoneTwice => say("sign-in-phone-twice-next"),
        Refusal::Slip | Refusal::WrongCode if is_passkey => say("passkeys-wrong"),
        Refusal::Slip => say("sign-in-slip"),
        Refusal::StartAgain | Refusal::WrongNameOrPassword => say("step-up-sign-in"),
        Refusal::TooMany(limit, until) => say("step-up-wait").with("limit", limited(limit)).with("until", until),
        Refusal::WrongCode => say("sign-in-wrong-code"),
        Refusal::WrongPasskey => say("passkeys-wrong"),
    };
    let ask = if is_passkey { ask.refused(why) } else { ask.code_refused(why) };
    Ok(Fresh::Asked(Box::new(ask)))
}

/// Whose pages ask in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pages {
    Console,
    Portal,
}

impl Pages {
    fn of(path: &str) -> Option<Self> {
        let own = [("/admin/", Self::Console), ("/account/", Self::Portal)];
        own.into_iter().find(|(start, _)| path.starts_with(start)).map(|(_, pages)| pages)
    }
}

/// Asks in place for what an act of our pages demands: whatever page's form was refused for it comes back as this
/// question, keeps what was typed, and is sent on once the answer is right. So no page has to know what is demanded.
pub async fn in_place(Shared(app): Shared<Arc<App>>, request: Request, next: Next) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let pages = Pages::of(request.uri().path()).filter(|_| request.method() == Method::POST && is_form);
    let Some(pages) = pages else { return next.run(request).await };
    let asked = async || {
        let (mut parts, body) = request.into_parts();
        let limit = form::limit(parts.uri.path());
        let bytes = body::bytes_within(Request::from_parts(parts.clone(), body), limit).await?;
        let Ok(form) = Form::read(&bytes) else {
            return Ok::<_, ApiError>(next.run(Request::from_parts(parts, bytes.into())).await);
        };
        let mut renewed = Renewed(None);
        if let Some(act) = form.some(ACT) {
            let demand =
                if form.text(DEMAND) == Demand::Fresh.as_str() { Demand::Fresh } else { Demand::PhishingResistant };
            let caller = Caller::from_request_parts(&mut parts, &app).await?;
            match to_the_end(prove_owned(Arc::clone(&app), caller, form.clone(), demand)).await? {
                (Fresh::Asked(code), caller) => {
                    return question(&app, (pages, caller), act.into(), &parts, (&form, *code)).await;
                }
                (Fresh::Proved(proved), _) => renewed = proved,
            }
            if let Some(token) = &renewed.0 {
                let cookie = format!("{COOKIE}={}", token.expose());
                parts.headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).map_err(ApiError::fault)?);
            }
        }
        let response = next.run(Request::from_parts(parts.clone(), bytes.into())).await;
        let Some((class, demand)) = response.extensions().get::<ApiError>().and_then(demanded) else {
            return Ok(renewed.on(response));
        };
        let mut caller = Caller::from_request_parts(&mut parts, &app).await?;
        let blank = Form::default();
        let code = match prove_for(&app, &mut caller, &blank, demand).await? {
            Fresh::Asked(code) => *code,
            Fresh::Proved(_) => return Ok(renewed.on(response)),
        };
        let act = say_of("demands-class", class.name());
        Ok(renewed.on(question(&app, (pages, caller), act, &parts, (&form, code)).await?))
    };
    asked().await.unwrap_or_else(IntoResponse::into_response)
}

async fn prove_owned(
    app: Arc<App>,
    mut caller: Caller,
    form: Form,
    demand: Demand,
) -> Result<(Fresh, Caller), ApiError> {
    let Some(factor) = form.some(SEND) else {
        let fresh = prove_for(&app, &mut caller, &form, demand).await?;
        return Ok((fresh, caller));
    };
    let fresh = match prove_for(&app, &mut caller, &Form::default(), demand).await? {
        Fresh::Asked(ask) => Fresh::Asked(Box::new(send(&app, &caller, &factor, *ask).await?)),
        proved @ Fresh::Proved(_) => proved,
    };
    Ok((fresh, caller))
}

/// Sends a code for this session, and says so.
async fn send(app: &App, caller: &Caller, factor: &str, ask: Ask) -> Result<Ask, ApiError> {
    let session = caller.session().ok_or_else(ApiError::forbidden)?;
    let user = app.store.read(caller.org, |tx| tx.user(caller.user())).await?.ok_or_else(ApiError::invalid_session)?;
    let (doer, bond) = (Doer::of(caller), Bond::StepUp(session));
    match factors::challenge(app, caller.org, &doer, &user, (factor, &bond), (Sending::default(), None)).await {
        Ok((factor, _)) => Ok(Ask { sent: Some(say("step-up-sent").with("to", reached(&factor))), ..ask }),
        Err(refused) => Ok(ask.code_refused(factor_words::refusal(&refused)?)),
    }
}

/// What a refusal says is to be proved first.
fn demanded(error: &ApiError) -> Option<(Class, Demand)> {
    let member = |name| error.members.get(name).and_then(serde_json::Value::as_str);
    let class = Class::ALL.iter().find(|class| member("actions") == Some(class.name()))?;
    let demand = Demand::ALL.iter().find(|demand| member("demand") == Some(demand.as_str()))?;
    (error.code == demands::STEP_UP).then_some((*class, *demand))
}

async fn question(
    app: &Arc<App>,
    (pages, caller): (Pages, Caller),
    act: Text,
    parts: &Parts,
    (form, code): (&Form, Ask),
) -> Result<Response, ApiError> {
    let action = parts.uri.path_and_query().map_or("/admin", |path| path.as_str()).to_owned();
    let sheet = Sheet { act, action, kept: form.without(&[]), code };
    let status = StatusCode::FORBIDDEN;
    Ok(match pages {
        Pages::Console => {
            let viewer = Viewer::of(app, caller, &parts.headers).await?;
            page_with(status, StepUp { shell: viewer.shell(Place::Nowhere), sheet })
        }
        Pages::Portal => page_with(status, owner::StepUp { frame: Owner::of(app, caller).await?.frame(), sheet }),
    })
}

/// `/signin/step-up`: what the script hands to the browser.
pub fn routes() -> Routes {
    Routes::new().post("/signin/step-up", Access::SignedIn, ask_for_passkey)
}

async fn ask_for_passkey(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asked = passkey::ask_to_step_up(&app, &caller, origin(&app, &headers)).await?;
    Ok(for_script(&asked))
}

/// The address of the page that sent this: a browser says it with every form.
pub fn origin<'a>(app: &'a App, headers: &'a HeaderMap) -> &'a str {
    let said = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    said.unwrap_or_else(|| app.config.public_url.first())
}

/// What was asked of a device, for the page's script.
pub fn for_script(asked: &passkey::Asked) -> Response {
    let body = json!({ "token": asked.token.expose(), "options": asked.options });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// What is asked, and what was wrong with the last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// `passCode`, where a code will do.
    pub code: Option<Field>,
    /// Whether the viewer has nothing that could prove it.
    pub has_nothing: bool,
    /// Whether the viewer has a passkey.
    pub has_passkey: bool,
    /// The factors that a code can be sent for, each with where to.
    pub sendable: Vec<(String, Text)>,
    /// Where a code was just sent.
    pub sent: Option<Text>,
    /// What is demanded.
    pub demand: Demand,
    /// Why the last passkey was refused.
    pub error: Option<Text>,
}

impl Ask {
    /// A code, of somebody who has no passkey.
    pub fn code() -> Self {
        Self {
            code: Some(Self::code_field()),
            has_nothing: false,
            has_passkey: false,
            sendable: Vec::new(),
            sent: None,
            demand: Demand::Fresh,
            error: None,
        }
    }

    /// What somebody with these factors can be asked.
    pub fn of(own: &[Enrolled], demand: Demand) -> Self {
        let typed: Vec<&Enrolled> = own.iter().filter(|factor| is_typed(factor)).collect();
        let is_of_app = typed.iter().all(|factor| factor.kind == FactorKind::Totp);
        let field = if is_of_app { Self::code_field() } else { Self::any_field(&typed) };
        let has_passkey = own.iter().any(|factor| factor.kind == FactorKind::WebAuthn);
        let has_nothing = typed.is_empty() && !has_passkey;
        let takes_code = demand != Demand::PhishingResistant && !has_nothing;
        let sendable = typed.iter().filter(|factor| takes_code && factor.kind.factor().channel().is_some());
        Self {
            code: takes_code.then_some(field),
            has_nothing,
            has_passkey,
            sendable: sendable.map(|factor| (factor.id.to_string(), reached(factor))).collect(),
            demand,
            ..Self::code()
        }
    }

    fn code_field() -> Field {
        Field::new(FIELD, say("step-up-code"), Kind::AppCode).hint(say("step-up-code-hint")).first()
    }

    fn any_field(typed: &[&Enrolled]) -> Field {
        let mut kinds: Vec<FactorKind> = typed.iter().map(|factor| factor.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kinds = Text::list(kinds.into_iter().map(people::factor));
        Field::new(FIELD, say("step-up-any"), Kind::Code).hint(say("step-up-any-hint").with("kinds", kinds)).first()
    }

    fn refused(self, why: Text) -> Self {
        Self { error: Some(why), ..self }
    }

    fn code_refused(self, why: Text) -> Self {
        match self.code {
            Some(code) => Self { code: Some(code.refused(why)), ..self },
            None => self.refused(why),
        }
    }
}

/// Whether a code of it is a proof: an answer that one knows is none, and a device answers by itself.
fn is_typed(factor: &Enrolled) -> bool {
    factor.kind != FactorKind::WebAuthn && factor.traits().proves(Category::Possession)
}

/// What it is, and the address or number that its codes reach.
fn reached(factor: &Enrolled) -> Text {
    let to = factor_words::detail(factor).unwrap_or_default();
    say("step-up-reached").with("factor", people::factor(factor.kind)).with("to", to)
}

/// The question itself.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "console/parts/step_up.html")]
pub struct Sheet {
    /// What the code is for, as an act: "Make a recovery PIN for Grace Hopper".
    pub act: Text,
    /// Where the form goes: the same address, which reads `passCode` first and then does what was asked.
    pub action: String,
    /// Everything typed before, name and value.
    pub kept: Vec<(String, String)>,
    /// What is asked.
    pub code: Ask,
}

// It escapes what it is given.
impl HtmlSafe for Sheet {}

impl Sheet {
    /// What was typed before, without the answers to this question.
    fn typed(&self) -> impl Iterator<Item = &(String, String)> {
        self.kept.iter().filter(|(name, _)| ![FIELD, PASSKEY, TOKEN, ACT, DEMAND, SEND].contains(&name.as_str()))
    }
}

/// The question, as a sheet that fits the dialog of the act.
#[derive(Template)]
#[template(path = "console/step_up.html")]
pub struct StepUp {
    /// The frame.
    pub shell: Shell,
    /// What is asked.
    pub sheet: Sheet,
}
