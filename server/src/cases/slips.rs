//! Slips: what somebody at the sign-in page reads out to the help desk. Drawn for every name alike, for the browser that asks.

use postern_authn::audit::Client;
use postern_authn::limit::{Charge, Limit};
use postern_authn::recovery::case::Words;
use postern_authn::user::Login;
use postern_codes::Timestamp;
use postern_store::slips::{LIFE, Slip};

use crate::App;
use crate::api::error::ApiError;
use crate::sign_in::{charge, name_key};

/// Draws a slip for a name, whoever has it, and for one browser; gives its number, or what was asked too often and until
/// when.
///
/// # Errors
/// Of the database.
pub async fn draw(
    app: &App,
    client: &Client,
    (name, browser): (&str, [u8; 32]),
) -> Result<Result<u64, (Limit, Timestamp)>, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let login: Option<Login> = name.trim().parse().ok();
    let drawn = app.store.write(org, |tx| {
        let subject = name_key(name);
        for (limit, subject) in [(Limit::HelpOfAddress, &client.ip), (Limit::HelpOfName, &subject)] {
            if let Charge::RetryAt(at) = charge(tx, limit, subject, client, &env)? {
                return Ok(Err((limit, at)));
            }
        }
        let user = login.as_ref().map(|login| tx.user_by_login(login)).transpose()?.flatten();
        let user = user.filter(|user| user.status.is_in_force()).map(|user| user.id);
        let slip =
            Slip { number: tx.next_case_number()?, user, words: Words::new(&env), expires_at: env.now.plus(LIFE) };
        tx.insert_slip(&slip, browser, env.now)?;
        Ok(Ok(slip.number))
    });
    Ok(drawn.await?)
}

/// The slip of a number, where this browser drew it.
///
/// # Errors
/// Of the database.
pub async fn of(app: &App, client: &Client, number: u64) -> Result<Option<Slip>, ApiError> {
    let (org, now) = (app.org().await?, app.env().now);
    let Some(browser) = client.browser else { return Ok(None) };
    Ok(app.store.read(org, |tx| tx.slip_of(browser, number, now)).await?)
}
