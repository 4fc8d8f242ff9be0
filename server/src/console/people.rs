//! People: everybody of the org, found by name or address.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::factor::Kind as FactorKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::{Status, User};
use postern_codes::Timestamp;
use postern_store::people::{ATTRIBUTES, PeopleQuery};
use postern_store::search::Condition;

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Bulk, Empty, Filters, Heads, Link, Moment, Pages, Pick, State, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{bulk, people_export};
use crate::App;
use crate::api::imports::{self, export};
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, users};

/// A person in the list.
pub struct Row {
    /// The tick, for those who may act on many.
    pub pick: Option<Pick>,
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

/// The list. Its filters live in the address: `q`, `status`.
#[derive(Template)]
#[template(path = "console/people.html")]
pub struct People {
    /// The frame.
    pub shell: Shell,
    /// What is asked for.
    pub filters: Filters,
    /// The columns.
    pub heads: Heads,
    /// This page of them.
    pub rows: Vec<Row>,
    /// What can be done to many, for those who may.
    pub bulk: Option<Bulk>,
    /// Why there is nobody, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make people.
    pub may_create: bool,
    /// Whether they may have them made by a file.
    pub may_import: bool,
    /// Whom the list shows as a file, for those who may have everybody's whole profile.
    pub export: Option<String>,
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

fn filters(query: &Query) -> Filters {
    let standings = [
        ("", say("people-everybody")),
        ("ACTIVE", say("people-active")),
        ("LOCKED_OUT", say("people-locked")),
        ("PASSWORD_EXPIRED", say("people-password-expired")),
        ("PROVISIONED", say("people-provisioned")),
        ("RECOVERY", say("people-recovery")),
        ("STAGED", say("people-staged")),
        ("SUSPENDED", say("people-suspended")),
        ("DEPROVISIONED", say("people-deactivated")),
    ];
    let standings = standings.map(|(value, words)| (value.to_owned(), words)).to_vec();
    let filters = Filters::new("/admin/people").ask(query, "q", say("people-search"), Ask::Words);
    filters.ask(query, "status", say("people-standing"), Ask::Choice(standings))
}

/// Whom the filters of an address let through.
///
/// # Errors
/// E0000001 where the address does not say where a page begins.
pub fn wanted(viewer: &Viewer, query: &Query) -> Result<PeopleQuery, ApiError> {
    let filters = filters(query);
    let (q, status) = (filters.value("q").to_owned(), filters.value("status"));
    let is_known = status == "LOCKED_OUT" || status.parse::<Status>().is_ok();
    let condition = is_known.then(|| format!("status eq \"{status}\""));
    let condition = condition.and_then(|text: String| Condition::parse_at(&text, ATTRIBUTES, viewer.now).ok());
    let words = Some(q).filter(|words| !words.is_empty());
    Ok(PeopleQuery { words, condition, after: query.get("after")?, ..PeopleQuery::default() })
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::UsersRead>(&app).await?;
    let filters = filters(&query);
    let wanted = wanted(&viewer, &query)?;
    let mut found = users::list(&app, &by, wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |person| person.id.to_string());
    let bulk = bulk::bar::<bulk::People>(&viewer);
    let rows = app.store.read(by.org, |tx| {
        let row = |person: &User| {
            let factors: Vec<_> = tx.factors_of(person.id)?.iter().map(|held| factor(held.kind)).collect();
            Ok(Row {
                pick: bulk.is_some().then(|| Pick { value: person.id.to_string(), of: Text::from(person.name()) }),
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
    let rows = rows.await?;
    let may_create = viewer.may(Permission::UsersCreate);
    let heads = if bulk.is_some() { Heads::new().with_picks() } else { Heads::new() };
    let heads = heads
        .plain(say("people-person"))
        .plain(say("people-standing"))
        .plain(say("people-factors"))
        .number(say("people-computers"))
        .plain(say("people-last-sign-in"));
    let q = filters.value("q").to_owned();
    let title = if q.is_empty() { say("people-none") } else { say("people-no-match").with("words", q) };
    let act = may_create.then(|| Link::new(say("accounts-new"), "/admin/people/new"));
    let empty = Empty { title, next: say("people-none-next"), act };
    let shell = viewer.shell(Place::People);
    let may_import = imports::may_import(by.authority());
    let export = filters.address("", &[]).replacen("/admin/people", people_export::ADDRESS, 1);
    let export = export::admit(&by).is_ok().then_some(export);
    Ok(page(People { shell, filters, heads, rows, bulk, empty, pages, may_create, may_import, export }))
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
