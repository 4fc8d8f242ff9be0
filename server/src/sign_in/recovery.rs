//! A sign-in of somebody without a password: a one-time link begins it, a question may be asked, a password is chosen; then it
//! goes on as after the password. Whoever comes for the end of a lock gets that, and no session.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::factor::question;
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::password::State;
use postern_authn::sign_in::{Asking, Place, Recovering, Wishes};
use postern_authn::user::User;
use postern_codes::id::{Id, Org};
use postern_codes::{Env, Secret, mac};
use postern_store::users::Failure;
use postern_store::{Error, Tx};

use super::choice::wrong_state;
use super::new_password::too_weak;
use super::{Recovered, Refusal, Stage, Step, actor, charge, go_on, name_key, open_hash, ruling, verify};
use crate::App;
use crate::account::lost::{begun, link};
use crate::account::{self, Setter};
use crate::api::ApiError;
use crate::api::users::target;
use crate::notices::account as notices;

/// Begins by a one-time link for any of these, which is used up; gives the sign-in's token, and where it stands.
///
/// # Errors
/// 403 where the link is used or too old, or the account does not wait for it, which tells nobody anything who has not had
/// it; 401 where it is unknown; 429 where the address tried too many; of the database.
pub async fn begin(
    app: &App,
    client: &Client,
    (any, shown): (&[Recovering], &Secret<String>),
    wishes: Wishes,
) -> Result<(Secret<String>, Step), ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let token = env.token();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let begun = app.store.write(org, |tx| {
        let limit = Limit::SignInsOfAddress;
        if let Charge::RetryAt(at) = charge(tx, limit, &client.ip, client, &env)? {
            return Ok(Err(ApiError::too_many(limit.message(), at)));
        }
        let kind = EventType::UserTokenUse;
        let (mut found, mut was_one) = (None, false);
        for recovering in any {
            was_one |= tx.knows_link(link(*recovering), shown)?;
            let subject = tx.use_link(link(*recovering), shown, env.now)?;
            if let Some(user) = account::waiting(tx, link(*recovering), subject.as_deref())? {
                found = Some((*recovering, user));
                break;
            }
        }
        let Some((recovering, user)) = found else {
            let event = Event::failure(kind, Actor::anonymous(), client.clone(), "unknown_link");
            let purpose = any.first().map_or("", |recovering| link(*recovering).as_str());
            tx.record(&event.detail("purpose", purpose), &env)?;
            return Ok(Err(if was_one { link_over() } else { ApiError::invalid_token() }));
        };
        let event = Event::success(kind, actor(&user), client.clone()).target(target(&user));
        tx.record(&event.detail("purpose", link(recovering).as_str()), &env)?;
        let asks = asks_question(tx, &user, recovering)?;
        if recovering == Recovering::Unlock && !asks {
            unlock(tx, app, &user, client, &env)?;
            return Ok(Ok(Step::Recovered(Box::new(Recovered::new(user, recovering, &wishes)))));
        }
        let asking = Asking::by_link(user.id, recovering, asks, env.now).wishing(wishes.clone());
        tx.insert_sign_in(&asking, (hash, &name_key(user.login.as_str())), env.now)?;
        Ok(Ok(Step::Stands))
    });
    Ok((token, begun.await??))
}

fn link_over() -> ApiError {
    let summary = "You have accessed an account recovery link that has expired or been previously used.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000105", summary)
}

/// Whether somebody's policy has their recovery question asked, beside what they proved.
///
/// # Errors
/// Of the database.
pub(crate) fn asks_question(tx: &mut Tx<'_>, user: &User, recovering: Recovering) -> Result<bool, Error> {
    let may_ask = tx.password_policy(user.id)?.recovery.factors.recovery_question.status == State::Active;
    Ok(recovering != Recovering::Activation && may_ask && user.recovery_question.is_some())
}

