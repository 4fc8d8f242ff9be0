//! The pages for what cannot be shown.

use askama::Template;

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Not there, or not for this viewer: one answer for both.
    NotFound,
    /// There, and not for this viewer.
    Forbidden,
    /// Broken or full, for now.
    Unavailable,
}

/// The page.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub struct Problem {
    /// Why.
    pub why: Why,
    /// By which the operator finds it in the log.
    pub request_id: String,
}
