//! `postern demo` as its visitor meets it: the real executable, its guide by HTTP, its files, its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

struct Demo {
    process: Child,
    url: String,
    data: PathBuf,
}

impl Demo {
    fn start(folder: &Path, port: u16) -> Self {
        let data = folder.join("demo");
        let mut process = command()
            .args(["demo", "--no-browser", "--port", &port.to_string(), "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let opened = lines.find_map(|line| line.unwrap().strip_prefix("Open ").map(str::to_owned));
        Self { process, url: opened.expect("the demo prints an address to open"), data }
    }

    fn facts(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.data.join("demo.json")).unwrap()).unwrap()
    }

    fn get(&self, path: &str) -> Value {
        answer(http().get(format!("{}{path}", self.url)).call())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = http().post(format!("{}{path}", self.url)).content_type("application/json");
        answer(request.send(body.to_string().as_bytes()))
    }

    fn types(&self, text: &str) -> Value {
        self.post("/screen/answer", &json!({ "text": text }))
    }

    /// A PIN for the locked-out person, by the help desk's own program.
    fn pin(&self) -> String {
        let facts = self.facts();
        let (device, person) = (facts["device"]["id"].as_str().unwrap(), facts["person"]["id"].as_str().unwrap());
        let path = format!("/device-access/api/v1/devices/{device}/users/{person}/recovery-pins");
        let token = format!("SSWS {}", facts["helpDesk"]["apiToken"].as_str().unwrap());
        let request = http().post(format!("{}{path}", self.url)).header("authorization", token);
        let made = answer(request.send(json!({ "mode": "TIME", "reason": "phone lost" }).to_string().as_bytes()));
        made["pin"].as_str().unwrap_or_else(|| panic!("no PIN: {made}")).to_owned()
    }

    /// A conversation with the computer's agent.
    fn agent(&self) -> UnixStream {
        let agent = UnixStream::connect(self.facts()["device"]["agentSocket"].as_str().unwrap()).unwrap();
        agent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        agent
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_postern"))
}

fn http() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    serde_json::from_str(&response.unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn a_visitor_plays_the_story_through() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), 0);
    let facts = demo.facts();
    assert_eq!(demo.get("/state")["steps"]["wake"], "now");

    // Her screen: name, password, and a prompt that she cannot answer.
    demo.post("/screen/start", &json!({}));
    assert_eq!(demo.types("grace")["prompt"]["hidden"], true);
    let screen = demo.types(facts["person"]["password"].as_str().unwrap());
    assert!(screen["prompt"]["text"].as_str().unwrap().contains("recovery PIN"), "{screen}");
    assert!(!screen.to_string().contains(facts["person"]["password"].as_str().unwrap()));
    assert!(demo.types("help").to_string().contains(facts["device"]["serialNumber"].as_str().unwrap()));

    // The help desk, in the console by one click.
    let signed_in = http().post(format!("{}/help-desk/sign-in", demo.url)).send_empty().unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me = http().get(format!("{}/api/v1/users/me", demo.url)).header("cookie", cookie).call();
    assert_eq!(answer(me)["id"], facts["helpDesk"]["id"]);

    // A PIN without a network, and the record of it.
    let pin = demo.pin();
    assert_eq!(demo.post("/cable", &json!({ "pulled": true }))["pulled"], true);
    assert!(demo.types(&pin)["openedUntil"].is_string());
    demo.post("/cable", &json!({ "pulled": false }));
    let record = demo.get("/record");
    let made = |event: &&Value| event["eventType"] == "device.desktop_mfa.recovery_pin.generate";
    assert_eq!(record["events"].as_array().unwrap().iter().filter(made).count(), 1, "{record}");
    let after = record["next"].as_str().unwrap().replace('&', "%26");
    let later = demo.get(&format!("/record?after={after}"))["events"].clone();
    assert!(!later.to_string().contains("recovery_pin.generate"), "the record repeats itself: {later}");
    assert!(demo.get("/state")["steps"].as_object().unwrap().values().all(|step| step == "done"));

    let scenes = demo.post("/impostor", &json!({}))["scenes"].clone();
    assert_eq!(scenes.as_array().unwrap().iter().filter(|scene| scene["held"] == true).count(), 3, "{scenes}");
}

#[test]
fn the_guide_obeys_no_page_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), 0);
    for (header, value) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let refused = http().post(format!("{}/cable", demo.url)).header(header, value);
        let refused = refused.send(json!({ "pulled": true }).to_string().as_bytes());
        assert_eq!(refused.unwrap().status(), 403, "{header}: {value}");
    }
    assert_eq!(demo.get("/state")["cable"]["pulled"], false);
}

#[test]
fn a_killed_demo_takes_its_agent_along_and_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path(), 0);
    let before = demo.facts();
    let mode = std::fs::metadata(demo.data.join("demo.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut agent = demo.agent();
    demo.kill();
    assert_eq!(agent.read(&mut [0]).expect("the agent outlives the demo"), 0);

    let again = Demo::start(folder.path(), 0);
    let after = again.facts();
    for member in ["orgId", "superAdmin", "helpDesk", "person", "device", "colleagues"] {
        assert_eq!(before[member], after[member], "{member}");
    }
    assert_ne!(before["enrollmentCode"], after["enrollmentCode"]);
    assert_eq!(after["serverUrl"], again.url);
    again.pin();
}

#[test]
fn the_locked_screen_is_in_a_terminal_too() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), 0);
    let pin = demo.pin();
    let facts = demo.facts();
    let password = facts["person"]["password"].as_str().unwrap();
    let output = logs_in(&demo, &format!("grace\n{password}\nhelp\n{pin}\n"));
    assert!(output.contains("Contact admin") && output.contains("The computer is open."), "{output}");
    let output = logs_in(&demo, "grace\nwrong\n");
    assert!(output.contains("Login incorrect.") && output.contains("stays locked"), "{output}");
}

fn logs_in(demo: &Demo, typed: &str) -> String {
    let mut login = command()
        .args(["demo", "login", "--data"])
        .arg(&demo.data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    login.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    String::from_utf8(login.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_busy_port_moves_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let demo = Demo::start(folder.path(), port);
    let own: u16 = demo.url.rsplit(':').next().unwrap().parse().unwrap();
    assert!(own > port, "{own}");
}

#[test]
fn a_folder_that_is_not_the_demos_is_refused() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.tex"), "years of work").unwrap();
    let refused = command().args(["demo", "--no-browser", "--fresh", "--data"]).arg(folder.path()).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--data"));
    assert!(folder.path().join("thesis.tex").exists());
}
