//! What people are told: of recovery here, of their account in [`account`]. The person hears it on every mail address that
//! stands, of recovery with a link that says "this was not me"; super administrators hear of what must be looked at now.
//! Queued in the transaction that it tells of, in the language of whoever reads it ([`mail`]).

pub mod account;
pub mod mail;

use std::time::Duration;

use postern_authn::audit::EventType;
use postern_authn::device::Device;
use postern_authn::recovery::LinkProof;
use postern_authn::user::User;
use postern_codes::Env;
use postern_codes::id::{Id, Issuance};
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use self::mail::Mail;
use crate::config::Config;
use crate::console::words::{Text, say, say_of};

/// How long "this was not me" can be said.
pub const NOT_ME_LIFE: Duration = Duration::from_hours(168);

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
    let link = not_me(tx, config, issuance, env)?;
    let subject = say("mail-issued-subject");
    let text = say("mail-issued").with("computer", named(device)).with("link", link);
    Mail { subject, text }.to_every_address(tx, user, env)
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
    let link = not_me(tx, config, issuance, env)?;
    let subject = say("mail-used-subject");
    let text = say("mail-used").with("computer", named(device)).with("link", link);
    Mail { subject, text }.to_every_address(tx, user, env)
}

/// The link that says "this was not me".
fn not_me(tx: &mut Tx<'_>, config: &Config, issuance: Id<Issuance>, env: &Env) -> Result<String, Error> {
    let token = tx.new_link(LinkPurpose::NotMe, issuance.as_str(), NOT_ME_LIFE, env)?;
    Ok(format!("{}/not-me/{}", config.public_url.first(), token.expose()))
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
        LinkProof::Claimed => say("mail-linked-claimed"),
        LinkProof::Factor => say("mail-linked-factor"),
    };
    let (computer, address) = (named(device), config.public_url.first().to_owned());
    let subject = say("mail-linked-subject");
    let text = say("mail-linked").with("computer", computer).with("address", address).with("how", how);
    Mail { subject, text }.to_every_address(tx, user, env)
}

/// Tells a person that what they sign in with has changed.
///
/// # Errors
/// Of the database.
pub fn factors_changed(tx: &mut Tx<'_>, user: &User, what: Text, env: &Env) -> Result<(), Error> {
    let (subject, text) = (say("mail-factors-subject"), say("mail-factors").with("what", what));
    Mail { subject, text }.to_every_address(tx, user, env)
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
    let (what, computer, event) = (happened(kind), named(device), kind.as_str().to_owned());
    let record = record(config);
    let text = match user {
        None => say("mail-alert")
            .with("what", what.clone())
            .with("computer", computer)
            .with("event", event)
            .with("record", record),
        Some(user) => say("mail-alert-of-a-person")
            .with("what", what.clone())
            .with("computer", computer)
            .with("person", user.name())
            .with("login", user.login.as_str().to_owned())
            .with("event", event)
            .with("record", record),
    };
    to_super_administrators(tx, &Mail { subject: say("mail-alert-subject").with("what", what), text }, env)
}

/// Tells every super administrator that a person said: this was not me.
///
/// # Errors
/// Of the database.
pub fn suspected(tx: &mut Tx<'_>, config: &Config, user: &User, env: &Env) -> Result<(), Error> {
    let kind = EventType::ReportSuspicious;
    let text = say("mail-suspected")
        .with("what", happened(kind))
        .with("person", user.name())
        .with("login", user.login.as_str().to_owned())
        .with("event", kind.as_str().to_owned())
        .with("record", record(config));
    to_super_administrators(tx, &Mail { subject: say("mail-alert-subject").with("what", happened(kind)), text }, env)
}

/// Tells every super administrator that requests are, or soon will be, refused.
///
/// # Errors
/// Of the database.
pub fn limit(tx: &mut Tx<'_>, config: &Config, kind: EventType, name: &str, env: &Env) -> Result<(), Error> {
    let text = say("mail-limit")
        .with("what", happened(kind))
        .with("limit", name.to_owned())
        .with("event", kind.as_str().to_owned())
        .with("record", record(config));
    to_super_administrators(tx, &Mail { subject: happened(kind), text }, env)
}

fn to_super_administrators(tx: &mut Tx<'_>, mail: &Mail, env: &Env) -> Result<(), Error> {
    for admin in tx.super_administrators()? {
        mail.to_every_address(tx, &admin, env)?;
    }
    Ok(())
}

fn happened(kind: EventType) -> Text {
    say_of("domain-event", kind.as_str()).or(kind.message().to_owned())
}

fn record(config: &Config) -> String {
    format!("{}/admin/reports", config.public_url.first())
}

fn named(device: &Device) -> String {
    let profile = &device.profile;
    let facts: Vec<&str> = [&profile.manufacturer, &profile.model, &profile.serial_number]
        .into_iter()
        .map(String::as_str)
        .filter(|fact| !fact.is_empty())
        .collect();
    match facts.as_slice() {
        [] => profile.display_name.clone(),
        facts => format!("{} ({})", profile.display_name, facts.join(", ")),
    }
}
