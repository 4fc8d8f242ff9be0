//! Proofs that were seen, and shown factors that were used: each counts once.

use std::time::Duration;

use postern_authn::recovery::FACTOR_VERDICT_LIFE;
use postern_codes::Timestamp;
use postern_codes::id::{Device, Id, User};

use crate::sql::{Error, Tx, values};

/// How long a proof is remembered: one from a clock that runs 5 minutes fast stays acceptable for 10.
const KEPT: Duration = Duration::from_mins(11);

crate::statements! {
    PROOF_INSERT = "INSERT INTO device_proofs (org_id, thumbprint, jti, seen_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (org_id, thumbprint, jti) DO NOTHING";
    PROOFS_FORGET = "DELETE FROM device_proofs WHERE org_id = $1 AND seen_at < $2";
    VERDICT_INSERT = "INSERT INTO factor_verdicts (org_id, verdict_hash, device_id, user_id, created_at) \
                      VALUES ($1, $2, $3, $4, $5)";
    VERDICT_USE = "UPDATE factor_verdicts SET used_at = $5 WHERE org_id = $1 AND verdict_hash = $2 AND device_id = $3 \
                   AND user_id = $4 AND used_at IS NULL AND created_at > $6";
}

impl Tx<'_> {
    /// Remembers a proof; `false` where it was seen before.
    ///
    /// # Errors
    /// Of the database.
    pub fn remember_proof(&mut self, thumbprint: [u8; 32], jti: &str, now: Timestamp) -> Result<bool, Error> {
        self.execute(PROOFS_FORGET, values![now.minus(KEPT)])?;
        Ok(self.execute(PROOF_INSERT, values![thumbprint, jti, now])? == 1)
    }

    /// Keeps that a person showed a factor at a computer, by the hash of the signed answer.
    ///
    /// # Errors
    /// Of the database.
    pub fn keep_factor_verdict(
        &mut self,
        verdict_hash: [u8; 32],
        device: Id<Device>,
        user: Id<User>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.one(VERDICT_INSERT, values![verdict_hash, device, user, now])
    }

    /// Uses up the answer that a person showed a factor at a computer; `false` where it is not theirs, too old or used.
    ///
    /// # Errors
    /// Of the database.
    pub fn use_factor_verdict(
        &mut self,
        verdict_hash: [u8; 32],
        device: Id<Device>,
        user: Id<User>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let since = now.minus(FACTOR_VERDICT_LIFE);
        Ok(self.execute(VERDICT_USE, values![verdict_hash, device, user, now, since])? == 1)
    }
}
