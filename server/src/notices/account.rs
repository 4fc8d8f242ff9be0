//! What people are told of their account: links to choose a password by, and every change that decides over it. Queued in
//! the transaction that it tells of; where mail fails, what was done stands and the message waits.

use std::time::Duration;

use postern_authn::policy::password::FOREVER;
use postern_authn::user::User;
use postern_codes::{Env, Timestamp};
use postern_store::attempts::MOST_IN_A_ROW;
use postern_store::{Error, Tx};

use super::mail::Mail;
use crate::config::Config;
use crate::console::words::{Text, say};

/// Mails the link by which somebody new chooses their first password.
///
/// # Errors
/// Of the database.
pub fn welcome(tx: &mut Tx<'_>, user: &User, (url, life): (&str, Duration), env: &Env) -> Result<(), Error> {
    let org = org_name(tx)?;
    let subject = say("mail-welcome-subject").with("org", org.clone());
    let text = say("mail-welcome")
        .with("org", org)
        .with("login", user.login.as_str().to_owned())
        .with("until", Text::exact(env.now.plus(life)))
        .with("link", url.to_owned());
    Mail { subject, text }.to_first_address(tx, user, env)
}

/// Mails the link by which somebody chooses another password.
///
/// # Errors
/// Of the database.
pub fn reset(tx: &mut Tx<'_>, user: &User, (url, life): (&str, Duration), env: &Env) -> Result<(), Error> {
    let org = org_name(tx)?;
    let subject = say("mail-reset-subject").with("org", org.clone());
    let text = say("mail-reset")
        .with("org", org)
        .with("login", user.login.as_str().to_owned())
        .with("until", Text::exact(env.now.plus(life)))
        .with("link", url.to_owned());
    Mail { subject, text }.to_first_address(tx, user, env)
}

/// Mails the link by which somebody ends the lock of their account.
///
/// # Errors
/// Of the database.
pub fn unlock(tx: &mut Tx<'_>, user: &User, (url, life): (&str, Duration), env: &Env) -> Result<(), Error> {
    let org = org_name(tx)?;
    let subject = say("mail-unlock-subject").with("org", org.clone());
    let text = say("mail-unlock")
        .with("org", org)
        .with("login", user.login.as_str().to_owned())
        .with("until", Text::exact(env.now.plus(life)))
        .with("link", url.to_owned());
    Mail { subject, text }.to_first_address(tx, user, env)
}

/// Tells a person that the lock of their account ended by their own hand.
///
/// # Errors
/// Of the database.
pub fn unlocked(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    decided(tx, config, user, (say("mail-unlocked-subject"), say("mail-unlocked")), env)
}

/// Tells a person that they changed their password.
///
/// # Errors
/// Of the database.
pub fn password_changed(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    decided(tx, config, user, (say("mail-password-changed-subject"), say("mail-password-changed")), env)
}

/// Tells a person that an administrator gave them another password.
///
/// # Errors
/// Of the database.
pub fn password_set_for(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    decided(tx, config, user, (say("mail-password-set-for-subject"), say("mail-password-set-for")), env)
}

/// Tells a person that their factors are gone.
///
/// # Errors
/// Of the database.
pub fn factors_reset(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    decided(tx, config, user, (say("mail-factors-reset-subject"), say("mail-factors-reset")), env)
}

/// Tells a person, on the addresses that stand now, what changes of their account.
///
/// # Errors
/// Of the database.
pub fn account_changed(tx: &mut Tx<'_>, user: &User, changed: Vec<Text>, env: &Env) -> Result<(), Error> {
    let text = say("mail-account-changed").with("org", org_name(tx)?).with("changed", Text::list(changed));
    Mail { subject: say("mail-account-changed-subject"), text }.to_every_address(tx, user, env)
}

/// Tells an administrator that an account ended by their hand.
///
/// # Errors
/// Of the database.
pub fn deactivated(tx: &mut Tx<'_>, admin: &User, person: &User, env: &Env) -> Result<(), Error> {
    let subject = say("mail-deactivated-subject").with("person", person.name());
    let text = say("mail-deactivated").with("person", person.name()).with("login", person.login.as_str().to_owned());
    Mail { subject, text }.to_first_address(tx, admin, env)
}

/// Tells a person that their password was guessed at too often and works no more.
///
/// # Errors
/// Of the database.
pub fn password_ended(tx: &mut Tx<'_>, user: &User, env: &Env) -> Result<(), Error> {
    let subject = say("mail-password-ended-subject").with("org", org_name(tx)?);
    Mail { subject, text: say("mail-password-ended").with("count", MOST_IN_A_ROW) }.to_first_address(tx, user, env)
}

/// Tells a person that their account is locked, for every browser.
///
/// # Errors
/// Of the database.
pub fn locked(tx: &mut Tx<'_>, user: &User, until: Timestamp, env: &Env) -> Result<(), Error> {
    let subject = say("mail-locked-subject").with("org", org_name(tx)?).with("until", lasts(until));
    Mail { subject, text: say("mail-locked").with("until", lasts(until)) }.to_first_address(tx, user, env)
}

/// Tells a person that browsers which never signed them in are locked out.
///
/// # Errors
/// Of the database.
pub fn strangers_locked(tx: &mut Tx<'_>, user: &User, until: Timestamp, env: &Env) -> Result<(), Error> {
    let subject = say("mail-strangers-subject").with("org", org_name(tx)?);
    Mail { subject, text: say("mail-strangers").with("until", lasts(until)) }.to_first_address(tx, user, env)
}

/// Tells an administrator what an operator did at the server, so that they get in again.
///
/// # Errors
/// Of the database.
pub fn recovered(tx: &mut Tx<'_>, user: &User, what: Text, env: &Env) -> Result<(), Error> {
    let text = say("mail-recovered").with("what", what);
    Mail { subject: say("mail-factors-subject"), text }.to_first_address(tx, user, env)
}

fn decided(
    tx: &mut Tx<'_>,
    config: &Config,
    user: &User,
    (subject, what): (Text, Text),
    env: &Env,
) -> Result<(), Error> {
    let text = say("mail-decided").with("what", what).with("address", config.public_url.first().to_owned());
    Mail { subject, text }.to_every_address(tx, user, env)
}

/// How long a lock lasts, in words.
fn lasts(until: Timestamp) -> Text {
    if until >= FOREVER { say("mail-until-unlocked") } else { say("mail-until").with("until", until) }
}

fn org_name(tx: &mut Tx<'_>) -> Result<String, Error> {
    Ok(tx.org_record()?.map(|org| org.name).unwrap_or_default())
}
