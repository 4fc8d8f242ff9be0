//! Factors over HTTP: shapes, handlers, routes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use postern_authn::audit::EventType;
use postern_authn::factor::{Kind, question};
use postern_authn::permission::right;
use postern_codes::Secret;
use postern_codes::id::{Factor, Id};
use postern_store::factor_codes::Bond;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Meant, catalogue, qr, shown, to_ask, to_change, to_see};
use crate::App;
use crate::api::body::{self, Json};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::factors::sending::Sending;
use crate::factors::{self, Doer, Enrolling, Reply, refusal};
use crate::sign_in::verify::{Outcome, Scene};

/// How long a code by mail may count.
const LIVES: std::ops::RangeInclusive<u64> = 1..=86_400;

/// The routes of people's factors.
pub fn routes() -> Routes {
    let own = Access::SignedIn;
    Routes::new()
        .get("/api/v1/users/{who}/factors", own, list)
        .post("/api/v1/users/{who}/factors", own, enrol)
        .get("/api/v1/users/{who}/factors/catalog", own, get_catalogue)
        .get("/api/v1/users/{who}/factors/questions", own, questions)
        .get("/api/v1/users/{who}/factors/{factor}", own, one)
        .delete("/api/v1/users/{who}/factors/{factor}", own, remove)
        .post("/api/v1/users/{who}/factors/{factor}/lifecycle/activate", own, activate)
        .post("/api/v1/users/{who}/factors/{factor}/resend", own, resend)
        .post("/api/v1/users/{who}/factors/{factor}/verify", own, verify)
        .get("/api/v1/users/{who}/factors/{factor}/qr/{token}", Access::Anyone, qr::show)
}

async fn list(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let Meant { user, .. } = to_see(&app, &caller, &who.0).await?;
    let held = app.store.read(caller.org, |tx| tx.all_factors_of(user.id)).await?;
    let listed = held.iter().filter(|factor| factor.kind.factor().is_listed());
    Ok(Json(listed.map(|factor| shown::factor(&app, &user, factor)).collect()))
}

async fn get_catalogue(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    let Meant { user, .. } = to_see(&app, &caller, &who.0).await?;
    let entries = catalogue(&app, &caller, &user).await?;
    let held = app.store.read(caller.org, |tx| tx.all_factors_of(user.id)).await?;
    Ok(Json(entries.into_iter().map(|entry| shown::entry(&app, &user, entry, &held)).collect()))
}

async fn questions(app: State<Arc<App>>, caller: Caller, who: Path<String>) -> Result<Json<Vec<Value>>, ApiError> {
    to_see(&app, &caller, &who.0).await?;
    let one = |(key, text): &(&str, &str)| json!({ "question": key, "questionText": text });
    Ok(Json(question::QUESTIONS.iter().map(one).collect()))
}

async fn one(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let Meant { user, .. } = to_see(&app, &caller, &who).await?;
    let factor = app.store.read(caller.org, |tx| factors::theirs(tx, user.id, &which)).await??;
    Ok(Json(shown::factor(&app, &user, &factor)))
}

/// What is to be enrolled.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct FactorBody {
    factor_type: Option<String>,
    provider: Option<String>,
    profile: Option<Map<String, Value>>,
    factor_profile_id: Option<String>,
}

impl FactorBody {
    pub(in crate::api) fn parse(self) -> Result<Enrolling, ApiError> {
        let blank = |member: &str| ApiError::validation(member, [format!("{member}: The field cannot be left blank")]);
        let name = self.factor_type.ok_or_else(|| blank("factorType"))?;
        let unknown = |member: &str, what: &str| ApiError::validation(member, [format!("{member}: {what}")]);
        let kind: Option<Kind> = name.parse().ok().filter(|kind: &Kind| kind.factor().is_listed());
        let kind = kind.ok_or_else(|| unknown("factorType", "is no type of factor here"))?;
        let provider = match &self.provider {
            None => kind.factor().providers().first(),
            Some(name) => kind.provider(name),
        };
        let provider = provider.ok_or_else(|| unknown("provider", "does not make factors of this type"))?;
        let make = self.factor_profile_id.map(|id| id.parse()).transpose();
        let make = make.map_err(|_| unknown("factorProfileId", "must name a factor profile"))?;
        Ok(Enrolling {
            kind,
            provider,
            profile: self.profile.map_or(Value::Null, Value::Object),
            make,
            updates_phone: false,
            is_vouched_for: false,
            origin: None,
            sending: Sending::default(),
        })
    }
}

