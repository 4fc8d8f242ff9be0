//! What is asked before a factor is added. A field has the name that the API has for it: what was typed becomes the
//! profile as it stands, and what is refused names its field.

use postern_authn::factor::{Enrolled, Kind, email, question};
use postern_authn::user::{ContactKind, User};
use serde_json::{Map, Value};

use super::factor_words::{detail, member, refusal};
use super::form::Form;
use super::part::{Field, Kind as FieldKind, Notice, Tone};
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;

/// The field of the first answer: not `passCode`, which is the answer of a step-up on its way.
pub const FIRST_ANSWER: &str = "firstCode";
/// The field that names the make of a token.
pub const MAKE: &str = "factorProfileId";

/// The fields of a type.
///
/// # Errors
/// Of the database.
pub async fn fields(app: &App, user: &User, kind: Kind) -> Result<Vec<Field>, ApiError> {
    let text = |name, label| Field::new(name, label, FieldKind::Text);
    let phone =
        || Field::new("phoneNumber", say("account-phone"), FieldKind::Telephone).hint(say("account-phone-hint"));
    Ok(match kind {
        Kind::BackupCodes | Kind::EnrolmentTicket | Kind::Totp => Vec::new(),
        Kind::Call => {
            let extension = text("phoneExtension", say("account-extension")).hint(say("account-extension-hint"));
            vec![phone().first(), extension.optional()]
        }
        Kind::Email => {
            let own = [ContactKind::Email, ContactKind::SecondEmail].into_iter();
            let own = own.filter_map(|kind| kind.of(&user.profile));
            let own = own.filter(|address| email::is_theirs(user, address));
            let choices: Vec<_> = own.map(|address| (address.to_owned(), address.to_owned().into())).collect();
            vec![Field::new("email", say("account-address"), FieldKind::Choice(choices))]
        }
        Kind::Hotp => {
            let makes = app.store.read(app.org().await?, |tx| tx.factor_profiles()).await?;
            let makes = makes.into_iter().map(|make| (make.id.to_string(), make.name.into())).collect();
            let make = Field::new(MAKE, say("account-make"), FieldKind::Choice(makes));
            vec![make, text("sharedSecret", say("account-shared-secret")).hint(say("account-shared-secret-hint"))]
        }
        Kind::Question => {
            let known = question::QUESTIONS.iter();
            let known = known.map(|(key, words)| {
                let words = say_of("domain-question", key).or((*words).to_owned());
                ((*key).to_owned(), words)
            });
            let own = (question::OWN.to_owned(), say("account-question-own"));
            let choices = known.chain([own]).collect();
            vec![
                Field::new("question", say("account-question"), FieldKind::Choice(choices)),
                text("questionText", say("account-question-text")).hint(say("account-question-text-hint")).optional(),
                text("answer", say("account-answer")).hint(say("account-answer-hint")),
            ]
        }
        Kind::Sms => vec![phone().first()],
        Kind::WebAuthn => vec![text("name", say("passkeys-name")).hint(say("passkeys-name-hint")).first()],
    })
}

/// What was typed, as the profile of the request.
///
/// # Errors
/// Of the database.
pub async fn profile(app: &App, user: &User, kind: Kind, form: &Form) -> Result<Value, ApiError> {
    let fields = fields(app, user, kind).await?;
    let typed = fields.iter().filter_map(|field| Some((field.name.to_owned(), form.some(field.name)?.into())));
    Ok(Value::Object(typed.collect::<Map<String, Value>>()))
}

/// Puts back what was typed, but for an answer, and says what to mend: beside its field, or, where it has none, above all.
///
/// # Errors
/// The refusal itself, where nothing on the form mends it.
pub fn mend(fields: &mut [Field], typed: &Form, refused: &ApiError) -> Result<Option<Notice>, ApiError> {
    let why = refusal(refused)?;
    for field in fields.iter_mut().filter(|field| !["answer", "sharedSecret"].contains(&field.name)) {
        typed.text(field.name).clone_into(&mut field.value);
    }
    match fields.iter_mut().find(|field| Some(field.name) == member(refused)) {
        Some(field) => {
            *field = field.clone().refused(why);
            Ok(None)
        }
        None => Ok(Some(Notice::new(Tone::Danger, say("account-not-added"), why).with_code(refused.code))),
    }
}

/// What to do before the first answer of a factor that was begun, and its field.
pub fn first_answer(factor: &Enrolled) -> (Text, Field) {
    let kind = factor.kind;
    let sent_to = detail(factor).filter(|_| kind.factor().channel().is_some());
    let lead = match sent_to {
        Some(to) => say("account-sent").with("to", to),
        None => say_of("account-activate", kind.as_str()),
    };
    let digits = if kind == Kind::Hotp { FieldKind::Code } else { FieldKind::AppCode };
    (lead, Field::new(FIRST_ANSWER, say_of("account-code", kind.as_str()), digits).first())
}
