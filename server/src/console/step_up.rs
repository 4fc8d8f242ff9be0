//! Step-up: a fresh code for a weighty act, asked in place; what was typed before travels along.

use askama::Template;
use axum::response::{IntoResponse, Response};
use postern_authn::factor::Answer;
use postern_codes::Secret;

use super::cookie;
use super::form::Form;
use super::part::{Field, Kind, Moment};
use super::shell::Shell;
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
///     Fresh::Asked(code) => return Ok(page(&StepUp { shell, act, action, kept: form.without(&[step_up::FIELD]), code })),
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
    let at = |at| Moment::new(at, now).exact;
    let why = match refusal {
        Refusal::Locked(until) => format!("This account is locked until {}.", at(until)),
        Refusal::NothingEnrolled => "You have no factor. A super administrator can set one up for you.".to_owned(),
        Refusal::Slip => "A code has six digits. This try was not counted.".to_owned(),
        Refusal::StartAgain | Refusal::WrongNameOrPassword => "Sign in again to go on.".to_owned(),
        Refusal::TooMany(limit, until) => {
            format!("There were {}. Until {} right codes are refused too.", limit.message(), at(until))
        }
        Refusal::WrongCode => "That code is wrong or was used before. Wait for the next one and type it.".to_owned(),
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
    pub act: String,
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
        Field::new(FIELD, "Code of your app", Kind::AppCode)
            .hint("Six digits. You are not asked again for 5 minutes.")
            .first()
    }
}
