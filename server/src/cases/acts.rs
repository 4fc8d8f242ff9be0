//! What is done in a case. The case says whether it may be done, and keeps that it was; here it is carried out, in the same
//! transaction, so that nothing is done without its case and nothing is half done. What comes of it for the agent's eyes
//! is in the one answer.

use postern_authn::audit::EventType;
use postern_authn::demand::Demands;
use postern_authn::permission::Permission;
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Done, Wanted};
use postern_authn::recovery::rules::CodesTo;
use postern_authn::user::{Lifecycle, Status};
use postern_codes::id::{Factor, RecoveryCase, User};
use postern_codes::{Env, Id, Secret};
use postern_store::{Error, Tx};

use super::tickets::{self, Ticket};
use super::{At, By, Known, actor, event, held, refused, telling};
use crate::App;
use crate::api::backup_codes;
use crate::api::caller::Caller;
use crate::api::demands::{DemandDocument, hold_in};
use crate::api::error::ApiError;
use crate::api::users::{self, Refusal, TemporaryPassword};
use crate::factors::{self, Doer};
use crate::notices::account as notices;

/// What is wanted of a case.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// The ticket elsewhere.
    pub ticket: String,
    /// Why backup codes that are left do not help.
    pub why_not_codes: String,
    /// Which factor, where one is meant.
    pub factor: Option<String>,
}

/// What an action brought that the agent sees once.
pub enum Gained {
    /// Backup codes, in groups of four.
    Codes(Vec<Secret<String>>),
    /// Nothing.
    Nothing,
    /// A password that must be changed at the first sign-in.
    Password(Secret<String>),
    /// A ticket that leads the person to enrolment.
    Ticket(Ticket),
}

