//! A real PAM stack in a private folder: libpam through libpam-wrapper, driven by pamtester, with a module before ours
//! that stands for the system's password module. Needs the packages pamtester and libpam-wrapper.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// The password that the stack's first module accepts.
pub const PASSWORD: &str = "correct horse battery staple";

/// One sign-in at a time: libpam-wrapper shares a few folders among all that run, and tidies up one that another has just made.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A PAM configuration and the person who signs in.
pub struct Stack {
    folder: TempDir,
    module: PathBuf,
    arguments: String,
}

/// What came of a sign-in.
#[derive(Debug)]
pub struct SignIn {
    /// Whether PAM said success.
    pub opened: bool,
    /// Everything that was shown.
    pub shown: String,
    /// The exit status: PAM refused (1), or the host died of a signal (nothing).
    pub code: Option<i32>,
}

impl Stack {
    /// A stack whose second module is `module` with these arguments.
    pub fn new(module: &Path, arguments: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("services")).expect("a folder");
        Self { folder, module: module.to_owned(), arguments: arguments.to_owned() }
    }

    /// Signs `user` in by `service` at `tty`, typing the password and then `lines`.
    pub fn sign_in(&self, service: &str, tty: &str, user: &str, lines: &[&str]) -> SignIn {
        self.sign_in_from("", service, tty, user, lines)
    }

    /// The same for a person who comes from `host`.
    pub fn sign_in_from(&self, host: &str, service: &str, tty: &str, user: &str, lines: &[&str]) -> SignIn {
        let typed = [&[PASSWORD], lines].concat();
        self.run(host, service, tty, user, &typed, "authenticate")
    }

    /// Signs in with another password.
    pub fn sign_in_with_wrong_password(&self, service: &str, tty: &str, user: &str, lines: &[&str]) -> SignIn {
        self.run("", service, tty, user, &[&["letmein"], lines].concat(), "authenticate")
    }

    /// Opens a session, as a login program does after a sign-in.
    pub fn open_session(&self, service: &str, tty: &str, user: &str) -> SignIn {
        self.run("", service, tty, user, &[], "open_session")
    }

    fn run(&self, host: &str, service: &str, tty: &str, user: &str, typed: &[&str], operation: &str) -> SignIn {
        self.configure(service, user);
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pamtester = Command::new("pamtester");
        if !host.is_empty() {
            pamtester.arg("-I").arg(format!("rhost={host}"));
        }
        let mut child = pamtester
            .arg("-I")
            .arg(format!("tty={tty}"))
            .args([service, user, operation])
            .env("LD_PRELOAD", "libpam_wrapper.so")
            .env("PAM_WRAPPER", "1")
            .env("PAM_WRAPPER_SERVICE_DIR", self.folder.path().join("services"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pamtester is installed: cargo xtask setup");
        let mut keyboard = child.stdin.take().expect("a pipe");
        for line in typed {
            // A host that has ended already reads no more; what it said by then is what counts.
            let _unread = writeln!(keyboard, "{line}");
        }
        drop(keyboard);
        let output = child.wait_with_output().expect("pamtester ends");
        let shown = [output.stdout, output.stderr].concat();
        SignIn {
            opened: output.status.success(),
            shown: String::from_utf8_lossy(&shown).into_owned(),
            code: output.status.code(),
        }
    }

    fn configure(&self, service: &str, user: &str) {
        let passwords = self.folder.path().join("passwords");
        fs::write(&passwords, format!("{user}:{PASSWORD}:{service}\n")).expect("a file");
        let (module, arguments) = (self.module.display(), &self.arguments);
        let lines = format!(
            "auth     requisite  {matrix} passdb={passwords}\n\
             auth     required   {module} {arguments}\n\
             account  required   {matrix} passdb={passwords}\n\
             session  required   {module} {arguments}\n",
            matrix = password_module().display(),
            passwords = passwords.display(),
        );
        fs::write(self.folder.path().join("services").join(service), lines).expect("a file");
    }
}

/// Where cargo put `lib{name}.so`, beside this test or among the examples.
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let deps = test.parent().expect("a test lies in a folder");
    let beside = deps.join(format!("lib{name}.so"));
    if beside.exists() { beside } else { deps.with_file_name("examples").join(format!("lib{name}.so")) }
}

/// The test module of libpam-wrapper that checks passwords from a file.
fn password_module() -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let mut candidates = folders.iter().map(|folder| Path::new(folder).join("pam_wrapper/pam_matrix.so"));
    candidates.find(|path| path.exists()).expect("libpam-wrapper is installed: cargo xtask setup")
}
