//! A database that takes no more writes, and callers who hang up: nothing is ever half done.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::browser::Browser;
use crate::computer::{Computer, b64, check_digit, enrolment, key_and_csr, nonce};
use crate::harbour::Harbour;

const GENERATE: &str = "device.desktop_mfa.recovery_pin.generate";
const ENROLL: &str = "/device-access/api/v1/enroll";

/// Repeats an act until it is refused for want of a database, since a page of SQLite's may have room for a few rows more;
/// gives how often it was done.
async fn until_refused(mut act: impl AsyncFnMut() -> Answer) -> usize {
    for done in 0..300 {
        let answer = act().await;
        if answer.status.as_u16() >= 400 {
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert!(["E0000010", "Not available"].iter().any(|says| answer.text().contains(says)), "{}", answer.text());
            return done;
        }
    }
    panic!("the database still takes writes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_makes_no_pin_and_no_half_of_one() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        let limits = json!({ "pins_pair_hour": 1000, "pins_pair_day": 1000, "pins_admin_hour": 1000 });
        app.call(Method::PUT, "/device-access/api/v1/limits", &harbour.super_token, &limits).await.expect(200);
        let ask = json!({ "mode": "TIME", "reason": "phone lost" });
        harbour.app.scratch.refuse_writes().await;
        let made = until_refused(async || {
            app.world.advance_seconds(30);
            harbour.ask(&computer, &ask).await
        });
        let made = made.await;
        let shown = app.get(&harbour.pins(&computer), &harbour.desk_token).await.expect(200);
        assert_eq!(shown.json().as_array().map(Vec::len), Some(made), "what can be read is read");
        app.scratch.allow_writes().await;
        assert_eq!(harbour.events(GENERATE).await.len(), made);
        let again = harbour.ask(&computer, &ask).await.expect(201).json();
        let pin = again["pin"].as_str().expect("the half minute is not used up");
        assert_eq!(computer.confirm(app, &secret, pin).await["granted"], true);
        assert_eq!(harbour.events(GENERATE).await.len(), made + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_signs_nobody_in_and_uses_up_no_code() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, ada) = (&harbour.app, &harbour.ada);
        let sign_in = async || {
            let mut browser = Browser::new(app);
            let named = browser.submit("/signin", &[("username", &ada.login)]).await;
            if named.status != 200 {
                return named;
            }
            let state = named.hidden("stateToken");
            let fields = |name, value| vec![("username", ada.login.as_str()), ("stateToken", &state), (name, value)];
            let known = browser.submit("/signin", &fields("password", &ada.password)).await;
            if known.status != 200 {
                return known;
            }
            let done = browser.submit("/signin", &fields("passCode", ada.code(app).expose())).await;
            assert_eq!(browser.has_session(), done.status == 303, "{}", done.text());
            done
        };
        app.scratch.refuse_writes().await;
        until_refused(async || {
            app.world.advance_seconds(30);
            sign_in().await
        })
        .await;
        app.scratch.allow_writes().await;
        assert_eq!(sign_in().await.leads_to(), "/admin", "the code was not used up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_makes_no_person() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, token) = (&harbour.app, &harbour.super_token);
        let mut number = 0;
        let person = |number: usize| {
            let login = format!("person{number}@harbour.example");
            json!({ "profile": { "firstName": "P", "lastName": "Q", "email": login, "login": login } })
        };
        let before = harbour.events("user.lifecycle.create").await.len();
        app.scratch.refuse_writes().await;
        let made = until_refused(async || {
            number += 1;
            app.post("/api/v1/users?activate=false", token, &person(number)).await
        });
        let made = made.await;
        let path = format!("/api/v1/users/person{number}@harbour.example");
        app.get(&path, token).await.refused(404, "E0000007");
        app.scratch.allow_writes().await;
        assert_eq!(harbour.events("user.lifecycle.create").await.len(), before + made);
        app.post("/api/v1/users?activate=false", token, &person(number)).await.expect(200);
        app.get(&path, token).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_takes_no_report_and_gets_it_later() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let mut secret = harbour.register(&computer).await;
        let mut waiting = Value::Null;
        app.scratch.refuse_writes().await;
        let taken = until_refused(async || {
            waiting = secret.report(app, "failed", None);
            computer.post(app, "/recovery/reports", &secret.reports(std::slice::from_ref(&waiting))).await
        });
        let taken = taken.await;
        app.scratch.allow_writes().await;
        let answer = computer.post(app, "/recovery/reports", &secret.reports(&[waiting])).await.expect(200).json();
        assert_eq!(answer, json!({ "acceptedThrough": taken + 1 }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_enrols_no_computer_and_uses_up_no_code() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let mut codes = Vec::new();
        for _ in 0..40 {
            codes.push(harbour.code(json!({ "expiresInMinutes": 1440 })).await);
        }
        let csr = key_and_csr().1;
        app.scratch.refuse_writes().await;
        until_refused(async || {
            app.world.advance_seconds(60);
            let code = codes.pop().expect("a computer's certificate is large: few have room");
            let answer = app.post(ENROLL, "", &enrolment(&code, &csr, "PF3X-0042")).await;
            codes.extend((answer.status == 503).then_some(code));
            answer
        })
        .await;
        app.scratch.allow_writes().await;
        let refused_before = codes.pop().expect("it was put back");
        Computer::enrol(app, &refused_before, "PF3X-0042").await;
    }
}

/// Polls a request so often, then drops it, as the server does when the caller hangs up; its answer, if it came before.
pub async fn hung_up_after(polls: usize, request: impl Future<Output = Answer>) -> Option<Answer> {
    let (mut request, mut left) = (pin!(request), polls);
    poll_fn(|context| {
        let Some(less) = left.checked_sub(1) else { return Poll::Ready(None) };
        left = less;
        request.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_pays_for_the_pin_that_was_made() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let challenge = format!("12345678{}", char::from(check_digit("12345678")));
        let ask = json!({ "mode": "CHALLENGE", "challenge": challenge, "reason": "phone lost" });
        let (mut hung_up, mut limited) = (0, false);
        // A worker that is quick may answer within one poll: so each count has a few turns.
        for turn in 0..1000 {
            match hung_up_after(1 + turn / 4, harbour.ask(&computer, &ask)).await {
                None => hung_up += 1,
                Some(answer) if answer.status == 201 => {}
                Some(answer) => {
                    answer.refused(429, "rate_limited");
                    limited = true;
                    break;
                }
            }
        }
        assert!(limited && hung_up > 0, "hanging up {hung_up} times gave PINs without end");
        let rows = harbour.app.get(&harbour.pins(&computer), &harbour.desk_token).await.expect(200).json();
        assert_eq!(rows.as_array().map(Vec::len), Some(3), "three an hour, told or not");
        let made = harbour.events(GENERATE).await.into_iter().filter(|reason| reason == "SUCCESS").count();
        assert_eq!(made, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_pays_for_the_guess() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let nonce = b64(&nonce());
        let guess = json!({ "login": "grace", "factor": "OV_TOTP", "passCode": "000000", "nonce": nonce });
        let mut limited = false;
        for turn in 0..1000 {
            let asked = hung_up_after(1 + turn / 4, computer.post(app, "/factors/verify", &guess)).await;
            limited = asked.is_some_and(|answer| answer.status == 429);
            if limited {
                break;
            }
        }
        assert!(limited, "hanging up gives guesses without end");
        let wrong = harbour.events("user.authentication.auth_via_mfa").await;
        assert_eq!(wrong.iter().filter(|reason| *reason == "invalid_code").count(), 5, "five, heard or not");
    }
}
