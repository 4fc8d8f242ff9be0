//! Sessions: the one of the browser that asks, those of others by id, and one for whoever signed in over the API.
//!
//! A session that is opened here has a cookie of its own, `sid`, which pages of other origins may make a browser send. It
//! opens the parts of the API that are made for browsers and nothing else: its token is hashed in another way than that of
//! the console's cookie, so that neither serves as the other.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_authn::audit::{self, Actor, Event, EventType, Target};
use postern_authn::permission::{Permission, right};
use postern_authn::session::Session;
use postern_authn::user::User;
use postern_codes::id::{Id, Session as SessionKind};
use postern_codes::{Env, Secret, mac};
use postern_store::session_tokens::SessionGrant;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{COOKIE, Caller, has_cookie};
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::origin;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users;
use crate::app::to_the_end;
use crate::sign_in::ruling::{self, Terms};

/// The cookie of a session that was opened over the API.
pub const SID: &str = "sid";

/// The hash that a session opened over the API is kept under.
pub fn sid_hash(token: &str) -> [u8; 32] {
    mac::sha256(&[b"sid\0", token.as_bytes()])
}

/// What [`Session`] words mean in the API; others are left out, since strict clients refuse them.
const AMR: &[&str] = &["fpt", "geo", "hwk", "kba", "mca", "mfa", "otp", "pwd", "sc", "sms", "swk", "tel"];

/// Opens a session for whoever a session token was made for; the text of its cookie.
///
/// # Errors
/// 401 E0000004 where the token is unknown, used or too old, or its owner may not sign in.
pub async fn open(
    app: &App,
    client: &Client,
    token: &Secret<String>,
) -> Result<((Session, String), Secret<String>), ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let cookie = env.token();
    let opened = app.store.write(org, |tx| {
        let Some(granted) = granted(tx, &client.0, token, &env)? else { return Ok(None) };
        let session = keep(tx, &granted, sid_hash(cookie.expose()), &client.0, &env)?;
        tx.session(session, env.now)
    });
    Ok((opened.await?.ok_or_else(not_authenticated)?, cookie))
}

/// The cookies of a browser that a session token signs in.
pub struct Cookies {
    /// For our own pages.
    pub own: Secret<String>,
    /// For those of others.
    pub sid: Secret<String>,
    /// By which the browser is known again; none, where it is already.
    pub browser: Option<Secret<String>>,
}

/// Opens a session for a browser: one for our own pages, and one that pages of other origins may make it use.
///
/// # Errors
/// As [`open`].
pub async fn open_for_pages(app: &App, client: &Client, token: &Secret<String>) -> Result<Cookies, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let browser = client.0.browser.is_none().then(|| env.token());
    let cookies = Cookies { own: env.token(), sid: env.token(), browser };
    let opened = app.store.write(org, |tx| {
        let Some(granted) = granted(tx, &client.0, token, &env)? else { return Ok(false) };
        for hash in [mac::sha256(&[cookies.own.expose().as_bytes()]), sid_hash(cookies.sid.expose())] {
            keep(tx, &granted, hash, &client.0, &env)?;
        }
        let fresh = cookies.browser.as_ref().map(|token| mac::sha256(&[token.expose().as_bytes()]));
        if let Some(hash) = client.0.browser.or(fresh) {
            tx.note_browser(granted.person.id, (hash, None), env.now)?;
        }
        Ok(true)
    });
    if opened.await? { Ok(cookies) } else { Err(not_authenticated()) }
}

fn not_authenticated() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "E0000004", "Authentication failed")
}

/// Whose session is opened, by what proof, and for how long.
struct Granted {
    grant: SessionGrant,
    person: User,
    terms: Terms,
}

/// Uses a session token up; a refusal is recorded. Where no rule lets its person in from here, nobody is.
fn granted(
    tx: &mut Tx<'_>,
    client: &audit::Client,
    token: &Secret<String>,
    env: &Env,
) -> Result<Option<Granted>, Error> {
    let grant = tx.take_session_token(token, env.now)?;
    let person = grant.as_ref().map(|grant| tx.user(grant.user)).transpose()?.flatten();
    let Some((grant, person)) = grant.zip(person) else {
        let event = Event::failure(EventType::SessionStart, Actor::anonymous(), client.clone(), "session_token");
        tx.record(&event, env)?;
        return Ok(None);
    };
    let ruling = ruling::of(tx, &person, client, env)?;
    if !ruling.demands.lets_in() {
        let actor = Actor::user(person.id, person.login.as_str(), &person.name());
        tx.record(&Event::failure(EventType::SessionStart, actor, client.clone(), "policy"), env)?;
        return Ok(None);
    }
    tx.user_signed_in(grant.user, env.now)?;
    Ok(Some(Granted { grant, person, terms: ruling.terms() }))
}

