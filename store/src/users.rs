//! People: the record, its password, and the counter that locks it.
//!
//! The two counted outcomes of a proof are one guarded statement each, [`Tx::admit_user`] and [`Tx::user_failed`]: both
//! take the row's lock and judge the account as it is at that moment, so that however many attempts run side by side, no
//! more are answered than the lock allows.

use postern_authn::password::PasswordHash;
use postern_authn::user::{self, ContactKind, Lifecycle, Login, Profile, Status, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Place, Sealed, Timestamp};

use crate::sql::{Error, Row, Tx, values};

/// The columns of a [`User`], for every statement that reads one.
macro_rules! columns {
    () => {
        "id, login, status, first_name, last_name, email, profile, created_at, activated_at, status_changed_at, \
         last_login_at, updated_at, password_changed_at, locked_until, recovery_question, password_by_phone, version"
    };
}
pub(crate) use columns;

crate::statements! {
    USER_INSERT = "INSERT INTO users (org_id, id, login, login_folded, status, first_name, last_name, name_folded, email, \
                   profile, created_at, activated_at, status_changed_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
                   ON CONFLICT (org_id, login_folded) DO NOTHING";
    USER = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL");
    USER_BY_LOGIN = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1 AND login_folded = $2 \
                     AND deleted_at IS NULL");
    PASSWORD = "SELECT password FROM users WHERE org_id = $1 AND id = $2";
    PASSWORD_SET = "UPDATE users SET password = $3, password_changed_at = $4, updated_at = $4, failures = 0, \
                    password_failures = 0, password_ended_at = NULL, password_by_phone = $5, version = version + 1 \
                    WHERE org_id = $1 AND id = $2";
    PASSWORD_BACKED = "UPDATE users SET password_by_phone = FALSE WHERE org_id = $1 AND id = $2 AND password_by_phone";
    /// The same password, hashed anew: nothing that anybody sees changes.
    PASSWORD_REHASH = "UPDATE users SET password = $3 WHERE org_id = $1 AND id = $2 AND version = $4";
    PROFILE_SET = "UPDATE users SET login = $3, login_folded = $4, first_name = $5, last_name = $6, name_folded = $7, \
                   email = $8, profile = $9, updated_at = $10, version = version + 1 \
                   WHERE org_id = $1 AND id = $2 AND version = $11";
    /// A step that ends where it began changes nothing but the version.
    STATUS_SET = "UPDATE users SET status = $4, updated_at = $5, version = version + 1, \
                  status_changed_at = CASE WHEN $4 <> $3 THEN $5 ELSE status_changed_at END, \
                  activated_at = CASE WHEN $4 = 'ACTIVE' AND $3 IN ('DEPROVISIONED', 'PROVISIONED', 'STAGED') THEN $5 \
                  ELSE activated_at END \
                  WHERE org_id = $1 AND id = $2 AND status = $3 AND deleted_at IS NULL";
    /// Changes nothing; takes the lock and judges the row as it is now.
    ADMIT = "UPDATE users SET failures = failures WHERE org_id = $1 AND id = $2 AND version = $3 \
             AND status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY') AND (locked_until IS NULL OR locked_until <= $4)";
    /// $4 failures that lock, $5 until when.
    FAILED = "UPDATE users SET failures = CASE WHEN failures + 1 >= $4 THEN 0 ELSE failures + 1 END, \
              locked_until = CASE WHEN failures + 1 >= $4 THEN $5 ELSE locked_until END \
              WHERE org_id = $1 AND id = $2 AND (locked_until IS NULL OR locked_until <= $3) \
              RETURNING failures, locked_until";
    SIGNED_IN = "UPDATE users SET failures = 0, locked_until = NULL, last_login_at = $3 WHERE org_id = $1 AND id = $2";
    PROVED = "UPDATE users SET failures = 0 WHERE org_id = $1 AND id = $2";
    UNLOCK = "UPDATE users SET failures = 0, locked_until = NULL, unknown_failures = 0, unknown_locked_until = NULL, \
              updated_at = $3 WHERE org_id = $1 AND id = $2 AND (locked_until > $3 OR unknown_locked_until > $3)";
    QUESTION_SET = "UPDATE users SET recovery_question = $3, recovery_answer = $4, updated_at = $5, version = version + 1 \
                    WHERE org_id = $1 AND id = $2";
    ANSWER = "SELECT recovery_answer FROM users WHERE org_id = $1 AND id = $2";
    TOUCH = "UPDATE users SET updated_at = $3, version = version + 1 WHERE org_id = $1 AND id = $2";
}

/// What one more failure did to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Failure {
    /// It was locked before; the attempt was not answered and not counted.
    AlreadyLocked,
    /// It was counted.
    Counted,
    /// It was counted, and locked the account until then.
    Locks(Timestamp),
}

