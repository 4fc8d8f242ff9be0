//! `GET /api/v1/users`: which people, in which order, and how much of each.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use postern_authn::permission::right;
use postern_store::people::{self, PeopleQuery};
use serde_json::Value;

use super::veil::{self, Veil};
use super::{listed, shown};
use crate::App;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::page::{Page, Query};

/// Links that lead to credentials: left out where a client asks for it.
const CREDENTIAL_LINKS: &[&str] =
    &["changePassword", "changeRecoveryQuestion", "forgotPassword", "resetFactors", "resetPassword", "unlock"];

/// The plain list and the one by `q` are of those whose account has not ended.
pub async fn get_users(
    app: State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::UsersRead>(&app).await?;
    let (query, now) = (query?, app.env().now);
    let words = query.text("q").map(str::to_owned);
    let limit = query.page_size(if words.is_some() { 10 } else { 200 }, 200)?;
    if words.is_some() {
        veil::check_words(&by)?;
    }
    let condition = query.demanded(&veil::searchable(&by, people::ATTRIBUTES), now)?;
    let sorting = query.sorting(&veil::sortable(&by, people::ORDERS))?;
    let (without_ended, after) = (condition.is_none(), query.after(sorting)?);
    let parts = Parts::asked(&query, &headers)?;
    let wanted = PeopleQuery { words, condition, without_ended, sorting, after, ..PeopleQuery::default() };
    let found = listed(&app, &by, wanted, limit).await?;
    let veil = Veil::of(&app, &by, &found.rows).await?;
    Ok(Page::listed(&app, &query, found, |person| parts.of(veil.over(person.id, shown(&app, person, now)))))
}

/// How much of each person is answered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    /// Names of members and of members of the profile; all where absent.
    fields: Option<(Vec<String>, Vec<String>)>,
    omit_credentials: bool,
    omit_links: bool,
}

impl Parts {
    /// By the query's `fields` and the content type's `okta-response`.
    fn asked(query: &Query, headers: &HeaderMap) -> Result<Self, ApiError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let omitted = kind.split_once("okta-response=").map_or("", |(_, words)| words);
        let omits = |word: &str| {
            omitted.split(|c: char| !c.is_ascii_alphanumeric()).any(|omitted| omitted.eq_ignore_ascii_case(word))
        };
        let fields = query.text("fields").map(|text| {
            let refused =
                || ApiError::validation("fields", ["fields: must be like id,status,profile:(firstName,city)"]);
            fields(text).ok_or_else(refused)
        });
        Ok(Self {
            fields: fields.transpose()?,
            omit_credentials: omits("omitCredentials"),
            omit_links: omits("omitCredentialsLinks"),
        })
    }

    fn of(&self, mut person: Value) -> Value {
        let Some(members) = person.as_object_mut() else { return person };
        if self.omit_credentials {
            members.remove("credentials");
        }
        if let Some(links) = members.get_mut("_links").and_then(Value::as_object_mut).filter(|_| self.omit_links) {
            links.retain(|name, _| !CREDENTIAL_LINKS.contains(&name.as_str()));
        }
        if let Some((top, profile)) = &self.fields {
            members.retain(|name, _| name == "id" || name == "profile" && !profile.is_empty() || top.contains(name));
            if let Some(of) = members.get_mut("profile").and_then(Value::as_object_mut)
                && !top.iter().any(|name| name == "profile")
            {
                of.retain(|name, _| profile.contains(name));
            }
        }
        person
    }
}

/// `a,b,profile:(c,d)`: names of members, and names of members of the profile.
fn fields(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (mut top, mut profile, mut rest) = (Vec::new(), Vec::new(), text.trim());
    let names = |text: &str| -> Option<Vec<String>> {
        let names = text.split(',').map(|name| name.trim().to_owned());
        let names: Vec<String> = names.collect();
        let fit =
            names.iter().all(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        fit.then_some(names)
    };
    while let Some(at) = rest.find("profile:(") {
        let (before, behind) = rest.split_at(at);
        let (inner, behind) = behind["profile:(".len()..].split_once(')')?;
        profile.extend(names(inner)?);
        // One comma parts; a second would part nothing.
        let before = before.trim();
        if !before.is_empty() {
            top.extend(names(before.strip_suffix(',').unwrap_or(before))?);
        }
        let behind = behind.trim();
        rest = behind.strip_prefix(',').unwrap_or(behind).trim();
    }
    if !rest.is_empty() {
        top.extend(names(rest)?);
    }
    Some((top, profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_names_with_those_of_the_profile_apart() {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(fields("id, status"), Some((owned(&["id", "status"]), owned(&[]))));
        let both = Some((owned(&["status", "created"]), owned(&["firstName", "city"])));
        assert_eq!(fields("status,profile:(firstName, city),created"), both);
        for wrong in ["a,,b", "profile:(", "profile:()", "a b", "profile:(a),,", "\u{e9}"] {
            assert_eq!(fields(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let person = json!({
            "id": "1", "status": "ACTIVE", "credentials": {}, "profile": { "city": "Lisbon", "title": "x" },
            "_links": { "self": 1, "unlock": 2 },
        });
        let parts = Parts { fields: fields("status,profile:(city)"), ..Parts::default() };
        assert_eq!(parts.of(person.clone()), json!({ "id": "1", "status": "ACTIVE", "profile": { "city": "Lisbon" } }));
        let whole = Parts { fields: fields("profile"), ..Parts::default() };
        assert_eq!(whole.of(person.clone()), json!({ "id": "1", "profile": { "city": "Lisbon", "title": "x" } }));
        let bare = Parts { omit_credentials: true, omit_links: true, fields: None };
        let answered = bare.of(person);
        assert_eq!((&answered["credentials"], &answered["_links"]), (&Value::Null, &json!({ "self": 1 })));
    }
}
