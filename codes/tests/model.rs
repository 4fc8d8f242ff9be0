//! A model of the computer's side of DRP1, walked through every order of events by a model checker: two PINs, an attacker
//! who may cut the power at every step, restore the disk and set the clock. Each rule that the code follows has a mutant
//! that drops it, and each mutant must be caught: a model that does not kill its mutants proves nothing.
//!
//! Time is in steps, and smaller than life: a PIN is good for [`FIRST_USE`] steps, clocks may be off by [`TOLERANCE`],
//! an activation lasts [`DURATION`], and [`LIMIT`] failures lock.

use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

const FIRST_USE: i8 = 2;
const TOLERANCE: i8 = 1;
const DURATION: i8 = 2;
const LIMIT: u8 = 2;

/// What the rules are, and what the attacker may do.
#[derive(Clone, Copy)]
struct Design {
    rules: Rules,
    powers: Powers,
    last_moment: i8,
}

/// Each is true in the design; a mutant drops one.
#[expect(clippy::struct_excessive_bools, reason = "a list of rules, each kept or dropped")]
#[derive(Clone, Copy)]
struct Rules {
    charge_before_evaluating: bool,
    commit_before_unlocking: bool,
    look_again_before_unlocking: bool,
    carry_the_mark_by_elapsed_time: bool,
    counter_outlives_restore: bool,
    last_step_outlives_restore: bool,
    reuse_ends: bool,
    newer_pin_ends_reuse: bool,
}

#[derive(Clone, Copy)]
struct Powers {
    cuts: u8,
    guesses: bool,
    restores_disk: bool,
    sets_clock: bool,
}

const DESIGN: Rules = Rules {
    charge_before_evaluating: true,
    commit_before_unlocking: true,
    look_again_before_unlocking: true,
    carry_the_mark_by_elapsed_time: true,
    counter_outlives_restore: true,
    last_step_outlives_restore: true,
    reuse_ends: true,
    newer_pin_ends_reuse: true,
};

const CUTS: Powers = Powers { cuts: 1, guesses: true, restores_disk: false, sets_clock: false };

/// What survives a cut. Which half survives a restored disk depends on the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Disk {
    failures: u8,
    last_step: i8,
    mark: i8,
    active: Option<Active>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Active {
    step: i8,
    /// The mark at activation.
    since: i8,
}

