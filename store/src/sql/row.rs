//! Rows of an answer, alike from both drivers.

use std::str::FromStr;

use postern_codes::id::{Id, Kind};
use postern_codes::{Place, Sealed, Timestamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::Error;

/// One row of an answer.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// The column `name`, as `T`.
    ///
    /// # Errors
    /// A fault where the column is not there or does not hold a `T`.
    pub fn get<T: Column>(&self, name: &str) -> Result<T, Error> {
        T::read(self, name)
    }

    /// A sealed column of the row that `place` names.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn sealed<T>(&self, place: Place) -> Result<Sealed<T>, Error> {
        let bytes = self.get(place.column)?;
        Ok(Sealed::from_storage(place, bytes))
    }

    /// A JSON document column.
    ///
    /// # Errors
    /// A fault where the document is not a `T`.
    pub fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        Ok(serde_json::from_str(&self.get::<String>(name)?)?)
    }

    /// A column whose text names a `T`.
    ///
    /// # Errors
    /// A fault where it names none.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        let text: String = self.get(name)?;
        text.parse().map_err(|_| Error::fault(format!("column {name} holds an unknown word")))
    }
}

/// What a column can be read as.
pub trait Column: Sized {
    /// Reads the column `name` of `row`.
    ///
    /// # Errors
    /// A fault where the column is not there or does not hold this type.
    fn read(row: &Row, name: &str) -> Result<Self, Error>;
}

macro_rules! driver_columns {
    ($($type:ty),*) => {
        $(
            impl Column for $type {
                fn read(row: &Row, name: &str) -> Result<Self, Error> {
                    Ok(match row {
                        Row::Sqlite(row) => row.try_get(name)?,
                        Row::Postgres(row) => row.try_get(name)?,
                    })
                }
            }
            impl Column for Option<$type> {
                fn read(row: &Row, name: &str) -> Result<Self, Error> {
                    Ok(match row {
                        Row::Sqlite(row) => row.try_get(name)?,
                        Row::Postgres(row) => row.try_get(name)?,
                    })
                }
            }
        )*
    };
}
driver_columns!(bool, i64, String, Vec<u8>);

impl<K: Kind> Column for Id<K> {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        row.parse(name)
    }
}
impl<K: Kind> Column for Option<Id<K>> {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        let text: Option<String> = row.get(name)?;
        text.map(|text| text.parse().map_err(|_| Error::fault(format!("column {name} holds no identifier"))))
            .transpose()
    }
}
impl Column for Timestamp {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        row.get(name).map(Self::from_micros)
    }
}
impl Column for Option<Timestamp> {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        let micros: Option<i64> = row.get(name)?;
        Ok(micros.map(Timestamp::from_micros))
    }
}
impl Column for u64 {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        Self::try_from(row.get::<i64>(name)?).map_err(Error::fault)
    }
}
impl Column for Option<u64> {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        row.get::<Option<i64>>(name)?.map(|number| u64::try_from(number).map_err(Error::fault)).transpose()
    }
}
impl Column for u32 {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        Self::try_from(row.get::<i64>(name)?).map_err(Error::fault)
    }
}
