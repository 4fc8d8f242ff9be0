//! Passkeys: what a device is asked at sign-in, at a step-up and at its enrolment, and what its answer leads to.
//!
//! What is asked is kept here, bound to person, flow and purpose, and taken away by the answer before it is judged. To a
//! stranger every name is asked the same: only somebody whose password was right is told which devices a person has.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::factor::webauthn::{
    Assertion, Ceremony, NotEnrolled, PasskeyName, RelyingParty, answering, ask_to_enrol, ask_to_prove, enrol,
};
use postern_authn::factor::{Answer, Enrolled, Kind, Provider};
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::enroll::Enrolment;
use postern_authn::sign_in::{Asking, Purpose, SignIn};
use postern_authn::user::{Status, User};
use postern_codes::id::{Factor, Id, Org};
use postern_codes::{Secret, Timestamp, b64, mac};
use postern_store::challenges::{Asking as AskedFor, Bond};
use postern_store::factor_codes::Bond as CodeBond;
use postern_store::sign_ins::SignInRow;
use postern_store::{Error, Tx};
use serde_json::Value;

use super::step_up::POLICY;
use super::verify::{self, Outcome, Scene};
use super::{Refusal, Stage, Step, actor, charge, judge, take};
use crate::api::{ApiError, Caller};
use crate::console::words::say;
use crate::factors::{self, Doer};
use crate::notices;
use crate::{App, account};

/// What a page's script hands to the browser, and the name under which the answer comes back.
pub struct Asked {
    /// Names what was asked.
    pub token: Secret<String>,
    /// The argument of `navigator.credentials`.
    pub options: Value,
}

/// What a page's script sends.
pub struct Reply {
    /// Names what was asked.
    pub token: Secret<String>,
    /// What the device answered, as JSON.
    pub response: Secret<String>,
}

/// Asks at the sign-in page: of a sign-in whose password was right, the devices of its person; otherwise whoever is there.
///
/// # Errors
/// 429 where the address asked too often; 400 at an address where no passkey works.
pub async fn ask_at_sign_in(
    app: &App,
    client: &Client,
    origin: &str,
    state: &Secret<String>,
) -> Result<Asked, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let party = party(app, org, origin).await?;
    let known = known(app, org, state).await?;
    let (user, flow) = known.as_ref().map_or((None, String::new()), |(row, asking)| (asking.user(), flow(row)));
    let charged = app.store.write(org, |tx| {
        let charged = charge(tx, Limit::PasskeyChallenges, &client.ip, client, &env)?;
        let own = user.map(|user| tx.usable_factors_of(user)).transpose()?;
        let (demands, _) = tx.setting()?;
        Ok((charged, own, demands))
    });
    let (own, demands) = match charged.await? {
        (Charge::RetryAt(at), ..) => return Err(ApiError::too_many(Limit::PasskeyChallenges.message(), at)),
        (Charge::Allowed, own, demands) => (own, demands),
    };
    let asked = ask_to_prove(own.as_deref(), (party, &demands), env.now).map_err(ApiError::fault)?;
    keep(app, org, asked, Bond { user, asking: AskedFor::SignIn, flow }).await
}

