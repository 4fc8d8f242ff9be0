//! An installation for tests: `postern serve` as a process of its own on a folder of its own, set up through its own
//! pages and the operator's commands, with Ada the super administrator.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postern_codes::env::{System, World};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Env, Secret};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The administrator's login.
pub const ADA: &str = "ada@example.com";
/// The administrator's password.
pub const PASSWORD: &str = "four plain small words";

/// The folder, the process, and what the administrator holds.
pub struct Installation {
    /// The base URL.
    pub url: String,
    /// The link that the first start printed.
    pub setup_link: String,
    /// The secret of Ada's app.
    pub ada_secret: Secret<Vec<u8>>,
    /// A token of Ada's that may make PINs.
    pub token: String,
    folder: TempDir,
    tracing: &'static str,
    process: Mutex<Option<(Child, BufReader<ChildStdout>)>>,
}

/// Somebody with an app.
pub struct Person {
    pub id: String,
    pub secret: Secret<Vec<u8>>,
}

/// An answer of the server.
pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    pub text: String,
}

impl Installation {
    /// A fresh one that logs what needs attention.
    pub fn start() -> Self {
        Self::start_tracing("warn")
    }

    /// A fresh one that logs at this level.
    pub fn start_tracing(tracing: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let url = format!("http://localhost:{port}");
        let configuration = format!("public_url = \"{url}\"\nlisten = \"127.0.0.1:{port}\"\n");
        fs::create_dir(folder.path().join("data")).expect("a folder");
        fs::write(folder.path().join("data/postern.toml"), configuration).expect("a file");
        let (setup_link, token, ada_secret) = (String::new(), String::new(), Secret::new(Vec::new()));
        let mut new = Self { url, setup_link, ada_secret, token, folder, tracing, process: Mutex::new(None) };
        let said = new.run();
        said.split_whitespace().last().expect("the first start prints a link").clone_into(&mut new.setup_link);
        new.ada_secret = new.set_up();
        let made = new.operator(&["token", "create", "--user", ADA, "--name", "test", "--grant", "recovery_pins"]);
        new.token = last_word(&made[1]);
        new
    }

