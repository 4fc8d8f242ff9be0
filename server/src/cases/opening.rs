//! How a case is opened.

use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::limit::{Charge, Limit};
use postern_authn::permission::Permission;
use postern_authn::recovery::case::{Actor, Case};
use postern_codes::id::RecoveryCase;

use super::{By, Known, event, refused, telling};
use crate::App;
use crate::api::error::ApiError;
use crate::api::users;

/// Opens a case for somebody; it is the caller's then. Where one is under way, that one is given.
///
/// # Errors
/// 404 for nobody; 403 for oneself, and for somebody above the caller; 429 where too many were opened.
pub async fn open(app: &App, by: &By, who: &str) -> Result<Known, ApiError> {
    open_for(app, by, Whom::Person(who)).await
}

/// Opens the case of the number that somebody drew at the sign-in page, with the words that their browser shows.
///
/// # Errors
/// As [`open`]; 404 for a number that nobody drew, or that is over or used.
pub async fn open_numbered(app: &App, by: &By, number: u64) -> Result<Known, ApiError> {
    open_for(app, by, Whom::Slip(number)).await
}

/// Who is meant.
#[derive(Clone, Copy)]
enum Whom<'a> {
    /// By their id or name.
    Person(&'a str),
    /// By what they drew.
    Slip(u64),
}

async fn open_for(app: &App, by: &By, whom: Whom<'_>) -> Result<Known, ApiError> {
    let env = app.env();
    let kind = EventType::CaseOpen;
    let opened = app.store.write(by.org, |tx| {
        let slip = match whom {
            Whom::Person(_) => None,
            Whom::Slip(number) => match tx.slip(number, env.now)?.filter(|slip| slip.user.is_some()) {
                Some(slip) => Some(slip),
                None => return Ok(Err(ApiError::not_found::<RecoveryCase>(&number.to_string()))),
            },
        };
        let drawn_by = slip.as_ref().and_then(|slip| slip.user).map(|user| user.to_string());
        let who = match (whom, &drawn_by) {
            (Whom::Person(who), _) => who,
            (Whom::Slip(_), drawn_by) => drawn_by.as_deref().unwrap_or_default(),
        };
        let person = match users::reached_with(tx, by, Permission::CasesManage, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if person.id == by.user() {
            return users::refuse(tx, by, kind, &person, users::Refusal::Oneself, &env);
        }
        if !person.status.is_in_force() {
            return users::refuse(tx, by, kind, &person, users::Refusal::Ended, &env);
        }
        if let Some(case) = tx.open_case_of(person.id)? {
            let summary = format!("case {} of this person is under way: go on with it", case.number);
            let refused = ApiError::new(StatusCode::CONFLICT, "case_under_way", summary);
            return Ok(Err(refused.member("caseId", case.id.to_string()).member("number", case.number)));
        }
        let limits = [(Limit::CasesOfAgent, by.user().to_string()), (Limit::CasesOfPerson, person.id.to_string())];
        for (limit, subject) in &limits {
            let allowed = tx.allowance(*limit)?;
            if let Charge::RetryAt(at) = tx.charge(*limit, subject, allowed, env.now)? {
                tx.record(&by.failure(kind, limit.name()).target(users::target(&person)), &env)?;
                return Ok(Err(ApiError::too_many(limit.message(), at)));
            }
        }
        let actor = Actor { id: by.user(), reaches: true, resists_phishing: false, is_escalated_to: false };
        let number = match &slip {
            Some(slip) if tx.use_slip(slip.number, env.now)? => slip.number,
            // Another agent was faster.
            Some(slip) => return Ok(Err(ApiError::not_found::<RecoveryCase>(&slip.number.to_string()))),
            None => tx.next_case_number()?,
        };
        let mut case = match Case::open(number, person.id, &actor, &env) {
            Ok(case) => case,
            Err(refusal) => return Ok(Err(refused(&refusal))),
        };
        if let Some(slip) = slip {
            case.words = slip.words;
        }
        let (id, told) = (person.id, Known::read(tx, case, &env)?);
        if !tx.insert_case(&told.case)? {
            return Ok(Err(under_way(id.as_str())));
        }
        tx.record(&event(by.success(kind), &told), &env)?;
        telling::opened(tx, app, &told, &env)?;
        Ok(Ok(told))
    });
    opened.await?
}

fn under_way(who: &str) -> ApiError {
    let summary = format!("a case of {who} was opened at the same moment: go on with that one");
    ApiError::new(StatusCode::CONFLICT, "case_under_way", summary)
}