/// Answers at the sign-in page. A sign-in that goes on without a name before it gets its token here.
///
/// # Errors
/// Of the database. What is refused is no error.
pub async fn answer(
    app: &App,
    client: &Client,
    state: &Secret<String>,
    reply: Reply,
) -> Result<(Step, Secret<String>), ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let over = (Step::Refused(Refusal::StartAgain), Secret::new(String::new()));
    if let Some((row, asking)) = known(app, org, state).await? {
        let bond = Bond { user: asking.user(), asking: AskedFor::SignIn, flow: flow(&row) };
        let Some(assertion) = taken(app, org, reply, &bond).await? else { return Ok(over) };
        let answer = Answer::Assertion(Box::new(assertion));
        let step = Stage { app, org, client: client.clone(), row, asking, env }.answer_factor(&answer).await?;
        return Ok((said(step), state.clone()));
    }
    let bond = Bond { user: None, asking: AskedFor::SignIn, flow: String::new() };
    let Some(assertion) = taken(app, org, reply, &bond).await? else { return Ok(over) };
    let handle = answering(&assertion);
    let owner = app.store.read(org, |tx| handle.map(|handle| tx.factor_owner(handle)).transpose()).await?.flatten();
    let SignIn::Asking(asking) = SignIn::begin(owner, Purpose::Console, POLICY, env.now) else { return Ok(over) };
    let answer = Answer::Assertion(Box::new(assertion));
    let judged = judge(app, org, (&asking, &CodeBond::SignIn(String::new())), &answer, &env).await?;
    let token = env.token();
    let row = SignInRow {
        token_hash: mac::sha256(&[token.expose().as_bytes()]),
        name_key: b64::encode(&handle.unwrap_or_default()[..3]),
        version: 1,
    };
    let scene = Scene { client: client.clone(), target: None, is_known: false };
    let step = app.store.write(org, |tx| {
        let Some((user, judged)) = &judged else {
            let code = "unknown_passkey";
            tx.record(&Event::failure(EventType::SessionStart, Actor::anonymous(), client.clone(), code), &env)?;
            return Ok(Step::Refused(Refusal::WrongPasskey));
        };
        if !user.status.takes_password() {
            let event = Event::failure(EventType::SessionStart, actor(user), client.clone(), "not_admitted");
            tx.record(&event, &env)?;
            return Ok(Step::Refused(Refusal::WrongPasskey));
        }
        match verify::settle(tx, user, judged, &scene, &env)? {
            // Nobody is let in before another password is chosen, as after the password itself.
            Outcome::Accepted(_) if user.status == Status::PasswordExpired => {
                account::expired(tx, user, &env).map(Step::Expired)
            }
            Outcome::Accepted(proof) => {
                tx.insert_sign_in(&asking, (row.token_hash, &row.name_key), env.now)?;
                take(tx, &row, asking.clone(), proof, (user, client), &env)
            }
            refused => Ok(Step::Refused(super::refusal(&refused))),
        }
    });
    Ok((said(step.await?), token))
}

/// Asks somebody who is signed in, before a weighty act.
///
/// # Errors
/// 403 without a session; 400 at an address where no passkey works.
pub async fn ask_to_step_up(app: &App, caller: &Caller, origin: &str) -> Result<Asked, ApiError> {
    let bond = session_bond(caller, AskedFor::StepUp)?;
    let party = party(app, caller.org, origin).await?;
    let read = app.store.read(caller.org, |tx| Ok((tx.usable_factors_of(caller.user())?, tx.setting()?.0)));
    let (own, demands) = read.await?;
    let asked = ask_to_prove(Some(&own), (party, &demands), app.env().now).map_err(ApiError::fault)?;
    keep(app, caller.org, asked, bond).await
}

/// Takes what was asked of somebody signed in, for [`step_up`](super::step_up()); nothing where it is over.
///
/// # Errors
/// 403 without a session; of the database.
pub async fn step_up_answer(app: &App, caller: &Caller, reply: Reply) -> Result<Option<Answer>, ApiError> {
    let bond = session_bond(caller, AskedFor::StepUp)?;
    let assertion = taken(app, caller.org, reply, &bond).await?;
    Ok(assertion.map(|assertion| Answer::Assertion(Box::new(assertion))))
}

