//! The password as an answer: it is counted before it is hashed, and for a name that nobody has the same is done.

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::factor::PASSWORD;
use postern_authn::policy::password::PasswordSettings;
use postern_authn::sign_in::{Proof, Purpose};
use postern_authn::user::{Lifecycle, Status, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Secret, Timestamp};
use postern_store::attempts::Wrong;
use postern_store::users::Failure;
use postern_store::{Error, Tx};

use super::{Refusal, Stage, Step, actor, charge_name, open_hash, take, verify};
use crate::account;
use crate::api::ApiError;
use crate::passwords::decoys;

impl Stage<'_> {
    pub(super) async fn answer_password(self, password: Secret<String>) -> Result<Step, ApiError> {
        let Self { app, org, client, row, asking, env } = self;
        let client = &client;
        if !asking.takes(&PASSWORD) {
            return Ok(Step::Refused(Refusal::StartAgain));
        }
        // Charged before it is hashed: hashing is what an attacker would have us do.
        if let Some(refusal) = app.store.write(org, |tx| charge_name(tx, &row, &asking, client, &env)).await? {
            return Ok(Step::Refused(refusal));
        }
        let read = app.store.read(org, |tx| {
            let Some(id) = asking.user() else { return Ok((None, None, decoys::of_nobody(tx, &row.name_key)?)) };
            Ok((tx.user(id)?, tx.user_password(id)?, None))
        });
        let (user, hash, decoy) = read.await?;
        let hash = hash.map(|sealed| open_hash(app, &sealed)).transpose()?.or(decoy);
        let checked = app.passwords.check(password.clone(), hash).await?;
        let renewed = if checked.needs_rehash { Some(app.passwords.hash(password, &env).await?) } else { None };
        let step = app.store.write(org, |tx| {
            let settled = settle_password(tx, user.as_ref(), checked.is_right, client, &env)?;
            let (user, policy) = match (settled, &user) {
                (Ok(policy), Some(user)) => (user, policy),
                (Ok(_), None) => return Ok(Step::Refused(Refusal::WrongNameOrPassword)),
                (Err(refusal), _) => return Ok(Step::Refused(refusal)),
            };
            if let Some(hash) = &renewed {
                tx.rehash_password(user.id, user.version, hash.expose(), &env)?;
            }
            let is_too_old = is_too_old(user, &policy, env.now);
            if is_too_old {
                tx.move_user(user, Lifecycle::ExpirePassword, env.now)?;
            }
            let is_led = asking.purpose() == Purpose::Api;
            if !is_led && (is_too_old || user.status == Status::PasswordExpired) {
                // Nobody is let in by it; the next sign-in asks for everything, with the new one.
                tx.end_sign_in(&row)?;
                return account::expired(tx, user, &env).map(Step::Expired);
            }
            take(tx, &row, asking.clone(), Proof::password(env.now), (user, client), &env)
        });
        Ok(step.await?)
    }
}

/// Counts a password's check; the policy that holds for it where it may go on. For nobody the same statements run, on no
/// row.
fn settle_password(
    tx: &mut Tx<'_>,
    user: Option<&User>,
    is_right: bool,
    client: &Client,
    env: &Env,
) -> Result<Result<PasswordSettings, Refusal>, Error> {
    let (id, version) = user.map_or_else(|| (Id::<UserKind>::new(env), 0), |user| (user.id, user.version));
    let takes_password = user.is_some_and(|user| user.status.takes_password());
    let policy = tx.password_policy(id)?;
    let lockout = &policy.password.lockout;
    let from = tx.browser(id, client.browser)?;
    // Whether the password has ended is read under the row's lock, which the first one takes.
    let is_admitted = tx.admit_attempt((id, version), from, env.now)? && !tx.is_password_ended(id)? && takes_password;
    if is_admitted && is_right {
        tx.password_was_right(id)?;
        return Ok(Ok(policy));
    }
    let failure = tx.attempt_failed(id, (Wrong::Password, from), lockout, env.now)?;
    let has_ended = tx.end_password(id, env.now)?;
    let actor = user.map_or_else(Actor::anonymous, actor);
    // What was typed as a name is not kept: people type passwords there.
    let code = if user.is_some() && !is_admitted { "not_admitted" } else { "invalid_credentials" };
    tx.record(&Event::failure(EventType::SessionStart, actor, client.clone(), code), env)?;
    let Some(user) = user else { return Ok(Err(Refusal::WrongNameOrPassword)) };
    if let Failure::Locks(until) = failure {
        verify::note_lock_from(tx, user, (until, from), client, env)?;
    }
    if has_ended {
        verify::note_password_end(tx, user, client, env)?;
    }
    let shown = if lockout.show_lockout_failures { tx.locked_until(id, from, env.now)? } else { None };
    Ok(Err(shown.map_or(Refusal::WrongNameOrPassword, Refusal::Locked)))
}

/// Whether a password that was just proved must be changed before anything else.
fn is_too_old(user: &User, policy: &PasswordSettings, now: Timestamp) -> bool {
    user.password_changed_at.is_some_and(|at| policy.password.age.is_expired(at, now))
}
