//! What is taken away where the wrong one was let in, or where nobody came in time.

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::user::Lifecycle;
use postern_codes::Env;
use postern_codes::id::{Id, RecoveryCase};
use postern_store::{Error, Tx};

use super::{Known, event, telling, tickets};
use crate::App;
use crate::api::recovery_pins;

/// Shuts an account: it is suspended, and every session, sign-in, PIN, ticket and remembered browser ends. Who is the last
/// who can let others in stays in force, and loses the rest.
///
/// # Errors
/// Of the database.
pub(super) fn shut(tx: &mut Tx<'_>, suspended: &Event, known: &Known, env: &Env) -> Result<(), Error> {
    let person = &known.person;
    if !tx.is_last_super(person.id)? && tx.move_user(person, Lifecycle::Suspend, env.now)?.is_some() {
        tx.record(suspended, env)?;
    }
    tx.end_sessions_of(person.id, env.now)?;
    tx.end_sign_ins_of(person.id)?;
    tx.forget_browsers(person.id)?;
    tx.void_challenges_of(person.id)?;
    tx.void_links(person.id.as_str(), env.now)?;
    tickets::void(tx, person.id)?;
    for link in tx.links_of_user(person.id)? {
        let Some(device) = tx.device_or_deleted(link.device)? else { continue };
        for issuance in tx.issuances_of_pair(link.device, person.id)? {
            recovery_pins::take_back(tx, &issuance, &device, env.now)?;
        }
        tx.revoke_enrolments_of_pair(link.device, person.id, env.now)?;
    }
    Ok(())
}

/// Suspends whoever did not enrol in time, and gives the case back to its agent. From then on they need a ticket.
///
/// # Errors
/// Of the database.
pub fn lapse(tx: &mut Tx<'_>, app: &App, case: Id<RecoveryCase>, env: &Env) -> Result<(), Error> {
    let Some(mut case) = tx.hold_case(case)?.filter(|case| case.enrol_until.is_some()) else { return Ok(()) };
    if !case.lapse(env.now) {
        return Ok(());
    }
    tx.save_case(&mut case, env.now)?;
    let known = Known::read(tx, case, env)?;
    // Whoever still holds a factor lost one of several: nothing is open that must be shut.
    if tickets::holds_factor(tx, known.person.id)? {
        return Ok(());
    }
    tickets::mark(tx, &known, false, env)?;
    let by_itself = |kind| event(Event::success(kind, Actor::system(), Client::default()), &known);
    tx.record(&by_itself(EventType::CaseLapse), env)?;
    shut(tx, &by_itself(EventType::UserSuspend), &known, env)?;
    telling::lapsed(tx, app, &known, env)
}
