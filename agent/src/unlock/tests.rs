use postern_codes::Secret;
use postern_codes::drp1::Context;
use postern_codes::env::TestWorld;
use postern_codes::id::{Device, Org};
use postern_codes::mac::{Keyring, MacKey};
use postern_codes::report::Chain;
use postern_codes::{Place, Sealed};
use std::sync::Arc;

use postern_codes::Id;
use postern_codes::drp1::Challenge;
use postern_wire::Bytes;
use postern_wire::form::Whole;
use postern_wire::recovery::DenyReason;
use postern_wire::settings::RecoveryMode;

use super::challenge::{CHALLENGES_AN_HOUR, TRIES_A_CHALLENGE};
use super::*;
use crate::clock::hand::HandClock;
use crate::disk::memory::MemoryDisk;
use crate::state::Identity;
use crate::vault::Link;

const LOGIN: &str = "grace@example.test";
const GRACE: Who<'static> = Who { os_uid: 1000, login: LOGIN, may_activate: true };
const LOCKER: Who<'static> = Who { may_activate: false, ..GRACE };
const TRANSCRIPT: [u8; 32] = [9; 32];

/// A computer, its disk and clocks, and what the server knows of its secrets.
pub(crate) struct Bench {
    pub(crate) disk: MemoryDisk,
    pub(crate) clock: HandClock,
    pub(crate) world: Arc<TestWorld>,
    pub(crate) identity: Identity,
    pub(crate) link: Link,
    pub(crate) settings: DeviceSettings,
    challenges: Challenges,
    server: Keyring,
}

impl Bench {
    /// A computer where Grace is registered, and the server has just told the time.
    pub(crate) fn new() -> (Self, Vault) {
        let world = TestWorld::new();
        let env = world.env();
        let identity = Identity { org: Id::<Org>::new(&env), device: Id::<Device>::new(&env) };
        let link =
            Link { user: Id::new(&env), login: LOGIN.to_owned(), os_uid: 1000, eid: Id::new(&env), generation: 1 };
        let settings = DeviceSettings { recovery_mode: RecoveryMode::Time, ..DeviceSettings::default() };
        let mut bench = Self {
            disk: MemoryDisk::default(),
            clock: HandClock::new(),
            world,
            identity,
            link,
            settings,
            challenges: Challenges::default(),
            server: Keyring::new(&Secret::new([8; 32])),
        };
        let mut vault = bench.vault().unwrap();
        vault.belongs_to(identity).unwrap();
        let link = bench.link.clone();
        bench.begin(&mut vault, &link);
        vault.done(&link).unwrap();
        bench.beacon(&mut vault);
        (bench, vault)
    }

    pub(crate) fn vault(&self) -> Result<Vault, Fault> {
        Vault::open(Box::new(self.disk.clone()), self.world.env())
    }

    fn begin(&self, vault: &mut Vault, link: &Link) {
        let now = self.clock.read().wall;
        vault.begin(link, &Secret::new([link.generation.to_le_bytes()[0]; 32]), &TRANSCRIPT, now).unwrap();
    }

    fn beacon(&mut self, vault: &mut Vault) {
        let reading = self.clock.read();
        self.door(vault, |door| door.beacon(reading.wall, &reading).unwrap().unwrap());
    }

