//! The way back in for those whom nobody else can help: an operator gives a person a new authenticator app, and an
//! administrator a new password with it. The right is to be at the machine; the person is told by mail.

use postern_authn::audit::EventType;
use postern_authn::factor::{Kind, NewFactor, totp};
use postern_authn::user::{Login, User};
use postern_codes::id::{Id, Org};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Env, Secret};
use postern_store::{Error, Tx};

use super::{Answer, people};
use crate::App;
use crate::console::words::say;
use crate::notices::account as notices;

/// What pairs a new app.
pub struct NewApp {
    /// Its secret in base 32.
    pub secret: Secret<String>,
    /// The same as a QR code's text.
    pub uri: Secret<String>,
}

/// Gives a person a new authenticator app, in place of any they had.
///
/// # Errors
/// Of the database.
pub async fn app(app: &App, org: Id<Org>, login: &str) -> anyhow::Result<Answer> {
    let Some(new) = new_app(app, org, login).await? else { return Ok(Answer::nobody(login)) };
    Ok(Answer::Done(shown(&new)))
}

/// The same for callers in this process; nothing where nobody active has the login.
///
/// # Errors
/// Of the database.
pub async fn new_app(app: &App, org: Id<Org>, login: &str) -> anyhow::Result<Option<NewApp>> {
    let Ok(known) = login.parse::<Login>() else { return Ok(None) };
    let env = app.env();
    let secret = totp::new_secret(&env);
    let made = app.store.write(org, |tx| {
        let Some(user) = tx.user_by_login(&known)?.filter(|user| user.status.is_in_force()) else {
            return Ok(None);
        };
        replace_app(tx, &user, &secret, &env)?;
        notices::recovered(tx, &user, say("mail-recovered-app"), &env)?;
        Ok(Some(pairing(&user, &secret)))
    });
    Ok(made.await?)
}

/// Lets an administrator in again: a new password and a new app in place of every factor, every session ended, any lock
/// lifted.
///
/// # Errors
/// Of the database or the hash function.
pub async fn administrator(app: &App, org: Id<Org>, login: &str) -> anyhow::Result<Answer> {
    let Ok(known) = login.parse::<Login>() else { return Ok(Answer::nobody(login)) };
    let env = app.env();
    let (secret, password) = (totp::new_secret(&env), people::new_password(&env));
    let hash =
        app.passwords.hash(password.clone(), &env).await.map_err(|error| anyhow::anyhow!(error.summary.clone()))?;
    let made = app.store.write(org, |tx| {
        let Some(user) = tx.user_by_login(&known)?.filter(|user| user.status.is_in_force()) else {
            return Ok(Err(Answer::nobody(login)));
        };
        if tx.role_assignments(user.id)?.is_empty() {
            let why = format!("{login} is no administrator: an administrator helps them in the console");
            return Ok(Err(Answer::Refused(why)));
        }
        if tx.give_password(&user, (hash.expose(), false), &env)?.is_none() {
            return Ok(Err(Answer::nobody(login)));
        }
        tx.record(&people::success(EventType::UserPasswordUpdate, &user), &env)?;
        // Whoever took the account over may have added a factor of their own.
        tx.reset_factors(user.id, env.now)?;
        replace_app(tx, &user, &secret, &env)?;
        if tx.unlock_user(user.id, env.now)? {
            tx.record(&people::success(EventType::UserUnlock, &user), &env)?;
        }
        notices::recovered(tx, &user, say("mail-recovered-everything"), &env)?;
        Ok(Ok(pairing(&user, &secret)))
    });
    Ok(match made.await? {
        Ok(new) => {
            let mut lines = vec![format!("new password, shown once:   {}", password.expose())];
            lines.extend(shown(&new));
            Answer::Done(lines)
        }
        Err(refused) => refused,
    })
}

/// The operator who reads the secret is trusted with it, so no first code is asked for; the present one counts as used.
fn replace_app(tx: &mut Tx<'_>, user: &User, secret: &Secret<Vec<u8>>, env: &Env) -> Result<(), Error> {
    for factor in tx.factors_of(user.id)?.iter().filter(|factor| factor.kind == Kind::Totp) {
        tx.retire_factor(factor.id, env.now)?;
    }
    let present = AUTHENTICATOR_APP.code(secret, env.now);
    let factor: NewFactor = totp::enrol(user, secret, &present, env.now)
        .ok_or_else(|| Error::fault("an app's own code is not accepted"))?;
    tx.insert_factor(&factor, env)?;
    tx.record(&people::success(EventType::FactorActivate, user), env)
}

fn pairing(user: &User, secret: &Secret<Vec<u8>>) -> NewApp {
    let uri = otp::otpauth_uri(secret, "Postern", user.login.as_str());
    NewApp { secret: otp::base32(secret), uri }
}

fn shown(new: &NewApp) -> Vec<String> {
    vec![
        format!("app's secret, shown once:   {}", new.secret.expose()),
        format!("the same as a QR code text: {}", new.uri.expose()),
    ]
}
