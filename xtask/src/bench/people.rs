//! What is asked of the directory, of ten thousand people and of a million: the same page must cost the same.
//!
//! Both organisations are served at once and asked in turn, so that a busy moment of the machine meets both.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::http::Connection;
use super::process::{program, timed};
use super::stage::Stage;
use super::table::median;
use super::{Built, Measurement, Need};
use crate::postgres::{self, Postgres};
use crate::workspace::output;

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
const TIMES: usize = 200;
/// What a list's page holds.
const PAGE: u32 = 200;

const POSTGRES_SERVER: Need = Need { what: "PostgreSQL", is_there: || postgres::binaries().is_some() };

/// What is asked, and how.
const ACTS: &[(&str, Act)] =
    &[("list", list), ("search", search), ("login", by_login), ("members", members), ("sign-in", sign_in)];

/// One question to an organisation, the so-manieth.
type Act = fn(&mut Crowd, usize) -> Result<f64>;

macro_rules! measurements {
    ($($act:literal, $name:literal;)*) => {
        /// Every question on both databases: of few, of many, and how much more the many cost.
        pub const ALL: &[Measurement] = &[$(
            of(concat!("people, SQLite: ", $name, ", 10^4"), |built| built.sqlite_crowds()?.few($act)),
            of(concat!("people, SQLite: ", $name, ", 10^6"), |built| built.sqlite_crowds()?.many($act)),
            growth(concat!("people, SQLite: ", $name, ", growth"), |built| built.sqlite_crowds()?.growth($act)),
        )* $(
            on_postgres(of(concat!("people, PostgreSQL: ", $name, ", 10^4"), |built| built.postgres_crowds()?.few($act))),
            on_postgres(of(concat!("people, PostgreSQL: ", $name, ", 10^6"), |built| built.postgres_crowds()?.many($act))),
            on_postgres(growth(concat!("people, PostgreSQL: ", $name, ", growth"), |built| {
                built.postgres_crowds()?.growth($act)
            })),
        )*];
    };
}

measurements! {
    "list", "page of 200";
    "search", "search by start of login";
    "login", "get by login";
    "members", "page of 200 members";
    "sign-in", "sign-in, password and app";
}

const fn of(name: &'static str, take: fn(&Built) -> Result<Vec<f64>>) -> Measurement {
    Measurement { name, unit: "ms", aim: None, needs: None, take }
}

const fn growth(name: &'static str, take: fn(&Built) -> Result<Vec<f64>>) -> Measurement {
    Measurement { name, unit: "times", aim: Some(1.5), needs: None, take }
}

const fn on_postgres(mut measurement: Measurement) -> Measurement {
    measurement.needs = Some(POSTGRES_SERVER);
    measurement
}

