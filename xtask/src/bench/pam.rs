//! A whole sign-in: a process that loads libpam and `pam_postern.so`, types a password and a recovery PIN, and is let in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::pin_check::enter;
use super::process::{Scratch, timed};
use super::stage::account;
use super::{Built, Measurement, Need};
use crate::workspace::on_path;

const TIMES: usize = 100;
const PASSWORD: &str = "correct horse battery staple";

/// Password, then a PIN in use, on a computer without network.
pub const CONVERSATION: Measurement = Measurement {
    name: "PAM conversation, password and PIN",
    unit: "ms",
    aim: None,
    needs: Some(Need {
        what: "pamtester and libpam-wrapper",
        is_there: || on_path("pamtester").is_some() && password_module().is_some(),
    }),
    take,
};

fn take(built: &Built) -> Result<Vec<f64>> {
    let stage = built.on_sqlite()?;
    let (_agent, socket) = stage.offline_computer()?;
    let person = &stage.facts["person"];
    let (mut conversation, pin) = stage.challenged(&socket, person)?;
    enter(&mut conversation, &pin)?;
    let services = Scratch::new()?;
    let account = account(person)?;
    configure(services.path(), &built.folder.join("libpam_postern.so"), &socket, account)?;
    (0..TIMES).map(|_| timed(|| sign_in(services.path(), account, &pin)).map(|(taken, ())| taken)).collect()
}

fn configure(services: &Path, module: &Path, socket: &Path, account: &str) -> Result<()> {
    let passwords = services.join("passwords");
    fs::write(&passwords, format!("{account}:{PASSWORD}:login\n"))?;
    let matrix = password_module().context("no libpam-wrapper")?;
    let (matrix, passwords, module) = (matrix.display(), passwords.display(), module.display());
    let socket = socket.display();
    let lines = format!(
        "auth requisite {matrix} passdb={passwords}\nauth required {module} socket={socket}\n\
         account required {matrix} passdb={passwords}\n"
    );
    Ok(fs::write(services.join("login"), lines)?)
}

fn sign_in(services: &Path, account: &str, pin: &str) -> Result<()> {
    let mut pamtester = Command::new("pamtester")
        .args(["-I", "tty=tty1", "login", account, "authenticate"])
        .env("LD_PRELOAD", "libpam_wrapper.so")
        .env("PAM_WRAPPER", "1")
        .env("PAM_WRAPPER_SERVICE_DIR", services)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    pamtester.stdin.take().context("no keyboard")?.write_all(format!("{PASSWORD}\n{pin}\n").as_bytes())?;
    let output = pamtester.wait_with_output()?;
    ensure!(output.status.success(), "the door stayed shut: {}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

/// The module of libpam-wrapper that checks passwords from a file; the modules before ours stand for the system's.
fn password_module() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    folders.iter().map(|folder| Path::new(folder).join("pam_wrapper/pam_matrix.so")).find(|path| path.exists())
}