    fn door<T>(&mut self, vault: &mut Vault, act: impl FnOnce(&mut Door<'_>) -> T) -> T {
        let env = self.world.env();
        act(&mut Door {
            vault,
            challenges: &mut self.challenges,
            clock: &self.clock,
            env: &env,
            settings: &self.settings,
            binding: Binding::Soft,
        })
    }

    fn tick(&mut self, vault: &mut Vault) -> Result<Vec<u32>, Fault> {
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime only")]
        self.door(vault, |door| door.tick())
    }

    /// What the server computes for `link`.
    fn issue<T>(&self, link: &Link, compute: impl FnOnce(&drp1::Generation<'_>) -> Result<T, KeyFault>) -> T {
        let (org, device) = (self.identity.org.as_str(), self.identity.device.as_str());
        let context = Context::new(org, device, link.user.as_str(), link.generation).unwrap();
        let shared = Secret::new([link.generation.to_le_bytes()[0]; 32]);
        let seed = drp1::derive_seed(&shared, &TRANSCRIPT, &context);
        let seed: Sealed<MacKey> = self.server.seal(Place::new("e", "e", "seed"), seed.expose(), &self.world.env());
        compute(&drp1::Generation { mac: &self.server, seed: &seed, context: &context }).unwrap()
    }

    fn step(&self) -> u64 {
        drp1::step(self.clock.read().wall)
    }

    pub(crate) fn pin(&self) -> String {
        self.pin_of(&self.link, self.step())
    }

    fn pin_of(&self, link: &Link, step: u64) -> String {
        self.issue(link, |server| server.time_pin(step)).digits().to_owned()
    }

    fn response(&self, challenge: &Challenge) -> String {
        self.issue(&self.link, |server| server.challenge_pin(challenge)).digits().to_owned()
    }

    pub(crate) fn try_enter(&mut self, vault: &mut Vault, typed: &str) -> Result<Outcome, Fault> {
        self.door(vault, |door| door.enter(GRACE, typed, None))
    }

    pub(crate) fn enter(&mut self, vault: &mut Vault, typed: &str) -> Outcome {
        self.try_enter(vault, typed).unwrap()
    }

    fn enter_online(&mut self, vault: &mut Vault, typed: &str, server: &mut dyn Confirm) -> Outcome {
        self.door(vault, |door| door.enter(GRACE, typed, Some(server))).unwrap()
    }

    fn challenge(&mut self, vault: &mut Vault) -> Displayed {
        self.door(vault, |door| door.challenge(GRACE)).unwrap()
    }

    fn digits(&mut self, vault: &mut Vault) -> Challenge {
        match self.challenge(vault) {
            Displayed::Digits(challenge, _) => challenge,
            Displayed::Refused(refused) => panic!("{refused:?}"),
        }
    }

    fn failures(&self, vault: &Vault) -> u64 {
        vault.record(self.link.user).unwrap().failures()
    }

    /// What the reports tell, checked as the server checks them.
    fn reported(&self, vault: &Vault) -> Vec<Kind> {
        let outbox = vault.state().unsent().find(|outbox| outbox.eid == self.link.eid);
        let mut chain = Chain::default();
        let read = |json: &serde_json::Value| {
            let report = self.issue(&self.link, |server| server.read_report(json.clone(), &chain)).unwrap();
            chain = report.chain;
            report.entry.kind
        };
        outbox.map(|outbox| outbox.unsent.iter().map(read).collect()).unwrap_or_default()
    }

    fn wrong(&self) -> String {
        // The PIN of a step long past: well formed, and of no step that is near.
        self.pin_of(&self.link, 77)
    }
}

fn word(outcome: &Outcome) -> RefusalWord {
    match outcome {
        Outcome::Refused(refused) => refused.word,
        other => panic!("{other:?}"),
    }
}

fn opened(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Opened { .. })
}

/// A server that answers each question with the next of a list.
struct Scripted(Vec<Answer>);

enum Answer {
    Down,
    Forged,
    Refuses(&'static str),
    Says { granted: bool, step: Option<u64>, reason: Option<DenyReason>, deadline: Option<Timestamp> },
}

impl Confirm for Scripted {
    fn confirm(&mut self, request: &ConfirmRequest) -> Confirmed {
        let (granted, step, reason, deadline, nonce) = match self.0.remove(0) {
            Answer::Down => return Confirmed::Unreachable,
            Answer::Refuses(word) => return Confirmed::Refused(word.to_owned()),
            Answer::Forged => (true, Some(u64::MAX >> 20), None, None, Bytes([0; 16])),
            Answer::Says { granted, step, reason, deadline } => (granted, step, reason, deadline, request.nonce),
        };
        Confirmed::Verdict(VerdictClaims {
            eid: request.eid.clone(),
            generation: request.generation,
            nonce,
            granted,
            step: step.and_then(Whole::new),
            deadline: deadline.map(|deadline| Whole::clamped(deadline.micros())),
            reason,
        })
    }
}

fn denied(reason: DenyReason, step: Option<u64>) -> Answer {
    Answer::Says { granted: false, step, reason: Some(reason), deadline: None }
}

#[test]
fn a_fresh_pin_opens_for_an_hour_and_then_no_more() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    bench.clock.pass(40);
    let until = bench.clock.read().wall.plus(Duration::from_hours(1));
    assert_eq!(bench.enter(&mut vault, &pin), Outcome::Opened { until, again: false });
    bench.clock.pass(3599);
    assert_eq!(bench.enter(&mut vault, &pin), Outcome::Opened { until, again: true });
    bench.clock.pass(1);
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AccessEnded);
    assert_eq!(bench.tick(&mut vault).unwrap(), [1000]);
    assert_eq!(bench.tick(&mut vault).unwrap(), [0; 0]);
    assert_eq!(bench.reported(&vault), [Kind::Activated, Kind::Reused, Kind::Failed, Kind::Ended]);
}

