//! What surrounds every screen: the column of nouns, the search, who is signed in.

use postern_authn::permission::Permission;

use super::part::Moment;
use super::words::{Text, say};

/// Where in the console a screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Who may do what.
    Administrators,
    /// Protected computers.
    Devices,
    /// What is switched on.
    Features,
    /// Sets of people.
    Groups,
    /// What needs attention.
    Home,
    /// Nowhere: an error, the parts page.
    Nowhere,
    /// Everybody.
    People,
    /// The record.
    Reports,
    /// The org's rules.
    SecurityGeneral,
    /// Credentials of programs.
    Tokens,
}

impl Place {
    /// Every place that has a screen.
    pub const ALL: &[Self] = &[
        Self::Administrators,
        Self::Devices,
        Self::Features,
        Self::Groups,
        Self::Home,
        Self::People,
        Self::Reports,
        Self::SecurityGeneral,
        Self::Tokens,
    ];

    /// The permission without which it stays closed.
    pub const fn needs(self) -> Option<Permission> {
        match self {
            Self::Administrators => Some(Permission::RolesRead),
            Self::Devices => Some(Permission::DevicesRead),
            Self::Features | Self::SecurityGeneral => Some(Permission::OrgRead),
            Self::Groups => Some(Permission::GroupsRead),
            Self::Home | Self::Nowhere => None,
            Self::People => Some(Permission::UsersRead),
            Self::Reports => Some(Permission::LogsRead),
            Self::Tokens => Some(Permission::ApiTokensManage),
        }
    }
}

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
        let noun = |label: Text, href, place: Place| {
            let current = (self.place == place).then_some("page");
            self.open.contains(&place).then_some(Noun { label, href, current, below: Vec::new() })
        };
        let group = |label, below: Vec<Option<Noun>>| {
            let below: Vec<Noun> = below.into_iter().flatten().collect();
            let is_current = below.iter().any(|noun| noun.current.is_some());
            let href = below.first()?.href;
            let current = is_current.then_some("true");
            Some(Noun { label, href, current, below: if is_current { below } else { Vec::new() } })
        };
        let security = vec![
            noun(say("frame-general"), "/admin/security/general", Place::SecurityGeneral),
            noun(say("tokens-title"), "/admin/security/tokens", Place::Tokens),
        ];
        let column = [
            noun(say("frame-home"), "/admin", Place::Home),
            noun(say("people-title"), "/admin/people", Place::People),
            noun(say("groups-title"), "/admin/groups", Place::Groups),
            noun(say("devices-title"), "/admin/devices", Place::Devices),
            group(say("frame-security"), security),
            noun(say("administrators-title"), "/admin/administrators", Place::Administrators),
            noun(say("reports-title"), "/admin/reports", Place::Reports),
            group(
                say("frame-settings"),
                vec![noun(say("features-title"), "/admin/settings/features", Place::Features)],
            ),
        ];
        column.into_iter().flatten().collect()
    }
}
