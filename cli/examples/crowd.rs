//! Fills an organisation with people for `cargo xtask bench people`, while no server runs on it: `crowd DATA COUNT`. Says
//! what somebody's app shows: `crowd code SECRET`.
//!
//! Every tenth is in the group Crowd; the first [`SIGNERS`] have a password and an authenticator app. What the bench has
//! to know goes to standard output as JSON, how far it is to standard error.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use postern_authn::factor::totp;
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::user::{Login, Profile, Status, User};
use postern_codes::env::{System, World as _};
use postern_codes::id::{Id, Org, User as UserKind};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Env, Secret};
use postern_server::App;
use postern_server::config::Config;
use postern_server::serve;
use postern_store::sql::Tx;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many can sign in.
const SIGNERS: u32 = 400;
const PASSWORD: &str = "four plain small words";
/// How many are kept in one transaction.
const BATCH: u32 = 2_000;
/// How many transactions at once: SQLite takes them one after the other.
const LANES: usize = 4;
/// One in so many is told to the bench, to begin a page behind.
const KNOWN: u32 = 37;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the bench reads it")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (data, count) = (arguments.next().context("no data folder")?, arguments.next().context("no count")?);
    if data == "code" {
        let secret = otp::from_base32(&count).context("no secret")?;
        println!("{}", AUTHENTICATOR_APP.code(&secret, System.now()).expose());
        return Ok(());
    }
    let (data, count) = (PathBuf::from(data), count.parse()?);
    let app = serve::open(&data, Config::load(&data)?).await?;
    println!("{}", fill(app, count).await?);
    Ok(())
}

#[expect(clippy::print_stderr, reason = "it takes minutes, and somebody waits")]
async fn fill(app: Arc<App>, count: u32) -> anyhow::Result<Value> {
    let env = app.env();
    let org = app.org().await.map_err(|_| anyhow::anyhow!("the organisation is not set up"))?;
    let password = app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await;
    let password = password.map_err(|_| anyhow::anyhow!("no hash"))?.expose().clone();
    let profile = GroupProfile::new("Crowd", "Every tenth").map_err(|_| anyhow::anyhow!("no group"))?;
    let made = app.store.write(org, |tx| tx.insert_group(GroupKind::Own, &profile, &env)).await?;
    let group = made.context("there is a crowd already")?;
    let place = Place { org, password };
    let (mut known, mut signers, mut members, mut kept) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut batches = (0..count).step_by(BATCH as usize).map(|begin| begin..count.min(begin + BATCH));
    let mut lanes = JoinSet::new();
    loop {
        while lanes.len() < LANES
            && let Some(numbers) = batches.next()
        {
            lanes.spawn(keep(app.clone(), place.clone(), numbers));
        }
        let Some(batch) = lanes.join_next().await else { break };
        let batch = batch??;
        known.extend(batch.known);
        signers.extend(batch.signers);
        members.extend(batch.members);
        kept += batch.count;
        if kept % 50_000 == 0 {
            eprintln!("{kept} of {count}");
        }
    }
    // Afterwards: a group notes each who comes, so that lanes would wait for one another at its row.
    for batch in members.chunks(BATCH as usize) {
        let added = app.store.write(org, |tx| {
            let now = app.env().now;
            batch.iter().try_for_each(|user| tx.add_member(group, *user, now).map(drop))
        });
        added.await?;
    }
    Ok(json!({ "group": group, "known": known, "signers": signers, "password": PASSWORD, "count": count }))
}

/// Whose people they are, and the hash of the password that some have.
#[derive(Clone)]
struct Place {
    org: Id<Org>,
    password: String,
}

/// What the bench is told of a batch.
#[derive(Default)]
struct Batch {
    count: u32,
    known: Vec<Id<UserKind>>,
    /// Who is to be in the group.
    members: Vec<Id<UserKind>>,
    signers: Vec<Value>,
}

/// Keeps the people of these numbers, in one transaction.
async fn keep(app: Arc<App>, place: Place, numbers: Range<u32>) -> anyhow::Result<Batch> {
    let kept = app.store.write(place.org, |tx| {
        let mut batch = Batch::default();
        for number in numbers.clone() {
            let env = app.env();
            let user = insert(tx, number, &env)?;
            batch.count += 1;
            if number.is_multiple_of(10) {
                batch.members.push(user.id);
            }
            if number % KNOWN == 0 {
                batch.known.push(user.id);
            }
            if number < SIGNERS {
                tx.set_password(user.id, &place.password, &env)?;
                let secret = totp::new_secret(&env);
                // As if it had been made a minute ago: the code of now is still good for signing in.
                let before = postern_codes::Timestamp::from_unix_seconds(env.now.unix_seconds() - 60);
                let code = AUTHENTICATOR_APP.code(&secret, before);
                if let Some(factor) = totp::enrol(&user, &secret, &code, before) {
                    tx.insert_factor(&factor, &env)?;
                }
                let secret = otp::base32(&secret).expose().clone();
                batch.signers.push(json!({ "login": user.login.as_str(), "appSecret": secret }));
            }
        }
        Ok(batch)
    });
    Ok(kept.await?)
}

fn insert(tx: &mut Tx<'_>, number: u32, env: &Env) -> Result<User, postern_store::Error> {
    const FIRST: [&str; 8] = ["Ada", "Grace", "Hal", "Ida", "Mary", "Noor", "Olu", "Wei"];
    const LAST: [&str; 7] = ["Hopper", "Lindqvist", "Okonkwo", "Park", "Silva", "Tanaka", "Weiss"];
    let pick = |from: &[&str]| from[number as usize % from.len()].to_owned();
    let login = format!("person{number:07}@crowd.example");
    let profile = Profile {
        first_name: pick(&FIRST),
        last_name: pick(&LAST),
        email: login.clone(),
        further: [("department".to_owned(), json!(format!("Department {}", number % 50)))].into_iter().collect(),
    };
    let login: Login = login.parse().expect("a login");
    let user = User::new(Id::new(env), login, profile, Status::Active, env.now);
    assert!(tx.insert_user(&user, "BENCH", "system", env)?, "{} is there already", user.login.as_str());
    Ok(user)
}
