//! Making an API token: it acts as whoever makes it, and is shown once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::token::{Connection, Grant, Network};

use super::form::Form;
use super::form_page::{Asked, FormPage};
use super::page::page;
use super::part::{Field, Kind, Link, Once, Tick, Ticks};
use super::shell::{Place, Shell};
use super::viewer::{self, Viewer};
use super::words::{Text, say, say_of};
use super::{token, tokens};
use crate::App;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};

/// The form's address.
pub const ADDRESS: &str = "/admin/security/tokens/new";

/// The one page that shows a token.
#[derive(Template)]
#[template(path = "console/token_made.html")]
pub struct Made {
    /// The frame.
    pub shell: Shell,
    /// Its name and page.
    pub token: Link,
    /// The token.
    pub once: Once,
}

/// `/admin/security/tokens/new`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::ApiTokensManage);
    Routes::new().get(ADDRESS, manage, ask).post(ADDRESS, manage, make)
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::ApiTokensManage>(&app).await?;
    let zones = app.store.read(viewer.caller.org, |tx| tokens::zones(tx, &viewer)).await?;
    Ok(page(form(&viewer, zones.as_deref(), &Form::default())))
}

async fn make(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensManage>(&app).await?;
    let typed = typed?;
    let zones = app.store.read(by.org, |tx| tokens::zones(tx, &viewer)).await?;
    let form = form(&viewer, zones.as_deref(), &typed);
    let Ok(name) = typed.text("name").parse() else {
        return Ok(form.refused(StatusCode::BAD_REQUEST, vec![("name", say("tokens-name-wrong"))]));
    };
    let grants: Result<Vec<Grant>, ()> = typed.all("grant").map(str::parse).collect();
    let grants = grants.map_err(|()| ApiError::validation("grants", ["grants: there is no such grant"]))?;
    let network = network(&typed);
    match crate::api::tokens::make(&app, &by, &name, &grants, &network).await {
        Ok((id, text)) => {
            let token = Link::new(name.as_str().to_owned(), token::address(id));
            let once = Once { label: say("tokens-made-value"), secret: text };
            Ok(page(Made { shell: viewer.shell(Place::Tokens), token, once }))
        }
        Err(wrong) if wrong.status == StatusCode::BAD_REQUEST => {
            Ok(form.refused(wrong.status, vec![("include", say("tokens-zone-gone"))]))
        }
        Err(wrong) => Err(wrong),
    }
}

/// From where a token may be used, as a form says it: anywhere where no zone is ticked.
pub fn network(typed: &Form) -> Network {
    let ticked = |name| typed.all(name).map(str::to_owned).collect::<Vec<_>>();
    let (include, exclude) = (ticked("include"), ticked("exclude"));
    let is_anywhere = include.is_empty() && exclude.is_empty();
    let connection = if is_anywhere { Connection::Anywhere } else { Connection::Zone };
    Network { connection, include, exclude }
}

/// What is asked about a token's name.
pub fn name_field(value: &str) -> Field {
    Field::new("name", say("tokens-name"), Kind::Text).hint(say("tokens-name-hint")).holding(value).first()
}

/// The zones that a token may, and may not, be used from; nothing where the viewer sees none.
pub fn zone_ticks(zones: Option<&[(String, String)]>, network: &Network) -> Vec<Asked> {
    let Some(zones) = zones.filter(|zones| !zones.is_empty()) else { return Vec::new() };
    let ticks = |name, legend, hint, chosen: &[String]| {
        let tick = |(id, zone): &(String, String)| Tick {
            value: id.clone(),
            label: zone.into(),
            about: None,
            is_on: chosen.contains(id),
        };
        Asked::Ticks(Ticks::new(name, legend, zones.iter().map(tick).collect()).hint(hint))
    };
    vec![
        ticks("include", say("tokens-include"), say("tokens-include-hint"), &network.include),
        ticks("exclude", say("tokens-exclude"), say("tokens-exclude-hint"), &network.exclude),
    ]
}

fn form(viewer: &Viewer, zones: Option<&[(String, String)]>, typed: &Form) -> FormPage {
    let mut asked = vec![Asked::Field(name_field(typed.text("name")))];
    let held = Grant::ALL.iter().filter(|grant| viewer.may(grant.needs()));
    let grant = |grant: &Grant| Tick {
        value: grant.as_str().to_owned(),
        label: tokens::grant_words(grant.as_str()),
        about: Some(say_of("tokens-grant-about", grant.as_str()).or(grant.meaning().to_owned())),
        is_on: typed.all("grant").any(|ticked| ticked == grant.as_str()),
    };
    let grants: Vec<Tick> = held.map(grant).collect();
    if !grants.is_empty() {
        asked.push(Asked::Ticks(Ticks::new("grant", say("tokens-grants"), grants).hint(say("tokens-grants-hint"))));
    }
    asked.extend(zone_ticks(zones, &network(typed)));
    let roles = Text::list(viewer.caller.authority().grants().iter().map(viewer::granted));
    FormPage {
        shell: viewer.shell(Place::Tokens),
        list: Link::new(say("tokens-title"), tokens::ADDRESS),
        title: say("tokens-new"),
        lead: say("tokens-new-lead").with("person", viewer.caller.record.name.clone()).with("roles", roles),
        notice: None,
        action: ADDRESS.to_owned(),
        kept: Vec::new(),
        asked,
        save: say("tokens-make"),
        back: tokens::ADDRESS.to_owned(),
    }
}
