//! Mail servers and gateways that fail or hang: what is sent again, what is given up, and what waits for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lettre::Message as Mail;
use postern_codes::env::World;
use postern_server::delivery::{SendFault, Sender, Sent, Telephoned};
use postern_server::{App, jobs};
use postern_store::deliveries::{Carrier, Message};
use postern_store::scratch;
use serde_json::json;
use tokio::sync::Notify;

use crate::app::TestApp;
use crate::factors::{Desk, code};
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
