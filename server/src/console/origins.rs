//! Security > Networks > Trusted origins: whose pages may call the API in the name of who is signed in, be led back to, or
//! show ours in a frame.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::network::{OriginDraft, OriginScope, ScopeGrant};
use postern_authn::permission::{Permission, right};
use postern_store::trusted_origins::{OriginQuery, TrustedOrigin};

use super::form::Form;
use super::list::{PAGE, pages};
use super::networks::{state, tabs};
use super::page::{page, page_with};
use super::part::{Act, Ask, Empty, Field, Filters, Kind, Line, Link, Pages, State, Summary, Tabs, Tick, Ticks};
use super::part_page::Taking;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::trusted_origins as origins;

/// The list.
pub const ADDRESS: &str = "/admin/security/networks/origins";

/// A trusted origin in the list.
pub struct Row {
    /// Its name and page.
    pub name: Link,
    /// Scheme, host and port.
    pub origin: String,
    /// What it may do.
    pub scopes: Text,
    /// Whether it is trusted now.
    pub state: State,
}

/// The trusted origins.
#[derive(Template)]
#[template(path = "console/origins.html")]
pub struct Origins {
    /// The frame.
    pub shell: Shell,
    /// Zones and trusted origins.
    pub tabs: Tabs,
    /// What is asked for.
    pub filters: Filters,
    /// This page of them.
    pub rows: Vec<Row>,
    /// What stands where there are none.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may trust another one.
    pub may_create: bool,
}

/// A trusted origin, or a new one.
#[derive(Template)]
#[template(path = "console/origin.html")]
pub struct Origin {
    /// The frame.
    pub shell: Shell,
    /// What is made or changed.
    pub title: Text,
    /// Whether it is trusted now.
    pub state: Option<State>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// Where the form goes.
    pub action: String,
    /// Name and origin.
    pub fields: Vec<Field>,
    /// What it may do.
    pub scopes: Ticks,
    /// Whether the viewer may change it.
    pub may_edit: bool,
    /// What else can be done to it.
    pub acts: Vec<Act>,
    /// Where it can be deleted.
    pub delete: Option<Link>,
}

/// `/admin/security/networks/origins` and below.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::TrustedOriginsManage);
    let read = Access::Permission(Permission::TrustedOriginsRead);
    Routes::new()
        .get(ADDRESS, read, show)
        .get("/admin/security/networks/origins/new", manage, ask)
        .post("/admin/security/networks/origins/new", manage, make)
        .get("/admin/security/networks/origins/{origin}", read, show_one)
        .post("/admin/security/networks/origins/{origin}", manage, save)
        .post("/admin/security/networks/origins/{origin}/activate", manage, activate)
        .post("/admin/security/networks/origins/{origin}/deactivate", manage, deactivate)
        .get("/admin/security/networks/origins/{origin}/delete", manage, ask_delete)
        .post("/admin/security/networks/origins/{origin}/delete", manage, delete)
}

fn address(origin: &TrustedOrigin) -> String {
    format!("{ADDRESS}/{}", origin.id)
}

fn scopes_words(origin: &TrustedOrigin) -> Text {
    Text::list(origin.scopes.iter().map(|grant| say_of("origins-scope", grant.scope.as_str())))
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsRead>(&app).await?;
    let filters = Filters::new(ADDRESS).ask(&query, "q", say("origins-search"), Ask::Words);
    let words = Some(filters.value("q").to_owned()).filter(|words| !words.is_empty());
    let wanted = OriginQuery { words, condition: None, after: query.get("after")? };
    let mut found = origins::list(&app, &by, &wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |origin| origin.id.to_string());
    let row = |origin: &TrustedOrigin| Row {
        name: Link::new(origin.name.as_str().to_owned(), address(origin)),
        origin: origin.origin.to_string(),
        scopes: scopes_words(origin),
        state: state(origin.is_active),
    };
    let may_create = viewer.may(Permission::TrustedOriginsManage);
    let act = may_create.then(|| Link::new(say("origins-new"), format!("{ADDRESS}/new")));
    let empty = if filters.are_set() {
        Empty { title: say("origins-none-found"), next: say("origins-none-found-next"), act: None }
    } else {
        Empty { title: say("origins-none"), next: say("origins-none-next"), act }
    };
    Ok(page(Origins {
        shell: viewer.shell(Place::Networks),
        tabs: tabs(&viewer, ADDRESS),
        filters,
        rows: found.iter().map(row).collect(),
        empty,
        pages,
        may_create,
    }))
}

