//! What was refused of a factor, in the API's words.

use axum::http::StatusCode;
use postern_authn::factor::{Kind, NotEnrollable};
use postern_authn::limit::Limit;

use crate::api::ApiError;
use crate::sign_in::verify::Outcome;

fn forbidden(code: &'static str, summary: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, code, summary)
}

/// An answer that was not taken.
pub fn refusal(outcome: &Outcome, kind: Kind) -> ApiError {
    match outcome {
        Outcome::Limited(at) => ApiError::too_many(Limit::FactorFailures.message(), *at),
        Outcome::Locked(at) => forbidden("E0000069", "User Locked").again_at(*at),
        Outcome::Replayed => {
            forbidden("E0000082", "Each code can only be used once. Please wait for a new code and try again.")
        }
        Outcome::Stale => forbidden("E0000083", "PassCode is valid but exceeded time window."),
        Outcome::Slip | Outcome::Wrong => {
            let what = if kind == Kind::Question { "answer" } else { "passcode" };
            let cause = format!("Your {what} doesn't match our records. Please try again.");
            forbidden("E0000068", "Invalid Passcode/Answer").cause(cause)
        }
        Outcome::Unverified => {
            let summary = "Invalid Enrollment. User verification required.";
            let cause = "The security key must ask for a PIN, a finger or a face.";
            ApiError::new(StatusCode::BAD_REQUEST, "E0000158", summary).cause(cause)
        }
        Outcome::Accepted(_) | Outcome::Unavailable => status(),
    }
}

/// Something that cannot be enrolled.
pub(super) fn enrolment(why: NotEnrollable) -> ApiError {
    let bad = |code, summary: &str| ApiError::new(StatusCode::BAD_REQUEST, code, summary);
    match why {
        NotEnrollable::AlreadySetUp => {
            ApiError::validation("factorEnrollRequest", ["A factor of this type is already set up."])
        }
        NotEnrollable::Email => {
            let what = "Only verified primary or secondary email can be enrolled.";
            ApiError::validation(what, [what])
        }
        NotEnrollable::ExistingPhone => {
            ApiError::validation("factorEnrollRequest", ["There is an existing verified phone number."])
        }
        NotEnrollable::Extension => bad("E0000121", "Invalid phone extension. Please enter a valid phone extension."),
        NotEnrollable::Member(member, cause) => ApiError::validation(member, [format!("{member}: {cause}")]),
        NotEnrollable::Phone => bad("E0000098", "This phone number is invalid."),
    }
}

/// A factor that the organisation, or its policy, does not allow.
pub(super) fn not_allowed() -> ApiError {
    ApiError::validation("factorType", ["factorType: this factor is not allowed for this person"])
}

/// A step that the factor's state does not allow.
pub(super) fn state() -> ApiError {
    forbidden("E0000079", "This operation is not allowed in the current authentication state.")
}

/// A person whose status does not allow it.
pub(super) fn status() -> ApiError {
    forbidden("E0000038", "This operation is not allowed in the user's current status.")
}

/// A factor that does not count, or not any more.
pub(super) fn inactive() -> ApiError {
    ApiError::new(StatusCode::LOCKED, "E0000180", "Factor id is currently not active.")
}

/// A page at which no passkey works.
pub fn no_site() -> ApiError {
    ApiError::validation("origin", ["origin: passkeys do not work at this address"])
}

/// The last factor of an administrator.
pub(super) fn last_factor(is_own: bool) -> ApiError {
    let summary = if is_own {
        "this is your last factor: without it you could not sign in to the console"
    } else {
        "this is the last factor of the last super administrator"
    };
    ApiError::new(StatusCode::CONFLICT, "last_factor", summary).cause("add another one first")
}

/// A factor that must be there.
pub(super) fn required_factor() -> ApiError {
    let summary = "your organisation's enrolment policy wants you to have this factor";
    ApiError::new(StatusCode::CONFLICT, "required_factor", summary).cause("add another one of its kind first")
}
