//! Names of resources, as resource sets and bindings take them: an ORN, or the address of the same thing in the API.

use postern_authn::permission::{Area, Resource};
use postern_codes::id::{Id, Org};

/// The ORN of a resource.
pub fn orn(org: Id<Org>, resource: Resource) -> String {
    let directory = format!("orn:okta:directory:{org}");
    match resource {
        Resource::All(area) => {
            let (service, rest) = whole(area);
            format!("orn:okta:{service}:{org}:{rest}")
        }
        Resource::Device(id) => format!("{directory}:devices:{id}"),
        Resource::Group(id) => format!("{directory}:groups:{id}"),
        Resource::Members(id) => format!("{directory}:groups:{id}:contained_resources"),
        Resource::User(id) => format!("{directory}:users:{id}"),
    }
}

/// The path of a resource in the API.
pub fn path(resource: Resource) -> String {
    match resource {
        Resource::All(area) => place(area).to_owned(),
        Resource::Device(id) => format!("/api/v1/devices/{id}"),
        Resource::Group(id) => format!("/api/v1/groups/{id}"),
        Resource::Members(id) => format!("/api/v1/groups/{id}/users"),
        Resource::User(id) => format!("/api/v1/users/{id}"),
    }
}

/// What an ORN of this organisation or an address in the API names, if it names anything. Which host an address has is not
/// looked at: an organisation may be reached by several, and names only what is its own.
pub fn parse(text: &str, org: Id<Org>) -> Option<Resource> {
    match text.strip_prefix("orn:") {
        Some(rest) => parse_orn(rest, org),
        None => parse_address(text),
    }
}

fn parse_orn(text: &str, org: Id<Org>) -> Option<Resource> {
    let parts: Vec<&str> = text.split(':').collect();
    let [_, service, own, rest @ ..] = parts.as_slice() else { return None };
    if *own != org.as_str() {
        return None;
    }
    match (*service, rest) {
        ("directory", ["devices", id]) => id.parse().ok().map(Resource::Device),
        ("directory", ["groups", id]) => id.parse().ok().map(Resource::Group),
        ("directory", ["groups", id, "contained_resources"]) => id.parse().ok().map(Resource::Members),
        ("directory", ["users", id]) => id.parse().ok().map(Resource::User),
        (service, [rest]) => Area::ALL.iter().copied().find(|area| whole(*area) == (service, rest)).map(Resource::All),
        _ => None,
    }
}

fn parse_address(text: &str) -> Option<Resource> {
    let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let path = match address {
        Some(address) => address.find('/').map(|at| &address[at..])?,
        None => text,
    };
    let path = path.trim_end_matches('/');
    if let Some(area) = Area::ALL.iter().copied().find(|area| place(*area) == path) {
        return Some(Resource::All(area));
    }
    let parts: Vec<&str> = path.strip_prefix("/api/v1/")?.split('/').collect();
    match parts.as_slice() {
        ["devices", id] => id.parse().ok().map(Resource::Device),
        ["groups", id] => id.parse().ok().map(Resource::Group),
        ["groups", id, "users"] => id.parse().ok().map(Resource::Members),
        ["users", id] => id.parse().ok().map(Resource::User),
        _ => None,
    }
}

/// Service and rest of the ORN of everything of an area.
const fn whole(area: Area) -> (&'static str, &'static str) {
    match area {
        Area::Devices => ("directory", "devices"),
        Area::Groups => ("directory", "groups"),
        Area::Iam => ("iam", "contained_resources"),
        Area::Logs => ("logs", "contained_resources"),
        Area::Org => ("org", "contained_resources"),
        Area::Policies => ("idp", "policies"),
        Area::Users => ("directory", "users"),
    }
}

const fn place(area: Area) -> &'static str {
    match area {
        Area::Devices => "/api/v1/devices",
        Area::Groups => "/api/v1/groups",
        Area::Iam => "/api/v1/iam",
        Area::Logs => "/api/v1/logs",
        Area::Org => "/api/v1/org",
        Area::Policies => "/api/v1/policies",
        Area::Users => "/api/v1/users",
    }
}

#[cfg(test)]
mod tests {
    use postern_codes::env::TestWorld;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let env = TestWorld::new().env();
        let (org, group) = (Id::new(&env), Id::new(&env));
        let mut all: Vec<Resource> = Area::ALL.iter().copied().map(Resource::All).collect();
        all.extend([Resource::Group(group), Resource::Members(group)]);
        all.extend([Resource::User(Id::new(&env)), Resource::Device(Id::new(&env))]);
        for resource in all {
            assert_eq!(parse(&orn(org, resource), org), Some(resource));
            assert_eq!(parse(&path(resource), org), Some(resource));
            assert_eq!(parse(&format!("https://acme.example{}", path(resource)), org), Some(resource));
            assert_eq!(parse(&orn(org, resource), Id::new(&env)), None, "that is another organisation's");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let org = Id::new(&TestWorld::new().env());
        for wrong in [
            "",
            "orn:",
            "orn:okta:directory",
            "orn:okta:directory:everywhere:users",
            "https://acme.example",
            "https://acme.example/api/v1/apps",
            "/api/v1/groups/00u00000000000000000",
            "/api/v1/users/me",
        ] {
            assert_eq!(parse(wrong, org), None, "{wrong:?}");
        }
        assert_eq!(parse(&format!("orn:okta:idp:{org}:apps"), org), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(orn:|https://|/api/v1/)?[a-z:/0-9]{0,40}.{0,8}") {
            let org = Id::new(&TestWorld::new().env());
            if let Some(resource) = parse(&text, org) {
                prop_assert_eq!(parse(&path(resource), org), Some(resource));
            }
        }
    }
}
