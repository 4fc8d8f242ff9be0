//! A password that is changed within a sign-in, since it is over or soon will be.

use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType};
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::sign_on::Access;
use postern_authn::sign_in::Place;
use postern_codes::{Secret, mac};
use postern_store::attempts::Wrong;
use postern_store::users::Failure;

use super::choice::wrong_state;
use super::{Stage, Step, actor, charge, go_on, open_hash, ruling, verify};
use crate::account::{self, Setter};
use crate::api::ApiError;
use crate::api::users::target;
use crate::notices::account as notices;

/// A password that is chosen in place of another.
pub struct Change {
    /// The present one.
    pub old: Secret<String>,
    /// The new one.
    pub new: Secret<String>,
    /// Whether every session ends.
    pub revokes_sessions: bool,
}

impl Stage<'_> {
    /// Changes the password for whoever still knows it.
    ///
    /// # Errors
    /// 403 where none is changed now, the present one is wrong, or the new one too weak; 429 after too many tries.
    pub async fn change_password(self, change: Change) -> Result<Step, ApiError> {
        let user = self.person().await?;
        let setter = match self.asking.place() {
            Place::PasswordExpired => Setter::Recovery,
            Place::PasswordWarn => Setter::Owner,
            _ => return Err(wrong_state()),
        };
        let Self { app, org, client, row, asking, env } = self;
        let kind = EventType::UserPasswordUpdate;
        let failed = |code: &str| Event::failure(kind, actor(&user), client.clone(), code).target(target(&user));
        let begun = app.store.write(org, |tx| {
            let may = setter == Setter::Recovery
                || tx.password_actions(user.id, &client.ip)?.password_change.access == Access::Allow;
            if !may {
                tx.record(&failed("policy"), &env)?;
                let summary = "Change password not allowed on specified user.";
                return Ok(Err(ApiError::new(StatusCode::FORBIDDEN, "E0000035", summary)));
            }
            let counted = charge(tx, Limit::CredentialChecks, user.id.as_str(), &client, &env)?;
            let present = tx.user_password(user.id)?;
            Ok(match counted {
                Charge::Allowed => Ok(present),
                Charge::RetryAt(at) => Err(ApiError::too_many(Limit::CredentialChecks.message(), at)),
            })
        });
        let present = begun.await??.map(|sealed| open_hash(app, &sealed)).transpose()?;
        let is_same = mac::equal(change.old.expose().as_bytes(), change.new.expose().as_bytes());
        let is_right = app.passwords.check(change.old, present).await?.is_right;
        let judged = account::judge(app, org, (&change.new, &user), setter).await?;
        let new = match judged {
            Ok(new) if !(is_right && is_same) => Ok(app.passwords.hash(new.into_secret(), &env).await?),
            Ok(_) => Err(vec!["the new password must be another than the present one".to_owned()]),
            Err(broken) => Err(broken),
        };
        let changed = app.store.write(org, |tx| {
            // Where it went on elsewhere meanwhile, this is refused: so nothing is changed.
            if !tx.hold_sign_in(&row)? {
                return Ok(Err(wrong_state()));
            }
            let from = tx.browser(user.id, client.browser)?;
            if !tx.admit_attempt((user.id, user.version), from, env.now)? {
                tx.record(&failed("not_admitted"), &env)?;
                let lock = tx.locked_until(user.id, from, env.now)?;
                let locked = |at| ApiError::new(StatusCode::FORBIDDEN, "E0000069", "User Locked").again_at(Some(at));
                return Ok(Err(lock.map_or_else(wrong_state, locked)));
            }
            if !is_right {
                let lockout = tx.password_policy(user.id)?.password.lockout;
                let failure = tx.attempt_failed(user.id, (Wrong::Password, from), &lockout, env.now)?;
                tx.record(&failed("invalid_credentials"), &env)?;
                if let Failure::Locks(until) = failure {
                    verify::note_lock_from(tx, &user, (until, from), &client, &env)?;
                }
                if tx.end_password(user.id, env.now)? {
                    verify::note_password_end(tx, &user, &client, &env)?;
                }
                return Ok(Err(wrong_old()));
            }
            let hash = match &new {
                Ok(hash) => hash,
                Err(broken) => return Ok(Err(too_weak(broken))),
            };
            if tx.is_password_ended(user.id)?
                || tx.give_password(&user, (hash.expose(), user.password_by_phone), &env)?.is_none()
            {
                return Ok(Err(wrong_state()));
            }
            tx.clear_limit(Limit::CredentialChecks, user.id.as_str())?;
            if change.revokes_sessions {
                tx.end_sessions_of(user.id, env.now)?;
            }
            tx.record(&Event::success(kind, actor(&user), client.clone()).target(target(&user)), &env)?;
            notices::password_changed(tx, &app.config, &user, &env)?;
            let Some(now) = tx.user(user.id)? else { return Ok(Err(wrong_state())) };
            let ruling = ruling::of(tx, &now, &client, &env)?;
            let next = asking.clone().chose_password(&ruling.demands, env.now);
            go_on(tx, &row, next, (&now, &client, &ruling), &env).map(Ok)
        });
        changed.await?
    }
}

fn wrong_old() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000014", "Update of credentials failed")
        .cause("oldPassword: The credentials provided were incorrect.")
}

/// A password that breaks these rules.
pub(super) fn too_weak(broken: &[String]) -> ApiError {
    let summary = "The password does not meet the complexity requirements of the current password policy.";
    broken.iter().fold(ApiError::new(StatusCode::FORBIDDEN, "E0000080", summary), |refused, rule| refused.cause(rule))
}
