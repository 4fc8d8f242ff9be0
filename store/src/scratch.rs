//! Throw-away databases for tests: a private SQLite folder, and a database of its own in the PostgreSQL that
//! `POSTERN_TEST_POSTGRES` names (`cargo xtask test` starts one). Built with the feature `scratch` alone.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};

use postern_codes::Secret;
use postern_codes::mac::Keyring;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::migrate::Engine;
use crate::sql::{Location, Store};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A store that is gone when the process's temporary folder is.
#[derive(Debug)]
pub struct Scratch {
    /// The open store.
    pub store: Store,
    /// Where it is.
    pub location: Location,
    folder: PathBuf,
}

impl Scratch {
    /// Makes every further write fail as a full disk (SQLite) or a read-only server (PostgreSQL) does.
    ///
    /// # Panics
    /// Where the database cannot be told so.
    pub async fn refuse_writes(&self) {
        match &self.location {
            Location::Sqlite(_) => {
                // The limit cannot be below what is used; no page is free in a database that only grew.
                self.store.on_writer("PRAGMA max_page_count = 1").await.expect("SQLite takes the limit");
            }
            Location::Postgres(url) => self.set_read_only(url, "on").await,
        }
    }

    /// Lets writes through again.
    ///
    /// # Panics
    /// Where the database cannot be told so.
    pub async fn allow_writes(&self) {
        match &self.location {
            Location::Sqlite(_) => {
                self.store.on_writer("PRAGMA max_page_count = 1073741823").await.expect("SQLite takes the limit");
            }
            Location::Postgres(url) => self.set_read_only(url, "off").await,
        }
    }

    async fn set_read_only(&self, url: &str, state: &str) {
        let options = PgConnectOptions::from_str(url).expect("made from a URL");
        let name = options.get_database().expect("a scratch database has a name").to_owned();
        let admin = PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("PostgreSQL answers");
        let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = {state}");
        sqlx::raw_sql("SET default_transaction_read_only = off").execute(&admin).await.expect("may set");
        sqlx::raw_sql(AssertSqlSafe(alter)).execute(&admin).await.expect("may alter");
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
        sqlx::query(end).bind(name).execute(&admin).await.expect("may end connections");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The engines to test on: SQLite, and PostgreSQL where one was started.
pub fn engines() -> Vec<Engine> {
    let postgres = std::env::var_os("POSTERN_TEST_POSTGRES").map(|_| Engine::Postgres);
    std::iter::once(Engine::Sqlite).chain(postgres).collect()
}

/// The keyring of every scratch store.
pub fn keyring() -> Keyring {
    Keyring::new(&Secret::new([7; 32]))
}

/// A fresh, migrated store.
///
/// # Panics
/// Where the database cannot be made: the test cannot go on.
pub async fn store(engine: Engine) -> Scratch {
    let name = format!("postern_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let folder = std::env::temp_dir().join(&name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let location = match engine {
        Engine::Sqlite => Location::Sqlite(folder.join("postern.db")),
        Engine::Postgres => Location::Postgres(postgres_database(&name).await),
    };
    let store = Store::open(&location, keyring()).await.expect("a fresh database opens");
    Scratch { store, location, folder }
}

async fn postgres_database(name: &str) -> String {
    let url =
        std::env::var("POSTERN_TEST_POSTGRES").expect("engines() offers PostgreSQL only where the variable is set");
    let options = PgConnectOptions::from_str(&url).expect("POSTERN_TEST_POSTGRES is a URL");
    let admin =
        PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await.expect("PostgreSQL answers");
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&admin).await.expect("may drop");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.expect("may create");
    options.database(name).to_url_lossy().to_string()
}
