//! People: everybody of the org, found by name or address.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::factor::Kind as FactorKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Status, User};
use postern_codes::Timestamp;
use postern_store::people::PeopleQuery;

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Link, Moment, Pages, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, users};

/// A person in the list.
pub struct Row {
    /// Their name and page.
    pub person: Link,
    /// Their sign-in name.
    pub login: String,
    /// Their standing.
    pub status: State,
    /// Whether they have a factor.
    pub factors: State,
    /// How many computers are theirs.
    pub computers: u64,
    /// When they last signed in.
    pub last_sign_in: Option<Moment>,
}

/// The list. Its filter lives in the address: `q`.
#[derive(Template)]
#[template(path = "console/people.html")]
pub struct People {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// This page of them.
    pub rows: Vec<Row>,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make people.
    pub may_create: bool,
}

/// `/admin/people`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/people", Access::Permission(Permission::UsersRead), show)
}

/// The page of a person.
pub fn address(person: &User) -> String {
    format!("/admin/people/{}", person.id)
}

/// How an account stands, in words.
pub fn standing(person: &User, now: Timestamp) -> State {
    let (tone, text) = match person.status {
        Status::Active | Status::PasswordExpired if person.lock(now).is_some() => (Tone::Warning, say("people-locked")),
        Status::Active => (Tone::Good, say("people-active")),
        Status::Deprovisioned => (Tone::Plain, say("people-deactivated")),
        Status::PasswordExpired => (Tone::Warning, say("people-password-expired")),
        Status::Provisioned => (Tone::Plain, say("people-provisioned")),
        Status::Recovery => (Tone::Warning, say("people-recovery")),
        Status::Staged => (Tone::Plain, say("people-staged")),
        Status::Suspended => (Tone::Danger, say("people-suspended")),
    };
    State::new(tone, text)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersRead>(&app).await?;
    let q = query.text("q").unwrap_or_default().to_owned();
    let words = Some(q.trim().to_owned()).filter(|words| !words.is_empty());
    let wanted = PeopleQuery { words, after: query.get("after")?, ..PeopleQuery::default() };
    let mut found = users::list(&app, &by, wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |person| person.id.to_string());
    let rows = app.store.read(by.org, |tx| {
        let row = |person: &User| {
            let factors: Vec<_> = tx.factors_of(person.id)?.iter().map(|held| factor(held.kind)).collect();
            Ok(Row {
                person: Link::new(person.name(), address(person)),
                login: person.login.to_string(),
                status: standing(person, viewer.now),
                factors: factor_state(factors),
                computers: tx.links_of_user(person.id)?.len() as u64,
                last_sign_in: person.last_login_at.map(|at| viewer.moment(at)),
            })
        };
        found.iter().map(row).collect::<Result<Vec<_>, postern_store::Error>>()
    });
    Ok(page(People {
        may_create: viewer.may(Permission::UsersCreate),
        shell: viewer.shell(Place::People),
        q,
        rows: rows.await?,
        pages,
    }))
}

/// What people call a factor.
pub fn factor(kind: FactorKind) -> Text {
    let factor = kind.factor();
    say_of("domain-factor", factor.name()).or(capital(factor.label()))
}

fn factor_state(labels: Vec<Text>) -> State {
    if labels.is_empty() {
        return State::new(Tone::Warning, say("people-no-factor"));
    }
    State::new(Tone::Good, Text::list(labels))
}

/// The same words, as a sentence begins.
pub fn capital(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), characters.as_str()))
}