impl Tx<'_> {
    /// Makes a person and notes their addresses; `false` where the login is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_user(&mut self, user: &User, source: &str, by: &str, env: &Env) -> Result<bool, Error> {
        let (login, profile) = (&user.login, &user.profile);
        let made = self.execute(
            USER_INSERT,
            values![
                user.id,
                login.as_str(),
                login.folded(),
                user.status.as_str(),
                &profile.first_name,
                &profile.last_name,
                user::fold(&profile.name()),
                &profile.email,
                serde_json::to_string(&profile.further)?,
                user.created_at,
                user.activated_at,
                user.status_changed_at,
                user.updated_at,
            ],
        )?;
        if made == 0 {
            return Ok(false);
        }
        self.note_contacts(user.id, profile, source, by, env)?;
        Ok(true)
    }

    /// A person by id.
    ///
    /// # Errors
    /// Of the database.
    pub fn user(&mut self, id: Id<UserKind>) -> Result<Option<User>, Error> {
        self.row(USER, values![id])?.as_ref().map(user).transpose()
    }

    /// A person by login, whatever its case.
    ///
    /// # Errors
    /// Of the database.
    pub fn user_by_login(&mut self, login: &Login) -> Result<Option<User>, Error> {
        self.row(USER_BY_LOGIN, values![login.folded()])?.as_ref().map(user).transpose()
    }

    /// The hash of a person's password, where they have one.
    ///
    /// # Errors
    /// Of the database.
    pub fn user_password(&mut self, id: Id<UserKind>) -> Result<Option<Sealed<PasswordHash>>, Error> {
        let Some(row) = self.row(PASSWORD, values![id])? else { return Ok(None) };
        let sealed: Option<Vec<u8>> = row.get("password")?;
        Ok(sealed.map(|bytes| Sealed::from_storage(password_place(id), bytes)))
    }

    /// Sets a person's password to what hashes to `hash`, a PHC string or an imported hash. Every link by which a
    /// password could be chosen is void from here on, and every right to open a session.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_password(&mut self, id: Id<UserKind>, hash: &str, env: &Env) -> Result<(), Error> {
        self.put_password(id, (hash, false), env)
    }

    fn put_password(&mut self, id: Id<UserKind>, (hash, by_phone): (&str, bool), env: &Env) -> Result<(), Error> {
        self.keep_password(id, env)?;
        let sealed: Sealed<PasswordHash> = self.keyring().seal(password_place(id), hash.as_bytes(), env);
        self.one(PASSWORD_SET, values![id, &sealed, env.now, by_phone])?;
        self.void_session_tokens(id, env.now)?;
        self.void_links(id.as_str(), env.now)
    }

    /// Notes that a person proved something that they hold, and that no telephone gets: theirs may prove them again.
    ///
    /// # Errors
    /// Of the database.
    pub fn back_password(&mut self, id: Id<UserKind>) -> Result<(), Error> {
        self.execute(PASSWORD_BACKED, values![id]).map(drop)
    }

    /// Keeps a newer hash of the same password, unless the account changed since `version`.
    ///
    /// # Errors
    /// Of the database.
    pub fn rehash_password(&mut self, id: Id<UserKind>, version: i64, hash: &str, env: &Env) -> Result<(), Error> {
        let sealed: Sealed<PasswordHash> = self.keyring().seal(password_place(id), hash.as_bytes(), env);
        self.execute(PASSWORD_REHASH, values![id, &sealed, version]).map(drop)
    }

    /// Replaces login and profile and notes changed addresses; `false` where the account changed since `version`.
    ///
    /// # Errors
    /// Of the database; a login that is taken is the caller's to rule out in the same transaction.
    pub fn set_profile(
        &mut self,
        (id, version): (Id<UserKind>, i64),
        (login, profile): (&Login, &Profile),
        (source, by): (&str, &str),
        env: &Env,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            PROFILE_SET,
            values![
                id,
                login.as_str(),
                login.folded(),
                &profile.first_name,
                &profile.last_name,
                user::fold(&profile.name()),
                &profile.email,
                serde_json::to_string(&profile.further)?,
                env.now,
                version,
            ],
        )?;
        if changed == 0 {
            return Ok(false);
        }
        self.note_contacts(id, profile, source, by, env)?;
        Ok(true)
    }

    /// Moves an account on, if it still has the status it was read with; `None` where `step` does not apply to it.
    ///
    /// # Errors
    /// Of the database.
    pub fn move_user(&mut self, user: &User, step: Lifecycle, now: Timestamp) -> Result<Option<Status>, Error> {
        let Some(status) = step.apply(user.status) else { return Ok(None) };
        let moved = self.execute(STATUS_SET, values![user.id, user.status.as_str(), status.as_str(), now])?;
        Ok((moved == 1).then_some(status))
    }

    /// Gives a person a password to keep, and moves the account on that waited for one; `None` where theirs has ended or
    /// changed since it was read. `by_phone` where nothing but a telephone of theirs stands behind it.
    ///
    /// # Errors
    /// Of the database.
    pub fn give_password(
        &mut self,
        user: &User,
        (hash, by_phone): (&str, bool),
        env: &Env,
    ) -> Result<Option<Status>, Error> {
        let Some(status) = self.move_user(user, Lifecycle::SetPassword, env.now)? else { return Ok(None) };
        self.put_password(user.id, (hash, by_phone), env)?;
        Ok(Some(status))
    }

    /// Notes that something about a person changed that is kept elsewhere, such as their factors.
    ///
    /// # Errors
    /// Of the database.
    pub fn touch_user(&mut self, id: Id<UserKind>, now: Timestamp) -> Result<(), Error> {
        self.one(TOUCH, values![id, now])
    }

    /// Sets what a person is asked where they forgot their password; `hash` is a PHC string of the folded answer.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_recovery_question(
        &mut self,
        id: Id<UserKind>,
        (question, hash): (&str, &str),
        env: &Env,
    ) -> Result<(), Error> {
        let sealed: Sealed<PasswordHash> = self.keyring().seal(answer_place(id), hash.as_bytes(), env);
        self.one(QUESTION_SET, values![id, question, &sealed, env.now])
    }

    /// The hash of the answer to a person's recovery question, where they have one.
    ///
    /// # Errors
    /// Of the database.
    pub fn recovery_answer(&mut self, id: Id<UserKind>) -> Result<Option<Sealed<PasswordHash>>, Error> {
        let Some(row) = self.row(ANSWER, values![id])? else { return Ok(None) };
        let sealed: Option<Vec<u8>> = row.get("recovery_answer")?;
        Ok(sealed.map(|bytes| Sealed::from_storage(answer_place(id), bytes)))
    }

    /// Whether the account may have an attempt answered now: in force, not locked, unchanged since `version`. Holds the
    /// row until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn admit_user(&mut self, id: Id<UserKind>, version: i64, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(ADMIT, values![id, version, now])? == 1)
    }

    /// Counts a failure where somebody is known to be, unless the account is locked; the last one that the person's policy
    /// allows locks it. Failures that may be a stranger's: [`attempt_failed`](Self::attempt_failed).
    ///
    /// # Errors
    /// Of the database.
    pub fn user_failed(&mut self, id: Id<UserKind>, now: Timestamp) -> Result<Failure, Error> {
        let lockout = self.password_policy(id)?.password.lockout;
        let row = self.row(FAILED, values![id, now, lockout.attempts(), lockout.until(now)])?;
        let Some(row) = row else { return Ok(Failure::AlreadyLocked) };
        let locked_until: Option<Timestamp> = row.get("locked_until")?;
        Ok(locked_until.filter(|until| *until > now).map_or(Failure::Counted, Failure::Locks))
    }

    /// Notes a sign-in and forgets the failures before it.
    ///
    /// # Errors
    /// Of the database.
    pub fn user_signed_in(&mut self, id: Id<UserKind>, now: Timestamp) -> Result<(), Error> {
        self.one(SIGNED_IN, values![id, now])
    }

    /// Forgets the failures before a proof that signs nobody in: a step-up, or a code at a computer.
    ///
    /// # Errors
    /// Of the database.
    pub fn user_proved(&mut self, id: Id<UserKind>) -> Result<(), Error> {
        self.one(PROVED, values![id])
    }

    /// Ends a lock before its time; `false` where there is none.
    ///
    /// # Errors
    /// Of the database.
    pub fn unlock_user(&mut self, id: Id<UserKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(UNLOCK, values![id, now])? == 1)
    }

    fn note_contacts(
        &mut self,
        id: Id<UserKind>,
        profile: &Profile,
        source: &str,
        by: &str,
        env: &Env,
    ) -> Result<(), Error> {
        self.fold_person(id, profile)?;
        for kind in ContactKind::ALL {
            self.note_contact(id, (*kind, kind.of(profile)), (source, by), env)?;
        }
        Ok(())
    }
}

/// One row that has the [`columns`] of a user.
pub(crate) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.get("id")?,
        login: row.parse("login")?,
        status: row.parse("status")?,
        profile: Profile {
            first_name: row.get("first_name")?,
            last_name: row.get("last_name")?,
            email: row.get("email")?,
            further: row.json("profile")?,
        },
        created_at: row.get("created_at")?,
        activated_at: row.get("activated_at")?,
        status_changed_at: row.get("status_changed_at")?,
        last_login_at: row.get("last_login_at")?,
        updated_at: row.get("updated_at")?,
        password_changed_at: row.get("password_changed_at")?,
        locked_until: row.get("locked_until")?,
        recovery_question: row.get("recovery_question")?,
        password_by_phone: row.get("password_by_phone")?,
        version: row.get("version")?,
    })
}

pub(crate) fn password_place(id: Id<UserKind>) -> Place {
    Place::new("users", id, "password")
}

fn answer_place(id: Id<UserKind>) -> Place {
    Place::new("users", id, "recovery_answer")
}
