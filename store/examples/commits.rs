//! What SQLite manages by itself, for `cargo xtask bench verify`: `commits FOLDER CLIENTS...` changes rows of a small table
//! in a database of its own in that folder, and prints how many a second, by the number of clients, and how many at 64 a
//! commit.
//!
//! One bare connection with the pragmas of the store's writer, and one statement that commits by itself: so many clients stand
//! in line for it, each with a row of its own. Nothing of the store takes part, so it is a limit that the store cannot move.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How long each figure is taken.
const SPAN: Duration = Duration::from_secs(8);
/// How many rows one commit has where many share it.
const TOGETHER: u32 = 64;

const CHANGE: &str = "UPDATE rows SET n = n + 1 WHERE id = $1";

/// What was taken at so many clients.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    per_second: f64,
    milliseconds: Vec<f64>,
}

/// Both limits.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    one_row: BTreeMap<u32, Figure>,
    rows_together: Figure,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the bench reads it")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("no folder")?);
    let clients: Vec<u32> = arguments.map(|clients| clients.parse()).collect::<Result<_, _>>()?;
    let connection = Arc::new(Mutex::new(fresh(&folder.join("commits.db")).await?));
    let mut one_row = BTreeMap::new();
    for clients in clients {
        one_row.insert(clients, commits(&connection, clients, 1).await?);
    }
    let rows_together = commits(&connection, 1, TOGETHER).await?;
    println!("{}", serde_json::to_string(&Limits { one_row, rows_together })?);
    Ok(())
}

async fn fresh(path: &std::path::Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::raw_sql("CREATE TABLE rows (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT")
        .execute(&mut connection)
        .await?;
    for id in 0..TOGETHER {
        sqlx::query("INSERT INTO rows (id, n) VALUES ($1, 0)").bind(id).execute(&mut connection).await?;
    }
    Ok(connection)
}

/// Everybody changes their row, or so many, one commit after the other, until the time is over.
async fn commits(connection: &Arc<Mutex<SqliteConnection>>, clients: u32, rows: u32) -> anyhow::Result<Figure> {
    let (begun, mut all) = (now(), JoinSet::new());
    for client in 0..clients {
        let connection = Arc::clone(connection);
        all.spawn(async move {
            let mut taken = Vec::new();
            while begun.elapsed() < SPAN {
                let asked = now();
                let mut connection = connection.lock().await;
                if rows == 1 {
                    sqlx::query(CHANGE).bind(client).execute(&mut *connection).await?;
                } else {
                    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
                    for row in 0..rows {
                        sqlx::query(CHANGE).bind(row).execute(&mut *connection).await?;
                    }
                    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
                }
                taken.push(asked.elapsed().as_secs_f64() * 1000.0);
            }
            anyhow::Ok(taken)
        });
    }
    let mut milliseconds = Vec::new();
    while let Some(client) = all.join_next().await {
        milliseconds.extend(client??);
    }
    let changed = f64::from(u32::try_from(milliseconds.len())?) * f64::from(rows);
    Ok(Figure { per_second: changed / begun.elapsed().as_secs_f64(), milliseconds })
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}
