//! A step-up inside a session.

use postern_authn::factor::Answer;
use postern_authn::sign_in::{Policy, Purpose, SignIn, TwoCategories};
use postern_codes::{Secret, mac};
use postern_store::factor_codes::Bond;

use super::verify::{self, Outcome, Scene};
use super::{Refusal, judge, refusal};
use crate::App;
use crate::api::{ApiError, Caller};

/// The policy of a step-up; that of a sign-in is what [`ruling`](super::ruling) finds.
pub(super) const POLICY: &dyn Policy = &TwoCategories;

/// Proves a factor again inside a session, before a weighty act. The session goes on under a new token, and the caller
/// has a fresh factor from here on.
///
/// # Errors
/// 403 for a caller without a session; of the database.
pub async fn step_up(
    app: &App,
    caller: &mut Caller,
    answer: &Answer,
) -> Result<Result<Secret<String>, Refusal>, ApiError> {
    let session = caller.session().ok_or_else(ApiError::invalid_session)?;
    let env = app.env();
    let purpose = Purpose::StepUp(session);
    let SignIn::Asking(asking) = SignIn::begin(Some(caller.user()), purpose, POLICY, env.now) else {
        return Ok(Err(Refusal::NothingEnrolled));
    };
    let Some((user, judged)) = judge(app, caller.org, (&asking, &Bond::StepUp(session)), answer, &env).await? else {
        return Ok(Err(Refusal::NothingEnrolled));
    };
    let (scene, token) = (Scene { client: caller.client.0.clone(), target: None, is_known: true }, env.token());
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let stepped = app.store.write(caller.org, |tx| {
        let proof = match verify::settle(tx, &user, &judged, &scene, &env)? {
            Outcome::Accepted(proof) => proof,
            refused => return Ok(Err(refusal(&refused))),
        };
        match asking.clone().answer(proof, POLICY, env.now) {
            Ok(SignIn::Complete(complete)) if tx.rotate_session(session, hash, env.now)? => {
                tx.user_proved(user.id)?;
                let resistant_at = complete.resistant_at();
                if let Some(at) = resistant_at {
                    tx.note_resistant(session, at)?;
                }
                Ok(Ok(resistant_at.is_some()))
            }
            Ok(_) | Err(_) => Ok(Err(Refusal::StartAgain)),
        }
    });
    let stepped = stepped.await?;
    if let Ok(is_resistant) = stepped {
        caller.note_fresh_factor(is_resistant, env.now);
    }
    Ok(stepped.map(|_| token))
}
