//! A sign-in of somebody without a password: a one-time link begins it, a question may be asked, a password is chosen; then it
//! goes on as after the password.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::factor::question;
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::password::State;
use postern_authn::sign_in::{Asking, Place, Recovering, Wishes};
use postern_authn::user::User;
use postern_codes::{Secret, mac};
use postern_store::links::LinkPurpose;
use postern_store::users::Failure;

use super::choice::wrong_state;
use super::new_password::too_weak;
use super::{Refusal, Stage, Step, actor, charge, go_on, name_key, open_hash, ruling, verify};
use crate::App;
use crate::account::{self, Setter};
use crate::api::ApiError;
use crate::api::users::target;
use crate::notices::account as notices;

/// The link that lets somebody come for this.
const fn link(recovering: Recovering) -> LinkPurpose {
    match recovering {
        Recovering::Activation => LinkPurpose::Activate,
        Recovering::Password => LinkPurpose::Reset,
    }
}

/// Begins by a one-time link, which is used up; gives the sign-in's token. Nothing, where the link is unknown, used or too
/// old, or the account does not wait for it.
///
/// # Errors
/// 429 where the address tried too many; of the database.
pub async fn begin(
    app: &App,
    client: &Client,
    (recovering, shown): (Recovering, &Secret<String>),
    wishes: Wishes,
) -> Result<Option<Secret<String>>, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let token = env.token();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let purpose = link(recovering);
    let begun = app.store.write(org, |tx| {
        let limit = Limit::SignInsOfAddress;
        if let Charge::RetryAt(at) = charge(tx, limit, &client.ip, client, &env)? {
            return Ok(Err(ApiError::too_many(limit.message(), at)));
        }
        let subject = tx.use_link(purpose, shown, env.now)?;
        let kind = EventType::UserTokenUse;
        let Some(user) = account::waiting(tx, purpose, subject.as_deref())? else {
            let event = Event::failure(kind, Actor::anonymous(), client.clone(), "unknown_link");
            tx.record(&event.detail("purpose", purpose.as_str()), &env)?;
            return Ok(Ok(false));
        };
        let may_ask = tx.password_policy(user.id)?.recovery.factors.recovery_question.status == State::Active;
        let asks = recovering == Recovering::Password && may_ask && user.recovery_question.is_some();
        let asking = Asking::by_link(user.id, recovering, asks, env.now).wishing(wishes.clone());
        tx.insert_sign_in(&asking, (hash, &name_key(user.login.as_str())), env.now)?;
        let event = Event::success(kind, actor(&user), client.clone()).target(target(&user));
        tx.record(&event.detail("purpose", purpose.as_str()), &env)?;
        Ok(Ok(true))
    });
    Ok(begun.await??.then_some(token))
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
    pub async fn answer_question(mut self, answer: Secret<String>) -> Result<(), ApiError> {
        let Place::Question(recovering) = self.asking.place() else { return Err(wrong_state()) };
        let user = self.holder(recovering).await?;
        let (app, org, client, env) = (self.app, self.org, self.client.clone(), self.env.clone());
        let limit = Limit::CredentialChecks;
        let charged = app.store.write(org, |tx| {
            let charged = charge(tx, limit, user.id.as_str(), &client, &env)?;
            let hash = tx.recovery_answer(user.id)?;
            Ok(match charged {
                Charge::Allowed => Ok(hash),
                Charge::RetryAt(at) => Err(ApiError::too_many(limit.message(), at)),
            })
        });
        let hash = charged.await??.map(|sealed| open_hash(app, &sealed)).transpose()?;
        let is_right = app.passwords.check(question::folded(&answer), hash).await?.is_right;
        let settled = app.store.write(org, |tx| {
            // While an account is locked, no answer is looked at.
            if !tx.admit_user(user.id, user.version, env.now)? {
                return Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000069", "User Locked")));
            }
            if is_right {
                tx.clear_limit(limit, user.id.as_str())?;
                return Ok(Ok(()));
            }
            if let Failure::Locks(until) = tx.user_failed(user.id, env.now)? {
                verify::note_lock(tx, &user, until, &client, &env)?;
            }
            let kind = EventType::UserPasswordReset;
            let event = Event::failure(kind, actor(&user), client.clone(), "invalid_answer");
            tx.record(&event.target(target(&user)), &env)?;
            let summary = "The recovery question answer did not match our records.";
            Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000087", summary)))
        });
        settled.await??;
        self.move_to(Place::PasswordReset(recovering)).await
    }

    /// Chooses the password. Every session before it ends.
    ///
    /// # Errors
    /// 403 where none is chosen now, or it is too weak.
    pub async fn reset_password(self, new: Secret<String>) -> Result<Step, ApiError> {
        let Place::PasswordReset(recovering) = self.asking.place() else { return Err(wrong_state()) };
        let user = self.holder(recovering).await?;
        let Self { app, org, client, row, asking, env } = self;
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
            if tx.give_password(&user, hash.expose(), &env)?.is_none() {
                return Ok(Step::Refused(Refusal::StartAgain));
            }
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
