//! [`Store`] and [`Tx`]: transactions as closures, values in, rows out. The only file that names a driver.
//!
//! A closure is synchronous and runs inside `block_in_place` from `BEGIN` to `COMMIT`: it can borrow what surrounds it,
//! and a caller that goes away cannot cut it in half (decision record 0002). It may be run again after a serialization
//! failure, so it has no effect outside its transaction.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use postern_codes::id::{Id, Kind, Org};
use postern_codes::mac::{KeyFault, Keyring};
use postern_codes::{Place, Sealed, Timestamp};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, Sqlite};
use tokio::runtime::Handle;

/// How often a closure is run again after a serialization failure before the request is refused.
const ATTEMPTS: u32 = 8;
/// How long a request waits for a connection before it is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a transaction did not happen. What a rule refuses is no error but a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the closure is run again.
    #[error("another transaction was in the way")]
    Conflict(#[source] sqlx::Error),
    /// Nothing can be written or read now: disk full, read-only, busy or gone. Nothing was done; the caller may retry.
    #[error("the database cannot serve now: {0}")]
    Unavailable(#[source] sqlx::Error),
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

/// A named static statement. Made by [`statements!`](crate::statements) only.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The constant's name.
    pub name: &'static str,
    /// One text for both engines; `$1` is the organisation.
    pub text: &'static str,
}

/// Declares the static statements of a file and lists them for the tests.
///
/// ```
/// postern_store::statements! {
///     USER_LOGIN = "SELECT login FROM users WHERE org_id = $1 AND id = $2";
/// }
/// assert_eq!(STATEMENTS.len(), 1);
/// assert_eq!(USER_LOGIN.name, "USER_LOGIN");
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::sql::Statement =
            $crate::sql::Statement { name: stringify!($name), text: $text };)*
        /// The statements of this file.
        pub const STATEMENTS: &[$crate::sql::Statement] = &[$($name),*];
    };
}

/// A database and the keyring of what it holds sealed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    keyring: Arc<Keyring>,
}

