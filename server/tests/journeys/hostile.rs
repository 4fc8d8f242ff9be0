//! What haste, hostile input and clients that never finish come to: no more than the rules allow, and on record.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use axum::http::Method;
use postern_authn::recovery::EnrolmentStatus;
use postern_authn::recovery::pin::Effect;
use postern_authn::user::{Profile, Status, User};
use postern_codes::Id;
use postern_codes::id::{Device, Issuance, RecoveryEnrolment};
use postern_server::api::recovery_pins;
use postern_server::config::Config;
use postern_server::serve;
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::computer::{Computer, check_digit, enrolment, key_and_csr};
use crate::harbour::Harbour;

const REASON: &str = "phone lost";

fn id_of(issued: &Value) -> Id<Issuance> {
    issued["id"].as_str().expect("an id").parse().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_is_used_while_it_is_taken_back_ends_with_its_secret() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let (issued, pin) = harbour.issue(&computer).await;
        let store = &harbour.app.app.store;
        let as_read = store.read(harbour.ada.org, |tx| tx.issuance(id_of(&issued))).await.unwrap().unwrap();
        assert_eq!(computer.confirm(&harbour.app, &secret, &pin).await["granted"], true);
        let device: Id<Device> = computer.id.parse().expect("an id");
        let now = harbour.app.app.env().now;
        let taken = store.write(harbour.ada.org, |tx| {
            let device = tx.device(device)?.expect("it is there");
            let effect = recovery_pins::take_back(tx, &as_read, &device, now)?;
            let enrolment = tx.enrolment(as_read.enrolment)?.expect("it is there");
            Ok((effect, enrolment.status))
        });
        assert_eq!(taken.await.unwrap(), (Effect::Now, EnrolmentStatus::Revoked));
        assert_eq!(harbour.status(&computer, &issued).await["status"], "REVOKED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pin_is_made_from_a_secret_that_is_taken_back_meanwhile() {
    for engine in scratch::engines() {
        let harbour = Arc::new(Harbour::new(engine).await);
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let eid: Id<RecoveryEnrolment> = secret.eid.parse().expect("an id");
        let ((held, is_held), (asked, is_asked)) = (mpsc::channel(), mpsc::channel::<()>());
        let taking = Arc::clone(&harbour);
        let taking = tokio::spawn(async move {
            let now = taking.app.app.env().now;
            let taken = taking.app.app.store.write(taking.ada.org, move |tx| {
                tx.hold_enrolment(eid)?;
                tx.revoke_enrolment(eid, now)?;
                held.send(()).expect("the test listens");
                // Nobody asks: this is how long the request beside gets to reach what is held here.
                assert!(is_asked.recv_timeout(Duration::from_millis(500)).is_err());
                Ok(())
            });
            taken.await.expect("the database serves");
        });
        tokio::task::block_in_place(|| is_held.recv()).expect("it is held");
        let mut challenge = "48310420".to_owned();
        challenge.push(char::from(check_digit(&challenge)));
        let ask = json!({ "mode": "CHALLENGE", "challenge": challenge, "reason": REASON });
        harbour.ask(&computer, &ask).await.refused(409, "not_registered");
        taking.await.unwrap();
        drop(asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_in_haste_makes_no_more_pins_than_the_limit() {
    for engine in scratch::engines() {
        let harbour = Arc::new(Harbour::new(engine).await);
        let mut computers = Vec::new();
        for _ in 0..6 {
            let computer = harbour.computer().await;
            harbour.register(&computer).await;
            computers.push(computer);
        }
        let limit = json!({ "pins_admin_hour": 2 });
        let path = "/device-access/api/v1/limits";
        harbour.app.call(Method::PUT, path, &harbour.super_token, &limit).await.expect(200);
        let asks: Vec<_> = computers
            .into_iter()
            .map(|computer| {
                let harbour = Arc::clone(&harbour);
                tokio::spawn(async move { harbour.ask(&computer, &json!({ "mode": "TIME", "reason": REASON })).await })
            })
            .collect();
        let mut made = 0;
        for ask in asks {
            let answer = ask.await.unwrap();
            if answer.status.as_u16() == 201 {
                made += 1;
            } else {
                answer.refused(429, "rate_limited");
            }
        }
        assert_eq!(made, 2, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_is_refused_counts_for_no_limit() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let ask = json!({ "mode": "TIME", "reason": REASON });
        for _ in 0..3 {
            harbour.issue(&computer).await;
            harbour.ask(&computer, &ask).await;
        }
        harbour.app.world.advance_seconds(30);
        harbour.ask(&computer, &ask).await.refused(429, "rate_limited");
        let other = harbour.computer().await;
        harbour.register(&other).await;
        harbour.issue(&other).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_with_a_nul_is_refused_on_both_engines() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        harbour.register(&computer).await;
        let token = &harbour.super_token;
        for path in [
            "/api/v1/users?q=%00",
            "/api/v1/users?search=profile.login%20eq%20%22%5Cu0000%22",
            "/api/v1/devices?q=a%00",
            "/api/v1/groups?q=%00",
            "/api/v1/logs?filter=actor.id%20eq%20%22%5Cu0000%22",
        ] {
            app.get(path, token).await.refused(400, "E0000003");
        }
        app.get("/api/v1/users/%00", token).await.expect(404);
        let reason = json!({ "mode": "TIME", "reason": "a\u{0}b" });
        harbour.ask(&computer, &reason).await.refused(400, "E0000003");
        let code = harbour.code(json!({})).await;
        let mut body = enrolment(&code, &key_and_csr().1, "PF3X-0043");
        body["profile"]["displayName"] = json!("a\u{0}b");
        app.post("/device-access/api/v1/enroll", "", &body).await.refused(400, "malformed");
        let check_in = json!({
            "agentVersion": "1", "osVersion": "a\u{0}b", "bootId": "1", "wall": 1, "nonce": "A".repeat(22), "enrolments": [],
        });
        computer.post(app, "/check-in", &check_in).await.refused(400, "malformed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_fill_no_record_in_the_name_of_a_computer() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let mut proof = computer.proof(&computer.claims(app, &Method::POST, "/check-in", b"{}"));
        proof.replace_range(proof.len() - 8.., "AAAAAAAA");
        for _ in 0..40 {
            let answer = Computer::send(app, Method::POST, "/check-in", &proof, b"{}".to_vec()).await;
            answer.refused(401, "proof_invalid");
        }
        let read = app.app.store.write(harbour.ada.org, |tx| {
            while tx.place_events()? > 0 {}
            tx.events(&postern_store::audit::EventQuery::default(), 10_000)
        });
        let events = read.await.unwrap();
        let refused: Vec<_> = events.iter().filter(|event| event.body.outcome["reason"] == "proof_invalid").collect();
        assert_eq!(refused.len(), 30, "no more a minute from one address");
        assert!(refused.iter().all(|event| event.body.actor["id"] == "anonymous"));
        assert!(refused.iter().all(|event| event.body.targets[0]["id"] == computer.id.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_taken_back_in_passing_is_on_record() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        let grace = &harbour.grace.id;
        let lifecycle = |step: &str| format!("/api/v1/users/{grace}/lifecycle/{step}");
        let unlock = app.post(&lifecycle("unlock"), &harbour.super_token, &Value::Null).await;
        unlock.refused(403, "E0000032");
        assert_eq!(harbour.events("user.account.unlock_by_admin").await, ["not_locked"]);

        app.post(&lifecycle("suspend"), &harbour.super_token, &Value::Null).await.expect(200);
        let (commands, _) = computer.check_in(app, &[&secret], 0).await;
        assert!(commands.iter().any(|command| command["type"] == "retire"), "{commands:?}");
        computer.check_in(app, &[&secret], 0).await;
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.revoke").await, ["SUCCESS"], "once");

        app.world.advance_seconds(60);
        let body = enrolment("00000-00000-00000-00000", &key_and_csr().1, "PF3X-0042");
        for _ in 0..10 {
            app.post("/device-access/api/v1/enroll", "", &body).await.refused(403, "enrollment_code_invalid");
        }
        app.post("/device-access/api/v1/enroll", "", &body).await.refused(429, "rate_limited");
        assert!(harbour.events("device.enrollment.create").await.contains(&"rate_limited".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_reads_like_an_id_shows_its_own_person() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let env = app.app.env();
        let profile = Profile {
            first_name: "Mal".into(),
            last_name: "Example".into(),
            email: "mal@harbour.example".into(),
            further: std::collections::BTreeMap::new(),
        };
        let login = harbour.ada.id.as_str().parse().expect("a login");
        let mal = User::new(Id::new(&env), login, profile, Status::Active, env.now);
        let made = app.app.store.write(harbour.ada.org, |tx| {
            assert!(tx.insert_user(&mal, "TEST", "system", &env)?);
            tx.insert_token(mal.id, &"journey".parse().expect("a name"), &[], &env)
        });
        let (_, token) = made.await.unwrap();
        let shown = app.get(&format!("/api/v1/users/{}", harbour.ada.id), token.expose()).await;
        assert_eq!(shown.expect(200).json()["id"], mal.id.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_finishes_does_not_keep_the_server_up() {
    let data = std::env::temp_dir().join(format!("postern_hostile_{}", std::process::id()));
    let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
    let server = serve::listen(serve::open(&data, config).await.unwrap()).await.unwrap();
    let address = server.address();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let folder = data.clone();
    let serving = tokio::spawn(async move {
        let end = async move {
            let _ = ended.await;
        };
        server.serve(&folder, end).await
    });
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"POST /device-access/api/v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
        .await
        .unwrap();
    // What is sent while nobody has looked at the connection yet would be no request under way.
    assert!(tokio::time::timeout(Duration::from_millis(300), client.readable()).await.is_err());
    end.send(()).unwrap();
    let ending = tokio::time::timeout(Duration::from_secs(20), serving).await;
    ending.expect("it ends all the same").unwrap().unwrap();
    std::fs::remove_dir_all(data).unwrap();
}