async fn enrol(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    (query, headers): (Result<Query, ApiError>, HeaderMap),
    body: Result<Json<FactorBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let Meant { user, is_own } =
        to_change::<right::UsersCredentials>(&app, &caller, &who, EventType::FactorEnrol).await?;
    let query = query?;
    let mut asked = body?.0.parse()?;
    asked.updates_phone = query.get("updatePhone")?.unwrap_or(false);
    // Nobody vouches for themselves.
    asked.is_vouched_for = query.get("activate")?.unwrap_or(false) && !is_own;
    asked.sending = sending(&query, &headers)?;
    asked.origin = origin(&headers);
    let begun = to_the_end({
        let (app, user) = (Arc::clone(&app), user.clone());
        async move { factors::begin(&app, caller.org, &Doer::of(&caller), &user, asked).await }
    });
    Ok(Json(shown::begun(&app, &user, &begun.await?)))
}

/// What is answered.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody {
    pass_code: Option<Secret<String>>,
    next_pass_code: Option<Secret<String>>,
    answer: Option<Secret<String>>,
    client_data: Option<Value>,
    attestation: Option<Value>,
    authenticator_data: Option<Value>,
    signature_data: Option<Value>,
}

/// The reply of a body; nothing, where it asks for a challenge. An empty code is none: clients send it to ask.
pub(in crate::api) fn reply(bytes: &[u8]) -> Result<Option<Reply>, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let body: AnswerBody = body::parse(bytes)?;
    if body.client_data.is_some() {
        let text = std::str::from_utf8(bytes).map_err(|_| ApiError::malformed())?;
        return Ok(Some(Reply::Signed(Secret::new(text.to_owned()))));
    }
    if body.attestation.or(body.authenticator_data).or(body.signature_data).is_some() {
        // What a device signed says nothing without what it was asked.
        return Err(ApiError::validation("clientData", ["clientData: The field cannot be left blank"]));
    }
    let given = |text: Option<Secret<String>>| text.filter(|text| !text.expose().trim().is_empty());
    Ok(match (given(body.pass_code), given(body.next_pass_code), given(body.answer)) {
        (Some(first), Some(second), _) => Some(Reply::TypedTwo(first, second)),
        (Some(typed), None, _) | (None, _, Some(typed)) => Some(Reply::Typed(typed)),
        (None, _, None) => None,
    })
}

async fn activate(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
    body: axum::extract::Request,
) -> Result<Json<Value>, ApiError> {
    let Meant { user, .. } =
        to_change::<right::UsersCredentials>(&app, &caller, &who, EventType::FactorActivate).await?;
    let Some(reply) = reply(&body::bytes(body, &()).await?)? else {
        app.store.read(caller.org, |tx| factors::theirs(tx, user.id, &which)).await??;
        return Err(ApiError::validation("passCode", ["passCode: The field cannot be left blank"]));
    };
    let active = to_the_end({
        let (app, user) = (Arc::clone(&app), user.clone());
        async move { factors::activate(&app, caller.org, &Doer::of(&caller), &user, (&which, reply)).await }
    });
    Ok(Json(shown::factor(&app, &user, &active.await?)))
}

async fn resend(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
    (query, headers): (Result<Query, ApiError>, HeaderMap),
    body: axum::extract::Request,
) -> Result<Json<Value>, ApiError> {
    let Meant { user, .. } = to_change::<right::UsersCredentials>(&app, &caller, &who, EventType::FactorEnrol).await?;
    let sending = sending(&query?, &headers)?;
    let bytes = body::bytes(body, &()).await?;
    // The factor stands in the path; the body may say it again, and is read to be well-formed.
    if !bytes.trim_ascii().is_empty() {
        body::parse::<FactorBody>(&bytes)?;
    }
    let sent = factors::resend(&app, caller.org, &Doer::of(&caller), &user, (&which, sending)).await?;
    Ok(Json(shown::factor(&app, &user, &sent)))
}

