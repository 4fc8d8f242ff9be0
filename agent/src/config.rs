//! `agent.toml`, the management channel of a Linux computer, and the places of the agent's files.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use postern_wire::place::PIN_SERVICES;
use postern_wire::socket::DEFAULT_PATH;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Where the agent's files are. Each can be given on the command line, so that agents can run side by side.
#[derive(Debug, Clone, clap::Args)]
pub struct Paths {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/postern/agent.toml")]
    pub config: PathBuf,
    /// The folder of certificate, key and state; only its owner may read it.
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/lib/postern")]
    pub state_dir: PathBuf,
    /// The socket at which login programs ask.
    #[arg(long, global = true, value_name = "FILE", default_value = DEFAULT_PATH)]
    pub socket: PathBuf,
    /// The log, one JSON object a line.
    #[arg(long, global = true, value_name = "FILE", default_value = "/var/log/postern/device-access.log")]
    pub log: PathBuf,
}

/// The configuration file. A member that is unknown is a mistake, and said so.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The server's base URL; where it is absent, the one that the computer enrolled with counts.
    pub server: Option<String>,
    /// Certificates (PEM) that the server's must chain to, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// OS account to login.
    pub users: BTreeMap<String, String>,
    /// Completes the name of an account that `users` does not list: `name@UserDomain`.
    #[serde(rename = "UserDomain")]
    pub user_domain: Option<String>,
    /// PAM services that take recovery PINs.
    #[serde(rename = "PinServices")]
    pub pin_services: Option<Vec<String>>,
    /// Numbers of accounts that the system does not know by name.
    pub os_uids: BTreeMap<String, u32>,
    /// Device settings by name: the management channel.
    pub settings: Map<String, Value>,
    /// What the computer is called, where its firmware does not say it right.
    pub computer: ComputerNames,
    /// A command that shows a notice on a person's screen; `{user}` and `{text}` are replaced in its arguments.
    pub notice_command: Vec<String>,
}

/// What the computer is called; what is absent is read from the firmware.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComputerNames {
    /// Its name.
    pub name: Option<String>,
    /// Its maker.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The maker's serial number.
    pub serial_number: Option<String>,
}

impl Config {
    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong in it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(fault) => return Err(fault).with_context(|| format!("cannot read {}", path.display())),
        };
        let config: Self = toml::from_str(&text).with_context(|| format!("mistake in {}", path.display()))?;
        let checked = postern_wire::settings::DeviceSettings::default().managed_by(&config.settings);
        checked.map_err(anyhow::Error::msg).with_context(|| format!("mistake in [settings] of {}", path.display()))?;
        Ok(config)
    }

    /// The login that an OS account stands for, if any. Root stands for nobody.
    pub fn login(&self, os_user: &str) -> Option<String> {
        if let Some(login) = self.users.get(os_user) {
            return Some(login.clone());
        }
        let domain = self.user_domain.as_ref().filter(|_| os_user != "root" && !os_user.contains('@'))?;
        Some(format!("{os_user}@{domain}"))
    }

    /// The number of an OS account.
    pub fn uid(&self, os_user: &str) -> Option<u32> {
        let known = || nix::unistd::User::from_name(os_user).ok().flatten().map(|user| user.uid.as_raw());
        self.os_uids.get(os_user).copied().or_else(known)
    }

    /// The PAM services that take recovery PINs.
    pub fn pin_services(&self) -> Vec<&str> {
        match &self.pin_services {
            Some(services) => services.iter().map(String::as_str).collect(),
            None => PIN_SERVICES.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn an_account_maps_by_table_then_by_domain_and_root_never() {
        let config = read("UserDomain = \"example.com\"\n[users]\ngh = \"grace@example.org\"\n").unwrap();
        assert_eq!(config.login("gh").as_deref(), Some("grace@example.org"));
        assert_eq!(config.login("ada").as_deref(), Some("ada@example.com"));
        assert_eq!(config.login("root"), None);
        assert_eq!(read("").unwrap().login("ada"), None);
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, says) in [
            ("sever = \"x\"", "sever"),
            ("[settings]\nRecoveryPin = 1", "RecoveryPin"),
            ("[settings]\nDeviceRecoveryPINDuration = 7201", "DeviceRecoveryPINDuration"),
            ("[users", "agent.toml"),
        ] {
            let fault = format!("{:#}", read(text).unwrap_err());
            assert!(fault.contains(says), "{fault}");
        }
    }

    #[test]
    fn a_missing_file_says_nothing() {
        assert!(Config::read(Path::new("/nonexistent/agent.toml")).unwrap().users.is_empty());
    }
}