#[test]
fn a_pin_that_is_not_used_in_its_first_minutes_is_refused() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    bench.clock.pass(150 + 31);
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::Expired);
    assert_eq!(bench.failures(&vault), 1);
}

#[test]
fn a_slip_costs_no_attempt_but_there_are_not_endless_ones() {
    let (mut bench, mut vault) = Bench::new();
    for _ in 0..SLIPS_AN_HOUR {
        assert_eq!(word(&bench.enter(&mut vault, "123 456 789")), RefusalWord::Mistyped);
    }
    assert_eq!(word(&bench.enter(&mut vault, "123")), RefusalWord::Locked);
    assert_eq!(bench.failures(&vault), 0);
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
}

#[test]
fn five_failures_lock_and_each_lock_is_twice_as_long() {
    let (mut bench, mut vault) = Bench::new();
    let wrong = bench.wrong();
    for minutes in [5, 10, 20] {
        for _ in 0..4 {
            assert_eq!(word(&bench.enter(&mut vault, &wrong)), RefusalWord::Wrong);
        }
        let until = bench.clock.read().wall.plus(Duration::from_mins(minutes));
        assert_eq!(bench.enter(&mut vault, &wrong), Refused::locked(until).into());
        bench.clock.pass(minutes * 60 - 1);
        let right = bench.pin();
        assert_eq!(bench.enter(&mut vault, &right), Refused::locked(until).into());
        bench.clock.pass(1);
    }
    assert_eq!(bench.failures(&vault), 15);
    assert_eq!(bench.reported(&vault).iter().filter(|kind| **kind == Kind::Locked).count(), 3);
    let right = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &right)));
    assert_eq!(bench.failures(&vault), 0);
}

#[test]
fn no_lock_is_longer_than_a_day() {
    assert_eq!((lock(5), lock(10), lock(40)), (FIRST_LOCK, FIRST_LOCK * 2, FIRST_LOCK * 128));
    assert_eq!((lock(100), lock(u64::MAX)), (LONGEST_LOCK, LONGEST_LOCK));
}

#[test]
fn after_twenty_failures_only_a_challenge_or_the_server_opens() {
    let (mut bench, mut vault) = Bench::new();
    let wrong = bench.wrong();
    for failure in 1..=HARD_LOCK {
        let outcome = bench.enter(&mut vault, &wrong);
        assert_eq!(word(&outcome) == RefusalWord::HardLocked, failure == HARD_LOCK);
        if word(&outcome) == RefusalWord::Locked {
            bench.clock.pass(LONGEST_LOCK.as_secs());
        }
    }
    bench.beacon(&mut vault);
    let right = bench.pin();
    assert_eq!(word(&bench.enter(&mut vault, &right)), RefusalWord::HardLocked);
    let server = &mut Scripted(vec![Answer::Down]);
    let outcome = bench.enter_online(&mut vault, &right, server);
    assert_eq!(outcome, Outcome::ShowChallenge(ChallengeReason::HardLock));
    let challenge = bench.digits(&mut vault);
    assert_eq!(word(&bench.enter(&mut vault, &right)), RefusalWord::Wrong, "a time PIN is no response");
    let response = bench.response(&challenge);
    assert!(opened(&bench.enter(&mut vault, &response)));
    assert_eq!(bench.failures(&vault), 0);
}