#[derive(Debug, Clone)]
enum Pool {
    /// One writer connection and a pool of readers on WAL snapshots; the lock file is held while the store is open.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        _lock: Arc<std::fs::File>,
    },
    Postgres(PgPool),
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Location {
    /// The SQLite file.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the SQLite file.
    #[error(
        "{0} is in use by another process: stop the running server, or talk to it with the same command while it runs"
    )]
    InUse(PathBuf),
    /// The lock file or folder cannot be used.
    #[error("cannot use {0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// The root key is missing, too open, or not the one of this database.
    #[error(transparent)]
    RootKey(#[from] crate::root_key::RootKeyError),
    /// The database did not answer or a migration failed.
    #[error("cannot open the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed or was changed after it had been applied.
    #[error("cannot bring the database to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The check value could not be read or written.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Store {
    /// Opens the database, brings it to this version and checks that `keyring` is the one it was made with.
    ///
    /// # Errors
    /// [`OpenError`], each with what to do.
    pub async fn open(location: &Location, keyring: Keyring) -> Result<Self, OpenError> {
        let pool = match location {
            Location::Sqlite(path) => open_sqlite(path).await?,
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(512);
                Pool::Postgres(
                    PgPoolOptions::new().max_connections(16).acquire_timeout(PATIENCE).connect_with(options).await?,
                )
            }
        };
        match &pool {
            Pool::Sqlite { writer, .. } => crate::migrate::migrator(crate::migrate::Engine::Sqlite).run(writer).await?,
            Pool::Postgres(pool) => crate::migrate::migrator(crate::migrate::Engine::Postgres).run(pool).await?,
        }
        let store = Self { pool, keyring: Arc::new(keyring) };
        store.check_keyring().await?;
        Ok(store)
    }

    /// What seals and opens the secrets of this database.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// Runs `act` on a snapshot of one organisation's rows; nothing it does is kept.
    ///
    /// # Errors
    /// [`Error`] of the closure or of the database.
    pub async fn read<T>(&self, org: Id<Org>, act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.run(Purpose::Read, Some(org), act).await
    }

    /// Runs `act` in one transaction for an organisation: `Ok` commits, `Err` rolls back.
    ///
    /// # Errors
    /// [`Error`] of the closure or of the database; nothing was done then.
    pub async fn write<T>(&self, org: Id<Org>, act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.run(Purpose::Write, Some(org), act).await
    }

    /// Runs `act` in a transaction for no organisation; only [`crate::system`] calls it.
    pub(crate) async fn unscoped<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.run(Purpose::Write, None, act).await
    }

    /// Runs a pragma on SQLite's writer, for tests of a full disk.
    #[cfg(feature = "scratch")]
    pub(crate) async fn on_writer(&self, pragma: &'static str) -> Result<(), Error> {
        if let Pool::Sqlite { writer, .. } = &self.pool {
            sqlx::query(pragma).execute(writer).await?;
        }
        Ok(())
    }

    async fn run<T>(
        &self,
        purpose: Purpose,
        org: Option<Id<Org>>,
        mut act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let connection = self.begin(purpose).await?;
            // From here to the commit nothing awaits: a caller that hangs up cannot undo a charge.
            let result = tokio::task::block_in_place(|| {
                let mut tx =
                    Tx { connection, org, keyring: &self.keyring, runtime: Handle::current(), state: State::Open };
                let result = act(&mut tx);
                tx.end(result, purpose)
            });
            match result {
                Err(Error::Conflict(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(Error::Conflict(error)) => return Err(Error::Unavailable(error)),
                result => return result,
            }
        }
    }

    /// Begins by hand: the driver's own transactions lose count when SQLite rolls back by itself, as it does on a full disk.
    async fn begin(&self, purpose: Purpose) -> Result<Connection, Error> {
        Ok(match &self.pool {
            Pool::Sqlite { writer, readers, .. } => {
                let (pool, begin) = match purpose {
                    Purpose::Read => (readers, "BEGIN"),
                    Purpose::Write => (writer, "BEGIN IMMEDIATE"),
                };
                let mut connection = pool.acquire().await?;
                sqlx::raw_sql(begin).execute(&mut *connection).await?;
                Connection::Sqlite(connection)
            }
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let begin = match purpose {
                    Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    Purpose::Write => "BEGIN",
                };
                sqlx::raw_sql(begin).execute(&mut *connection).await?;
                Connection::Postgres(connection)
            }
        })
    }

    /// Which engine this is, for the few statements that must differ.
    pub const fn engine(&self) -> crate::migrate::Engine {
        match self.pool {
            Pool::Sqlite { .. } => crate::migrate::Engine::Sqlite,
            Pool::Postgres(_) => crate::migrate::Engine::Postgres,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

async fn open_sqlite(path: &Path) -> Result<Pool, OpenError> {
    let lock_path = path.with_extension("lock");
    let io = |error| OpenError::Io(lock_path.clone(), error);
    let lock = std::fs::File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(io)?;
    lock.try_lock().map_err(|_| OpenError::InUse(path.to_path_buf()))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(512);
    let writer =
        SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(PATIENCE)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Pool::Sqlite { writer, readers, _lock: Arc::new(lock) })
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Where a transaction is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was committed or rolled back.
    Ended,
    /// A statement failed: it can only be rolled back, whatever its closure says.
    Failed,
    Open,
}

/// One open transaction for one organisation.
pub struct Tx<'s> {
    connection: Connection,
    org: Option<Id<Org>>,
    keyring: &'s Keyring,
    runtime: Handle,
    state: State,
}

impl Drop for Tx<'_> {
    /// A closure that panicked leaves its transaction open: the connection is closed, not reused.
    fn drop(&mut self) {
        if self.state != State::Ended {
            match &mut self.connection {
                Connection::Sqlite(connection) => connection.close_on_drop(),
                Connection::Postgres(connection) => connection.close_on_drop(),
            }
        }
    }
}

