//! The manager's word: a case asks for it, and they answer signed in, on their own account page. Yes is evidence; no is
//! written down, and refuses nothing.

use postern_authn::audit::EventType;
use postern_authn::demand::{Class, Demand};
use postern_authn::recovery::case::Case;
use postern_authn::recovery::evidence::{Kind, Seen};
use postern_authn::user::User;
use postern_codes::id::{Id, RecoveryCase, User as UserKind};
use postern_store::callers::Via;
use postern_store::{Error, Tx};

use super::{At, By, Known, change_and, keep, telling};
use crate::App;
use crate::api::caller::Caller;
use crate::api::demands;
use crate::api::error::ApiError;

/// Asks the person's manager for their word; they are told.
///
/// # Errors
/// As every act of a case; 400 where no manager is named who can sign in.
pub async fn ask_manager(app: &App, by: &By, at: &At<'_>) -> Result<Known, ApiError> {
    change_and(
        app,
        by,
        at,
        EventType::CaseManager,
        |known, actor| {
            let manager = known.manager.as_ref().map(|manager| manager.id);
            known.case.ask_manager(manager, actor)?;
            let manager = manager.map(|manager| manager.to_string()).unwrap_or_default();
            Ok(vec![("answer", "asked".to_owned()), ("manager", manager)])
        },
        |tx, known, env| telling::manager_asked(tx, app, known, env),
    )
    .await
}

/// The cases that ask for the word of somebody, and whom each is about.
///
/// # Errors
/// Of the database.
pub fn asked_of(tx: &mut Tx<'_>, manager: Id<UserKind>) -> Result<Vec<(Case, User)>, Error> {
    let mut asked = Vec::new();
    for case in tx.cases_asking(manager)? {
        if let Some(person) = tx.user(case.person)? {
            asked.push((case, person));
        }
    }
    Ok(asked)
}

/// Takes a manager's word.
///
/// # Errors
/// 404 for a case that does not ask them; 403 where they did not prove a factor just now, or are not the manager any more.
pub async fn vouch(app: &App, by: &Caller, which: &str, is_them: bool) -> Result<(), ApiError> {
    let (env, manager) = (app.env(), by.user());
    if by.session().is_none() || !by.meets(Demand::Fresh, env.now) {
        return Err(demands::refusal(Class::OwnFactors, Demand::Fresh, by.session().is_none()));
    }
    let missing = || ApiError::not_found::<RecoveryCase>(which);
    let id: Id<RecoveryCase> = which.parse().map_err(|_| missing())?;
    let answered = app.store.write(by.org, |tx| {
        let held = tx.hold_case(id)?.filter(|case| case.manager_asked == Some(manager));
        let Some(case) = held else { return Ok(Err(missing())) };
        let mut known = Known::read(tx, case, &env)?;
        let (kind, answer) = if is_them { (EventType::CaseEvidence, "yes") } else { (EventType::CaseManager, "no") };
        let said = known.change(|case, known| {
            if is_them {
                let seen = Some(Seen::Manager(manager));
                known.with_facts(seen, |facts| case.witness(Kind::Manager, facts, &known.terms()))
            } else {
                case.denied_by_manager(manager, env.now)
            }
        });
        let details = || vec![("answer", answer.to_owned()), ("evidence", Kind::Manager.to_string())];
        keep(tx, by, &mut known, (kind, said.map(|()| details())), &env)
    });
    answered.await?
}

/// Takes the factor that the caller proved in this session just now as evidence in their own case: it still works.
///
/// # Errors
/// 404 where they have no case under way; 403 where no factor was proved just now, 400 for one that does not count.
pub async fn show_factor(app: &App, by: &Caller) -> Result<(), ApiError> {
    let env = app.env();
    let proved_at = match by.record.via {
        Via::Session { factor_at, .. } if by.meets(Demand::Fresh, env.now) => factor_at,
        Via::Session { .. } => return Err(demands::refusal(Class::OwnFactors, Demand::Fresh, false)),
        Via::Token { .. } => return Err(demands::refusal(Class::OwnFactors, Demand::Fresh, true)),
    };
    let shown = app.store.write(by.org, |tx| {
        let missing = || ApiError::not_found::<RecoveryCase>(by.user().as_str());
        let Some(open) = tx.open_case_of(by.user())? else { return Ok(Err(missing())) };
        let Some(case) = tx.hold_case(open.id)? else { return Ok(Err(missing())) };
        // The session and the factor that opened it, or stepped it up, have the same moment.
        let own = tx.usable_factors_of(by.user())?;
        let Some(factor) =
            own.into_iter().find(|factor| factor.last_used_at.is_some() && factor.last_used_at == proved_at)
        else {
            return Ok(Err(demands::refusal(Class::OwnFactors, Demand::Fresh, false)));
        };
        let mut known = Known::read(tx, case, &env)?;
        let seen = Some(Seen::Factor(factor.id, factor.kind, factor.traits()));
        let said = known.change(|case, known| {
            known.with_facts(seen, |facts| case.witness(Kind::OtherFactor, facts, &known.terms()))
        });
        let details = || vec![("evidence", Kind::OtherFactor.to_string())];
        keep(tx, by, &mut known, (EventType::CaseEvidence, said.map(|()| details())), &env)
    });
    shown.await?
}
