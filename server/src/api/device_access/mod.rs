//! The device access API: what a computer says to the server, and what an administrator asks for.
//!
//! | module | answers |
//! | --- | --- |
//! | [`call`] | the proof that every call of a computer carries |
//! | [`enroll`] | codes, the first certificate, the next one |
//! | [`check_in`] | the regular contact |
//! | [`register`] | a recovery secret that both sides make and neither sends |
//! | [`confirm`] | a PIN that was typed, online |
//! | [`reports`] | what was used offline |
//! | [`factors`] | a second factor at a computer |
//! | [`settings`] | what the organisation sets |
//! | [`generation`], [`refusal`] | what these have in common |

pub mod call;
pub mod check_in;
pub mod confirm;
pub mod enroll;
pub mod factors;
pub mod generation;
pub mod refusal;
pub mod register;
pub mod reports;
pub mod settings;

use super::routes::Routes;

/// Every route of computers and of the settings for them.
pub fn routes() -> Routes {
    [
        check_in::routes(),
        confirm::routes(),
        enroll::routes(),
        factors::routes(),
        register::routes(),
        reports::routes(),
        settings::routes(),
    ]
    .into_iter()
    .fold(Routes::new(), Routes::merge)
}