impl Tx<'_> {
    /// The organisation whose rows this transaction sees.
    ///
    /// # Panics
    /// In a system transaction, which has none; those live in one file.
    pub fn org(&self) -> Id<Org> {
        self.org.expect("a system transaction has no organisation")
    }

    /// What seals and opens secrets.
    pub const fn keyring(&self) -> &Keyring {
        self.keyring
    }

    /// All rows of a statement. `$1` is the organisation; `values` follow from `$2`.
    pub(crate) fn rows(&mut self, statement: Statement, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.rows_of(statement.text, values)
    }

    /// The only row, or none.
    pub(crate) fn row(&mut self, statement: Statement, values: Vec<Value>) -> Result<Option<Row>, Error> {
        let mut rows = self.rows(statement, values)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            many => Err(Error::fault(format!("{} gave {many} rows where at most one was expected", statement.name))),
        }
    }

    /// Runs a statement that must change exactly one row.
    pub(crate) fn one(&mut self, statement: Statement, values: Vec<Value>) -> Result<(), Error> {
        match self.execute(statement, values)? {
            1 => Ok(()),
            count => Err(Error::fault(format!("{} changed {count} rows where one was expected", statement.name))),
        }
    }

    /// Runs a statement; gives the number of rows it changed, which the caller must look at.
    pub(crate) fn execute(&mut self, statement: Statement, values: Vec<Value>) -> Result<u64, Error> {
        let values = self.with_org(values);
        let done = self.runtime.block_on(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => {
                    let query = values.into_iter().fold(sqlx::query(statement.text), Value::bind_sqlite);
                    query.execute(&mut **connection).await.map(|done| done.rows_affected())
                }
                Connection::Postgres(connection) => {
                    let query = values.into_iter().fold(sqlx::query(statement.text), Value::bind_postgres);
                    query.execute(&mut **connection).await.map(|done| done.rows_affected())
                }
            }
        });
        self.noted(done)
    }

    /// All rows of a text that `search.rs` built from constants and placeholders: the only dynamic SQL there is.
    #[expect(dead_code, reason = "searches of people and computers use it")]
    pub(crate) fn search(&mut self, text: String, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.rows_of(sqlx::AssertSqlSafe(text), values)
    }

    fn rows_of(&mut self, text: impl sqlx::SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        let values = self.with_org(values);
        let rows = self.runtime.block_on(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => {
                    let query = values.into_iter().fold(sqlx::query(text), Value::bind_sqlite);
                    let rows = query.fetch_all(&mut **connection).await?;
                    Ok(rows.into_iter().map(Row::Sqlite).collect())
                }
                Connection::Postgres(connection) => {
                    let query = values.into_iter().fold(sqlx::query(text), Value::bind_postgres);
                    let rows = query.fetch_all(&mut **connection).await?;
                    Ok(rows.into_iter().map(Row::Postgres).collect())
                }
            }
        });
        self.noted(rows)
    }

    /// Remembers that a statement failed: PostgreSQL would answer a commit after it with a silent rollback.
    fn noted<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, Error> {
        if result.is_err() {
            self.state = State::Failed;
        }
        Ok(result?)
    }

    /// Goes on for one organisation within a system transaction: the set-up makes one.
    pub(crate) fn scoped<T>(
        &mut self,
        org: Id<Org>,
        act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let outer = self.org.replace(org);
        let result = act(self);
        self.org = outer;
        result
    }

    fn with_org(&self, values: Vec<Value>) -> Vec<Value> {
        self.org.map(Value::from).into_iter().chain(values).collect()
    }

    fn end<T>(mut self, result: Result<T, Error>, purpose: Purpose) -> Result<T, Error> {
        let result = match (result, self.state) {
            (Ok(_), State::Failed) => Err(Error::fault("a closure went on after a statement had failed")),
            (result, _) => result,
        };
        let end = if result.is_ok() && purpose == Purpose::Write { "COMMIT" } else { "ROLLBACK" };
        let ended = self.runtime.block_on(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => sqlx::raw_sql(end).execute(&mut **connection).await.map(drop),
                Connection::Postgres(connection) => sqlx::raw_sql(end).execute(&mut **connection).await.map(drop),
            }
        });
        // SQLite refuses to roll back what it rolled back by itself; any other failure closes the connection.
        let rolled_back_already = matches!(self.connection, Connection::Sqlite(_)) && end == "ROLLBACK";
        if ended.is_ok() || rolled_back_already {
            self.state = State::Ended;
        }
        let value = result?;
        ended?;
        Ok(value)
    }
}

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
    fn bind_sqlite(query: Query<'_, Sqlite>, value: Self) -> Query<'_, Sqlite> {
        match value {
            Self::Bytes(value) => query.bind(value),
            Self::Flag(value) => query.bind(value),
            Self::Number(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
        }
    }

    fn bind_postgres(query: Query<'_, Postgres>, value: Self) -> Query<'_, Postgres> {
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
    Number: i64 => |value| value, u32 => |value| i64::from(value), Timestamp => |value| value.micros();
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
        Ok(Sealed::from_storage(place.clone(), self.get(place.column)?))
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
impl Column for u32 {
    fn read(row: &Row, name: &str) -> Result<Self, Error> {
        Self::try_from(row.get::<i64>(name)?).map_err(Error::fault)
    }
}