/// Does something in a case.
///
/// # Errors
/// As every act of a case; 403 where the caller does not hold what the action itself needs.
pub async fn act(app: &App, by: &By, at: &At<'_>, request: &Request) -> Result<(Known, Gained), ApiError> {
    let env = app.env();
    let action = request.action;
    // Made before the transaction, since it takes long.
    let temporary =
        if action == Action::TemporaryPassword { Some(TemporaryPassword::new(app, &env).await?) } else { None };
    let kind = kind(action);
    let acted = app.store.write(by.org, |tx| {
        let (mut known, actor) = match held(tx, by, at, kind, &env)? {
            Ok(held) => held,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(hindrance) = hindrance(tx, by, &known, action)? {
            tx.record(&event(by.failure(kind, hindrance.code()), &known), &env)?;
            return Ok(Err(hindrance.into()));
        }
        if let Some((class, _)) = demands_of(tx)?.of_permission(permission(action))
            && let Err(refused) = hold_in(tx, by, class, &env)?
        {
            return Ok(Err(refused));
        }
        let wanted = Wanted {
            action,
            reason: &request.reason,
            ticket: &request.ticket,
            codes_left: known.codes_left,
            why_not_codes: &request.why_not_codes,
        };
        let done = match known.change(|case, known| case.act(&wanted, &actor, &known.terms())) {
            Ok(done) => done,
            Err(refusal) => {
                tx.record(&event(by.failure(kind, refusal.code()), &known).detail("action", action.as_str()), &env)?;
                return Ok(Err(refused(&refusal)));
            }
        };
        let gained = match carry_out(tx, app, by, &known, (&done, request, temporary.as_ref()), &env)? {
            Ok(gained) => gained,
            // Nothing of the case was kept yet.
            Err(refused) => return Ok(Err(refused)),
        };
        tx.save_case(&mut known.case, env.now)?;
        telling::acted(tx, app, &known, &done, &env)?;
        Ok(Ok((Known::read(tx, known.case, &env)?, gained)))
    });
    acted.await?
}

/// The reset of every factor of somebody, in a case of theirs.
///
/// # Errors
/// As [`act`]; 404 for a case of somebody else.
pub async fn reset_of(app: &App, by: &By, (who, which): (&str, &str), request: &Request) -> Result<Gained, ApiError> {
    let is_theirs = app.store.read(by.org, |tx| {
        let (person, case) = (users::named(tx, by, who)?, super::named(tx, which)?);
        Ok::<_, Error>(person.zip(case).is_some_and(|(person, case)| case.person == person.id))
    });
    if !is_theirs.await? {
        return Err(ApiError::not_found::<RecoveryCase>(which));
    }
    act(app, by, &At { which, version: None }, request).await.map(|(_, gained)| gained)
}

/// A recovery PIN that is to be made in a case: the case as [`pin_made`] keeps it once the PIN is.
///
/// # Errors
/// Of the database; in it 404 for a case that is not this person's, and the refusal of the case.
pub fn pin_in(
    tx: &mut Tx<'_>,
    by: &Caller,
    (which, person): (&str, Id<User>),
    (reason, ticket): (&str, &str),
    env: &Env,
) -> Result<Result<Known, ApiError>, Error> {
    let missing = || ApiError::not_found::<RecoveryCase>(which);
    let Some(id) = super::named(tx, which)?.filter(|case| case.person == person).map(|case| case.id) else {
        return Ok(Err(missing()));
    };
    let Some(case) = tx.hold_case(id)? else { return Ok(Err(missing())) };
    let actor = actor(tx, by, &case, env.now)?;
    let mut known = Known::read(tx, case, env)?;
    // The reason and the ticket of a PIN may be one.
    let ticket = if ticket.trim().is_empty() { reason } else { ticket };
    let wanted = Wanted { action: Action::RecoveryPin, reason, ticket, codes_left: 0, why_not_codes: "" };
    Ok(match known.change(|case, known| case.act(&wanted, &actor, &known.terms())) {
        Ok(_) => Ok(known),
        Err(refusal) => {
            tx.record(&event(by.failure(EventType::CaseUse, refusal.code()), &known), env)?;
            Err(refused(&refusal))
        }
    })
}

/// Keeps that a PIN was made in a case.
///
/// # Errors
/// Of the database.
pub fn pin_made(tx: &mut Tx<'_>, by: &Caller, known: &mut Known, env: &Env) -> Result<(), Error> {
    tx.save_case(&mut known.case, env.now)?;
    let event = event(by.success(EventType::CaseUse), known);
    tx.record(&event.detail("action", Action::RecoveryPin.as_str()), env)
}

/// By which name the record tells of an action: Okta's, where it has one that is not written by the act itself.
const fn kind(action: Action) -> EventType {
    match action {
        Action::EndSessions => EventType::SessionsClear,
        Action::GenerateCodes | Action::RecoveryPin | Action::ResetFactor | Action::UseBackupCode => EventType::CaseUse,
        Action::Note => EventType::CaseNote,
        Action::ResetFactors => EventType::FactorResetAll,
        Action::Suspend => EventType::UserSuspend,
        Action::TemporaryPassword => EventType::UserPasswordExpire,
    }
}

/// What runbooks call the reset of factors.
pub const RUNBOOK_RESET: &str = "mfa.factor_admin_reset";

/// The name that runbooks have for an action.
const fn runbook_name(action: Action) -> Option<&'static str> {
    match action {
        Action::ResetFactor | Action::ResetFactors => Some(RUNBOOK_RESET),
        Action::TemporaryPassword => Some("user.password_set_by_admin"),
        Action::EndSessions
        | Action::GenerateCodes
        | Action::Note
        | Action::RecoveryPin
        | Action::Suspend
        | Action::UseBackupCode => None,
    }
}

/// What an action needs beside the case.
const fn permission(action: Action) -> Permission {
    match action {
        Action::EndSessions => Permission::UsersClearSessions,
        Action::GenerateCodes | Action::ResetFactor | Action::ResetFactors => Permission::UsersResetFactors,
        Action::Note | Action::UseBackupCode => Permission::CasesManage,
        Action::RecoveryPin => Permission::RecoveryPinGenerate,
        Action::Suspend => Permission::UsersSuspend,
        Action::TemporaryPassword => Permission::UsersResetPassword,
    }
}

fn demands_of(tx: &mut Tx<'_>) -> Result<Demands, Error> {
    tx.setting::<DemandDocument>().map(|(DemandDocument(demands), _)| demands)
}

fn hindrance(tx: &mut Tx<'_>, by: &By, known: &Known, action: Action) -> Result<Option<Refusal>, Error> {
    if known.person.id == by.user() {
        return Ok(Some(Refusal::Oneself));
    }
    if let Some(refusal) = users::hindrance(tx, by, permission(action), known.person.id)? {
        return Ok(Some(refusal));
    }
    // Whoever is the last who can let others in must not be shut out.
    let shuts_out = matches!(action, Action::ResetFactors | Action::Suspend);
    Ok((shuts_out && tx.is_last_super(known.person.id)?).then_some(Refusal::LastSuper))
}

