//! Step-up: a fresh code for a weighty act, asked in place; what was typed before travels along.

use askama::Template;
use axum::response::{IntoResponse, Response};
use postern_authn::factor::Answer;
use postern_codes::Secret;

use super::cookie;
use super::form::Form;
use super::part::{Field, Kind};
use super::shell::Shell;
use super::sign_in::limited;
use super::words::{Text, say};
use crate::App;
use crate::api::{ApiError, Caller};
use crate::sign_in::{self, Refusal};

/// The form's name of the code.
pub const FIELD: &str = "passCode";

/// Whether a weighty act may go on.
#[must_use]
pub enum Fresh {
    /// The code is to be asked for, with what was wrong with the last one.
    Asked(Field),
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

/// Makes sure that the caller has a fresh second factor, by the form's [`FIELD`] where it has one.
///
/// ```text
/// let renewed = match step_up::prove(&app, &mut viewer.caller, &form).await? {
///     Fresh::Asked(code) => return Ok(page(StepUp { shell, act, action, kept: form.without(&[step_up::FIELD]), code })),
///     Fresh::Proved(renewed) => renewed,
/// };
/// // ... the act itself
/// Ok(renewed.on(Redirect::to(address)))
/// ```
///
/// # Errors
/// 403 for a caller without a session; of the database.
pub async fn prove(app: &App, caller: &mut Caller, form: &Form) -> Result<Fresh, ApiError> {
    let now = app.env().now;
    if caller.has_fresh_factor(now) {
        return Ok(Fresh::Proved(Renewed(None)));
    }
    if form.text(FIELD).is_empty() {
        return Ok(Fresh::Asked(StepUp::code_field()));
    }
    let refusal = match sign_in::step_up(app, caller, &Answer::Code(form.secret(FIELD))).await? {
        Ok(token) => return Ok(Fresh::Proved(Renewed(Some(token)))),
        Err(refusal) => refusal,
    };
    let why = match refusal {
        Refusal::Locked(until) => say("step-up-locked").with("until", until),
        Refusal::NothingEnrolled => say("step-up-nothing"),
        Refusal::Slip => say("sign-in-slip"),
        Refusal::StartAgain | Refusal::WrongNameOrPassword => say("step-up-sign-in"),
        Refusal::TooMany(limit, until) => say("step-up-wait").with("limit", limited(limit)).with("until", until),
        Refusal::WrongCode => say("sign-in-wrong-code"),
    };
    Ok(Fresh::Asked(StepUp::code_field().refused(why)))
}

/// The question, as a sheet that fits the dialog of the act.
#[derive(Template)]
#[template(path = "console/step_up.html")]
pub struct StepUp {
    /// The frame.
    pub shell: Shell,
    /// What the code is for, as an act: "Make a recovery PIN for Grace Hopper".
    pub act: Text,
    /// Where the form goes: the same address, which reads `passCode` first and then does what was asked.
    pub action: String,
    /// Everything typed before, name and value.
    pub kept: Vec<(String, String)>,
    /// `passCode`, refused or fresh.
    pub code: Field,
}

impl StepUp {
    /// The field for the code.
    pub fn code_field() -> Field {
        Field::new(FIELD, say("step-up-code"), Kind::AppCode).hint(say("step-up-code-hint")).first()
    }
}
