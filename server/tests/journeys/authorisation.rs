//! Every route against everybody: nobody, a token of nobody, somebody of another organisation, a person without a role,
//! and each role. The table of routes is the server's own, so a new route is swept without a line here.

use std::fmt;

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::{Authority, Grant, Permission, Role};
use postern_server::api::routes::{Access, Route};
use postern_server::app::route_table;
use postern_store::scratch;

use crate::app::Answer;
use crate::staff::{Staff, founded, member};

/// Routes that anybody may ask, and why. This list may only shrink.
const OPEN: &[(&str, &str)] = &[
    ("GET /", "leads to the console, which asks who it is"),
    ("GET /expired/{token}", "the link that the right password led to is the right to choose another"),
    ("POST /expired/{token}", "the same"),
    ("GET /forgot", "asks who it is, and answers everybody alike"),
    ("POST /forgot", "the same"),
    ("POST /language", "a language is chosen before somebody signs in, and is kept in their browser alone"),
    ("GET /not-me/{token}", "the link in a notice is the right to say that it was not me"),
    ("POST /not-me/{token}", "the same"),
    ("GET /signin/help", "whoever cannot come in draws a number there"),
    ("POST /signin/help", "the same"),
    ("GET /not-me/case/{token}", "the link in a notice of a case is the right to say that it was not me"),
    ("POST /not-me/case/{token}", "the same"),
    ("GET /reset/{token}", "the link in a message is the right to choose a password"),
    ("POST /reset/{token}", "the same"),
    ("GET /setup/{link}", "the link that the first start prints is the right to set up"),
    ("POST /setup/{link}", "the same"),
    ("GET /setup/{link}/app", "the same"),
    ("POST /setup/{link}/app", "the same"),
    ("GET /signin", "asks who it is"),
    ("POST /signin", "proves who it is"),
    ("POST /signin/answer", "the state token is the right to go on"),
    ("POST /signin/enrol", "the same"),
    ("POST /signin/enrol/activate", "the same"),
    ("POST /signin/enrol/begin", "the same"),
    ("POST /signin/enrol/codes", "the same"),
    ("POST /signin/enrol/resend", "the same"),
    ("POST /signin/factor", "the same"),
    ("POST /signin/ways", "the same"),
    ("POST /signin/passkey", "asks whoever is there to prove who it is"),
    ("GET /static/accent/{colours}", "colours that its address says, and no row"),
    ("GET /static/console.js", "the same for everybody"),
    ("GET /static/portal.js", "the same for everybody"),
    ("GET /static/passkey.js", "the same for everybody"),
    ("GET /static/style.css", "the same for everybody"),
    ("GET /login/sessionCookieRedirect", "the session token is the right to be signed in"),
    ("POST /api/v1/authn", "proves who it is"),
    ("POST /api/v1/authn/cancel", "the state token is the right to go on, as it is for every step of a sign-in"),
    ("POST /api/v1/authn/credentials/change_password", "the same"),
    ("POST /api/v1/authn/credentials/reset_password", "the same"),
    ("POST /api/v1/authn/factors", "the same"),
    ("GET /api/v1/authn/factors/questions", "the same for everybody"),
    ("POST /api/v1/authn/factors/{factor}/lifecycle/activate", "the state token"),
    ("POST /api/v1/authn/factors/{factor}/lifecycle/resend", "the same"),
    ("POST /api/v1/authn/factors/{factor}/verify", "the same"),
    ("POST /api/v1/authn/factors/{factor}/verify/resend", "the same"),
    ("POST /api/v1/authn/previous", "the same"),
    ("POST /api/v1/authn/recovery/answer", "the same"),
    ("POST /api/v1/authn/recovery/factors/call/resend", "the state token"),
    ("POST /api/v1/authn/recovery/factors/call/verify", "the same"),
    ("POST /api/v1/authn/recovery/factors/sms/resend", "the same"),
    ("POST /api/v1/authn/recovery/factors/sms/verify", "the same"),
    ("POST /api/v1/authn/recovery/password", "asks who it is, and answers everybody alike"),
    ("POST /api/v1/authn/recovery/token", "the link in a message is the right to come back by it"),
    ("POST /api/v1/authn/recovery/unlock", "asks who it is, and answers everybody alike"),
    ("POST /api/v1/authn/skip", "the state token"),
    ("POST /api/v1/sessions", "the session token is the right to open a session"),
    ("GET /api/v1/sessions/me", "whoever has no session is told that there is none"),
    ("DELETE /api/v1/sessions/me", "the same"),
    ("POST /api/v1/sessions/me/lifecycle/refresh", "the same"),
    (
        "GET /api/v1/users/{who}/factors/{factor}/qr/{token}",
        "the address, which nobody can guess, is the right to pair an app",
    ),
    ("GET /unlock", "asks who it is, and answers everybody alike"),
    ("POST /unlock", "the same"),
    ("GET /unlock/{token}", "the link in a message is the right to end a lock"),
    ("POST /unlock/{token}", "the same"),
    ("GET /welcome/{token}", "the link in a message is the right to choose a password"),
    ("POST /welcome/{token}", "the same"),
    ("POST /device-access/api/v1/enroll", "the enrolment code is the right to enrol"),
];

/// Who asks.
#[derive(Debug, Clone, Copy)]
enum Asker {
    Nobody,
    Unknown,
    Elsewhere,
    Person,
    Holder(Role),
}

