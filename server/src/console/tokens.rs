//! API tokens: credentials of programs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::token::{Connection, Network};
use postern_store::{Error, Tx};

use super::list::{PAGE, pages};
use super::page::page;
use super::part::{Ask, Empty, Filters, Heads, Link, Moment, Pages};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{people, token, token_new};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::tokens::{self, Wanted};

/// The list's address.
pub const ADDRESS: &str = "/admin/security/tokens";

/// A token, without the token.
pub struct Row {
    /// Its name and page.
    pub token: Link,
    /// What it was made for beyond its owner's ordinary rights.
    pub grants: Text,
    /// Whose permissions it has.
    pub owner: Link,
    /// From where it may be used.
    pub network: Text,
    /// Since when.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// When it ends if it is not used before.
    pub expires: Moment,
}

/// The list. Its filters live in the address: `q` and `network`.
#[derive(Template)]
#[template(path = "console/tokens.html")]
pub struct Tokens {
    /// The frame.
    pub shell: Shell,
    /// What is asked for.
    pub filters: Filters,
    /// The heads of the table.
    pub heads: Heads,
    /// This page of them.
    pub rows: Vec<Row>,
    /// Why there is nothing, and what to do.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Where one is made, for those who may.
    pub new: Option<&'static str>,
}

/// `/admin/security/tokens`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::ApiTokensRead), show)
}

fn filters(query: &Query) -> Filters {
    let networks = vec![
        (String::new(), say("tokens-any-network")),
        ("ANYWHERE".to_owned(), say("tokens-anywhere")),
        ("ZONE".to_owned(), say("tokens-by-zones")),
    ];
    Filters::new(ADDRESS).ask(query, "q", say("tokens-search"), Ask::Words).ask(
        query,
        "network",
        say("tokens-network"),
        Ask::Choice(networks),
    )
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::ApiTokensRead>(&app).await?;
    let filters = filters(&query);
    let wanted = Wanted {
        words: filters.value("q").to_owned(),
        has_zones: match filters.value("network") {
            "ANYWHERE" => Some(false),
            "ZONE" => Some(true),
            _ => None,
        },
        after: query.text("after").unwrap_or_default().to_owned(),
    };
    let mut found = tokens::list(&app, &by, &wanted, PAGE + 1).await?;
    let pages = pages(&query, &mut found, |(token, _)| token.id.to_string());
    let zones = app.store.read(by.org, |tx| zones(tx, &viewer)).await?;
    let rows = found.iter().map(|(own, owner)| Row {
        token: Link::new(&own.name, token::address(own.id)),
        grants: Text::list(own.grants.iter().map(|grant| grant_words(grant))),
        owner: Link::new(owner.name(), people::address(owner)),
        network: network(&own.network, zones.as_deref()),
        created: viewer.moment(own.created_at),
        last_used: own.last_used_at.map(|at| viewer.moment(at)),
        expires: viewer.moment(own.expires_at),
    });
    let new = viewer.may(Permission::ApiTokensManage).then_some(token_new::ADDRESS);
    let empty = if filters.are_set() {
        Empty { title: say("tokens-no-match"), next: say("tokens-no-match-next"), act: None }
    } else {
        let act = new.map(|address| Link::new(say("tokens-new"), address));
        Empty { title: say("tokens-none"), next: say("tokens-none-next"), act }
    };
    let heads = Heads::new()
        .plain(say("tokens-token"))
        .plain(say("tokens-owner"))
        .plain(say("tokens-network"))
        .plain(say("tokens-made"))
        .plain(say("tokens-used"))
        .plain(say("tokens-ends"));
    let (rows, shell) = (rows.collect(), viewer.shell(Place::Tokens));
    Ok(page(Tokens { shell, filters, heads, rows, empty, pages, new }))
}

/// What people call a grant.
pub fn grant_words(grant: &str) -> Text {
    say_of("tokens-grant", grant).or(grant.to_owned())
}

/// The zones there are, by id and name, for a viewer who may see zones.
///
/// # Errors
/// Of the database.
pub fn zones(tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Option<Vec<(String, String)>>, Error> {
    if !viewer.may(Permission::NetworkZonesRead) {
        return Ok(None);
    }
    let zones = tx.zones()?.into_iter().map(|zone| (zone.id.to_string(), zone.name.as_str().to_owned()));
    Ok(Some(zones.collect()))
}

/// From where a token may be used, in words.
pub fn network(network: &Network, zones: Option<&[(String, String)]>) -> Text {
    let Some(zones) = zones.filter(|_| network.connection == Connection::Zone) else {
        return match network.connection {
            Connection::Anywhere => say("tokens-anywhere"),
            Connection::Zone => say("tokens-by-zones"),
        };
    };
    let names = |ids: &[String]| {
        Text::list(ids.iter().map(|id| zones.iter().find(|(zone, _)| zone == id).map_or(id, |(_, name)| name).clone()))
    };
    let only = (!network.include.is_empty()).then(|| say("tokens-only-from").with("zones", names(&network.include)));
    let except = (!network.exclude.is_empty()).then(|| say("tokens-not-from").with("zones", names(&network.exclude)));
    Text::sentences([only, except].into_iter().flatten())
}
