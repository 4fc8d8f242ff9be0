//! What serves once serves once: hands many requests the same one-time thing at the same moment, and counts who gets it.
//!
//! `races ENGINE SUBMISSIONS`, with ENGINE `sqlite` or `postgres` (the server that `POSTERN_TEST_POSTGRES` names), prints a
//! JSON object: for each kind of thing how many submissions there were, how many things were given twice or never, and how
//! many submissions a second were answered. `cargo xtask bench races` runs it. A kind is a line in [`KINDS`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postern_authn::factor::webauthn::{self, Ceremony, Demands, RelyingParty};
use postern_authn::factor::{Consume, Enrolled, Kind, NewFactor, Status as FactorStatus};
use postern_authn::org::OrgName;
use postern_authn::sign_in::{Asking, Purpose, SignIn, TwoCategories};
use postern_authn::user::{Profile, Status, User};
use postern_codes::env::{System, World};
use postern_codes::id::{Device, Id, Org};
use postern_codes::{Env, Secret, Timestamp, b64, mac};
use postern_store::challenges::{Asking as Asked, Bond as Question};
use postern_store::enrollment_codes::NewCode;
use postern_store::factor_codes::Bond;
use postern_store::links::LinkPurpose;
use postern_store::migrate::Engine;
use postern_store::scratch::{self, Scratch};
use postern_store::session_tokens::SessionGrant;
use postern_store::sign_ins::SignInRow;
use postern_store::{Error, Tx};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How many submit the same thing at once.
const AT_ONCE: u32 = 16;
/// How many things are made in one transaction.
const BATCH: u32 = 100;

