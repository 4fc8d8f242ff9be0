//! Password hashing: Argon2id, slow on purpose, so a bounded number at once and never on an async thread.

pub mod decoys;
mod imported;

use std::sync::Arc;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use postern_codes::{Env, Secret, mac};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::api::ApiError;

pub use imported::{HashBody, ImportedHash};

/// OWASP's second choice and the floor of this product: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash of no known password, of the cost of any other: what the password of nobody is compared with.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGVybi1ub2JvZHk$1zqxJ3Rq1l2V8m0nC7y9sXf4u6dQb5tKwHjE0aPcGvM";

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// As many at once as there are processors: more would only make each slower and take memory.
    places: Arc<Semaphore>,
}

/// What a password's check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Whether it is right.
    pub is_right: bool,
    /// Whether its hash was made with less than today's cost.
    pub needs_rehash: bool,
}

impl Default for Passwords {
    fn default() -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        Self { places: Arc::new(Semaphore::new(places)) }
    }
}

impl Passwords {
    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// A fault of the hash function: no memory.
    pub async fn hash(&self, password: Secret<String>, env: &Env) -> Result<Secret<String>, ApiError> {
        let salt: [u8; 16] = env.bytes();
        self.apart(move || {
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
            let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
            derive(&password, &salt, &params, &mut output).map_err(ApiError::fault)?;
            phc(&params, &salt, &output).map(Secret::new).map_err(ApiError::fault)
        })
        .await
    }

    /// Whether `password` is the one of `hash`. Where there is no hash the same work is done, for nothing; where another
    /// program made the hash, ours is computed too, to be kept or for nothing.
    ///
    /// # Errors
    /// A fault where the hash is none.
    pub async fn check(&self, password: Secret<String>, hash: Option<Secret<String>>) -> Result<Checked, ApiError> {
        self.apart(move || {
            let text = hash.as_ref().map_or(NOBODYS, |hash| hash.expose().as_str());
            if let Some(imported) = ImportedHash::read(text) {
                let is_right = imported.fits(&password);
                if !is_right {
                    let nobodys = PasswordHash::new(NOBODYS).map_err(|_| ApiError::fault(HashFault))?;
                    fits(&password, &nobodys).map_err(ApiError::fault)?;
                }
                return Ok(Checked { is_right, needs_rehash: is_right });
            }
            let parsed = PasswordHash::new(text).map_err(|_| ApiError::fault(HashFault))?;
            let fits = fits(&password, &parsed).map_err(ApiError::fault)?;
            Ok(Checked { is_right: fits && hash.is_some(), needs_rehash: fits && is_outdated(&parsed) })
        })
        .await
    }

    /// Runs `work` on a blocking thread, once there is a place. The place is given back when the work is done, not when
    /// the caller goes away.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(ApiError::fault)?;
        let done = spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.map_err(ApiError::fault)?
    }
}

/// A stored hash is none of ours, or there is no memory to make one.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash a password: the stored hash is not of a known form, or there is no memory")]
struct HashFault;

/// glibc maps what is larger than 32 MiB by itself and gives it back at once; smaller memory it keeps, 19 MiB a thread for
/// good. What is reserved and never touched costs nothing.
const RESERVED_BLOCKS: usize = 33 * 1024;

fn derive(password: &Secret<String>, salt: &[u8], params: &Params, output: &mut [u8]) -> Result<(), HashFault> {
    let blocks = params.block_count();
    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(blocks.max(RESERVED_BLOCKS)).map_err(|_| HashFault)?;
    memory.resize(blocks, Block::default());
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    hasher
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, output, &mut memory)
        .map_err(|_| HashFault)
}

/// Whether a password gives the output of a hash, compared in a time that says nothing.
fn fits(password: &Secret<String>, hash: &PasswordHash) -> Result<bool, HashFault> {
    let (Some(salt), Some(wanted), true) = (&hash.salt, &hash.hash, hash.algorithm == ARGON2ID_IDENT) else {
        return Err(HashFault);
    };
    let params = Params::try_from(hash).map_err(|_| HashFault)?;
    let mut output = vec![0; wanted.len()];
    derive(password, salt.as_ref(), &params, &mut output)?;
    Ok(mac::equal(&output, wanted.as_bytes()))
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Result<String, HashFault> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(|_| HashFault)?,
        salt: Some(Salt::new(salt).map_err(|_| HashFault)?),
        hash: Some(Output::new(output).map_err(|_| HashFault)?),
    };
    Ok(hash.to_string())
}

fn is_outdated(hash: &PasswordHash) -> bool {
    let cost = Params::try_from(hash);
    hash.algorithm.as_str() != "argon2id"
        || cost.map_or(true, |cost| cost.m_cost() < MEMORY_KIB || cost.t_cost() < PASSES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordHasher as _;
    use postern_codes::env::TestWorld;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let (passwords, env) = (Passwords::default(), TestWorld::new().env());
        let hash = passwords.hash(secret("four plain small words"), &env).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        let right = passwords.check(secret("four plain small words"), Some(hash.clone())).await.unwrap();
        assert_eq!(right, Checked { is_right: true, needs_rehash: false });
        let wrong = passwords.check(secret("four plain small word"), Some(hash)).await.unwrap();
        assert_eq!(wrong, Checked { is_right: false, needs_rehash: false });
    }

    #[tokio::test]
    async fn nobody_has_no_right_password() {
        let checked = Passwords::default().check(secret("postern"), None).await.unwrap();
        assert_eq!(checked, Checked { is_right: false, needs_rehash: false });
    }

    #[tokio::test]
    async fn a_cheaper_hash_is_to_be_renewed() {
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let hash = cheap.hash_password_with_salt(b"four plain small words", &[7; 16]).unwrap().to_string();
        let checked = Passwords::default().check(secret("four plain small words"), Some(secret(&hash))).await.unwrap();
        assert_eq!(checked, Checked { is_right: true, needs_rehash: true });
    }

    #[test]
    fn the_hash_of_nobody_costs_what_others_cost() {
        let nobodys = PasswordHash::new(NOBODYS).unwrap();
        assert!(!is_outdated(&nobodys));
        assert_eq!(nobodys.hash.map(|hash| hash.len()), Some(32));
    }
}