#[test]
fn a_clock_that_is_not_trusted_asks_for_a_challenge() {
    let (mut bench, mut vault) = Bench::new();
    bench.clock.pass(60);
    bench.tick(&mut vault).unwrap();
    bench.clock.restart();
    bench.clock.set_wall_back(61);
    let pin = bench.pin();
    assert_eq!(bench.enter(&mut vault, &pin), Outcome::ShowChallenge(ChallengeReason::Clock));
    assert_eq!(bench.failures(&vault), 0, "nothing was judged");
    let way = bench.door(&mut vault, |door| door.way(1000, LOGIN)).unwrap();
    assert_eq!(way, Way::Challenge(ChallengeReason::Clock));
    let challenge = bench.digits(&mut vault);
    bench.clock.pass(119);
    let response = bench.response(&challenge);
    assert!(opened(&bench.enter(&mut vault, &response)));
    assert_eq!(bench.reported(&vault), [Kind::Activated]);
}

#[test]
fn a_secret_in_a_file_takes_time_pins_only_where_the_settings_say_so() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    for (mode, reason) in
        [(RecoveryMode::Auto, ChallengeReason::SoftBinding), (RecoveryMode::Challenge, ChallengeReason::Policy)]
    {
        bench.settings.recovery_mode = mode;
        assert_eq!(bench.enter(&mut vault, &pin), Outcome::ShowChallenge(reason));
    }
}

#[test]
fn a_challenge_lives_two_minutes_and_three_tries_and_opens_once() {
    let (mut bench, mut vault) = Bench::new();
    bench.settings.recovery_mode = RecoveryMode::Challenge;
    let show = Outcome::ShowChallenge(ChallengeReason::Policy);
    let late = bench.digits(&mut vault);
    bench.clock.pass(121);
    let response = bench.response(&late);
    assert_eq!(bench.enter(&mut vault, &response), show);
    let tried = bench.digits(&mut vault);
    let wrong = bench.wrong();
    for _ in 0..TRIES_A_CHALLENGE {
        assert_eq!(word(&bench.enter(&mut vault, &wrong)), RefusalWord::Wrong);
    }
    let response = bench.response(&tried);
    assert_eq!(bench.enter(&mut vault, &response), show);
    let good = bench.digits(&mut vault);
    let response = bench.response(&good);
    assert!(opened(&bench.enter(&mut vault, &response)));
    bench.clock.pass(3600);
    assert_eq!(word(&bench.enter(&mut vault, &response)), RefusalWord::AccessEnded);
}

#[test]
fn challenges_are_shown_ten_times_an_hour() {
    let (mut bench, mut vault) = Bench::new();
    for _ in 0..CHALLENGES_AN_HOUR {
        let _ = bench.digits(&mut vault);
    }
    let until = bench.clock.read().wall.plus(Duration::from_hours(1));
    assert_eq!(bench.challenge(&mut vault), Displayed::Refused(Refused::locked(until)));
}

#[test]
fn what_the_server_grants_opens_until_its_deadline() {
    let (mut bench, mut vault) = Bench::new();
    let (pin, step) = (bench.pin(), bench.step());
    let deadline = bench.clock.read().wall.plus(Duration::from_mins(10));
    let grant = Answer::Says { granted: true, step: Some(step), reason: None, deadline: Some(deadline) };
    let outcome = bench.enter_online(&mut vault, &pin, &mut Scripted(vec![grant]));
    assert_eq!(outcome, Outcome::Opened { until: deadline, again: false });
    bench.clock.pass(600);
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AccessEnded);
}

#[test]
fn what_the_server_denies_stays_denied_offline_and_a_newer_pin_stays_good() {
    for (reason, expected) in [
        (DenyReason::AlreadyUsed, RefusalWord::AlreadyUsed),
        (DenyReason::Expired, RefusalWord::Expired),
        (DenyReason::NoMatch, RefusalWord::Wrong),
        (DenyReason::Revoked, RefusalWord::Revoked),
        (DenyReason::Superseded, RefusalWord::Superseded),
    ] {
        let (mut bench, mut vault) = Bench::new();
        let pin = bench.pin();
        let outcome = bench.enter_online(&mut vault, &pin, &mut Scripted(vec![denied(reason, None)]));
        assert_eq!(word(&outcome), expected);
        assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AlreadyUsed, "burnt by its own step");
        bench.clock.pass(30);
        let newer = bench.pin();
        assert!(opened(&bench.enter(&mut vault, &newer)));
    }
}

#[test]
fn a_server_that_is_silent_or_forged_leaves_the_computer_to_itself() {
    for answer in [Answer::Down, Answer::Forged] {
        let (mut bench, mut vault) = Bench::new();
        let wrong = bench.wrong();
        assert_eq!(word(&bench.enter_online(&mut vault, &wrong, &mut Scripted(vec![answer]))), RefusalWord::Wrong);
        let pin = bench.pin();
        assert!(opened(&bench.enter_online(&mut vault, &pin, &mut Scripted(vec![Answer::Down]))));
    }
}

