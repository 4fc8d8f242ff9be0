//! Computers and their lifecycle.

use postern_authn::device::{Device, DeviceStatus};
use postern_authn::permission::Reach;
use postern_codes::Timestamp;
use postern_codes::id::{Device as DeviceKind, Id};
use serde_json::{Map, Value as Json};

use crate::reach;
use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

/// The columns of a [`Device`], for every statement that reads one from `devices d`.
macro_rules! columns {
    () => {
        "d.id, d.status, d.profile, d.agent_version, d.effective, d.clock_offset, d.created_at, d.updated_at, \
         d.last_seen_at"
    };
}

const LIST: &str = concat!("SELECT ", columns!(), " FROM devices d WHERE d.org_id = $1 AND d.status <> 'DELETED'");

crate::statements! {
    DEVICE_INSERT = "INSERT INTO devices (org_id, id, status, platform, name, name_folded, serial, serial_folded, profile, \
                     created_at, updated_at, last_seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10)";
    DEVICE = concat!("SELECT ", columns!(), " FROM devices d WHERE d.org_id = $1 AND d.id = $2");
    SAME_SERIAL = concat!("SELECT ", columns!(), " FROM devices d WHERE d.org_id = $1 AND d.serial_folded = $2 \
                   AND d.serial_folded <> '' AND d.id <> $3 AND d.status <> 'DELETED' ORDER BY d.id");
    ACTIVE_COUNT = "SELECT COUNT(*) AS devices FROM devices WHERE org_id = $1 AND status = 'ACTIVE'";
    SILENT_COUNT = "SELECT COUNT(*) AS devices FROM devices WHERE org_id = $1 AND status = 'ACTIVE' AND last_seen_at < $2";
    STATUS_SET = "UPDATE devices SET status = $4, updated_at = $5 WHERE org_id = $1 AND id = $2 AND status = $3";
    SEEN = "UPDATE devices SET last_seen_at = $3 WHERE org_id = $1 AND id = $2";
    CHECKED_IN = "UPDATE devices SET agent_version = $3, profile = $4, effective = $5, clock_offset = $6 \
                  WHERE org_id = $1 AND id = $2";
}

/// The beginning of a condition on the people of a computer.
macro_rules! person {
    () => {
        "EXISTS (SELECT 1 FROM device_users l JOIN users u ON u.org_id = l.org_id AND u.id = l.user_id \
         WHERE l.org_id = d.org_id AND l.device_id = d.id"
    };
}

/// What computers can be searched for: what Okta's API has, and the people who use them.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "created", column: Column::Time("d.created_at") },
    Attribute { name: "id", column: Column::Exact("d.id") },
    Attribute { name: "lastUpdated", column: Column::Time("d.updated_at") },
    Attribute { name: "profile.displayName", column: Column::Folded("d.name") },
    Attribute { name: "profile.platform", column: Column::Exact("d.platform") },
    Attribute { name: "profile.serialNumber", column: Column::Folded("d.serial") },
    Attribute { name: "status", column: Column::Exact("d.status") },
    Attribute { name: "user.id", column: Column::AnyOf(person!(), "u.id") },
    Attribute { name: "user.login", column: Column::AnyOf(person!(), "u.login_folded") },
    Attribute { name: "user.name", column: Column::AnyOf(person!(), "u.name_folded") },
];

/// Which computers are wanted.
#[derive(Debug, Clone, Default)]
pub struct DevicesQuery {
    /// Part of the computer's name or serial number, or of the name or login of somebody who uses it, in any case.
    pub words: Option<String>,
    /// A filter over [`ATTRIBUTES`].
    pub condition: Option<Condition>,
    /// Whether Linux computers are left out, for programs that do not know of any.
    pub without_linux: bool,
    /// Only those that follow this one.
    pub after: Option<Id<DeviceKind>>,
    /// Only those within this reach; every computer where there is none.
    pub within: Option<Reach>,
}

/// What a check-in tells of a computer.
#[derive(Debug, Clone)]
pub struct CheckedIn {
    /// Version of its agent.
    pub agent_version: String,
    /// Name and version of its operating system.
    pub os_version: String,
    /// Settings in force there, by name.
    pub effective: Option<Map<String, Json>>,
    /// How far its wall clock is ahead, in microseconds.
    pub clock_offset: i64,
}

