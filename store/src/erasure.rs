//! Deleting a person: what is personal goes, what they held is void. The empty row stays, since the record, issued PINs
//! and computers refer to it by id.

use postern_codes::Timestamp;
use postern_codes::id::{Id, User};

use crate::sql::{Error, Tx, values};

crate::statements! {
    /// The login is free from here on: no login has a blank.
    ERASE = "UPDATE users SET deleted_at = $3, updated_at = $3, login = id, login_folded = 'deleted ' || id, first_name = '', \
             last_name = '', name_folded = '', email_folded = '', \
             first_folded = '', last_folded = '', email = '', profile = '{}', password = NULL, password_changed_at = NULL, \
             recovery_question = NULL, recovery_answer = NULL, version = version + 1 \
             WHERE org_id = $1 AND id = $2 AND status = 'DEPROVISIONED' AND deleted_at IS NULL";
    CONTACTS_ERASE = "DELETE FROM contact_points WHERE org_id = $1 AND user_id = $2";
    ATTRIBUTES_ERASE = "DELETE FROM user_attributes WHERE org_id = $1 AND user_id = $2";
    LEAVE_RULES = "DELETE FROM rule_members WHERE org_id = $1 AND user_id = $2";
    LEAVE_CHECKS = "DELETE FROM rule_checks WHERE org_id = $1 AND user_id = $2";
    LEAVE_EXCLUSIONS = "DELETE FROM group_rule_exclusions WHERE org_id = $1 AND user_id = $2";
    LEAVE_GROUPS = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2";
    LEAVE_DEVICES = "DELETE FROM device_users WHERE org_id = $1 AND user_id = $2";
    /// Every factor, of whatever status; the secret is wiped.
    FACTORS_ERASE = "UPDATE factors SET retired_at = COALESCE(retired_at, $3), updated_at = $3, secret = $4, profile = '{}', \
                     handle = NULL, version = version + 1 WHERE org_id = $1 AND user_id = $2";
    SLIPS_ERASE = "DELETE FROM recovery_slips WHERE org_id = $1 AND user_id = $2";
    REFERENCES_ERASE = "DELETE FROM person_references WHERE org_id = $1 AND user_id = $2";
    CHALLENGES_VOID = "DELETE FROM challenges WHERE org_id = $1 AND user_id = $2";
    PASSWORDS_FORGET = "DELETE FROM password_history WHERE org_id = $1 AND user_id = $2";
}

impl Tx<'_> {
    /// Deletes a person whose account has ended; `false` where it has not, or they are deleted already.
    ///
    /// # Errors
    /// Of the database.
    pub fn erase_user(&mut self, id: Id<User>, now: Timestamp) -> Result<bool, Error> {
        if self.execute(ERASE, values![id, now])? == 0 {
            return Ok(false);
        }
        for link in self.links_of_user(id)? {
            self.revoke_enrolments_of_pair(link.device, id, now)?;
        }
        self.end_roles_of_user(id)?;
        for statement in [
            CONTACTS_ERASE,
            ATTRIBUTES_ERASE,
            LEAVE_RULES,
            LEAVE_CHECKS,
            LEAVE_EXCLUSIONS,
            LEAVE_GROUPS,
            LEAVE_DEVICES,
            REFERENCES_ERASE,
            SLIPS_ERASE,
        ] {
            self.execute(statement, values![id])?;
        }
        self.forget_browsers(id)?;
        self.execute(PASSWORDS_FORGET, values![id])?;
        self.execute(FACTORS_ERASE, values![id, now, [0_u8; 0].as_slice()])?;
        self.execute(CHALLENGES_VOID, values![id])?;
        self.forget_codes_of(id)?;
        self.end_sessions_of(id, now)?;
        self.revoke_tokens_of(id, now)?;
        self.void_links(id.as_str(), now)?;
        Ok(true)
    }

    /// Voids what devices of a person were asked and have not answered.
    ///
    /// # Errors
    /// Of the database.
    pub fn void_challenges_of(&mut self, id: Id<User>) -> Result<(), Error> {
        self.execute(CHALLENGES_VOID, values![id]).map(drop)
    }
}
