//! From where: network zones that are included and excluded.

use postern_codes::Id;
use postern_codes::id::{Group, Zone};
use serde::{Deserialize, Serialize};

use super::{Condition, Place, Situation, Verdict, Why};

/// The word for every zone there is.
pub const ALL_ZONES: &str = "ALL_ZONES";
/// Most entries of a list.
const MOST: usize = 100;

/// From where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Anywhere, or by the zones.
    pub connection: Connection,
    /// Zones, or [`ALL_ZONES`]; being in one of them is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    /// Zones, or [`ALL_ZONES`]; being in one of them shuts out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Vec<String>>,
}

/// How a place is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Connection {
    /// From anywhere.
    #[default]
    Anywhere,
    /// By the zones.
    Zone,
}

impl Network {
    fn lists(&self) -> [&[String]; 2] {
        [self.include.as_deref().unwrap_or_default(), self.exclude.as_deref().unwrap_or_default()]
    }
}

impl Condition for Network {
    fn judge(&self, situation: &Situation) -> (Verdict, Why) {
        if self.connection == Connection::Anywhere {
            return (Verdict::Match, Why::Always);
        }
        let Some(zones) = &situation.zones else { return (Verdict::CannotTell, Why::UnknownAddress) };
        let [include, exclude] = self.lists();
        let lies_in = |list: &[String]| {
            zones.iter().any(|zone| list.iter().any(|named| named == ALL_ZONES || named == zone.as_str()))
        };
        if lies_in(exclude) {
            return (Verdict::NoMatch, Why::ExcludedZone);
        }
        match (include.is_empty(), lies_in(include)) {
            (true, _) => (Verdict::Match, Why::Always),
            (false, true) => (Verdict::Match, Why::IncludedZone),
            (false, false) => (Verdict::NoMatch, Why::OutsideZones),
        }
    }

    fn covers(&self, other: Option<&Self>, _: Id<Group>) -> bool {
        if self.connection == Connection::Anywhere || other == Some(self) {
            return true;
        }
        let ([include, exclude], Some(other)) = (self.lists(), other) else { return false };
        let [narrower, _] = other.lists();
        exclude.is_empty() && !narrower.is_empty() && narrower.iter().all(|zone| include.contains(zone))
    }

    fn check(&self, place: Place) -> Result<(), String> {
        if let Place::Policy(_) = place {
            return Err("belongs to a rule, not to a policy".to_owned());
        }
        let lists = self.lists();
        let is_zone = |named: &String| named == ALL_ZONES || named.parse::<Id<Zone>>().is_ok();
        if let Some(wrong) = lists.iter().flat_map(|list| list.iter()).find(|named| !is_zone(named)) {
            let shown: String = wrong.chars().take(40).collect();
            return Err(format!("`{shown}` is no zone's id"));
        }
        if lists.iter().any(|list| list.len() > MOST) {
            return Err(format!("a list has at most {MOST} zones"));
        }
        match (self.connection, lists.iter().all(|list| list.is_empty())) {
            (Connection::Zone, true) => Err("a connection of type ZONE needs `include` or `exclude`".to_owned()),
            (Connection::Anywhere, false) => {
                Err("zones are looked at only where the connection is of type ZONE".to_owned())
            }
            (Connection::Anywhere, true) | (Connection::Zone, false) => Ok(()),
        }
    }

    fn references(&self) -> Vec<String> {
        let named = self.lists().into_iter().flat_map(|list| list.iter());
        named.filter(|named| *named != ALL_ZONES).cloned().collect()
    }
}
