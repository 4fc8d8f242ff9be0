//! Three frauds, run for real against this server and this computer.
//!
//! The impostor has Ada's name and password, and talks well: the help desk reads out a PIN for her computer. What stops
//! the fraud is what comes after that.

use anyhow::Context as _;
use postern_codes::{Env, damm};
use serde::Serialize;

use super::cast::{ADA, CHARLES};
use super::scripted::{Played, play};
use super::stage::Stage;
use super::{pins, screen};

/// How often the guesser tries: more often than wrong entries are taken.
const GUESSES: usize = 7;

/// A fraud, and where it stopped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    title: &'static str,
    attempts: Vec<String>,
    stopped_at: &'static str,
    because: String,
    /// Whether it was stopped.
    pub held: bool,
}

/// Runs all three with one PIN.
///
/// # Errors
/// Where the server does not issue the PIN.
pub fn all(stage: &Stage) -> anyhow::Result<Vec<Scene>> {
    let ada = stage.facts.person_named(&ADA.account()).context("Ada is missing from demo.json: use --fresh")?;
    let pin = pins::issue(&stage.help_desk, &stage.facts.device.id, &ada.id, stage.world())?;
    Ok(vec![from_afar(stage, pin.digits.expose())?, overheard(stage, pin.digits.expose())?, guessed(stage)?])
}

/// The caller has everything but the computer.
fn from_afar(stage: &Stage, pin: &str) -> anyhow::Result<Scene> {
    let place = screen::over_the_network(&ADA.account()).context("no such place")?;
    let played = play(&stage.facts.device.agent_socket, &place, &[pin]);
    let attempts = vec![
        "Rings the help desk as Ada, and is believed: a PIN is read out.".to_owned(),
        "Signs in to Ada's computer over the network with her stolen password.".to_owned(),
        "Enters the right PIN within two minutes.".to_owned(),
    ];
    Ok(Scene::of("Call as somebody else", attempts, "the place", &played))
}

/// A colleague hears the nine digits, and has an account of his own on the same computer.
fn overheard(stage: &Stage, pin: &str) -> anyhow::Result<Scene> {
    let place = screen::at_the_computer(&CHARLES.account()).context("no such place")?;
    let played = play(&stage.facts.device.agent_socket, &place, &[pin]);
    let attempts = vec![
        "Hears Ada's PIN being read out.".to_owned(),
        "Sits down at the same computer with an account and password of his own.".to_owned(),
        "Enters the PIN while it is good for Ada.".to_owned(),
    ];
    Ok(Scene::of("Use an overheard PIN", attempts, "the person", &played))
}

/// A thief has computer and password, and time.
fn guessed(stage: &Stage) -> anyhow::Result<Scene> {
    let place = screen::at_the_computer(&ADA.account()).context("no such place")?;
    let env = stage.env();
    let guesses: Vec<String> = (0..GUESSES).map(|_| guess(&env)).collect();
    let typed: Vec<&str> = guesses.iter().map(String::as_str).collect();
    let played = play(&stage.facts.device.agent_socket, &place, &typed);
    let attempts = vec![
        "Steals the computer, and knows Ada's password.".to_owned(),
        format!("Types {GUESSES} PINs, each well-formed: 8 digits and their check digit."),
    ];
    Ok(Scene::of("Guess a PIN", attempts, "the count of wrong entries", &played))
}

/// Nine digits that are no typing slip.
fn guess(env: &Env) -> String {
    let eight: String = (0..8).map(|_| char::from(b'0' + env.below(10))).collect();
    format!("{eight}{}", char::from(damm::check_digit(eight.as_bytes())))
}

impl Scene {
    fn of(title: &'static str, attempts: Vec<String>, stopped_at: &'static str, played: &Played) -> Self {
        Self { title, attempts, stopped_at, because: played.last().to_owned(), held: played.opened().is_none() }
    }
}