#[test]
fn a_server_that_refuses_the_computer_is_obeyed() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    let outcome = bench.enter_online(&mut vault, &pin, &mut Scripted(vec![Answer::Refuses("device_suspended")]));
    assert_eq!(word(&outcome), RefusalWord::ServerRefuses);
}

#[test]
fn a_settings_without_offline_ways_needs_the_server() {
    let (mut bench, mut vault) = Bench::new();
    bench.settings.offline_login = false;
    let pin = bench.pin();
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::Offline);
}

#[test]
fn a_grant_for_a_step_that_was_used_here_opens_nothing() {
    let (mut bench, mut vault) = Bench::new();
    let (pin, step) = (bench.pin(), bench.step());
    vault.burn(bench.link.eid, step).unwrap();
    let grant = Answer::Says { granted: true, step: Some(step), reason: None, deadline: None };
    assert_eq!(word(&bench.enter_online(&mut vault, &pin, &mut Scripted(vec![grant]))), RefusalWord::AlreadyUsed);
}

#[test]
fn a_newer_pin_ends_the_older_one() {
    let (mut bench, mut vault) = Bench::new();
    let older = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &older)));
    bench.clock.pass(60);
    let newer = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &newer)));
    assert_eq!(word(&bench.enter(&mut vault, &older)), RefusalWord::AlreadyUsed);
    assert_eq!(bench.reported(&vault), [Kind::Activated, Kind::Ended, Kind::Activated, Kind::Failed]);
}

#[test]
fn a_screen_locker_uses_a_pin_again_and_never_first() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    let locker =
        |bench: &mut Bench, vault: &mut Vault, pin: &str| bench.door(vault, |door| door.enter(LOCKER, pin, None));
    assert_eq!(word(&locker(&mut bench, &mut vault, &pin).unwrap()), RefusalWord::NotHere);
    assert!(opened(&bench.enter(&mut vault, &pin)));
    assert!(opened(&locker(&mut bench, &mut vault, &pin).unwrap()));
    bench.clock.pass(60);
    let newer = bench.pin();
    assert_eq!(word(&locker(&mut bench, &mut vault, &newer).unwrap()), RefusalWord::NotHere);
}

#[test]
fn access_survives_a_restart_and_counts_powered_on_time() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
    bench.clock.pass(1800);
    bench.tick(&mut vault).unwrap();
    bench.clock.restart();
    bench.clock.set_wall_back(1800);
    let mut vault = bench.vault().unwrap();
    assert!(opened(&bench.enter(&mut vault, &pin)), "half an hour of powered-on time is left");
    bench.clock.pass(1801);
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AccessEnded, "though the wall clock was set back");
}

#[test]
fn a_wall_clock_before_the_activation_ends_access() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
    bench.clock.set_wall_back(61);
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AccessEnded);
}

#[test]
fn a_computer_that_sleeps_between_check_and_door_does_not_open() {
    for readings in 0..12 {
        let (mut bench, mut vault) = Bench::new();
        let (pin, step) = (bench.pin(), bench.step());
        bench.clock.sleep_after(readings, 600);
        let outcome = bench.enter(&mut vault, &pin);
        bench.clock.sleep_after(0, 0);
        if opened(&outcome) {
            assert!(
                bench.clock.read().wall < drp1::step_start(step).plus(Duration::from_mins(5)),
                "slept before {readings}"
            );
        }
    }
}

#[test]
fn a_retired_generation_ends_access_now_and_its_report_remains() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
    let eid = bench.link.eid;
    assert_eq!(bench.door(&mut vault, |door| door.retire(eid)).unwrap(), Some(1000));
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::NotRegistered);
    assert_eq!(bench.reported(&vault), [Kind::Activated, Kind::Ended]);
    vault.sent(eid, 2).unwrap();
    assert_eq!(vault.state().unsent().count(), 0);
}

#[test]
fn a_burnt_step_is_refused() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    vault.burn(bench.link.eid, bench.step()).unwrap();
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::AlreadyUsed);
}

