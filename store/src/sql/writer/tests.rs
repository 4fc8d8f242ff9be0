use std::collections::BTreeSet;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex as Lock, mpsc};

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::org::{OrgName, RoleSettings};
use postern_codes::Env;
use postern_codes::env::TestWorld;
use postern_codes::id::{Id, Org};

use super::*;
use crate::migrate::Engine;
use crate::scratch::{self, Scratch};
use crate::sql::{Location, Pool, Store};
use crate::{Error, Tx};

/// How many come while somebody is at work.
const MANY: usize = 12;

type Told = Result<usize, Error>;
type Writing = Pin<Box<dyn Future<Output = Told> + Send>>;

/// A store in which everybody writes the name of an organisation of their own.
struct Ground {
    scratch: Scratch,
    env: Env,
    orgs: Vec<Id<Org>>,
}

impl Ground {
    async fn new() -> Self {
        let (scratch, env) = (scratch::store(Engine::Sqlite).await, TestWorld::new().env());
        let mut orgs = Vec::new();
        for _ in 0..=MANY {
            let org = Id::new(&env);
            scratch.store.write(org, |tx| tx.insert_org(&name("Before"), &env)).await.unwrap();
            orgs.push(org);
        }
        Self { scratch, env, orgs }
    }

    fn store(&self) -> Store {
        self.scratch.store.clone()
    }

    fn waiting(&self) -> usize {
        let Pool::Sqlite { writer, .. } = &self.scratch.store.pool else { panic!("it is SQLite") };
        writer.waiting.load(Ordering::SeqCst)
    }

    /// Somebody who writes, and then does `further`.
    fn writing(
        &self,
        who: usize,
        further: impl Fn(&mut Tx<'_>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Writing {
        let (store, org) = (self.store(), self.orgs[who]);
        Box::pin(async move {
            store
                .write(org, |tx| {
                    tx.rename_org(&name("After"))?;
                    further(tx).map(|()| who)
                })
                .await
        })
    }

    /// Somebody who, once they have written, holds the writer until the sender is dropped; and whether they have it.
    fn holding(&self, who: usize) -> (mpsc::Sender<()>, Arc<AtomicBool>, Writing) {
        let (hold, gate) = mpsc::channel::<()>();
        let (gate, is_at_work) = (Lock::new(gate), Arc::new(AtomicBool::new(false)));
        let begun = Arc::clone(&is_at_work);
        let writing = self.writing(who, move |_| {
            begun.store(true, Ordering::SeqCst);
            let _ = gate.lock().unwrap().recv();
            Ok(())
        });
        (hold, is_at_work, writing)
    }

    /// The same, who has it.
    async fn at_work(&self) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Told>) {
        let (hold, is_at_work, writing) = self.holding(0);
        let first = tokio::spawn(writing);
        until(|| is_at_work.load(Ordering::SeqCst)).await;
        (hold, first)
    }

    /// Whose writing is there.
    async fn there(&self) -> BTreeSet<usize> {
        there(&self.scratch.store, &self.orgs).await
    }

    /// Whose writing is there once the store was closed and opened again.
    async fn there_after_all(self) -> BTreeSet<usize> {
        let Self { scratch, orgs, .. } = self;
        let Location::Sqlite(path) = &scratch.location else { panic!("it is SQLite") };
        // The lock of the open store is beside a file of another name; what is written is in these two.
        let copy = path.with_file_name("copy.db");
        std::fs::copy(path, &copy).unwrap();
        std::fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        let store = Store::open(&Location::Sqlite(copy), scratch::keyring()).await.unwrap();
        there(&store, &orgs).await
    }

    /// How many commits the log holds: the frames that end one (<https://sqlite.org/fileformat2.html#walformat>).
    fn commits(&self) -> usize {
        let Location::Sqlite(path) = &self.scratch.location else { panic!("it is SQLite") };
        commits(&path.with_extension("db-wal"))
    }
}

async fn there(store: &Store, orgs: &[Id<Org>]) -> BTreeSet<usize> {
    let mut there = BTreeSet::new();
    for (who, org) in orgs.iter().enumerate() {
        if store.read(*org, |tx| tx.org_record()).await.unwrap().unwrap().name == "After" {
            there.insert(who);
        }
    }
    there
}

