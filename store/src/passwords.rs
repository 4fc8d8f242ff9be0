//! Passwords: the policy that holds for a person's, the hash of the present one, and those before it that may not come back.

use postern_authn::password::PasswordHash;
use postern_authn::policy::enroll::{EnrollSettings, Enrolment, Moment};
use postern_authn::policy::password::{PasswordActions, PasswordSettings};
use postern_authn::policy::{Outcome, PolicyType, Situation, decide, settings_for};
use postern_codes::id::{Group, Id, User as UserKind};
use postern_codes::{Env, Place, Sealed};

use crate::sql::{Error, Tx, values};

crate::statements! {
    PRESENT = "SELECT password, version FROM users WHERE org_id = $1 AND id = $2";
    KEEP = "INSERT INTO password_history (org_id, user_id, version, hash, replaced_at) VALUES ($1, $2, $3, $4, $5)";
    EARLIER = "SELECT version, hash FROM password_history WHERE org_id = $1 AND user_id = $2 ORDER BY version DESC LIMIT $3";
    FORGET = "DELETE FROM password_history WHERE org_id = $1 AND user_id = $2 AND version NOT IN \
              (SELECT version FROM password_history WHERE org_id = $1 AND user_id = $2 ORDER BY version DESC LIMIT $3)";
}

impl Tx<'_> {
    /// What the policies say of a person's password.
    ///
    /// # Errors
    /// Of the database.
    pub fn password_policy(&mut self, user: Id<UserKind>) -> Result<PasswordSettings, Error> {
        let situation = self.situation_of(user, "")?;
        self.password_policy_in(&situation)
    }

    /// What they say of the password of somebody who is to be made, in these groups.
    ///
    /// # Errors
    /// Of the database.
    pub fn password_policy_of_groups(&mut self, groups: &[Id<Group>]) -> Result<PasswordSettings, Error> {
        let situation = self.situation_of_groups(groups)?;
        self.password_policy_in(&situation)
    }

    /// What the policies say of the factors of a person.
    ///
    /// # Errors
    /// Of the database.
    pub fn enrolment_policy(&mut self, user: Id<UserKind>) -> Result<EnrollSettings, Error> {
        let situation = self.situation_of(user, "")?;
        let policies = self.policies(PolicyType::MfaEnroll)?;
        let found = settings_for(&policies, &situation).and_then(|policy| policy.settings.enroll());
        Ok(found.cloned().unwrap_or_default())
    }

    /// When a person who comes from this address is asked to enrol factors; never, where it cannot be told.
    ///
    /// # Errors
    /// Of the database.
    pub fn enrolment_moment(&mut self, user: Id<UserKind>, ip: &str) -> Result<Moment, Error> {
        let situation = self.situation_of(user, ip)?;
        let policies = self.policies(PolicyType::MfaEnroll)?;
        Ok(match decide(&policies, &situation).outcome {
            Outcome::Applies(_, rule) => rule.actions.enroll().copied().unwrap_or_default().enroll.by_oneself,
            Outcome::CannotTell(_) | Outcome::Nothing => Moment::Never,
        })
    }

    /// Whether a person needs a password at all.
    ///
    /// # Errors
    /// Of the database.
    pub fn needs_password(&mut self, user: Id<UserKind>) -> Result<bool, Error> {
        Ok(self.enrolment_policy(user)?.password() == Enrolment::Required)
    }

    /// Whether somebody does who is to be made in these groups.
    ///
    /// # Errors
    /// Of the database.
    pub fn needs_password_in(&mut self, groups: &[Id<Group>]) -> Result<bool, Error> {
        let situation = self.situation_of_groups(groups)?;
        let policies = self.policies(PolicyType::MfaEnroll)?;
        let found = settings_for(&policies, &situation).and_then(|policy| policy.settings.enroll());
        Ok(found.is_none_or(|settings| settings.password() == Enrolment::Required))
    }

    /// What a person may do about their own password, from this address. Nothing, where no rule answers.
    ///
    /// # Errors
    /// Of the database.
    pub fn password_actions(&mut self, user: Id<UserKind>, ip: &str) -> Result<PasswordActions, Error> {
        let situation = self.situation_of(user, ip)?;
        let policies = self.policies(PolicyType::Password)?;
        Ok(match decide(&policies, &situation).outcome {
            Outcome::Applies(_, rule) => rule.actions.password().cloned().unwrap_or_default(),
            Outcome::CannotTell(_) | Outcome::Nothing => PasswordActions::default(),
        })
    }

    /// The present password and the `count - 1` before it, newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn last_passwords(&mut self, user: Id<UserKind>, count: u32) -> Result<Vec<Sealed<PasswordHash>>, Error> {
        let Some(before) = count.checked_sub(1) else { return Ok(Vec::new()) };
        let mut found: Vec<_> = self.user_password(user)?.into_iter().collect();
        for row in &self.rows(EARLIER, values![user, before])? {
            let place = earlier_place(user, row.get("version")?);
            found.push(Sealed::from_storage(place, row.get("hash")?));
        }
        Ok(found)
    }

    /// Keeps the present password among the earlier ones, as many as the person's policy wants; before another is set.
    pub(crate) fn keep_password(&mut self, user: Id<UserKind>, env: &Env) -> Result<(), Error> {
        let before = self.password_policy(user)?.password.age.history_count.saturating_sub(1);
        let Some(row) = self.row(PRESENT, values![user])? else { return Ok(()) };
        let (sealed, version): (Option<Vec<u8>>, i64) = (row.get("password")?, row.get("version")?);
        if let (Some(sealed), true) = (sealed, before > 0) {
            let present: Sealed<PasswordHash> = Sealed::from_storage(crate::users::password_place(user), sealed);
            let plain = self.keyring().open(&present)?;
            let kept: Sealed<PasswordHash> = self.keyring().seal(earlier_place(user, version), plain.expose(), env);
            self.one(KEEP, values![user, version, &kept, env.now])?;
        }
        self.execute(FORGET, values![user, before]).map(drop)
    }

    fn password_policy_in(&mut self, situation: &Situation) -> Result<PasswordSettings, Error> {
        let policies = self.policies(PolicyType::Password)?;
        let found = settings_for(&policies, situation).and_then(|policy| policy.settings.password());
        Ok(found.cloned().unwrap_or_default())
    }
}

fn earlier_place(user: Id<UserKind>, version: i64) -> Place {
    Place::new("password_history", format!("{user}.{version}"), "hash")
}
