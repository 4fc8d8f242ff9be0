//! A trusted origin as something that is kept.

use axum::http::StatusCode;
use postern_authn::network::{OriginDraft, OriginScope, ScopeGrant};
use postern_authn::permission::right;
use postern_store::trusted_origins::TrustedOrigin;
use serde::{Serialize, Serializer};

use super::kept::{Addresses, Kept, Words, Wrong};
use super::{ORIGINS, ZONES};
use crate::App;
use crate::api::{Allowed, ApiError, trusted_origins as origins};
use crate::console::form::Form;
use crate::console::part::{Field, Kind, Line, Link, Notice, Tick, Ticks};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// What the form of an origin holds.
#[derive(Serialize)]
pub struct Typed {
    name: String,
    origin: String,
    #[serde(serialize_with = "words")]
    scopes: Vec<OriginScope>,
}

fn words<S: Serializer>(scopes: &[OriginScope], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(OriginScope::ALL.iter().filter(|scope| scopes.contains(scope)).map(|scope| scope.as_str()))
}

impl Kept for TrustedOrigin {
    type Read = right::TrustedOriginsRead;
    type Manage = right::TrustedOriginsManage;
    type Typed = Typed;
    type Draft = OriginDraft;
    const LIST: &'static str = ORIGINS;
    const ADDRESSES: Addresses = Addresses {
        new: "/admin/security/networks/origins/new",
        one: "/admin/security/networks/origins/{origin}",
        activate: "/admin/security/networks/origins/{origin}/activate",
        deactivate: "/admin/security/networks/origins/{origin}/deactivate",
        delete: "/admin/security/networks/origins/{origin}/delete",
    };

    fn crumbs() -> Vec<Link> {
        vec![Link::new(say("networks-title"), ZONES), Link::new(say("origins-title"), ORIGINS)]
    }

    fn words() -> Words {
        Words {
            lead: say("origins-lead"),
            new: say("origins-new"),
            delete: say("origins-delete"),
            delete_about: say("origins-delete-about"),
        }
    }

    fn new() -> Typed {
        Typed { name: String::new(), origin: String::new(), scopes: vec![OriginScope::Cors] }
    }

    fn read(form: &Form, _: Option<&Self>) -> Typed {
        let scopes = form.all("scope").filter_map(|word| word.parse().ok()).collect();
        Typed { name: form.text("name").to_owned(), origin: form.text("origin").to_owned(), scopes }
    }

    /// What was typed; which pages of ours a frame may show stays as it was.
    fn draft(typed: &Typed, present: Option<&Self>) -> Result<OriginDraft, Wrong> {
        let mut wrong = Vec::new();
        let name = typed.name.parse().map_err(|_| wrong.push(("name", say("origins-bad-name"))));
        let origin = typed.origin.parse().map_err(|_| wrong.push(("origin", say("origins-bad-origin"))));
        let grant = |scope: &OriginScope| {
            let before = present.and_then(|origin| origin.scopes.iter().find(|grant| grant.scope == *scope));
            ScopeGrant { scope: *scope, apps: before.map(|grant| grant.apps.clone()).unwrap_or_default() }
        };
        let (Ok(name), Ok(origin)) = (name, origin) else { return Err(wrong) };
        let scopes = typed.scopes.iter().map(grant).collect();
        OriginDraft::new(name, origin, scopes).map_err(|_| vec![("scope", say("origins-no-scope"))])
    }

    fn form(_: &Viewer, typed: &Typed, _: Option<&Self>) -> (Vec<Field>, Option<Ticks>) {
        let field = |name, label, hint: Text, held: &str| Field::new(name, label, Kind::Text).hint(hint).holding(held);
        let tick = |scope: &OriginScope| Tick {
            value: scope.as_str().to_owned(),
            label: say_of("origins-scope", scope.as_str()),
            about: Some(say_of("origins-scope-about", scope.as_str())),
            is_on: typed.scopes.contains(scope),
        };
        let fields = vec![
            field("name", say("origins-name"), say("origins-name-hint"), &typed.name),
            field("origin", say("origins-origin"), say("origins-origin-hint"), &typed.origin),
        ];
        let scopes = OriginScope::ALL.iter().map(tick).collect();
        (fields, Some(Ticks::new("scope", say("origins-scopes"), scopes)))
    }

    fn typed(&self) -> Typed {
        let scopes = self.scopes.iter().map(|grant| grant.scope).collect();
        Typed { name: self.name(), origin: self.origin.to_string(), scopes }
    }

    fn address(&self) -> String {
        format!("{ORIGINS}/{}", self.id)
    }

    fn name(&self) -> String {
        self.name.as_str().to_owned()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn stays(&self) -> bool {
        false
    }

    fn next(&self) -> String {
        ORIGINS.to_owned()
    }

    fn switch(&self) -> (Text, Text, bool) {
        if self.is_active {
            return (say("origins-deactivate"), say("origins-deactivate-effect"), true);
        }
        (say("origins-activate"), say("origins-activate-effect"), false)
    }

    fn losses(&self) -> Vec<Line> {
        let loss = |grant: &ScopeGrant| Line {
            who: Link::new(self.origin.to_string(), self.address()),
            effect: say_of("origins-lost", grant.scope.as_str()),
            state: None,
        };
        self.scopes.iter().map(loss).collect()
    }

    /// What is taken by another one.
    fn refused(_: &Viewer, refusal: &ApiError) -> Option<(Wrong, Option<Notice>)> {
        let is_of_origin = refusal.causes.iter().any(|cause| cause.starts_with("origin:"));
        let member = if is_of_origin { "origin" } else { "name" };
        (refusal.status == StatusCode::BAD_REQUEST).then(|| (vec![(member, say("origins-taken"))], None))
    }

    async fn uses(&self, _: &App, _: &Allowed<Self::Read>) -> Result<Option<Vec<Link>>, ApiError> {
        Ok(None)
    }

    async fn find(app: &App, by: &Allowed<Self::Read>, id: &str) -> Result<Self, ApiError> {
        origins::origin(app, by, id).await
    }

    async fn create(app: &App, by: &Allowed<Self::Manage>, draft: &OriginDraft) -> Result<Self, ApiError> {
        origins::create(app, by, draft).await
    }

    async fn edit(
        app: &App,
        by: &Allowed<Self::Manage>,
        id: &str,
        wanted: impl Fn(&Self) -> Result<OriginDraft, ApiError> + Send + Sync,
    ) -> Result<Self, ApiError> {
        origins::edit(app, by, id, wanted).await
    }

    async fn set_active(app: &App, by: &Allowed<Self::Manage>, id: &str, is_active: bool) -> Result<Self, ApiError> {
        origins::set_active(app, by, id, is_active).await
    }

    async fn delete(app: &App, by: &Allowed<Self::Manage>, id: &str) -> Result<(), ApiError> {
        origins::delete(app, by, id).await
    }
}
