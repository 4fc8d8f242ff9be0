//! How many proofs a second, for `cargo xtask bench verify`, while no server runs on the data folder: `verifying DATA`.
//!
//! Factors are verified by the act behind the Factors API, each answer given after its own commit; what the database manages
//! by itself is measured apart (`store/examples/commits.rs`, `pgbench`). Passwords are proved by the acts behind the sign-in
//! page, beside the hash alone. Figures go to standard output as JSON: latencies in milliseconds, and how many a second.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postern_authn::audit::Client;
use postern_authn::factor::hotp::{Hash, Make};
use postern_authn::factor::{Kind, NewFactor, Status as FactorStatus};
use postern_authn::user::{Profile, Status, User};
use postern_codes::id::{Factor, Id, Org};
use postern_codes::otp::{self, Algorithm};
use postern_codes::{Env, Secret};
use postern_server::config::Config;
use postern_server::factors::{self, Reply};
use postern_server::sign_in::verify::{Outcome, Scene};
use postern_server::sign_in::{self, Step};
use postern_server::{App, serve};
use postern_store::factor_codes::Bond;
use postern_store::factors::OrgFactors;
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

/// How many at once, each with a person and a token of their own.
const CLIENTS: &[usize] = &[1, 16, 32, 64];
/// How long each figure is taken.
const SPAN: Duration = Duration::from_secs(8);
/// How many passwords are proved at once: more than there are places for the hash.
const SIGNING_IN: usize = 8;
const PASSWORD: &str = "four plain small words";

/// Somebody with a token that counts, which nobody else uses.
#[derive(Clone)]
struct Holder {
    user: User,
    factor: Id<Factor>,
    secret: Secret<Vec<u8>>,
    counter: u64,
    /// Where they come from.
    client: Client,
}

/// What was taken at so many clients.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    per_second: f64,
    milliseconds: Vec<f64>,
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the bench reads it, and somebody waits")]
async fn main() -> anyhow::Result<()> {
    let data = PathBuf::from(std::env::args().nth(1).context("no data folder")?);
    let app = serve::open(&data, Config::load(&data)?).await?;
    let org = app.org().await.map_err(|_| anyhow::anyhow!("the organisation is not set up"))?;
    let most = CLIENTS.iter().copied().max().unwrap_or(1);
    let mut holders = holders(&app, org, most).await?;
    let mut verified = BTreeMap::new();
    for clients in CLIENTS.iter().copied() {
        eprintln!("  verifying: {clients} at once");
        let (figure, back) = verifications(&app, org, holders.drain(..clients).collect()).await?;
        holders.splice(..0, back);
        verified.insert(clients, figure);
    }
    eprintln!("  proving passwords");
    let (signed_in, hashed) = (sign_ins(&app, &holders).await?, hashes(&app).await?);
    let figures = json!({ "verified": verified, "signIns": signed_in, "hashes": hashed });
    println!("{figures}");
    Ok(())
}

/// Makes people, each with a token and a password.
async fn holders(app: &Arc<App>, org: Id<Org>, count: usize) -> anyhow::Result<Vec<Holder>> {
    let env = app.env();
    let hash = app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await;
    let hash = hash.map_err(|_| anyhow::anyhow!("no hash"))?;
    let counting = Make {
        hmac_algorithm: Hash::Sha1,
        pass_code_length: 6,
        time_step: 0,
        shared_secret_encoding: postern_authn::factor::hotp::Encoding::Base32,
    };
    let profile = serde_json::to_value(&counting)?;
    let made = app.store.write(org, |tx| {
        tx.put_setting(&OrgFactors::all(), env.now)?;
        let mut holders = Vec::new();
        for number in 0..count {
            let user = person(number, &env);
            tx.insert_user(&user, "BENCH", "system", &env)?;
            tx.set_password(user.id, hash.expose(), &env)?;
            let secret = Secret::new(env.bytes::<20>().to_vec());
            let factor = NewFactor {
                user: user.id,
                kind: Kind::Hotp,
                provider: "CUSTOM",
                status: FactorStatus::Active,
                profile: profile.clone(),
                secret: secret.clone(),
                counter: 0,
            };
            let factor = tx.insert_factor(&factor, &env)?;
            let user = tx.user(user.id)?.unwrap_or(user);
            let client = Client { ip: format!("192.0.2.{number}"), ..Client::default() };
            holders.push(Holder { user, factor, secret, counter: 0, client });
        }
        Ok(holders)
    });
    Ok(made.await?)
}

