//! Enrolment tickets: with the password they lead to enrolment, and nowhere else. A person has one at a time; what is kept
//! of it stays until they have a factor, so that meanwhile their password alone enrols nothing.

use postern_authn::audit::{Event, EventType};
use postern_authn::factor::enrolment_ticket::{Given, LIFE};
use postern_authn::factor::{Category, Enrolled, Kind, NewFactor, Status, backup_codes};
use postern_authn::limit::{Charge, Limit};
use postern_authn::recovery::case::{Refusal, Stage};
use postern_authn::user::User;
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Secret, Timestamp};
use postern_store::factor_codes::Bond;
use postern_store::{Error, Tx};

use super::{At, By, Known, event, held, refused, telling};
use crate::App;
use crate::api::error::ApiError;
use crate::factors::Doer;

/// A ticket, as the agent speaks it.
pub struct Ticket {
    /// The code, in groups of four.
    pub code: Secret<String>,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// Gives another ticket in a case; the one before is void.
///
/// # Errors
/// As every act of a case; 429 after too many.
pub async fn renew(app: &App, by: &By, at: &At<'_>) -> Result<(Known, Ticket), ApiError> {
    let (env, kind) = (app.env(), EventType::CaseTicket);
    let given = app.store.write(by.org, |tx| {
        let (mut known, actor) = match held(tx, by, at, kind, &env)? {
            Ok(held) => held,
            Err(refused) => return Ok(Err(refused)),
        };
        let before = of(tx, known.person.id)?.and_then(|ticket| given(&ticket));
        let before = before.filter(|given| given.case == known.case.id);
        let allowed = match before {
            Some(given) => known.case.give_ticket(&actor).map(|()| given.codes),
            None => Err(Refusal::Stage(known.case.stage)),
        };
        let codes = match allowed {
            Ok(codes) => codes,
            Err(refusal) => {
                tx.record(&event(by.failure(kind, refusal.code()), &known), &env)?;
                return Ok(Err(refused(&refusal)));
            }
        };
        let limit = Limit::TicketsOfCase;
        let allowance = tx.allowance(limit)?;
        if let Charge::RetryAt(at) = tx.charge(limit, known.case.id.as_str(), allowance, env.now)? {
            tx.record(&event(by.failure(kind, limit.name()), &known), &env)?;
            return Ok(Err(ApiError::too_many(limit.message(), at)));
        }
        let ticket = give(tx, &known, codes, &env)?;
        tx.save_case(&mut known.case, env.now)?;
        tx.record(&event(by.success(kind), &known), &env)?;
        Ok(Ok((Known::read(tx, known.case, &env)?, ticket)))
    });
    given.await?
}

/// Whether somebody must show a ticket after what was done in a case: they hold nothing that proves them.
pub(super) fn is_needed(tx: &mut Tx<'_>, known: &Known) -> Result<bool, Error> {
    let is_waiting = known.case.stage == Stage::AwaitingEnrolment && known.case.enrol_until.is_none();
    Ok(is_waiting && !holds_factor(tx, known.person.id)?)
}

/// Whether somebody has a factor that proves possession.
pub(super) fn holds_factor(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<bool, Error> {
    Ok(tx.usable_factors_of(user)?.iter().any(|factor| factor.traits().proves(Category::Possession)))
}

/// Makes a ticket; the one before is void, and so is every sign-in under way.
pub(super) fn give(tx: &mut Tx<'_>, known: &Known, codes: bool, env: &Env) -> Result<Ticket, Error> {
    let factor = mark(tx, known, codes, env)?;
    let (code, expires_at) = (backup_codes::new_code(env), env.now.plus(LIFE));
    tx.put_code((&factor, &Bond::Api), &code, Some(expires_at), env.now)?;
    Ok(Ticket { code: backup_codes::grouped(&code), expires_at })
}

/// Notes that somebody needs a ticket, and gives none.
pub(super) fn mark(tx: &mut Tx<'_>, known: &Known, codes: bool, env: &Env) -> Result<Enrolled, Error> {
    let user = known.person.id;
    tx.hold_factors_of(user)?;
    retire(tx, user, env.now)?;
    tx.end_sign_ins_of(user)?;
    let given = Given { case: known.case.id, codes };
    let new = NewFactor {
        user,
        kind: Kind::EnrolmentTicket,
        provider: "OKTA",
        status: Status::Active,
        profile: serde_json::to_value(given)?,
        secret: Secret::new(Vec::new()),
        counter: 0,
    };
    tx.insert_factor(&new, env)?;
    of(tx, user)?.ok_or_else(|| Error::fault("a ticket was not kept"))
}

/// Makes a ticket void. That its person needs one stays.
pub(super) fn void(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<(), Error> {
    if let Some(ticket) = of(tx, user)? {
        tx.forget_codes(ticket.id)?;
        tx.end_sign_ins_of(user)?;
    }
    Ok(())
}

/// Takes the ticket away of somebody who needs none any more.
///
/// # Errors
/// Of the database.
pub fn retire(tx: &mut Tx<'_>, user: Id<UserKind>, now: Timestamp) -> Result<(), Error> {
    if let Some(ticket) = of(tx, user)? {
        tx.retire_factor(ticket.id, now)?;
    }
    Ok(())
}

/// Whether somebody may have backup codes made by their ticket.
///
/// # Errors
/// Of the database.
pub fn makes_codes(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<bool, Error> {
    Ok(of(tx, user)?.and_then(|ticket| given(&ticket)).is_some_and(|given| given.codes))
}

/// Until when somebody whose factors were reset must have enrolled by their password.
///
/// # Errors
/// Of the database.
pub fn enrols_until(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<Option<Timestamp>, Error> {
    let case = tx.open_case_of(user)?.filter(|case| case.stage == Stage::AwaitingEnrolment);
    Ok(case.and_then(|case| case.enrol_until))
}

/// Somebody has a factor again: what waited for it is over.
///
/// # Errors
/// Of the database.
pub fn enrolled(
    tx: &mut Tx<'_>,
    app: &App,
    (doer, user, factor): (&Doer, &User, &Enrolled),
    env: &Env,
) -> Result<(), Error> {
    if !factor.traits().proves(Category::Possession) {
        return Ok(());
    }
    retire(tx, user.id, env.now)?;
    let Some(open) = tx.open_case_of(user.id)? else { return Ok(()) };
    let Some(mut case) = tx.hold_case(open.id)? else { return Ok(()) };
    if !case.enrolled() {
        return Ok(());
    }
    tx.save_case(&mut case, env.now)?;
    let known = Known::read(tx, case, env)?;
    let closed = Event::success(EventType::CaseClose, doer.actor.clone(), doer.client.clone());
    tx.record(&event(closed, &known).detail("by", "enrolment"), env)?;
    telling::enrolled(tx, app, &known, env)
}

fn of(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<Option<Enrolled>, Error> {
    Ok(tx.factors_of(user)?.into_iter().find(|factor| factor.kind == Kind::EnrolmentTicket))
}

fn given(ticket: &Enrolled) -> Option<Given> {
    serde_json::from_value(ticket.profile.clone()).ok()
}
