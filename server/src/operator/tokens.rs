//! API tokens, as an operator makes and revokes them.

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::token::{Grant, TokenName};
use postern_authn::user::Login;
use postern_codes::id::{ApiToken, Id, Org};

use super::Answer;
use crate::{App, api};

/// Makes a token. It is shown once.
///
/// # Errors
/// Of the database.
pub async fn create(app: &App, org: Id<Org>, login: &str, name: &str, grants: &[String]) -> anyhow::Result<Answer> {
    let parsed: Result<Vec<Grant>, ()> = grants.iter().map(|grant| grant.parse()).collect();
    let Ok(grants) = parsed else {
        let known: Vec<&str> = Grant::ALL.iter().map(|grant| grant.as_str()).collect();
        return Ok(Answer::Refused(format!("there is no such grant; there is {}", known.join(", "))));
    };
    let name: TokenName = match name.parse() {
        Ok(name) => name,
        Err(wrong) => return Ok(Answer::Refused(format!("{wrong}"))),
    };
    let Ok(known) = login.parse::<Login>() else { return Ok(Answer::nobody(login)) };
    let env = app.env();
    let made = app.store.write(org, |tx| {
        let Some(user) = tx.user_by_login(&known)?.filter(|user| user.status.is_in_force()) else {
            return Ok(None);
        };
        api::tokens::create(tx, &user, &name, &grants, &env).map(Some)
    });
    let Some((id, token)) = made.await? else { return Ok(Answer::nobody(login)) };
    Ok(Answer::Done(vec![format!("id     {id}"), format!("token  {}", token.expose())]))
}

/// Revokes a token.
///
/// # Errors
/// Of the database.
pub async fn revoke(app: &App, org: Id<Org>, id: &str) -> anyhow::Result<Answer> {
    let Ok(known) = id.parse::<Id<ApiToken>>() else {
        return Ok(Answer::Refused(format!("{id:?} is no id of a token")));
    };
    let env = app.env();
    let revoked = app.store.write(org, |tx| {
        if !tx.revoke_token(known, env.now)? {
            return Ok(false);
        }
        let event = Event::success(EventType::ApiTokenRevoke, Actor::system(), Client::default());
        tx.record(&event.target(Target::new("Token", known, "", "")), &env)?;
        Ok(true)
    });
    Ok(if revoked.await? {
        Answer::done(format!("{id} is revoked"))
    } else {
        Answer::Refused(format!("there is no token {id}, or it is revoked already"))
    })
}
