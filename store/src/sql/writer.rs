//! SQLite's one writer, handed on from act to act: acts that wait for one another share a commit (decision record 0015).
//!
//! An act is what one closure does. Whoever ends theirs while others wait leaves the transaction open to them, and is
//! answered after its commit. That is done by the last of those who waited, or by a task that stood in line behind them: a
//! caller who goes away takes no commit along. Where nobody waits, an act has a commit of its own.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::{Error, PATIENCE};

/// How many acts share a commit at most.
const TOGETHER: usize = 64;

/// The line for SQLite's one writer: first come, first served.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    options: Arc<SqliteConnectOptions>,
    desk: Arc<Mutex<Desk>>,
    waiting: Arc<AtomicUsize>,
}

/// What is handed on.
#[derive(Debug)]
struct Desk {
    connection: SqliteConnection,
    /// Whether a transaction can be begun on the connection; otherwise the next one opens another.
    is_sound: bool,
    /// Those whose acts are in the open transaction. It is open between two turns exactly where somebody is here.
    pending: Vec<oneshot::Sender<Result<(), Error>>>,
    /// Whether a task is in line that will commit.
    is_commit_queued: bool,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        let desk = Desk { connection, is_sound: true, pending: Vec::new(), is_commit_queued: false };
        Ok(Self { options: Arc::new(options), desk: Arc::new(Mutex::new(desk)), waiting: Arc::default() })
    }

    /// Waits for one's turn.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let waiting = Waiting::in_line(&self.waiting);
        let desk = tokio::time::timeout(PATIENCE, Arc::clone(&self.desk).lock_owned()).await;
        drop(waiting);
        let mut desk = desk.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if !desk.is_sound {
            desk.connection = self.options.connect().await?;
            desk.is_sound = true;
        }
        Ok(Turn { desk, waiting: Arc::clone(&self.waiting) })
    }

    /// Runs a pragma, outside any transaction.
    #[cfg(feature = "scratch")]
    pub(super) async fn pragma(&self, pragma: &'static str) -> Result<(), Error> {
        let mut turn = self.turn().await?;
        if !turn.desk.pending.is_empty() {
            turn.desk.commit().await?;
        }
        sqlx::query(pragma).execute(&mut *turn).await?;
        Ok(())
    }
}

/// Somebody in line.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn in_line(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The writer, for one act; the next in line has it when this is dropped.
pub(super) struct Turn {
    desk: OwnedMutexGuard<Desk>,
    waiting: Arc<AtomicUsize>,
}

impl Deref for Turn {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.desk.connection
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.desk.connection
    }
}

impl Turn {
    /// Begins the act, in a transaction of its own or in the one that was left open.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let text = if self.desk.pending.is_empty() { "BEGIN IMMEDIATE" } else { "SAVEPOINT act" };
        let begun = self.desk.run(text).await;
        self.desk.is_sound = begun.is_ok();
        begun
    }

    /// Undoes the act, and what others did only where SQLite has rolled all of it back by itself.
    pub(super) async fn undo(&mut self) {
        if self.desk.pending.is_empty() {
            return self.desk.roll_back().await;
        }
        // Without a transaction there is no savepoint: the answer tells whether those before are still in it.
        if let Err(error) = self.desk.run("ROLLBACK TO act; RELEASE act").await {
            self.desk.lose(&error).await;
        }
    }

    /// Keeps the act: committed when this returns, or when [`Shared`] says so.
    pub(super) async fn keep(&mut self) -> Result<Option<Shared>, sqlx::Error> {
        if !self.desk.pending.is_empty()
            && let Err(error) = self.desk.run("RELEASE act").await
        {
            self.desk.lose(&error).await;
            return Err(error);
        }
        if self.waiting.load(Ordering::SeqCst) == 0 || self.desk.pending.len() + 1 >= TOGETHER {
            return self.desk.commit().await.map(|()| None);
        }
        let (tell, told) = oneshot::channel();
        self.desk.pending.push(tell);
        if !self.desk.is_commit_queued {
            self.desk.is_commit_queued = true;
            self.queue_commit();
        }
        Ok(Some(Shared(told)))
    }

    /// Puts a task in line behind all who wait now, which belongs to no request.
    fn queue_commit(&self) {
        let mut place = Box::pin(Arc::clone(OwnedMutexGuard::mutex(&self.desk)).lock_owned());
        // Asked for once, so that the place is taken before this turn ends.
        let _ = place.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        tokio::spawn(async move {
            let mut desk = place.await;
            desk.is_commit_queued = false;
            if !desk.pending.is_empty() {
                // Those concerned are told, each as an error of their own.
                let _ = desk.commit().await;
            }
        });
    }
}

impl Desk {
    async fn run(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map(drop)
    }

    /// Commits, and tells everybody whose act is in it how that went.
    async fn commit(&mut self) -> Result<(), sqlx::Error> {
        let committed = self.run("COMMIT").await;
        match &committed {
            Ok(()) => self.pending.drain(..).for_each(|tell| drop(tell.send(Ok(())))),
            Err(error) => self.lose(error).await,
        }
        committed
    }

    /// SQLite refuses where it rolled back by itself; where it leaves a transaction open, none can be begun.
    async fn roll_back(&mut self) {
        let _ = self.run("ROLLBACK").await;
    }

    /// Nothing of the transaction stands: everybody whose act was in it is told so.
    async fn lose(&mut self, error: &sqlx::Error) {
        self.roll_back().await;
        for tell in self.pending.drain(..) {
            let cause = std::io::Error::other(format!("a commit shared with others failed: {error}"));
            let _ = tell.send(Err(Error::Unavailable(sqlx::Error::Io(cause))));
        }
    }
}

/// The commit that an act shares with those after it.
pub(super) struct Shared(oneshot::Receiver<Result<(), Error>>);

impl Shared {
    /// Waits until it is done. Whoever does not wait changes nothing: the act stands with its commit.
    ///
    /// # Errors
    /// Where it failed: nothing of the act stands.
    pub(super) async fn committed(self) -> Result<(), Error> {
        // Nobody is left to tell where the runtime ends.
        self.0.await.unwrap_or_else(|_| Err(Error::Unavailable(sqlx::Error::PoolClosed)))
    }
}

/// A connection of SQLite as a transaction holds it.
pub(super) enum Lent {
    Reader(PoolConnection<Sqlite>),
    Writer(Turn),
}

impl Deref for Lent {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Reader(connection) => connection,
            Self::Writer(turn) => turn,
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Reader(connection) => connection,
            Self::Writer(turn) => turn,
        }
    }
}

#[cfg(test)]
mod tests;
