//! The picker of languages that every page has, and the words that the script needs.
//!
//! What somebody chooses is kept in their browser: it is no secret, needs no account, and holds on the sign-in page too.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::Form;
use super::language::{LANGUAGE_COOKIE, Language};
use super::problem::is_for_browsers;
use super::words::reader;
use crate::api::ApiError;
use crate::api::routes::{Access, Routes};

/// A choice holds for a year.
pub const KEPT: &str = "Path=/; Max-Age=31536000; Secure; SameSite=Lax";

/// `/language`, for everybody.
pub fn routes() -> Routes {
    Routes::new().post("/language", Access::Anyone, choose_language)
}

/// Keeps the language and leads back to the page that it was chosen on.
async fn choose_language(headers: HeaderMap, form: Form) -> Result<Response, ApiError> {
    let wanted = Language::of(form.text("language"));
    let language = wanted.ok_or_else(|| ApiError::validation("language", ["language: none that we have"]))?;
    let kept = format!("{LANGUAGE_COOKIE}={}; {KEPT}", language.tag());
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(&page_before(&headers))).into_response())
}

/// The page that a form stood on, without its host: an address of somebody else is never followed.
fn page_before(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let address: axum::http::Uri = referer.parse().unwrap_or_default();
    let path = address.path_and_query().map_or("/", |path| path.as_str());
    let is_ours = path.len() > 1 && is_for_browsers(address.path()) && !path.starts_with("//") && !path.contains('\\');
    if is_ours { path.to_owned() } else { "/admin".to_owned() }
}

/// The languages, each as a button that says its own name; the present one is marked.
#[derive(Debug, Clone, Copy)]
pub struct Languages;

#[derive(Template)]
#[template(path = "console/parts/languages.html")]
struct Picker {
    present: Language,
}

impl FastWritable for Languages {
    fn write_into(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        FastWritable::write_into(&Picker { present: reader(values).language }, dest, values)
    }
}

impl fmt::Display for Languages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Picker { present: Language::default() }.fmt(formatter)
    }
}

impl HtmlSafe for Languages {}

/// The words that the script needs, as attributes of the body.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "console/parts/script_words.html")]
pub struct ScriptWords;

impl HtmlSafe for ScriptWords {}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn choosing_a_language_leads_back_to_a_page_of_ours_and_nowhere_else() {
        let back = |referer: &'static str| {
            page_before(&HeaderMap::from_iter([(header::REFERER, HeaderValue::from_static(referer))]))
        };
        assert_eq!(back("https://postern.example/admin/people?q=a"), "/admin/people?q=a");
        assert_eq!(back("https://postern.example/signin"), "/signin");
        for foreign in ["", "x", "https://postern.example//evil.example", "https://postern.example/api/v1/users"] {
            assert_eq!(back(foreign), "/admin", "{foreign}");
        }
    }
}
