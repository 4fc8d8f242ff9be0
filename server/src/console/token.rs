//! An API token: what it may do and from where; its name and network changed; revoked, after what stops working is said.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::token::Network;
use postern_authn::user::User;
use postern_codes::id::{ApiToken as ApiTokenKind, Id};
use postern_store::Error;
use postern_store::tokens::ApiToken;

use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::page;
use super::part::{Confirmation, Facts, Line, Link, Moment, Record};
use super::part_page::PartPage;
use super::shell::{Place, Shell};
use super::token_new::{name_field, network, zone_ticks};
use super::viewer::{self, Viewer};
use super::words::{Inline, Text, say, say_of};
use super::{events, people, token_share, tokens};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::tokens::Change;
use crate::api::{Allowed, ApiError};

/// A token's page.
#[derive(Template)]
#[template(path = "console/token.html")]
pub struct Token {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: String,
    /// As whom it acts.
    pub owner: Link,
    /// What its owner may do now, and so it.
    pub roles: Text,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// When it ends if it is not used before.
    pub expires: Moment,
    /// What part of a limit it may use up, for those who may see limits.
    pub share: Option<Text>,
    /// Where that is set, for those who may.
    pub set_share: Option<String>,
    /// Name by name.
    pub facts: Facts,
    /// Where it is changed, for those who may.
    pub edit: Option<String>,
    /// Where it is revoked, for those who may.
    pub revoke: Option<String>,
    /// The newest events about it.
    pub recent: Option<Record>,
}

/// `/admin/security/tokens/ID`, `.../edit`, `.../revoke`.
pub fn routes() -> Routes {
    let (manage, read) =
        (Access::Permission(Permission::ApiTokensManage), Access::Permission(Permission::ApiTokensRead));
    Routes::new()
        .get("/admin/security/tokens/{token}", read, show)
        .get("/admin/security/tokens/{token}/edit", manage, ask)
        .post("/admin/security/tokens/{token}/edit", manage, save)
        .get("/admin/security/tokens/{token}/revoke", manage, confirm)
        .post("/admin/security/tokens/{token}/revoke", manage, revoke)
}

/// The page of a token.
pub fn address(id: Id<ApiTokenKind>) -> String {
    format!("{}/{id}", tokens::ADDRESS)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensRead>(&app).await?;
    let (token, owner) = crate::api::tokens::token(&app, &by, &id).await?;
    let read = app.store.read(by.org, |tx| {
        let roles = tx.authority(owner.id)?.grants().iter().map(viewer::granted).collect::<Vec<_>>();
        let may_change = viewer.may(Permission::ApiTokensManage) && crate::api::tokens::may_change(tx, &by, &token)?;
        let sees_limits = viewer.may(Permission::RateLimitsRead);
        let share = if sees_limits { Some(tx.principal_limit_of(token.id)?.map(|set| set.share)) } else { None };
        Ok::<_, Error>((roles, may_change, tokens::zones(tx, &viewer)?, share))
    });
    let (roles, may_change, zones, share) = read.await?;
    let grants = token.grants.iter().map(|grant| tokens::grant_words(grant)).collect::<Vec<_>>();
    let facts = vec![
        (say("tokens-grants"), if grants.is_empty() { say("tokens-no-grants") } else { Text::list(grants) }),
        (say("tokens-network"), tokens::network(&token.network, zones.as_deref())),
        (say("tokens-made"), Text::exact(token.created_at)),
        (say("tokens-changed"), token.updated_at.map_or_else(|| say("time-never"), Text::exact)),
        (say("tokens-id"), token.id.to_string().into()),
    ];
    let further = |step: &str| may_change.then(|| format!("{}/{step}", address(token.id)));
    Ok(page(Token {
        shell: viewer.shell(Place::Tokens),
        owner: Link::new(owner.name(), people::address(&owner)),
        roles: if roles.is_empty() { say("tokens-no-roles") } else { Text::list(roles) },
        last_used: token.last_used_at.map(|at| viewer.moment(at)),
        expires: viewer.moment(token.expires_at),
        share: share.map(token_share::words),
        set_share: viewer.may(Permission::RateLimitsManage).then(|| format!("{}/share", address(token.id))),
        facts: Facts { facts },
        edit: further("edit"),
        revoke: further("revoke"),
        recent: events::latest(&app, &viewer, Some(token.id.as_str())).await?,
        name: token.name,
    }))
}

