//! What privileged actions demand: the organisation's settings, and the one place where a caller is held to them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType};
use postern_authn::demand::{Class, Demand, Demands};
use postern_authn::factor::{Category, Enrolled};
use postern_authn::permission::{Permission, right};
use postern_authn::session;
use postern_codes::{Env, Timestamp};
use postern_store::callers::Via;
use postern_store::settings::Setting;
use postern_store::{Error, Tx};
use serde_json::{Value, json};

use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, Caller, Json};

/// The code of what must be proved first.
pub const STEP_UP: &str = "step_up_required";
const ADDRESS: &str = "/device-access/api/v1/demands";

/// The demands, as they are stored.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct DemandDocument(pub Demands);

impl Setting for DemandDocument {
    const NAME: &'static str = "demands";
}

/// What the organisation demands.
///
/// # Errors
/// Of the database.
pub async fn demands(app: &App, caller: &Caller) -> Result<Demands, ApiError> {
    let (DemandDocument(demands), _) = app.store.read(caller.org, |tx| tx.setting()).await?;
    Ok(demands)
}

/// Holds a caller to what a class demands; a refusal is recorded.
///
/// # Errors
/// 403 with what is to be proved.
pub async fn require(app: &App, caller: &Caller, class: Class) -> Result<(), ApiError> {
    let demands = demands(app, caller).await?;
    hold(app, caller, class, &demands).await
}

/// Holds a caller to what the use of a permission demands.
///
/// # Errors
/// 403 with what is to be proved.
pub async fn require_for(app: &App, caller: &Caller, permission: Permission) -> Result<(), ApiError> {
    let demands = demands(app, caller).await?;
    match demands.of_permission(permission) {
        Some((class, _)) => hold(app, caller, class, &demands).await,
        None => Ok(()),
    }
}

async fn hold(app: &App, caller: &Caller, class: Class, demands: &Demands) -> Result<(), ApiError> {
    let env = app.env();
    let demand = match class {
        Class::OwnFactors if may_add_first(app, caller, env.now).await? => Demand::Nothing,
        // A factor of one's own must not be a way around what is demanded elsewhere.
        Class::OwnFactors if has_resistant(app, caller).await? => demands.most(),
        // Somebody who has no such factor yet could never get one.
        Class::OwnFactors => Demand::Fresh,
        _ => demands.of(class),
    };
    if is_met(caller, class, demand, &env) {
        return Ok(());
    }
    app.store.write(caller.org, |tx| tx.record(&missed(caller, class, demand), &env)).await?;
    Err(refusal(class, demand, is_token(caller)))
}

/// Holds a caller to what a class demands, where only the transaction shows that the act is of it; a refusal is recorded.
///
/// # Errors
/// Of the database.
pub fn hold_in(tx: &mut Tx<'_>, caller: &Caller, class: Class, env: &Env) -> Result<Result<(), ApiError>, Error> {
    let (DemandDocument(demands), _) = tx.setting()?;
    let demand = demands.of(class);
    if is_met(caller, class, demand, env) {
        return Ok(Ok(()));
    }
    tx.record(&missed(caller, class, demand), env)?;
    Ok(Err(refusal(class, demand, is_token(caller))))
}

fn is_met(caller: &Caller, class: Class, demand: Demand, env: &Env) -> bool {
    demand == Demand::Nothing || (is_token(caller) && class.tokens_may()) || caller.meets(demand, env.now)
}

const fn is_token(caller: &Caller) -> bool {
    matches!(caller.record.via, Via::Token { .. })
}

fn missed(caller: &Caller, class: Class, demand: Demand) -> Event {
    let event = caller.failure(EventType::PermissionDenied, STEP_UP);
    event.detail("actions", class.name()).detail("demand", demand.as_str())
}

/// What somebody is told who has to prove something first; a token cannot.
pub fn refusal(class: Class, demand: Demand, is_token: bool) -> ApiError {
    let summary = match demand {
        Demand::PhishingResistant => "this needs a passkey that was used in the last 5 minutes",
        Demand::Fresh | Demand::Nothing => "this needs a factor that was proved in the last 5 minutes",
    };
    let fix = if is_token { "an API token cannot do this: use the console" } else { "prove it and try again" };
    ApiError::new(StatusCode::FORBIDDEN, STEP_UP, summary)
        .cause(fix)
        .member("actions", class.name())
        .member("demand", demand.as_str())
}