#[test]
fn during_a_rotation_pins_of_both_generations_open_and_afterwards_only_the_new() {
    let (mut bench, mut vault) = Bench::new();
    let next = Link { eid: Id::new(&bench.world.env()), generation: 2, ..bench.link.clone() };
    bench.begin(&mut vault, &next);
    let old = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &old)));
    bench.clock.pass(30);
    let new = bench.pin_of(&next, bench.step());
    assert!(opened(&bench.enter(&mut vault, &new)));
    vault.done(&next).unwrap();
    bench.clock.pass(30);
    let old = bench.pin();
    assert_eq!(word(&bench.enter(&mut vault, &old)), RefusalWord::Wrong);
    assert_eq!(bench.reported(&vault), [Kind::Activated, Kind::Ended], "the old chain waits to be sent");
}

#[test]
fn registrations_that_never_end_do_not_pile_up_nor_lose_the_good_one() {
    let (mut bench, mut vault) = Bench::new();
    for generation in 2..20 {
        let next = Link { eid: Id::new(&bench.world.env()), generation, ..bench.link.clone() };
        bench.begin(&mut vault, &next);
        assert!(vault.state().people[0].generations.len() <= 5);
    }
    let never_begun = Link { eid: Id::new(&bench.world.env()), generation: 99, ..bench.link.clone() };
    vault.done(&never_begun).unwrap();
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
}

#[test]
fn a_rotation_waits_until_access_is_over() {
    let (mut bench, mut vault) = Bench::new();
    let due = |bench: &Bench, vault: &Vault| vault.state().people[0].rotation_due(bench.clock.read().wall, 30);
    assert!(!due(&bench, &vault));
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
    assert!(!due(&bench, &vault));
    bench.clock.pass(3600);
    bench.tick(&mut vault).unwrap();
    assert!(due(&bench, &vault));
}

#[test]
fn a_pin_for_another_person_or_computer_is_wrong_and_spends_an_attempt() {
    let (mut bench, mut vault) = Bench::new();
    let other = Link { user: Id::new(&bench.world.env()), ..bench.link.clone() };
    let pin = bench.pin_of(&other, bench.step());
    assert_eq!(word(&bench.enter(&mut vault, &pin)), RefusalWord::Wrong);
    assert_eq!(bench.failures(&vault), 1);
    let stranger = Who { login: "ada@example.test", ..GRACE };
    let pin = bench.pin();
    let outcome = bench.door(&mut vault, |door| door.enter(stranger, &pin, None)).unwrap();
    assert_eq!(word(&outcome), RefusalWord::NotRegistered);
}

#[test]
fn a_beacon_that_lowers_the_mark_takes_the_locks_along() {
    let (mut bench, mut vault) = Bench::new();
    let (truth, ahead) = (bench.clock.read(), 40 * 24 * 3600);
    bench.clock.pass(ahead);
    let wrong = bench.wrong();
    bench.settings.recovery_mode = RecoveryMode::Challenge;
    let _ = bench.digits(&mut vault);
    for _ in 0..3 {
        let _ = bench.enter(&mut vault, &wrong);
    }
    let _ = bench.digits(&mut vault);
    for _ in 0..2 {
        let _ = bench.enter(&mut vault, &wrong);
    }
    bench.clock.set_wall_back(ahead);
    let reading = bench.clock.read();
    bench.door(&mut vault, |door| door.beacon(truth.wall, &reading)).unwrap().unwrap();
    let until = vault.record(bench.link.user).unwrap().locked_until;
    assert_eq!(until, truth.wall.plus(FIRST_LOCK));
}

/// The invariants that hold whatever was cut: what is written down is read again, a PIN that opened first is spent, and
/// attempts are not forgotten.
struct Ledger {
    opened: Vec<u64>,
    counter: u64,
}

impl Ledger {
    fn note(&mut self, outcome: &Outcome, step: u64) {
        if matches!(outcome, Outcome::Opened { again: false, .. }) {
            assert!(self.opened.iter().all(|earlier| *earlier < step), "step {step} opened twice");
            self.opened.push(step);
        }
    }

    fn check(&mut self, bench: &Bench, vault: &Vault) {
        let record = vault.record(bench.link.user).unwrap();
        assert!(record.counter >= self.counter, "an attempt was forgotten");
        self.counter = record.counter;
        assert!(self.opened.iter().all(|step| *step <= record.last_step), "opened and not written down");
    }
}