/// One entry's way through the computer. RAM only: a cut forgets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Attempt {
    None,
    Begun(Entry),
    Charged(Entry),
    /// Found wrong by a design that charges late: the charge is still to come.
    Refused,
    Judged(i8),
    Committed(i8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Entry {
    Pin(i8),
    Guess,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: i8,
    clock_error: i8,
    clock_sets: u8,
    cuts: u8,
    disk: Disk,
    snapshot: Option<Disk>,
    attempt: Attempt,
    issued: Vec<i8>,
    /// Ghosts, which the computer does not see: what opened when, by true time.
    opened: Vec<(i8, i8)>,
    activated: Vec<(i8, i8)>,
    reused: bool,
    reused_late: bool,
    reused_after_newer: bool,
    evaluations: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Event {
    Begin(Entry),
    Charge,
    Commit,
    CutPower,
    Evaluate,
    Issue,
    Pass,
    Restore,
    SetClock(i8),
    Snapshot,
    Unlock,
}

impl Design {
    /// The present as the computer believes it. A design that does not carry the mark has only the wall clock.
    fn believed(&self, state: &State) -> i8 {
        let wall = state.now + state.clock_error;
        if self.rules.carry_the_mark_by_elapsed_time { wall.max(state.disk.mark) } else { wall }
    }

    fn active(&self, disk: Disk, believed: i8) -> Option<Active> {
        disk.active.filter(|active| !self.rules.reuse_ends || believed - active.since < DURATION)
    }

    fn evaluate(&self, state: &mut State, entry: Entry) {
        state.evaluations += 1;
        let active = self.active(state.disk, self.believed(state));
        state.attempt = match entry {
            Entry::Pin(step) if active.is_some_and(|active| active.step == step) => {
                let since = state.activated.iter().find(|(activated, _)| *activated == step).map(|(_, since)| *since);
                state.reused = true;
                state.reused_late |= since.is_none_or(|since| state.now - since >= DURATION);
                state.reused_after_newer |= state.opened.iter().any(|(newer, _)| *newer > step);
                state.disk.failures = 0;
                state.evaluations = 0;
                Attempt::None
            }
            Entry::Pin(step) if self.accepts(state, step) => {
                if !self.rules.commit_before_unlocking {
                    state.opened.push((step, state.now));
                }
                Attempt::Judged(step)
            }
            _ if !self.rules.charge_before_evaluating => Attempt::Refused,
            _ => Attempt::None,
        };
    }

    fn accepts(&self, state: &State, step: i8) -> bool {
        let present = self.believed(state);
        let window = step - TOLERANCE <= present && present <= step + FIRST_USE + TOLERANCE;
        step > state.disk.last_step && present >= state.disk.mark && window
    }
}

/// Writes down that `step` was used: from here on it and older ones are spent.
fn commit(design: Design, state: &mut State, step: i8) {
    let since = design.believed(state);
    let keep = state.disk.active.filter(|_| !design.rules.newer_pin_ends_reuse);
    state.disk.active = keep.or(Some(Active { step, since }));
    state.disk.last_step = step;
    state.disk.failures = 0;
    state.activated.push((step, state.now));
    state.evaluations = 0;
}

impl Model for Design {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        let disk = Disk { failures: 0, last_step: 0, mark: 1, active: None };
        vec![State {
            now: 1,
            clock_error: 0,
            clock_sets: 0,
            cuts: 0,
            disk,
            snapshot: None,
            attempt: Attempt::None,
            issued: Vec::new(),
            opened: Vec::new(),
            activated: Vec::new(),
            reused: false,
            reused_late: false,
            reused_after_newer: false,
            evaluations: 0,
        }]
    }

    fn actions(&self, state: &State, events: &mut Vec<Event>) {
        let idle = state.attempt == Attempt::None;
        if state.now < self.last_moment {
            events.push(Event::Pass);
        }
        if state.issued.len() < 2 && state.issued.last() != Some(&state.now) {
            events.push(Event::Issue);
        }
        match state.attempt {
            Attempt::None => {
                events.extend(state.issued.iter().map(|step| Event::Begin(Entry::Pin(*step))));
                if self.powers.guesses {
                    events.push(Event::Begin(Entry::Guess));
                }
            }
            Attempt::Begun(_) if !self.rules.charge_before_evaluating => events.push(Event::Evaluate),
            Attempt::Begun(_) | Attempt::Refused => events.push(Event::Charge),
            Attempt::Charged(_) => events.push(Event::Evaluate),
            Attempt::Judged(_) => events.push(Event::Commit),
            Attempt::Committed(_) => events.push(Event::Unlock),
        }
        if state.cuts < self.powers.cuts && !idle {
            events.push(Event::CutPower);
        }
        if self.powers.restores_disk && idle {
            events.push(if state.snapshot.is_none() { Event::Snapshot } else { Event::Restore });
        }
        if self.powers.sets_clock && state.clock_sets == 0 {
            events.extend([-3, -1, 1].map(Event::SetClock));
        }
    }

    fn next_state(&self, before: &State, event: Event) -> Option<State> {
        let mut state = before.clone();
        match (event, state.attempt) {
            (Event::Pass, _) => {
                state.now += 1;
                let wall = state.now + state.clock_error;
                let carried = state.disk.mark + i8::from(self.rules.carry_the_mark_by_elapsed_time);
                state.disk.mark = carried.max(wall);
            }
            (Event::Issue, _) => state.issued.push(state.now),
            (Event::SetClock(by), _) => {
                state.clock_error += by;
                state.clock_sets += 1;
            }
            (Event::CutPower, _) => {
                state.cuts += 1;
                state.attempt = Attempt::None;
            }
            (Event::Snapshot, _) => state.snapshot = Some(state.disk),
            (Event::Restore, _) => {
                let old = state.snapshot?;
                let present = state.disk;
                // The mark lives in the file; who restores it gains nothing without also setting the clock.
                state.disk = old;
                if self.rules.counter_outlives_restore {
                    state.disk.failures = present.failures;
                }
                if self.rules.last_step_outlives_restore {
                    state.disk.last_step = present.last_step;
                    state.disk.active = old.active.filter(|active| active.step >= present.last_step);
                }
            }
            (Event::Begin(entry), _) => {
                if state.disk.failures >= LIMIT {
                    return None;
                }
                state.attempt = Attempt::Begun(entry);
            }
            (Event::Charge, attempt) => {
                state.disk.failures += 1;
                state.attempt =
                    if let Attempt::Begun(entry) = attempt { Attempt::Charged(entry) } else { Attempt::None };
            }
            (Event::Evaluate, Attempt::Begun(entry) | Attempt::Charged(entry)) => self.evaluate(&mut state, entry),
            (Event::Commit, Attempt::Judged(step)) => {
                commit(*self, &mut state, step);
                state.attempt =
                    if self.rules.commit_before_unlocking { Attempt::Committed(step) } else { Attempt::None };
            }
            (Event::Unlock, Attempt::Committed(step)) => {
                let in_time = self.believed(&state) <= step + FIRST_USE + TOLERANCE;
                if in_time || !self.rules.look_again_before_unlocking {
                    state.opened.push((step, state.now));
                } else {
                    state.disk.active = None;
                }
                state.attempt = Attempt::None;
            }
            _ => return None,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("only issued PINs open", |_, state: &State| {
                state.opened.iter().all(|(step, _)| state.issued.contains(step))
            }),
            Property::always("a PIN is activated once", |_, state: &State| {
                state
                    .opened
                    .iter()
                    .enumerate()
                    .all(|(at, (step, _))| state.opened[..at].iter().all(|(other, _)| other != step))
            }),
            Property::always("accepted steps rise", |_, state: &State| {
                state.opened.windows(2).all(|pair| pair[0].0 < pair[1].0)
            }),
            Property::always("a PIN opens only in its first minutes", |_, state: &State| {
                state.opened.iter().all(|(step, at)| *at <= step + FIRST_USE + 2 * TOLERANCE)
            }),
            Property::always("attempts are bounded", |_, state: &State| state.evaluations <= LIMIT),
            Property::always("reuse lasts for its duration", |_, state: &State| !state.reused_late),
            Property::always("a newer PIN ends the older one's reuse", |_, state: &State| !state.reused_after_newer),
            Property::sometimes("a PIN opens", |_, state: &State| !state.opened.is_empty()),
            Property::sometimes("two PINs open", |_, state: &State| state.opened.len() == 2),
            Property::sometimes("a PIN opens again", |_, state: &State| state.reused),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.disk.failures <= LIMIT && state.evaluations <= LIMIT + 1 && state.opened.len() < 3
    }
}

/// The properties that fail in some order of events, by name.
fn broken(design: Design) -> Vec<&'static str> {
    let checker = design.checker().finish_when(HasDiscoveries::All).spawn_bfs().join();
    let properties = checker.model().properties();
    let found = |property: &Property<Design>| checker.discovery(property.name).is_some();
    properties.iter().filter(|p| found(p) != matches!(p.expectation, Expectation::Sometimes)).map(|p| p.name).collect()
}

fn design(powers: Powers, last_moment: i8) -> Design {
    Design { rules: DESIGN, powers, last_moment }
}

/// The mutant of `change`, against an attacker with `powers`, breaks at least `property`.
fn assert_killed(change: impl FnOnce(&mut Rules), powers: Powers, last_moment: i8, property: &'static str) {
    let mut mutant = design(powers, last_moment);
    change(&mut mutant.rules);
    let wanted = HasDiscoveries::AnyOf([property].into());
    let checker = mutant.checker().finish_when(wanted).spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "the mutant survives {} states", checker.unique_state_count());
}

