//! Keeps the [`State`] sealed in one file, written whole each time, and refuses a file that is not the last one written.
//!
//! | file | holds |
//! | --- | --- |
//! | `key` | 32 random bytes, readable by root alone: what seals the others. A TPM takes its place |
//! | `state` | format, epoch and the sealed state |
//! | `epoch` | the number of the last state that was acted on |
//!
//! The state is written first, the epoch after it, and nothing is acted on before both are durable. So a power cut leaves a
//! state that is one ahead of the epoch at most, which is genuine; a state behind the epoch is an older copy. Whoever
//! puts back both files is not seen: that is what a computer without a TPM cannot have, and why [`Counter`] is a trait.

mod links;

use std::io;

use postern_codes::id::User;
use postern_codes::mac::{KeyFault, Keyring, Mac};
use postern_codes::{Env, Id, Place, Sealed, Secret};
use serde::{Deserialize, Serialize};

pub use self::links::{Link, Proof};
use crate::disk::{Disk, replace};
use crate::state::{Identity, Record, State};

const KEY: &str = "key";
const STATE: &str = "state";
const EPOCH: &str = "epoch";
/// First bytes of the state file, and the version of what follows.
const MAGIC: &[u8; 7] = b"postern";
const VERSION: u8 = 1;

/// Keeps what must not be rolled back. A TPM's memory implements it; [`Vault`] does where there is none.
pub trait Counter: Send {
    /// The record of a person; all zero for a new one.
    fn record(&self, user: Id<User>) -> Result<Record, Fault>;
    /// Counts an attempt; durable when it returns.
    fn charge(&mut self, user: Id<User>) -> Result<Record, Fault>;
    /// Replaces all but the counter itself; durable when it returns.
    fn commit(&mut self, user: Id<User>, record: Record) -> Result<(), Fault>;
}

/// Why there is no state to work with. The door then stays shut for recovery PINs.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A write failed earlier; what the disk holds is unknown until the agent starts again.
    #[error("an earlier write of the state failed: free space or mend the disk, then restart the agent")]
    Broken,
    /// A file is not what the agent wrote.
    #[error(
        "the file {0} is truncated or altered, so recovery PINs are refused: remove the files state and epoch and restart \
         the agent; each person is registered again at the next online sign-in"
    )]
    Corrupt(&'static str),
    /// Written by a later version.
    #[error("the state was written by a later version ({0}) of the agent: install that version")]
    Future(u8),
    /// The disk failed.
    #[error("the state cannot be read or written: {0}. Free space or mend the disk, then restart the agent")]
    Io(#[from] io::Error),
    /// A sealed secret does not open.
    #[error("{0}: remove the files state and epoch and restart the agent")]
    Key(#[from] KeyFault),
    /// The key file is gone, and a state is there.
    #[error(
        "the file key is missing, and the state cannot be opened without it: restore it, or remove the files state and epoch and enrol again"
    )]
    KeyMissing,
    /// This computer has no identity yet.
    #[error("this computer is not enrolled: run `postern-agent enrol`")]
    NotEnrolled,
    /// An older state was put in place of the last one.
    #[error(
        "the state was replaced by an older copy (number {found}, the last one was {last}), so recovery PINs are refused: \
         remove the files state and epoch and restart the agent; each person is registered again at the next online sign-in"
    )]
    OlderCopy {
        /// The number of the copy.
        found: u64,
        /// The number of the last state written.
        last: u64,
    },
    /// The key file may be read by others.
    #[error(
        "the file key may be read by others than its owner: `chmod 600` it, and rotate the secrets if somebody did read it"
    )]
    TooOpen,
}

/// The sealed state of this computer, open.
pub struct Vault {
    disk: Box<dyn Disk>,
    keyring: Keyring,
    env: Env,
    hardware: Option<Box<dyn Counter>>,
    state: State,
    epoch: u64,
    broken: bool,
}

#[derive(Serialize, Deserialize)]
struct Document {
    epoch: u64,
    state: State,
}

impl Vault {
    /// Opens the state in `disk`, or begins an empty one. `env` gives the randomness of every later write.
    ///
    /// # Errors
    /// [`Fault`] where what is there is not the last state written; its text says what to do.
    pub fn open(mut disk: Box<dyn Disk>, env: Env) -> Result<Self, Fault> {
        let keyring = key(disk.as_mut(), &env)?;
        let last = read_epoch(disk.as_ref())?;
        let Some(file) = disk.read(STATE)? else {
            return match last {
                None => {
                    Ok(Self { disk, keyring, env, hardware: None, state: State::default(), epoch: 0, broken: false })
                }
                Some(_) => Err(Fault::Corrupt(STATE)),
            };
        };
        let Document { epoch, state } = unseal(&keyring, &file)?;
        match last {
            Some(last) if epoch < last => return Err(Fault::OlderCopy { found: epoch, last }),
            None if epoch > 1 => return Err(Fault::Corrupt(EPOCH)),
            // The power failed between the two writes: before this state is acted on, no older one may count.
            Some(_) | None if last != Some(epoch) => {
                replace(disk.as_mut(), EPOCH, epoch.to_string().as_bytes())?;
            }
            Some(_) | None => {}
        }
        Ok(Self { disk, keyring, env, hardware: None, state, epoch, broken: false })
    }

