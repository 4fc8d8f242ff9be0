//! Settings > Limits: how often each limited action may be done and how many requests are served, each with its range,
//! what holds where nothing is set, and what the record has of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::limit::requests::RequestLimit;
use postern_authn::limit::{Limit, LimitSettings};
use postern_authn::permission::{Permission, right};

use super::form::Form;
use super::list::{PAGE, pages};
use super::meanwhile;
use super::page::{page, page_with};
use super::part::{Field, Kind, Link, Notice, Pages, Summary};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{token, token_share};
use crate::App;
use crate::api::ApiError;
use crate::api::device_access::settings::{self, LimitKind};
use crate::api::page::Query;
use crate::api::policies::changed_meanwhile;
use crate::api::routes::{Access, Routes};
use crate::api::tokens;

const ADDRESS: &str = "/admin/settings/limits";

/// A limit: its field, and where its refusals are on record.
pub struct Row {
    /// The count.
    pub field: Field,
    /// What is set, or that nothing is.
    pub present: Text,
    /// Its refusals.
    pub events: Link,
}

/// Limits of one sort.
pub struct Group {
    /// What they limit.
    pub heading: Text,
    /// A sentence below it.
    pub about: Text,
    /// By name.
    pub rows: Vec<Row>,
}

/// The tokens that may use up another part of a limit than the rest.
pub struct Shares {
    /// What holds for the rest.
    pub rest: Text,
    /// The token, and its part.
    pub rows: Vec<(Link, Text)>,
    /// The other pages.
    pub pages: Pages,
}

/// Every limit.
#[derive(Template)]
#[template(path = "console/limits.html")]
pub struct Limits {
    /// The frame.
    pub shell: Shell,
    /// That somebody else came first.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// Which limits the form shows.
    pub before: Vec<(String, String)>,
    /// Actions, then requests.
    pub groups: Vec<Group>,
    /// Tokens with a part of their own, for those who may see both.
    pub shares: Option<Shares>,
    /// Whether the viewer may change them.
    pub may_edit: bool,
    /// Whether they are being edited.
    pub is_editing: bool,
}

/// `/admin/settings/limits`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), show).post(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        save,
    )
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgRead>(&app).await?;
    let (held, _) = settings::setting::<LimitSettings>(&app, by.org).await?;
    let is_editing = viewer.may(Permission::OrgManage) && query.text("edit").is_some();
    let shares = if is_editing { None } else { shares(&app, &viewer, &query).await? };
    Ok(page(Limits { shares, ..view(&viewer, &held, is_editing) }))
}

async fn shares(app: &App, viewer: &Viewer, query: &Query) -> Result<Option<Shares>, ApiError> {
    if !viewer.may(Permission::RateLimitsRead) || !viewer.may(Permission::ApiTokensRead) {
        return Ok(None);
    }
    let (by, after) = (viewer.require::<right::RateLimitsRead>(app).await?, query.get("after")?);
    let reader = viewer.require::<right::ApiTokensRead>(app).await?;
    let mut found = app.store.read(by.org, |tx| tx.principal_limits_page(None, after, PAGE + 1)).await?;
    let pages = pages(query, &mut found, |set| set.id.to_string());
    let named = app.store.read(by.org, |tx| {
        let mut named = Vec::new();
        for set in &found {
            // A token that ended has no page any more.
            let Some(token) = tx.token(set.token, viewer.now)? else { continue };
            if tokens::is_shown(tx, &reader, &token)? {
                named.push((Link::new(token.name, token::address(set.token)), token_share::words(Some(set.share))));
            }
        }
        Ok(named)
    });
    Ok(Some(Shares { rest: token_share::words(None), rows: named.await?, pages }))
}

async fn save(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let (mut counts, mut wrong) = (Vec::new(), Vec::new());
    for LimitKind { name, range, .. } in settings::limit_kinds().filter(|kind| form.has(kind.name)) {
        match form.number(name, &range) {
            Ok(count) => counts.push((name, count)),
            Err(why) => wrong.push((name, why)),
        }
    }
    if !wrong.is_empty() {
        let (held, _) = settings::setting::<LimitSettings>(&app, by.org).await?;
        let mut view = view(&viewer, &held, true);
        meanwhile::mend(view.fields(), &form, &wrong);
        meanwhile::keep_before(&mut view.before, &form);
        return Ok(page_with(StatusCode::BAD_REQUEST, view.summed_up()));
    }
    let wanted = |LimitSettings(mut present)| {
        if meanwhile::is_stale(&form, &meanwhile::mark(&present)) {
            return Err(changed_meanwhile());
        }
        for (name, count) in &counts {
            match count {
                Some(count) => drop(present.insert((*name).to_owned(), *count)),
                None => drop(present.remove(*name)),
            }
        }
        Ok(present)
    };
    match settings::change_limits(&app, by.clone(), wanted).await {
        Err(refusal) if meanwhile::is_overtaken(&refusal) => {
            let (held, _) = settings::setting::<LimitSettings>(&app, by.org).await?;
            let mut view = Limits { notice: Some(meanwhile::notice()), ..view(&viewer, &held, true) };
            meanwhile::keep_typed(view.fields(), &form);
            Ok(page_with(refusal.status, view.summed_up()))
        }
        done => done.map(|_| Redirect::to(ADDRESS).into_response()),
    }
}

fn view(viewer: &Viewer, held: &LimitSettings, is_editing: bool) -> Limits {
    let row = |kind: &LimitKind| {
        let window = say("limits-default").with("count", kind.count).with("seconds", kind.seconds);
        let field = Field::new(kind.name, words(kind), Kind::Number(*kind.range.start(), *kind.range.end()));
        let count = held.0.get(kind.name);
        Row {
            field: field.optional().hint(window).holding(count.map_or_else(String::new, ToString::to_string)),
            present: match count {
                Some(count) => say("limits-set").with("count", *count).with("default", kind.count),
                None => say("limits-unset").with("count", kind.count),
            },
            events: Link::new(say("limits-events"), format!("/admin/reports?eventType={}", kind.event)),
        }
    };
    let group = |heading, about, is_action: bool| Group {
        heading,
        about,
        rows: settings::limit_kinds().filter(|kind| kind.is_action == is_action).map(|kind| row(&kind)).collect(),
    };
    let groups = vec![
        group(say("limits-actions"), say("limits-actions-about"), true),
        group(say("limits-requests"), say("limits-requests-about"), false),
    ];
    let fields = groups.iter().flat_map(|group| &group.rows).map(|row| &row.field);
    Limits {
        shell: viewer.shell(Place::Limits),
        notice: None,
        summary: None,
        before: meanwhile::shown(fields, meanwhile::mark(held)),
        groups,
        shares: None,
        may_edit: viewer.may(Permission::OrgManage),
        is_editing,
    }
}

impl Limits {
    fn fields(&mut self) -> impl Iterator<Item = &mut Field> {
        self.groups.iter_mut().flat_map(|group| &mut group.rows).map(|row| &mut row.field)
    }

    fn summed_up(mut self) -> Self {
        let summary = Summary::of(self.fields().map(|field| &*field));
        Self { summary, ..self }
    }
}

fn words(kind: &LimitKind) -> Text {
    let actions = Limit::ALL.iter().map(|limit| (limit.name(), limit.message()));
    let requests = RequestLimit::ALL.iter().map(|limit| (limit.name(), limit.meaning()));
    let meaning = actions.chain(requests).find(|(name, _)| *name == kind.name).map_or(kind.name, |(_, words)| words);
    say_of("limits-of", kind.name).or(meaning.to_owned())
}
