//! Which generation of a recovery secret a computer speaks of, and the secret behind it.

use postern_authn::recovery::{Enrolment, EnrolmentStatus};
use postern_codes::drp1::{Context, Generation};
use postern_codes::mac::MacKey;
use postern_codes::{Id, Sealed};
use postern_store::{Error, Tx};
use postern_wire::error::DeviceError;
use postern_wire::{Text, Whole};

use super::call::DeviceCall;

/// A generation with its secret, which was not wiped yet.
pub struct Held {
    /// The row.
    pub enrolment: Enrolment,
    seed: Sealed<MacKey>,
    context: Context,
}

impl Held {
    /// What computes its tags.
    pub fn generation<'a>(&'a self, tx: &'a Tx<'_>) -> Generation<'a> {
        Generation { mac: tx.keyring(), seed: &self.seed, context: &self.context }
    }
}

impl DeviceCall {
    /// The generation that (`eid`, `generation`) names, if it is this computer's and its secret is still kept.
    ///
    /// # Errors
    /// Of the database.
    pub fn any_generation(&self, tx: &mut Tx<'_>, eid: &Text, generation: Whole) -> Result<Option<Held>, Error> {
        let Ok(id) = eid.parse::<Id<_>>() else { return Ok(None) };
        let Some(enrolment) = tx.enrolment(id)? else { return Ok(None) };
        if enrolment.device != self.device.id || u64::from(enrolment.generation) != generation.get() {
            return Ok(None);
        }
        let Some(seed) = enrolment.seed.clone() else { return Ok(None) };
        let context = context(tx, &enrolment)?;
        Ok(Some(Held { enrolment, seed, context }))
    }

    /// The same, if it was acknowledged, whatever became of it: what reports are taken for.
    ///
    /// # Errors
    /// Of the database; what is wrong is the value.
    pub fn known_generation(
        &self,
        tx: &mut Tx<'_>,
        eid: &Text,
        generation: Whole,
    ) -> Result<Result<Held, DeviceError>, Error> {
        let held = self.any_generation(tx, eid, generation)?;
        let known = held.filter(|held| held.enrolment.acknowledged_at.is_some());
        Ok(known.ok_or(DeviceError::EnrolmentUnknown))
    }

    /// The same, if it is the one that PINs come from.
    ///
    /// # Errors
    /// Of the database; what is wrong is the value.
    pub fn active_generation(
        &self,
        tx: &mut Tx<'_>,
        eid: &Text,
        generation: Whole,
    ) -> Result<Result<Held, DeviceError>, Error> {
        let known = self.known_generation(tx, eid, generation)?;
        Ok(known.and_then(|held| match held.enrolment.status {
            EnrolmentStatus::Active => Ok(held),
            EnrolmentStatus::Pending => Err(DeviceError::EnrolmentUnknown),
            EnrolmentStatus::Retired | EnrolmentStatus::Revoked => Err(DeviceError::GenerationRetired),
        }))
    }
}

/// Whom the secret of a generation belongs to.
///
/// # Errors
/// Never: identifiers of ours are ASCII.
pub fn context(tx: &Tx<'_>, of: &Enrolment) -> Result<Context, Error> {
    Context::new(tx.org().as_str(), of.device.as_str(), of.user.as_str(), of.generation).map_err(Error::fault)
}
