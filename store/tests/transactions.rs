//! What every transaction promises, on both databases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::limit::{Allowance, Charge, Limit};
use postern_authn::org::{OrgName, RoleSettings};
use postern_codes::env::TestWorld;
use postern_codes::id::{Id, Org};
use postern_codes::mac::Keyring;
use postern_codes::{Env, Secret};
use postern_store::migrate::Engine;
use postern_store::scratch::{self, Scratch};
use postern_store::sql::{Location, OpenError};
use postern_store::{Error, Store};

async fn with_org(engine: Engine) -> (Scratch, Id<Org>, Env) {
    let scratch = scratch::store(engine).await;
    let env = TestWorld::new().env();
    let org = Id::new(&env);
    scratch.store.write(org, |tx| tx.insert_org(&name("Acme"), &env)).await.unwrap();
    (scratch, org, env)
}

fn name(text: &str) -> OrgName {
    text.parse().expect("a name")
}

fn event() -> Event {
    Event::success(EventType::OrgSettingUpdate, Actor::system(), Client::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn ok_commits_and_an_error_rolls_back() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let failed: Result<(), Error> = scratch
            .store
            .write(org, |tx| {
                tx.rename_org(&name("Half done"))?;
                Err(Error::fault("a fault after the write"))
            })
            .await;
        assert!(failed.is_err());
        let stored = async || scratch.store.read(org, |tx| tx.org_record()).await.unwrap().unwrap().name;
        assert_eq!(stored().await, "Acme");
        scratch.store.write(org, |tx| tx.rename_org(&name("Done"))).await.unwrap();
        assert_eq!(stored().await, "Done");
        let _ = env;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_keeps_nothing() {
    for engine in scratch::engines() {
        let (scratch, org, _) = with_org(engine).await;
        assert!(scratch.store.read(org, |tx| tx.rename_org(&name("Written in a read"))).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_against_many_at_once() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let allowance = Allowance { count: 5, window: Duration::from_mins(1) };
        let tasks: Vec<_> = (0..60)
            .map(|_| {
                let (store, now) = (scratch.store.clone(), env.now);
                tokio::spawn(async move {
                    store.write(org, |tx| tx.charge(Limit::FactorFailures, "a", allowance, now)).await.unwrap()
                })
            })
            .collect();
        let mut allowed = 0;
        for task in tasks {
            allowed += u32::from(task.await.unwrap() == Charge::Allowed);
        }
        assert_eq!(allowed, 5, "{engine:?}");
        let later = env.now.plus(Duration::from_mins(1));
        let charge = |now| scratch.store.write(org, move |tx| tx.charge(Limit::FactorFailures, "a", allowance, now));
        assert_eq!(charge(env.now).await.unwrap(), Charge::RetryAt(later));
        assert_eq!(charge(later).await.unwrap(), Charge::Allowed, "a new window");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_follow_commits_without_gap_or_double() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let writers: Vec<_> = (0..40)
            .map(|_| {
                let (store, env) = (scratch.store.clone(), env.clone());
                tokio::spawn(async move {
                    store.write(org, |tx| tx.record(&event(), &env)).await.unwrap();
                    store.write(org, |tx| tx.place_events()).await.unwrap()
                })
            })
            .collect();
        let mut placed = 0;
        for writer in writers {
            placed += writer.await.unwrap();
        }
        assert_eq!(placed, 40, "{engine:?}: each event is placed once");
        assert!(!scratch.store.read(org, |tx| tx.has_unplaced_events()).await.unwrap());
    }
}

/// Two requests joined in one task share its thread: neither may swallow what wakes the other.
#[tokio::test(flavor = "multi_thread")]
async fn transactions_of_one_task_wake_each_other() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let act = async || {
            for _ in 0..25 {
                scratch.store.read(org, |tx| tx.org_record()).await?;
                scratch.store.write(org, |tx| tx.record(&event(), &env)).await?;
            }
            Ok::<(), Error>(())
        };
        let all = async { tokio::join!(act(), act(), act()) };
        let ended = tokio::time::timeout(Duration::from_mins(1), all).await;
        assert!(matches!(ended, Ok((Ok(()), Ok(()), Ok(())))), "{engine:?}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_rises_in_version_and_keeps_its_default() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let (settings, version) = scratch.store.read(org, |tx| tx.setting::<RoleSettings>()).await.unwrap();
        assert!(settings.manage_implies_recovery_pin);
        assert_eq!(version, 0);
        let off = RoleSettings { manage_implies_recovery_pin: false };
        for expected in [1, 2] {
            assert_eq!(scratch.store.write(org, |tx| tx.put_setting(&off, env.now)).await.unwrap(), expected);
        }
        assert_eq!(scratch.store.read(org, |tx| tx.setting::<RoleSettings>()).await.unwrap(), (off, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_root_key_is_refused_with_a_remedy() {
    for engine in scratch::engines() {
        let mut scratch = scratch::store(engine).await;
        let location = scratch.location.clone();
        if let Location::Sqlite(path) = &location {
            // The same file under a name of its own, so that the lock of the open store is not in the way.
            let copy = path.with_file_name("copy.db");
            scratch
                .store
                .write(Id::new(&TestWorld::new().env()), |tx| tx.insert_org(&name("A"), &TestWorld::new().env()))
                .await
                .unwrap();
            std::fs::copy(path, &copy).unwrap();
            std::fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
            scratch.location = Location::Sqlite(copy);
        }
        let opened = Store::open(&scratch.location, Keyring::new(&Secret::new([8; 32]))).await;
        let refusal = opened.map(drop).unwrap_err();
        assert!(matches!(refusal, OpenError::RootKey(_)), "{refusal}");
        assert!(refusal.to_string().contains("restore the right file"), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_one_file_is_told_what_to_do() {
    let scratch = scratch::store(Engine::Sqlite).await;
    let refusal = Store::open(&scratch.location, scratch::keyring()).await.map(drop).unwrap_err();
    assert!(matches!(refusal, OpenError::InUse(_)), "{refusal}");
    assert!(refusal.to_string().contains("stop the running server"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_or_read_only_database_refuses_and_recovers() {
    for engine in scratch::engines() {
        let (scratch, org, env) = with_org(engine).await;
        let fill = async || {
            let mut last = Ok(());
            // A page may have room for a few rows more.
            for _ in 0..200 {
                last = scratch.store.write(org, |tx| tx.record(&event(), &env)).await;
                if last.is_err() {
                    break;
                }
            }
            last
        };
        scratch.refuse_writes().await;
        let refused = fill().await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{engine:?}: {refused:?}");
        assert!(scratch.store.read(org, |tx| tx.org_record()).await.unwrap().is_some(), "reading goes on");
        scratch.allow_writes().await;
        scratch.store.write(org, |tx| tx.record(&event(), &env)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_link_is_used_once() {
    for engine in scratch::engines() {
        let scratch = scratch::store(engine).await;
        let env = TestWorld::new().env();
        let system = scratch.store.system();
        let old = system.new_setup_link(&env).await.unwrap();
        let token = Arc::new(system.new_setup_link(&env).await.unwrap());
        assert!(!system.is_setup_link_alive(&old, env.now).await.unwrap(), "a new link voids the old");
        let uses: Vec<_> = (0..8)
            .map(|_| {
                let (store, env, token) = (scratch.store.clone(), env.clone(), Arc::clone(&token));
                tokio::spawn(async move {
                    let org = Id::new(&env);
                    store
                        .system()
                        .use_setup_link(&token, org, env.now, |tx| tx.insert_org(&name("A"), &env))
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut winners = BTreeSet::new();
        for (index, task) in uses.into_iter().enumerate() {
            if task.await.unwrap().is_some() {
                winners.insert(index);
            }
        }
        assert_eq!(winners.len(), 1, "{engine:?}");
        assert_eq!(system.orgs().await.unwrap().len(), 1);
        let late = env.now.plus(Duration::from_hours(1));
        let third = system.new_setup_link(&env).await.unwrap();
        assert!(!system.is_setup_link_alive(&third, late).await.unwrap(), "an hour later it is dead");
    }
}