#[test]
fn cut_at_each_write_a_pin_opens_at_most_once_and_never_without_its_commit() {
    let steps = {
        let (mut bench, mut vault) = Bench::new();
        let (pin, before) = (bench.pin(), bench.disk.steps());
        assert!(opened(&bench.enter(&mut vault, &pin)));
        bench.disk.steps() - before
    };
    for (cut, luck) in (0..=steps).flat_map(|cut| (0..8).map(move |luck| (cut, luck))) {
        let (mut bench, mut vault) = Bench::new();
        let (pin, step) = (bench.pin(), bench.step());
        let mut ledger = Ledger { opened: Vec::new(), counter: 0 };
        bench.disk.cut_after(cut);
        let first = bench.try_enter(&mut vault, &pin);
        assert_eq!(first.is_ok(), cut == steps);
        if let Ok(outcome) = &first {
            ledger.note(outcome, step);
        }
        drop(vault);
        bench.disk.restart(luck);
        let mut vault = bench.vault().unwrap();
        ledger.check(&bench, &vault);
        let outcome = bench.enter(&mut vault, &pin);
        ledger.note(&outcome, step);
        ledger.check(&bench, &vault);
        assert!(opened(&outcome), "the person is not shut out by a cut: {cut} {luck}");
        assert!(bench.reported(&vault).contains(&Kind::Activated));
    }
}

#[test]
fn two_hundred_random_kills_open_nothing_twice() {
    let (mut bench, vault) = Bench::new();
    bench.settings.recovery_pin_minutes = postern_wire::Range::new(1).unwrap();
    drop(vault);
    let env = bench.world.env();
    let mut ledger = Ledger { opened: Vec::new(), counter: 0 };
    let mut pins: Vec<(String, u64)> = Vec::new();
    for _ in 0..200 {
        let mut vault = bench.vault().unwrap();
        ledger.check(&bench, &vault);
        bench.beacon(&mut vault);
        if bench.failures(&vault) >= HARD_LOCK {
            let challenge = bench.digits(&mut vault);
            let response = bench.response(&challenge);
            assert!(opened(&bench.enter(&mut vault, &response)));
        }
        bench.disk.cut_after(u32::from(env.below(60)));
        for _ in 0..env.below(6) {
            bench.clock.pass(u64::from(env.below(90)));
            if env.below(2) == 0 {
                pins.push((bench.pin(), bench.step()));
            }
            let (typed, step) = match env.below(4) {
                0 => (bench.wrong(), 0),
                1 if pins.len() > 1 => pins[pins.len() - 2].clone(),
                _ => pins.last().cloned().unwrap_or((bench.wrong(), 0)),
            };
            let done = if env.below(5) == 0 {
                bench.tick(&mut vault).is_ok()
            } else {
                bench.try_enter(&mut vault, &typed).is_ok_and(|outcome| {
                    ledger.note(&outcome, step);
                    true
                })
            };
            if !done {
                break;
            }
        }
        drop(vault);
        bench.disk.restart(env.below(8));
        bench.clock.pass(LONGEST_LOCK.as_secs());
    }
    let reported = bench.reported(&bench.vault().unwrap());
    let activated = reported.iter().filter(|kind| **kind == Kind::Activated).count();
    assert!(activated >= ledger.opened.len(), "every opening is told, and the chain holds");
    assert!(ledger.opened.len() > 20, "the test must open doors to prove anything: {}", ledger.opened.len());
}

#[test]
fn guessing_at_a_pin_in_use_is_charged_where_no_other_pin_can_be_judged() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &pin)));
    bench.settings.recovery_mode = RecoveryMode::Auto;
    let wrong = bench.wrong();
    for _ in 0..4 {
        assert_eq!(bench.enter(&mut vault, &wrong), Outcome::ShowChallenge(ChallengeReason::SoftBinding));
    }
    assert_eq!(word(&bench.enter(&mut vault, &wrong)), RefusalWord::Locked);
    assert_eq!(bench.failures(&vault), 5);
}

