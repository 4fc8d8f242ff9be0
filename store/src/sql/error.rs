//! Why a transaction did not happen, sorted by what the caller does next.

use postern_codes::mac::KeyFault;

/// Why a transaction did not happen. What a rule refuses is no error but a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the closure is run again.
    #[error("another transaction was in the way")]
    Conflict(#[source] sqlx::Error),
    /// Nothing can be written or read now: disk full, read-only, busy or gone. Nothing was done; the caller may retry.
    #[error("the database cannot serve now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A text holds a NUL character, which not every database can keep. Nothing was done.
    #[error("a text holds a NUL character")]
    Nul,
    /// The database or a sealed value is not as this program left it, or a statement is wrong.
    #[error("the database failed: {0}")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A fault that this program found itself, such as a column that does not parse.
    pub fn fault(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fault(cause.into())
    }
}

impl From<KeyFault> for Error {
    fn from(fault: KeyFault) -> Self {
        Self::fault(fault)
    }
}

impl From<serde_json::Error> for Error {
    fn from(fault: serde_json::Error) -> Self {
        Self::fault(fault)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(database) => database.code().map(std::borrow::Cow::into_owned),
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                return Self::Unavailable(error);
            }
            _ => None,
        };
        match code.as_deref() {
            // PostgreSQL: serialization_failure, deadlock_detected.
            Some("40001" | "40P01") => Self::Conflict(error),
            // PostgreSQL: read_only_sql_transaction, disk_full, out_of_memory, too_many_connections, shutting down.
            Some("25006" | "53100" | "53200" | "53300" | "57P01" | "57P02" | "57P03") => Self::Unavailable(error),
            // SQLite's primary result code is the low byte: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
            // PostgreSQL's codes have five characters.
            Some(code)
                if code.len() < 5
                    && code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14)) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::fault(error),
        }
    }
}
