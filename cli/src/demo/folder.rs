//! The demo's folder: what is in it, and that nothing else is ever wiped.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::facts::Facts;

/// Says that a folder is the demo's own.
const MARKER: &str = ".postern-demo";
/// The longest path of a Unix socket (`sun_path`, with its end).
const SOCKET_PATH: usize = 107;

/// A folder that the demo may use: it carries the marker.
#[derive(Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, which is made where it is not there. With `fresh` an earlier demo's is emptied first.
    ///
    /// # Errors
    /// Where there is something in it that is not the demo's: that is never touched.
    pub fn open(path: &Path, fresh: bool) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let folder = Self(path.clone());
        let inside = match fs::read_dir(&path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error).with_context(|| format!("cannot look into {}", path.display())),
        };
        if inside && !path.join(MARKER).exists() {
            bail!(
                "{} holds something that is not the demo's, and the demo leaves it alone: choose another folder with --data",
                path.display()
            );
        }
        let is_half_made = inside && !folder.file("demo.json").exists();
        if inside && (fresh || is_half_made) {
            fs::remove_dir_all(&path).with_context(|| format!("cannot wipe {}", path.display()))?;
        }
        if folder.agent_socket().as_os_str().len() > SOCKET_PATH {
            bail!("{} is too long a path for the sockets in it: choose a shorter one with --data", path.display());
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.with_context(|| format!("cannot make the folder {}", path.display()))?;
        fs::write(path.join(MARKER), "This folder belongs to `postern demo`, which wipes it when told --fresh.\n")?;
        Ok(folder)
    }

    /// The folder of a demo that was started before.
    pub fn existing(path: &Path) -> Option<Self> {
        path.join(MARKER).exists().then(|| Self(path.to_owned()))
    }

    /// Removes it with everything in it.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(self) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.0).with_context(|| format!("cannot remove {}", self.0.display()))
    }

    /// What the computer wrote into its log.
    pub fn device_log(&self) -> String {
        fs::read_to_string(self.file("computer/device-access.log")).unwrap_or_default()
    }

    /// Where the demo keeps its things if nobody says otherwise.
    pub fn default_path() -> PathBuf {
        let named = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let at_home = || std::env::home_dir().map(|home| home.join(".local/share"));
        named.or_else(at_home).unwrap_or_else(std::env::temp_dir).join("postern-demo")
    }

    /// The server's data folder.
    pub fn server(&self) -> PathBuf {
        self.file("server")
    }

    /// The computer's files.
    pub fn computer(&self) -> PathBuf {
        self.file("computer")
    }

    /// The agent's socket.
    pub fn agent_socket(&self) -> PathBuf {
        self.file("computer/agent.sock")
    }

    /// What an earlier start left; nothing at the first.
    ///
    /// # Errors
    /// Where `demo.json` cannot be read.
    pub fn facts(&self) -> anyhow::Result<Option<Facts>> {
        let path = self.file("demo.json");
        match fs::read(&path) {
            Ok(bytes) => {
                let advice = || format!("{} is not of its form: start over with --fresh", path.display());
                serde_json::from_slice(&bytes).map(Some).with_context(advice)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes `demo.json`, for its owner alone. A reader never sees half of it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, facts: &Facts) -> anyhow::Result<()> {
        let (new, path) = (self.file("demo.json.new"), self.file("demo.json"));
        let _ = fs::remove_file(&new);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(facts)?)?;
        file.write_all(b"\n")?;
        fs::rename(&new, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "years of work").unwrap();
        for fresh in [false, true] {
            let refusal = Folder::open(folder.path(), fresh).err().unwrap().to_string();
            assert!(refusal.contains("--data"), "{refusal}");
        }
        assert!(folder.path().join("thesis.tex").exists());
        assert!(!folder.path().join(MARKER).exists());
    }

    #[test]
    fn a_fresh_start_wipes_an_earlier_demo_and_only_that() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("demo");
        Folder::open(&path, true).unwrap();
        fs::write(path.join("demo.json"), "{}").unwrap();
        Folder::open(&path, false).unwrap();
        assert!(path.join("demo.json").exists());
        Folder::open(&path, true).unwrap();
        assert!(!path.join("demo.json").exists() && path.join(MARKER).exists());
    }

    #[test]
    fn a_start_that_broke_off_is_begun_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("demo");
        let folder = Folder::open(&path, false).unwrap();
        fs::create_dir(folder.server()).unwrap();
        Folder::open(&path, false).unwrap();
        assert!(!folder.server().exists());
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused_before_anything_is_made() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("x".repeat(100));
        assert!(Folder::open(&path, false).err().unwrap().to_string().contains("shorter"));
        assert!(!path.exists());
    }
}