/// Ends the lock of somebody who proved that they may, for every browser. Nothing else of the account changes: not its
/// status, its password, or how often that was guessed at.
///
/// # Errors
/// Of the database.
pub(crate) fn unlock(tx: &mut Tx<'_>, app: &App, user: &User, client: &Client, env: &Env) -> Result<(), Error> {
    // It may have ended meanwhile by itself.
    if !tx.unlock_user(user.id, env.now)? {
        return Ok(());
    }
    let event = Event::success(EventType::UserUnlockOwn, actor(user), client.clone());
    tx.record(&event.target(target(user)), env)?;
    notices::unlocked(tx, &app.config, user, env)
}

/// What came of an answer to somebody's recovery question.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// The account is locked, and no answer counts.
    Locked,
    /// It is the answer.
    Right,
    /// It is another.
    Wrong,
}

/// Judges an answer to somebody's recovery question. The try is counted before it is hashed. Of whoever comes for a
/// password a wrong one counts as a wrong password does; whoever is locked out cannot be locked out, so of them the tries of
/// credentials are all that is spent.
///
/// # Errors
/// 429 after too many; of the database or the hash function.
pub(crate) async fn answer(
    app: &App,
    org: Id<Org>,
    (recovering, user, answer): (Recovering, &User, &Secret<String>),
    client: &Client,
    env: &Env,
) -> Result<Answered, ApiError> {
    let is_right = is_answer(app, org, (user, answer), client, env).await?;
    if recovering == Recovering::Unlock && is_right {
        return Ok(Answered::Right);
    }
    let answered = app.store.write(org, |tx| {
        if recovering != Recovering::Unlock {
            if !tx.admit_user(user.id, user.version, env.now)? {
                return Ok(Answered::Locked);
            }
            if is_right {
                tx.clear_limit(Limit::CredentialChecks, user.id.as_str())?;
                return Ok(Answered::Right);
            }
            if let Failure::Locks(until) = tx.user_failed(user.id, env.now)? {
                verify::note_lock(tx, user, until, client, env)?;
            }
        }
        let event = Event::failure(begun(recovering), actor(user), client.clone(), "invalid_answer");
        tx.record(&event.target(target(user)), env)?;
        Ok(Answered::Wrong)
    });
    Ok(answered.await?)
}

async fn is_answer(
    app: &App,
    org: Id<Org>,
    (user, answer): (&User, &Secret<String>),
    client: &Client,
    env: &Env,
) -> Result<bool, ApiError> {
    let limit = Limit::CredentialChecks;
    let charged = app.store.write(org, |tx| {
        let charged = charge(tx, limit, user.id.as_str(), client, env)?;
        let hash = tx.recovery_answer(user.id)?;
        Ok(match charged {
            Charge::Allowed => Ok(hash),
            Charge::RetryAt(at) => Err(ApiError::too_many(limit.message(), at)),
        })
    });
    let hash = charged.await??.map(|sealed| open_hash(app, &sealed)).transpose()?;
    Ok(app.passwords.check(question::folded(answer), hash).await?.is_right)
}

/// While an account is locked, no answer is looked at.
pub(crate) fn locked() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000069", "User Locked")
}

/// A wrong answer to the recovery question.
fn wrong_answer() -> ApiError {
    let summary = "The recovery question answer did not match our records.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000087", summary)
}