    /// Starts the server, and returns when it listens; gives its last line.
    pub fn run(&self) -> String {
        let log = File::options().create(true).append(true).open(self.path("server.log")).expect("a log file");
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).stderr(log).spawn().expect("it starts");
        let mut said = BufReader::new(child.stdout.take().expect("it was piped"));
        let (mut lines, is_first) = (String::new(), self.setup_link.is_empty());
        for _ in 0..if is_first { 2 } else { 1 } {
            let read = said.read_line(&mut lines).expect("text");
            assert!(read > 0, "the server ended: {}", self.log());
        }
        *self.process.lock().expect("no test panicked with it") = Some((child, said));
        lines
    }

    /// Ends the server at once, as `kill -9` does.
    pub fn kill(&self) {
        if let Some((mut child, _)) = self.process.lock().expect("no test panicked with it").take() {
            child.kill().expect("it can be ended");
            child.wait().expect("it ends");
        }
    }

    /// The most memory that the server has had, in KiB.
    pub fn peak_memory(&self) -> u64 {
        let process = self.process.lock().expect("no test panicked with it");
        let (child, _) = process.as_ref().expect("it runs");
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
        peak.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    }

    /// A file beside the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("server.log")).unwrap_or_default()).into_owned()
    }

    /// Runs one of the operator's commands; gives the lines it printed.
    pub fn operator(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.command(arguments).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// Makes somebody with an app, whose present code counts as used.
    pub fn person(&self, login: &str, first_name: &str, last_name: &str) -> Person {
        let made =
            self.operator(&["user", "create", login, "--first-name", first_name, "--last-name", last_name]).remove(0);
        let id = made.split_whitespace().next().expect("its id").to_owned();
        let secret = last_word(&self.operator(&["user", "app", login])[0]);
        Person { id, secret: otp::from_base32(&secret).expect("base 32") }
    }

    /// Switches recovery PINs on, takes time PINs for a secret in a file, and lets every limit be reached often.
    pub fn switch_on(&self) {
        let base = "/device-access/api/v1";
        let on = json!({ "desktopMFARecoveryPinEnabled": true });
        self.call("PUT", &format!("{base}/desktop-mfa/recovery-pin-settings"), &on);
        let settings = json!({ "RecoveryMode": "TIME", "AdminPhone": "+44 20 7946 0000" });
        self.call("PUT", &format!("{base}/device-settings"), &settings);
        let limits = json!({ "pins_pair_hour": 10_000, "pins_pair_day": 10_000, "pins_admin_hour": 10_000 });
        self.call("PUT", &format!("{base}/limits"), &limits);
    }

    /// A code that enrols one computer.
    pub fn enrollment_code(&self, serial: &str) -> String {
        let wanted = json!({ "serialNumber": serial });
        let made = self.call("POST", "/device-access/api/v1/enrollment-codes", &wanted);
        made["code"].as_str().expect("a code").to_owned()
    }

    /// A call with Ada's token, which must succeed.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, body).expect("it answers");
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// The same, where anything may happen; `None` where the connection broke.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let headers = [("authorization", format!("SSWS {}", self.token)), ("content-type", "application/json".into())];
        self.exchange(method, path, &headers, body.to_string())
    }

    /// Opens a page, or sends a form from one of our pages where there are fields.
    pub fn browse(&self, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let form = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let form: Vec<String> = form.collect();
        let mut headers = vec![("sec-fetch-site", "same-origin".to_owned())];
        headers.push(("content-type", "application/x-www-form-urlencoded".into()));
        headers.extend(cookie.map(|token| ("cookie", format!("__Host-postern={token}"))));
        let method = if fields.is_empty() { "GET" } else { "POST" };
        self.exchange(method, path, &headers, form.join("&")).expect("it answers")
    }

    fn exchange(&self, method: &str, path: &str, headers: &[(&str, String)], body: String) -> Option<Answer> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.timeout_global(Some(Duration::from_mins(1))).build().new_agent();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut answer = agent.run(request.body(body).expect("a request")).ok()?;
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()?.split(['=', ';']).nth(1));
        let (status, cookie) = (answer.status().as_u16(), cookie.map(str::to_owned));
        Some(Answer { status, cookie, text: answer.body_mut().read_to_string().ok()? })
    }

    /// Sets up by the link, as a browser does; gives the secret of the new administrator's app.
    fn set_up(&self) -> Secret<Vec<u8>> {
        let path = self.setup_link.strip_prefix(&self.url).expect("the link is ours").to_owned();
        let fields = [("orgName", "Harbour Lights"), ("firstName", "Ada"), ("lastName", "Lindqvist"), ("email", ADA)];
        let named = self.browse(&path, None, &[&fields[..], &[("password", PASSWORD)]].concat());
        assert_eq!(named.status, 303, "{}", named.text);
        let pairing = self.browse(&format!("{path}/app"), None, &[]).text;
        let key = pairing.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
        let secret = otp::from_base32(key).expect("base 32");
        let code = AUTHENTICATOR_APP.code(&secret, now().now);
        let done = self.browse(&format!("{path}/app"), None, &[("passCode", code.expose())]);
        assert_eq!(done.status, 200, "{}", done.text);
        secret
    }

    /// One of the operator's commands, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).arg("--data").arg(self.path("data")).env("RUST_LOG", self.tracing);
        command
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.kill();
    }
}

/// This moment.
pub fn now() -> Env {
    let world: Arc<dyn World> = Arc::new(System);
    Env::of(&world)
}

/// The next code of an app: the present one was used up when it was paired.
pub fn next_code(secret: &Secret<Vec<u8>>) -> String {
    AUTHENTICATOR_APP.code(secret, now().now.plus(Duration::from_secs(30))).expose().clone()
}

fn last_word(line: &str) -> String {
    line.split_whitespace().last().unwrap_or_default().to_owned()
}

/// As a form has it; every byte that is not plainly harmless is escaped.
fn escaped(text: &str) -> String {
    let byte =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(byte).collect()
}
