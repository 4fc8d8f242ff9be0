//! What a name that nobody has costs to check: as much as somebody's. While passwords that other programs hashed are in
//! use, some checks take longer than ours; so some names of nobody take as long, always the same ones. Which, nobody
//! outside can tell from names that somebody has.

use postern_codes::{Env, Secret, b64, mac};
use postern_store::settings::Setting;
use postern_store::{Error, Tx};
use serde::{Deserialize, Serialize};

use super::ImportedHash;

/// Most costs that are remembered.
const MOST: usize = 8;

/// What imported hashes cost here, each once, and what names are spread over them by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportedCosts {
    key: String,
    hashes: Vec<String>,
}

impl Setting for ImportedCosts {
    const NAME: &'static str = "imported_costs";
}

/// Remembers what an imported hash costs, where it costs more than ours.
///
/// # Errors
/// Of the database.
pub fn remember(tx: &mut Tx<'_>, hash: &ImportedHash, env: &Env) -> Result<(), Error> {
    let Some(decoy) = hash.decoy() else { return Ok(()) };
    let decoy = decoy.stored().expose().clone();
    let (mut costs, _) = tx.setting::<ImportedCosts>()?;
    if costs.hashes.len() >= MOST || costs.hashes.contains(&decoy) {
        return Ok(());
    }
    if costs.key.is_empty() {
        costs.key = b64::encode(&env.bytes::<16>());
    }
    costs.hashes.push(decoy);
    tx.put_setting(&costs, env.now).map(drop)
}

/// What the password of nobody is checked against, by the key of their name; nothing for a hash of ours.
///
/// # Errors
/// Of the database.
pub fn of_nobody(tx: &mut Tx<'_>, name_key: &str) -> Result<Option<Secret<String>>, Error> {
    let (costs, _) = tx.setting::<ImportedCosts>()?;
    let digest = mac::hmac_sha256(costs.key.as_bytes(), &[name_key.as_bytes()]);
    let place = usize::from(digest[0]) % (costs.hashes.len() + 1);
    Ok(costs.hashes.get(place).cloned().map(Secret::new))
}
