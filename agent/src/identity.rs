//! What names this computer: its firmware's tables, or the configuration where those are wrong.

use std::fs;

use postern_wire::enroll::{Platform, Profile};
use postern_wire::form::{ProfileText, Text};
use postern_wire::socket::Computer;

use crate::config::ComputerNames;

/// The kernel's view of the firmware's tables (SMBIOS). The serial number is readable by root alone.
const DMI: &str = "/sys/class/dmi/id";

/// What this computer is called.
pub fn computer(names: &ComputerNames) -> Computer {
    let or_firmware = |configured: &Option<String>, table: &str| {
        configured.clone().unwrap_or_else(|| line(&format!("{DMI}/{table}")).unwrap_or_default())
    };
    Computer {
        name: names.name.clone().unwrap_or_else(host_name),
        manufacturer: or_firmware(&names.manufacturer, "sys_vendor"),
        model: or_firmware(&names.model, "product_name"),
        serial_number: or_firmware(&names.serial_number, "product_serial"),
    }
}

/// What is told to the server at enrolment; nothing for a computer without a name.
pub fn profile(computer: &Computer) -> Option<Profile> {
    let text = |value: &str| ProfileText::cut(value).unwrap_or_default();
    Some(Profile {
        display_name: Text::cut(&computer.name)?,
        platform: Platform::Linux,
        serial_number: text(&computer.serial_number),
        manufacturer: text(&computer.manufacturer),
        model: text(&computer.model),
        os_version: text(&os_version()),
        udid: None,
        tpm_public_key_hash: None,
        secure_hardware_present: fs::exists("/dev/tpmrm0").unwrap_or(false),
    })
}

/// Name and version of the operating system.
pub fn os_version() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| "Linux".to_owned(), |name| name.trim_matches('"').to_owned())
}

fn host_name() -> String {
    line("/proc/sys/kernel/hostname").unwrap_or_else(|| "computer".to_owned())
}

/// The first line of a file, if there is something on it.
fn line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.to_owned())
}
