//! What a sign-in ends with, a session or the right to open one; and the end of a session.

use postern_authn::audit::{Client, Event, EventType, Target};
use postern_authn::session::Session;
use postern_authn::sign_in::{Complete, Wishes};
use postern_authn::user::User;
use postern_codes::id::{Id, Session as SessionKind};
use postern_codes::{Env, Secret, Timestamp, mac};
use postern_store::session_tokens::{self, SessionGrant};
use postern_store::{Error, Tx};

use super::ruling::Ruling;
use super::{Step, actor};
use crate::App;
use crate::api::{ApiError, Caller};

/// What a sign-in that a program led through ends with.
pub struct Granted {
    /// The right to open one session.
    pub right: Secret<String>,
    /// Until when.
    pub until: Timestamp,
    /// Whose.
    pub user: User,
    /// What was asked for along with it.
    pub wishes: Wishes,
}

/// Makes the right to open one session, of a sign-in that a program led through.
pub(super) fn grant(
    tx: &mut Tx<'_>,
    user: &User,
    (complete, ruling): (&Complete, &Ruling),
    client: &Client,
    env: &Env,
) -> Result<Step, Error> {
    let from = tx.browser(user.id, client.browser)?;
    tx.signed_in_from(user.id, from, env.now)?;
    let wishes = complete.wishes();
    if let Some(browser) = client.browser {
        let factor_at = complete.factor_at().filter(|_| wishes.remembers && ruling.may_remember());
        tx.note_browser(user.id, (browser, factor_at), env.now)?;
    }
    let right = SessionGrant { user: user.id, factor_at: complete.factor_at(), amr: complete.amr() };
    let (right, until) = (tx.insert_session_token(&right, env)?, env.now.plus(session_tokens::LIFE));
    Ok(Step::Granted(Box::new(Granted { right, until, user: user.clone(), wishes: wishes.clone() })))
}

/// Makes the session of a completed sign-in; gives its token.
pub(super) fn open_session(
    tx: &mut Tx<'_>,
    user: &User,
    (complete, ruling): (&Complete, &Ruling),
    client: &Client,
    env: &Env,
) -> Result<Secret<String>, Error> {
    let (token, terms) = (env.token(), ruling.terms());
    let session = Session {
        id: Id::<SessionKind>::new(env),
        user: complete.user(),
        created_at: env.now,
        last_seen_at: env.now,
        expires_at: env.now.plus(terms.longest),
        factor_at: complete.factor_at(),
        amr: complete.amr(),
        ip: client.ip.clone(),
        user_agent: client.user_agent.clone(),
    };
    tx.insert_session(&session, mac::sha256(&[token.expose().as_bytes()]))?;
    if let Some(at) = complete.resistant_at() {
        tx.note_resistant(session.id, at)?;
    }
    tx.set_idle(session.id, terms.idle)?;
    let from = tx.browser(user.id, client.browser)?;
    tx.signed_in_from(user.id, from, env.now)?;
    if let Some(browser) = client.browser {
        let factor_at = session.factor_at.filter(|_| terms.remembers);
        tx.note_browser(user.id, (browser, factor_at), env.now)?;
    }
    let event = Event::success(EventType::SessionStart, actor(user), client.clone())
        .target(Target::new("Session", session.id, "", ""))
        .detail("amr", session.amr);
    tx.record(&event, env)?;
    Ok(token)
}

/// Ends the caller's session.
///
/// # Errors
/// Of the database.
pub async fn sign_out(app: &App, caller: &Caller) -> Result<(), ApiError> {
    let Some(session) = caller.session() else { return Ok(()) };
    let env = app.env();
    let event = caller.success(EventType::SessionEnd);
    let ended = app.store.write(caller.org, |tx| {
        if tx.end_session(session, env.now)? {
            tx.record(&event, &env)?;
        }
        Ok(())
    });
    Ok(ended.await?)
}
