//! Lock-out: a stranger who guesses shuts strangers out, not the owner.

use std::sync::Arc;

use axum::http::Method;
use postern_authn::audit::Client;
use postern_authn::factor::Answer as FactorAnswer;
use postern_authn::limit::{Limit, LimitSettings};
use postern_authn::policy::password::Lockout;
use postern_codes::{Secret, mac};
use postern_server::api::tokens;
use postern_server::sign_in::{self, Refusal, Reply, Step};
use postern_store::attempts::{AttackProtection, Browser, MOST_IN_A_ROW, Wrong};
use postern_store::deliveries::Carrier;
use postern_store::migrate::Engine;
use postern_store::scratch;
use postern_store::users::Failure;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::TestApp;
use crate::people::{Person, client, organisation};

/// A browser of the person's own.
fn own() -> Client {
    Client { browser: Some(mac::sha256(&[b"the browser on the desk"])), ..client() }
}

async fn password(app: &TestApp, from: &Client, name: &str, password: &str) -> Result<Secret<String>, Refusal> {
    let (token, _) = sign_in::begin(&app.app, from, name).await.expect("it begins");
    let reply = Reply::Password(Secret::new(password.to_owned()));
    match sign_in::answer(&app.app, from, &token, reply).await.expect("the database serves") {
        Step::Asked(_) => Ok(token),
        Step::Refused(refusal) => Err(refusal),
        Step::Checked(_)
        | Step::Expired(_)
        | Step::Granted(_)
        | Step::Recovered(_)
        | Step::SignedIn(_)
        | Step::Stands => {
            panic!("a code is asked for")
        }
    }
}

async fn sign_in_from(app: &TestApp, ada: &Person, from: &Client) -> Result<Secret<String>, Refusal> {
    let token = password(app, from, &ada.login, &ada.password).await?;
    app.world.advance_seconds(30);
    let reply = Reply::Factor(FactorAnswer::Code(ada.code(app)));
    match sign_in::answer(&app.app, from, &token, reply).await.expect("the database serves") {
        Step::SignedIn(session) => Ok(session),
        Step::Refused(refusal) => Err(refusal),
        Step::Asked(_) | Step::Checked(_) | Step::Expired(_) | Step::Granted(_) | Step::Recovered(_) | Step::Stands => {
            panic!("no more is asked for")
        }
    }
}

