//! "This was not me": what a person says by the link in a notice. It takes the PIN back, and the recovery secret with it.
//! The page asks first, since mail programs open links by themselves; only its form acts. Whoever is signed in says it of
//! everything that is done in their name.

use postern_authn::audit::{Actor, Event, EventType, Target};
use postern_authn::device::Device;
use postern_authn::recovery::pin::Issuance;
use postern_authn::user::User;
use postern_codes::id::{Id, Issuance as IssuanceKind};
use postern_codes::{Secret, Timestamp};
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use crate::api::client::Client;
use crate::api::device_access::enroll::target;
use crate::api::device_access::register::person_target;
use crate::api::{ApiError, Caller, recovery_pins};
use crate::{App, notices};

/// What a link is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The PIN.
    pub issuance: Issuance,
    /// The computer.
    pub device: Device,
    /// The person.
    pub user: User,
}

/// What a link is about, without acting; nothing where it is unknown, used or too old.
///
/// # Errors
/// Of the database.
pub async fn look(app: &App, token: &Secret<String>) -> Result<Option<Subject>, ApiError> {
    let (org, now) = (app.org().await?, app.env().now);
    let found = app.store.read(org, |tx| {
        let subject = tx.link_subject(LinkPurpose::NotMe, token, now)?;
        subject.map_or(Ok(None), |subject| read(tx, &subject))
    });
    Ok(found.await?)
}

/// Takes the PIN and the recovery secret back, records it and tells the super administrators. Nothing where the link is
/// unknown, used or too old.
///
/// # Errors
/// Of the database; the link is not used up then.
pub async fn act(app: &App, token: &Secret<String>, client: &Client) -> Result<Option<Subject>, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let done = app.store.write(org, |tx| {
        let Some(subject) = tx.use_link(LinkPurpose::NotMe, token, env.now)? else { return Ok(None) };
        let Some(subject) = read(tx, &subject)? else { return Ok(None) };
        let Subject { issuance, device, user } = &subject;
        let effect = recovery_pins::take_back(tx, issuance, device, env.now)?;
        end(tx, issuance, env.now)?;
        let actor = || Actor::user(user.id, user.login.as_str(), &user.name());
        for kind in [EventType::ReportSuspicious, EventType::RecoveryPinRevoke] {
            let event = Event::success(kind, actor(), client.0.clone()).target(target(device));
            let event = event.target(person_target(user)).detail("issuance", issuance.id.to_string());
            tx.record(&event.detail("reason", "not_me").detail("effect", effect.as_str()), &env)?;
        }
        notices::alert(tx, &app.config, EventType::ReportSuspicious, device, Some(user), &env)?;
        Ok(Some(subject))
    });
    Ok(done.await?)
}

/// Whatever became of the PIN, nobody shall get in by this secret again.
fn end(tx: &mut Tx<'_>, issuance: &Issuance, now: Timestamp) -> Result<(), Error> {
    tx.revoke_enrolments_of_pair(issuance.device, issuance.user, now)
}

/// What a person says who is signed in: every other session of theirs ends, every browser is forgotten and what was asked of
/// their devices is void; it is recorded, and the super administrators are told.
///
/// # Errors
/// Of the database.
pub async fn say_so(app: &App, by: &Caller, user: &User) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let ended = tx.end_other_sessions_of(user.id, by.session(), env.now)?;
        let forgotten = tx.forget_browsers(user.id)?;
        tx.void_challenges_of(user.id)?;
        let event = by.success(EventType::ReportSuspicious).target(person_target(user)).detail("reason", "not_me");
        tx.record(&event.detail("sessions", ended.to_string()).detail("browsers", forgotten.to_string()), &env)?;
        notices::suspected(tx, &app.config, user, &env)
    });
    Ok(done.await?)
}

/// Forgets every browser that signed the caller in: the next sign-in counts as one from somewhere new.
///
/// # Errors
/// Of the database.
pub async fn forget_browsers(app: &App, by: &Caller) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let forgotten = tx.forget_browsers(by.user())?;
        let event = by.success(EventType::BrowsersForget).detail("browsers", forgotten.to_string());
        tx.record(&event.target(Target::new("User", by.user(), &by.record.login, &by.record.name)), &env)
    });
    Ok(done.await?)
}

fn read(tx: &mut Tx<'_>, subject: &str) -> Result<Option<Subject>, Error> {
    let Ok(id) = subject.parse::<Id<IssuanceKind>>() else { return Ok(None) };
    let Some(issuance) = tx.issuance(id)? else { return Ok(None) };
    let (device, user) = (tx.device_or_deleted(issuance.device)?, tx.user(issuance.user)?);
    Ok(device.zip(user).map(|(device, user)| Subject { issuance, device, user }))
}
