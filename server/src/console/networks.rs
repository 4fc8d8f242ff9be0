//! Security > Networks: the zones of addresses that policies and tokens speak of, the blocklists, and the web origins that
//! are trusted. Both are kept by the same steps, which are in `kept.rs`.

mod kept;
mod origin;
mod origins;
mod sheet;
mod zone;
mod zones;

use postern_authn::permission::Permission;
use postern_store::trusted_origins::TrustedOrigin;
use postern_store::zones::Zone;

pub use origins::{Origins, Row as OriginRow};
pub use sheet::Sheet;
pub use zones::{Row as ZoneRow, Zones};

use super::part::{State, Tab, Tabs, Tone};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::api::routes::Routes;

/// The list of zones.
const ZONES: &str = "/admin/security/networks";
/// The list of trusted origins.
const ORIGINS: &str = "/admin/security/networks/origins";

/// `/admin/security/networks` and below.
pub fn routes() -> Routes {
    let lists = zones::routes().merge(origins::routes());
    lists.merge(kept::routes::<Zone>()).merge(kept::routes::<TrustedOrigin>())
}

/// The two pages about networks.
fn tabs(viewer: &Viewer, current: &str) -> Tabs {
    let pages = [
        (ZONES, say("networks-zones"), Permission::NetworkZonesRead),
        (ORIGINS, say("origins-title"), Permission::TrustedOriginsRead),
    ];
    let open = pages.into_iter().filter(|(_, _, needed)| viewer.may(*needed));
    let tab = |(href, label, _): (&str, Text, _)| Tab { label, href: href.to_owned(), is_current: href == current };
    Tabs { label: say("networks-title"), tabs: open.map(tab).collect() }
}

/// Whether something of networks counts.
fn state(is_active: bool) -> State {
    if is_active {
        return State::new(Tone::Good, say("networks-active"));
    }
    State::new(Tone::Plain, say("networks-inactive"))
}