/// A token of the administrator's own.
async fn token(app: &TestApp, ada: &Person) -> String {
    let env = app.app.env();
    let made = app.app.store.write(ada.org, |tx| {
        let user = tx.user(ada.id)?.expect("she is there");
        tokens::create(tx, &user, &"journey".parse().expect("a name"), &[], &env)
    });
    made.await.expect("a token").1.expose().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_guesses_leaves_the_owners_browser_alone() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let token = token(&app, &ada).await;
        sign_in_from(&app, &ada, &own()).await.expect("she signs in");
        // More than the name's own limit allows: it is the stranger's alone.
        for _ in 0..25 {
            assert!(password(&app, &client(), &ada.login, "wrong").await.is_err());
        }
        sign_in_from(&app, &ada, &own()).await.expect("her browser is known");
        app.world.advance_seconds(60);
        let strange = password(&app, &client(), &ada.login, &ada.password).await;
        assert_eq!(strange.err(), Some(Refusal::WrongNameOrPassword), "the right password from somewhere new");

        let blocks = format!("/api/v1/users/{}/blocks", ada.id);
        let shown = app.get(&blocks, &token).await.expect(200).json();
        assert_eq!(shown, json!([{ "type": "DEVICE_BASED", "appliesTo": "UNKNOWN_DEVICES" }]));
        let status = app.get(&format!("/api/v1/users/{}", ada.id), &token).await.expect(200).json();
        assert_eq!(status["status"], "ACTIVE");
        let mail = app.app.store.system().claim_deliveries(Carrier::Mail, app.app.env().now).await.unwrap();
        assert_eq!(mail.len(), 1, "she is told once");

        let unlock = format!("/api/v1/users/{}/lifecycle/unlock", ada.id);
        app.post(&unlock, &token, &Value::Null).await.expect(200);
        assert_eq!(app.get(&blocks, &token).await.expect(200).json(), json!([]));
        password(&app, &client(), &ada.login, &ada.password).await.expect("unlocked");
        app.post(&unlock, &token, &Value::Null).await.refused(403, "E0000032");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_in_a_known_browser_lock_the_account_everywhere() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let token = token(&app, &ada).await;
    sign_in_from(&app, &ada, &own()).await.expect("she signs in");
    for _ in 0..10 {
        assert!(password(&app, &own(), &ada.login, "wrong").await.is_err());
    }
    app.world.advance_seconds(60);
    for from in [own(), client()] {
        assert!(password(&app, &from, &ada.login, &ada.password).await.is_err());
    }
    let shown = app.get(&format!("/api/v1/users/{}/blocks", ada.id), &token).await.expect(200).json();
    assert_eq!(shown[0]["appliesTo"], "ANY_DEVICES");
    app.world.advance_seconds(3600);
    sign_in_from(&app, &ada, &own()).await.expect("the lock ends by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_attempts_at_once_get_no_more_answers_than_the_policy_allows() {
    for engine in scratch::engines() {
        let app = Arc::new(TestApp::new(engine).await);
        let ada = organisation(&app).await;
        for from in [Browser::Unknown, Browser::Known] {
            let version = app.app.store.read(ada.org, |tx| tx.user(ada.id)).await.unwrap().unwrap().version;
            let mut guessers = JoinSet::new();
            for _ in 0..200 {
                let (app, org, id) = (Arc::clone(&app), ada.org, ada.id);
                guessers.spawn(async move {
                    let now = app.app.env().now;
                    let attempt = app.app.store.write(org, |tx| {
                        let is_admitted = tx.admit_attempt((id, version), from, now)?;
                        let failure = tx.attempt_failed(id, (Wrong::Password, from), &Lockout::default(), now)?;
                        Ok((is_admitted, failure != Failure::AlreadyLocked))
                    });
                    attempt.await.expect("the database serves")
                });
            }
            let attempts = guessers.join_all().await;
            assert_eq!(attempts.iter().filter(|(admitted, _)| *admitted).count(), 10, "{from:?} on {engine:?}");
            assert!(attempts.iter().all(|(admitted, counted)| admitted == counted));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_wrong_passwords_in_a_row_end_the_password_until_it_is_replaced() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        sign_in_from(&app, &ada, &own()).await.expect("she signs in");
        let (now, never) = (app.app.env().now, Lockout { max_attempts: 0, ..Lockout::default() });
        let failed = app.app.store.write(ada.org, |tx| {
            for _ in 1..MOST_IN_A_ROW {
                let _ = tx.attempt_failed(ada.id, (Wrong::Password, Browser::Unknown), &never, now)?;
            }
            Ok(())
        });
        failed.await.unwrap();
        assert!(password(&app, &client(), &ada.login, "wrong").await.is_err());
        app.world.advance_seconds(3600);
        for from in [own(), client()] {
            let refused = password(&app, &from, &ada.login, &ada.password).await.err();
            assert_eq!(refused, Some(Refusal::WrongNameOrPassword));
        }
        let mail = app.app.store.system().claim_deliveries(Carrier::Mail, app.app.env().now).await.unwrap();
        assert!(!mail.is_empty(), "she is told");
        let env = app.app.env();
        let hash = app.app.passwords.hash(Secret::new(ada.password.clone()), &env).await.unwrap();
        app.app.store.write(ada.org, |tx| tx.set_password(ada.id, hash.expose(), &env)).await.unwrap();
        sign_in_from(&app, &ada, &own()).await.expect("a password that was set anew works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_begins_the_row_anew() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let (now, never) = (app.app.env().now, Lockout { max_attempts: 0, ..Lockout::default() });
    for _ in 0..2 {
        let failed = app.app.store.write(ada.org, |tx| {
            for _ in 0..60 {
                let _ = tx.attempt_failed(ada.id, (Wrong::Password, Browser::Unknown), &never, now)?;
            }
            tx.end_password(ada.id, now)
        });
        assert!(!failed.await.unwrap());
        password(&app, &client(), &ada.login, &ada.password).await.expect("it is right");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_protection_is_read_and_changed() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let token = token(&app, &ada).await;
        let lockout = "/attack-protection/api/v1/user-lockout-settings";
        let order = "/attack-protection/api/v1/authenticator-settings";
        let apart = |is_on: bool| json!({ "preventBruteForceLockoutFromUnknownDevices": is_on });
        assert_eq!(app.get(lockout, &token).await.expect(200).json(), apart(true));
        assert_eq!(app.call(Method::PUT, lockout, &token, &apart(false)).await.expect(200).json(), apart(false));
        assert_eq!(app.get(lockout, &token).await.expect(200).json(), apart(false));
        for wrong in [json!({}), json!({ "preventBruteForceLockoutFromUnknownDevices": "no" }), json!([])] {
            app.call(Method::PUT, lockout, &token, &wrong).await.refused(400, "E0000001");
        }
        // Counted alike, a stranger's failures lock the account: that is what the setting gives up.
        sign_in_from(&app, &ada, &own()).await.expect("she signs in");
        for _ in 0..10 {
            assert!(password(&app, &client(), &ada.login, "wrong").await.is_err());
        }
        app.world.advance_seconds(60);
        assert!(password(&app, &own(), &ada.login, &ada.password).await.is_err());

        app.world.advance_seconds(3600);
        let second = json!({ "verifyKnowledgeSecondWhen2faRequired": true });
        assert_eq!(app.call(Method::PUT, order, &token, &second).await.expect(200).json(), second);
        assert_eq!(app.get(order, &token).await.expect(200).json(), second);
        assert_eq!(app.get(lockout, &token).await.expect(200).json(), apart(false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn something_held_is_asked_for_first_of_everybody_where_that_is_set() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let first = AttackProtection { verify_knowledge_second_when_2fa_required: true, ..AttackProtection::default() };
    let now = app.app.env().now;
    app.app.store.write(ada.org, |tx| tx.put_setting(&first, now).map(drop)).await.unwrap();
    for name in [ada.login.as_str(), "nobody@harbour.example"] {
        let (token, question) = sign_in::begin(&app.app, &client(), name).await.unwrap();
        assert!(!question.is_password(), "{name}");
        let wrong = Reply::Factor(FactorAnswer::Code(ada.wrong_code(&app)));
        let step = sign_in::answer(&app.app, &client(), &token, wrong).await.unwrap();
        assert!(matches!(step, Step::Refused(Refusal::WrongCode)), "{name}");
        let early = Reply::Password(Secret::new(ada.password.clone()));
        let step = sign_in::answer(&app.app, &client(), &token, early).await.unwrap();
        assert!(matches!(step, Step::Refused(Refusal::StartAgain)), "{name}");
    }
    let (token, _) = sign_in::begin(&app.app, &client(), &ada.login).await.unwrap();
    let code = Reply::Factor(FactorAnswer::Code(ada.code(&app)));
    let Step::Asked(next) = sign_in::answer(&app.app, &client(), &token, code).await.unwrap() else { panic!() };
    assert!(next.is_password());
    let reply = Reply::Password(Secret::new(ada.password.clone()));
    assert!(matches!(sign_in::answer(&app.app, &client(), &token, reply).await.unwrap(), Step::SignedIn(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_asked_for_first_tell_no_name_from_another() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let first = AttackProtection { verify_knowledge_second_when_2fa_required: true, ..AttackProtection::default() };
        let now = app.app.env().now;
        app.app.store.write(ada.org, |tx| tx.put_setting(&first, now).map(drop)).await.unwrap();
        let mut said: Vec<Vec<String>> = Vec::new();
        for name in [ada.login.as_str(), "nobody@harbour.example"] {
            let mut of_name = Vec::new();
            for guess in 0..30 {
                // Some are no codes at all, and in between the account of whoever has one is locked.
                let code = if guess % 4 == 3 { Secret::new("abc".to_owned()) } else { ada.wrong_code(&app) };
                let from = Client { ip: format!("198.51.100.{guess}"), ..client() };
                let (token, _) = sign_in::begin(&app.app, &from, name).await.unwrap();
                let step = sign_in::answer(&app.app, &from, &token, Reply::Factor(FactorAnswer::Code(code))).await;
                let Step::Refused(refusal) = step.unwrap() else { panic!("{name} came in") };
                of_name.push(match refusal {
                    Refusal::TooMany(limit, _) => limit.name().to_owned(),
                    other => format!("{other:?}"),
                });
            }
            said.push(of_name);
        }
        assert_eq!(said[0], said[1]);
        assert!(said[0].contains(&"WrongCode".to_owned()) && said[0].contains(&Limit::SignIns.name().to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_locked_out_by_the_limit_of_names_at_a_known_browser() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    sign_in_from(&app, &ada, &own()).await.expect("she signs in");
    let few = LimitSettings([(Limit::SignIns.name().to_owned(), 1)].into());
    let now = app.app.env().now;
    app.app.store.write(ada.org, |tx| tx.put_setting(&few, now).map(drop)).await.unwrap();
    app.world.advance_seconds(60);
    assert_eq!(password(&app, &client(), &ada.login, "wrong").await.err(), Some(Refusal::WrongNameOrPassword));
    assert!(matches!(password(&app, &client(), &ada.login, "wrong").await, Err(Refusal::TooMany(Limit::SignIns, _))));
    password(&app, &own(), &ada.login, &ada.password).await.expect("hers is counted apart");
}