/// A token that the caller may change.
async fn changeable(
    app: &App,
    by: &Allowed<right::ApiTokensManage>,
    viewer: &Viewer,
    id: &str,
) -> Result<(ApiToken, User), ApiError> {
    // Whoever may change tokens sees them.
    let reader = viewer.require::<right::ApiTokensRead>(app).await?;
    let (token, owner) = crate::api::tokens::token(app, &reader, id).await?;
    let may = app.store.read(by.org, |tx| crate::api::tokens::may_change(tx, by, &token)).await?;
    if may { Ok((token, owner)) } else { Err(ApiError::forbidden().cause("its owner may do what you may not")) }
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    let (token, _) = changeable(&app, &by, &viewer, &id).await?;
    let zones = app.store.read(by.org, |tx| tokens::zones(tx, &viewer)).await?;
    Ok(page(form(&viewer, &token, zones.as_deref(), (&token.name, &token.network))))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    let typed = typed?;
    let (token, _) = changeable(&app, &by, &viewer, &id).await?;
    let zones = app.store.read(by.org, |tx| tokens::zones(tx, &viewer)).await?;
    // Whoever sees no zones is shown none, and changes none.
    let wanted = zones.is_some().then(|| network(&typed));
    let shown = wanted.as_ref().unwrap_or(&token.network);
    let form = form(&viewer, &token, zones.as_deref(), (typed.text("name"), shown));
    let Ok(name) = typed.text("name").parse() else {
        return Ok(form.refused(StatusCode::BAD_REQUEST, vec![("name", say("tokens-name-wrong"))]));
    };
    let change = Change { name: Some(name), network: wanted };
    match crate::api::tokens::update(&app, &by, &id, &change).await {
        Ok(token) => Ok(Redirect::to(&address(token.id)).into_response()),
        Err(wrong) if wrong.status == StatusCode::BAD_REQUEST => {
            Ok(form.refused(wrong.status, vec![("include", say("tokens-zone-gone"))]))
        }
        Err(wrong) => Err(wrong),
    }
}

fn form(
    viewer: &Viewer,
    token: &ApiToken,
    zones: Option<&[(String, String)]>,
    (name, network): (&str, &Network),
) -> FormPage {
    let mut asked = vec![Asked::Field(name_field(name))];
    asked.extend(zone_ticks(zones, network));
    FormPage {
        shell: viewer.shell(Place::Tokens),
        list: Link::new(say("tokens-title"), tokens::ADDRESS),
        title: say("tokens-edit").with("token", token.name.clone()),
        lead: say("tokens-edit-lead"),
        notice: None,
        action: format!("{}/edit", address(token.id)),
        kept: Vec::new(),
        asked,
        save: say("part-save"),
        back: address(token.id),
    }
}

async fn confirm(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    let (token, owner) = changeable(&app, &by, &viewer, &id).await?;
    let used = match token.last_used_at {
        Some(at) => say("tokens-revoke-used").around("when", Inline::Moment(viewer.moment(at))),
        None => say("tokens-revoke-unused"),
    };
    let own = Link::new(&token.name, address(token.id));
    let line = |who: &Link, effect| Line { who: who.clone(), effect, state: None };
    let mut lines = vec![line(&own, say("tokens-revoke-effect")), line(&own, used)];
    for grant in &token.grants {
        lines.push(line(&own, say_of("tokens-revoke-grant", grant).or(tokens::grant_words(grant))));
    }
    lines.push(line(&Link::new(owner.name(), people::address(&owner)), say("tokens-revoke-owner")));
    let title = say("tokens-revoke").with("token", token.name.clone());
    let part = Confirmation {
        title: title.clone(),
        about: say("tokens-revoke-about"),
        lines,
        sent: Vec::new(),
        action: format!("{}/revoke", address(token.id)),
        verb: title.clone(),
        is_dangerous: true,
        back: address(token.id),
    };
    let list = Link::new(say("tokens-title"), tokens::ADDRESS);
    Ok(page(PartPage { shell: viewer.shell(Place::Tokens), title, list, part }))
}

async fn revoke(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    crate::api::tokens::revoke(&app, &by, &id).await?;
    Ok(Redirect::to(tokens::ADDRESS).into_response())
}
