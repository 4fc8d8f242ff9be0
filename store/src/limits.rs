//! Counts of limited actions: one guarded statement, so that two requests cannot both take the last place.

use postern_authn::limit::requests::RequestSettings;
use postern_authn::limit::{Allowance, Charge, Limit, LimitSettings};
use postern_codes::Timestamp;

use crate::settings::Setting;
use crate::sql::{Error, Tx, values};

crate::statements! {
    /// $2 action, $3 subject, $4 now, $5 where a window that is over began at the latest, $6 count.
    CHARGE = "INSERT INTO limit_counters (org_id, action, subject, window_start, count) VALUES ($1, $2, $3, $4, 1) \
              ON CONFLICT (org_id, action, subject) DO UPDATE SET \
              count = CASE WHEN limit_counters.window_start <= $5 THEN 1 ELSE limit_counters.count + 1 END, \
              window_start = CASE WHEN limit_counters.window_start <= $5 THEN $4 ELSE limit_counters.window_start END \
              WHERE limit_counters.window_start <= $5 OR limit_counters.count < $6 \
              RETURNING count";
    COUNTER = "SELECT window_start, count FROM limit_counters WHERE org_id = $1 AND action = $2 AND subject = $3";
    GIVE_BACK = "UPDATE limit_counters SET count = count - 1 WHERE org_id = $1 AND action = $2 AND subject = $3 AND count > 0";
    CLEAR = "DELETE FROM limit_counters WHERE org_id = $1 AND action = $2 AND subject = $3";
}

impl Setting for LimitSettings {
    const NAME: &'static str = "limits";
}

impl Setting for RequestSettings {
    const NAME: &'static str = "requests";
}

impl Tx<'_> {
    /// How often a limited action may be done in this organisation.
    ///
    /// # Errors
    /// Of the database.
    pub fn allowance(&mut self, limit: Limit) -> Result<Allowance, Error> {
        Ok(self.setting::<LimitSettings>()?.0.allowance(limit))
    }

    /// Counts one more of `limit` for `subject`, unless the window is full.
    ///
    /// # Errors
    /// Of the database.
    pub fn charge(&mut self, limit: Limit, subject: &str, allowed: Allowance, now: Timestamp) -> Result<Charge, Error> {
        let over = now.minus(allowed.window);
        let counted = self.row(CHARGE, values![limit.name(), subject, now, over, allowed.count])?;
        match counted {
            Some(_) => Ok(Charge::Allowed),
            None => self.limit_state(limit, subject, allowed, now),
        }
    }

    /// What [`charge`](Self::charge) would answer, without counting.
    ///
    /// # Errors
    /// Of the database.
    pub fn limit_state(
        &mut self,
        limit: Limit,
        subject: &str,
        allowed: Allowance,
        now: Timestamp,
    ) -> Result<Charge, Error> {
        let Some(row) = self.row(COUNTER, values![limit.name(), subject])? else { return Ok(Charge::Allowed) };
        let window_start: Timestamp = row.get("window_start")?;
        let free_at = window_start.plus(allowed.window);
        let full = row.get::<u32>("count")? >= allowed.count;
        Ok(if full && free_at > now { Charge::RetryAt(free_at) } else { Charge::Allowed })
    }

    /// Takes back what [`charge`](Self::charge) counted in this transaction, for what was refused after all.
    ///
    /// # Errors
    /// Of the database.
    pub fn give_back(&mut self, limit: Limit, subject: &str) -> Result<(), Error> {
        self.execute(GIVE_BACK, values![limit.name(), subject]).map(drop)
    }

    /// Forgets the count, after a success.
    ///
    /// # Errors
    /// Of the database.
    pub fn clear_limit(&mut self, limit: Limit, subject: &str) -> Result<(), Error> {
        self.execute(CLEAR, values![limit.name(), subject]).map(drop)
    }
}
