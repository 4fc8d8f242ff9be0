//! What a person signs in with: expired, reset and changed. An administrator never learns a password but the temporary
//! one that must be changed at once; who may only begin a reset is shown no link.

use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::limit::{Charge, Limit};
use postern_authn::password::{NewPassword, PasswordHash};
use postern_authn::permission::{Permission, right};
use postern_authn::policy::sign_on::Access;
use postern_authn::user::{self, Lifecycle, Status, User};
use postern_codes::id::User as UserKind;
use postern_codes::{Env, Sealed, Secret, b64, mac};
use postern_store::users::Failure;
use postern_store::{Error, Tx};

use super::{Delivery, OneTimeLink, Refusal, changed_meanwhile, found, reached, reached_with, refuse, target};
use crate::App;
use crate::account::{self, Setter};
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::console::words::say;
use crate::notices::account as notices;
use crate::passwords::{ImportedHash, decoys};
use crate::sign_in::verify;

/// A password that is set for somebody.
pub enum NewSecret {
    /// As it is typed, not judged yet.
    Typed(Secret<String>),
    /// As another program hashed it.
    Imported(ImportedHash),
}

impl NewSecret {
    /// What is kept of it, once `judge` had no objection to it as it is typed.
    ///
    /// # Errors
    /// E0000001 with every rule that it breaks; a fault of the hash function.
    pub async fn hash<J>(self, app: &App, judge: J, env: &Env) -> Result<Kept, ApiError>
    where
        J: AsyncFnOnce(&Secret<String>) -> Result<Result<NewPassword, Vec<String>>, ApiError>,
    {
        match self {
            Self::Typed(typed) => match judge(&typed).await? {
                Ok(password) => Ok(Kept::Hashed(app.passwords.hash(password.into_secret(), env).await?)),
                Err(broken) => {
                    let causes = broken.iter().map(|rule| format!("password: {rule}"));
                    Err(ApiError::validation("password", causes))
                }
            },
            Self::Imported(hash) => Ok(Kept::Imported(hash)),
        }
    }
}

/// What is kept of a password.
pub enum Kept {
    /// Hashed by us.
    Hashed(Secret<String>),
    /// Hashed elsewhere.
    Imported(ImportedHash),
}

impl Kept {
    /// The hash for the table; what it will cost to check one from elsewhere is remembered.
    ///
    /// # Errors
    /// Of the database.
    pub fn hash(&self, tx: &mut Tx<'_>, env: &Env) -> Result<Secret<String>, Error> {
        match self {
            Self::Hashed(hash) => Ok(hash.clone()),
            Self::Imported(hash) => {
                decoys::remember(tx, hash, env)?;
                Ok(hash.stored())
            }
        }
    }
}

/// A recovery question and its answer.
pub struct NewQuestion {
    question: String,
    answer: Secret<String>,
}

impl NewQuestion {
    /// Most characters of either.
    pub const LONGEST: usize = 100;
    /// Fewest characters of an answer.
    pub const SHORTEST_ANSWER: usize = 4;

    /// A question with an answer that does not stand in it.
    ///
    /// # Errors
    /// What is wrong, with the member's name.
    pub fn new(question: &str, answer: &Secret<String>) -> Result<Self, String> {
        let (question, folded) = (question.trim(), folded_answer(answer));
        let fits = |text: &str, least| (least..=Self::LONGEST).contains(&text.chars().count());
        if !fits(question, 1) || question.contains(char::is_control) {
            return Err("question: must have 1 to 100 characters on one line".to_owned());
        }
        if !fits(folded.expose(), Self::SHORTEST_ANSWER) {
            return Err("answer: must have 4 to 100 characters".to_owned());
        }
        if user::fold(question).contains(folded.expose().as_str()) {
            return Err("answer: must not be part of the question".to_owned());
        }
        Ok(Self { question: question.to_owned(), answer: folded })
    }

    /// What is kept of it.
    ///
    /// # Errors
    /// A fault of the hash function.
    pub async fn hash(self, app: &App, env: &Env) -> Result<(String, Secret<String>), ApiError> {
        Ok((self.question, app.passwords.hash(self.answer, env).await?))
    }
}

/// Answers are compared without regard to case and to blanks around them.
fn folded_answer(answer: &Secret<String>) -> Secret<String> {
    Secret::new(user::fold(answer.expose().trim()))
}

/// A password that its owner changes.
pub struct ChangedPassword {
    /// The present one.
    pub old: Secret<String>,
    /// The new one.
    pub new: Secret<String>,
    /// Whether every other session ends.
    pub revoke_sessions: bool,
}