/// Asks a device to become a factor of the caller.
///
/// # Errors
/// 403 without a session; 400 at an address where no passkey works.
pub async fn ask_to_be_enrolled(app: &App, caller: &Caller, origin: &str) -> Result<Asked, ApiError> {
    let bond = session_bond(caller, AskedFor::Enrolment)?;
    let party = party(app, caller.org, origin).await?;
    let read = app.store.read(caller.org, |tx| {
        let allowed = factors::enrolment(tx, caller.user(), (Kind::WebAuthn, passkeys()))?;
        let (demands, _) = tx.setting()?;
        Ok((tx.user(caller.user())?, tx.factors_of(caller.user())?, allowed, demands))
    });
    let (user, own, allowed, demands) = read.await?;
    if allowed == Enrolment::NotAllowed {
        return Err(not_allowed());
    }
    let user = user.ok_or_else(ApiError::invalid_session)?;
    let asked = ask_to_enrol(&user, &own, (party, &demands), app.env().now).map_err(ApiError::fault)?;
    keep(app, caller.org, asked, bond).await
}

/// Makes a device a factor of the caller; they are told by mail.
///
/// # Errors
/// 400 with what to do, where it cannot be.
pub async fn enrol_own(app: &App, caller: &Caller, name: &PasskeyName, reply: Reply) -> Result<Id<Factor>, ApiError> {
    let env = app.env();
    let bond = session_bond(caller, AskedFor::Enrolment)?;
    let assertion = taken(app, caller.org, reply, &bond).await?.ok_or_else(|| not_enrolled(NotEnrolled::Expired))?;
    let user = app.store.read(caller.org, |tx| tx.user(caller.user())).await?.ok_or_else(ApiError::invalid_session)?;
    let new = match enrol(&user, name, &assertion, env.now) {
        Ok(new) => new,
        Err(why) => {
            let event = caller.failure(EventType::FactorActivate, "webauthn").detail("reason", why.to_string());
            app.store.write(caller.org, |tx| tx.record(&event, &env)).await?;
            return Err(not_enrolled(why));
        }
    };
    let handle = new.kind.factor().handle(&new.profile).unwrap_or_default();
    let enrolled = app.store.write(caller.org, |tx| {
        // What was begun before a reset or a recovery is not finished after it.
        if !(tx.admit_user(user.id, user.version, env.now)? && is_alive(tx, caller, env.now)?) {
            return Ok(Err(ApiError::invalid_session()));
        }
        if factors::enrolment(tx, user.id, (new.kind, passkeys()))? == Enrolment::NotAllowed {
            return Ok(Err(not_allowed()));
        }
        if tx.factor_owner(handle)?.is_some() {
            return Ok(Err(enrolled_already()));
        }
        let id = tx.insert_factor(&new, &env)?;
        let event = caller.success(EventType::FactorActivate).target(target(&user)).detail("factor", new.kind.as_str());
        tx.record(&event, &env)?;
        notices::factors_changed(tx, &user, say("mail-factor-added").with("name", name.to_string()), &env)?;
        Ok(Ok(id))
    });
    enrolled.await?
}

fn enrolled_already() -> ApiError {
    let summary = "this passkey is enrolled already";
    ApiError::new(StatusCode::CONFLICT, "passkey_enrolled", summary).cause("use another device")
}

fn not_allowed() -> ApiError {
    let summary = "your organisation's enrolment policy does not allow passkeys";
    ApiError::new(StatusCode::FORBIDDEN, "factor_not_allowed", summary).cause("ask an administrator")
}

/// Whether the session that asks still lasts.
fn is_alive(tx: &mut Tx<'_>, caller: &Caller, now: Timestamp) -> Result<bool, Error> {
    Ok(caller.session().map(|session| tx.session(session, now)).transpose()?.flatten().is_some())
}

/// The caller's own factors, oldest first, without what is on paper.
///
/// # Errors
/// Of the database.
pub async fn own(app: &App, caller: &Caller) -> Result<Vec<Enrolled>, ApiError> {
    let mut own = app.store.read(caller.org, |tx| tx.factors_of(caller.user())).await?;
    own.retain(|factor| factor.kind.factor().is_listed());
    Ok(own)
}

