use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use postern_wire::socket::RefusalWord;

use super::*;
use crate::unlock::tests::Bench;
use crate::unlock::{Outcome, Refused};

fn refusal(outcome: &Outcome) -> Option<RefusalWord> {
    match outcome {
        Outcome::Refused(Refused { word, .. }) => Some(*word),
        Outcome::Opened { .. } | Outcome::ShowChallenge(_) => None,
    }
}

#[test]
fn a_state_is_read_back_as_it_was_written() {
    let (bench, vault) = Bench::new();
    let again = bench.vault().unwrap();
    assert_eq!(serde_json::to_value(again.state()).unwrap(), serde_json::to_value(vault.state()).unwrap());
}

#[test]
fn a_truncated_or_altered_state_is_refused() {
    let (bench, _) = Bench::new();
    let whole = bench.disk.copy()[STATE].clone();
    for length in (0..whole.len()).step_by(37) {
        bench.disk.put(STATE, &whole[..length]);
        assert!(matches!(bench.vault(), Err(Fault::Corrupt(STATE))), "length {length}");
    }
    for at in (0..whole.len()).step_by(41) {
        let mut altered = whole.clone();
        altered[at] ^= 4;
        bench.disk.put(STATE, &altered);
        assert!(bench.vault().is_err(), "byte {at}");
    }
    bench.disk.put(STATE, &whole);
    assert!(bench.vault().is_ok());
}

#[test]
fn an_older_copy_is_refused_with_what_to_do() {
    let (mut bench, mut vault) = Bench::new();
    let older = bench.disk.copy();
    let pin = bench.pin();
    assert!(matches!(bench.enter(&mut vault, &pin), Outcome::Opened { .. }));
    bench.disk.put(STATE, &older[STATE]);
    let fault = bench.vault().err().unwrap();
    assert!(matches!(fault, Fault::OlderCopy { .. }));
    assert!(fault.to_string().contains("remove the files state and epoch and restart the agent"), "{fault}");
}

#[test]
fn an_attempt_is_not_taken_back_by_a_power_cut_between_the_two_writes() {
    let (bench, mut vault) = Bench::new();
    let older = bench.disk.copy();
    vault.charge(bench.link.user).unwrap();
    bench.disk.put(EPOCH, &older[EPOCH]);
    assert!(bench.vault().is_ok(), "a state one ahead of its number is genuine");
    bench.disk.put(STATE, &older[STATE]);
    assert!(matches!(bench.vault(), Err(Fault::OlderCopy { .. })));
}

#[test]
fn a_state_without_its_companions_is_refused() {
    let refused_without = |name: &str| {
        let (bench, _) = Bench::new();
        bench.disk.remove(name);
        bench.vault().err().unwrap()
    };
    assert!(matches!(refused_without(EPOCH), Fault::Corrupt(EPOCH)));
    assert!(matches!(refused_without(STATE), Fault::Corrupt(STATE)));
    assert!(matches!(refused_without(KEY), Fault::KeyMissing));
}

#[test]
fn a_state_of_a_later_version_or_another_key_is_refused() {
    let (bench, _) = Bench::new();
    let files = bench.disk.copy();
    let mut later = files[STATE].clone();
    later[MAGIC.len()] = VERSION + 1;
    bench.disk.put(STATE, &later);
    assert!(matches!(bench.vault(), Err(Fault::Future(version)) if version == VERSION + 1));
    bench.disk.put(STATE, &files[STATE]);
    bench.disk.put(KEY, &[1; 32]);
    assert!(matches!(bench.vault(), Err(Fault::Corrupt(STATE))));
    bench.disk.put(EPOCH, b"x");
    assert!(matches!(bench.vault(), Err(Fault::Corrupt(EPOCH))));
}

#[test]
fn after_a_write_that_failed_nothing_is_done_until_the_state_is_opened_again() {
    let (mut bench, mut vault) = Bench::new();
    let pin = bench.pin();
    bench.disk.cut_after(1);
    assert!(matches!(bench.try_enter(&mut vault, &pin), Err(Fault::Io(_))));
    bench.disk.restart(0);
    assert!(matches!(bench.try_enter(&mut vault, &pin), Err(Fault::Broken)));
    let mut vault = bench.vault().unwrap();
    assert!(matches!(bench.enter(&mut vault, &pin), Outcome::Opened { .. }));
}

#[test]
fn nothing_on_the_disk_is_readable() {
    let (bench, vault) = Bench::new();
    let eid = bench.link.eid.to_string();
    assert!(serde_json::to_string(vault.state()).unwrap().contains(&eid));
    for (name, bytes) in bench.disk.copy() {
        assert!(!bytes.windows(eid.len()).any(|window| window == eid.as_bytes()), "{name}");
    }
}

#[test]
fn a_computer_that_was_enrolled_anew_forgets_the_old_secrets() {
    let (bench, mut vault) = Bench::new();
    let env = bench.world.env();
    vault.belongs_to(Identity { org: bench.identity.org, device: Id::new(&env) }).unwrap();
    assert!(vault.state().people.is_empty());
    assert!(vault.state().time.is_some());
}

/// Counters that no disk holds, as those of a TPM.
#[derive(Clone, Default)]
struct Hardware(Arc<Mutex<HashMap<String, Record>>>);

impl Counter for Hardware {
    fn record(&self, user: Id<User>) -> Result<Record, Fault> {
        Ok(self.0.lock().unwrap().get(user.as_str()).copied().unwrap_or_default())
    }

    fn charge(&mut self, user: Id<User>) -> Result<Record, Fault> {
        let mut records = self.0.lock().unwrap();
        let record = records.entry(user.to_string()).or_default();
        record.counter += 1;
        Ok(*record)
    }

    fn commit(&mut self, user: Id<User>, record: Record) -> Result<(), Fault> {
        self.0.lock().unwrap().insert(user.to_string(), record);
        Ok(())
    }
}

#[test]
fn with_counters_in_hardware_a_whole_restored_disk_gains_nothing() {
    let (mut bench, vault) = Bench::new();
    let hardware = Hardware::default();
    let mut vault = vault.with_counter(Box::new(hardware.clone()));
    let older = bench.disk.copy();
    let pin = bench.pin();
    assert!(matches!(bench.enter(&mut vault, &pin), Outcome::Opened { .. }));
    for (name, bytes) in older {
        bench.disk.put(&name, &bytes);
    }
    let mut vault = bench.vault().unwrap().with_counter(Box::new(hardware));
    assert_eq!(refusal(&bench.enter(&mut vault, &pin)), Some(RefusalWord::AlreadyUsed));
}
