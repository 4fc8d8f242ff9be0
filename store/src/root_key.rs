//! The root key file: 32 random bytes, made at the first start, readable by its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use postern_codes::{Env, Secret};

/// Why the root key cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// There is a database but no key.
    #[error(
        "the root key {0} is missing, and the database cannot be read without it: restore the file from where you keep its copy"
    )]
    Missing(PathBuf),
    /// Others than the owner may read it.
    #[error("the root key {0} can be read by others (mode {1:o}): run `chmod 600 {path}` and consider whether it was copied", path = .0.display())]
    TooOpen(PathBuf, u32),
    /// It is not 32 bytes.
    #[error("the root key {0} is damaged: it must be 32 bytes; restore the file from where you keep its copy")]
    Damaged(PathBuf),
    /// It is the key of another database.
    #[error(
        "the root key is not the one that this database was made with: restore the right file, or point to the right database"
    )]
    Foreign,
    /// The file system said no.
    #[error("cannot use the root key {0}: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// Reads the root key, or makes it where `database_exists` is false and there is none.
///
/// # Errors
/// [`RootKeyError`], each with what to do.
pub fn load_or_create(path: &Path, database_exists: bool, env: &Env) -> Result<Secret<[u8; 32]>, RootKeyError> {
    let io = |error| RootKeyError::Io(path.to_path_buf(), error);
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound && database_exists => {
            Err(RootKeyError::Missing(path.to_path_buf()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, env).map_err(io),
        Err(error) => Err(io(error)),
    }
}

fn read(path: &Path, mut file: File) -> Result<Secret<[u8; 32]>, RootKeyError> {
    let io = |error| RootKeyError::Io(path.to_path_buf(), error);
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(RootKeyError::TooOpen(path.to_path_buf(), mode));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(io)?;
    bytes.try_into().map(Secret::new).map_err(|_| RootKeyError::Damaged(path.to_path_buf()))
}

/// Written beside its place, synced, then moved there: a crash leaves no half key behind.
fn create(path: &Path, env: &Env) -> io::Result<Secret<[u8; 32]>> {
    let key = Secret::new(env.bytes());
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(key.expose())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::env::TestWorld;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("postern-root-key-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_first_start_makes_a_key_that_later_starts_read() {
        let path = folder("first").join("root.key");
        let env = TestWorld::new().env();
        let made = load_or_create(&path, false, &env).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_create(&path, true, &env).unwrap().expose(), made.expose());
    }

    #[test]
    fn a_missing_open_or_damaged_key_is_refused_with_a_remedy() {
        let path = folder("wrong").join("root.key");
        let env = TestWorld::new().env();
        let missing = load_or_create(&path, true, &env).map(|_| ()).unwrap_err();
        assert!(missing.to_string().contains("restore the file"), "{missing}");
        fs::write(&path, [0; 31]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let open = load_or_create(&path, true, &env).map(|_| ()).unwrap_err();
        assert!(open.to_string().contains("chmod 600"), "{open}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(load_or_create(&path, true, &env), Err(RootKeyError::Damaged(_))));
    }
}