#[test]
fn after_twenty_failures_not_even_the_pin_in_use_is_judged() {
    let (mut bench, mut vault) = Bench::new();
    bench.settings.recovery_pin_minutes = postern_wire::Range::new(7200).unwrap();
    let (pin, wrong) = (bench.pin(), bench.wrong());
    assert!(opened(&bench.enter(&mut vault, &pin)));
    for _ in 1..=HARD_LOCK {
        if word(&bench.enter(&mut vault, &wrong)) == RefusalWord::Locked {
            bench.clock.pass(LONGEST_LOCK.as_secs());
        }
    }
    assert!(bench.door(&mut vault, |door| door.access(1000, LOGIN)).is_some());
    let outcome = bench.enter_online(&mut vault, &pin, &mut Scripted(vec![Answer::Down]));
    assert_eq!(outcome, Outcome::ShowChallenge(ChallengeReason::HardLock));
    assert_eq!(bench.failures(&vault), HARD_LOCK, "nothing was judged");
}

#[test]
fn a_secret_that_the_server_does_not_know_opens_nothing_while_it_can_be_asked() {
    let (mut bench, mut vault) = Bench::new();
    let env = bench.world.env();
    let (user, eid) = (Id::new(&env), Id::new(&env));
    let ada = Link { user, login: "ada@example.test".to_owned(), os_uid: 1001, eid, generation: 1 };
    bench.begin(&mut vault, &ada);
    let (who, pin) =
        (Who { os_uid: 1001, login: "ada@example.test", may_activate: true }, bench.pin_of(&ada, bench.step()));
    let mut server = Scripted(vec![Answer::Refuses("enrolment_unknown")]);
    let outcome = bench.door(&mut vault, |door| door.enter(who, &pin, Some(&mut server))).unwrap();
    assert_eq!(word(&outcome), RefusalWord::ServerRefuses);
}

#[test]
fn a_denial_is_final_for_a_pin_of_the_generation_before_too() {
    let (mut bench, mut vault) = Bench::new();
    let old = bench.pin();
    let next = Link { eid: Id::new(&bench.world.env()), generation: 2, ..bench.link.clone() };
    bench.begin(&mut vault, &next);
    let outcome = bench.enter_online(&mut vault, &old, &mut Scripted(vec![denied(DenyReason::NoMatch, None)]));
    assert_eq!(word(&outcome), RefusalWord::Wrong);
    assert_eq!(word(&bench.enter(&mut vault, &old)), RefusalWord::AlreadyUsed);
}

#[test]
fn a_rotation_that_was_begun_does_not_end_access_by_the_secret_before() {
    let (mut bench, mut vault) = Bench::new();
    let next = Link { eid: Id::new(&bench.world.env()), generation: 2, ..bench.link.clone() };
    bench.begin(&mut vault, &next);
    let unfinished = |vault: &Vault| vault.state().people[0].unfinished().map(|generation| generation.number);
    assert_eq!(unfinished(&vault), Some(2));
    let old = bench.pin();
    assert!(opened(&bench.enter(&mut vault, &old)));
    assert_eq!(unfinished(&vault), None, "it is completed when access is over");
    bench.clock.pass(3600);
    bench.tick(&mut vault).unwrap();
    assert_eq!(unfinished(&vault), Some(2));
}

#[test]
fn a_first_registration_that_never_ended_is_not_rotated() {
    let (bench, mut vault) = Bench::new();
    let env = bench.world.env();
    let (user, eid) = (Id::new(&env), Id::new(&env));
    let ada = Link { user, login: "ada@example.test".to_owned(), os_uid: 1001, eid, generation: 1 };
    bench.begin(&mut vault, &ada);
    vault.rotate(ada.eid).unwrap();
    let person = vault.state().person(1001, "ada@example.test").unwrap();
    assert!(!person.rotation_due(bench.clock.read().wall, 30), "there is no secret to prove it by");
}

#[test]
fn tries_of_a_challenge_that_the_server_denied_are_tries() {
    let (mut bench, mut vault) = Bench::new();
    bench.settings.recovery_mode = RecoveryMode::Challenge;
    let challenge = bench.digits(&mut vault);
    let wrong = bench.wrong();
    for _ in 0..TRIES_A_CHALLENGE {
        let mut server = Scripted(vec![denied(DenyReason::NoMatch, None)]);
        assert_eq!(word(&bench.enter_online(&mut vault, &wrong, &mut server)), RefusalWord::Wrong);
    }
    let response = bench.response(&challenge);
    assert_eq!(bench.enter(&mut vault, &response), Outcome::ShowChallenge(ChallengeReason::Policy));
}
