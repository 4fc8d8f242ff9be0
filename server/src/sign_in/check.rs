//! A step-up for a program of the organisation's own: somebody whom it knows already proves a factor to it, without a
//! password. Nobody gets a session by it, and nothing is enrolled.
//!
//! Where the program does not know whom, it hands a transaction of nobody to a sign-in page, at which somebody says their
//! name and signs in as ever.

use axum::http::StatusCode;
use postern_authn::audit::{Client, Event, EventType};
use postern_authn::permission::right;
use postern_authn::sign_in::{Asking, Purpose, SignIn, Wishes};
use postern_authn::user::User;
use postern_codes::{Env, Secret, mac};
use postern_store::{Error, Tx};

use super::choice::wrong_state;
use super::{Purposed, Question, Stage, Step, actor, begin_under, duties, name_key, ruling};
use crate::App;
use crate::api::ApiError;
use crate::api::caller::Allowed;
use crate::api::users::{reached, target};

/// What a proof was asked for, and by whom it was given.
pub struct Checked {
    /// Who proved a factor.
    pub user: User,
    /// What was asked for along with it.
    pub wishes: Wishes,
}

/// Begins for somebody whom the caller may have their factors proved by; gives the token.
///
/// # Errors
/// 404 for nobody, 403 where they are above the caller; 401 for whoever may not sign in, by their status or a policy, or
/// has no factor that could prove them.
pub async fn begin(
    app: &App,
    by: &Allowed<right::UsersCredentials>,
    name: &str,
    wishes: Wishes,
) -> Result<Secret<String>, ApiError> {
    let (env, kind) = (app.env(), EventType::UserVerify);
    let token = env.token();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let client = &by.client.0;
    let begun = app.store.write(by.org, |tx| {
        let user = match reached(tx, by, name.trim(), kind, &env)? {
            Ok(user) => user,
            Err(refused) => return Ok(Err(refused)),
        };
        let ruling = ruling::of(tx, &user, client, &env)?;
        let own = tx.usable_factors_of(user.id)?;
        let next = SignIn::begin(Some(user.id), Purpose::Check, &ruling.demands, env.now);
        let next = duties::lead(tx, next, (&user, &own), (client, &ruling), &env)?;
        let refused = match next {
            SignIn::Asking(asking) if user.status.takes_password() && !asking.has_gone_every_way(&user, &own) => {
                let asking = asking.wishing(wishes.clone());
                tx.insert_sign_in(&asking, (hash, &name_key(user.login.as_str())), env.now)?;
                return Ok(Ok(()));
            }
            SignIn::Denied(denied) => denied.reason.as_str(),
            SignIn::Asking(_) | SignIn::Complete(_) => "not_admitted",
        };
        tx.record(&by.failure(kind, refused).target(target(&user)), &env)?;
        Ok(Err(ApiError::new(StatusCode::UNAUTHORIZED, "E0000004", "Authentication failed")))
    });
    begun.await??;
    Ok(token)
}

/// Begins for whoever will say who they are at a sign-in page; gives the token.
///
/// # Errors
/// Of the database.
pub async fn begin_unnamed(
    app: &App,
    by: &Allowed<right::UsersCredentials>,
    wishes: Wishes,
) -> Result<Secret<String>, ApiError> {
    let env = app.env();
    let token = env.token();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    // Who signs in at the page is counted as anybody.
    let asking = Asking::unnamed(env.now).wishing(Wishes { is_trusted: false, device: None, ..wishes });
    app.store.write(by.org, |tx| tx.insert_sign_in(&asking, (hash, &name_key("")), env.now)).await?;
    Ok(token)
}

impl Stage<'_> {
    /// Says who signs in, of a transaction that was begun for nobody, as often as nothing is proved. It goes on under the
    /// same token.
    ///
    /// # Errors
    /// 403 where something was proved, or it was begun for somebody; 429 where the address began too many.
    pub async fn say_name(self, token: &Secret<String>, name: &str) -> Result<Question, ApiError> {
        let is_anybodys = self.asking.purpose() == Purpose::Api && self.asking.wishes().audience.is_some();
        if !is_anybodys || !self.asking.is_first() {
            return Err(wrong_state());
        }
        let Self { app, client, row, asking, .. } = self;
        let what = Purposed { purpose: Purpose::Api, wishes: asking.wishes().clone(), replaces: Some(row) };
        begin_under(app, &client, name, what, token).await
    }
}

/// Records what was proved, and to what end; there is no session.
///
/// # Errors
/// Of the database.
pub(super) fn complete(
    tx: &mut Tx<'_>,
    (user, wishes): (&User, &Wishes),
    client: &Client,
    env: &Env,
) -> Result<Step, Error> {
    tx.user_proved(user.id)?;
    let event = Event::success(EventType::UserVerify, actor(user), client.clone()).target(target(user));
    tx.record(&event.detail("audience", wishes.audience.clone().unwrap_or_default()), env)?;
    Ok(Step::Checked(Box::new(Checked { user: user.clone(), wishes: wishes.clone() })))
}