fn carry_out(
    tx: &mut Tx<'_>,
    app: &App,
    by: &By,
    known: &Known,
    (done, request, temporary): (&Done, &Request, Option<&TemporaryPassword>),
    env: &Env,
) -> Result<Result<Gained, ApiError>, Error> {
    let person = &known.person;
    let mut told = event(by.success(kind(done.action)), known)
        .detail("action", done.action.as_str())
        .detail("reason", done.reason.clone())
        .detail("ticket", done.ticket.clone());
    if let Some(name) = runbook_name(done.action) {
        told = told.detail("runbook", name);
    }
    let kinds: std::collections::BTreeSet<_> = known.case.evidence.iter().map(|found| found.kind.to_string()).collect();
    told = told.detail("evidence", kinds.into_iter().collect::<Vec<_>>().join(" "));
    let approved: Vec<_> = done.approved_by.iter().map(ToString::to_string).collect();
    told = told.detail("approvedBy", approved.join(" "));
    let gained = match done.action {
        Action::EndSessions => {
            let ended = tx.end_sessions_of(person.id, env.now)?;
            tx.forget_browsers(person.id)?;
            told = told.detail("sessions", ended.to_string());
            Gained::Nothing
        }
        Action::GenerateCodes if known.rules.codes_to == CodesTo::Ticket => {
            if !person.status.is_in_force() {
                return Ok(Err(Refusal::Ended.into()));
            }
            Gained::Ticket(tickets::give(tx, known, true, env)?)
        }
        Action::GenerateCodes => {
            let codes = match backup_codes::make(tx, &Doer::of(by), person, env)? {
                Ok(codes) => codes,
                Err(refused) => return Ok(Err(refused)),
            };
            Gained::Codes(codes)
        }
        Action::Note | Action::RecoveryPin | Action::UseBackupCode => Gained::Nothing,
        Action::ResetFactor => {
            let Some(which) = request.factor.as_deref().and_then(|which| which.parse::<Id<Factor>>().ok()) else {
                return Ok(Err(ApiError::validation("factor", ["factor: the id of a factor of theirs"])));
            };
            if let Err(refused) = factors::remove_in(tx, &Doer::of(by), person, which, env)? {
                return Ok(Err(refused));
            }
            told = told.detail("factor", which.to_string());
            led_on(tx, known, env)?
        }
        Action::ResetFactors => {
            let plan = tx.reset_factors(person.id, env.now)?;
            told = users::with_plan(told, &plan);
            notices::factors_reset(tx, &app.config, person, env)?;
            give_back(tx, by, known, env)?;
            led_on(tx, known, env)?
        }
        Action::Suspend => {
            if tx.move_user(person, Lifecycle::Suspend, env.now)?.is_none() {
                return Ok(Err(Refusal::Status(Lifecycle::Suspend).into()));
            }
            tx.end_sessions_of(person.id, env.now)?;
            Gained::Nothing
        }
        Action::TemporaryPassword => {
            let made = temporary.ok_or_else(|| Error::fault("no password was made"))?;
            if let Err(refusal) = made.give(tx, app, person, env)? {
                return Ok(Err(refusal.into()));
            }
            tx.end_sessions_of(person.id, env.now)?;
            Gained::Password(made.password.clone())
        }
    };
    tx.record(&told, env)?;
    Ok(Ok(gained))
}

/// Lets the person in again whose account an incident shut, once it was given back and nothing of before lets anybody in.
fn give_back(tx: &mut Tx<'_>, by: &By, known: &Known, env: &Env) -> Result<(), Error> {
    let is_theirs_again = known.case.incident.as_ref().is_some_and(|incident| incident.restored_at.is_some());
    let Some(person) = tx.user(known.person.id)?.filter(|person| is_theirs_again && person.status == Status::Suspended)
    else {
        return Ok(());
    };
    if tx.move_user(&person, Lifecycle::Unsuspend, env.now)?.is_some() {
        tx.record(&event(by.success(EventType::UserUnsuspend), known), env)?;
    }
    Ok(())
}

/// By what the person comes to enrol, after a reset that left them nothing.
fn led_on(tx: &mut Tx<'_>, known: &Known, env: &Env) -> Result<Gained, Error> {
    if tickets::is_needed(tx, known)? {
        tickets::give(tx, known, false, env).map(Gained::Ticket)
    } else {
        Ok(Gained::Nothing)
    }
}
