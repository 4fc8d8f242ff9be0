//! How a case is opened.

use axum::http::StatusCode;
use postern_authn::audit::EventType;
use postern_authn::limit::{Charge, Limit};
use postern_authn::permission::Permission;
use postern_authn::recovery::case::{Actor, Case};

use super::{By, Known, event, refused, telling};
use crate::App;
use crate::api::error::ApiError;
use crate::api::users;

/// Opens a case for somebody; it is the caller's then. Where one is under way, that one is given.
///
/// # Errors
/// 404 for nobody; 403 for oneself, and for somebody above the caller; 429 where too many were opened.
pub async fn open(app: &App, by: &By, who: &str) -> Result<Known, ApiError> {
    let env = app.env();
    let kind = EventType::CaseOpen;
    let opened = app.store.write(by.org, |tx| {
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
        let number = tx.next_case_number()?;
        let case = match Case::open(number, person.id, &actor, &env) {
            Ok(case) => case,
            Err(refusal) => return Ok(Err(refused(&refusal))),
        };
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