impl Tx<'_> {
    /// Keeps a computer that enrolled.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_device(&mut self, device: &Device) -> Result<(), Error> {
        let profile = &device.profile;
        self.one(
            DEVICE_INSERT,
            values![
                device.id,
                device.status.as_str(),
                profile.platform.as_str(),
                &profile.display_name,
                fold(&profile.display_name),
                &profile.serial_number,
                fold(&profile.serial_number),
                serde_json::to_string(profile)?,
                device.created_at,
            ],
        )
    }

    /// A computer by id, a deleted one too.
    ///
    /// # Errors
    /// Of the database.
    pub fn device_or_deleted(&mut self, id: Id<DeviceKind>) -> Result<Option<Device>, Error> {
        self.row(DEVICE, values![id])?.as_ref().map(device).transpose()
    }

    /// A computer by id, unless it was deleted.
    ///
    /// # Errors
    /// Of the database.
    pub fn device(&mut self, id: Id<DeviceKind>) -> Result<Option<Device>, Error> {
        Ok(self.device_or_deleted(id)?.filter(|device| device.status != DeviceStatus::Deleted))
    }

    /// Computers, those first that enrolled first.
    ///
    /// # Errors
    /// Of the database.
    pub fn devices(&mut self, query: &DevicesQuery, limit: u32) -> Result<Vec<Device>, Error> {
        let words = query.words.as_deref().map(str::trim).filter(|words| !words.is_empty()).map(|words| {
            let folded = fold(words);
            Condition::new(
                concat!(
                    "(replace(d.name_folded, ?, '') <> d.name_folded OR replace(d.serial_folded, ?, '') <> d.serial_folded OR ",
                    person!(),
                    " AND (replace(u.name_folded, ?, '') <> u.name_folded OR replace(u.login_folded, ?, '') <> u.login_folded)))"
                ),
                values![&folded, &folded, &folded, &folded],
            )
        });
        Search::of(LIST)
            .and_if(words)
            .and_if(query.condition.clone())
            .and_if(query.within.as_ref().and_then(reach::devices))
            .and_if(query.without_linux.then(|| Condition::new("d.platform <> ?", values!["LINUX"])))
            .and_if(query.after.map(|after| Condition::new("d.id > ?", values![after])))
            .run(self, "d.id", limit)?
            .iter()
            .map(device)
            .collect()
    }

    /// How many computers are in use.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_active_devices(&mut self) -> Result<u64, Error> {
        self.row(ACTIVE_COUNT, values![])?.map_or(Ok(0), |row| row.get("devices"))
    }

    /// How many computers are in use and were not heard of since then.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_silent_devices(&mut self, since: Timestamp) -> Result<u64, Error> {
        self.row(SILENT_COUNT, values![since])?.map_or(Ok(0), |row| row.get("devices"))
    }

    /// Other computers with the serial number of this one: enrolled before, or copied.
    ///
    /// # Errors
    /// Of the database.
    pub fn devices_of_same_serial(&mut self, of: &Device) -> Result<Vec<Device>, Error> {
        self.rows(SAME_SERIAL, values![fold(&of.profile.serial_number), of.id])?.iter().map(device).collect()
    }

    /// Moves a computer on, if it still stands at `from`.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_device_status(
        &mut self,
        id: Id<DeviceKind>,
        from: DeviceStatus,
        to: DeviceStatus,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(STATUS_SET, values![id, from.as_str(), to.as_str(), now])? == 1)
    }

    /// Notes that a computer proved itself.
    ///
    /// # Errors
    /// Of the database.
    pub fn device_seen(&mut self, id: Id<DeviceKind>, now: Timestamp) -> Result<(), Error> {
        self.one(SEEN, values![id, now])
    }

    /// Keeps what a check-in told.
    ///
    /// # Errors
    /// Of the database.
    pub fn device_checked_in(&mut self, device: &Device, told: &CheckedIn) -> Result<(), Error> {
        let mut profile = device.profile.clone();
        profile.os_version.clone_from(&told.os_version);
        let effective = told.effective.as_ref().map(serde_json::to_string).transpose()?;
        self.one(
            CHECKED_IN,
            values![device.id, &told.agent_version, serde_json::to_string(&profile)?, effective, told.clock_offset],
        )
    }
}

/// How names and serial numbers are compared and searched: without regard to case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// One row that has the [`columns`] of a computer.
pub(crate) fn device(row: &Row) -> Result<Device, Error> {
    let effective: Option<String> = row.get("effective")?;
    Ok(Device {
        id: row.get("id")?,
        status: row.parse("status")?,
        profile: row.json("profile")?,
        agent_version: row.get("agent_version")?,
        effective: effective.map(|text| serde_json::from_str(&text)).transpose()?,
        clock_offset: row.get("clock_offset")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        last_seen_at: row.get("last_seen_at")?,
    })
}
