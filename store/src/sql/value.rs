//! Values bound to a statement, alike for both drivers.

use postern_codes::id::{Id, Kind};
use postern_codes::{Sealed, Timestamp};
use sqlx::Sqlite;
use sqlx::postgres::Postgres;

/// A bound parameter. Its type stays known when it is null, as PostgreSQL demands.
#[derive(Debug, Clone)]
pub enum Value {
    /// Opaque or sealed bytes.
    Bytes(Option<Vec<u8>>),
    /// Yes or no.
    Flag(Option<bool>),
    /// A count, a time in microseconds, a step.
    Number(Option<i64>),
    /// Text, identifiers among it.
    Text(Option<String>),
}

type Query<'q, D> = sqlx::query::Query<'q, D, <D as sqlx::Database>::Arguments>;

impl Value {
    pub(super) fn has_nul(&self) -> bool {
        matches!(self, Self::Text(Some(text)) if text.contains('\0'))
    }

    pub(super) fn bind_sqlite(query: Query<'_, Sqlite>, value: Self) -> Query<'_, Sqlite> {
        match value {
            Self::Bytes(value) => query.bind(value),
            Self::Flag(value) => query.bind(value),
            Self::Number(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
        }
    }

    pub(super) fn bind_postgres(query: Query<'_, Postgres>, value: Self) -> Query<'_, Postgres> {
        match value {
            Self::Bytes(value) => query.bind(value),
            Self::Flag(value) => query.bind(value),
            Self::Number(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
        }
    }
}

macro_rules! value_from {
    ($($variant:ident: $($type:ty => |$value:ident| $into:expr),+;)*) => {
        $($(
            impl From<$type> for Value {
                fn from($value: $type) -> Self { Self::$variant(Some($into)) }
            }
            impl From<Option<$type>> for Value {
                fn from(value: Option<$type>) -> Self { Self::$variant(value.map(|$value| $into)) }
            }
        )+)*
    };
}

value_from! {
    Bytes: Vec<u8> => |value| value, &[u8] => |value| value.to_vec(), [u8; 32] => |value| value.to_vec();
    Flag: bool => |value| value;
    Number: i64 => |value| value, u32 => |value| i64::from(value),
        u64 => |value| i64::try_from(value).unwrap_or(i64::MAX), Timestamp => |value| value.micros();
    Text: String => |value| value, &str => |value| value.to_owned(), &String => |value| value.clone();
}

impl<K: Kind> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}
impl<K: Kind> From<Option<Id<K>>> for Value {
    fn from(id: Option<Id<K>>) -> Self {
        Self::Text(id.map(|id| id.to_string()))
    }
}
impl<T> From<&Sealed<T>> for Value {
    fn from(sealed: &Sealed<T>) -> Self {
        Self::Bytes(Some(sealed.bytes().to_vec()))
    }
}
impl<T> From<Option<&Sealed<T>>> for Value {
    fn from(sealed: Option<&Sealed<T>>) -> Self {
        Self::Bytes(sealed.map(|sealed| sealed.bytes().to_vec()))
    }
}

/// Parameters in order: `values![id, now]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;