/// Keeps a session.
fn keep(
    tx: &mut Tx<'_>,
    Granted { grant, person, terms }: &Granted,
    hash: [u8; 32],
    client: &audit::Client,
    env: &Env,
) -> Result<Id<SessionKind>, Error> {
    let session = Session {
        id: Id::<SessionKind>::new(env),
        user: person.id,
        created_at: env.now,
        last_seen_at: env.now,
        expires_at: env.now.plus(terms.longest),
        factor_at: grant.factor_at,
        amr: grant.amr.clone(),
        ip: client.ip.clone(),
        user_agent: client.user_agent.clone(),
    };
    tx.insert_session(&session, hash)?;
    tx.set_idle(session.id, terms.idle)?;
    let actor = Actor::user(person.id, person.login.as_str(), &person.name());
    let event = Event::success(EventType::SessionStart, actor, client.clone());
    tx.record(&event.target(target(session.id)).detail("amr", &session.amr), env)?;
    Ok(session.id)
}

/// The cookie of a session that was opened over the API.
pub fn sid_cookie(token: &Secret<String>) -> String {
    format!("{SID}={}; Path=/api/v1; Secure; HttpOnly; SameSite=None", token.expose())
}

/// A session that is alive: the caller's own, or that of anybody whom they may see.
///
/// # Errors
/// 403 for somebody else's without the permission, 404 where there is none.
pub async fn session(app: &App, by: Caller, which: &str) -> Result<(Session, String), ApiError> {
    let org = by.org;
    let (id, now) = (which.parse().ok(), app.env().now);
    let found = match id {
        Some(id) => app.store.read(org, |tx| tx.session(id, now)).await?,
        None => None,
    };
    let found = match found {
        Some(own) if own.0.user == by.user() => return Ok(own),
        other => other,
    };
    let by = by.require::<right::UsersRead>(app).await?;
    let seen = app.store.read(org, |tx| match &found {
        Some((session, _)) => users::is_seen(tx, &by, Permission::UsersRead, session.user),
        None => Ok(false),
    });
    let is_seen = seen.await?;
    found.filter(|_| is_seen).ok_or_else(|| ApiError::not_found::<SessionKind>(which))
}

/// Ends a session, or has its idle time begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Over.
    End,
    /// As if it had just been used.
    Refresh,
}

/// Changes a session: the caller's own, or for who may sign people out that of anybody who is not above them.
///
/// # Errors
/// 403 for somebody else's without the permission or above the caller, 404 where there is none.
pub async fn change(app: &App, by: Caller, which: &str, change: Change) -> Result<(Session, String), ApiError> {
    let env = app.env();
    let id: Option<Id<SessionKind>> = which.parse().ok();
    let found = match id {
        Some(id) => app.store.read(by.org, |tx| tx.session(id, env.now)).await?,
        None => None,
    };
    if let Some((session, login)) = &found
        && session.user == by.user()
    {
        let done = app.store.write(by.org, |tx| settle(tx, &by, session.clone(), change, &env));
        return Ok((done.await?, login.clone()));
    }
    let by = by.require::<right::UsersClearSessions>(app).await?;
    let done = app.store.write(by.org, |tx| {
        let Some((session, login)) = id.map(|id| tx.session(id, env.now)).transpose()?.flatten() else {
            return Ok(Err(ApiError::not_found::<SessionKind>(which)));
        };
        if let Err(refused) = users::reached(tx, &by, session.user.as_str(), EventType::SessionEnd, &env)? {
            return Ok(Err(refused));
        }
        settle(tx, &by, session, change, &env).map(|session| Ok((session, login)))
    });
    done.await?
}

fn settle(tx: &mut Tx<'_>, by: &Caller, session: Session, change: Change, env: &Env) -> Result<Session, Error> {
    match change {
        Change::End => {
            if tx.end_session(session.id, env.now)? {
                let event = by.success(EventType::SessionEnd).target(target(session.id));
                tx.record(&event.target(Target::new("User", session.user, "", "")), env)?;
            }
            Ok(session)
        }
        Change::Refresh => {
            tx.refresh_session(session.id, env.now)?;
            Ok(tx.session(session.id, env.now)?.map_or(session, |(refreshed, _)| refreshed))
        }
    }
}

fn target(id: Id<SessionKind>) -> Target {
    Target::new("Session", id, "", "")
}

