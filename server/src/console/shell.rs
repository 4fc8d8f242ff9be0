//! What surrounds every screen: the column of nouns, the search, who is signed in.

use postern_authn::permission::Permission;

use super::part::Moment;
use super::words::{Text, say};

macro_rules! places {
    ($($(#[$doc:meta])* $place:ident, $label:expr, $address:literal, $needs:expr;)*) => {
        /// Where in the console a screen is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Place {
            $($(#[$doc])* $place,)*
            /// Nowhere: an error, the parts page, the viewer's own account.
            Nowhere,
        }

        impl Place {
            /// Every place that has a screen.
            pub const ALL: &[Self] = &[$(Self::$place),*];

            /// What it is called.
            pub fn label(self) -> Text {
                match self {
                    $(Self::$place => $label,)*
                    Self::Nowhere => say("frame-console"),
                }
            }

            /// Its first screen.
            pub const fn address(self) -> &'static str {
                match self {
                    $(Self::$place => $address,)*
                    Self::Nowhere => "/admin",
                }
            }

            /// The permission without which it stays closed.
            pub const fn needs(self) -> Option<Permission> {
                match self {
                    $(Self::$place => $needs,)*
                    Self::Nowhere => None,
                }
            }
        }
    };
}

places! {
    /// Who may do what.
    Administrators, say("administrators-title"), "/admin/administrators", Some(Permission::RolesRead);
    /// Who waits for a way back in.
    Cases, say("cases-title"), "/admin/cases", Some(Permission::CasesRead);
    /// What privileged actions demand.
    Demands, say("demands-title"), "/admin/security/demands", Some(Permission::OrgRead);
    /// Protected computers.
    Devices, say("devices-title"), "/admin/devices", Some(Permission::DevicesRead);
    /// Which factors are allowed, and what is demanded of them.
    Factors, say("factors-title"), "/admin/settings/factors", Some(Permission::OrgRead);
    /// What is switched on.
    Features, say("features-title"), "/admin/settings/features", Some(Permission::OrgRead);
    /// Sets of people.
    Groups, say("groups-title"), "/admin/groups", Some(Permission::GroupsRead);
    /// What needs attention.
    Home, say("home-title"), "/admin", None;
    /// How often what may be done.
    Limits, say("limits-title"), "/admin/settings/limits", Some(Permission::OrgRead);
    /// Zones of addresses, and trusted origins.
    Networks, say("networks-title"), "/admin/security/networks", Some(Permission::NetworkZonesRead);
    /// What the org says of itself.
    Organisation, say("organisation-title"), "/admin/settings/organisation", Some(Permission::OrgRead);
    /// Everybody.
    People, say("people-title"), "/admin/people", Some(Permission::UsersRead);
    /// Who may sign in and how, what passwords must be, which factors are enrolled.
    Policies, say("policies-title"), "/admin/security/policies", Some(Permission::PoliciesRead);
    /// The record.
    Reports, say("reports-title"), "/admin/reports", Some(Permission::LogsRead);
    /// The org's rules.
    SecurityGeneral, say("frame-general"), "/admin/security/general", Some(Permission::OrgRead);
    /// Credentials of programs.
    Tokens, say("tokens-title"), "/admin/security/tokens", Some(Permission::ApiTokensRead);
    /// What the policies would decide.
    WhatIf, say("what-if-title"), "/admin/security/what-if", Some(Permission::PoliciesRead);
}

/// A line of the column.
enum Line {
    /// A noun with one screen, or with screens that it leads to by itself.
    One(Place),
    /// A noun with a few, shown while one of them is the present one. It leads to the first that is open.
    Group(fn() -> Text, &'static [Place]),
}

/// The column, in its order.
const COLUMN: &[Line] = &[
    Line::One(Place::Home),
    Line::One(Place::People),
    Line::One(Place::Groups),
    Line::One(Place::Devices),
    Line::One(Place::Cases),
    Line::Group(
        || say("frame-security"),
        &[Place::SecurityGeneral, Place::Policies, Place::WhatIf, Place::Networks, Place::Demands, Place::Tokens],
    ),
    Line::One(Place::Administrators),
    Line::One(Place::Reports),
    Line::Group(|| say("frame-settings"), &[Place::Organisation, Place::Factors, Place::Limits, Place::Features]),
];

/// The frame of a console screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// The organisation's name.
    pub org: String,
    /// Who is signed in.
    pub viewer: String,
    /// As what.
    pub role: Text,
    /// Which noun is marked.
    pub place: Place,
    /// The places that are open to them; the column has no others.
    pub open: Vec<Place>,
    /// The server's time of rendering, by which the script counts.
    pub now: Moment,
    /// What was searched for, put back into the field.
    pub searched: String,
}

/// An entry of the column.
pub struct Noun {
    /// Its word.
    pub label: Text,
    /// Its page.
    pub href: &'static str,
    /// The value of `aria-current`: `page` for this very page, `true` for its noun.
    pub current: Option<&'static str>,
    /// What lies below it; shown while the noun is current.
    pub below: Vec<Noun>,
}

impl Shell {
    /// The column, in its order: what is open to the viewer.
    pub fn nouns(&self) -> Vec<Noun> {
        COLUMN.iter().filter_map(|line| self.noun(line)).collect()
    }

    fn noun(&self, line: &Line) -> Option<Noun> {
        match line {
            Line::One(place) => self.open.contains(place).then(|| Noun {
                label: place.label(),
                href: place.address(),
                current: (self.place == *place).then_some("page"),
                below: Vec::new(),
            }),
            Line::Group(label, places) => {
                let open: Vec<Place> = places.iter().copied().filter(|place| self.open.contains(place)).collect();
                let is_current = open.contains(&self.place);
                let shown = if is_current { open.as_slice() } else { &[] };
                Some(Noun {
                    label: label(),
                    href: open.first()?.address(),
                    current: is_current.then_some("true"),
                    below: shown.iter().filter_map(|place| self.noun(&Line::One(*place))).collect(),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_stands_in_the_column_once() {
        let mut all: Vec<Place> = Vec::new();
        for line in COLUMN {
            match line {
                Line::One(place) => all.push(*place),
                Line::Group(_, places) => all.extend(*places),
            }
        }
        for place in Place::ALL {
            assert_eq!(all.iter().filter(|own| *own == place).count(), 1, "{place:?}");
        }
    }
}
