//! The trusted origins: whose pages may call the API in the name of who is signed in, be led back to, or show ours in a
//! frame.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_store::trusted_origins::{OriginQuery, TrustedOrigin};

use super::kept::Kept as _;
use super::{ORIGINS, state, tabs};
use crate::App;
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, trusted_origins as origins};
use crate::console::list::{PAGE, pages};
use crate::console::page::page;
use crate::console::part::{Ask, Empty, Filters, Link, Pages, State, Tabs};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

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

/// `/admin/security/networks/origins`.
pub fn routes() -> Routes {
    Routes::new().get(ORIGINS, Access::Permission(Permission::TrustedOriginsRead), show)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::TrustedOriginsRead>(&app).await?;
    let filters = Filters::new(ORIGINS).ask(&query, "q", say("origins-search"), Ask::Words);
    let words = Some(filters.value("q").to_owned()).filter(|words| !words.is_empty());
    let wanted = OriginQuery { words, condition: None, after: query.get("after")? };
    let mut found = origins::list(&app, &by, &wanted, PAGE).await?;
    let pages = pages(&query, &mut found, |origin| origin.id.to_string());
    let row = |origin: &TrustedOrigin| Row {
        name: Link::new(origin.name(), origin.address()),
        origin: origin.origin.to_string(),
        scopes: scopes_words(origin),
        state: state(origin.is_active),
    };
    let may_create = viewer.may(Permission::TrustedOriginsManage);
    let act = may_create.then(|| Link::new(say("origins-new"), format!("{ORIGINS}/new")));
    let empty = if filters.are_set() {
        Empty { title: say("origins-none-found"), next: say("origins-none-found-next"), act: None }
    } else {
        Empty { title: say("origins-none"), next: say("origins-none-next"), act }
    };
    Ok(page(Origins {
        shell: viewer.shell(Place::Networks),
        tabs: tabs(&viewer, ORIGINS),
        filters,
        rows: found.iter().map(row).collect(),
        empty,
        pages,
        may_create,
    }))
}

fn scopes_words(origin: &TrustedOrigin) -> Text {
    Text::list(origin.scopes.iter().map(|grant| say_of("origins-scope", grant.scope.as_str())))
}