/// What a form holds.
struct Typed {
    name: String,
    origin: String,
    scopes: Vec<OriginScope>,
}

impl Typed {
    fn of(origin: &TrustedOrigin) -> Self {
        let scopes = origin.scopes.iter().map(|grant| grant.scope).collect();
        Self { name: origin.name.as_str().to_owned(), origin: origin.origin.to_string(), scopes }
    }

    fn read(form: &Form) -> Self {
        let scopes = form.all("scope").filter_map(|word| word.parse().ok()).collect();
        Self { name: form.text("name").to_owned(), origin: form.text("origin").to_owned(), scopes }
    }

    /// What was typed; which pages of ours a frame may show stays as it was.
    fn draft(&self, present: Option<&TrustedOrigin>) -> Result<OriginDraft, Vec<(&'static str, Text)>> {
        let mut wrong = Vec::new();
        let name = self.name.parse().map_err(|_| wrong.push(("name", say("origins-bad-name"))));
        let origin = self.origin.parse().map_err(|_| wrong.push(("origin", say("origins-bad-origin"))));
        let grant = |scope: &OriginScope| {
            let before = present.and_then(|origin| origin.scopes.iter().find(|grant| grant.scope == *scope));
            ScopeGrant { scope: *scope, apps: before.map(|grant| grant.apps.clone()).unwrap_or_default() }
        };
        let (Ok(name), Ok(origin)) = (name, origin) else { return Err(wrong) };
        let scopes = self.scopes.iter().map(grant).collect();
        OriginDraft::new(name, origin, scopes).map_err(|_| vec![("scope", say("origins-no-scope"))])
    }
}