async fn verify(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
    (query, headers): (Result<Query, ApiError>, HeaderMap),
    body: axum::extract::Request,
) -> Result<Json<Value>, ApiError> {
    let Meant { user, .. } = to_ask::<right::UsersCredentials>(&app, &caller, &who, EventType::UserAuthFactor).await?;
    let sending = sending(&query?, &headers)?;
    let reply = reply(&body::bytes(body, &()).await?)?;
    let doer = Doer::of(&caller);
    let Some(reply) = reply else {
        let (sending, origin) = (sending, origin(&headers));
        let asked =
            factors::challenge(&app, caller.org, &doer, &user, (&which, &Bond::Api), (sending, origin.as_deref()))
                .await?;
        return Ok(Json(challenge(&app, &user, asked)));
    };
    let verified = to_the_end({
        let (app, user) = (Arc::clone(&app), user.clone());
        // A program of the organisation's own vouches for who is there: what is wrong counts against the person.
        let scene = Scene { client: doer.client, target: None, is_known: true };
        async move { factors::verify(&app, caller.org, &user, (&which, &Bond::Api), reply, &scene).await }
    });
    let (factor, outcome) = verified.await?;
    if !matches!(outcome, Outcome::Accepted(_)) {
        return Err(refusal(&outcome, factor.kind));
    }
    let mut shown = json!({ "factorResult": "SUCCESS" });
    if factor.kind == Kind::WebAuthn {
        shown["profile"] = factor.kind.factor().shown(&factor.profile);
    }
    Ok(Json(shown))
}

fn challenge(
    app: &App,
    user: &postern_authn::user::User,
    (factor, options): (postern_authn::factor::Enrolled, Option<Value>),
) -> Value {
    let links = shown::links(app, user, &factor);
    let mut shown = json!({
        "factorResult": "CHALLENGE",
        "profile": factor.kind.factor().shown(&factor.profile),
        "_links": { "verify": links["verify"], "factor": links["self"] },
    });
    if let Some(options) = options {
        let asked = &options["publicKey"];
        let extensions = asked.get("extensions").cloned().unwrap_or_else(|| json!({}));
        shown["_embedded"] = json!({ "challenge": {
            "challenge": asked["challenge"],
            "userVerification": asked["userVerification"],
            "rpId": asked["rpId"],
            "extensions": extensions,
        } });
    }
    shown
}

async fn remove(
    app: State<Arc<App>>,
    caller: Caller,
    Path((who, which)): Path<(String, String)>,
    query: Result<Query, ApiError>,
) -> Result<StatusCode, ApiError> {
    let Meant { user, .. } =
        to_change::<right::UsersResetFactors>(&app, &caller, &who, EventType::FactorDeactivate).await?;
    // Numbers that are kept for recovery alone there are none of.
    query?.get::<bool>("removeRecoveryEnrollment")?;
    let Ok(id) = which.parse::<Id<Factor>>() else { return Err(ApiError::not_found::<Factor>(&which)) };
    let env = app.env();
    let doer = Doer::of(&caller);
    app.store.write(caller.org, |tx| factors::remove_in(tx, &doer, &user, id, &env)).await??;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) fn sending(query: &Query, headers: &HeaderMap) -> Result<Sending, ApiError> {
    let life: Option<u64> = query.get("tokenLifetimeSeconds")?;
    if life.is_some_and(|life| !LIVES.contains(&life)) {
        let cause = "tokenLifetimeSeconds: must be 1 to 86400";
        return Err(ApiError::validation("tokenLifetimeSeconds", [cause]));
    }
    let template = query.text("templateId").map(str::to_owned);
    Ok(Sending { template, life: life.map(Duration::from_secs), ..Sending::to_reader(headers) })
}

pub(in crate::api) fn origin(headers: &HeaderMap) -> Option<String> {
    headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
