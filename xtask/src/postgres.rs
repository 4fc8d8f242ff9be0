//! A private PostgreSQL that lives as long as one run of the tests: its own folder, a port from the kernel, and
//! for tests nothing flushed to the disk.
//!
//! It cannot outlive the run: it stays in the terminal's process group (so Ctrl-C reaches it), the kernel tells it when
//! this process dies in any other way, and what a killed run leaves in the temporary folder the next one sweeps up.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process, thread};

use anyhow::{Context, Result, bail, ensure};

use crate::setup::is_root;
use crate::workspace::{on_path, output};

const FOLDER: &str = "postern-postgres-";
/// Nothing here has to survive a crash, and a test run opens many connections at once.
const CARELESS: &[&str] = &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];
const SETTINGS: &[&str] = &["listen_addresses=127.0.0.1", "unix_socket_directories=", "logging_collector=off"];

/// A running server; dropping it stops it and removes its files.
pub struct Postgres {
    server: Child,
    folder: PathBuf,
    /// Where tests connect: a superuser, so that they can make databases of their own.
    pub url: String,
}

impl Postgres {
    /// Makes a cluster that flushes nothing, and starts it on a free port.
    pub fn start() -> Result<Self> {
        Self::start_with(CARELESS)
    }

    /// The same with PostgreSQL's own settings: what is committed is on the disk.
    pub fn durable() -> Result<Self> {
        Self::start_with(&[])
    }

    fn start_with(settings: &[&str]) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let binaries = binaries().context("no PostgreSQL server is installed: run `cargo xtask setup`")?;
        sweep();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("{FOLDER}{}-{number}", process::id()));
        DirBuilder::new().mode(0o700).create(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let started = Self::start_in(&folder, &binaries, settings);
        if started.is_err() {
            fs::remove_dir_all(&folder).ok();
        }
        started
    }

    fn start_in(folder: &Path, binaries: &Path, settings: &[&str]) -> Result<Self> {
        if let Some((uid, gid)) = unprivileged()? {
            chown(folder, Some(uid), Some(gid)).with_context(|| format!("cannot give away {}", folder.display()))?;
        }
        let data = folder.join("data");
        let mut initdb = unprivileged_command(&binaries.join("initdb"))?;
        initdb.args(["--no-sync", "--auth=trust", "--username=postern", "--encoding=UTF8", "--locale=C", "--pgdata"]);
        output(initdb.arg(&data))?;

        let (server, port) = launch(&binaries.join("postgres"), &data, settings)?;
        let url = format!("postgres://postern@127.0.0.1:{port}/postgres");
        let postgres = Self { server, folder: folder.to_owned(), url };
        let mut psql = Command::new(binaries.join("psql"));
        let answer = output(psql.args(["-XAt", "-c", "show data_directory"]).arg(&postgres.url))?;
        ensure!(Path::new(answer.trim()) == data, "port {port} belongs to another server, whose data is in {answer}");
        Ok(postgres)
    }
}

impl Postgres {
    /// Counts what is in the tables, as a server does by itself within minutes of its filling.
    pub fn analyze(&self) -> Result<()> {
        let binaries = binaries().context("PostgreSQL is gone")?;
        output(Command::new(binaries.join("psql")).args(["-XAtq", "-c", "vacuum analyze"]).arg(&self.url)).map(drop)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown: there is nothing here worth a checkpoint.
        let stopped = Command::new("sh").args(["-c", r#"kill -QUIT "$0""#, &self.server.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            self.server.kill().ok();
        }
        self.server.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The folder of the newest server's programs: Debian keeps `initdb` off the search path.
pub fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.filter_map(|entry| {
        let major: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((major, entry.path().join("bin")))
    });
    let newest = debian.filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file()).max();
    newest.map(|(_, bin)| bin).or_else(|| Some(on_path("initdb")?.parent()?.to_owned()))
}

/// Starts the server and waits for its own word that it is ready; another port if somebody took the first.
fn launch(postgres: &Path, data: &Path, settings: &[&str]) -> Result<(Child, u16)> {
    let mut said = String::new();
    for _ in 0..3 {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = unprivileged_command(postgres)?;
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        command.args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        let mut server = command.stderr(Stdio::piped()).stdout(Stdio::null()).stdin(Stdio::null()).spawn()?;
        let stderr = server.stderr.take().context("the server's log was not piped")?;
        match wait_until_ready(BufReader::new(stderr)) {
            Ok(()) => return Ok((server, port)),
            Err(log) => said = log,
        }
        server.wait()?;
        if !said.contains("Address already in use") {
            break;
        }
    }
    bail!("PostgreSQL did not start:\n{said}")
}

/// Reads the log until the server is ready, then keeps draining it so that the server never blocks on it.
fn wait_until_ready(mut log: BufReader<ChildStderr>) -> Result<(), String> {
    let mut said = String::new();
    let mut begins = 0;
    while log.read_line(&mut said).is_ok_and(|bytes| bytes > 0) {
        if said[begins..].contains("ready to accept connections") {
            thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Ok(());
        }
        begins = said.len();
    }
    Err(said)
}

/// A command under a user that PostgreSQL accepts (never root), told by the kernel when this process dies.
fn unprivileged_command(program: &Path) -> Result<Command> {
    let account = unprivileged()?;
    let mut command = match on_path("setpriv") {
        Some(setpriv) => {
            let mut setpriv = Command::new(setpriv);
            if let Some((uid, gid)) = account {
                setpriv.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
            }
            setpriv.args(["--pdeathsig", "QUIT"]).arg(program);
            setpriv
        }
        None if account.is_none() => Command::new(program),
        None => bail!("PostgreSQL does not run as root, and there is no setpriv here to change the user"),
    };
    command.current_dir("/").env("LC_ALL", "C");
    Ok(command)
}

/// The user and group to run as where this is root: PostgreSQL's own account, or nobody.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let account = ["postgres", "nobody"].into_iter().find_map(|name| account(&passwd, name));
    account.map(Some).context("this is root, and there is neither a user postgres nor nobody to run PostgreSQL as")
}

fn account(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<_> = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

/// Removes what runs that were killed left behind.
fn sweep() {
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_the_server_is_read_from_the_password_file() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/sh\n";
        assert_eq!(account(passwd, "postgres"), Some((101, 104)));
        assert_eq!(account(passwd, "nobody"), None);
    }

    #[test]
    fn a_dropped_server_leaves_neither_process_nor_files() {
        if binaries().is_none() {
            return;
        }
        let postgres = Postgres::start().expect("a private server");
        let (pid, folder) = (postgres.server.id(), postgres.folder.clone());
        assert!(Path::new(&format!("/proc/{pid}")).exists() && folder.join("data/PG_VERSION").exists());
        drop(postgres);
        assert!(!Path::new(&format!("/proc/{pid}")).exists() && !folder.exists());
    }
}
