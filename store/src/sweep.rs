//! Forgetting: what nobody may need any more goes, once an hour.

use std::time::Duration;

use postern_codes::Timestamp;

use crate::sql::{Error, Tx, values};

crate::statements! {
    COUNTERS = "DELETE FROM limit_counters WHERE org_id = $1 AND window_start < $2";
    DELIVERIES = "DELETE FROM deliveries WHERE org_id = $1 AND sent_at < $2";
    SESSION_TOKENS = "DELETE FROM session_tokens WHERE org_id = $1 AND expires_at < $2";
    LINKS = "DELETE FROM links WHERE org_id = $1 AND expires_at < $2";
    SEEDS = "UPDATE recovery_enrolments SET seed = NULL WHERE org_id = $1 AND retired_at < $2 AND seed IS NOT NULL";
}

/// The longest window of a limit.
const COUNTERS_KEPT: Duration = Duration::from_hours(24);
/// For how long a file of people, with what came of each line, can be looked at.
const IMPORTS_KEPT: Duration = Duration::from_hours(30 * 24);
/// For how long a file may be on its way in without going on.
const IMPORT_PATIENCE: Duration = Duration::from_hours(1);
/// For how long a sent message or a dead link can be asked about.
const MESSAGES_KEPT: Duration = Duration::from_hours(30 * 24);
/// For how long a code that is over is told from a wrong one.
const CODES_KEPT: Duration = Duration::from_hours(24);
/// For how long a factor waits for its first answer.
const ENROLMENT_PATIENCE: Duration = Duration::from_hours(24);
/// For how long a retired recovery secret vouches for late reports.
const SEEDS_KEPT: Duration = Duration::from_hours(90 * 24);

impl Tx<'_> {
    /// Forgets what is older than anybody may need; gives how many rows that were.
    ///
    /// # Errors
    /// Of the database.
    pub fn sweep(&mut self, now: Timestamp) -> Result<u64, Error> {
        Ok(self.execute(COUNTERS, values![now.minus(COUNTERS_KEPT)])?
            + self.execute(DELIVERIES, values![now.minus(MESSAGES_KEPT)])?
            + self.execute(LINKS, values![now.minus(MESSAGES_KEPT)])?
            + self.execute(SESSION_TOKENS, values![now])?
            + self.execute(SEEDS, values![now.minus(SEEDS_KEPT)])?
            + self.sweep_slips(now.minus(CODES_KEPT))?
            + self.sweep_codes(now.minus(CODES_KEPT))?
            + self.lapse_factors(now.minus(ENROLMENT_PATIENCE), now)?
            + self.forget_imports(now.minus(IMPORTS_KEPT), now.minus(IMPORT_PATIENCE))?)
    }
}
