//! Lists: what a request asks for, and a page of it with one `Link` header a relation, `self` first and `next` last.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use postern_codes::Timestamp;
use postern_codes::id::Kind;
use postern_store::search::{self, Attribute, Condition, Unsupported};
use postern_store::walk::{Cursor, Found, MOST_EXAMINED, Order, Sorting};
use serde_json::Value;

use crate::App;
use crate::api::error::ApiError;

/// The longest member of a query, in bytes. A filter that is longer is refused by its grammar.
const LONGEST_MEMBER: usize = 2_000;

/// The query of a request. A member that is empty counts as absent.
#[derive(Debug, Clone)]
pub struct Query {
    uri: Uri,
    members: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let members = axum::extract::Query::try_from_uri(&parts.uri);
        let members = members.map_err(|_| ApiError::validation("query", ["the query cannot be read"]))?;
        let members: Vec<(String, String)> = members.0;
        let is_long =
            |(name, value): &&(String, String)| value.len() > LONGEST_MEMBER && name != "filter" && name != "search";
        if let Some((name, value)) = members.iter().find(is_long) {
            let name: String = name.chars().take(64).collect();
            let cause = format!("{name}: has {} bytes and may have {LONGEST_MEMBER}", value.len());
            return Err(ApiError::validation(&name, [cause]));
        }
        Ok(Self { uri: parts.uri.clone(), members })
    }
}

impl Query {
    /// A member as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A member of another type.
    ///
    /// # Errors
    /// E0000001 with its name where it is not of its form.
    pub fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parsed = self.text(name).map(str::parse).transpose();
        parsed.map_err(|_| ApiError::validation(name, [format!("{name}: is not of its form")]))
    }

    /// An instant.
    ///
    /// # Errors
    /// E0000001 with its name where it is not of its form.
    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let refused = || ApiError::validation(name, [format!("{name}: must be like 2026-11-22T12:00:00.000Z")]);
        search::instant(text).map(Some).ok_or_else(refused)
    }

    /// How many entries a page has; more than `most` are never given.
    ///
    /// # Errors
    /// E0000001 where it is no number.
    pub fn limit(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        Ok(self.get("limit")?.unwrap_or(default).min(most))
    }

    /// What `filter` and `search` demand together.
    ///
    /// # Errors
    /// E0000031 with what was expected where one is not understood.
    pub fn condition(&self, attributes: &[Attribute]) -> Result<Option<Condition>, ApiError> {
        let mut demanded: Option<Condition> = None;
        for text in ["filter", "search"].into_iter().filter_map(|name| self.text(name)) {
            let condition =
                Condition::parse(text, attributes).map_err(|refused| ApiError::bad_search(refused.to_string()))?;
            demanded = Some(match demanded {
                Some(first) => first.and(condition),
                None => condition,
            });
        }
        Ok(demanded)
    }

    /// How many entries a page of a list has that goes on by cursors: one at least, or it would never end.
    ///
    /// # Errors
    /// E0000001 where it is no number, or none.
    pub fn page_size(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        match self.limit(default, most)? {
            0 => Err(ApiError::validation("limit", ["limit: must be at least 1"])),
            limit => Ok(limit),
        }
    }

    /// What `filter` and `search` demand together of a list that tells the two apart.
    ///
    /// # Errors
    /// E0000031 for a search, E0000053 for a filter that is not understood, E0000094 for one that asks for what the list
    /// does not have.
    pub fn demanded(&self, attributes: &[Attribute], now: Timestamp) -> Result<Option<Condition>, ApiError> {
        let filter = self.text("filter").map(|text| Condition::parse_at(text, attributes, now)).transpose();
        let filter = filter.map_err(|refused| {
            let (code, summary) = match refused {
                Unsupported::Form(_) => ("E0000053", "Invalid SCIM filter."),
                Unsupported::Attribute(_) | Unsupported::Operator(_) => {
                    ("E0000094", "The provided filter is unsupported.")
                }
            };
            ApiError::new(StatusCode::BAD_REQUEST, code, summary).cause(refused.to_string())
        })?;
        let search = self.text("search").map(|text| Condition::parse_at(text, attributes, now)).transpose();
        let search = search.map_err(|refused| ApiError::bad_search(refused.to_string()))?;
        Ok([filter, search].into_iter().flatten().reduce(Condition::and))
    }

    /// The order that `sortBy` and `sortOrder` ask for; the latter means nothing without the former.
    ///
    /// # Errors
    /// E0000031 where there is no such order.
    pub fn sorting(&self, orders: &[Order]) -> Result<Sorting, ApiError> {
        let descending = match self.text("sortOrder").map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc" | "ascending") => false,
            Some("desc" | "descending") => true,
            Some(_) => return Err(ApiError::validation("sortOrder", ["sortOrder: must be asc or desc"])),
        };
        let Some(name) = self.text("sortBy") else { return Ok(Sorting::default()) };
        let order = orders.iter().find(|order| order.name == name).ok_or_else(|| {
            let known: Vec<&str> = orders.iter().map(|order| order.name).collect();
            ApiError::bad_search(format!("sortBy: must be one of {}", known.join(", ")))
        })?;
        Ok(Sorting { order: *order, descending })
    }

    /// Where a list in this order goes on.
    ///
    /// # Errors
    /// E0000001 where it is no cursor of this list in this order.
    pub fn after<K: Kind>(&self, sorting: Sorting) -> Result<Option<Cursor<K>>, ApiError> {
        let after: Option<Cursor<K>> = self.get("after")?;
        match after {
            Some(after) if !after.fits(&sorting.order) => {
                Err(ApiError::validation("after", ["after: is of a list in another order"]))
            }
            after => Ok(after),
        }
    }

    /// The same request from its first entry.
    pub fn from_the_start(&self) -> String {
        let kept = self.uri.query().unwrap_or_default().split('&');
        let members: Vec<&str> = kept.filter(|member| member.split('=').next() != Some("after")).collect();
        format!("{}?{}", self.uri.path(), members.join("&"))
    }

    /// The same request from `after` on.
    pub fn beyond(&self, after: &str) -> String {
        let kept = self.uri.query().unwrap_or_default().split('&');
        let mut members: Vec<&str> =
            kept.filter(|member| !member.is_empty() && member.split('=').next() != Some("after")).collect();
        let after = format!("after={after}");
        members.push(&after);
        format!("{}?{}", self.uri.path(), members.join("&"))
    }
}

