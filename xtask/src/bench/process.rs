//! Programs that run while they are measured, and the folders they leave nothing in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::shell_words;

const PATIENCE: Duration = Duration::from_mins(1);

/// A folder of our own; dropping it removes it.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty one. Its path is short: there are sockets in it.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("postern-bench-{}-{number}", process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of `name` in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A running program; dropping it ends it.
pub struct Process {
    child: Child,
    complaints: PathBuf,
}

impl Process {
    /// Starts it; what it prints goes into a file beside its data, `complaints`.
    pub fn start(command: &mut Command, complaints: PathBuf) -> Result<Self> {
        let output = fs::File::create(&complaints)?;
        let errors = output.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let child = child.with_context(|| format!("cannot start {}", shell_words(command)))?;
        Ok(Self { child, complaints })
    }

    /// Asks until `is_ready` says yes, often enough to time a start to the millisecond.
    pub fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<()> {
        let begun = now();
        while !is_ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}): {}", fs::read_to_string(&self.complaints)?.trim());
            }
            ensure!(begun.elapsed() < PATIENCE, "it is not ready after {} seconds", PATIENCE.as_secs());
            pause(1);
        }
        Ok(())
    }

    /// Resident memory in megabytes: `VmRSS`.
    pub fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// Asks it to end, and waits.
    pub fn end(mut self) -> Result<()> {
        let asked = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &self.child.id().to_string()]).status()?;
        ensure!(asked.success(), "it could not be asked to end");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Lets other programs run.
#[expect(clippy::disallowed_methods, reason = "real programs are watched in real time")]
pub fn pause(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// How many milliseconds something takes.
pub fn timed<T>(act: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = now();
    let done = act()?;
    Ok((begun.elapsed().as_secs_f64() * 1000.0, done))
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// A release executable.
pub fn program(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join(name));
    command.env_remove("RUST_LOG").env_remove("POSTERN_DATA");
    command
}
