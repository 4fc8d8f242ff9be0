//! Where one is signed in: each session with its end, the browsers that are remembered, and "this was not me".

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use postern_codes::id::Session as SessionKind;

use super::done;
use super::owner::{FormPage, Owner};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::sessions::{self, Change};
use crate::api::{ApiError, users};
use crate::console::cookie;
use crate::console::page::page;
use crate::console::part::Moment;
use crate::console::words::say;
use crate::{App, not_me};

/// Where somebody says that something was not them.
pub const NOT_ME: &str = "/account/not-me";

/// A session.
pub struct Session {
    /// The browser, as well as it can be told.
    pub program: String,
    /// The network address at sign-in.
    pub ip: String,
    /// Since when.
    pub since: Moment,
    /// When it was last used.
    pub last_used: Moment,
    /// Where it is ended; nowhere, for the one that shows this page.
    pub end: Option<String>,
}

/// A browser that is remembered.
pub struct Remembered {
    /// Since when.
    pub since: Moment,
    /// When it was last used.
    pub last_used: Moment,
    /// Whether it is the one that shows this page.
    pub is_this: bool,
}

/// `/account/sessions`, `/account/browsers`, `/account/not-me`.
pub(super) fn routes() -> Routes {
    let own = Access::SignedIn;
    Routes::new()
        .post("/account/sessions/end-others", own, end_others)
        .post("/account/sessions/{session}/end", own, end)
        .post("/account/browsers/forget", own, forget)
        .get(NOT_ME, own, ask)
        .post(NOT_ME, own, act)
}

/// The sessions of somebody, the present one first.
///
/// # Errors
/// Of the database.
pub async fn shown(app: &App, owner: &Owner) -> Result<(Vec<Session>, Vec<Remembered>), ApiError> {
    let user = owner.user.id;
    let read = app.store.read(owner.caller.org, |tx| Ok((tx.sessions_of(user, owner.now)?, tx.browsers_of(user)?)));
    let (mut found, browsers) = read.await?;
    let present = owner.caller.session();
    found.sort_by_key(|session| Some(session.id) != present);
    let session = |session: postern_authn::session::Session| Session {
        program: program(&session.user_agent),
        ip: session.ip,
        since: owner.moment(session.created_at),
        last_used: owner.moment(session.last_seen_at),
        end: (Some(session.id) != present).then(|| format!("/account/sessions/{}/end", session.id)),
    };
    let remembered = |browser: postern_store::attempts::KnownBrowser| Remembered {
        since: owner.moment(browser.created_at),
        last_used: owner.moment(browser.last_used_at),
        is_this: owner.caller.client.0.browser == Some(browser.token_hash),
    };
    Ok((found.into_iter().map(session).collect(), browsers.into_iter().map(remembered).collect()))
}

/// What a `User-Agent` is called; its beginning, where nothing of it is known.
pub fn program(user_agent: &str) -> String {
    // In this order, since each names those behind it too.
    const BROWSERS: &[(&str, &str)] = &[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: &[(&str, &str)] = &[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let known =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    let names: Vec<&str> = [known(BROWSERS), known(SYSTEMS)].into_iter().flatten().collect();
    if names.is_empty() { user_agent.chars().take(60).collect() } else { names.join(", ") }
}

async fn end(Shared(app): Shared<Arc<App>>, owner: Owner, Path(which): Path<String>) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found::<SessionKind>(&which);
    let id = which.parse().map_err(|_| missing())?;
    let found = app.store.read(owner.caller.org, |tx| tx.session(id, owner.now)).await?;
    // Of others' sessions nothing is said here, whatever else the caller may.
    found.filter(|(session, _)| session.user == owner.user.id).ok_or_else(missing)?;
    let is_present = owner.caller.session() == Some(id);
    sessions::change(&app, owner.caller, &which, Change::End).await?;
    if is_present {
        return Ok((cookie::clear(), Redirect::to("/signin")).into_response());
    }
    Ok(done("session-ended"))
}

async fn end_others(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    users::sign_out_oneself(&app, &owner.caller, true).await?;
    Ok(done("others-ended"))
}

async fn forget(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    not_me::forget_browsers(&app, &owner.caller).await?;
    Ok(done("browsers-forgotten"))
}

async fn ask(owner: Owner) -> Response {
    let lead = vec![say("account-not-me-ends"), say("account-not-me-forgets"), say("account-not-me-tells")];
    let (title, verb) = (say("account-not-me"), say("account-not-me-act"));
    page(FormPage::new(owner.frame(), title, lead, NOT_ME.to_owned(), verb).dangerous())
}

async fn act(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    not_me::say_so(&app, &owner.caller, &owner.user).await?;
    Ok(done("not-me"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        assert_eq!(program(chrome), "Chrome, Linux");
        assert_eq!(program(&format!("{chrome} Edg/141.0.0.0")), "Edge, Linux");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1";
        assert_eq!(program(phone), "Safari, iPhone");
        assert_eq!(program("curl/8.5.0"), "curl/8.5.0");
        assert_eq!(program(&"x".repeat(300)).len(), 60);
    }
}
