//! The Factors API: a person's factors, enrolled, activated, asked, verified and removed by a program or by the person
//! themselves. What is done is in [`factors`](crate::factors); here it is said who may, and how it reads.
//!
//! A person looks after their own by a session, and proves a factor first where that changes something. An administrator
//! does within the scope of their right, and by a token too.

pub(in crate::api) mod http;
mod qr;
mod shown;

use postern_authn::audit::EventType;
use postern_authn::demand::Class;
use postern_authn::factor::{Kind, Provider, org_factors};
use postern_authn::permission::{Right, right};
use postern_authn::policy::enroll::Enrolment;
use postern_authn::user::User;
use postern_codes::id::User as UserKind;
use postern_store::factors::OrgFactors;

pub use http::routes;
pub use shown::{activation, factor, links};

use super::users::{reached, seen};
use crate::App;
use crate::api::caller::Caller;
use crate::api::demands;
use crate::api::error::ApiError;

/// Whose factors are meant, and as what the caller acts.
pub struct Meant {
    /// The person.
    pub user: User,
    /// Whether they are the caller.
    pub is_own: bool,
}

fn is_own(caller: &Caller, who: &str) -> bool {
    who == "me" || who == caller.user().as_str() || who == caller.record.login
}

async fn oneself(app: &App, caller: &Caller) -> Result<Meant, ApiError> {
    let user = app.store.read(caller.org, |tx| tx.user(caller.user())).await?;
    Ok(Meant { user: user.ok_or_else(ApiError::invalid_session)?, is_own: true })
}

/// A person whose factors are looked at.
pub(super) async fn to_see(app: &App, caller: &Caller, who: &str) -> Result<Meant, ApiError> {
    if is_own(caller, who) {
        return oneself(app, caller).await;
    }
    let by = caller.clone().require::<right::UsersRead>(app).await?;
    let found = app.store.read(by.org, |tx| seen(tx, &by, who)).await?;
    let user = found.ok_or_else(|| ApiError::not_found::<UserKind>(who))?;
    let is_own = user.id == caller.user();
    Ok(Meant { user, is_own })
}

/// A person whose factors are asked for an answer: oneself, or somebody within the caller's reach.
pub(super) async fn to_ask<R: Right>(
    app: &App,
    caller: &Caller,
    who: &str,
    kind: EventType,
) -> Result<Meant, ApiError> {
    if is_own(caller, who) {
        return oneself(app, caller).await;
    }
    let by = caller.clone().require::<R>(app).await?;
    let env = app.env();
    let user = app.store.write(by.org, |tx| reached(tx, &by, who, kind, &env)).await??;
    let is_own = user.id == caller.user();
    Ok(Meant { user, is_own })
}

/// A person whose factors are changed: whoever changes their own proves a factor first, and no token does it for its owner.
///
/// # Errors
/// 403 without the right or a fresh proof, 404 for nobody within reach.
pub async fn to_change<R: Right>(app: &App, caller: &Caller, who: &str, kind: EventType) -> Result<Meant, ApiError> {
    let meant = to_ask::<R>(app, caller, who, kind).await?;
    if meant.is_own {
        demands::require(app, caller, Class::OwnFactors).await?;
    }
    Ok(meant)
}

/// Every factor that a person may enrol, or has.
///
/// # Errors
/// Of the database.
pub async fn catalogue(
    app: &App,
    caller: &Caller,
    user: &User,
) -> Result<Vec<(Kind, &'static Provider, Enrolment)>, ApiError> {
    let read = app.store.read(caller.org, |tx| {
        let (allowed, _) = tx.setting::<OrgFactors>()?;
        Ok((allowed, tx.enrolment_policy(user.id)?))
    });
    let (allowed, policy) = read.await?;
    let of = |(kind, provider): (Kind, &'static Provider)| {
        let enrolment = if allowed.allows(provider) { policy.of(kind) } else { Enrolment::NotAllowed };
        (enrolment != Enrolment::NotAllowed).then_some((kind, provider, enrolment))
    };
    Ok(org_factors().filter_map(of).collect())
}
