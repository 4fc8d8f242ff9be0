//! What is asked before a factor is added. A field has the name that the API has for it: what was typed becomes the
//! profile as it stands, and what is refused names its field.

use axum::response::Response;
use postern_authn::factor::{Kind, Provider, email, question};
use postern_authn::user::ContactKind;
use serde_json::{Map, Value};

use super::super::owner::Owner;
use super::form as blank;
use crate::App;
use crate::api::ApiError;
use crate::console::factor_words::{member, refusal};
use crate::console::form::Form;
use crate::console::page::page_with;
use crate::console::part::{Field, Kind as FieldKind, Notice, Tone};
use crate::console::words::{say, say_of};

/// The field that names the make of a token.
pub const MAKE: &str = "factorProfileId";

/// The fields of a type.
pub async fn fields(app: &App, owner: &Owner, kind: Kind) -> Result<Vec<Field>, ApiError> {
    let text = |name, label| Field::new(name, label, FieldKind::Text);
    let phone =
        || Field::new("phoneNumber", say("account-phone"), FieldKind::Telephone).hint(say("account-phone-hint"));
    Ok(match kind {
        Kind::BackupCodes | Kind::Totp => Vec::new(),
        Kind::Call => {
            let extension = text("phoneExtension", say("account-extension")).hint(say("account-extension-hint"));
            vec![phone().first(), extension.optional()]
        }
        Kind::Email => {
            let own = [ContactKind::Email, ContactKind::SecondEmail].into_iter();
            let own = own.filter_map(|kind| kind.of(&owner.user.profile));
            let own = own.filter(|address| email::is_theirs(&owner.user, address));
            let choices: Vec<_> = own.map(|address| (address.to_owned(), address.to_owned().into())).collect();
            vec![Field::new("email", say("account-address"), FieldKind::Choice(choices))]
        }
        Kind::Hotp => {
            let makes = app.store.read(owner.caller.org, |tx| tx.factor_profiles()).await?;
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
pub async fn profile(app: &App, owner: &Owner, kind: Kind, form: &Form) -> Result<Value, ApiError> {
    let fields = fields(app, owner, kind).await?;
    let typed = fields.iter().filter_map(|field| Some((field.name.to_owned(), form.some(field.name)?.into())));
    Ok(Value::Object(typed.collect::<Map<String, Value>>()))
}

/// The form again with what was typed, but for an answer, and with what to mend.
pub async fn again(
    app: &App,
    owner: &Owner,
    what: (Kind, &Provider),
    (form, refused): (&Form, &ApiError),
) -> Result<Response, ApiError> {
    let why = refusal(refused)?;
    let mut view = blank(app, owner, what).await?;
    for field in view.fields.iter_mut().filter(|field| !["answer", "sharedSecret"].contains(&field.name)) {
        form.text(field.name).clone_into(&mut field.value);
    }
    match view.fields.iter_mut().find(|field| Some(field.name) == member(refused)) {
        Some(field) => *field = field.clone().refused(why),
        None => {
            view.notice = Some(Notice::new(Tone::Danger, say("account-not-added"), why).with_code(refused.code));
        }
    }
    Ok(page_with(refused.status, view))
}