const NONE: [&str; 0] = [];

#[test]
fn the_design_holds_when_the_power_is_cut_anywhere() {
    assert_eq!(broken(design(CUTS, 6)), NONE);
}

#[test]
fn the_design_holds_when_the_disk_is_restored() {
    assert_eq!(broken(design(Powers { cuts: 0, restores_disk: true, ..CUTS }, 5)), NONE);
}

#[test]
fn the_design_holds_when_the_clock_is_set() {
    assert_eq!(broken(design(Powers { cuts: 0, guesses: false, sets_clock: true, ..CUTS }, 6)), NONE);
}

#[test]
fn without_a_tpm_a_restored_disk_gives_a_second_activation() {
    let change =
        |rules: &mut Rules| (rules.counter_outlives_restore, rules.last_step_outlives_restore) = (false, false);
    assert_killed(change, Powers { restores_disk: true, ..CUTS }, 5, "a PIN is activated once");
    assert_killed(change, Powers { restores_disk: true, ..CUTS }, 5, "attempts are bounded");
}

#[test]
fn charging_after_evaluating_is_caught() {
    let powers = Powers { cuts: 3, ..CUTS };
    assert_killed(|rules| rules.charge_before_evaluating = false, powers, 3, "attempts are bounded");
}

#[test]
fn unlocking_before_the_commit_is_caught() {
    assert_killed(|rules| rules.commit_before_unlocking = false, CUTS, 5, "a PIN is activated once");
}

#[test]
fn not_looking_again_before_unlocking_is_caught() {
    let change = |rules: &mut Rules| rules.look_again_before_unlocking = false;
    assert_killed(change, CUTS, 7, "a PIN opens only in its first minutes");
}

#[test]
fn not_carrying_the_mark_by_elapsed_time_is_caught() {
    let powers = Powers { cuts: 0, guesses: false, sets_clock: true, ..CUTS };
    let change = |rules: &mut Rules| rules.carry_the_mark_by_elapsed_time = false;
    assert_killed(change, powers, 7, "a PIN opens only in its first minutes");
}

#[test]
fn a_last_step_that_a_restore_takes_back_is_caught() {
    let powers = Powers { cuts: 0, guesses: false, restores_disk: true, ..CUTS };
    assert_killed(|rules| rules.last_step_outlives_restore = false, powers, 5, "a PIN is activated once");
}

#[test]
fn a_counter_that_a_restore_takes_back_is_caught() {
    let powers = Powers { cuts: 0, restores_disk: true, ..CUTS };
    assert_killed(|rules| rules.counter_outlives_restore = false, powers, 3, "attempts are bounded");
}

#[test]
fn reuse_without_an_end_is_caught() {
    let powers = Powers { cuts: 0, guesses: false, ..CUTS };
    let change = |rules: &mut Rules| rules.reuse_ends = false;
    assert_killed(change, powers, 9, "reuse lasts for its duration");
}

#[test]
fn an_activation_that_outlives_a_newer_pin_is_caught() {
    let powers = Powers { cuts: 0, guesses: false, ..CUTS };
    let change = |rules: &mut Rules| rules.newer_pin_ends_reuse = false;
    assert_killed(change, powers, 5, "a newer PIN ends the older one's reuse");
}
