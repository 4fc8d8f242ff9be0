//! Mail servers and gateways that fail, hang or lie: what is sent again, what is given up, and what waits for whom.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lettre::Message as Mail;
use postern_codes::env::World;
use postern_server::config::Config;
use postern_server::delivery::{self, SendFault, Sender, Sent, Telephoned};
use postern_server::{App, jobs};
use postern_store::deliveries::{Carrier, Message};
use postern_store::scratch;
use serde_json::json;
use tokio::sync::Notify;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::factors::{Desk, code};
use crate::people::organisation;
use crate::sent_codes::sent;

/// What is wrong with telephones; mail leaves.
#[derive(Default)]
struct Line {
    hangs: AtomicBool,
    is_free: Notify,
    was_used: Notify,
    tried: AtomicUsize,
    mails: AtomicUsize,
}

impl Sender for Line {
    fn send(&self, _: Mail) -> Sent<'_> {
        self.mails.fetch_add(1, Ordering::SeqCst);
        self.was_used.notify_one();
        Box::pin(async { Ok(()) })
    }

    fn telephone(&self, _: Telephoned) -> Sent<'_> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        self.was_used.notify_one();
        Box::pin(async {
            let free = self.is_free.notified();
            if self.hangs.load(Ordering::SeqCst) {
                free.await;
            }
            Err(SendFault::Later("gateway.internal:8443 is down".to_owned()))
        })
    }
}

/// Another server on the same database, behind this line.
fn behind(app: &TestApp, line: &Arc<Line>) -> Arc<App> {
    let world = Arc::clone(&app.world) as Arc<dyn World>;
    let sender = Arc::clone(line) as Arc<dyn Sender>;
    Arc::new(App::new(app.scratch.store.clone(), world, app.app.config.clone(), sender))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_again_until_it_is_over_and_another_can_be_asked_for() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let phone = json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } });
        let factor = desk.enrol("?activate=true", phone).await;
        crate::sent_codes::messages(app).await;
        let asked = desk.verify(&factor, json!({})).await.expect(200);
        let line = Arc::new(Line::default());
        let broken = behind(app, &line);
        for tries in 1..=30 {
            jobs::once(&broken).await.expect("the jobs run");
            assert_eq!(line.tried.load(Ordering::SeqCst), tries, "once in ten seconds");
            app.world.advance_seconds(10);
        }
        for _ in 0..3 {
            jobs::once(&broken).await.expect("the jobs run");
            app.world.advance_seconds(600);
        }
        assert_eq!(line.tried.load(Ordering::SeqCst), 30, "what is over is not sent");
        let again = desk.verify(&factor, json!({})).await.expect(200);
        let right = sent(app).await;
        let proved = desk.verify(&factor, code(&right)).await.expect(200);
        for answer in [asked, again, proved] {
            assert!(!answer.text().contains("gateway.internal"), "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_does_not_wait_for_telephones_nor_one_telephone_for_another() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        crate::sent_codes::messages(app).await;
        for number in 0..3 {
            let profile = json!({ "phoneNumber": format!("+1555415000{number}") });
            desk.enrol("?updatePhone=true", json!({ "factorType": "sms", "profile": profile })).await;
        }
        let env = app.app.env();
        let message = Message { subject: "Hello".into(), text: "there".into() };
        let queue =
            app.app.store.write(desk.staff.org, |tx| tx.enqueue("grace@acme.example", &message, &env).map(drop));
        queue.await.expect("the database serves");
        let line = Arc::new(Line::default());
        line.hangs.store(true, Ordering::SeqCst);
        let slow = behind(app, &line);
        let mut working = jobs::start(&slow);
        let are_under_way = || (line.tried.load(Ordering::SeqCst), line.mails.load(Ordering::SeqCst)) == (3, 1);
        let all_are = async {
            while !are_under_way() {
                line.was_used.notified().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), all_are).await;
        assert!(waited.is_ok(), "{:?} {:?}", line.tried, line.mails);
        // While one server waits, no other sends the same.
        let claimed = app.app.store.system().claim_deliveries(Carrier::Telephone, app.app.env().now).await;
        assert_eq!(claimed.expect("the database serves").len(), 0);
        line.hangs.store(false, Ordering::SeqCst);
        line.is_free.notify_waiters();
        working.shutdown().await;
    }
}

/// A server that says this to whoever calls, once they have said something or at once, and hangs up; where there is nothing
/// to say it waits. Gives its address.
fn liar(says: &'static str, listens: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            thread::spawn(move || {
                let mut heard = [0; 8192];
                if listens {
                    let _heard = stream.read(&mut heard);
                }
                let _said = stream.write_all(says.as_bytes());
                while says.is_empty() && matches!(stream.read(&mut heard), Ok(1..)) {}
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_lies_gets_the_code_again_until_it_says_that_it_has_it() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let phone = json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } });
        let factor = desk.enrol("?activate=true", phone).await;
        let folder = tempfile::tempdir().expect("a folder");
        for (says, is_taken) in [
            ("", false),
            ("HTTP/1.1 20", false),
            ("HTTP/1.1 200 OK", false),
            ("nonsense", false),
            ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 429 Slow\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"status\":\"failed\"", true),
        ] {
            app.world.advance_seconds(60);
            crate::sent_codes::messages(app).await;
            let asked = desk.verify(&factor, json!({})).await.expect(200).json();
            assert_eq!(asked["factorResult"], "CHALLENGE");
            let config = format!(
                "public_url = 'http://localhost:8080'\nlisten = '127.0.0.1:1'\n[sms]\ntimeout_seconds = 1\nurl = 'http://{}/'",
                liar(says, true)
            );
            let config: Config = toml::from_str(&config).expect("a configuration");
            let sender = delivery::sender(&config, folder.path()).expect("a sender");
            let world = Arc::clone(&app.world) as Arc<dyn World>;
            let lied_to = App::new(app.scratch.store.clone(), world, app.app.config.clone(), sender);
            jobs::once(&lied_to).await.expect("the jobs run");
            app.world.advance_seconds(10);
            if is_taken {
                assert!(crate::sent_codes::messages(app).await.is_empty(), "it was said to be there");
                continue;
            }
            let right = sent(app).await;
            desk.verify(&factor, code(&right)).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_a_server_never_takes_is_shown_as_not_delivered() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        crate::sent_codes::messages(&app).await;
        let env = app.app.env();
        let message = Message { subject: "Hello".into(), text: "there".into() };
        let queue = app.app.store.write(ada.org, |tx| tx.enqueue("grace@acme.example", &message, &env).map(drop));
        queue.await.expect("the database serves");
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "public_url = 'http://localhost:8080'\nlisten = '127.0.0.1:1'\n[smtp]\nfrom = 'postern@acme.example'\nurl = 'smtp://{}'",
            liar("554 no mail of yours\r\n", false)
        );
        let config: Config = toml::from_str(&config).expect("a configuration");
        let sender = delivery::sender(&config, folder.path()).expect("a sender");
        let refused = App::new(app.scratch.store.clone(), Arc::clone(&app.world) as Arc<dyn World>, config, sender);
        jobs::once(&refused).await.expect("the jobs run");
        app.world.advance_seconds(3600);
        assert_eq!(crate::sent_codes::messages(&app).await, Vec::<String>::new(), "it is given up");
        let mut browser = Browser::of(&app, &ada).await;
        browser.open("/admin").await.expect(200).says(&["could not be delivered"]);
    }
}
