//! The whole way with nothing stood in for: the server, the agent as a process, PAM, and the help desk through the API.

#[path = "../../agent/tests/computer/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod computer;
#[path = "../../pam/tests/stack/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod stack;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use computer::{ACCOUNT, Computer, LOGIN};
use postern_codes::Secret;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_server::App;
use postern_server::config::Config;
use postern_server::operator::{self, Answer, Command as Operator, NewUser, recover};
use postern_server::serve;
use postern_server::sign_in::set_up::{self, Finished, Form, Prepared};
use serde_json::{Value, json};
use stack::{SignIn, Stack};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ADA: &str = "ada@example.com";

/// An installation in its own folder, with Ada the administrator and Grace who has an app.
struct Installation {
    runtime: Runtime,
    app: Arc<App>,
    url: String,
    token: String,
    grace_id: String,
    grace_secret: Secret<Vec<u8>>,
    _data: TempDir,
}

impl Installation {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let configuration = format!("public_url = \"{url}\"\nlisten = \"127.0.0.1:{port}\"\n");
        std::fs::write(data.path().join("postern.toml"), configuration).unwrap();
        let runtime = Runtime::new().unwrap();
        let (app, token, grace_secret, grace_id) = runtime.block_on(async {
            let app = serve::open(data.path(), Config::load(data.path()).unwrap()).await.unwrap();
            organisation(&app).await;
            let new =
                NewUser { login: LOGIN.into(), first_name: "Grace".into(), last_name: "Hopper".into(), email: None };
            let made = done(operator::run(&app, Operator::UserCreate(new)).await.unwrap());
            let grace_id = made[0].split_whitespace().next().unwrap().to_owned();
            let org = app.org().await.unwrap();
            let paired = recover::new_app(&app, org, LOGIN).await.unwrap().unwrap();
            let secret = otp::from_base32(paired.secret.expose()).unwrap();
            let (login, name, grants) = (ADA.to_owned(), "test".to_owned(), vec!["recovery_pins".to_owned()]);
            let token = done(operator::run(&app, Operator::TokenCreate { login, name, grants }).await.unwrap());
            (app, token[1].split_whitespace().last().unwrap().to_owned(), secret, grace_id)
        });
        let listening = runtime.block_on(serve::listen(Arc::clone(&app))).unwrap();
        let folder = data.path().to_owned();
        runtime.spawn(async move { listening.serve(&folder, std::future::pending()).await });
        Self { runtime, app, url, token, grace_id, grace_secret, _data: data }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("SSWS {}", self.token))
            .header("content-type", "application/json")
            .body(body.to_string())
            .unwrap();
        let mut answer = agent.run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {} {text}", answer.status());
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The next code of Grace's app: the present one was used up when the app was paired.
    fn app_code(&self) -> String {
        let next = self.app.env().now.plus(Duration::from_secs(30));
        AUTHENTICATOR_APP.code(&self.grace_secret, next).expose().clone()
    }

    /// What the help desk reads out, and the record of it.
    fn pin(&self, device: &str) -> (String, String) {
        let path = format!("/device-access/api/v1/devices/{device}/users/{}/recovery-pins", self.grace_id);
        let made =
            self.call("POST", &path, &json!({"mode": "TIME", "reason": "lost phone, called back on file number"}));
        (made["pin"].as_str().unwrap().to_owned(), format!("{path}/{}", made["id"].as_str().unwrap()))
    }
}

async fn organisation(app: &App) {
    let link = app.store.system().new_setup_link(&app.env()).await.unwrap();
    let form = Form {
        org_name: "Harbour Lights".into(),
        first_name: "Ada".into(),
        last_name: "Lindqvist".into(),
        email: ADA.into(),
        password: Secret::new("four plain small words".into()),
    };
    assert!(matches!(set_up::prepare(app, &link, form).await.unwrap(), Prepared::Ready));
    let pairing = set_up::pairing(app, &link).await.unwrap().unwrap();
    let code = AUTHENTICATOR_APP.code(&otp::from_base32(pairing.secret.expose()).unwrap(), app.env().now);
    let client =
        postern_authn::audit::Client { ip: "127.0.0.1".into(), user_agent: "test".into(), ..Default::default() };
    assert_eq!(set_up::finish(app, &client, &link, &code).await.unwrap(), Finished::Done);
}

