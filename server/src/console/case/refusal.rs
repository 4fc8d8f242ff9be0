//! Why something in a case was not done, in words. What is not about the case is somebody else's to answer: a session that
//! is over, a factor that is to be proved first, a database that does not serve.

use axum::http::StatusCode;

use crate::api::ApiError;
use crate::api::demands::STEP_UP;
use crate::console::words::{Text, say_of};

/// What stands in the way, and what to do.
///
/// # Errors
/// The refusal itself, where it is not about the case.
pub fn words(refused: &ApiError) -> Result<Text, ApiError> {
    let is_elsewhere = refused.status.is_server_error()
        || matches!(refused.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
        || (refused.status == StatusCode::NOT_FOUND && refused.code == "E0000007" && !is_of_factor(refused))
        || refused.code == STEP_UP;
    if is_elsewhere {
        return Err(refused.clone());
    }
    Ok(say_of("cases-refusal", refused.code).or(refused.summary.clone()))
}

/// A factor that is gone is no reason to say that the case is.
fn is_of_factor(refused: &ApiError) -> bool {
    refused.summary.contains("Factor")
}
