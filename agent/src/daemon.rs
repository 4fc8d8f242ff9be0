//! What the threads of one agent share: configuration, state, the way to the server, and the log.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::fcntl::{Flock, FlockArg};
use postern_codes::env::{System, World};
use postern_codes::{Env, Timestamp};
use postern_wire::Whole;
use postern_wire::place::Place;
use postern_wire::recovery::Binding;
use postern_wire::settings::DeviceSettings;
use postern_wire::socket::{Computer, Until};

use crate::client::Client;
use crate::clock::{Clock, Kernel};
use crate::config::{Config, Paths};
use crate::credential::{Credential, Unusable};
use crate::disk::Folder;
use crate::identity;
use crate::log::{Category, Log};
use crate::state::{Hourly, State};
use crate::unlock::{Challenges, Door};
use crate::vault::{Fault, Vault};

/// Whoever is not root may have so many entries written in an hour: the log must not fill the disk that holds the state.
const STRANGERS_ENTRIES: u32 = 200;

/// One agent.
pub struct Daemon {
    /// Where its files are.
    pub paths: Paths,
    /// Its configuration.
    pub config: Config,
    /// What the computer is called.
    pub computer: Computer,
    /// The device log.
    pub log: Log,
    /// Time and randomness.
    pub world: Arc<dyn World>,
    /// The computer's clocks.
    pub clock: Box<dyn Clock>,
    vault: Mutex<Option<Vault>>,
    challenges: Mutex<Challenges>,
    client: Mutex<Option<Arc<Client>>>,
    /// Held by whoever may replace the credential.
    turn: Mutex<()>,
    /// The text terminal at which an account came in by a PIN.
    terminals: Mutex<BTreeMap<u32, PathBuf>>,
    /// Log entries that strangers at the socket caused in this hour.
    strangers: Mutex<Hourly>,
    online: AtomicBool,
    /// Whether a contact is wanted now.
    wanted: Mutex<bool>,
    wake: Condvar,
    /// Held for as long as this agent lives: two would overwrite each other's state.
    _alone: Flock<std::fs::File>,
}

impl Daemon {
    /// Takes hold of the state folder. A state that does not open is logged; the agent then runs on to say so at every
    /// sign-in, and opens nothing.
    ///
    /// # Errors
    /// A mistake in the configuration, a folder that cannot be used, or another agent at work in it.
    pub fn start(paths: Paths) -> anyhow::Result<Self> {
        let world: Arc<dyn World> = Arc::new(System);
        let config = Config::read(&paths.config)?;
        let folder = Folder::open(&paths.state_dir);
        folder.with_context(|| format!("cannot use {}", paths.state_dir.display()))?;
        let alone = lock(&paths.state_dir)?;
        let daemon = Self {
            computer: identity::computer(&config.computer),
            log: Log::new(paths.log.clone(), Arc::clone(&world)),
            clock: Box::new(Kernel::new().context("the kernel does not tell which start this is")?),
            vault: Mutex::new(None),
            challenges: Mutex::default(),
            client: Mutex::new(None),
            turn: Mutex::default(),
            terminals: Mutex::default(),
            strangers: Mutex::default(),
            online: AtomicBool::new(false),
            wanted: Mutex::new(true),
            wake: Condvar::new(),
            _alone: alone,
            paths,
            config,
            world,
        };
        if let Err(fault) = daemon.vault(|_| Ok(())) {
            daemon.log.error(
                Category::Recovery,
                "state_refused",
                &fault,
                "follow the message; recovery PINs are refused",
            );
        }
        Ok(daemon)
    }

    /// Works on the state, alone. A state that failed is opened afresh the next time.
    ///
    /// # Errors
    /// [`Fault`]; nothing is opened by what failed.
    pub fn vault<T>(&self, work: impl FnOnce(&mut Vault) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut slot = locked(&self.vault);
        let mut vault = match slot.take() {
            Some(vault) => vault,
            None => Vault::open(Box::new(Folder::open(&self.paths.state_dir)?), Env::of(&self.world))?,
        };
        let done = work(&mut vault);
        if !matches!(done, Err(Fault::Broken | Fault::Io(_))) {
            *slot = Some(vault);
        }
        done
    }

    /// Decides at the door: the state, the challenges on screens, the clocks and the settings in force, together.
    ///
    /// # Errors
    /// [`Fault`]; the door stays shut.
    pub fn door<T>(&self, decide: impl FnOnce(&mut Door<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let (settings, env) = (self.settings(), Env::of(&self.world));
        self.vault(|vault| {
            let challenges = &mut *locked(&self.challenges);
            let (clock, settings, env) = (&*self.clock, &settings, &env);
            decide(&mut Door { vault, challenges, clock, env, settings, binding: Binding::Soft })
        })
    }

    /// The certificate and key of this computer. The state follows it: what belonged to another enrolment is forgotten.
    ///
    /// # Errors
    /// [`Unusable`] where there is none.
    pub fn credential(&self) -> Result<Credential, Unusable> {
        let credential = Credential::load(&self.paths.state_dir)?;
        if let Err(fault) = self.vault(|vault| vault.belongs_to(credential.identity())) {
            self.log.error(Category::Recovery, "state_refused", fault, "run postern-agent doctor");
        }
        Ok(credential)
    }

    /// Waits for the turn to replace the credential: a contact that began before an enrolment or a renewal would put the
    /// old one back.
    pub fn in_turn(&self) -> MutexGuard<'_, ()> {
        locked(&self.turn)
    }