/// What asking two organisations took, by question.
pub struct Crowds(HashMap<&'static str, [Vec<f64>; 2]>);

impl Built {
    fn sqlite_crowds(&self) -> Result<&Crowds> {
        if self.sqlite_crowds.get().is_none() {
            self.sqlite_crowds.set(Crowds::ask(self, false)?).ok();
        }
        self.sqlite_crowds.get().context("just asked")
    }

    fn postgres_crowds(&self) -> Result<&Crowds> {
        if self.postgres_crowds.get().is_none() {
            self.postgres_crowds.set(Crowds::ask(self, true)?).ok();
        }
        self.postgres_crowds.get().context("just asked")
    }
}

impl Crowds {
    fn ask(built: &Built, in_postgres: bool) -> Result<Self> {
        let crowd = |count| -> Result<_> {
            let postgres = if in_postgres { Some(Postgres::durable()?) } else { None };
            Crowd::among(Stage::set(&built.folder, postgres, Some(count))?, built.folder.clone())
        };
        let mut crowds = [crowd(FEW)?, crowd(MANY)?];
        let mut taken = HashMap::new();
        for (name, act) in ACTS {
            println!("  asking: {name}");
            let samples: &mut [Vec<f64>; 2] = taken.entry(*name).or_default();
            // Once for nothing: connections, caches, compiled statements.
            for time in 0..=TIMES {
                for (crowd, samples) in crowds.iter_mut().zip(samples.iter_mut()) {
                    let sample = act(crowd, time)?;
                    samples.extend((time > 0).then_some(sample));
                }
            }
        }
        Ok(Self(taken))
    }

    fn samples(&self, act: &str) -> Result<&[Vec<f64>; 2]> {
        self.0.get(act).with_context(|| format!("nothing was asked about {act}"))
    }

    fn few(&self, act: &str) -> Result<Vec<f64>> {
        Ok(self.samples(act)?[0].clone())
    }

    fn many(&self, act: &str) -> Result<Vec<f64>> {
        Ok(self.samples(act)?[1].clone())
    }

    fn growth(&self, act: &str) -> Result<Vec<f64>> {
        let [few, many] = self.samples(act)?;
        Ok(vec![median(many) / median(few)])
    }
}

/// An organisation, a program that may see it, and a browser.
struct Crowd {
    facts: Value,
    program: Connection,
    browser: Connection,
    /// Where the shipped programs are.
    release: PathBuf,
    // Dropped last: the connections go first.
    _stage: Stage,
}

impl Crowd {
    fn among(stage: Stage, release: PathBuf) -> Result<Self> {
        let (program, browser) = (stage.super_admin()?, Connection::open(stage.port, "")?);
        Ok(Self { facts: stage.facts["crowd"].clone(), program, browser, release, _stage: stage })
    }

    /// Somebody's number, spread over all of them.
    fn number(&self, time: usize) -> u64 {
        let count = self.facts["count"].as_u64().unwrap_or(1);
        (time as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % count
    }

    fn known(&self, time: usize) -> Result<String> {
        let known = self.facts["known"].as_array().filter(|known| !known.is_empty()).context("nobody is known")?;
        let id = known[time.wrapping_mul(0x9E37_79B9) % known.len()].as_str();
        id.map(str::to_owned).context("somebody known has no id")
    }

    fn ask(&mut self, path: &str) -> Result<(f64, Value)> {
        timed(|| self.program.must("GET", path, None))
    }
}

fn list(crowd: &mut Crowd, time: usize) -> Result<f64> {
    let path = format!("/api/v1/users?limit={PAGE}&after={}", crowd.known(time)?);
    let (taken, page) = crowd.ask(&path)?;
    ensure!(page.is_array(), "no list of people");
    Ok(taken)
}

fn search(crowd: &mut Crowd, time: usize) -> Result<f64> {
    let start = crowd.number(time) / 100;
    let path = format!("/api/v1/users?limit={PAGE}&search=profile.login+sw+%22person{start:05}%22");
    let (taken, page) = crowd.ask(&path)?;
    ensure!(page.as_array().is_some_and(|found| found.len() == 100), "not a hundred were found: {path}");
    Ok(taken)
}

fn by_login(crowd: &mut Crowd, time: usize) -> Result<f64> {
    let path = format!("/api/v1/users/person{:07}@crowd.example", crowd.number(time));
    crowd.ask(&path).map(|(taken, _)| taken)
}

fn members(crowd: &mut Crowd, time: usize) -> Result<f64> {
    let group = crowd.facts["group"].as_str().context("no group")?;
    let path = format!("/api/v1/groups/{group}/users?limit={PAGE}&after={}", crowd.known(time)?);
    crowd.ask(&path).map(|(taken, _)| taken)
}

/// Name, password, code of the app: all three questions, to the session.
fn sign_in(crowd: &mut Crowd, time: usize) -> Result<f64> {
    let signer = &crowd.facts["signers"][time];
    let login = signer["login"].as_str().context("too few can sign in")?.to_owned();
    let secret = signer["appSecret"].as_str().context("no secret")?;
    let code = output(program(&crowd.release, "examples/crowd").args(["code", secret]))?;
    let password = crowd.facts["password"].as_str().context("no password")?.to_owned();
    let browser = &mut crowd.browser;
    let (taken, ()) = timed(|| {
        let (_, page) = browser.submit("/signin", &[("username", &login)])?;
        let state = hidden(&page, "stateToken")?;
        let begun = [("username", login.as_str()), ("stateToken", &state)];
        let (status, _) = browser.submit("/signin", &[begun.as_slice(), &[("password", &password)]].concat())?;
        ensure!(status == 200, "the password of {login} was answered {status}");
        let last = [begun.as_slice(), &[("passCode", code.trim())]].concat();
        match browser.submit("/signin", &last)? {
            (303, _) => Ok(()),
            (status, page) => bail!("the code of {login} was answered {status}: {page}"),
        }
    })?;
    Ok(taken)
}

fn hidden(page: &str, name: &str) -> Result<String> {
    let from = page.split_once(&format!("name=\"{name}\" value=\"")).with_context(|| format!("no {name}: {page}"))?;
    let (value, _) = from.1.split_once('"').context("no end of it")?;
    Ok(value.to_owned())
}