/// Wants another password of a person at their next sign-in.
///
/// # Errors
/// 404 for nobody, 403 for a status without a password to expire, or somebody above the caller.
pub async fn expire(app: &App, by: &Allowed<right::UsersExpirePassword>, who: &str) -> Result<User, ApiError> {
    let env = app.env();
    let kind = EventType::UserPasswordExpire;
    let expired = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let step = Lifecycle::ExpirePassword;
        if !person.has_password() || tx.move_user(&person, step, env.now)?.is_none() {
            return refuse(tx, by, kind, &person, Refusal::Status(step), &env);
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        Ok(Ok(person.id))
    });
    let id = expired.await??;
    found(app, by, id.as_str()).await
}

/// Gives a person a password that they must change at their next sign-in. It is in this one answer, and kept nowhere.
///
/// # Errors
/// As [`expire`].
pub async fn expire_with_temporary(
    app: &App,
    by: &Allowed<right::UsersCredentials>,
    who: &str,
    revoke_sessions: bool,
) -> Result<Secret<String>, ApiError> {
    let env = app.env();
    let kind = EventType::UserPasswordExpire;
    let temporary = TemporaryPassword::new(app, &env).await?;
    let given = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Err(refusal) = temporary.give(tx, app, &person, &env)? {
            return refuse(tx, by, kind, &person, refusal, &env);
        }
        if revoke_sessions {
            tx.end_other_sessions_of(person.id, by.session(), env.now)?;
        }
        tx.record(&by.success(kind).target(target(&person)).detail("temporary", "true"), &env)?;
        Ok(Ok(()))
    });
    given.await??;
    Ok(temporary.password)
}

/// A password that must be changed at the first sign-in, before it is anybody's. No `Debug`.
pub struct TemporaryPassword {
    /// The password: for the one answer, kept nowhere.
    pub password: Secret<String>,
    hash: Secret<String>,
}

impl TemporaryPassword {
    /// Another: 90 random bits. Whatever else a policy asks for is asked of the next one.
    ///
    /// # Errors
    /// Where no hash can be made now.
    pub async fn new(app: &App, env: &Env) -> Result<Self, ApiError> {
        let password = Secret::new(b64::encode(&env.bytes::<12>()));
        let hash = app.passwords.hash(password.clone(), env).await?;
        Ok(Self { password, hash })
    }

    /// Makes it somebody's, who is told.
    ///
    /// # Errors
    /// Of the database; in it the refusal of a status that has none.
    pub fn give(&self, tx: &mut Tx<'_>, app: &App, person: &User, env: &Env) -> Result<Result<(), Refusal>, Error> {
        let step = Lifecycle::ExpirePassword;
        if tx.move_user(person, step, env.now)?.is_none() {
            return Ok(Err(Refusal::Status(step)));
        }
        tx.set_password(person.id, self.hash.expose(), env)?;
        notices::password_set_for(tx, &app.config, person, env)?;
        Ok(Ok(()))
    }
}

/// Makes a person's password void and begins its recovery by a link.
///
/// # Errors
/// 404 for nobody, 403 for a status that forbids it, or somebody above the caller.
pub async fn reset(
    app: &App,
    by: &Allowed<right::UsersResetPassword>,
    who: &str,
    (delivery, revoke_sessions): (Delivery, bool),
) -> Result<Option<OneTimeLink>, ApiError> {
    let env = app.env();
    let kind = EventType::UserPasswordReset;
    let begun = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        let step = Lifecycle::ResetPassword;
        if tx.move_user(&person, step, env.now)?.is_none() {
            return refuse(tx, by, kind, &person, Refusal::Status(step), &env);
        }
        if revoke_sessions {
            tx.end_other_sessions_of(person.id, by.session(), env.now)?;
        }
        tx.record(&by.success(kind).target(target(&person)), &env)?;
        send(tx, app, &person, delivery, &env).map(Ok)
    });
    begun.await?
}

/// Sends a person a link to choose another password; the present one goes on until then.
///
/// # Errors
/// 404 for nobody, 403 for somebody who is not active or above the caller.
pub async fn forgot(
    app: &App,
    by: &Allowed<right::UsersResetPassword>,
    who: &str,
    delivery: Delivery,
) -> Result<Option<OneTimeLink>, ApiError> {
    let env = app.env();
    let kind = EventType::UserPasswordReset;
    let begun = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if person.status != Status::Active || !person.has_password() {
            return refuse(tx, by, kind, &person, Refusal::Forgotten, &env);
        }
        tx.record(&by.success(kind).target(target(&person)).detail("begun", "forgotten"), &env)?;
        send(tx, app, &person, delivery, &env).map(Ok)
    });
    begun.await?
}

fn send(
    tx: &mut Tx<'_>,
    app: &App,
    person: &User,
    delivery: Delivery,
    env: &Env,
) -> Result<Option<OneTimeLink>, Error> {
    match delivery {
        Delivery::Mailed => account::mail_reset(tx, &app.config, person, env).map(|()| None),
        Delivery::Shown => account::reset(tx, &app.config, person, env).map(Some),
    }
}