/// Part of a list that is walked: its rows, and where it goes on.
#[derive(Debug)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The cursor of the next.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// Cuts a list that was asked for one entry more than `limit`: if it came, the list goes on behind the last one left,
    /// which `cursor` names.
    pub fn cut(mut found: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(cursor);
        Self { rows: found, next }
    }
}

/// Strides of a walk, each in a transaction of its own, put together to one page.
pub struct Gathering<T, K> {
    rows: Vec<T>,
    limit: u32,
    after: Option<Cursor<K>>,
    is_done: bool,
    examined: u32,
}

impl<T, K> Gathering<T, K> {
    /// A page of `limit` rows behind `after`.
    pub const fn new(limit: u32, after: Option<Cursor<K>>) -> Self {
        Self { rows: Vec::new(), limit, after, is_done: false, examined: 0 }
    }

    /// From where the next stride goes, and how many rows are missing; none where the page is whole.
    pub fn turn(&self) -> Option<(Option<Cursor<K>>, u32)> {
        let missing = self.limit.saturating_sub(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        (missing > 0 && !self.is_done && self.examined < MOST_EXAMINED).then(|| (self.after.clone(), missing))
    }

    /// What a stride found.
    pub fn add(&mut self, found: Found<T, K>) {
        self.rows.extend(found.rows);
        self.is_done = found.next.is_none();
        self.after = found.next;
        self.examined = self.examined.saturating_add(found.examined);
    }

    /// The page. It may be short and still go on; but never empty, which some clients take for the end.
    ///
    /// # Errors
    /// E0000031 where nothing was found among as many rows as one question may look at.
    pub fn end(self) -> Result<Listed<T>, ApiError> {
        if self.rows.is_empty() && !self.is_done {
            return Err(ApiError::bad_search(format!(
                "nothing matches among the first {MOST_EXAMINED}: add a condition with eq or sw, such as a login or a name"
            )));
        }
        let next = if self.is_done { None } else { self.after.map(|after| after.to_string()) };
        Ok(Listed { rows: self.rows, next })
    }
}

/// A page of a list: the entries, and where it goes on.
#[derive(Debug, Clone)]
pub struct Page {
    entries: Vec<Value>,
    links: Vec<String>,
}

impl Page {
    /// `entries` as the answer to `query`; it goes on beyond `next`.
    pub fn new(app: &App, query: &Query, entries: Vec<Value>, next: Option<String>) -> Self {
        let base = app.config.public_url.first();
        let own = query.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut links = vec![format!("<{base}{own}>; rel=\"self\"")];
        links.extend(next.map(|after| format!("<{base}{}>; rel=\"next\"", query.beyond(&after))));
        Self { entries, links }
    }

    /// The page of a list that is walked.
    pub fn listed<T>(app: &App, query: &Query, listed: Listed<T>, shown: impl FnMut(&T) -> Value) -> Self {
        Self::new(app, query, listed.rows.iter().map(shown).collect(), listed.next)
    }

    /// The page of a list that was asked for one entry more than `limit`: if it came, the list goes on behind the last
    /// one shown, which `cursor` names.
    pub fn of<T>(
        app: &App,
        query: &Query,
        (found, limit): (Vec<T>, u32),
        cursor: impl Fn(&T) -> String,
        shown: impl FnMut(&T) -> Value,
    ) -> Self {
        Self::listed(app, query, Listed::cut(found, limit, cursor), shown)
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.entries).into_response();
        for link in self.links {
            if let Ok(value) = HeaderValue::from_str(&link) {
                response.headers_mut().append(header::LINK, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        let request = axum::http::Request::builder().uri(text).body(()).unwrap();
        let uri = request.uri().clone();
        let members = axum::extract::Query::try_from_uri(&uri).unwrap().0;
        Query { uri, members }
    }

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let asked = query("/api/v1/users?search=status+eq+%22ACTIVE%22&after=old&limit=2");
        assert_eq!(asked.beyond("new"), "/api/v1/users?search=status+eq+%22ACTIVE%22&limit=2&after=new");
        assert_eq!(query("/api/v1/users").beyond("new"), "/api/v1/users?after=new");
    }

    #[test]
    fn a_limit_is_a_number_and_bounded() {
        assert_eq!(query("/?limit=7").limit(200, 200).unwrap(), 7);
        assert_eq!(query("/?limit=").limit(200, 200).unwrap(), 200);
        assert_eq!(query("/?limit=5000").limit(200, 200).unwrap(), 200);
        assert!(query("/?limit=-1").limit(200, 200).is_err());
    }
}
