//! What people are told: of recovery here, of their account in [`account`]. The person hears it on every mail address that
//! stands, of recovery with a link that says "this was not me"; super administrators hear of what must be looked at now.
//! Queued in the transaction that it tells of.

pub mod account;

use std::time::Duration;

use postern_authn::audit::EventType;
use postern_authn::device::Device;
use postern_authn::recovery::LinkProof;
use postern_authn::user::{ContactKind, User};
use postern_codes::Env;
use postern_codes::id::{Id, Issuance};
use postern_store::deliveries::Message;
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use crate::config::Config;

/// How long "this was not me" can be said.
const NOT_ME_LIFE: Duration = Duration::from_hours(168);

/// Tells a person that a recovery PIN was made for them.
///
/// # Errors
/// Of the database.
pub fn issued(
    tx: &mut Tx<'_>,
    config: &Config,
    device: &Device,
    user: &User,
    issuance: Id<Issuance>,
    env: &Env,
) -> Result<(), Error> {
    let what =
        format!("A recovery PIN was made for you and the computer {}. It lets you in for a while.", named(device));
    with_not_me(tx, config, user, issuance, "A recovery PIN was made for you", &what, env)
}

/// Tells a person that a recovery PIN of theirs was used.
///
/// # Errors
/// Of the database.
pub fn used(
    tx: &mut Tx<'_>,
    config: &Config,
    device: &Device,
    user: &User,
    issuance: Id<Issuance>,
    env: &Env,
) -> Result<(), Error> {
    let what = format!("The computer {} was opened with a recovery PIN in your name.", named(device));
    with_not_me(tx, config, user, issuance, "A recovery PIN was used in your name", &what, env)
}

fn with_not_me(
    tx: &mut Tx<'_>,
    config: &Config,
    user: &User,
    issuance: Id<Issuance>,
    subject: &str,
    what: &str,
    env: &Env,
) -> Result<(), Error> {
    let token = tx.new_link(LinkPurpose::NotMe, issuance.as_str(), NOT_ME_LIFE, env)?;
    let link = format!("{}/not-me/{}", config.public_url.first(), token.expose());
    let text = format!(
        "{}\n\n{what}\n\nIf you asked for this, there is nothing to do.\n\nIf this was not you, open this link; the PIN is \
         taken back and your administrators are told:\n{link}\n",
        greeting(user)
    );
    to_person(tx, user, subject, &text, env)
}

/// Tells a person that they were linked with a computer.
///
/// # Errors
/// Of the database.
pub fn linked(
    tx: &mut Tx<'_>,
    config: &Config,
    device: &Device,
    user: &User,
    proof: LinkProof,
    env: &Env,
) -> Result<(), Error> {
    let how = match proof {
        LinkProof::Claimed => "The computer says that you use it; no second factor was shown.",
        LinkProof::Factor => "Your second factor was shown there.",
    };
    let text = format!(
        "{}\n\nThe computer {} is now linked with your account at {}: the help desk can make recovery PINs for you there. \
         {how}\n\nIf this is not your computer, tell your administrator now.\n",
        greeting(user),
        named(device),
        config.public_url.first(),
    );
    to_person(tx, user, "A computer was linked with your account", &text, env)
}

/// Tells a person that what they sign in with has changed.
///
/// # Errors
/// Of the database.
pub fn factors_changed(tx: &mut Tx<'_>, user: &User, what: &str, env: &Env) -> Result<(), Error> {
    let text = format!("{}\n\n{what}\n\nIf this was not you, tell your administrator now.\n", greeting(user));
    to_person(tx, user, "What you sign in with has changed", &text, env)
}

/// Tells every super administrator that something must be looked at now.
///
/// # Errors
/// Of the database.
pub fn alert(
    tx: &mut Tx<'_>,
    config: &Config,
    kind: EventType,
    device: &Device,
    user: Option<&User>,
    env: &Env,
) -> Result<(), Error> {
    let who = user.map(|user| format!("\nPerson: {} ({})", user.name(), user.login)).unwrap_or_default();
    let text = format!(
        "{}.\n\nComputer: {}{who}\nEvent: {}\n\nLook at the record: {}/admin/reports\n",
        kind.message(),
        named(device),
        kind.as_str(),
        config.public_url.first(),
    );
    for admin in tx.super_administrators()? {
        to_person(tx, &admin, &format!("Look at this now: {}", kind.message()), &text, env)?;
    }
    Ok(())
}

/// Tells every super administrator that requests are, or soon will be, refused.
///
/// # Errors
/// Of the database.
pub fn limit(tx: &mut Tx<'_>, config: &Config, kind: EventType, name: &str, env: &Env) -> Result<(), Error> {
    let text = format!(
        "{}.\n\nLimit: {name}\nEvent: {}\n\nLook at the record: {}/admin/reports\n\nThis is said once an hour at most.\n",
        kind.message(),
        kind.as_str(),
        config.public_url.first(),
    );
    for admin in tx.super_administrators()? {
        to_person(tx, &admin, kind.message(), &text, env)?;
    }
    Ok(())
}

fn to_person(tx: &mut Tx<'_>, user: &User, subject: &str, text: &str, env: &Env) -> Result<(), Error> {
    let contacts = tx.contacts(user.id)?;
    let standing = contacts.iter().filter(|contact| contact.until_at.is_none());
    let mail = standing.filter(|contact| matches!(contact.kind, ContactKind::Email | ContactKind::SecondEmail));
    for contact in mail {
        let message = Message { subject: subject.to_owned(), text: text.to_owned() };
        tx.enqueue(&contact.value, &message, env)?;
    }
    Ok(())
}

fn greeting(user: &User) -> String {
    format!("Hello {},", user.name())
}

fn named(device: &Device) -> String {
    let profile = &device.profile;
    let facts: Vec<&str> = [&profile.manufacturer, &profile.model, &profile.serial_number]
        .into_iter()
        .map(String::as_str)
        .filter(|fact| !fact.is_empty())
        .collect();
    let named = match facts.as_slice() {
        [] => profile.display_name.clone(),
        facts => format!("{} ({})", profile.display_name, facts.join(", ")),
    };
    // A computer names itself: what it says stays within its line of the mail.
    named.replace(char::is_control, " ")
}
