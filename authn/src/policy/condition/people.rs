//! Who: people and groups that are included and excluded.

use postern_codes::Id;
use postern_codes::id::{Group, User};
use serde::{Deserialize, Serialize};

use super::{Condition, Place, Situation, Verdict, Why};

/// Most entries of a list.
const MOST: usize = 1000;

/// Who. Whoever is excluded, by themselves or by a group, is out; then whoever is included, by themselves or by a group, is
/// in; where nobody is included, everybody is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Members<Id<Group>>>,
    /// People.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Members<Id<User>>>,
}

/// Those who are included, and those who are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members<I> {
    /// In.
    #[serde(
        default = "Vec::new",
        deserialize_with = "list",
        skip_serializing_if = "Vec::is_empty",
        bound(deserialize = "I: Deserialize<'de>")
    )]
    pub include: Vec<I>,
    /// Out.
    #[serde(
        default = "Vec::new",
        deserialize_with = "list",
        skip_serializing_if = "Vec::is_empty",
        bound(deserialize = "I: Deserialize<'de>")
    )]
    pub exclude: Vec<I>,
}

/// A list that may be `null`, as clients send one that is empty.
fn list<'de, I: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<I>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl People {
    /// The groups and the people that it names as included; none of either is everybody.
    pub fn included(&self) -> (&[Id<Group>], &[Id<User>]) {
        let groups = self.groups.as_ref().map(|groups| groups.include.as_slice());
        let users = self.users.as_ref().map(|users| users.include.as_slice());
        (groups.unwrap_or_default(), users.unwrap_or_default())
    }
}

impl Condition for People {
    fn judge(&self, situation: &Situation) -> (Verdict, Why) {
        let is_user = |list: &[Id<User>]| situation.user.is_some_and(|user| list.contains(&user));
        let has_group = |list: &[Id<Group>]| situation.groups.iter().any(|group| list.contains(group));
        let (users, groups) = (self.users.as_ref(), self.groups.as_ref());
        if users.is_some_and(|users| is_user(&users.exclude)) {
            return (Verdict::NoMatch, Why::ExcludedPerson);
        }
        if groups.is_some_and(|groups| has_group(&groups.exclude)) {
            return (Verdict::NoMatch, Why::ExcludedGroup);
        }
        if users.is_some_and(|users| is_user(&users.include)) {
            return (Verdict::Match, Why::IncludedPerson);
        }
        if groups.is_some_and(|groups| has_group(&groups.include)) {
            return (Verdict::Match, Why::IncludedGroup);
        }
        let includes_nobody =
            users.is_none_or(|users| users.include.is_empty()) && groups.is_none_or(|groups| groups.include.is_empty());
        if includes_nobody { (Verdict::Match, Why::Always) } else { (Verdict::NoMatch, Why::NotIncluded) }
    }

    fn covers(&self, other: Option<&Self>, everyone: Id<Group>) -> bool {
        if other == Some(self) {
            return true;
        }
        let excludes_nobody = self.groups.as_ref().is_none_or(|groups| groups.exclude.is_empty())
            && self.users.as_ref().is_none_or(|users| users.exclude.is_empty());
        if !excludes_nobody {
            return false;
        }
        let (groups, users) = self.included();
        if groups.is_empty() && users.is_empty() || groups.contains(&everyone) {
            return true;
        }
        let (narrower_groups, narrower_users) = other.map(Self::included).unwrap_or_default();
        !(narrower_groups.is_empty() && narrower_users.is_empty())
            && narrower_groups.iter().all(|group| groups.contains(group))
            && narrower_users.iter().all(|user| users.contains(user))
    }

    fn check(&self, _: Place) -> Result<(), String> {
        let counts = [
            self.groups.as_ref().map(|groups| groups.include.len().max(groups.exclude.len())),
            self.users.as_ref().map(|users| users.include.len().max(users.exclude.len())),
        ];
        let is_too_long = counts.into_iter().flatten().any(|count| count > MOST);
        if is_too_long { Err(format!("a list has at most {MOST} entries; use a group")) } else { Ok(()) }
    }

    fn references(&self) -> Vec<String> {
        let users = self.users.iter().flat_map(|users| users.include.iter().chain(&users.exclude));
        let groups = self.groups.iter().flat_map(|groups| groups.include.iter().chain(&groups.exclude));
        users.map(ToString::to_string).chain(groups.map(ToString::to_string)).collect()
    }
}