/// Removes a factor of the caller's own; they are told by mail, and signed out everywhere else: whoever has the factor may be
/// signed in with it. The last one of an administrator stays: nobody could prove anything any more.
///
/// # Errors
/// 404 for a factor that is not theirs, 409 for the last or for one that must be there.
pub async fn remove_own(app: &App, caller: &Caller, which: Id<Factor>) -> Result<(), ApiError> {
    let env = app.env();
    let removed = app.store.write(caller.org, |tx| {
        let Some(user) = tx.user(caller.user())? else { return Ok(Err(ApiError::invalid_session())) };
        // Takes the person's row: of two removals side by side the second sees the first.
        if !tx.admit_user(user.id, user.version, env.now)? {
            return Ok(Err(ApiError::invalid_session()));
        }
        factors::remove_in(tx, &Doer::of(caller), &user, which, &env)
    });
    removed.await?
}

fn passkeys() -> &'static Provider {
    &Kind::WebAuthn.factor().providers()[0]
}

/// The page address that asks, where it is one of ours and passkeys work there.
async fn party(app: &App, org: Id<Org>, origin: &str) -> Result<RelyingParty, ApiError> {
    let name = app.store.read(org, |tx| Ok(tx.org_record()?.map(|org| org.name))).await?.unwrap_or_default();
    let party = app.config.public_url.contains(origin).then(|| RelyingParty::at(origin, &name)).flatten();
    party.ok_or_else(|| {
        let summary = "passkeys do not work at this address";
        let cause = format!("open {} instead", app.config.public_url.first());
        ApiError::new(StatusCode::BAD_REQUEST, "passkey_origin", summary).cause(cause)
    })
}

/// The sign-in of this token, where somebody's password was right in it.
async fn known(app: &App, org: Id<Org>, state: &Secret<String>) -> Result<Option<(SignInRow, Asking)>, ApiError> {
    let (hash, now) = (mac::sha256(&[state.expose().as_bytes()]), app.env().now);
    let found = app.store.read(org, |tx| tx.sign_in(hash, now)).await?;
    let is_ours = |asking: &Asking| asking.purpose() == Purpose::Console;
    Ok(found.filter(|(_, asking)| is_ours(asking) && asking.user().is_some() && asking.has_password()))
}

fn flow(row: &SignInRow) -> String {
    b64::encode(&row.token_hash)
}

fn session_bond(caller: &Caller, asking: AskedFor) -> Result<Bond, ApiError> {
    let session = caller.session().ok_or_else(ApiError::forbidden)?;
    Ok(Bond { user: Some(caller.user()), asking, flow: session.to_string() })
}

async fn keep(app: &App, org: Id<Org>, (options, ceremony): (Value, Ceremony), bond: Bond) -> Result<Asked, ApiError> {
    let env = app.env();
    let token = env.token();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    app.store.write(org, |tx| tx.insert_challenge(&ceremony, &bond, hash, env.now)).await?;
    Ok(Asked { token, options })
}

/// Takes what was asked away, so that no answer to it is looked at again.
async fn taken(app: &App, org: Id<Org>, reply: Reply, bond: &Bond) -> Result<Option<Assertion>, ApiError> {
    let (hash, now) = (mac::sha256(&[reply.token.expose().as_bytes()]), app.env().now);
    let ceremony = app.store.write(org, |tx: &mut Tx<'_>| -> Result<_, Error> { tx.take_challenge(hash, bond, now) });
    Ok(ceremony.await?.map(|ceremony| Assertion { ceremony, response: reply.response }))
}

/// The step as somebody with a passkey is told it.
fn said(step: Step) -> Step {
    match step {
        Step::Refused(Refusal::Slip | Refusal::WrongCode) => Step::Refused(Refusal::WrongPasskey),
        other => other,
    }
}

fn target(user: &User) -> Target {
    let Actor { display_name, .. } = actor(user);
    Target::new("User", user.id, user.login.as_str(), &display_name)
}

fn not_enrolled(why: NotEnrolled) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "passkey_refused", "the passkey was not added").cause(why.to_string())
}