fn commits(log: &Path) -> usize {
    let log = std::fs::read(log).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salt) = (number(8) as usize, &log[16..24]);
    let frames = (32..log.len()).step_by(24 + page);
    frames.filter(|at| log[at + 8..at + 16] == *salt && number(at + 4) != 0).count()
}

fn name(text: &str) -> OrgName {
    text.parse().expect("a name")
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Puts them in line in this order.
fn in_line(writings: impl IntoIterator<Item = Writing>) -> Vec<tokio::task::JoinHandle<Told>> {
    let lined = writings.into_iter().map(|mut writing| {
        assert!(writing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        writing
    });
    lined.collect::<Vec<_>>().into_iter().map(tokio::spawn).collect()
}

async fn told(tasks: Vec<tokio::task::JoinHandle<Told>>) -> Vec<Option<Told>> {
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.ok());
    }
    all
}

fn are_ok(told: &[Option<Told>]) -> BTreeSet<usize> {
    told.iter().flatten().flatten().copied().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_who_waited_share_one_commit_in_the_order_they_came() {
    let ground = Ground::new().await;
    let order = Arc::new(Lock::new(Vec::new()));
    let before = ground.commits();
    let (hold, first) = ground.at_work().await;
    let tasks = in_line((1..=MANY).map(|who| {
        let order = Arc::clone(&order);
        ground.writing(who, move |_| {
            order.lock().unwrap().push(who);
            Ok(())
        })
    }));
    assert_eq!(ground.commits(), before);
    drop(hold);
    assert!(matches!(first.await, Ok(Ok(0))));
    assert_eq!(are_ok(&told(tasks).await), (1..=MANY).collect());
    assert_eq!(*order.lock().unwrap(), (1..=MANY).collect::<Vec<_>>());
    assert_eq!(ground.commits(), before + 1);
    assert_eq!(ground.there_after_all().await, (0..=MANY).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_alone_has_a_commit_of_their_own() {
    let ground = Ground::new().await;
    let before = ground.commits();
    for who in 0..=MANY {
        ground.writing(who, |_| Ok(())).await.unwrap();
        assert_eq!(ground.commits(), before + who + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_or_a_panic_undoes_its_own_act_alone() {
    let ground = Ground::new().await;
    let before = ground.commits();
    let (hold, first) = ground.at_work().await;
    let tasks = in_line((1..=MANY).map(|who| {
        ground.writing(who, move |tx| match who % 4 {
            1 => Err(Error::fault("a fault after the write")),
            2 => panic!("a panic after the write"),
            3 => tx.search("SELECT nothing".to_owned(), Vec::new()).map(drop),
            _ => Ok(()),
        })
    }));
    drop(hold);
    assert!(matches!(first.await, Ok(Ok(0))));
    let right: BTreeSet<_> = (1..=MANY).filter(|who| who % 4 == 0).collect();
    assert_eq!(are_ok(&told(tasks).await), right);
    assert_eq!(ground.commits(), before + 1);
    assert_eq!(ground.there().await, right.into_iter().chain([0]).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_told_and_nothing_is_read_before_the_commit() {
    let ground = Ground::new().await;
    let (hold, first) = ground.at_work().await;
    let (further, is_begun, slow) = ground.holding(1);
    let tasks = in_line([slow]);
    drop(hold);
    until(|| is_begun.load(Ordering::SeqCst)).await;
    assert!(!first.is_finished());
    assert_eq!(ground.there().await, BTreeSet::new());
    drop(further);
    assert!(matches!(first.await, Ok(Ok(0))));
    assert_eq!(are_ok(&told(tasks).await), [1].into());
    assert_eq!(ground.there().await, [0, 1].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_goes_away_takes_no_commit_along() {
    let ground = Ground::new().await;
    let (hold, first) = ground.at_work().await;
    let (further, is_begun, slow) = ground.holding(1);
    let tasks = in_line([slow, ground.writing(2, |_| Ok(())), ground.writing(3, |_| Ok(()))]);
    drop(hold);
    until(|| is_begun.load(Ordering::SeqCst)).await;
    // One has written and waits for the commit, one is yet in line, and so is the last.
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    tasks[1].abort();
    tasks[2].abort();
    until(|| ground.waiting() == 0).await;
    drop(further);
    assert_eq!(are_ok(&told(tasks).await), [1].into());
    assert_eq!(ground.there_after_all().await, [0, 1].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_last_waiter_left_is_done_nevertheless() {
    for yields in 0..40 {
        let ground = Ground::new().await;
        let (hold, first) = ground.at_work().await;
        let mut gone = ground.writing(1, |_| Ok(()));
        assert!(gone.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(hold);
        // It goes before its turn comes, or when it has come.
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        drop(gone);
        assert!(matches!(first.await, Ok(Ok(0))));
        assert_eq!(ground.there().await, [0].into());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_fails_is_told_to_all_whose_acts_were_in_it() {
    let ground = Ground::new().await;
    let now = ground.env.now;
    let (hold, first) = ground.at_work().await;
    let tasks = in_line((1..=MANY).map(|who| {
        ground.writing(who, move |tx| {
            if who == MANY / 2 {
                // What is checked at the commit: nothing of ours is, so it stands for a disk that fails just then.
                tx.search("PRAGMA defer_foreign_keys = ON".to_owned(), Vec::new())?;
                tx.put_setting(&RoleSettings { manage_implies_recovery_pin: false }, now)?;
                tx.search("UPDATE orgs SET org_id = 'other' WHERE org_id = $1".to_owned(), Vec::new())?;
            }
            Ok(())
        })
    }));
    drop(hold);
    let mut all = vec![first.await.ok()];
    all.extend(told(tasks).await);
    assert_eq!(are_ok(&all), BTreeSet::new());
    assert_eq!(ground.there().await, BTreeSet::new());
    ground.writing(3, |_| Ok(())).await.unwrap();
    assert_eq!(ground.there().await, [3].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_sqlite_rolled_back_by_itself_was_told_to_nobody() {
    let ground = Ground::new().await;
    let (hold, first) = ground.at_work().await;
    let tasks = in_line((1..=MANY).map(|who| {
        ground.writing(who, move |tx| {
            if who == MANY / 2 {
                // As after an error that SQLite answers so: the transaction is gone, and then the statement fails.
                tx.search("ROLLBACK".to_owned(), Vec::new())?;
                tx.search("SELECT nothing".to_owned(), Vec::new())?;
            }
            Ok(())
        })
    }));
    drop(hold);
    let mut all = vec![first.await.ok()];
    all.extend(told(tasks).await);
    let later: BTreeSet<_> = (MANY / 2 + 1..=MANY).collect();
    assert_eq!(are_ok(&all), later);
    assert!(matches!(all[1], Some(Err(Error::Unavailable(_)))), "{:?}", all[1]);
    assert_eq!(ground.there_after_all().await, later);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_full_disk_whoever_was_told_yes_is_there() {
    let ground = Ground::new().await;
    ground.scratch.refuse_writes().await;
    let (hold, first) = ground.at_work().await;
    let event = || Event::success(EventType::OrgSettingUpdate, Actor::system(), Client::default());
    let tasks = in_line((1..=MANY).map(|who| {
        let env = ground.env.clone();
        // Every other one needs more room than there is.
        ground.writing(who, move |tx| (0..who % 2 * 200).try_for_each(|_| tx.record(&event(), &env)))
    }));
    drop(hold);
    let mut all = vec![first.await.ok()];
    all.extend(told(tasks).await);
    let full = all.iter().flatten().filter(|told| matches!(told, Err(Error::Unavailable(_)))).count();
    assert!(full >= MANY / 2, "{all:?}");
    let yes = are_ok(&all);
    ground.scratch.allow_writes().await;
    assert_eq!(ground.there().await, yes);
    assert_eq!(ground.there_after_all().await, yes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_commit_is_shared_by_more_than_the_most() {
    let ground = Ground::new().await;
    let before = ground.commits();
    let (hold, first) = ground.at_work().await;
    // Each another name: SQLite writes no page that stays as it is.
    let tasks = in_line(
        (0..TOGETHER * 2)
            .map(|turn| ground.writing(1 + turn % MANY, move |tx| tx.rename_org(&name(&format!("Turn {turn}"))))),
    );
    drop(hold);
    first.await.unwrap().unwrap();
    assert!(told(tasks).await.iter().all(|told| matches!(told, Some(Ok(_)))));
    assert_eq!(ground.commits(), before + 3);
}