fn done(answer: Answer) -> Vec<String> {
    match answer {
        Answer::Done(lines) => lines,
        Answer::Refused(why) => panic!("{why}"),
    }
}

/// The module, built as it is shipped but for the profile.
fn module() -> PathBuf {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "postern-pam"]).status();
    assert!(built.expect("cargo runs").success());
    Path::new(env!("CARGO_BIN_EXE_postern")).with_file_name("libpam_postern.so")
}

fn assert_open(sign_in: &SignIn, computer: &Computer) {
    assert!(sign_in.opened, "{}\n{}", sign_in.shown, computer.log());
}

#[test]
fn from_enrolment_to_the_record_of_a_pin_that_was_used() {
    let installation = Installation::start();
    let on = json!({"desktopMFARecoveryPinEnabled": true});
    installation.call("PUT", "/device-access/api/v1/desktop-mfa/recovery-pin-settings", &on);
    let settings = json!({"RecoveryMode": "TIME", "AdminPhone": "+44 20 7946 0000"});
    installation.call("PUT", "/device-access/api/v1/device-settings", &settings);
    let code = installation.call("POST", "/device-access/api/v1/enrollment-codes", &json!({"serialNumber": "PF-2K4"}));

    let mut computer = Computer::new(&[Path::new(env!("CARGO_BIN_EXE_postern")), Path::new("agent")], "");
    computer.start();
    computer.must(&["enrol", "--server", &installation.url, "--code", code["code"].as_str().unwrap()]);
    computer.must(&["check-in"]);
    let status: Value = serde_json::from_str(&computer.must(&["status", "--json"])).unwrap();
    let device = status["deviceId"].as_str().unwrap();

    let stack = Stack::new(&module(), &format!("socket={}", computer.path("agent.sock").display()));
    let wrong = stack.sign_in("login", "tty1", ACCOUNT, &["000000"]);
    assert!(!wrong.opened && wrong.shown.contains("That code is not right"), "{}", wrong.shown);
    let first = stack.sign_in("login", "tty1", ACCOUNT, &[&installation.app_code()]);
    assert_open(&first, &computer);
    assert!(
        first.shown.contains("the help desk can now read you a recovery PIN"),
        "{}\n{}",
        first.shown,
        computer.log()
    );
    assert!(computer.must(&["doctor"]).contains("a time PIN would work now"));

    let (pin, record) = installation.pin(device);
    let opened = stack.sign_in("login", "tty1", ACCOUNT, &["help", &pin]);
    assert_open(&opened, &computer);
    assert!(opened.shown.contains("+44 20 7946 0000") && opened.shown.contains("60 minutes"), "{}", opened.shown);
    let used = installation.call("GET", &record, &Value::Null);
    assert_eq!((used["status"].as_str(), used["source"].as_str()), (Some("ACTIVATED"), Some("ONLINE")));
    assert_open(&stack.sign_in("login", "tty1", ACCOUNT, &[&pin]), &computer);

    computer.must(&["check-in"]);
    let log = installation.call("GET", "/api/v1/logs?limit=200", &Value::Null);
    let types: Vec<&str> = log.as_array().unwrap().iter().filter_map(|event| event["eventType"].as_str()).collect();
    for wanted in ["recovery_pin.generate", "recovery_pin.activate"] {
        assert!(types.iter().any(|found| found.ends_with(wanted)), "{wanted}: {types:?}");
    }
    installation.call("POST", &format!("{record}/revoke"), &json!({"reason": "the phone was found"}));
    computer.must(&["check-in"]);
    let revoked = stack.sign_in("login", "tty1", ACCOUNT, &[&pin]);
    assert!(!revoked.opened, "{}", revoked.shown);
    drop(computer);
    installation.runtime.shutdown_background();
}