impl Stage<'_> {
    /// Whose password is chosen.
    pub(super) async fn holder(&self, recovering: Recovering) -> Result<User, ApiError> {
        let Some(id) = self.asking.user() else { return Err(wrong_state()) };
        let user = self.app.store.read(self.org, |tx| tx.user(id)).await?;
        let is_open = |user: &User| {
            link(recovering).is_open_to(user.status) && !self.asking.is_outdated(user.password_changed_at)
        };
        let user = user.filter(is_open);
        user.ok_or_else(ApiError::invalid_token)
    }

    /// Answers the recovery question.
    ///
    /// # Errors
    /// 403 where none is asked, and for a wrong answer, which counts as a wrong password does; 429 after too many.
    pub async fn answer_question(mut self, answer: Secret<String>) -> Result<Step, ApiError> {
        let Place::Question(recovering) = self.asking.place() else { return Err(wrong_state()) };
        let user = self.holder(recovering).await?;
        let shown = (recovering, &user, &answer);
        match self::answer(self.app, self.org, shown, &self.client, &self.env).await? {
            Answered::Locked => return Err(locked()),
            Answered::Wrong => return Err(wrong_answer()),
            Answered::Right if recovering == Recovering::Unlock => return self.unlock(&user).await,
            Answered::Right => {}
        }
        self.move_to(Place::PasswordReset(recovering)).await?;
        Ok(Step::Stands)
    }

    /// Ends the lock that was come for, and this with it.
    async fn unlock(self, user: &User) -> Result<Step, ApiError> {
        let Self { app, org, client, row, asking, env } = self;
        let done = app.store.write(org, |tx| {
            if !tx.end_sign_in(&row)? {
                return Ok(false);
            }
            tx.clear_limit(Limit::CredentialChecks, user.id.as_str())?;
            unlock(tx, app, user, &client, &env)?;
            Ok(true)
        });
        if !done.await? {
            return Err(wrong_state());
        }
        Ok(Step::Recovered(Box::new(Recovered::new(user.clone(), Recovering::Unlock, asking.wishes()))))
    }

    /// Chooses the password. Every session before it ends.
    ///
    /// # Errors
    /// 403 where none is chosen now, or it is too weak.
    pub async fn reset_password(self, new: Secret<String>) -> Result<Step, ApiError> {
        let Place::PasswordReset(recovering) = self.asking.place() else { return Err(wrong_state()) };
        let user = self.holder(recovering).await?;
        let Self { app, org, client, row, asking, env } = self;
        // Each try has us hash, and says whether it is the present password.
        let limit = Limit::CredentialChecks;
        let charged = app.store.write(org, |tx| charge(tx, limit, user.id.as_str(), &client, &env)).await?;
        if let Charge::RetryAt(at) = charged {
            return Err(ApiError::too_many(limit.message(), at));
        }
        let judged = account::judge(app, org, (&new, &user), Setter::Recovery).await?;
        let chosen = judged.map_err(|broken| too_weak(&broken))?;
        let present = app.store.read(org, |tx| tx.user_password(user.id)).await?;
        if let Some(sealed) = present
            && app.passwords.check(new, Some(open_hash(app, &sealed)?)).await?.is_right
        {
            return Err(too_weak(&["the new password must be another than the present one".to_owned()]));
        }
        let hash = app.passwords.hash(chosen.into_secret(), &env).await?;
        let kind = EventType::UserPasswordUpdate;
        let step = app.store.write(org, |tx| {
            // Where it went on elsewhere meanwhile, this is refused: so nothing is changed.
            if !tx.hold_sign_in(&row)?
                || tx.give_password(&user, (hash.expose(), asking.is_by_phone()), &env)?.is_none()
            {
                return Ok(Step::Refused(Refusal::StartAgain));
            }
            tx.clear_limit(limit, user.id.as_str())?;
            tx.end_sessions_of(user.id, env.now)?;
            tx.void_links(user.id.as_str(), env.now)?;
            let event = Event::success(kind, actor(&user), client.clone()).target(target(&user));
            tx.record(&event.detail("purpose", link(recovering).as_str()), &env)?;
            notices::password_changed(tx, &app.config, &user, &env)?;
            let Some(now) = tx.user(user.id)? else { return Ok(Step::Refused(Refusal::StartAgain)) };
            let ruling = ruling::of(tx, &now, &client, &env)?;
            let next = asking.clone().chose_password(&ruling.demands, env.now);
            go_on(tx, &row, next, (&now, &client, &ruling), &env)
        });
        match step.await? {
            Step::Refused(Refusal::StartAgain) => Err(wrong_state()),
            step => Ok(step),
        }
    }
}