    /// Keeps attempt counters in hardware instead of the file.
    #[must_use]
    pub fn with_counter(mut self, hardware: Box<dyn Counter>) -> Self {
        self.hardware = Some(hardware);
        self
    }

    /// What is remembered.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Changes the state; durable when it returns.
    ///
    /// # Errors
    /// Where `change` fails nothing has changed. Where the disk fails every later call is [`Fault::Broken`].
    pub fn change<T>(&mut self, change: impl FnOnce(&mut State, &dyn Mac) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.broken {
            return Err(Fault::Broken);
        }
        let mut state = self.state.clone();
        let answer = change(&mut state, &self.keyring)?;
        let document = Document { epoch: self.epoch + 1, state };
        let file = seal(&self.keyring, &document, &self.env)?;
        self.broken = true;
        replace(self.disk.as_mut(), STATE, &file)?;
        replace(self.disk.as_mut(), EPOCH, document.epoch.to_string().as_bytes())?;
        self.broken = false;
        (self.epoch, self.state) = (document.epoch, document.state);
        Ok(answer)
    }

    /// Counts an attempt and, in the same write where the file keeps both, changes the state.
    pub(crate) fn charge_with(
        &mut self,
        user: Id<User>,
        change: impl FnOnce(&mut State) -> Result<(), Fault>,
    ) -> Result<Record, Fault> {
        if let Some(hardware) = &mut self.hardware {
            let record = hardware.charge(user)?;
            self.change(|state, _| change(state))?;
            return Ok(record);
        }
        self.change(|state, _| {
            change(state)?;
            let record = state.records.entry(user.to_string()).or_default();
            record.counter += 1;
            Ok(*record)
        })
    }

    /// Writes a person's record and, in the same write where the file keeps both, what follows from it.
    pub(crate) fn commit_with(
        &mut self,
        user: Id<User>,
        record: Record,
        change: impl FnOnce(&mut State, &dyn Mac) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if let Some(hardware) = &mut self.hardware {
            hardware.commit(user, record)?;
            return self.change(change);
        }
        self.change(|state, sealer| {
            state.records.insert(user.to_string(), record);
            change(state, sealer)
        })
    }

    /// What computes tags under the sealed secrets.
    pub fn mac(&self) -> &dyn Mac {
        &self.keyring
    }

    /// The computer is enrolled as `identity`. What belonged to another is forgotten: its secrets open nothing here.
    pub fn belongs_to(&mut self, identity: Identity) -> Result<(), Fault> {
        if self.state.device == Some(identity) {
            return Ok(());
        }
        self.change(|state, _| {
            let time = state.time.take();
            *state = State { device: Some(identity), time, ..State::default() };
            Ok(())
        })
    }
}

impl Counter for Vault {
    fn record(&self, user: Id<User>) -> Result<Record, Fault> {
        match &self.hardware {
            Some(hardware) => hardware.record(user),
            None => Ok(self.state.records.get(user.as_str()).copied().unwrap_or_default()),
        }
    }

    fn charge(&mut self, user: Id<User>) -> Result<Record, Fault> {
        self.charge_with(user, |_| Ok(()))
    }

    fn commit(&mut self, user: Id<User>, record: Record) -> Result<(), Fault> {
        self.commit_with(user, record, |_, _| Ok(()))
    }
}

/// The root key, made at the first start. A new one is never made where a state exists that it could not open.
fn key(disk: &mut dyn Disk, env: &Env) -> Result<Keyring, Fault> {
    let Some(bytes) = disk.read(KEY)? else {
        if disk.read(STATE)?.is_some() || disk.read(EPOCH)?.is_some() {
            return Err(Fault::KeyMissing);
        }
        let root = Secret::new(env.bytes::<32>());
        replace(disk, KEY, root.expose())?;
        return Ok(Keyring::new(&root));
    };
    if disk.is_open_to_others(KEY)? {
        return Err(Fault::TooOpen);
    }
    let bytes = Secret::new(bytes);
    let root = bytes.expose().as_slice().try_into().map_err(|_| Fault::Corrupt(KEY))?;
    Ok(Keyring::new(&Secret::new(root)))
}

fn read_epoch(disk: &dyn Disk) -> Result<Option<u64>, Fault> {
    let Some(bytes) = disk.read(EPOCH)? else { return Ok(None) };
    let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or(Fault::Corrupt(EPOCH))
}

fn place() -> Place {
    Place::new("agent", "self", "state")
}

fn seal(keyring: &Keyring, document: &Document, env: &Env) -> Result<Vec<u8>, Fault> {
    let plain = Secret::new(serde_json::to_vec(document).map_err(|_| Fault::Corrupt(STATE))?);
    let sealed: Sealed<()> = keyring.seal(place(), plain.expose(), env);
    Ok([MAGIC, &[VERSION][..], sealed.bytes()].concat())
}

fn unseal(keyring: &Keyring, file: &[u8]) -> Result<Document, Fault> {
    let corrupt = || Fault::Corrupt(STATE);
    let (version, sealed) = file.strip_prefix(MAGIC).and_then(<[u8]>::split_first).ok_or_else(corrupt)?;
    if *version > VERSION {
        return Err(Fault::Future(*version));
    }
    let sealed: Sealed<()> = Sealed::from_storage(place(), sealed.to_vec());
    let plain = keyring.open(&sealed).map_err(|_| corrupt())?;
    serde_json::from_slice(plain.expose()).map_err(|_| corrupt())
}

#[cfg(test)]
mod tests;
