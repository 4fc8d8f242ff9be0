//! What is demanded of the devices that people enrol as passkeys.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::factor::webauthn::{Attestation, Demands, Verification};
use postern_authn::permission::{Permission, right};
use serde_json::{Value, json};

use super::{ADDRESS, list};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, org_factors};
use crate::console::form::Form;
use crate::console::form_page::{Asked, FormPage};
use crate::console::meanwhile;
use crate::console::page::page;
use crate::console::part::{Field, Kind};
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::say;

const FORM: &str = "/admin/settings/factors/passkeys";
/// Most characters of the certificates together.
const LONGEST: u32 = 60_000;
const END: &str = "-----END CERTIFICATE-----";

/// `/admin/settings/factors/passkeys`.
pub(super) fn routes() -> Routes {
    let manage = Access::Permission(Permission::OrgManage);
    Routes::new().get(FORM, manage, ask).post(FORM, manage, save)
}

fn form(viewer: &Viewer, held: &Demands) -> FormPage {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let choice = |value: Value, words| (word(&value), words);
    let verification = vec![
        choice(json!(Verification::Preferred), say("factors-verification-preferred")),
        choice(json!(Verification::Required), say("factors-verification-required")),
    ];
    let attestation = vec![
        choice(json!(Attestation::None), say("factors-attestation-none")),
        choice(json!(Attestation::Trusted), say("factors-attestation-trusted")),
    ];
    let fields = [
        Field::new("userVerification", say("factors-verification"), Kind::Choice(verification))
            .holding(word(&json!(held.user_verification))),
        Field::new("attestation", say("factors-attestation"), Kind::Choice(attestation))
            .holding(word(&json!(held.attestation)))
            .hint(say("factors-attestation-hint")),
        Field::new("attestationRoots", say("factors-roots"), Kind::Long(LONGEST))
            .holding(held.attestation_roots.join("\n"))
            .hint(say("factors-roots-hint"))
            .optional(),
    ];
    FormPage {
        shell: viewer.shell(Place::Factors),
        list: list(),
        title: say("factors-passkeys"),
        lead: say("factors-passkeys-about"),
        notice: None,
        action: FORM.to_owned(),
        kept: vec![("version".to_owned(), meanwhile::mark(held))],
        asked: fields.map(Asked::Field).into(),
        save: say("part-save"),
        back: ADDRESS.to_owned(),
    }
}

async fn held(app: &App, viewer: &Viewer) -> Result<Demands, ApiError> {
    Ok(app.store.read(viewer.caller.org, |tx| Ok(tx.setting::<Demands>()?.0)).await?)
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::OrgManage>(&app).await?;
    Ok(page(form(&viewer, &held(&app, &viewer).await?)))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let typed = typed?;
    let held = held(&app, &viewer).await?;
    if meanwhile::is_stale(&typed, &meanwhile::mark(&held)) {
        return Ok(form(&viewer, &held).noticed(StatusCode::PRECONDITION_FAILED, meanwhile::notice()));
    }
    let member = |name: &str| Value::from(typed.text(name));
    let wanted = (
        serde_json::from_value::<Attestation>(member("attestation")),
        serde_json::from_value::<Verification>(member("userVerification")),
    );
    let (Ok(attestation), Ok(user_verification)) = wanted else {
        return Err(ApiError::validation("settings", ["settings: none of the choices"]));
    };
    let demands = Demands { attestation, user_verification, attestation_roots: roots(typed.text("attestationRoots")) };
    match org_factors::set_demands(&app, &by, &demands).await {
        Ok(()) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => {
            let why = if demands.attestation_roots.is_empty() {
                say("factors-roots-needed")
            } else {
                say("factors-roots-wrong")
            };
            Ok(form(&viewer, &demands).refused(refused.status, vec![("attestationRoots", why)]))
        }
        Err(refused) => Err(refused),
    }
}

/// Each certificate by itself; what is behind the last stays, so that it is refused and not lost.
fn roots(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let parts = text.split_inclusive(END).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| format!("{part}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_told_apart_and_nothing_is_lost() {
        let one = format!("-----BEGIN CERTIFICATE-----\nAA\n{END}");
        assert_eq!(roots(&format!("{one}\r\n\r\n{one}\n")), [format!("{one}\n"), format!("{one}\n")]);
        assert_eq!(roots(&format!("{one}\nmore")), [format!("{one}\n"), "more\n".to_owned()]);
        assert!(roots(" \n").is_empty());
    }
}
