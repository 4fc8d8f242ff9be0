//! What people are told of their account: links to choose a password by, and every change that decides over it. Queued in
//! the transaction that it tells of; where mail fails, what was done stands and the message waits.

use std::time::Duration;

use postern_authn::user::User;
use postern_codes::Env;
use postern_store::deliveries::Message;
use postern_store::{Error, Tx};

use super::{greeting, to_person};
use crate::config::Config;
use crate::console::part::Moment;

/// Mails the link by which somebody new chooses their first password.
///
/// # Errors
/// Of the database.
pub fn welcome(tx: &mut Tx<'_>, user: &User, (url, life): (&str, Duration), env: &Env) -> Result<(), Error> {
    let org = org_name(tx)?;
    let text = format!(
        "{hello}\n\nan account at {org} was made for you. Your name to sign in is {login}.\n\nOpen this link and choose a \
         password; it works once, until {until}:\n{url}\n\nIf you did not expect this, do nothing.\n",
        hello = greeting(user),
        login = user.login,
        until = until(life, env),
    );
    mail(tx, user, format!("Your account at {org}"), text, env)
}

/// Mails the link by which somebody chooses another password.
///
/// # Errors
/// Of the database.
pub fn reset(tx: &mut Tx<'_>, user: &User, (url, life): (&str, Duration), env: &Env) -> Result<(), Error> {
    let org = org_name(tx)?;
    let text = format!(
        "{hello}\n\nopen this link to choose a new password for {login} at {org}; it works once, until {until}:\n{url}\n\n\
         If you did not ask for this, do nothing, and tell your help desk if it happens again. Nobody gets in by this \
         message alone.\n",
        hello = greeting(user),
        login = user.login,
        until = until(life, env),
    );
    mail(tx, user, format!("Choose a new password at {org}"), text, env)
}

/// Tells a person that they changed their password.
///
/// # Errors
/// Of the database.
pub fn password_changed(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let what = "the password of your account was changed.";
    decided(tx, config, user, ("Your password was changed", what), env)
}

/// Tells a person that an administrator gave them another password.
///
/// # Errors
/// Of the database.
pub fn password_set_for(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let what = "an administrator set another password for your account.";
    decided(tx, config, user, ("An administrator set your password", what), env)
}

/// Tells a person that their factors are gone.
///
/// # Errors
/// Of the database.
pub fn factors_reset(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let what = "an administrator took every second factor from your account. You will be asked to set up a new one.";
    decided(tx, config, user, ("Your second factors were reset", what), env)
}

/// Tells a person, on the addresses that stand now, what changes of their account.
///
/// # Errors
/// Of the database.
pub fn account_changed(tx: &mut Tx<'_>, user: &User, changed: &[&str], env: &Env) -> Result<(), Error> {
    let text = format!(
        "{}\n\nthis was changed of your account at {}: {}.\n\nIf you know nothing of it, tell your help desk now.\n",
        greeting(user),
        org_name(tx)?,
        changed.join(", "),
    );
    to_person(tx, user, "Your account was changed", &text, env)
}

/// Tells an administrator that an account ended by their hand.
///
/// # Errors
/// Of the database.
pub fn deactivated(tx: &mut Tx<'_>, admin: &User, person: &User, env: &Env) -> Result<(), Error> {
    let text = format!(
        "{}\n\nyou ended the account of {} ({}): it is signed out, and its API tokens are revoked.\n",
        greeting(admin),
        person.name(),
        person.login,
    );
    mail(tx, admin, format!("The account of {} has ended", person.name()), text, env)
}

fn decided(
    tx: &mut Tx<'_>,
    config: &Config,
    user: &User,
    (subject, what): (&str, &str),
    env: &Env,
) -> Result<(), Error> {
    let text = format!(
        "{}\n\n{what}\n\nIf you know nothing of it, tell your help desk now. Your account: {}\n",
        greeting(user),
        config.public_url.first(),
    );
    to_person(tx, user, subject, &text, env)
}

fn mail(tx: &mut Tx<'_>, to: &User, subject: String, text: String, env: &Env) -> Result<(), Error> {
    tx.enqueue(&to.profile.email, &Message { subject, text }, env).map(drop)
}

fn org_name(tx: &mut Tx<'_>) -> Result<String, Error> {
    Ok(tx.org_record()?.map(|org| org.name).unwrap_or_default())
}

fn until(life: Duration, env: &Env) -> String {
    Moment::new(env.now.plus(life), env.now).exact().to_string()
}
