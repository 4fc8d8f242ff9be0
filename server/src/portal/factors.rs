//! One's own factors: one more, with the first answer that proves it, and one less. Each change wants a fresh proof, which
//! is asked for in place.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern_authn::demand::Class;
use postern_authn::factor::{Enrolled, Kind, Provider, Status, webauthn};
use postern_codes::Secret;
use postern_codes::id::{Factor as FactorKind, Id};

use super::done;
use super::owner::{FormPage, Frame, Owner};
use crate::App;
use crate::api::factors::catalogue;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, demands};
use crate::app::to_the_end;
use crate::console::factor_words::{named, refusal};
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Notice, Tone};
use crate::console::qr::Scan;
use crate::console::step_up::origin;
use crate::console::words::{Text, say, say_of};
use crate::console::{factor_fields, people};
use crate::factors::sending::Sending;
use crate::factors::{self, Doer, Enrolling, Reply};
use crate::sign_in::passkey;

const NEW: &str = "/account/factors/new/{kind}";
const PASSKEY: &str = "/account/factors/passkey";

/// The page that pairs an app, or waits for the code that was sent, until the first answer.
#[derive(Template)]
#[template(path = "portal/factor_activate.html")]
pub struct Activate {
    /// The frame.
    pub frame: Frame,
    /// What is added.
    pub title: Text,
    /// What to do.
    pub lead: Text,
    /// Why the last answer or another code was refused.
    pub notice: Option<Notice>,
    /// What an app takes.
    pub scan: Option<Scan>,
    /// Where the form goes.
    pub action: String,
    /// Where another code is asked for.
    pub resend: Option<String>,
    /// `firstCode`.
    pub code: Field,
}

/// The page whose button asks the device.
#[derive(Template)]
#[template(path = "portal/passkey_new.html")]
pub struct NewPasskey {
    /// The frame.
    pub frame: Frame,
    /// What it is to be called.
    pub name: String,
    /// What the device is asked, as JSON.
    pub options: String,
    /// Names what was asked.
    pub token: Secret<String>,
}

/// `/account/factors`.
pub(super) fn routes() -> Routes {
    let own = Access::SignedIn;
    Routes::new()
        .get(NEW, own, ask)
        .post(NEW, own, begin)
        .post(PASSKEY, own, add_passkey)
        .post("/account/factors/{factor}/activate", own, activate)
        .post("/account/factors/{factor}/resend", own, resend)
        .get("/account/factors/{factor}/remove", own, confirm)
        .post("/account/factors/{factor}/remove", own, remove)
}

