//! The table of routes: it makes the router, and the authorisation sweep walks it, so that no route can be forgotten.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use postern_authn::permission::Permission;

use crate::App;

/// Who may use a route. The handler enforces it; the sweep proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Anyone,
    /// A computer with its proof.
    Device,
    /// An administrator with this permission.
    Permission(Permission),
    /// Anybody who is signed in; what they see depends on who they are.
    SignedIn,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for a member.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
}

/// Routes of one noun, or of all.
#[derive(Default)]
pub struct Routes {
    router: Router<Arc<App>>,
    table: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a GET route.
    #[must_use]
    pub fn get<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::GET, MethodFilter::GET, path, access, handler)
    }

    /// Adds a POST route.
    #[must_use]
    pub fn post<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::POST, MethodFilter::POST, path, access, handler)
    }

    /// Adds a PUT route.
    #[must_use]
    pub fn put<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::PUT, MethodFilter::PUT, path, access, handler)
    }

    /// Adds a PATCH route.
    #[must_use]
    pub fn patch<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::PATCH, MethodFilter::PATCH, path, access, handler)
    }

    /// Adds a DELETE route.
    #[must_use]
    pub fn delete<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::DELETE, MethodFilter::DELETE, path, access, handler)
    }

    /// These and the routes of another noun.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        Self { router: self.router.merge(other.router), table: self.table }
    }

    /// The router and the table.
    pub fn into_parts(self) -> (Router<Arc<App>>, Vec<Route>) {
        (self.router, self.table)
    }

    fn add<H: Handler<T, Arc<App>>, T: 'static>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.table.push(Route { method, path, access });
        Self { router: self.router.route(path, on(filter, handler)), table: self.table }
    }
}