/// Whether somebody who holds nothing yet, and administers nothing, has just signed in: their password is all that they can
/// prove before they add their first factor.
async fn may_add_first(app: &App, caller: &Caller, now: Timestamp) -> Result<bool, ApiError> {
    let Via::Session { begun_at, .. } = caller.record.via else { return Ok(false) };
    if now >= begun_at.plus(session::FRESH) {
        return Ok(false);
    }
    // Not what the session may do: by a password alone it administers nothing, whoever it is.
    let read = app.store.read(caller.org, |tx| {
        Ok((tx.usable_factors_of(caller.user())?, tx.authority(caller.user())?.is_administrator()))
    });
    let (own, administers) = read.await?;
    // Whoever was given a ticket shows it at a sign-in.
    let is_first =
        |factor: &Enrolled| ![Category::Possession, Category::Vouched].iter().any(|held| factor.traits().proves(*held));
    Ok(!administers && own.iter().all(is_first))
}

/// Whether somebody has a factor that no false page can pass on.
///
/// # Errors
/// Of the database.
pub async fn has_resistant(app: &App, caller: &Caller) -> Result<bool, ApiError> {
    let own = app.store.read(caller.org, |tx| tx.usable_factors_of(caller.user())).await?;
    Ok(own.iter().any(|factor| factor.traits().is_phishing_resistant))
}

/// Sets what is demanded. Whoever changes that proves the most that is demanded before or after: nobody loosens what they
/// could not meet, and nobody demands it.
///
/// # Errors
/// 400 for what is no demand, 403 for what the caller does not meet.
pub async fn set(app: &App, by: &Allowed<right::OrgManage>, new: Demands) -> Result<Demands, ApiError> {
    let env = app.env();
    let faults = new.faults();
    if !faults.is_empty() {
        return Err(ApiError::validation("demands", faults));
    }
    let most = demands(app, by).await?.most().max(new.most());
    if most == Demand::PhishingResistant && !has_resistant(app, by).await? {
        let event = by.failure(EventType::OrgSettingUpdate, "demand_not_met").detail("setting", DemandDocument::NAME);
        app.store.write(by.org, |tx| tx.record(&event, &env)).await?;
        let summary = "you have no passkey, so you could not meet this demand yourself";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "demand_not_met", summary).cause("add a passkey first"));
    }
    hold_session(app, by, most).await?;
    let event = by
        .success(EventType::OrgSettingUpdate)
        .detail("setting", DemandDocument::NAME)
        .detail("to", json!(new).to_string());
    let done = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        // More may be demanded by now than what the caller was held to above.
        let (DemandDocument(present), _) = tx.setting()?;
        if !by.meets(present.most(), env.now) {
            return Ok(Err(refusal(Class::OrgSettings, present.most(), by.session().is_none())));
        }
        tx.record(&event, &env)?;
        tx.put_setting(&DemandDocument(new.clone()), env.now).map(|_| Ok(()))
    });
    done.await?.map(|()| new)
}

async fn hold_session(app: &App, by: &Caller, demand: Demand) -> Result<(), ApiError> {
    if by.meets(demand, app.env().now) {
        return Ok(());
    }
    let event = by.failure(EventType::PermissionDenied, STEP_UP).detail("demand", demand.as_str());
    let env = app.env();
    app.store.write(by.org, |tx| tx.record(&event, &env)).await?;
    Err(refusal(Class::OrgSettings, demand, by.session().is_none()))
}

fn shown(demands: &Demands) -> Value {
    let class = |class: &Class| {
        let shown = json!({ "demand": demands.of(*class), "least": class.least(), "tokensMay": class.tokens_may() });
        (class.name().to_owned(), shown)
    };
    Value::Object(Class::ALL.iter().map(class).collect())
}

async fn get(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgRead>(&app).await?;
    Ok(Json(shown(&demands(&app, &caller).await?)))
}

async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Demands>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let caller = caller.require::<right::OrgManage>(&app).await?;
    let Json(new) = body?;
    Ok(Json(shown(&set(&app, &caller, new).await?)))
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), get).put(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        put,
    )
}