/// A kind of thing that serves once: how one is made.
struct OneTime {
    name: &'static str,
    make: fn(&mut Tx<'_>, &Ground, &Env) -> Result<Thing, Error>,
}

const KINDS: &[OneTime] = &[
    OneTime { name: "answer of a counter", make: counter },
    OneTime { name: "backup code", make: backup_code },
    OneTime { name: "code that was sent", make: sent_code },
    OneTime { name: "enrolment code of a computer", make: enrolment_code },
    OneTime { name: "link in a mail", make: link },
    OneTime { name: "question to a device", make: challenge },
    OneTime { name: "session token", make: session_token },
    OneTime { name: "step of a sign-in", make: step },
];

type Take = Box<dyn Fn(&mut Tx<'_>, Timestamp) -> Result<bool, Error> + Send + Sync>;

/// One thing, and how it is submitted.
struct Thing {
    /// Looks first, in a transaction of its own, whether it is worth trying: nothing of ours does.
    look: Option<Take>,
    /// Whether it is given.
    take: Take,
}

impl Thing {
    fn taken(take: impl Fn(&mut Tx<'_>, Timestamp) -> Result<bool, Error> + Send + Sync + 'static) -> Self {
        Self { look: None, take: Box::new(take) }
    }
}

/// What the things belong to.
struct Ground {
    scratch: Scratch,
    org: Id<Org>,
    user: User,
    /// A factor of each kind that is needed.
    factors: Vec<Enrolled>,
    ceremony: Ceremony,
    asking: Asking,
    /// The next step of a counter.
    steps: AtomicU64,
    world: Arc<dyn World>,
}

impl Ground {
    async fn new(engine: Engine) -> anyhow::Result<Self> {
        let world: Arc<dyn World> = Arc::new(System);
        let env = Env::of(&world);
        let (scratch, org) = (scratch::store(engine).await, Id::new(&env));
        let profile = Profile {
            first_name: "Grace".into(),
            last_name: "Hopper".into(),
            email: "grace@harbour.example".into(),
            further: BTreeMap::new(),
        };
        let user = User::new(Id::new(&env), profile.email.parse()?, profile, Status::Active, env.now);
        let name: OrgName = "Harbour Lights".parse()?;
        let made = scratch.store.write(org, |tx| {
            tx.insert_org(&name, &env)?;
            tx.insert_user(&user, "RACES", "races", &env)?;
            for (kind, provider) in [(Kind::Totp, "GOOGLE"), (Kind::Sms, "OKTA"), (Kind::BackupCodes, "OKTA")] {
                let secret = Secret::new(b"an app and we".to_vec());
                let (status, profile) = (FactorStatus::Active, json!({}));
                tx.insert_factor(
                    &NewFactor { user: user.id, kind, provider, status, profile, secret, counter: 0 },
                    &env,
                )?;
            }
            tx.all_factors_of(user.id)
        });
        let factors = made.await?;
        let party = RelyingParty::at("https://harbour.example", "Harbour Lights").context("a site")?;
        let (_, ceremony) = webauthn::ask_to_enrol(&user, &[], (party, &Demands::default()), env.now)?;
        let SignIn::Asking(asking) = SignIn::begin(Some(user.id), Purpose::Console, &TwoCategories, env.now) else {
            anyhow::bail!("nobody is asked anything")
        };
        Ok(Self { scratch, org, user, factors, ceremony, asking, steps: AtomicU64::new(1), world })
    }

    fn factor(&self, kind: Kind) -> Result<Enrolled, Error> {
        let found = self.factors.iter().find(|factor| factor.kind == kind).cloned();
        found.ok_or_else(|| Error::fault("the ground has no such factor"))
    }

    /// Hands it to many at once; how many got it.
    async fn submit(&self, thing: Thing) -> anyhow::Result<usize> {
        let (thing, start) = (Arc::new(thing), Arc::new(Barrier::new(AT_ONCE as usize)));
        let mut submissions = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (store, org, now) = (self.scratch.store.clone(), self.org, Env::of(&self.world).now);
            let (thing, start) = (Arc::clone(&thing), Arc::clone(&start));
            submissions.spawn(async move {
                start.wait().await;
                if let Some(look) = &thing.look
                    && !store.read(org, |tx| look(tx, now)).await?
                {
                    return Ok(false);
                }
                store.write(org, |tx| (thing.take)(tx, now)).await
            });
        }
        let answers: Vec<Result<bool, Error>> = submissions.join_all().await;
        let answers: Vec<bool> = answers.into_iter().collect::<Result<_, _>>()?;
        Ok(answers.into_iter().filter(|is_given| *is_given).count())
    }

    /// Races for things of one kind until so many submissions were made.
    async fn race(&self, kind: &OneTime, submissions: u32) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        while tally.submissions < submissions {
            let left = (submissions - tally.submissions).div_ceil(AT_ONCE);
            let env = Env::of(&self.world);
            let make = |tx: &mut Tx<'_>| (0..left.min(BATCH)).map(|_| (kind.make)(tx, self, &env)).collect();
            let things: Vec<Thing> = self.scratch.store.write(self.org, make).await?;
            for thing in things {
                let begun = now();
                let given = self.submit(thing).await?;
                tally.took += begun.elapsed();
                tally.submissions += AT_ONCE;
                tally.twice += u32::from(given > 1);
                tally.never += u32::from(given == 0);
            }
        }
        Ok(tally)
    }
}

/// How the races for one kind went.
#[derive(Debug, Default)]
struct Tally {
    submissions: u32,
    twice: u32,
    never: u32,
    took: Duration,
}

impl Tally {
    fn shown(&self) -> Value {
        let per_second = f64::from(self.submissions) / self.took.as_secs_f64();
        json!({ "submissions": self.submissions, "twice": self.twice, "never": self.never, "perSecond": per_second })
    }
}

fn counter(_: &mut Tx<'_>, ground: &Ground, _: &Env) -> Result<Thing, Error> {
    let factor = ground.factor(Kind::Totp)?;
    // Rises from thing to thing, as the steps of a clock do.
    let answer = Consume::Counter(ground.steps.fetch_add(1, Ordering::Relaxed));
    Ok(Thing::taken(move |tx, now| tx.consume_answer(&factor, answer, &Bond::Api, now)))
}

fn code(tx: &mut Tx<'_>, (factor, life): (Enrolled, Option<Duration>), env: &Env) -> Result<Thing, Error> {
    let code = env.token();
    let bond = Bond::SignIn(code.expose().clone());
    tx.put_code((&factor, &bond), &code, life.map(|life| env.now.plus(life)), env.now)?;
    let tag = tx.code_tag(&factor, &bond, code.expose());
    Ok(Thing::taken(move |tx, now| tx.consume_answer(&factor, Consume::Code(tag), &bond, now)))
}

fn backup_code(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    code(tx, (ground.factor(Kind::BackupCodes)?, None), env)
}

fn sent_code(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    code(tx, (ground.factor(Kind::Sms)?, Some(LIFE)), env)
}

fn enrolment_code(tx: &mut Tx<'_>, _: &Ground, env: &Env) -> Result<Thing, Error> {
    let (hash, device) = (mac::sha256(&[&env.bytes::<32>()]), Id::<Device>::new(env));
    let (created_at, expires_at) = (env.now, env.now.plus(LIFE));
    tx.insert_enrollment_code(&NewCode {
        id: Id::new(env),
        hash,
        serial: None,
        created_by: "races",
        created_at,
        expires_at,
    })?;
    Ok(Thing::taken(move |tx, now| tx.use_enrollment_code(hash, "SN-1", device, now)))
}

fn link(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    let token = tx.new_link(LinkPurpose::Reset, ground.user.id.as_str(), LIFE, env)?;
    Ok(Thing::taken(move |tx, now| Ok(tx.use_link(LinkPurpose::Reset, &token, now)?.is_some())))
}

fn challenge(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    let hash = mac::sha256(&[&env.bytes::<32>()]);
    let bond = Question { user: Some(ground.user.id), asking: Asked::Check, flow: b64::encode(&hash) };
    tx.insert_challenge(&ground.ceremony, &bond, hash, env.now)?;
    Ok(Thing::taken(move |tx, now| Ok(tx.take_challenge(hash, &bond, now)?.is_some())))
}

fn session_token(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    let grant = SessionGrant { user: ground.user.id, factor_at: None, amr: "pwd".into() };
    let token = tx.insert_session_token(&grant, env)?;
    Ok(Thing::taken(move |tx, now| Ok(tx.take_session_token(&token, now)?.is_some())))
}

fn step(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
    let token_hash = mac::sha256(&[&env.bytes::<32>()]);
    tx.insert_sign_in(&ground.asking, (token_hash, "grace"), env.now)?;
    let (row, asking) = (SignInRow { token_hash, name_key: "grace".into(), version: 1 }, ground.asking.clone());
    Ok(Thing::taken(move |tx, now| tx.save_sign_in(&row, &asking, now)))
}

const LIFE: Duration = Duration::from_mins(5);

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the bench reads it, and somebody waits")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let engine = match arguments.next().as_deref() {
        Some("sqlite") => Engine::Sqlite,
        Some("postgres") => Engine::Postgres,
        _ => anyhow::bail!("races sqlite|postgres SUBMISSIONS"),
    };
    let submissions = arguments.next().context("how many submissions?")?.parse()?;
    let ground = Ground::new(engine).await?;
    let mut told = serde_json::Map::new();
    for kind in KINDS {
        eprintln!("  racing: {}", kind.name);
        told.insert(kind.name.to_owned(), ground.race(kind, submissions).await?.shown());
    }
    println!("{}", Value::Object(told));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: u32 = 20 * AT_ONCE;

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn of_many_at_once_one_is_given_it() {
        for engine in scratch::engines() {
            let ground = Ground::new(engine).await.unwrap();
            for kind in KINDS {
                let tally = ground.race(kind, ENOUGH).await.unwrap();
                assert_eq!((tally.twice, tally.never), (0, 0), "{engine:?}: {}", kind.name);
            }
        }
    }

    /// The fault that the guarded statements are there against: it looks, and then writes whatever is there by then.
    fn looked_at_first(tx: &mut Tx<'_>, ground: &Ground, env: &Env) -> Result<Thing, Error> {
        let (factor, code) = (ground.factor(Kind::Sms)?, env.token());
        let bond = Bond::SignIn(code.expose().clone());
        tx.put_code((&factor, &bond), &code, Some(env.now.plus(LIFE)), env.now)?;
        let tag = tx.code_tag(&factor, &bond, code.expose());
        let (same, also) = (factor.clone(), bond.clone());
        Ok(Thing {
            look: Some(Box::new(move |tx, _| {
                Ok(tx.codes_of(&factor, &bond)?.iter().any(|code| code.mac == tag && code.used_at.is_none()))
            })),
            take: Box::new(move |tx, now| tx.consume_code(&same, &also, tag, now).map(|_| true)),
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn whoever_looks_before_they_write_is_caught() {
        for engine in scratch::engines() {
            let ground = Ground::new(engine).await.unwrap();
            let broken = OneTime { name: "looked at first", make: looked_at_first };
            let tally = ground.race(&broken, ENOUGH).await.unwrap();
            assert!(tally.twice > 0, "{engine:?}: nobody was given it twice");
        }
    }
}