fn person(number: usize, env: &Env) -> User {
    let login = format!("holder{number}@tokens.example");
    let (first_name, last_name) = ("Token".to_owned(), format!("Holder {number}"));
    let profile = Profile { first_name, last_name, email: login.clone(), further: BTreeMap::new() };
    User::new(Id::new(env), login.parse().expect("a login"), profile, Status::Active, env.now)
}

/// Everybody verifies one code after the other, until the time is over.
async fn verifications(app: &Arc<App>, org: Id<Org>, holders: Vec<Holder>) -> anyhow::Result<(Figure, Vec<Holder>)> {
    let (begun, mut clients) = (now(), JoinSet::new());
    for mut holder in holders {
        let app = Arc::clone(app);
        clients.spawn(async move {
            let mut taken = Vec::new();
            while begun.elapsed() < SPAN {
                let code = otp::hotp(&holder.secret, holder.counter, 6, Algorithm::Sha1);
                let scene = Scene { client: holder.client.clone(), target: None, is_known: true };
                let (asked, which) = (now(), (holder.factor.as_str(), &Bond::Api));
                let verified = factors::verify(&app, org, &holder.user, which, Reply::Typed(code), &scene).await;
                taken.push(milliseconds(asked));
                match verified {
                    Ok((_, Outcome::Accepted(_))) => holder.counter += 1,
                    Ok((_, refused)) => anyhow::bail!("a right code was refused: {refused:?}"),
                    Err(error) => anyhow::bail!("a right code met an error: {}", error.code),
                }
            }
            Ok((taken, holder))
        });
    }
    let (mut milliseconds, mut back) = (Vec::new(), Vec::new());
    while let Some(client) = clients.join_next().await {
        let (taken, holder) = client??;
        milliseconds.extend(taken);
        back.push(holder);
    }
    Ok((figure(milliseconds, begun), back))
}

/// Name and password, up to the question for a second factor.
async fn sign_ins(app: &Arc<App>, holders: &[Holder]) -> anyhow::Result<Figure> {
    let (begun, mut clients) = (now(), JoinSet::new());
    for own in holders.chunks(holders.len() / SIGNING_IN) {
        let (app, own) = (Arc::clone(app), own.to_vec());
        clients.spawn(async move {
            let mut taken = Vec::new();
            for holder in own.iter().cycle().take_while(|_| begun.elapsed() < SPAN) {
                let asked = now();
                let opened = sign_in::begin(&app, &holder.client, holder.user.login.as_str()).await;
                let (state, _) = opened.map_err(|error| anyhow::anyhow!("no sign-in begins: {}", error.code))?;
                let reply = sign_in::Reply::Password(Secret::new(PASSWORD.to_owned()));
                let step = sign_in::answer(&app, &holder.client, &state, reply).await;
                taken.push(milliseconds(asked));
                let step = step.map_err(|error| anyhow::anyhow!("no password is proved: {}", error.code))?;
                if let Step::Refused(refusal) = step {
                    anyhow::bail!("a right password was refused: {refusal:?}");
                }
            }
            anyhow::Ok(taken)
        });
    }
    let mut all = Vec::new();
    while let Some(client) = clients.join_next().await {
        all.extend(client??);
    }
    Ok(figure(all, begun))
}

/// The hash alone, by as many.
async fn hashes(app: &Arc<App>) -> anyhow::Result<Figure> {
    let hash = app.passwords.hash(Secret::new(PASSWORD.to_owned()), &app.env()).await;
    let hash = hash.map_err(|_| anyhow::anyhow!("no hash"))?;
    let (begun, mut clients) = (now(), JoinSet::new());
    for _ in 0..SIGNING_IN {
        let (app, hash) = (Arc::clone(app), hash.clone());
        clients.spawn(async move {
            let mut taken = Vec::new();
            while begun.elapsed() < SPAN {
                let asked = now();
                let checked = app.passwords.check(Secret::new(PASSWORD.to_owned()), Some(hash.clone())).await;
                let checked = checked.map_err(|_| anyhow::anyhow!("nothing is checked"))?;
                anyhow::ensure!(checked.is_right, "the password is not right");
                taken.push(milliseconds(asked));
            }
            anyhow::Ok(taken)
        });
    }
    let mut all = Vec::new();
    while let Some(client) = clients.join_next().await {
        all.extend(client??);
    }
    Ok(figure(all, begun))
}

fn figure(milliseconds: Vec<f64>, begun: Instant) -> Figure {
    let count = u32::try_from(milliseconds.len()).unwrap_or(u32::MAX);
    Figure { per_second: f64::from(count) / begun.elapsed().as_secs_f64(), milliseconds }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}