/// Changes a password for whoever knows the present one.
///
/// # Errors
/// 404 for nobody; 403 where the present one is wrong, the new one too weak, the status forbids it or the person is above
/// the caller; 429 after too many tries.
pub async fn change_password(app: &App, by: &Caller, who: &str, change: ChangedPassword) -> Result<User, ApiError> {
    let ChangedPassword { old, new, revoke_sessions } = change;
    let kind = EventType::UserPasswordUpdate;
    let proof = Proof::begin(app, by, (who, kind), Asked::Password).await?;
    let is_same = mac::equal(new.expose().as_bytes(), old.expose().as_bytes());
    let setter = if by.user() == proof.person.id { Setter::Owner } else { Setter::Recovery };
    may_change(app, by, &proof.person, kind).await?;
    let new = chosen(app, by, (&new, &proof.person), setter).await?;
    let proven = proof.give(app, old).await?;
    if proven.is_right && is_same {
        return Err(too_weak("the new password must be another than the present one"));
    }
    let env = app.env();
    let hash = app.passwords.hash(new.into_secret(), &env).await?;
    let done = app.store.write(by.org, |tx| {
        if let Err(refused) = proven.settle(tx, by, &env)? {
            return Ok(Err(refused));
        }
        let person = &proven.proof.person;
        if tx.give_password(person, (hash.expose(), person.password_by_phone), &env)?.is_none() {
            return Ok(Err(changed_meanwhile()));
        }
        if revoke_sessions {
            tx.end_other_sessions_of(person.id, by.session(), env.now)?;
        }
        tx.record(&by.success(kind).target(target(person)), &env)?;
        notices::password_changed(tx, &app.config, person, &env)?;
        Ok(Ok(()))
    });
    done.await??;
    found(app, by, proven.proof.person.id.as_str()).await
}

/// Changes a recovery question for whoever knows the password.
///
/// # Errors
/// As [`change_password`].
pub async fn change_question(
    app: &App,
    by: &Caller,
    who: &str,
    (password, question): (Secret<String>, NewQuestion),
) -> Result<User, ApiError> {
    let env = app.env();
    let kind = EventType::UserRecoveryQuestionUpdate;
    let proof = Proof::begin(app, by, (who, kind), Asked::Password).await?;
    let proven = proof.give(app, password).await?;
    let (question, hash) = question.hash(app, &env).await?;
    let done = app.store.write(by.org, |tx| {
        if let Err(refused) = proven.settle(tx, by, &env)? {
            return Ok(Err(refused));
        }
        let person = &proven.proof.person;
        tx.set_recovery_question(person.id, (&question, hash.expose()), &env)?;
        tx.record(&by.success(kind).target(target(person)), &env)?;
        notices::account_changed(tx, person, vec![say("mail-changed-question")], &env)?;
        Ok(Ok(()))
    });
    done.await??;
    found(app, by, proven.proof.person.id.as_str()).await
}

/// Gives a person another password who knows the answer to their recovery question.
///
/// # Errors
/// As [`change_password`]; E0000087 for a wrong answer.
pub async fn forgot_with_answer(
    app: &App,
    by: &Allowed<right::UsersCredentials>,
    who: &str,
    (answer, new): (Secret<String>, Secret<String>),
) -> Result<User, ApiError> {
    let env = app.env();
    let kind = EventType::UserPasswordUpdate;
    let proof = Proof::begin(app, by, (who, kind), Asked::Answer).await?;
    let new = chosen(app, by, (&new, &proof.person), Setter::Recovery).await?;
    let proven = proof.give(app, folded_answer(&answer)).await?;
    let hash = app.passwords.hash(new.into_secret(), &env).await?;
    let done = app.store.write(by.org, |tx| {
        if let Err(refused) = proven.settle(tx, by, &env)? {
            return Ok(Err(refused));
        }
        let person = &proven.proof.person;
        if tx.give_password(person, (hash.expose(), false), &env)?.is_none() {
            return Ok(Err(changed_meanwhile()));
        }
        tx.end_other_sessions_of(person.id, by.session(), env.now)?;
        tx.record(&by.success(kind).target(target(person)).detail("proof", "recovery_question"), &env)?;
        notices::password_changed(tx, &app.config, person, &env)?;
        Ok(Ok(()))
    });
    done.await??;
    found(app, by, proven.proof.person.id.as_str()).await
}

/// Oneself as `me`, which needs no right; another person by that to credentials.
fn oneself_or_reached(
    tx: &mut Tx<'_>,
    by: &Caller,
    (who, kind): (&str, EventType),
    env: &Env,
) -> Result<Result<User, ApiError>, Error> {
    if who == "me" {
        return Ok(tx.user(by.user())?.ok_or_else(|| ApiError::not_found::<UserKind>(who)));
    }
    reached_with(tx, by, Permission::UsersCredentials, who, kind, env)
}

