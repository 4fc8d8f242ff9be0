//! The keys that every organisation has from its first moment.

use postern_codes::Env;
use postern_store::{Error, Tx};

use crate::{device_ca, service_key};

/// Makes the device CA and the service key of the organisation that this transaction is for, once its row is there.
///
/// # Errors
/// Of the database; a fault where the organisation has no row.
pub fn make_org_keys(tx: &mut Tx<'_>, env: &Env) -> Result<(), Error> {
    let org = tx.org_record()?.ok_or_else(|| Error::fault("the organisation has no row"))?;
    device_ca::create(tx, &org, env)?;
    service_key::create(tx, env)
}
