//! People on both engines: logins, lifecycle, the history of addresses, and the counter that locks.

use std::collections::BTreeMap;

use postern_authn::org::OrgName;
use postern_authn::user::{ContactKind, FAILURES_TO_LOCK, LOCK, Lifecycle, Profile, Status, User};
use postern_codes::id::{Id, Org};
use postern_codes::{Env, env::TestWorld};
use postern_store::scratch::{self, Scratch};
use postern_store::users::Failure;

struct Place {
    scratch: Scratch,
    org: Id<Org>,
    env: Env,
}

async fn place(engine: postern_store::migrate::Engine) -> Place {
    let (scratch, env) = (scratch::store(engine).await, TestWorld::new().env());
    let org = Id::new(&env);
    let name: OrgName = "Harbour Lights".parse().unwrap();
    scratch.store.write(org, |tx| tx.insert_org(&name, &env)).await.unwrap();
    Place { scratch, org, env }
}

fn grace(env: &Env, login: &str) -> User {
    let profile = Profile {
        first_name: "Grace".into(),
        last_name: "Hopper".into(),
        email: "grace@harbour.example".into(),
        further: BTreeMap::from([("mobilePhone".to_owned(), "+1 555 0100".into())]),
    };
    User::new(Id::new(env), login.parse().unwrap(), profile, Status::Active, env.now)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_taken_whatever_its_case() {
    for engine in scratch::engines() {
        let Place { scratch, org, env } = place(engine).await;
        let (first, second) = (grace(&env, "grace@harbour.example"), grace(&env, "GRACE@harbour.example"));
        let made = scratch.store.write(org, |tx| {
            Ok((tx.insert_user(&first, "API", "test", &env)?, tx.insert_user(&second, "API", "test", &env)?))
        });
        assert_eq!(made.await.unwrap(), (true, false));
        let read = scratch.store.read(org, |tx| tx.user_by_login(&second.login)).await.unwrap();
        assert_eq!(read, Some(first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_changes_is_closed_and_one_that_stays_keeps_its_age() {
    for engine in scratch::engines() {
        let Place { scratch, org, env } = place(engine).await;
        let user = grace(&env, "grace");
        let mut later = env.clone();
        later.now = env.now.plus(LOCK);
        let moved = Profile { email: "g.hopper@harbour.example".into(), ..user.profile.clone() };
        let gone = Profile { further: BTreeMap::new(), ..moved.clone() };
        let history = scratch.store.write(org, |tx| {
            tx.insert_user(&user, "API", "creator", &env)?;
            assert!(tx.set_profile((user.id, 1), (&user.login, &moved), ("API", "changer"), &later)?);
            assert!(tx.set_profile((user.id, 2), (&user.login, &gone), ("API", "changer"), &later)?);
            assert!(!tx.set_profile((user.id, 2), (&user.login, &moved), ("API", "stale"), &later)?);
            tx.contacts(user.id)
        });
        let history = history.await.unwrap();
        let told: Vec<_> =
            history.iter().map(|c| (c.kind, c.value.as_str(), c.changed_by.as_str(), c.until_at)).collect();
        assert_eq!(
            told,
            [
                (ContactKind::Email, "grace@harbour.example", "creator", Some(later.now)),
                (ContactKind::Email, "g.hopper@harbour.example", "changer", None),
                (ContactKind::MobilePhone, "+1 555 0100", "creator", Some(later.now)),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenth_failure_locks_and_later_ones_are_not_counted() {
    for engine in scratch::engines() {
        let Place { scratch, org, env } = place(engine).await;
        let user = grace(&env, "grace");
        let (now, until) = (env.now, env.now.plus(LOCK));
        let fates = scratch.store.write(org, |tx| {
            tx.insert_user(&user, "API", "test", &env)?;
            (0..=FAILURES_TO_LOCK).map(|_| tx.user_failed(user.id, now)).collect::<Result<Vec<_>, _>>()
        });
        let fates = fates.await.unwrap();
        assert!(fates[..9].iter().all(|fate| *fate == Failure::Counted));
        assert_eq!(fates[9..], [Failure::Locks(until), Failure::AlreadyLocked]);
        let admitted = scratch.store.write(org, |tx| {
            Ok((tx.admit_user(user.id, 1, now)?, tx.admit_user(user.id, 1, until)?, tx.unlock_user(user.id, now)?))
        });
        assert_eq!(admitted.await.unwrap(), (false, true, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_changed_meanwhile_is_not_admitted() {
    for engine in scratch::engines() {
        let Place { scratch, org, env } = place(engine).await;
        let user = grace(&env, "grace");
        let admitted = scratch.store.write(org, |tx| {
            tx.insert_user(&user, "API", "test", &env)?;
            let before = tx.admit_user(user.id, user.version, env.now)?;
            assert_eq!(tx.move_user(&user, Lifecycle::Suspend, env.now)?, Some(Status::Suspended));
            assert_eq!(tx.move_user(&user, Lifecycle::Suspend, env.now)?, None);
            Ok((before, tx.admit_user(user.id, user.version, env.now)?, tx.admit_user(user.id, 2, env.now)?))
        });
        assert_eq!(admitted.await.unwrap(), (true, false, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_hash_is_no_text_in_the_database() {
    for engine in scratch::engines() {
        let Place { scratch, org, env } = place(engine).await;
        let user = grace(&env, "grace");
        let sealed = scratch.store.write(org, |tx| {
            tx.insert_user(&user, "API", "test", &env)?;
            assert!(tx.user_password(user.id)?.is_none());
            tx.set_password(user.id, "$argon2id$canary", &env)?;
            tx.user_password(user.id)
        });
        let sealed = sealed.await.unwrap().unwrap();
        assert!(!sealed.bytes().windows(6).any(|window| window == b"canary"));
        assert_eq!(scratch.store.keyring().open(&sealed).unwrap().expose(), b"$argon2id$canary");
    }
}
