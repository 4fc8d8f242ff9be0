//! What a browser gets instead of a screen: the way to sign in, or a page that says why and what to do.

use askama::Template;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::page::page_with;
use super::part::{Notice, Tone};
use super::people::capital;
use super::stale::{Typed, is_stale};
use super::words::{Text, say, say_of};
use crate::api::ApiError;

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There, and not for this viewer.
    Forbidden,
    /// A one-time link that was used, or is too old.
    LinkOver,
    /// Signed in, but the console is not for them.
    NotAdministrator,
    /// Not there, or not for this viewer: one answer for both.
    NotFound,
    /// There is no organisation yet.
    NotSetUp,
    /// What was asked cannot be done like this.
    Refused(Notice),
    /// The session is over; what was typed goes along when it is sent again.
    SignedOut(Kept),
    /// A form of a page from before a change.
    Stale(Kept),
    /// Broken or full, for now; what was typed can be sent again.
    Unavailable(Kept),
}

/// What a form held that could not be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where it went.
    pub action: String,
    /// Name and value.
    pub fields: Vec<(String, String)>,
}

impl Kept {
    /// What people typed of it, without what the form showed them first.
    fn typed(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(name, _)| name != "version" && !name.starts_with("was-"))
    }
}

/// The page.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub struct Problem {
    /// Why.
    pub why: Why,
    /// By which the operator finds it in the log.
    pub request_id: String,
}

impl Problem {
    fn title(&self) -> Text {
        match self.why {
            Why::Forbidden => say("problem-forbidden-title"),
            Why::LinkOver => say("problem-link-over-title"),
            Why::NotAdministrator => say("problem-not-administrator-title"),
            Why::NotFound => say("problem-not-found-title"),
            Why::NotSetUp => say("problem-not-set-up-title"),
            Why::Refused(_) => say("problem-refused-title"),
            Why::SignedOut(_) => say("problem-signed-out"),
            Why::Stale(_) => say("problem-stale-title"),
            Why::Unavailable(_) => say("problem-unavailable-title"),
        }
    }
}

impl From<&ApiError> for Why {
    fn from(error: &ApiError) -> Self {
        match (error.status, error.code) {
            (_, "not_an_administrator") => Self::NotAdministrator,
            (_, "not_set_up") => Self::NotSetUp,
            (_, "setup_link_over") => Self::LinkOver,
            (StatusCode::FORBIDDEN, "E0000006") if error.causes.is_empty() => Self::Forbidden,
            (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _) => Self::NotFound,
            (status, _) if status.is_server_error() => Self::Unavailable(Kept::default()),
            (_, code) => {
                let next = error.causes.iter().map(|cause| capital(cause) + ". ").collect::<String>();
                let happened = say_of("domain-error", code).or(error.summary.clone());
                Self::Refused(Notice::new(Tone::Warning, happened, next).with_code(code))
            }
        }
    }
}

/// Whether a path is one that people open in a browser.
pub fn is_for_browsers(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let ours = [
        "", "account", "admin", "expired", "forgot", "language", "login", "not-me", "reset", "setup", "signin",
        "welcome",
    ];
    ours.contains(&first)
}

/// The answer to a browser: to sign in, for whoever has no session; a page for everything else.
pub fn answer(error: &ApiError, method: &Method, uri: &Uri, request_id: String, typed: Typed) -> Response {
    let has_no_session = matches!(error.code, "E0000005" | "E0000011");
    // Elsewhere most of what is sent is secret, and sent again in part it would be refused.
    let is_broken = error.status.is_server_error() && uri.path().starts_with("/admin/");
    if !typed.0.is_empty() && (has_no_session || is_stale(error.status) || is_broken) {
        let kept = Kept { action: uri.path().to_owned(), fields: typed.0 };
        let (status, why) = match error.status {
            _ if has_no_session => (StatusCode::FORBIDDEN, Why::SignedOut(kept)),
            status if is_broken => (status, Why::Unavailable(kept)),
            status => (status, Why::Stale(kept)),
        };
        return page_with(status, Problem { why, request_id });
    }
    if has_no_session {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, sign_in_address(method, uri))]).into_response();
    }
    page_with(error.status, Problem { why: error.into(), request_id })
}

/// The sign-in page, which leads back to where the reader wanted to go.
fn sign_in_address(method: &Method, uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/admin", |path| path.as_str());
    // Only a page can be gone back to: what was sent with a form is lost with the session.
    if *method != Method::GET || wanted == "/admin" || wanted == "/" {
        return "/signin".to_owned();
    }
    let to: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("/signin?to={to}")
}

/// Where to go after sign-in: the page that was asked for, if it is one of the console's or of one's account; the console's
/// first page otherwise. An address of somebody else is never followed.
pub fn way_back(to: &str) -> &str {
    let is_below = |own: &str| to.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_ours = is_below("/admin") || is_below("/account");
    if is_ours && !to.contains(['\\', '\r', '\n']) { to } else { "/admin" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_in_the_console() {
        assert_eq!(way_back("/admin/devices?q=a"), "/admin/devices?q=a");
        assert_eq!(way_back("/account"), "/account");
        for foreign in
            ["", "/", "//evil.example", "https://evil.example", "/adminx", "/accounts", "/admin\\..", "/signin"]
        {
            assert_eq!(way_back(foreign), "/admin", "{foreign}");
        }
    }

    #[test]
    fn sign_in_leads_back_to_the_page_that_was_asked_for() {
        let uri = "/admin/devices?q=a%20b".parse().unwrap();
        assert_eq!(sign_in_address(&Method::GET, &uri), "/signin?to=%2Fadmin%2Fdevices%3Fq%3Da%2520b");
        assert_eq!(sign_in_address(&Method::POST, &uri), "/signin");
    }
}