impl Asker {
    fn all() -> Vec<Self> {
        let roles = Role::ALL.iter().map(|role| Self::Holder(*role));
        [Self::Nobody, Self::Unknown, Self::Elsewhere, Self::Person].into_iter().chain(roles).collect()
    }

    const fn is_known(self) -> bool {
        matches!(self, Self::Person | Self::Holder(_))
    }

    fn has(self, permission: Permission) -> bool {
        match self {
            Self::Holder(role) => Authority::new(vec![Grant::everywhere(role)], true).has(permission),
            Self::Nobody | Self::Unknown | Self::Elsewhere | Self::Person => false,
        }
    }
}

/// What an answer says about the right to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Who are you? By a page, the way to the sign-in.
    Unauthenticated,
    /// Not you.
    Forbidden,
    /// The right was there: done, or refused for another reason.
    Heard,
    /// The server broke.
    Broken,
}

fn verdict(answer: &Answer, is_page: bool) -> Verdict {
    if answer.status.is_success() {
        return Verdict::Heard;
    }
    let code = if is_page { None } else { answer.json()["errorCode"].as_str().map(str::to_owned) };
    match (answer.status.as_u16(), code.as_deref()) {
        (401, Some("E0000011")) => Verdict::Unauthenticated,
        // Signing out leads there too, and takes the cookie away.
        (303, None) if answer.headers.contains_key(header::SET_COOKIE) => Verdict::Heard,
        (303, None) if answer.headers["location"].to_str().is_ok_and(|to| to.starts_with("/signin")) => {
            Verdict::Unauthenticated
        }
        (401 | 403, None) | (403, Some("E0000006")) => Verdict::Forbidden,
        (500.., _) => Verdict::Broken,
        _ => Verdict::Heard,
    }
}

/// The verdicts that `access` allows for `asker`.
fn expected(access: Access, asker: Asker, is_page: bool) -> &'static [Verdict] {
    use Verdict as V;
    match access {
        Access::Anyone => &[V::Heard],
        // A person's right is no computer's proof. That a refusal it is, the sweep checks by the status.
        Access::Device => &[V::Heard, V::Unauthenticated, V::Forbidden],
        Access::Permission(_) | Access::SignedIn if !asker.is_known() && is_page => &[V::Unauthenticated, V::Forbidden],
        Access::Permission(_) | Access::SignedIn if !asker.is_known() => &[V::Unauthenticated],
        Access::Permission(permission) if asker.has(permission) => &[V::Heard],
        Access::Permission(_) => &[V::Forbidden],
        // What they see depends on who they are: others' things are forbidden to a person without a role.
        Access::SignedIn => &[V::Heard, V::Forbidden],
    }
}

struct Named<'r>(&'r Route);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.method, self.0.path)
    }
}

/// The path with something that is not there for every member.
fn filled(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "nobody00000000000000" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// As a page of ours, or a program, would send it; with a broken body, which only those may hear of who have the right.
fn request(route: &Route, token: &str) -> Request<Body> {
    let mut request = Request::builder().method(&route.method).uri(filled(route.path));
    request = request.header("sec-fetch-site", "same-origin").header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("SSWS {token}"));
    }
    let body = if route.method == Method::GET { Body::empty() } else { Body::from("{") };
    request.body(body).expect("a request")
}

fn is_page(path: &str) -> bool {
    !["/api/", "/device-access/", "/recovery/"].iter().any(|prefix| path.starts_with(prefix))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_hears_those_it_is_for_and_nobody_else() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let elsewhere = founded(&staff.app, "Elsewhere").await;
        let stranger = member(&staff.app, elsewhere, "stranger", &[Role::Super]).await;
        let mut wrong = Vec::new();
        for (number, route) in route_table().iter().enumerate() {
            for asker in Asker::all() {
                // Somebody new each time: a route may end the session or token that asks.
                let name = format!("asker{number}");
                let token = match asker {
                    Asker::Nobody => String::new(),
                    Asker::Unknown => format!("00{}", "x".repeat(40)),
                    Asker::Elsewhere => stranger.token.clone(),
                    Asker::Person => staff.with(&name, &[]).await.token,
                    Asker::Holder(role) => staff.with(&format!("{name}{role}"), &[role]).await.token,
                };
                let answer = staff.app.send(request(route, &token)).await;
                let page = is_page(route.path);
                let done = answer.status.is_success();
                let verdict = verdict(&answer, page);
                let held =
                    expected(route.access, asker, page).contains(&verdict) && !(route.access == Access::Device && done);
                if !held {
                    wrong.push(format!("{} by {asker:?}: {} {verdict:?}", Named(route), answer.status));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "these routes do not keep what their row says:\n{}\n\
             A row is made where the route is: `.get(path, Access::Permission(..), handler)`. The handler's first act must \
             be `caller.require::<right::..>(&app).await?` with the same permission, before the body is looked at (take \
             it as `Result<Json<_>, ApiError>`).",
            wrong.join("\n")
        );
    }
}

#[test]
fn what_anybody_may_ask_is_listed_with_its_reason() {
    for route in route_table().iter().filter(|route| route.access == Access::Anyone) {
        let name = Named(route).to_string();
        assert!(
            OPEN.iter().any(|(open, _)| *open == name),
            "{name} is open to anybody: give its row another `Access`, or say in OPEN why it must be open"
        );
    }
}

#[test]
fn no_route_is_there_twice() {
    let table = route_table();
    let mut names: Vec<String> = table.iter().map(|route| Named(route).to_string()).collect();
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
}
