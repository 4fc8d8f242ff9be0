//! [`App`]: what every handler is handed, and the router made of every noun's routes.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use postern_codes::Env;
use postern_codes::env::World;
use postern_codes::id::{Id, Org};
use postern_store::Store;

use crate::api::error::ApiError;
use crate::api::routes::{Route, Routes};
use crate::api::{client, error, origin, path};
use crate::config::Config;
use crate::console::{page, stale, step_up};
use crate::delivery::Sender;
use crate::passwords::Passwords;
use crate::perimeter::{self, Perimeter};

/// The running server: nothing in it is global, everything is passed.
pub struct App {
    /// The database.
    pub store: Store,
    /// Time and randomness.
    pub world: Arc<dyn World>,
    /// `postern.toml`.
    pub config: Config,
    /// Password hashing, a bounded number at once.
    pub passwords: Passwords,
    /// What every request passes.
    pub perimeter: Perimeter,
    /// How messages leave.
    pub sender: Arc<dyn Sender>,
    org: OnceLock<Id<Org>>,
}

impl App {
    /// A server on an open store.
    pub fn new(store: Store, world: Arc<dyn World>, config: Config, sender: Arc<dyn Sender>) -> Self {
        Self {
            store,
            world,
            config,
            passwords: Passwords::default(),
            perimeter: Perimeter::default(),
            sender,
            org: OnceLock::new(),
        }
    }

    /// The present moment and fresh randomness, once a request.
    pub fn env(&self) -> Env {
        Env::of(&self.world)
    }

    /// The organisation of this installation.
    ///
    /// # Errors
    /// 503 before the set-up link was used.
    pub async fn org(&self) -> Result<Id<Org>, ApiError> {
        if let Some(org) = self.org.get() {
            return Ok(*org);
        }
        let orgs = self.store.system().orgs().await?;
        let first = orgs.first().ok_or_else(ApiError::not_set_up)?;
        Ok(*self.org.get_or_init(|| first.id))
    }
}

/// Does `work` to its end even if the client hangs up meanwhile: what it was to be charged, it is charged.
///
/// # Errors
/// Of the work; a fault where it panicked.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(work).await.map_err(ApiError::fault)?
}

/// Every route there is: what the router serves and what the authorisation sweep walks.
pub fn routes() -> Routes {
    crate::api::routes().merge(crate::console::routes()).merge(crate::portal::routes())
}

/// The table of routes, for tests and generated references.
pub fn route_table() -> Vec<Route> {
    routes().into_parts().1
}

/// The whole server as one service. Paths are tidied before any route sees them.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = routes().into_parts();
    let router = router
        .fallback(async || ApiError::no_such_path())
        .method_not_allowed_fallback(async || ApiError::no_such_method())
        .layer(from_fn(stale::keep))
        .layer(from_fn_with_state(Arc::clone(&app), step_up::in_place))
        .layer(from_fn_with_state(Arc::clone(&app), origin::check))
        .layer(from_fn_with_state(Arc::clone(&app), perimeter::pass))
        .layer(from_fn_with_state(Arc::clone(&app), error::render))
        .layer(from_fn_with_state(Arc::clone(&app), page::draw))
        .layer(from_fn_with_state(Arc::clone(&app), client::identify))
        .with_state(app);
    Router::new().fallback_service(router).layer(map_request(async |request| path::tidy(request)))
}
