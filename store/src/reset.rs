//! The reset of every factor of a person: what it would end, and ending it, in the caller's transaction.

use postern_authn::recovery::reset::Plan;
use postern_codes::Timestamp;
use postern_codes::id::{Id, User};

use crate::sql::{Error, Tx, values};

crate::statements! {
    SESSIONS_ALIVE = "SELECT COUNT(*) AS number FROM sessions WHERE org_id = $1 AND user_id = $2 AND ended_at IS NULL \
                      AND expires_at > $3";
    GRANTS_OPEN = "SELECT COUNT(*) AS number FROM session_tokens WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL \
                   AND expires_at > $3";
    SIGN_INS_OPEN = "SELECT COUNT(*) AS number FROM sign_ins WHERE org_id = $1 AND user_id = $2 AND expires_at > $3";
    BROWSERS_PROVED = "SELECT COUNT(*) AS number FROM known_browsers WHERE org_id = $1 AND user_id = $2 AND factor_at IS NOT NULL";
    LINKS_OPEN = "SELECT COUNT(*) AS number FROM links WHERE org_id = $1 AND subject = $2 AND used_at IS NULL AND expires_at > $3";
    FACTORS_RETIRE = "UPDATE factors SET retired_at = $3, updated_at = $3, version = version + 1 \
                      WHERE org_id = $1 AND user_id = $2 AND retired_at IS NULL";
    BROWSERS_UNPROVE = "UPDATE known_browsers SET factor_at = NULL WHERE org_id = $1 AND user_id = $2 AND factor_at IS NOT NULL";
    SIGN_INS_END = "DELETE FROM sign_ins WHERE org_id = $1 AND user_id = $2";
    VERDICTS_VOID = "UPDATE factor_verdicts SET used_at = $3 WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
}

impl Tx<'_> {
    /// What a reset would end now.
    ///
    /// # Errors
    /// Of the database.
    pub fn plan_reset(&mut self, user: Id<User>, now: Timestamp) -> Result<Plan, Error> {
        let factors = self.factors_of(user)?.iter().map(|factor| factor.kind).collect();
        let mut count =
            |statement, parameters| self.row(statement, parameters)?.map_or(Ok(0), |row| row.get::<u64>("number"));
        Ok(Plan {
            factors,
            sessions: count(SESSIONS_ALIVE, values![user, now])? + count(GRANTS_OPEN, values![user, now])?,
            sign_ins: count(SIGN_INS_OPEN, values![user, now])?,
            browsers: count(BROWSERS_PROVED, values![user])?,
            links: count(LINKS_OPEN, values![user, now])?,
        })
    }

    /// Retires every factor of a person, and ends everything that could let one of them, or a half-made enrolment, in
    /// again; gives what that was. Whoever holds a factor that was given away may be signed in with it.
    ///
    /// # Errors
    /// Of the database.
    pub fn reset_factors(&mut self, user: Id<User>, now: Timestamp) -> Result<Plan, Error> {
        let plan = self.plan_reset(user, now)?;
        self.execute(FACTORS_RETIRE, values![user, now])?;
        self.void_challenges_of(user)?;
        self.forget_codes_of(user)?;
        self.execute(VERDICTS_VOID, values![user, now])?;
        self.end_sign_ins_of(user)?;
        self.end_sessions_of(user, now)?;
        self.execute(BROWSERS_UNPROVE, values![user])?;
        self.void_links(user.as_str(), now)?;
        self.touch_user(user, now)?;
        Ok(plan)
    }

    /// Ends every sign-in of a person that is under way, with whatever was proved in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_sign_ins_of(&mut self, user: Id<User>) -> Result<u64, Error> {
        self.execute(SIGN_INS_END, values![user])
    }
}
