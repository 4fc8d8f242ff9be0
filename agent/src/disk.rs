//! The few things that the agent asks of a disk, as a trait, so that a test can cut the power at each of them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

/// A folder of small files.
pub trait Disk: Send {
    /// What a file holds; nothing where it is not there.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Whether anybody but the owner may touch the file.
    fn is_open_to_others(&self, name: &str) -> io::Result<bool>;
    /// Writes a file anew. Nothing is durable yet.
    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes a file's bytes durable.
    fn sync(&mut self, name: &str) -> io::Result<()>;
    /// Puts a file in another's place. Not durable yet.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Makes the names of the folder durable.
    fn sync_folder(&mut self) -> io::Result<()>;
}

/// Replaces a file so that, wherever the power fails, the old or the new one is there whole; returns when it is the new.
pub fn replace(disk: &mut dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = format!("{name}.new");
    disk.write(&fresh, bytes)?;
    disk.sync(&fresh)?;
    disk.rename(&fresh, name)?;
    disk.sync_folder()
}

/// A real folder; its files are readable by their owner alone.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`, made with mode 0700 where it is missing.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if !path.is_dir() {
            fs::create_dir_all(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(path))
    }
}

impl Disk for Folder {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    fn is_open_to_others(&self, name: &str) -> io::Result<bool> {
        Ok(fs::metadata(self.0.join(name))?.permissions().mode() & 0o077 != 0)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        File::open(self.0.join(name))?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// A disk in memory that forgets, when the power is cut, what was not made durable.
#[cfg(test)]
pub(crate) mod memory {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use super::{Disk, io};

    type Files = BTreeMap<String, Vec<u8>>;

    #[derive(Default)]
    struct Inner {
        /// What a reader sees now.
        seen: Files,
        /// What surely survives a cut.
        durable: Files,
        /// What was written and is not durable yet.
        unsynced: Vec<String>,
        /// Steps until the power is cut.
        steps_left: Option<u32>,
        steps: u32,
    }

    /// Shared, so that a test can cut the power and look afterwards.
    #[derive(Clone, Default)]
    pub(crate) struct MemoryDisk(Arc<Mutex<Inner>>);

    impl MemoryDisk {
        /// Lets `steps` more steps succeed, and none after them.
        pub(crate) fn cut_after(&self, steps: u32) {
            self.0.lock().unwrap().steps_left = Some(steps);
        }

        /// How many steps were taken so far.
        pub(crate) fn steps(&self) -> u32 {
            self.0.lock().unwrap().steps
        }

        /// Power is back. What was not durable is there, gone or torn as `luck` has it.
        pub(crate) fn restart(&self, luck: u8) {
            let mut inner = self.0.lock().unwrap();
            inner.steps_left = None;
            if luck & 1 == 1 {
                // The names were written by themselves; bytes that nobody made durable are torn.
                let torn: Vec<String> = inner.unsynced.clone();
                for name in torn {
                    if let Some(bytes) = inner.seen.get_mut(&name) {
                        bytes.truncate(bytes.len() * usize::from(luck >> 1 & 3) / 4);
                    }
                }
                inner.durable = inner.seen.clone();
            } else {
                inner.seen = inner.durable.clone();
            }
            inner.unsynced.clear();
        }

        /// A copy of everything, as an attacker takes it.
        pub(crate) fn copy(&self) -> Files {
            self.0.lock().unwrap().seen.clone()
        }

        /// Puts a file in place from outside.
        pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
            let mut inner = self.0.lock().unwrap();
            inner.seen.insert(name.to_owned(), bytes.to_vec());
            inner.durable = inner.seen.clone();
        }

        /// Takes a file away from outside.
        pub(crate) fn remove(&self, name: &str) {
            let mut inner = self.0.lock().unwrap();
            inner.seen.remove(name);
            inner.durable = inner.seen.clone();
        }

        fn step<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> io::Result<T> {
            let mut inner = self.0.lock().unwrap();
            match &mut inner.steps_left {
                Some(0) => return Err(io::Error::other("the power is cut")),
                Some(left) => *left -= 1,
                None => {}
            }
            inner.steps += 1;
            Ok(act(&mut inner))
        }
    }

    impl Disk for MemoryDisk {
        fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
            Ok(self.0.lock().unwrap().seen.get(name).cloned())
        }

        fn is_open_to_others(&self, _name: &str) -> io::Result<bool> {
            Ok(false)
        }

        fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
            self.step(|inner| {
                inner.seen.insert(name.to_owned(), bytes.to_vec());
                inner.unsynced.push(name.to_owned());
            })
        }

        fn sync(&mut self, name: &str) -> io::Result<()> {
            self.step(|inner| inner.unsynced.retain(|other| other != name))
        }

        fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
            self.step(|inner| {
                if let Some(bytes) = inner.seen.remove(from) {
                    inner.seen.insert(to.to_owned(), bytes);
                }
                for name in &mut inner.unsynced {
                    if name == from {
                        to.clone_into(name);
                    }
                }
            })
        }

        fn sync_folder(&mut self) -> io::Result<()> {
            self.step(|inner| inner.durable = inner.seen.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::MemoryDisk;
    use super::*;

    #[test]
    fn a_replaced_file_is_old_or_new_wherever_the_power_fails() {
        for (cut, luck) in (0..=4).flat_map(|cut| (0..8).map(move |luck| (cut, luck))) {
            let mut disk = MemoryDisk::default();
            disk.put("state", b"old");
            disk.cut_after(cut);
            let done = replace(&mut disk, "state", b"new");
            disk.restart(luck);
            let left = disk.read("state").unwrap().unwrap();
            assert!(left == b"new" || (left == b"old" && done.is_err()), "{cut} {luck}");
        }
    }

    #[test]
    fn files_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Folder::open(folder.path().join("postern")).unwrap();
        replace(&mut disk, "state", b"new").unwrap();
        assert_eq!(disk.read("state").unwrap().as_deref(), Some(&b"new"[..]));
        assert!(!disk.is_open_to_others("state").unwrap());
        assert_eq!(disk.read("absent").unwrap(), None);
    }
}