/// What somebody must know to change credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Answer,
    Password,
}

/// A person whose credentials are to be changed, and the hash of what must be known for it.
struct Proof {
    person: User,
    hash: Option<Sealed<PasswordHash>>,
    asked: Asked,
    kind: EventType,
}

/// The same, judged; not counted yet.
struct Proven {
    proof: Proof,
    is_right: bool,
}

impl Proof {
    /// Charges the try before anything is hashed.
    async fn begin(app: &App, by: &Caller, (who, kind): (&str, EventType), asked: Asked) -> Result<Self, ApiError> {
        let env = app.env();
        let begun = app.store.write(by.org, |tx| {
            let person = match oneself_or_reached(tx, by, (who, kind), &env)? {
                Ok(person) => person,
                Err(refused) => return Ok(Err(refused)),
            };
            let (is_open, refusal) = match asked {
                Asked::Answer => (person.status == Status::Active, Refusal::Forgotten),
                Asked::Password => {
                    (person.status.is_in_force() || person.status == Status::Staged, Refusal::Credentials)
                }
            };
            let hash = match asked {
                Asked::Answer => tx.recovery_answer(person.id)?,
                Asked::Password => tx.user_password(person.id)?,
            };
            if !is_open || hash.is_none() {
                return refuse(tx, by, kind, &person, refusal, &env);
            }
            let limit = Limit::CredentialChecks;
            let allowance = tx.allowance(limit)?;
            if let Charge::RetryAt(at) = tx.charge(limit, person.id.as_str(), allowance, env.now)? {
                let event = by.failure(EventType::RateLimitViolation, limit.name());
                tx.record(&event.target(target(&person)), &env)?;
                return Ok(Err(ApiError::too_many(limit.message(), at)));
            }
            Ok(Ok(Self { person, hash, asked, kind }))
        });
        begun.await?
    }

    async fn give(self, app: &App, secret: Secret<String>) -> Result<Proven, ApiError> {
        let hash = self.hash.as_ref().map(|sealed| crate::sign_in::open_hash(app, sealed)).transpose()?;
        let checked = app.passwords.check(secret, hash).await?;
        Ok(Proven { proof: self, is_right: checked.is_right })
    }
}

impl Proven {
    /// Counts it. A wrong one counts as at sign-in: a session that was stolen is no place to guess at a password.
    fn settle(&self, tx: &mut Tx<'_>, by: &Caller, env: &Env) -> Result<Result<(), ApiError>, Error> {
        let Proof { person, asked, kind, .. } = &self.proof;
        let is_staged = person.status == Status::Staged;
        if !is_staged && !tx.admit_user(person.id, person.version, env.now)? {
            let now = tx.user(person.id)?;
            if now.is_some_and(|now| now.lock(env.now).is_some()) {
                return refuse(tx, by, *kind, person, Refusal::Locked, env);
            }
            return Ok(Err(changed_meanwhile()));
        }
        if self.is_right {
            tx.clear_limit(Limit::CredentialChecks, person.id.as_str())?;
            return Ok(Ok(()));
        }
        if !is_staged && let Failure::Locks(until) = tx.user_failed(person.id, env.now)? {
            verify::note_lock(tx, person, until, &by.client.0, env)?;
        }
        let refusal = match asked {
            Asked::Answer => Refusal::WrongAnswer,
            Asked::Password => Refusal::WrongPassword,
        };
        refuse(tx, by, *kind, person, refusal, env)
    }
}

async fn chosen(
    app: &App,
    by: &Caller,
    (new, owner): (&Secret<String>, &User),
    setter: Setter,
) -> Result<NewPassword, ApiError> {
    let judged = account::judge(app, by.org, (new, owner), setter).await?;
    judged.map_err(|broken| broken.iter().fold(too_weak_error(), |refused, rule| refused.cause(rule)))
}

/// Whether the policy lets people change their own password; whoever administers asks nobody.
async fn may_change(app: &App, by: &Caller, person: &User, kind: EventType) -> Result<(), ApiError> {
    if by.user() != person.id {
        return Ok(());
    }
    let env = app.env();
    let asked = app.store.write(by.org, |tx| {
        if tx.password_actions(person.id, &by.client.0.ip)?.password_change.access == Access::Allow {
            return Ok(Ok(()));
        }
        tx.record(&by.failure(kind, "policy").target(target(person)), &env)?;
        let summary = "Change password not allowed on specified user.";
        Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000035", summary)))
    });
    asked.await?
}

fn too_weak_error() -> ApiError {
    let summary = "The password does not meet the complexity requirements of the current password policy.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000080", summary)
}

fn too_weak(why: &str) -> ApiError {
    too_weak_error().cause(why)
}
