//! Network zones.

use std::net::IpAddr;

use postern_authn::network::{AddressRange, Ranges, SystemZone, Usage, ZoneDraft, ZoneName};
use postern_codes::id::{Id, Zone as ZoneKind};
use postern_codes::{Env, Timestamp};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "z.id, z.name, z.usage, z.status, z.is_system, z.gateways, z.proxies, z.created_at, z.updated_at"
    };
}

crate::statements! {
    ZONE = concat!("SELECT ", columns!(), " FROM zones z WHERE z.org_id = $1 AND z.id = $2");
    ZONES = concat!("SELECT ", columns!(), " FROM zones z WHERE z.org_id = $1 ORDER BY z.id");
    ZONE_INSERT = "INSERT INTO zones (org_id, id, name, name_folded, usage, status, is_system, gateways, proxies, created_at, \
                   updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
                   ON CONFLICT (org_id, name_folded) DO NOTHING";
    NAME_TAKEN = "SELECT id FROM zones WHERE org_id = $1 AND name_folded = $2 AND id <> $3";
    ZONE_SET = "UPDATE zones SET name = $3, name_folded = $4, usage = $5, status = $6, gateways = $7, proxies = $8, \
                updated_at = $9 WHERE org_id = $1 AND id = $2";
    ZONE_DELETE = "DELETE FROM zones WHERE org_id = $1 AND id = $2";
}

const LIST: &str = concat!("SELECT ", columns!(), " FROM zones z WHERE z.org_id = $1");

/// What zones can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "id", column: Column::Exact("z.id") },
    Attribute { name: "name", column: Column::Folded("z.name") },
    Attribute { name: "status", column: Column::Exact("z.status") },
    Attribute { name: "system", column: Column::Flag("z.is_system") },
    Attribute { name: "usage", column: Column::Exact("z.usage") },
];

/// A network zone.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Its id.
    pub id: Id<ZoneKind>,
    /// What people call it.
    pub name: ZoneName,
    /// What it is for.
    pub usage: Usage,
    /// Whether it counts.
    pub is_active: bool,
    /// Which zone of the system it is.
    pub system: Option<SystemZone>,
    /// Whose addresses make it.
    pub gateways: Vec<AddressRange>,
    /// Whose word about the address of others is taken.
    pub proxies: Vec<AddressRange>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Zone {
    /// Whether an address lies in it. Proxies are on the way, not in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.gateways.iter().any(|range| range.contains(address))
    }

    /// Whether its addresses are shut out.
    pub fn shuts_out(&self) -> bool {
        self.is_active && self.usage == Usage::Blocklist
    }

    /// Whether its addresses are never shut out.
    pub fn exempts(&self) -> bool {
        self.is_active && self.system == Some(SystemZone::ExemptIp)
    }
}

/// Who is shut out by zones taken together.
#[derive(Debug, Clone, Default)]
pub struct Blocklist {
    shut_out: Ranges,
    exempt: Ranges,
}

impl Blocklist {
    /// What these zones shut out.
    pub fn of(zones: &[Zone]) -> Self {
        let ranges = |counts: fn(&Zone) -> bool| {
            zones.iter().filter(|zone| counts(zone)).flat_map(|zone| &zone.gateways).collect::<Ranges>()
        };
        Self { shut_out: ranges(Zone::shuts_out), exempt: ranges(Zone::exempts) }
    }

    /// Whether this address is shut out.
    pub fn shuts_out(&self, address: IpAddr) -> bool {
        self.shut_out.contains(address) && !self.exempt.contains(address)
    }
}

