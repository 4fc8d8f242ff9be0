//! The frame of a change: what it is about is held and looked up, and what is done to it is done in the same transaction.

use postern_codes::Env;
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::Caller;
use crate::api::error::ApiError;

/// What is found or made, or why not. A refusal commits what it wrote: it leaves its line in the record.
pub type Outcome<T> = Result<Result<T, ApiError>, Error>;

/// Looks up what `which` names and does `act` to it; nobody else changes what administrators set meanwhile.
///
/// # Errors
/// The refusal of `named` or of `act`.
pub async fn change<W: Copy, F, T>(
    app: &App,
    by: &Caller,
    (named, which): (impl Fn(&mut Tx<'_>, W) -> Outcome<F>, W),
    act: impl Fn(&mut Tx<'_>, &F, &Env) -> Outcome<T>,
) -> Result<T, ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        match named(tx, which)? {
            Ok(found) => act(tx, &found, &env),
            Err(unknown) => Ok(Err(unknown)),
        }
    });
    done.await?
}
