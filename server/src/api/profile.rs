//! The profile of a person as the API has it: read with every part that is wrong, and shown.

use std::collections::BTreeMap;

use postern_authn::user::{Login, Profile};
use serde_json::{Map, Value};

use crate::api::error::ApiError;

/// The members of a profile besides login, names and address, with their greatest length in characters.
const FURTHER: &[(&str, usize)] = &[
    ("city", 128),
    ("costCenter", 100),
    ("countryCode", 2),
    ("department", 100),
    ("displayName", 100),
    ("division", 100),
    ("employeeNumber", 100),
    ("honorificPrefix", 50),
    ("honorificSuffix", 50),
    ("locale", 32),
    ("manager", 100),
    ("managerId", 100),
    ("middleName", 50),
    ("mobilePhone", 100),
    ("nickName", 100),
    ("organization", 100),
    ("postalAddress", 255),
    ("preferredLanguage", 32),
    ("primaryPhone", 100),
    ("profileUrl", 255),
    ("secondEmail", 100),
    ("state", 128),
    ("streetAddress", 255),
    ("timezone", 64),
    ("title", 100),
    ("userType", 100),
    ("zipCode", 50),
];

/// Whether a profile may have a member of this name.
pub fn is_member(name: &str) -> bool {
    ["login", "email", "firstName", "lastName"].contains(&name) || FURTHER.iter().any(|(known, _)| *known == name)
}

/// The members of a profile besides login, names and address.
pub fn further() -> impl Iterator<Item = &'static str> {
    FURTHER.iter().map(|(name, _)| *name)
}

/// Reads login and profile. A member that is null counts as absent.
///
/// # Errors
/// E0000001 with a cause for every member that is missing, too long, of another type or unknown.
pub fn read(members: &Map<String, Value>) -> Result<(Login, Profile), ApiError> {
    let mut reader = Reader { members, causes: Vec::new() };
    let login = reader.required("login", 100);
    let login = login.parse::<Login>().map_err(|refused| {
        // What is missing was said already.
        if !login.is_empty() {
            reader.causes.push(format!("login: {refused}"));
        }
    });
    let profile = Profile {
        first_name: reader.required("firstName", 50),
        last_name: reader.required("lastName", 50),
        email: reader.required("email", 100),
        further: reader.further(),
    };
    reader.check_address("email", &profile.email);
    if let Some(second) = profile.further.get("secondEmail").and_then(Value::as_str) {
        reader.check_address("secondEmail", second);
    }
    match (login, reader.causes) {
        (Ok(login), causes) if causes.is_empty() => Ok((login, profile)),
        (_, causes) => Err(ApiError::validation("profile", causes)),
    }
}

/// The members of a profile as answers have them.
pub fn shown(login: &Login, profile: &Profile) -> Map<String, Value> {
    let mut members: Map<String, Value> = profile.further.clone().into_iter().collect();
    for (name, value) in [
        ("login", login.as_str()),
        ("email", &profile.email),
        ("firstName", &profile.first_name),
        ("lastName", &profile.last_name),
    ] {
        members.insert(name.to_owned(), value.into());
    }
    members
}

struct Reader<'m> {
    members: &'m Map<String, Value>,
    causes: Vec<String>,
}

impl Reader<'_> {
    fn required(&mut self, name: &str, longest: usize) -> String {
        let before = self.causes.len();
        let text = self.text(name, longest).unwrap_or_default();
        if text.is_empty() && self.causes.len() == before {
            self.causes.push(format!("{name}: The field cannot be left blank"));
        }
        text
    }

    fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        let text = match self.members.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.trim(),
            _ => {
                self.causes.push(format!("{name}: must be text"));
                return None;
            }
        };
        if text.chars().count() > longest || text.contains(char::is_control) {
            self.causes.push(format!("{name}: must have at most {longest} characters on one line"));
            return None;
        }
        Some(text.to_owned())
    }

    fn further(&mut self) -> BTreeMap<String, Value> {
        let main = ["login", "email", "firstName", "lastName"];
        for name in self.members.keys() {
            if !main.contains(&name.as_str()) && FURTHER.iter().all(|(known, _)| known != name) {
                let name: String = name.chars().take(64).collect();
                self.causes.push(format!("{name}: no such member of a profile"));
            }
        }
        let read = FURTHER.iter().filter_map(|(name, longest)| {
            let text = self.text(name, *longest).filter(|text| !text.is_empty())?;
            Some(((*name).to_owned(), text.into()))
        });
        read.collect()
    }

    fn check_address(&mut self, name: &str, address: &str) {
        let parts: Vec<&str> = address.split('@').collect();
        let fits =
            parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !address.contains(char::is_whitespace);
        // What is missing was said already.
        if !fits && !address.is_empty() {
            self.causes.push(format!("{name}: Does not match required pattern"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn causes(members: &Value) -> Vec<String> {
        read(members.as_object().unwrap()).map(drop).unwrap_err().causes.clone()
    }

    #[test]
    fn a_profile_is_shown_as_it_was_read() {
        let members = json!({
            "login": "grace@acme.example", "email": "grace@acme.example", "firstName": "Grace", "lastName": "Hopper",
            "mobilePhone": "+1 555 0100", "nickName": null,
        });
        let (login, profile) = read(members.as_object().unwrap()).unwrap();
        let mut expected = members.as_object().unwrap().clone();
        expected.remove("nickName");
        assert_eq!(shown(&login, &profile), expected);
    }

    #[test]
    fn every_member_can_be_searched_for() {
        let searched: Vec<&str> = postern_store::people::ATTRIBUTES.iter().map(|attribute| attribute.name).collect();
        for (name, _) in FURTHER {
            assert!(searched.contains(&format!("profile.{name}").as_str()), "{name}");
        }
    }

    #[test]
    fn every_part_that_is_wrong_is_named() {
        let wrong = json!({
            "login": "two words", "email": "no address", "firstName": "", "lastName": "x".repeat(51),
            "mobilePhone": 5, "shoeSize": "38", "secondEmail": "a@b@c",
        });
        assert_eq!(
            causes(&wrong),
            [
                "login: a login has 1 to 100 characters, and no blanks",
                "firstName: The field cannot be left blank",
                "lastName: must have at most 50 characters on one line",
                "shoeSize: no such member of a profile",
                "mobilePhone: must be text",
                "email: Does not match required pattern",
                "secondEmail: Does not match required pattern",
            ]
        );
        assert_eq!(causes(&json!({})).len(), 4);
    }
}