/// What somebody may add now: of each type the first maker of whom they may have one more.
///
/// # Errors
/// Of the database.
pub async fn offers(app: &App, owner: &Owner, held: &[Enrolled]) -> Result<Vec<(Kind, &'static Provider)>, ApiError> {
    let has_makes = app.store.read(owner.caller.org, |tx| Ok(!tx.factor_profiles()?.is_empty())).await?;
    let mut offers: Vec<(Kind, &'static Provider)> = Vec::new();
    for (kind, provider, _) in catalogue(app, &owner.caller, &owner.user).await? {
        let is_there = |own: &Enrolled| (own.kind, own.provider.as_str()) == (kind, provider.name);
        let is_open = kind.factor().may_be_several() || !held.iter().any(is_there);
        let has_make = kind != Kind::Hotp || has_makes;
        if is_open && has_make && offers.iter().all(|(other, _)| *other != kind) {
            offers.push((kind, provider));
        }
    }
    Ok(offers)
}

/// The page that adds one.
pub fn address(provider: &Provider) -> String {
    NEW.replace("{kind}", provider.org_factor)
}

/// What is to be added, by the name under which organisations allow it; 404 for what is not on offer.
async fn offered(app: &App, owner: &Owner, name: &str) -> Result<(Kind, &'static Provider), ApiError> {
    let held = app.store.read(owner.caller.org, |tx| tx.factors_of(owner.user.id)).await?;
    let found = offers(app, owner, &held).await?.into_iter().find(|(_, provider)| provider.org_factor == name);
    found.ok_or_else(|| ApiError::not_found::<FactorKind>(name))
}

async fn form(app: &App, owner: &Owner, (kind, provider): (Kind, &Provider)) -> Result<FormPage, ApiError> {
    let title = say("account-add-named").with("factor", people::factor(kind));
    let lead = vec![say_of("account-add-about", kind.as_str())];
    let verb = say_of("account-add-act", kind.as_str()).or(say("account-add-send"));
    let form = FormPage::new(owner.frame(), title, lead, address(provider), verb);
    Ok(FormPage { fields: factor_fields::fields(app, &owner.user, kind).await?, ..form })
}

/// The form again with what was typed, and with what to mend.
async fn again(
    app: &App,
    owner: &Owner,
    what: (Kind, &Provider),
    (typed, refused): (&Form, &ApiError),
) -> Result<Response, ApiError> {
    let mut view = form(app, owner, what).await?;
    view.notice = factor_fields::mend(&mut view.fields, typed, refused)?;
    Ok(page_with(refused.status, view))
}

async fn ask(Shared(app): Shared<Arc<App>>, owner: Owner, Path(name): Path<String>) -> Result<Response, ApiError> {
    let offered = offered(&app, &owner, &name).await?;
    Ok(page(form(&app, &owner, offered).await?))
}

async fn begin(
    Shared(app): Shared<Arc<App>>,
    owner: Owner,
    Path(name): Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let (kind, provider) = offered(&app, &owner, &name).await?;
    if kind == Kind::WebAuthn {
        return ask_device(&app, &owner, &headers, &form).await;
    }
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    let asking = Enrolling {
        kind,
        provider,
        profile: factor_fields::profile(&app, &owner.user, kind, &form).await?,
        make: form.text(factor_fields::MAKE).parse().ok(),
        updates_phone: true,
        is_vouched_for: false,
        origin: None,
        sending: Sending::to_reader(&headers),
    };
    let begun = to_the_end({
        let (app, owner) = (Arc::clone(&app), owner.clone());
        async move { factors::begin(&app, owner.caller.org, &Doer::of(&owner.caller), &owner.user, asking).await }
    });
    match begun.await {
        Ok(begun) if begun.factor.status == Status::Active => Ok(done("added")),
        Ok(begun) => Ok(page(activation(&app, &owner, &begun.factor, None)?)),
        Err(refused) => again(&app, &owner, (kind, provider), (&form, &refused)).await,
    }
}

/// The name is looked at, then who asks; then the page whose button asks the device.
async fn ask_device(app: &App, owner: &Owner, headers: &HeaderMap, form: &Form) -> Result<Response, ApiError> {
    let Ok(name) = form.text("name").parse::<webauthn::PasskeyName>() else {
        let wrong = ApiError::validation("name", ["name: must have 1 to 60 characters on one line"]);
        let passkeys = (Kind::WebAuthn, &Kind::WebAuthn.factor().providers()[0]);
        return again(app, owner, passkeys, (form, &wrong)).await;
    };
    demands::require(app, &owner.caller, Class::OwnFactors).await?;
    let asked = passkey::ask_to_be_enrolled(app, &owner.caller, origin(app, headers)).await?;
    let (options, token) = (asked.options.to_string(), asked.token);
    Ok(page(NewPasskey { frame: owner.frame(), name: name.to_string(), options, token }))
}

async fn add_passkey(Shared(app): Shared<Arc<App>>, owner: Owner, form: Form) -> Result<Response, ApiError> {
    let name = form
        .text("name")
        .parse()
        .map_err(|wrong: webauthn::BadPasskeyName| ApiError::validation("name", [format!("name: {wrong}")]))?;
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    let reply = passkey::Reply { token: form.secret("passkeyToken"), response: form.secret("passkey") };
    passkey::enrol_own(&app, &owner.caller, &name, reply).await?;
    Ok(done("added"))
}

/// The page of a factor that waits. Its secret is shown to whoever began it a moment ago, with a fresh proof.
fn activation(app: &App, owner: &Owner, factor: &Enrolled, notice: Option<Notice>) -> Result<Activate, ApiError> {
    let kind = factor.kind;
    let secret = if kind == Kind::Totp { Some(app.store.keyring().open(&factor.secret)?) } else { None };
    let is_sent = kind.factor().channel().is_some();
    let (lead, code) = factor_fields::first_answer(factor);
    let path = format!("/account/factors/{}", factor.id);
    Ok(Activate {
        frame: owner.frame(),
        title: say("account-add-named").with("factor", people::factor(kind)),
        lead,
        notice,
        scan: secret.map(|secret| Scan::of_app(&secret, &owner.org, owner.user.login.as_str())),
        action: format!("{path}/activate"),
        resend: is_sent.then(|| format!("{path}/resend")),
        code,
    })
}

/// A factor of one's own that waits for its first answer.
async fn waiting(app: &App, owner: &Owner, which: &str) -> Result<Enrolled, ApiError> {
    let found = app.store.read(owner.caller.org, |tx| factors::theirs(tx, owner.user.id, which)).await??;
    let waits = found.status == Status::PendingActivation && found.kind != Kind::WebAuthn;
    Some(found).filter(|_| waits).ok_or_else(|| ApiError::not_found::<FactorKind>(which))
}

async fn activate(
    Shared(app): Shared<Arc<App>>,
    owner: Owner,
    Path(which): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let factor = waiting(&app, &owner, &which).await?;
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    let reply = Reply::Typed(form.secret(factor_fields::FIRST_ANSWER));
    let active = to_the_end({
        let (app, owner) = (Arc::clone(&app), owner.clone());
        async move {
            let doer = Doer::of(&owner.caller);
            factors::activate(&app, owner.caller.org, &doer, &owner.user, (&which, reply)).await
        }
    });
    let Err(refused) = active.await else { return Ok(done("added")) };
    let why = refusal(&refused)?;
    let view = activation(&app, &owner, &factor, None)?;
    Ok(page_with(refused.status, Activate { code: view.code.clone().refused(why), ..view }))
}

async fn resend(
    Shared(app): Shared<Arc<App>>,
    owner: Owner,
    Path(which): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let factor = waiting(&app, &owner, &which).await?;
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    let doer = Doer::of(&owner.caller);
    let sent =
        factors::resend(&app, owner.caller.org, &doer, &owner.user, (&which, Sending::to_reader(&headers))).await;
    let (status, notice) = match sent {
        Ok(_) => (StatusCode::OK, Notice::new(Tone::Good, say("account-resent"), say("account-resent-about"))),
        Err(refused) => (
            refused.status,
            Notice::new(Tone::Warning, say("account-not-sent"), refusal(&refused)?).with_code(refused.code),
        ),
    };
    Ok(page_with(status, activation(&app, &owner, &factor, Some(notice))?))
}

/// What removing a factor will mean, or why it stays.
async fn removal(app: &App, owner: &Owner, which: &str) -> Result<(Id<FactorKind>, FormPage), ApiError> {
    let doer = Doer::of(&owner.caller);
    let read = app.store.read(owner.caller.org, |tx| {
        Ok(match factors::theirs(tx, owner.user.id, which)? {
            Ok(factor) => Ok((factors::hindrance(tx, &doer, &owner.user, &factor)?, factor)),
            Err(missing) => Err(missing),
        })
    });
    let (hindrance, factor) = read.await??;
    let verb = say("factors-remove-named").with("name", named(&factor));
    let (lead, action) = match hindrance {
        Some(why) => (vec![refusal(&why)?], None),
        None => (vec![say("account-remove-about"), say("account-remove-sessions")], Some(())),
    };
    let path = format!("/account/factors/{}/remove", factor.id);
    let form = FormPage::new(owner.frame(), verb.clone(), lead, path.clone(), verb).dangerous();
    Ok((factor.id, FormPage { action: action.map(|()| path), ..form }))
}

async fn confirm(Shared(app): Shared<Arc<App>>, owner: Owner, Path(which): Path<String>) -> Result<Response, ApiError> {
    Ok(page(removal(&app, &owner, &which).await?.1))
}

async fn remove(Shared(app): Shared<Arc<App>>, owner: Owner, Path(which): Path<String>) -> Result<Response, ApiError> {
    let (id, view) = removal(&app, &owner, &which).await?;
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    match passkey::remove_own(&app, &owner.caller, id).await {
        Ok(()) => Ok(done("removed")),
        Err(refused) if refused.status == StatusCode::CONFLICT => {
            let notice = Notice::new(Tone::Danger, say("account-stays"), refusal(&refused)?).with_code(refused.code);
            Ok(page_with(refused.status, FormPage { notice: Some(notice), lead: Vec::new(), action: None, ..view }))
        }
        Err(refused) => Err(refused),
    }
}