impl Tx<'_> {
    /// The zones that an address lies in, as policies and tokens ask: active, and no blocklist.
    ///
    /// # Errors
    /// Of the database.
    pub fn zones_containing(&mut self, address: IpAddr) -> Result<Vec<Id<ZoneKind>>, Error> {
        let zones = self.zones()?;
        let hold = zones.iter().filter(|zone| zone.is_active && zone.usage == Usage::Policy && zone.contains(address));
        Ok(hold.map(|zone| zone.id).collect())
    }

    /// Every zone, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn zones(&mut self) -> Result<Vec<Zone>, Error> {
        self.rows(ZONES, values![])?.iter().map(zone).collect()
    }

    /// Zones that fulfil a condition over [`ATTRIBUTES`], oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn zones_page(
        &mut self,
        condition: Option<Condition>,
        after: Option<Id<ZoneKind>>,
        limit: u32,
    ) -> Result<Vec<Zone>, Error> {
        let after = after.map(|after| Condition::new("z.id > ?", values![after]));
        Search::of(LIST).and_if(condition).and_if(after).run(self, "z.id", limit)?.iter().map(zone).collect()
    }

    /// One zone.
    ///
    /// # Errors
    /// Of the database.
    pub fn zone(&mut self, id: Id<ZoneKind>) -> Result<Option<Zone>, Error> {
        self.row(ZONE, values![id])?.as_ref().map(zone).transpose()
    }

    /// Makes a zone; `None` where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_zone(
        &mut self,
        draft: &ZoneDraft,
        is_active: bool,
        env: &Env,
    ) -> Result<Option<Id<ZoneKind>>, Error> {
        self.insert_zone_of(draft, is_active, None, env)
    }

    fn insert_zone_of(
        &mut self,
        draft: &ZoneDraft,
        is_active: bool,
        system: Option<SystemZone>,
        env: &Env,
    ) -> Result<Option<Id<ZoneKind>>, Error> {
        let id = Id::new(env);
        let (name, folded, usage) = (draft.name.as_str(), draft.name.folded(), draft.usage.as_str());
        let (gateways, proxies) = (serde_json::to_string(&draft.gateways)?, serde_json::to_string(&draft.proxies)?);
        let values = values![id, name, folded, usage, status(is_active), system.is_some(), gateways, proxies, env.now];
        let made = self.execute(ZONE_INSERT, values)? == 1;
        self.note_perimeter(env.now)?;
        Ok(made.then_some(id))
    }

    /// Makes another zone of this one; `false` where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_zone(
        &mut self,
        id: Id<ZoneKind>,
        draft: &ZoneDraft,
        is_active: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let folded = draft.name.folded();
        if self.row(NAME_TAKEN, values![&folded, id])?.is_some() {
            return Ok(false);
        }
        let (gateways, proxies) = (serde_json::to_string(&draft.gateways)?, serde_json::to_string(&draft.proxies)?);
        let (name, usage) = (draft.name.as_str(), draft.usage.as_str());
        self.one(ZONE_SET, values![id, name, folded, usage, status(is_active), gateways, proxies, now])?;
        self.note_perimeter(now)?;
        Ok(true)
    }

    /// Deletes a zone that nothing speaks of.
    ///
    /// # Errors
    /// Of the database; a fault where there is none.
    pub fn delete_zone(&mut self, id: Id<ZoneKind>, now: Timestamp) -> Result<(), Error> {
        self.note_perimeter(now)?;
        self.one(ZONE_DELETE, values![id])
    }

    /// Makes the zones that every organisation has, once in its life.
    pub(crate) fn insert_system_zones(&mut self, env: &Env) -> Result<(), Error> {
        for system in SystemZone::ALL {
            let draft =
                ZoneDraft::new((*system).into(), system.usage(), Vec::new(), Vec::new()).map_err(Error::fault)?;
            if self.insert_zone_of(&draft, true, Some(*system), env)?.is_none() {
                return Err(Error::fault(format!("there is a zone {} already", system.name())));
            }
        }
        Ok(())
    }
}

const fn status(is_active: bool) -> &'static str {
    if is_active { "ACTIVE" } else { "INACTIVE" }
}

fn zone(row: &Row) -> Result<Zone, Error> {
    let name: ZoneName = row.parse("name")?;
    let status: String = row.get("status")?;
    Ok(Zone {
        id: row.get("id")?,
        system: if row.get("is_system")? { SystemZone::named(name.as_str()) } else { None },
        name,
        usage: row.parse("usage")?,
        is_active: status == "ACTIVE",
        gateways: row.json("gateways")?,
        proxies: row.json("proxies")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