    /// Keeps a new or renewed credential.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn keep(&self, credential: &Credential) -> io::Result<()> {
        credential.store(&self.paths.state_dir)
    }

    /// Forgets certificate and recovery secrets; what is known of the time stays.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn leave(&self) -> Result<(), Fault> {
        Credential::discard(&self.paths.state_dir)?;
        self.vault(|vault| {
            vault.change(|state, _| {
                let time = state.time.take();
                *state = State { time, ..State::default() };
                Ok(())
            })
        })
    }

    /// The way to `server`, or to the configured one where that is given.
    ///
    /// # Errors
    /// An address or a certificate file that cannot be used.
    pub fn client(&self, server: &str) -> anyhow::Result<Arc<Client>> {
        let server = self.config.server.as_deref().unwrap_or(server);
        let mut slot = locked(&self.client);
        if let Some(client) = slot.as_ref().filter(|client| client.server() == server) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(Client::new(server, self.config.ca_file.as_deref(), Arc::clone(&self.world))?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// The settings in force.
    pub fn settings(&self) -> DeviceSettings {
        let now = self.now();
        let settings = self.vault(|vault| Ok(vault.state().settings(&self.config.settings, now)));
        settings.unwrap_or_default()
    }

    /// How long a call may take while a person waits.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings().network_timeout_seconds.get()))
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// `at` as a person wants it told, in the computer's zone; the day is named when it is another one.
    pub fn until(&self, at: Timestamp) -> Until {
        let now = self.now();
        let zone = jiff::tz::TimeZone::system();
        let local = |at: Timestamp| {
            jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_zoned(zone.clone())).unwrap_or_default()
        };
        let (then, today) = (local(at), local(now));
        let form = if then.date() == today.date() { "%H:%M" } else { "%-d %b %Y, %H:%M" };
        let seconds = i64::try_from(at.since(now).as_secs()).unwrap_or(i64::MAX);
        Until {
            at: Whole::clamped(at.micros()),
            seconds: Whole::clamped(seconds),
            clock: then.strftime(form).to_string(),
        }
    }

    /// The server's address, where people set up a factor.
    pub fn address(&self) -> Option<String> {
        Credential::load(&self.paths.state_dir).ok().map(|credential| credential.server)
    }

    /// Remembers at which text terminal an account came in, to tell it there when its access ends.
    pub fn note_terminal(&self, os_uid: u32, place: Option<&Place>) {
        let tty = place.map(|place| place.tty.strip_prefix("/dev/").unwrap_or(&place.tty).to_owned());
        if let Some(tty) =
            tty.filter(|tty| tty.starts_with("tty") && tty[3..].bytes().all(|byte| byte.is_ascii_digit()))
        {
            locked(&self.terminals).insert(os_uid, Path::new("/dev").join(tty));
        }
    }

    /// That terminal.
    pub fn terminal(&self, os_uid: u32) -> Option<PathBuf> {
        locked(&self.terminals).get(&os_uid).cloned()
    }

    /// Whether an entry that a stranger at the socket causes may still be written; counts it.
    pub fn logs_strangers(&self) -> bool {
        locked(&self.strangers).count(self.now(), STRANGERS_ENTRIES).is_ok()
    }

    /// Whether the last call reached the server.
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// Notes whether a call reached the server.
    pub fn note_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }

    /// Asks for a contact now, in the background.
    pub fn want_contact(&self) {
        *locked(&self.wanted) = true;
        self.wake.notify_all();
    }

    /// Waits until a contact is wanted or `span` has passed; says whether one is wanted.
    pub fn wait(&self, span: Duration) -> bool {
        let wanted = locked(&self.wanted);
        let woken = self.wake.wait_timeout_while(wanted, span, |wanted| !*wanted);
        let (mut wanted, _) = woken.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *wanted)
    }
}

/// The lock's value also after another thread panicked: the vault marks itself broken while it writes, so that what a
/// panic left half done is never acted on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(state_dir: &Path) -> anyhow::Result<Flock<std::fs::File>> {
    let path = state_dir.join("lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("cannot write to {}", state_dir.display()))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(lock),
        Err((_, fault)) => bail!("another agent works in {}: stop it first ({fault})", state_dir.display()),
    }
}
