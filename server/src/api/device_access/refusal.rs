//! How a computer's call is refused: a word, and a line in the record.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Event, EventType};
use postern_authn::device::Device;
use postern_codes::strict::Malformed;
use postern_store::{Error, Tx};
use postern_wire::error::DeviceError;

use super::call::DeviceCall;
use crate::api::ApiError;

/// What a transaction for a computer gives back: a fault, or an outcome that may be a refusal and commits in any case.
pub type Outcome<T> = Result<Result<T, ApiError>, Error>;

/// The error object of a refusal.
pub fn refusal(error: DeviceError) -> ApiError {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    ApiError::new(status, error.word(), error.meaning()).member("fix", error.fix())
}

/// The body is not of its form; the field is named, its value never.
pub fn malformed(fault: &Malformed) -> ApiError {
    refusal(DeviceError::Malformed).cause(fault.to_string())
}

/// The computer in the record.
pub fn actor(device: &Device) -> Actor {
    Actor::device(device.id, &device.profile.serial_number, &device.profile.display_name)
}

impl DeviceCall {
    /// A success of this computer, for the record.
    pub fn success(&self, kind: EventType) -> Event {
        Event::success(kind, actor(&self.device), self.client.clone())
    }

    /// A refusal of this computer, for the record.
    pub fn failure(&self, kind: EventType, code: &str) -> Event {
        Event::failure(kind, actor(&self.device), self.client.clone(), code)
    }

    /// Refuses within a transaction: the record says so, and what was counted stays counted.
    ///
    /// # Errors
    /// Of the database.
    pub fn refuse<T>(&self, tx: &mut Tx<'_>, kind: EventType, error: DeviceError) -> Outcome<T> {
        tx.record(&self.failure(kind, error.word()), &self.env)?;
        Ok(Err(refusal(error)))
    }
}
