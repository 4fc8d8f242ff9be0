//! Who may do what, as Okta's IAM API has it: roles that an organisation makes, resource sets that they reach, and
//! bindings of the two, which people and groups hold. The standard roles are held in [`roles`](super::roles).
//!
//! Every change holds the organisation until it is committed ([`hold_roles`](postern_store::Tx::hold_roles)), so that what
//! one change was judged by, another does not change beside it.

mod assignees;
pub mod bindings;
pub mod custom;
mod members;
mod orn;
mod permissions;
pub mod sets;

use postern_codes::id::Kind;
use postern_store::Tx;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::change::Outcome;
use crate::api::error::ApiError;
use crate::api::page::{Listed, Query};
use crate::api::routes::Routes;

pub use orn::{orn, path};

/// How many entries a page of these lists has.
const PAGE: u32 = 100;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(assignees::routes())
        .merge(bindings::routes())
        .merge(custom::routes())
        .merge(members::routes())
        .merge(permissions::routes())
        .merge(sets::routes())
}

/// What is called by a label and described in words: 1 to 255 characters on one line, and up to 1000.
#[derive(Debug, Clone, Deserialize)]
pub struct Naming {
    /// What people call it.
    pub label: String,
    /// What it is for.
    pub description: String,
}

impl Naming {
    /// The same, of its form.
    ///
    /// # Errors
    /// 400 with the member that is not.
    pub fn parse(self) -> Result<Self, ApiError> {
        let Self { label, description } = self;
        let (label, description) = (label.trim().to_owned(), description.trim().to_owned());
        let mut wrong = Vec::new();
        if !(1..=255).contains(&label.chars().count()) || label.contains(char::is_control) {
            wrong.push("label: 1 to 255 characters on one line");
        }
        if description.chars().count() > 1000 {
            wrong.push("description: at most 1000 characters");
        }
        if wrong.is_empty() { Ok(Self { label, description }) } else { Err(ApiError::validation("label", wrong)) }
    }
}

/// The label is another's.
fn label_taken() -> ApiError {
    ApiError::validation("label", ["label: An object with this field already exists in the current organization"])
}

/// It is in use, so it cannot go.
fn in_use(why: &str) -> ApiError {
    let summary = "The entity is not in the expected state for the requested transition.";
    ApiError::new(axum::http::StatusCode::FORBIDDEN, "E0000107", summary).cause(why)
}

/// The caller may not give what they do not hold.
fn beyond() -> ApiError {
    ApiError::forbidden().cause("this gives more than you hold yourself, or reaches further than you do")
}

/// The lookup of what is to be changed while the organisation's roles are held.
fn held<W, F>(named: impl Fn(&mut Tx<'_>, W) -> Outcome<F>) -> impl Fn(&mut Tx<'_>, W) -> Outcome<F> {
    move |tx, which| {
        tx.hold_roles()?;
        named(tx, which)
    }
}

/// What is found, or that there is no such thing.
fn or_not_found<K: Kind, T>(found: Option<T>, which: &str) -> Result<T, ApiError> {
    found.ok_or_else(|| ApiError::not_found::<K>(which))
}

/// A page of one of these lists: the entries under `name`, links beside them, the next page among those.
fn page<T>(
    app: &App,
    query: &Query,
    name: &str,
    found: Vec<T>,
    limit: u32,
    links: Map<String, Value>,
    (cursor, shown): (impl Fn(&T) -> String, impl FnMut(&T) -> Value),
) -> Value {
    let Listed { rows, next } = Listed::cut(found, limit, cursor);
    let mut links = links;
    if let Some(after) = next {
        let href = format!("{}{}", app.config.public_url.first(), query.beyond(&after));
        links.insert("next".to_owned(), json!({ "href": href }));
    }
    let mut page = Map::new();
    page.insert(name.to_owned(), rows.iter().map(shown).collect());
    page.insert("_links".to_owned(), links.into());
    page.into()
}