fn one(viewer: &Viewer, present: Option<&TrustedOrigin>, typed: &Typed, wrong: &[(&'static str, Text)]) -> Origin {
    let why = |name: &str| wrong.iter().find(|(own, _)| *own == name).map(|(_, why)| why.clone());
    let field = |name, label, hint: Text, held: &str| {
        let field = Field::new(name, label, Kind::Text).hint(hint).holding(held);
        match why(name) {
            Some(why) => field.refused(why),
            None => field,
        }
    };
    let tick = |scope: &OriginScope| Tick {
        value: scope.as_str().to_owned(),
        label: say_of("origins-scope", scope.as_str()),
        about: Some(say_of("origins-scope-about", scope.as_str())),
        is_on: typed.scopes.contains(scope),
    };
    let ticks = Ticks::new("scope", say("origins-scopes"), OriginScope::ALL.iter().map(tick).collect());
    let fields = vec![
        field("name", say("origins-name"), say("origins-name-hint"), &typed.name),
        field("origin", say("origins-origin"), say("origins-origin-hint"), &typed.origin),
    ];
    let may_edit = viewer.may(Permission::TrustedOriginsManage);
    let own = present.filter(|_| may_edit);
    let act = |origin: &TrustedOrigin| {
        let (words, effect, step) = if origin.is_active {
            (say("origins-deactivate"), say("origins-deactivate-effect"), "deactivate")
        } else {
            (say("origins-activate"), say("origins-activate-effect"), "activate")
        };
        Act {
            words: words.with("name", origin.name.as_str().to_owned()),
            effect,
            address: format!("{}/{step}", address(origin)),
            is_dangerous: origin.is_active,
        }
    };
    let delete = |origin: &TrustedOrigin| {
        let words = say("origins-delete").with("name", origin.name.as_str().to_owned());
        Link::new(words, format!("{}/delete", address(origin)))
    };
    Origin {
        shell: viewer.shell(Place::Networks),
        title: present.map_or_else(|| say("origins-new"), |origin| origin.name.as_str().to_owned().into()),
        state: present.map(|origin| state(origin.is_active)),
        summary: Summary::of(&fields),
        action: present.map_or_else(|| format!("{ADDRESS}/new"), address),
        fields,
        scopes: Ticks { error: why("scope"), ..ticks },
        may_edit,
        acts: own.map(act).into_iter().collect(),
        delete: own.map(delete),
    }
}

/// The form again, with what is taken by another one.
fn refused(
    viewer: &Viewer,
    present: Option<&TrustedOrigin>,
    typed: &Typed,
    refusal: ApiError,
) -> Result<Response, ApiError> {
    if refusal.status != StatusCode::BAD_REQUEST {
        return Err(refusal);
    }
    let is_of = |member: &str| refusal.causes.iter().any(|cause| cause.starts_with(member));
    let member = if is_of("origin:") { "origin" } else { "name" };
    let view = one(viewer, present, typed, &[(member, say("origins-taken"))]);
    Ok(page_with(StatusCode::BAD_REQUEST, view))
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::TrustedOriginsManage>(&app).await?;
    let typed = Typed { name: String::new(), origin: String::new(), scopes: vec![OriginScope::Cors] };
    Ok(page(one(&viewer, None, &typed, &[])))
}

async fn make(app: Shared<Arc<App>>, viewer: Viewer, form: Result<Form, ApiError>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsManage>(&app).await?;
    let typed = Typed::read(&form?);
    let draft = match typed.draft(None) {
        Ok(draft) => draft,
        Err(wrong) => return Ok(page_with(StatusCode::BAD_REQUEST, one(&viewer, None, &typed, &wrong))),
    };
    match origins::create(&app, &by, &draft).await {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refusal) => refused(&viewer, None, &typed, refusal),
    }
}

async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<TrustedOrigin, ApiError> {
    let by = viewer.require::<right::TrustedOriginsRead>(app).await?;
    origins::origin(app, &by, id).await
}

async fn show_one(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let origin = found(&app, &viewer, &id).await?;
    Ok(page(one(&viewer, Some(&origin), &Typed::of(&origin), &[])))
}

async fn save(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsManage>(&app).await?;
    let typed = Typed::read(&form?);
    let origin = found(&app, &viewer, &id).await?;
    let draft = match typed.draft(Some(&origin)) {
        Ok(draft) => draft,
        Err(wrong) => return Ok(page_with(StatusCode::BAD_REQUEST, one(&viewer, Some(&origin), &typed, &wrong))),
    };
    match origins::replace(&app, &by, &id, &draft).await {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refusal) => refused(&viewer, Some(&origin), &typed, refusal),
    }
}

async fn activate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Redirect::to(&address(&origins::set_active(&app, &by, &id, true).await?)).into_response())
}

async fn deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsManage>(&app).await?;
    Ok(Redirect::to(&address(&origins::set_active(&app, &by, &id, false).await?)).into_response())
}

async fn ask_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require::<right::TrustedOriginsManage>(&app).await?;
    let origin = found(&app, &viewer, &id).await?;
    let lost = origin.scopes.iter().map(|grant| Line {
        who: Link::new(origin.origin.to_string(), address(&origin)),
        effect: say_of("origins-lost", grant.scope.as_str()),
        state: None,
    });
    let taking = Taking {
        place: Place::Networks,
        list: Link::new(say("origins-title"), ADDRESS),
        verb: say("origins-delete").with("name", origin.name.as_str().to_owned()),
        about: say("origins-delete-about"),
        lines: lost.collect(),
        action: format!("{}/delete", address(&origin)),
        back: address(&origin),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsManage>(&app).await?;
    origins::delete(&app, &by, &id).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}
