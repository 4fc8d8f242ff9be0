//! A make of tokens: made and deleted. It is not changed, since tokens go by it.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::factor::hotp::{Encoding, Hash, Make};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{FactorProfile as ProfileKind, Id};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ADDRESS, list, make_words};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, factor_profiles};
use crate::console::form::Form;
use crate::console::form_page::{Asked, FormPage};
use crate::console::page::page;
use crate::console::part::{Field, Kind, Line, Link};
use crate::console::part_page::Taking;
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

const NEW: &str = "/admin/settings/factors/profiles/new";
const DELETE: &str = "/admin/settings/factors/profiles/{profile}/delete";

/// `/admin/settings/factors/profiles`.
pub(super) fn routes() -> Routes {
    let manage = Access::Permission(Permission::OrgManage);
    Routes::new()
        .get(NEW, manage, ask)
        .post(NEW, manage, make)
        .get(DELETE, manage, confirm)
        .post(DELETE, manage, delete)
}

/// Where a make is deleted.
pub(super) fn delete_address(id: Id<ProfileKind>) -> String {
    DELETE.replace("{profile}", id.as_str())
}

fn choices(values: &[Value], words: impl Fn(&str) -> Text) -> Vec<(String, Text)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    values.iter().map(|value| (word(value), words(&word(value)))).collect()
}

fn form(viewer: &Viewer, typed: &Form) -> FormPage {
    let hashes = [json!(Hash::Sha1), json!(Hash::Sha256), json!(Hash::Sha512)];
    let hashes = choices(&hashes, |word| say_of("factors-hash", word));
    let encodings = [json!(Encoding::Base32), json!(Encoding::Base64), json!(Encoding::Hexadecimal)];
    let encodings = choices(&encodings, |word| say_of("factors-encoding", word));
    let or = |name: &str, otherwise: &str| typed.some(name).unwrap_or_else(|| otherwise.to_owned());
    let fields = [
        Field::new("name", say("factors-name"), Kind::Text).holding(typed.text("name")).first(),
        Field::new("hmacAlgorithm", say("factors-hash"), Kind::Choice(hashes)).holding(typed.text("hmacAlgorithm")),
        Field::new("passCodeLength", say("factors-length"), Kind::Number(6, 8)).holding(or("passCodeLength", "6")),
        Field::new("timeStep", say("factors-step"), Kind::Number(0, 300))
            .hint(say("factors-step-hint"))
            .holding(or("timeStep", "30")),
        Field::new("sharedSecretEncoding", say("factors-encoding"), Kind::Choice(encodings))
            .holding(typed.text("sharedSecretEncoding")),
    ];
    FormPage {
        shell: viewer.shell(Place::Factors),
        list: list(),
        title: say("factors-profile-new"),
        lead: say("factors-profiles-about"),
        notice: None,
        action: NEW.to_owned(),
        kept: Vec::new(),
        asked: fields.map(Asked::Field).into(),
        save: say("factors-profile-make"),
        back: ADDRESS.to_owned(),
    }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::OrgManage>(&app).await?;
    Ok(page(form(&viewer, &Form::default())))
}

async fn make(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let typed = typed?;
    let form = form(&viewer, &typed);
    let name = typed.text("name").parse();
    let length = typed.number("passCodeLength", &(6..=8)).map(Option::unwrap_or_default);
    let step = typed.number("timeStep", &(0..=300)).map(Option::unwrap_or_default);
    let (Ok(hmac_algorithm), Ok(shared_secret_encoding)) =
        (chosen::<Hash>(&typed, "hmacAlgorithm"), chosen::<Encoding>(&typed, "sharedSecretEncoding"))
    else {
        return Err(ApiError::validation("settings", ["settings: none of the choices"]));
    };
    let (name, length, step) = match (name, length, step) {
        (Ok(name), Ok(length), Ok(step)) => (name, length, step),
        (name, length, step) => {
            let wrong = [
                name.err().map(|()| ("name", say("factors-name-wrong"))),
                length.err().map(|why| ("passCodeLength", why)),
                step.err().map(|why| ("timeStep", why)),
            ];
            return Ok(form.refused(StatusCode::BAD_REQUEST, wrong.into_iter().flatten().collect()));
        }
    };
    let pass_code_length = u8::try_from(length).unwrap_or_default();
    let made = Make { hmac_algorithm, pass_code_length, time_step: step.into(), shared_secret_encoding };
    match factor_profiles::create(&app, &by, &name, &made).await {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            let wrong = if made.faults().is_empty() {
                ("name", say("factors-name-taken"))
            } else {
                ("timeStep", say("factors-step-hint"))
            };
            Ok(form.refused(refused.status, vec![wrong]))
        }
        Err(refused) => Err(refused),
    }
}

/// What was chosen; the default where nothing was.
fn chosen<T: DeserializeOwned + Default + Serialize>(typed: &Form, name: &str) -> Result<T, serde_json::Error> {
    typed.some(name).map_or_else(|| Ok(T::default()), |word| serde_json::from_value(word.into()))
}

async fn confirm(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let missing = || ApiError::not_found::<ProfileKind>(&which);
    let id = which.parse().map_err(|_| missing())?;
    let found = app.store.read(by.org, |tx| tx.factor_profile(id)).await?.ok_or_else(missing)?;
    let name = found.name.clone();
    let taking = Taking {
        place: Place::Factors,
        list: list(),
        verb: say("factors-delete-named").with("name", name.clone()),
        about: say("factors-profile-delete-about"),
        lines: vec![Line { who: Link::new(name, ADDRESS), effect: make_words(&found.make), state: None }],
        action: delete_address(id),
        back: ADDRESS.to_owned(),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    factor_profiles::delete(&app, &by, &which).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}