/// A session as answers have it.
pub fn shown(app: &App, caller_org: impl std::fmt::Display, (session, login): &(Session, String)) -> Value {
    let path = format!("/api/v1/sessions/{}", session.id);
    let links = Links::new(app)
        .to_by("self", &["GET", "DELETE"], &path)
        .to("refresh", "POST", format!("{path}/lifecycle/refresh"))
        .to("user", "GET", format!("/api/v1/users/{}", session.user));
    let has_password = session.amr.split_whitespace().any(|word| word == "pwd");
    let amr: Vec<&str> = session.amr.split_whitespace().filter(|word| AMR.contains(word)).collect();
    let mut shown = json!({
        "id": session.id,
        "login": login,
        "userId": session.user,
        "status": "ACTIVE",
        "createdAt": hal::time(session.created_at),
        "expiresAt": hal::time(session.expires_at),
        "amr": amr,
        "idp": { "id": caller_org.to_string(), "type": "OKTA" },
        "mfaActive": session.factor_at.is_some(),
        "_links": Value::from(links),
    });
    if has_password {
        shown["lastPasswordVerification"] = hal::time(session.created_at).into();
    }
    if let Some(at) = session.factor_at {
        shown["lastFactorVerification"] = hal::time(at).into();
    }
    shown
}

/// The routes of sessions.
pub fn routes() -> Routes {
    Routes::new()
        .post("/api/v1/sessions", Access::Anyone, post_session)
        .get("/api/v1/sessions/me", Access::Anyone, get_own)
        .delete("/api/v1/sessions/me", Access::Anyone, delete_own)
        .post("/api/v1/sessions/me/lifecycle/refresh", Access::Anyone, refresh_own)
        .get("/api/v1/sessions/{session}", Access::SignedIn, get_session)
        .delete("/api/v1/sessions/{session}", Access::SignedIn, delete_session)
        .post("/api/v1/sessions/{session}/lifecycle/refresh", Access::SignedIn, refresh_session)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenBody {
    session_token: Option<Secret<String>>,
}

async fn post_session(
    app: State<Arc<App>>,
    client: Client,
    headers: HeaderMap,
    body: Result<Json<TokenBody>, ApiError>,
) -> Result<Response, ApiError> {
    let blank = || ApiError::validation("sessionToken", ["sessionToken: The field cannot be left blank"]);
    let token = body?.0.session_token.ok_or_else(blank)?;
    let State(app) = app;
    to_the_end(async move {
        let org = app.org().await?;
        let (opened, cookie) = open(&app, &client, &token).await?;
        let mut answer = Json(shown(&app, org, &opened)).into_response();
        // Only a page that is trusted may sign a browser in; a program has no use for a cookie.
        if origin::is_welcome(&app, "/api/v1/sessions", &headers).await {
            let cookie = HeaderValue::try_from(sid_cookie(&cookie)).map_err(ApiError::fault)?;
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    })
    .await
}

/// Whoever has a session; for anybody else there is none.
async fn own(app: &Arc<App>, request: Request) -> Result<(Caller, String), ApiError> {
    let (mut parts, _) = request.into_parts();
    // Okta's own clients send their token along with the cookie that they ask about. No page of another site can send
    // that header, so the check of origins, which trusts it, loses nothing.
    if has_cookie(&parts) {
        parts.headers.remove(header::AUTHORIZATION);
    }
    let none = || ApiError::not_found::<SessionKind>("me");
    let caller = Caller::from_request_parts(&mut parts, app).await.map_err(|refused| match refused.code {
        "E0000005" | "E0000011" => none(),
        _ => refused,
    })?;
    let id = caller.session().ok_or_else(none)?.to_string();
    Ok((caller, id))
}

async fn get_own(app: State<Arc<App>>, request: Request) -> Result<Json<Value>, ApiError> {
    let (caller, id) = own(&app, request).await?;
    let org = caller.org;
    Ok(Json(shown(&app, org, &session(&app, caller, &id).await?)))
}

async fn delete_own(app: State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (caller, id) = own(&app, request).await?;
    change(&app, caller, &id, Change::End).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    for gone in [
        format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"),
        format!("{SID}=; Path=/api/v1; Secure; HttpOnly; SameSite=None; Max-Age=0"),
    ] {
        answer.headers_mut().append(header::SET_COOKIE, HeaderValue::try_from(gone).map_err(ApiError::fault)?);
    }
    Ok(answer)
}

async fn refresh_own(app: State<Arc<App>>, request: Request) -> Result<Json<Value>, ApiError> {
    let (caller, id) = own(&app, request).await?;
    let org = caller.org;
    Ok(Json(shown(&app, org, &change(&app, caller, &id, Change::Refresh).await?)))
}

async fn get_session(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let org = caller.org;
    Ok(Json(shown(&app, org, &session(&app, caller, &which.0).await?)))
}

async fn delete_session(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    change(&app, caller, &which.0, Change::End).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refresh_session(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let org = caller.org;
    Ok(Json(shown(&app, org, &change(&app, caller, &which.0, Change::Refresh).await?)))
}
