//! [`Store`] and [`Tx`]: transactions as closures, values in, rows out. With its parts below, the only file that
//! names a driver.
//!
//! A closure is synchronous and runs inside `block_in_place` from `BEGIN` to `COMMIT`: it can borrow what surrounds it,
//! and a caller that goes away cannot cut it in half (decision record 0002). It may be run again after a serialization
//! failure, so it has no effect outside its transaction. On SQLite those who wait for one another share a commit, and each
//! is answered after it (record 0015).

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use postern_codes::id::{Id, Org};
use postern_codes::mac::Keyring;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

mod error;
mod row;
mod value;
mod writer;

pub use error::Error;
pub use row::{Column, Row};
pub use value::Value;
pub(crate) use value::values;
use writer::{Lent, Shared, Writer};

/// How often a closure is run again after a serialization failure before the request is refused.
const ATTEMPTS: u32 = 8;
/// How long a request waits for a connection before it is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// One writer and a pool of readers on WAL snapshots; the lock file is held while the store is open.
    Sqlite {
        writer: Writer,
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
            Pool::Sqlite { writer, .. } => {
                let mut turn = writer.turn().await?;
                crate::migrate::migrator(crate::migrate::Engine::Sqlite).run(&mut *turn).await?;
            }
            Pool::Postgres(pool) => crate::migrate::migrator(crate::migrate::Engine::Postgres).run(pool).await?,
        }
        let store = Self { pool, keyring: Arc::new(keyring) };
        store.check_keyring().await?;
        store.fold_all().await?;
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

    /// Runs `act` in one transaction for an organisation: `Ok` commits, `Err` rolls back. `Ok` is given when the commit is
    /// durable; whoever stops waiting for it after `act` has begun does not undo it.
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
            writer.pragma(pragma).await?;
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
            let connection = self.connection(purpose).await?;
            // From here to the commit nothing awaits: a caller who hangs up neither undoes a charge nor leaves a
            // transaction open on a connection that others go on to use.
            let result = tokio::task::block_in_place(|| {
                let mut tx = Tx { connection, org, keyring: &self.keyring, state: State::Open };
                let result = tx.begin(purpose).and_then(|()| act(&mut tx));
                tx.end(result, purpose)
            });
            let result = match result {
                Ok((value, None)) => Ok(value),
                Ok((value, Some(shared))) => shared.committed().await.map(|()| value),
                Err(error) => Err(error),
            };
            match result {
                Err(Error::Conflict(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(Error::Conflict(error)) => return Err(Error::Unavailable(error)),
                result => return result,
            }
        }
    }

    async fn connection(&self, purpose: Purpose) -> Result<Connection, Error> {
        Ok(match (&self.pool, purpose) {
            (Pool::Sqlite { readers, .. }, Purpose::Read) => Connection::Sqlite(Lent::Reader(readers.acquire().await?)),
            (Pool::Sqlite { writer, .. }, Purpose::Write) => Connection::Sqlite(Lent::Writer(writer.turn().await?)),
            (Pool::Postgres(pool), _) => Connection::Postgres(pool.acquire().await?),
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
    let writer = Writer::open(options.clone()).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(PATIENCE)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Pool::Sqlite { writer, readers, _lock: Arc::new(lock) })
}

enum Connection {
    Sqlite(Lent),
    Postgres(PoolConnection<Postgres>),
}

/// Waits for the driver within a transaction. Tokio's own `block_on` parks by a token of the thread, and would swallow the
/// one that wakes what else this task awaits; this one parks by a token of its own.
fn wait<F: Future>(driver: F) -> F::Output {
    pollster::block_on(driver)
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
    state: State,
}

impl Drop for Tx<'_> {
    /// A closure that panicked leaves its transaction open: the connection is closed, not reused. What it did on SQLite's
    /// writer is undone, since others may wait for the commit of theirs.
    fn drop(&mut self) {
        if self.state != State::Ended {
            match &mut self.connection {
                Connection::Sqlite(Lent::Reader(connection)) => connection.close_on_drop(),
                Connection::Sqlite(Lent::Writer(turn)) => wait(turn.undo()),
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
        let values = self.bound(values)?;
        let done = wait(async {
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
    pub(crate) fn search(&mut self, text: String, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.rows_of(sqlx::AssertSqlSafe(text), values)
    }

    fn rows_of(&mut self, text: impl sqlx::SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        let values = self.bound(values)?;
        let rows = wait(async {
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

    /// The organisation before the values. What PostgreSQL cannot hold is refused on both engines, before either sees it.
    /// So is what follows a failed statement: SQLite may have rolled back by then, and would keep it at once.
    fn bound(&self, values: Vec<Value>) -> Result<Vec<Value>, Error> {
        if self.state == State::Failed {
            return Err(Error::fault("a closure went on after a statement had failed"));
        }
        if values.iter().any(Value::has_nul) {
            return Err(Error::Nul);
        }
        Ok(self.org.map(Value::from).into_iter().chain(values).collect())
    }

    /// Begins by hand: the driver's own transactions lose count when SQLite rolls back by itself, as it does on a full disk.
    fn begin(&mut self, purpose: Purpose) -> Result<(), Error> {
        let begun = wait(async {
            match (&mut self.connection, purpose) {
                (Connection::Sqlite(Lent::Reader(connection)), _) => {
                    sqlx::raw_sql("BEGIN").execute(&mut **connection).await.map(drop)
                }
                (Connection::Sqlite(Lent::Writer(turn)), _) => turn.begin().await,
                (Connection::Postgres(connection), Purpose::Read) => {
                    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                    sqlx::raw_sql(begin).execute(&mut **connection).await.map(drop)
                }
                (Connection::Postgres(connection), Purpose::Write) => {
                    sqlx::raw_sql("BEGIN").execute(&mut **connection).await.map(drop)
                }
            }
        });
        self.noted(begun)
    }

    /// Commits or rolls back. With the value comes what is to be waited for before it is told.
    fn end<T>(mut self, result: Result<T, Error>, purpose: Purpose) -> Result<(T, Option<Shared>), Error> {
        let result = match (result, self.state) {
            (Ok(_), State::Failed) => Err(Error::fault("a closure went on after a statement had failed")),
            (result, _) => result,
        };
        let is_kept = result.is_ok() && purpose == Purpose::Write;
        let end = if is_kept { "COMMIT" } else { "ROLLBACK" };
        let ended = wait(async {
            match &mut self.connection {
                Connection::Sqlite(Lent::Reader(connection)) => {
                    sqlx::raw_sql(end).execute(&mut **connection).await.map(|_| None)
                }
                Connection::Sqlite(Lent::Writer(turn)) if is_kept => turn.keep().await,
                Connection::Sqlite(Lent::Writer(turn)) => {
                    turn.undo().await;
                    Ok(None)
                }
                Connection::Postgres(connection) => sqlx::raw_sql(end).execute(&mut **connection).await.map(|_| None),
            }
        });
        // The writer leaves nothing open, and SQLite refuses to roll back what it rolled back by itself; any other failure
        // closes the connection.
        if ended.is_ok() || matches!(self.connection, Connection::Sqlite(_)) {
            self.state = State::Ended;
        }
        let value = result?;
        Ok((value, ended?))
    }
}
